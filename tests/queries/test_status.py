"""One text says whose signatures a result rests on, for a record and for evidence alike."""

from dataclasses import replace

import pytest

from chain.handover import AnchorSource
from chain.record import open_record
from chain.trust import ReaderPolicy
from queries import check
from queries.status import Status, status_of, trust_sentences
from tests.chain.alliance_export import alliance_export
from tests.queries.asked_export import asked_export, opened

WORDS: dict[AnchorSource, str] = {
    "policy": "trusted by the policy that you handed in",
    "pinned": "trusted by a policy that you pinned earlier",
    "self-asserted": "self-asserted, not verified",
}


@pytest.mark.parametrize("signers", WORDS)
def test_a_record_and_evidence_from_it_are_spoken_of_in_the_same_words(signers: AnchorSource) -> None:
    status = replace(opened().status, signers=signers)
    policy = None if signers == "self-asserted" else ReaderPolicy(asked_export().policy, signers)
    verdict = check(opened().sql("SELECT * FROM trades LIMIT 1").evidence(), policy)
    assert verdict.signers == signers
    assert trust_sentences(verdict) == trust_sentences(status)
    assert verdict.verified == status.verified == (signers != "self-asserted")
    for statement in (status.statement, verdict.statement):
        assert WORDS[signers] in statement
        assert all(sentence in statement for sentence in trust_sentences(status))


def test_the_sentences_say_who_signed_and_what_that_is_worth() -> None:
    network, signers, domain, survived = trust_sentences(opened().status)
    assert all(name in network for name in opened().status.cosigners)
    assert signers.startswith("Signers: ")
    assert "one trust domain" in domain
    assert survived.startswith("The policy survives 1 lying and 1 silent validators")


def test_validators_on_machines_of_their_own_are_not_called_one_trust_domain() -> None:
    apart = replace(opened().status, deployment="nodes")
    assert "one trust domain" not in " ".join(trust_sentences(apart))
    assert len(trust_sentences(apart)) == 3


def of(export: str, policy: int) -> Status:
    sample = alliance_export()
    return status_of(open_record(getattr(sample, export), sample.policies[policy], "pinned"))


def test_a_record_of_one_policy_that_withholds_nothing_has_no_more_to_say() -> None:
    status = opened().status
    assert status.sentences == trust_sentences(status)
    assert (status.profile, status.withheld, status.trusted_policy) == ("regulator", (), 0)
    assert [(policy.number, policy.since_round, policy.retiring) for policy in status.policies] == [(0, 0, ())]


def test_a_change_of_policy_is_named_with_both_sides_and_a_reader_left_behind_is_told() -> None:
    behind, current = of("whole", 0), of("whole", 3)
    (changed,) = current.sentences[len(trust_sentences(current)) :]
    assert changed.startswith("Policy 3 (auditor, dispatcher, ") and "of policy 2 and by " in changed
    assert behind.sentences[-2] == changed
    assert behind.sentences[-1].startswith("Your policy is policy 0 of this record, replaced since")
    assert behind.statement.endswith(behind.sentences[-1])
    assert [policy.number for policy in behind.policies] == [0, 1, 2, 3]
    assert behind.policies[1].retiring == behind.policies[0].validators


def test_what_is_withheld_is_named_and_never_among_the_verified_inputs() -> None:
    status = of("public", 3)
    assert status.inputs.startswith("Complete and verified inputs: governance to entry ")
    assert [(channel.channel, channel.openness) for channel in status.withheld] == [
        ("area-350100", "members"),
        ("area-350200", "managers"),
        ("area-350300", "managers"),
    ]
    assert all(channel.channel not in status.inputs for channel in status.withheld)
    assert status.sentences[-1].startswith("Withheld: area-350100 (members), ")
    assert status.to_dict()["withheld"][0]["channel"] == "area-350100"
