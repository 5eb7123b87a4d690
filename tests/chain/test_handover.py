"""From the policy that a reader trusts to the newest: followed with both quorums on each handover, else not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chain.entry import parse_beacon_leaf
from chain.errors import ExportError, ProofError
from chain.handover import check_policies, exported_policies, open_anchor
from chain.imports import GOVERNANCE
from chain.layout import BEACON
from chain.merkle import leaf_hash
from chain.reader import ExportReader
from chain.verify import verify_since
from tests.chain.handed_over import (
    ALL,
    BASE_ROUNDS,
    FIRST,
    SECOND,
    SIGNED_S,
    THIRD,
    Era,
    base,
    change,
    handed_over,
    handover,
    opened,
    refusal,
)
from tests.chain.little_network import AREA, START_MS
from tests.chain.tamper.forgery import Forgery

QUORUM = ALL[:3]
STRANGERS = THIRD.renewed(*ALL)


@pytest.mark.parametrize("reader", [FIRST, SECOND, THIRD], ids=["first", "second", "third"])
def test_a_reader_of_any_of_the_policies_follows_to_the_newest(reader: Era, tmp_path: Path) -> None:
    record = opened(handed_over(SECOND, THIRD), THIRD, tmp_path, reader.policy)
    assert record.anchor.policy.text == record.anchor.own.text == THIRD.policy
    assert record.anchor.start == [FIRST, SECOND, THIRD].index(reader)
    assert [handed.number for handed in record.handovers] == [1, 2]
    assert [record.leaves[handed.round].policy_sha256 for handed in record.handovers] == [
        policy.sha256.hex() for policy in record.anchor.policies[1:]
    ]
    assert {(handed.retiring, handed.arriving, handed.quorum_time_s) for handed in record.handovers} == {
        (ALL, ALL, SIGNED_S)
    }


def test_without_a_policy_the_chain_must_hold_as_well_and_asserts_itself(tmp_path: Path) -> None:
    record = opened(handed_over(SECOND), SECOND, tmp_path, None)
    assert (record.anchor.source, record.anchor.start) == ("self-asserted", None)
    forged = handed_over(SECOND)
    forged.handovers[1] = handover(forged, [FIRST, SECOND], {1: ALL})
    assert refusal(forged, SECOND, tmp_path, None).code == "policy-quorum"


def test_a_quorum_of_each_side_is_enough(tmp_path: Path) -> None:
    forged = handed_over(SECOND)
    forged.handovers[1] = handover(forged, [FIRST, SECOND], {0: QUORUM, 1: ALL[1:]})
    (handed,) = opened(forged, SECOND, tmp_path, FIRST.policy).handovers
    assert (handed.retiring, handed.arriving) == (QUORUM, ALL[1:])


def test_a_network_may_come_back_to_a_policy(tmp_path: Path) -> None:
    for reader in (FIRST, SECOND):
        record = opened(handed_over(SECOND, FIRST), FIRST, tmp_path, reader.policy)
        assert record.anchor.start == (2 if reader is FIRST else 1)
        assert len(record.handovers) == 2


def tampered(change_it: Callable[[Forgery], None]) -> Forgery:
    """Policies 0, 1, 2, one handover of which is not as it should be."""
    forged = handed_over(SECOND, THIRD)
    change_it(forged)
    return forged


def only(*sides: int) -> Callable[[Forgery], None]:
    """The first handover at its own round, cosigned by these sides."""

    def sign(forged: Forgery) -> None:
        alone = handed_over(SECOND)
        forged.handovers[1] = handover(alone, [FIRST, SECOND], dict.fromkeys(sides, ALL))

    return sign


def at(size_less: int = 0, root: bytes | None = None, log: str = BEACON) -> Callable[[Forgery], None]:
    """The first handover with another size, root or log, signed by everybody."""

    def sign(forged: Forgery) -> None:
        alone = handed_over(SECOND)
        size = len(alone.entries[log]) - size_less
        forged.handovers[1] = handover(alone, [FIRST, SECOND], size=size, root=root, log=log)

    return sign


def two_of_four(forged: Forgery) -> None:
    forged.handovers[1] = handover(handed_over(SECOND), [FIRST, SECOND], {0: ALL, 1: ALL[:2]})


def strangers_beside(forged: Forgery) -> None:
    forged.handovers[1] = handover(handed_over(SECOND), [STRANGERS, FIRST, SECOND])


def strangers_only(forged: Forgery) -> None:
    forged.handovers[1] = handover(handed_over(SECOND), [STRANGERS])


def of_the_last_round(forged: Forgery) -> None:
    forged.handovers[1] = handover(forged, [FIRST, SECOND])


def of_another_history(forged: Forgery) -> None:
    forged.handovers[1] = handed_over(SECOND, seconds=1).handovers[1]


def swapped(forged: Forgery) -> None:
    forged.handovers[1], forged.handovers[2] = forged.handovers[2], forged.handovers[1]


def swapped_policies(forged: Forgery) -> None:
    forged.policies[1], forged.policies[2] = forged.policies[2], forged.policies[1]


def skipped(forged: Forgery) -> None:
    """From 0 to 2 at once, by both, though a round named policy 1."""
    del forged.policies[1]
    forged.handovers = {1: handover(forged, [FIRST, THIRD])}


def without_the_newest(forged: Forgery) -> None:
    """And without its handover, so that nothing in the folder tells of it."""
    del forged.policies[2], forged.handovers[2]


def one_too_many(forged: Forgery) -> None:
    forged.policies.append(STRANGERS.policy)
    forged.handovers[3] = handover(forged, [THIRD, STRANGERS])


def nonsense(forged: Forgery) -> None:
    forged.handovers[2] = b"a note that is none\n"


BAD = {
    "signed by the old side only": (only(0), "policy-quorum", "policy/1.handover", "as policy 1 must sign it"),
    "signed by the new side only": (only(1), "policy-quorum", "policy/1.handover", "as policy 0 must sign it"),
    "signed by no validator": (only(), "policy-quorum", "policy/1.handover", "as policy 0 must sign it"),
    "no quorum of the new side": (two_of_four, "policy-quorum", "policy/1.handover", "dispatcher, national_centre"),
    "signed by strangers": (strangers_only, "unknown-key", "policy/1.handover", "no policy names it"),
    "signed by a stranger too": (strangers_beside, "unknown-key", "policy/1.handover", "no policy names it"),
    "at a smaller size": (at(1), "handover", "policy/1.handover", f"came into force at size {BASE_ROUNDS + 1}"),
    "at another root": (at(root=b"\1" * 32), "handover", "policy/1.handover", "signed for the root 0101"),
    "of another log": (at(log=GOVERNANCE), "policy-origin", "policy/1.handover", "not of gridproof/little/beacon"),
    "for another round": (of_the_last_round, "handover", "policy/1.handover", f"at size {BASE_ROUNDS + 2};"),
    "of another history": (of_another_history, "handover", "policy/1.handover", "signed for the root"),
    "in the wrong order": (swapped, "unknown-key", "policy/1.handover", "no policy names it"),
    "missing": (lambda forged: forged.handovers.pop(2), "missing", "policy/2.handover", "the file is missing"),
    "no note": (nonsense, "note-form", "policy/2.handover", ""),
    "a policy left out": (skipped, "policy", "policy/1", "as policy 1"),
}


@pytest.mark.parametrize(("change_it", "code", "where", "words"), BAD.values(), ids=BAD)
def test_a_handover_that_both_sides_have_not_signed_for_this_round_is_refused(
    change_it: Callable[[Forgery], None], code: str, where: str, words: str, tmp_path: Path
) -> None:
    for reader in (FIRST, THIRD):
        error = refusal(tampered(change_it), THIRD, tmp_path, reader.policy)
        assert (error.code, error.where.split(":")[0]) == (code, where), str(error)
        assert words in error.sentence, str(error)


LISTED = {
    "in the wrong order": (swapped_policies, SECOND, "policy", "policy/1", "the beacon's rounds name"),
    "without the newest": (without_the_newest, SECOND, "missing", "policy/2", "the beacon names a policy with SHA-256"),
    "one too many": (one_too_many, STRANGERS, "policy", "policy/3", "name 3 policies, not this one"),
}


@pytest.mark.parametrize(("change_it", "signer", "code", "where", "words"), LISTED.values(), ids=LISTED)
def test_policies_are_those_that_the_rounds_name_though_the_last_of_them_has_signed_everything(
    change_it: Callable[[Forgery], None], signer: Era, code: str, where: str, words: str, tmp_path: Path
) -> None:
    error = refusal(tampered(change_it), signer, tmp_path, FIRST.policy)
    assert (error.code, error.where) == (code, where), str(error)
    assert words in error.sentence, str(error)


def test_rounds_that_name_a_policy_which_the_export_does_not_hold_are_refused(tmp_path: Path) -> None:
    forged = handed_over(FIRST.renewed("regulator"))
    forged.policies.pop()
    forged.handovers.clear()
    error = refusal(forged, FIRST, tmp_path)
    assert (error.code, error.where) == ("missing", "policy/1")


def test_retired_keys_cannot_write_another_history_after_the_change(tmp_path: Path) -> None:
    """All keys of policy 0, a longer record without the change: flawless to whom policy 0 is all they know."""
    forged = Forgery(base())
    for number in range(1, 5):
        forged.decide(START_MS + 60_000 * number)
        forged.round(START_MS + 60_000 * number)
    assert opened(forged, FIRST, tmp_path, FIRST.policy).anchor.own.text == FIRST.policy
    error = refusal(forged, FIRST, tmp_path, SECOND.policy)
    assert (error.code, error.where) == ("policy-quorum", "beacon/checkpoint: gridproof/little/beacon")
    assert "your policy is none of" in error.sentence


def test_retired_keys_cannot_bring_a_policy_of_their_own(tmp_path: Path) -> None:
    error = refusal(handed_over(STRANGERS, seconds=7), STRANGERS, tmp_path, SECOND.policy)
    assert (error.code, error.where) == ("policy-quorum", "beacon/checkpoint: gridproof/little/beacon")
    assert "your policy is none of" in error.sentence


def test_retired_keys_cannot_go_on_beside_the_true_handover(tmp_path: Path) -> None:
    """They show the true policies and handover, and sign the logs themselves."""
    for reader in (FIRST, SECOND):
        error = refusal(handed_over(SECOND), FIRST, tmp_path, reader.policy)
        assert (error.code, error.where) == ("unknown-key", "beacon/checkpoint"), str(error)


def test_retired_keys_cannot_put_another_history_before_the_true_handover(tmp_path: Path) -> None:
    """The new keys sign as well, unseen: even then the handover is that of the true history."""
    forged = handed_over(SECOND, seconds=3)
    forged.handovers[1] = handed_over(SECOND).handovers[1]
    error = refusal(forged, SECOND, tmp_path, SECOND.policy)
    assert (error.code, error.where) == ("handover", "policy/1.handover")


def test_an_older_export_under_the_retired_policy_counts_through_a_newer_one(tmp_path: Path) -> None:
    newer = opened(handed_over(SECOND, THIRD), THIRD, tmp_path / "newer", THIRD.policy)
    for number, era in enumerate((FIRST, SECOND)):
        older = opened(handed_over(*(SECOND,)[:number]), era, tmp_path / era.policy.hex()[-80:-60], era.policy)
        verify_since(newer, older)
    other = opened(handed_over(SECOND, seconds=2), SECOND, tmp_path / "other", SECOND.policy)
    with pytest.raises(ProofError, match="the newer log does not extend the older one"):
        verify_since(newer, other)


def test_an_older_export_alone_is_refused_once_its_keys_are_retired(tmp_path: Path) -> None:
    error = refusal(Forgery(base()), FIRST, tmp_path, SECOND.policy)
    assert error.code == "policy-quorum"
    assert "your policy is none of the 1 that this record names" in error.sentence


@pytest.mark.parametrize("number", [1, 2])
def test_every_policy_of_the_record_is_safe_not_only_the_newest(number: int, tmp_path: Path) -> None:
    unsafe = Era(SECOND.keys, threshold=2)
    eras = (unsafe, THIRD) if number == 1 else (SECOND, unsafe)
    error = refusal(handed_over(*eras), eras[-1], tmp_path)
    assert (error.code, error.where) == ("policy-unsafe", f"policy/{number}")
    assert "may share only 0" in error.sentence


def test_witnesses_who_are_no_validators_are_refused_in_every_policy(tmp_path: Path) -> None:
    forged = handed_over(SECOND, THIRD)
    forged.policies[1] = forged.policies[1].replace(b"little/validator/", b"little/friend/")
    error = refusal(forged, THIRD, tmp_path)
    assert error.where.startswith("policy/1")


def test_policy_0_is_that_of_genesis(tmp_path: Path) -> None:
    forged = handed_over(SECOND)
    forged.edit(GOVERNANCE, 0, lambda genesis: genesis.update(policy=THIRD.policy.decode()))
    network_id = leaf_hash(forged.entries[GOVERNANCE][0]).hex()
    forged.edit(AREA, 0, lambda genesis: genesis.update(policy=THIRD.policy.decode(), governance=network_id))
    forged.relink()
    error = refusal(forged, SECOND, tmp_path)
    assert (error.code, error.where) == ("beacon-policy", "beacon entry 0"), str(error)
    record = opened(handed_over(SECOND), SECOND, tmp_path, FIRST.policy)
    with pytest.raises(ExportError) as caught:
        check_policies(record.anchor, THIRD.policy.decode(), 1, record.leaves)
    assert (caught.value.code, caught.value.where) == ("policy", "policy/0")


def test_a_round_that_names_a_policy_which_governance_had_not_decided_is_refused(tmp_path: Path) -> None:
    forged = Forgery(base())
    forged.policies.append(SECOND.policy)
    forged.round(START_MS + 60_000)
    forged.handovers[1] = handover(forged, [FIRST, SECOND])
    error = refusal(forged, SECOND, tmp_path)
    assert (error.code, error.where) == ("beacon-policy", f"beacon entry {BASE_ROUNDS}")
    assert "policy 0 of governance" in error.sentence


def test_a_round_that_goes_on_with_the_old_policy_is_refused(tmp_path: Path) -> None:
    forged = Forgery(base())
    forged.decide(START_MS + 60_000, ("alliance.policy", {"number": 1, "text": SECOND.policy.decode()}))
    forged.round(START_MS + 60_000)
    error = refusal(forged, FIRST, tmp_path)
    assert (error.code, error.where) == ("beacon-policy", f"beacon entry {BASE_ROUNDS}")
    assert "policy 1 of governance" in error.sentence


def test_of_two_decisions_between_rounds_only_the_last_comes_into_force(tmp_path: Path) -> None:
    forged = Forgery(base())
    for number, era in enumerate((SECOND, THIRD), 1):
        told = ("alliance.policy", {"number": number, "text": era.policy.decode()})
        forged.decide(START_MS + 60_000 * number, told)
    forged.policies.append(THIRD.policy)
    forged.round(START_MS + 180_000)
    forged.handovers[1] = handover(forged, [FIRST, THIRD])
    record = opened(forged, THIRD, tmp_path, FIRST.policy)
    assert [policy.text for policy in record.anchor.policies] == [FIRST.policy, THIRD.policy]


def test_the_reader_may_ask_for_more_than_the_newest_policy_does(tmp_path: Path) -> None:
    strict = Era(SECOND.keys, threshold=4)
    record = opened(handed_over(SECOND), SECOND, tmp_path, strict.policy)
    assert (record.anchor.policy.text, record.anchor.start) == (strict.policy, None)
    assert [policy.text for policy in record.anchor.judges] == [strict.policy, SECOND.policy]


def test_policies_are_read_in_order_and_their_count_is_bounded(tmp_path: Path) -> None:
    export = handed_over(SECOND, THIRD).write(tmp_path / "export", THIRD.keys)
    reader = ExportReader(export)
    assert exported_policies(reader) == [FIRST.policy, SECOND.policy, THIRD.policy]
    anchor = open_anchor(reader, SECOND.policy, "pinned", "little")
    assert (anchor.start, anchor.is_readers, anchor.judges) == (1, True, (anchor.own,))


def test_a_change_in_the_helper_is_what_governance_says() -> None:
    forged = Forgery(base())
    change(forged, SECOND, 1, START_MS + 60_000)
    leaf = parse_beacon_leaf(forged.entries[BEACON][-1])
    assert leaf.round == BASE_ROUNDS
