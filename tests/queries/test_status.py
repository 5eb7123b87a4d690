"""One text says whose signatures a result rests on, for a record and for evidence alike."""

from dataclasses import replace

import pytest

from chain.record import AnchorSource
from chain.trust import ReaderPolicy
from queries import check
from queries.status import trust_sentences
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
