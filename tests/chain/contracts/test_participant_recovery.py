"""Keys: rotated by who holds them, recovered by a quorum, never used twice; and every way around that."""

from typing import Any

import pytest

from chain.contract import Account
from chain.contracts import participant
from chain.imports import CHANGED
from tests.chain.contracts.alliance_fixture import admit_validator, validator_key
from tests.chain.contracts.governance_fixture import (
    COMPANY,
    COUNCIL,
    HASH,
    REGISTRAR,
    REGULATOR,
    act,
    governance,
    is_heard,
    key,
    registration,
    with_member,
)
from tests.chain.contracts.replica_fixture import World, signer

MEMBER = "minjiang-solar"
LOST = MEMBER
"""Whose key the member's first is."""
DAY_MS = 86_400_000


def account(world: World, name: str = MEMBER) -> Account:
    found: Account = world.replica.state.get("account", name)
    return found


def propose(world: World, by: str = REGISTRAR, new: str = "new", name: str = MEMBER, **more: Any) -> str:
    return act(world, by, "propose_recovery", account=name, **key(name, new), **more).code


def approve(world: World, by: str, new: str = "new", name: str = MEMBER, key_of: str = "") -> str:
    return act(world, by, "approve_recovery", key_of, account=name, public_key=signer(name, new).public_key).code


def recovering(**parameters: Any) -> World:
    world = with_member(**parameters)
    assert propose(world) == "ok"
    return world


def statuses(world: World) -> list[str]:
    return list(world.column("account_recoveries", "status"))


def test_F04_after_a_rotation_the_new_key_speaks_and_the_old_one_is_not_heard() -> None:
    world = with_member()
    receipt = act(world, MEMBER, "rotate", **key(MEMBER, "second"))
    assert receipt.code == "ok"
    assert [event.name for event in receipt.events] == [CHANGED]
    assert not is_heard(world, MEMBER, LOST)
    assert is_heard(world, MEMBER, "second")
    assert world.replica.nonce(MEMBER) == 2
    assert world.column("participants", "change") == ["register", "rotate"]


def test_an_operator_of_genesis_rotates_too() -> None:
    world = governance()
    assert act(world, REGULATOR, "rotate", **key(REGULATOR, "second")).code == "ok"
    assert not is_heard(world, REGULATOR)
    assert act(world, REGULATOR, "suspend", "second", account="metering", reason="r").code == "ok"


ROTATIONS = {
    "the key it has": (key(MEMBER), "key-taken"),
    "another account's key": (key(MEMBER, "regulator"), "key-taken"),
    "a key that is none": ({"possession": "00" * 64, "public_key": "zz"}, "public-key"),
    "without holding the new key": ({**key(MEMBER, "second"), "possession": "00" * 64}, "possession"),
    "a possession that was signed for another account": (key("another", "second"), "possession"),
}


@pytest.mark.parametrize(("arguments", "code"), ROTATIONS.values(), ids=ROTATIONS.keys())
def test_a_bad_rotation_is_rejected_with_its_code(arguments: dict[str, str], code: str) -> None:
    world = with_member()
    assert act(world, MEMBER, "rotate", **arguments).code == code
    assert is_heard(world, MEMBER)


def test_a_key_once_used_is_never_usable_again() -> None:
    world = with_member()
    assert act(world, MEMBER, "rotate", **key(MEMBER, "second")).code == "ok"
    assert act(world, MEMBER, "rotate", "second", **key(MEMBER, LOST)).code == "key-taken"
    assert act(world, REGISTRAR, "register", **registration("another", key_of=LOST)).code == "key-taken"
    assert propose(world, new=LOST) == "key-taken"
    assert act(world, MEMBER, "revoke", "second", account=MEMBER, reason="leaves").code == "ok"
    assert act(world, REGISTRAR, "register", **registration("another", key_of="second")).code == "key-taken"


def test_who_is_suspended_cannot_rotate() -> None:
    world = with_member()
    assert act(world, REGULATOR, "suspend", account=MEMBER, reason="r").code == "ok"
    assert act(world, MEMBER, "rotate", **key(MEMBER, "second")).code == "inactive"


def test_F04_three_of_four_organisations_give_the_account_a_new_key() -> None:
    world = recovering()
    for organisation in COUNCIL[:2]:
        assert approve(world, organisation) == "ok"
        assert is_heard(world, MEMBER)
    nonce = world.replica.nonce(MEMBER)
    assert approve(world, COUNCIL[2]) == "ok"
    assert not is_heard(world, MEMBER, LOST)
    assert is_heard(world, MEMBER, "new")
    assert world.replica.nonce(MEMBER) == nonce + 1
    assert statuses(world) == ["proposed", "approved", "approved", "approved", "carried_out"]
    assert approve(world, COUNCIL[3]) == "no-recovery"


def test_a_recovery_may_bring_a_new_information_hash_and_otherwise_keeps_the_old() -> None:
    for given, expected in (({}, HASH), ({"information_hash": "cd" * 32}, "cd" * 32)):
        world = with_member()
        assert propose(world, **given) == "ok"
        for organisation in COUNCIL[:3]:
            approve(world, organisation)
        assert world.column("participants", "information_hash")[-1] == expected
    assert propose(with_member(), information_hash="cd") == "information-hash"


def test_a_new_information_hash_of_a_recovery_was_vetted_by_who_proposed_it() -> None:
    world = with_member()
    assert act(world, MEMBER, "update_information", information_hash="ef" * 32).code == "ok"
    assert propose(world, information_hash="cd" * 32) == "ok"
    for organisation in COUNCIL[:3]:
        approve(world, organisation)
    assert world.column("participants", "information_by") == [REGISTRAR, "", REGISTRAR]


def test_nobody_vets_their_own_information_hash() -> None:
    world = with_member()
    second = registration("clerk", kind="operator", organisation=REGISTRAR, roles=["council", "registrar"])
    assert act(world, REGISTRAR, "register", **second).code == "ok"
    assert propose(world, by="clerk", name="clerk", information_hash="cd" * 32) == "ok"
    for organisation in COUNCIL[:3]:
        assert approve(world, organisation, name="clerk") == "ok"
    assert world.column("participants", "information_hash")[-1] == "cd" * 32
    assert world.column("participants", "information_by")[-1] == ""


def test_a_record_that_was_erased_while_a_recovery_waited_stays_erased() -> None:
    world = with_member()
    assert propose(world, information_hash="cd" * 32) == "ok"
    assert act(world, REGISTRAR, "erase_information", account=MEMBER).code == "ok"
    assert [approve(world, organisation) for organisation in COUNCIL[:3]] == ["ok"] * 3
    assert is_heard(world, MEMBER, "new")
    assert world.column("participants", "information_hash")[-1] == ""
    assert propose(world, new="third", information_hash="cd" * 32) == "erased"


def test_one_organisation_cannot_recover_an_account_to_its_own_key() -> None:
    world = with_member()
    second = registration("clerk", kind="operator", organisation=REGISTRAR, roles=["council", "registrar"])
    assert act(world, REGISTRAR, "register", **second).code == "ok"
    assert propose(world, new="thief") == "ok"
    assert approve(world, REGISTRAR, "thief") == "ok"
    for again in (REGISTRAR, "clerk"):
        assert approve(world, again, "thief") == "approved-already"
    assert propose(world, "clerk", new="thief-2") == "ok"
    assert approve(world, "clerk", "thief-2") == "ok"
    assert is_heard(world, MEMBER)


def test_a_possession_that_was_signed_for_another_account_does_not_recover_this_one() -> None:
    world = with_member()
    others = {**key("another", "new")}
    assert act(world, REGISTRAR, "propose_recovery", account=MEMBER, **others).code == "possession"


def test_an_organisation_without_a_validator_has_no_vote() -> None:
    world = recovering()
    outsider = registration("outsider", kind="operator", organisation="minjiang", roles=["council"])
    assert act(world, REGISTRAR, "register", **outsider).code == "ok"
    assert approve(world, "outsider") == "no-validator"


def test_votes_of_an_organisation_whose_validator_was_removed_do_not_count() -> None:
    world = recovering()
    assert approve(world, "dispatcher") == "ok"
    action = {"kind": "remove-validator", "threshold": 3, "validator": "dispatcher"}
    proposal = world.block(world.transaction(REGULATOR, "alliance", "propose", {"action": action})).outcomes[0]
    assert proposal.receipt is not None and proposal.receipt.code == "ok", proposal.receipt
    for organisation in ("national-centre", "provincial-centre"):
        vote = {"approve": True, "proposal": proposal.entry}
        assert world.call(organisation, "alliance", "vote", vote).code == "ok"
    for organisation in ("national-centre", "provincial-centre"):
        assert approve(world, organisation) == "ok"
        assert is_heard(world, MEMBER)
    assert approve(world, REGULATOR) == "ok"
    assert is_heard(world, MEMBER, "new")


def change_validators(world: World, action: dict[str, Any], voters: tuple[str, ...]) -> None:
    """Proposed by the first, approved by the others."""
    (outcome,) = world.block(world.transaction(voters[0], "alliance", "propose", {"action": action})).outcomes
    assert outcome.receipt is not None and outcome.receipt.code == "ok", outcome.receipt
    for voter in voters[1:]:
        assert world.call(voter, "alliance", "vote", {"approve": True, "proposal": outcome.entry}).code == "ok"


def remove(validator: str, threshold: int) -> dict[str, Any]:
    return {"kind": "remove-validator", "threshold": threshold, "validator": validator}


def test_who_was_removed_and_admitted_again_approves_anew() -> None:
    world = recovering()
    assert approve(world, "dispatcher") == "ok"
    others = ("national-centre", "provincial-centre", REGULATOR)
    change_validators(world, remove("dispatcher", 3), others)
    again = admit_validator("dispatcher", "dispatcher", 3, key=validator_key("dispatcher", "2"))
    change_validators(world, again, others)
    for organisation in others[:2]:
        assert approve(world, organisation) == "ok"
    assert is_heard(world, MEMBER), "the approval of the validator that was removed does not count"
    assert approve(world, "dispatcher") == "ok"
    assert is_heard(world, MEMBER, "new")


def test_approvals_that_a_change_of_validators_makes_a_quorum_are_carried_out_by_who_approves_again() -> None:
    world = governance()
    five = {"kind": "operator", "organisation": COMPANY, "roles": ["council"]}
    assert act(world, REGISTRAR, "register", **registration("fifth", **five)).code == "ok"
    change_validators(world, admit_validator("fifth", COMPANY, 4), ("dispatcher", "national-centre", REGISTRAR))
    assert act(world, REGISTRAR, "register", **registration(MEMBER)).code == "ok"
    assert propose(world) == "ok"
    for organisation in ("national-centre", "provincial-centre", REGULATOR):
        assert approve(world, organisation) == "ok"
    assert approve(world, REGULATOR) == "approved-already"
    change_validators(world, remove("fifth", 3), ("dispatcher", "national-centre", "provincial-centre", REGULATOR))
    assert approve(world, "fifth") == "no-validator"
    assert approve(world, REGULATOR) == "ok"
    assert is_heard(world, MEMBER, "new")
    assert statuses(world) == ["proposed", "approved", "approved", "approved", "carried_out"]


def test_an_observers_council_does_not_use_up_the_key_of_anothers_recovery() -> None:
    world = with_member()
    outsider = registration("outsider", kind="operator", organisation=COMPANY, roles=["council"])
    assert act(world, REGISTRAR, "register", **outsider).code == "ok"
    assert propose(world, by="outsider") == "other-organisation"
    assert propose(world) == "ok"
    assert propose(world, by="outsider", new="own", name="outsider") == "ok"


def test_an_approval_names_the_key_so_that_nobody_approves_another() -> None:
    world = recovering()
    assert approve(world, REGULATOR, "thief") == "no-recovery"
    assert approve(world, REGULATOR, name="another") == "no-recovery"
    malformed = {"account": MEMBER, "public_key": "a/b"}
    assert act(world, REGULATOR, "approve_recovery", **malformed).code == "no-recovery"


def test_a_new_proposal_of_an_organisation_replaces_its_old_one_and_nobody_elses() -> None:
    world = recovering()
    assert propose(world, REGULATOR, "other") == "ok"
    assert propose(world, REGISTRAR, "newer") == "ok"
    assert approve(world, "dispatcher", "new") == "no-recovery"
    assert approve(world, "dispatcher", "other") == "ok"
    for organisation in COUNCIL[:3]:
        assert approve(world, organisation, "newer") == "ok"
    assert approve(world, "national-centre", "other") == "no-recovery"
    assert statuses(world).count("void") == 2


def test_a_proposed_key_is_reserved_even_when_it_never_comes_to_use() -> None:
    world = recovering(recovery_ms=DAY_MS)
    assert act(world, MEMBER, "rotate", **key(MEMBER, "new")).code == "key-taken"
    world.advance(world.time_ms + DAY_MS)
    assert act(world, MEMBER, "rotate", **key(MEMBER, "new")).code == "key-taken"


def test_a_recovery_expires() -> None:
    world = recovering(recovery_ms=DAY_MS)
    began = world.time_ms
    for organisation in COUNCIL[:2]:
        assert approve(world, organisation) == "ok"
    world.advance(began + DAY_MS - 2_000)
    assert "expired" not in statuses(world)
    world.advance(began + DAY_MS)
    assert statuses(world)[-1] == "expired"
    assert approve(world, COUNCIL[2]) == "no-recovery"
    assert is_heard(world, MEMBER)


def test_a_recovery_that_is_late_does_not_pass_before_its_trigger_has_run() -> None:
    world = recovering(recovery_ms=DAY_MS)
    for organisation in COUNCIL[:2]:
        assert approve(world, organisation) == "ok"
    late = world.transaction(
        COUNCIL[2], "participant", "approve_recovery", {"account": MEMBER, "public_key": signer("new").public_key}
    )
    (outcome,) = world.block(late, at_ms=world.time_ms + DAY_MS).outcomes
    assert outcome.receipt is not None and outcome.receipt.code == "no-recovery"


def test_a_thief_who_rotates_the_stolen_key_does_not_stop_the_recovery() -> None:
    world = recovering()
    assert approve(world, "dispatcher") == "ok"
    assert act(world, MEMBER, "rotate", **key(MEMBER, "thief")).code == "ok"
    for organisation in COUNCIL[1:3]:
        assert approve(world, organisation) == "ok"
    assert not is_heard(world, MEMBER, "thief")
    assert is_heard(world, MEMBER, "new")


def test_a_thief_who_revokes_the_stolen_account_does_not_stop_the_recovery() -> None:
    world = recovering()
    assert [approve(world, organisation) for organisation in COUNCIL[:2]] == ["ok", "ok"]
    assert act(world, MEMBER, "revoke", account=MEMBER, reason="r").code == "recovery-waits"
    assert approve(world, COUNCIL[2]) == "ok"
    assert act(world, MEMBER, "revoke", "new", account=MEMBER, reason="leaves").code == "ok"


def test_a_suspended_account_is_recovered_and_stays_suspended() -> None:
    world = with_member()
    assert act(world, REGULATOR, "suspend", account=MEMBER, reason="key stolen").code == "ok"
    assert propose(world) == "ok"
    for organisation in COUNCIL[:3]:
        assert approve(world, organisation) == "ok"
    assert (account(world).status, account(world).public_key) == ("suspended", signer("new").public_key)
    assert act(world, REGULATOR, "reinstate", account=MEMBER, reason="new key").code == "ok"
    assert act(world, MEMBER, "update_information", "new", information_hash=HASH).code == "ok"


def test_a_revoked_account_is_not_recovered_not_even_by_a_recovery_that_was_waiting() -> None:
    world = recovering()
    assert act(world, REGULATOR, "revoke", account=MEMBER, reason="r").code == "ok"
    assert statuses(world) == ["proposed", "void"]
    for organisation in COUNCIL[:3]:
        assert approve(world, organisation) == "no-recovery"
    assert propose(world, new="newer") == "status"
    assert account(world).status == "revoked"
    assert propose(world, name="nobody") == "unknown-account"


def test_the_council_recovers_the_one_registrar() -> None:
    world = governance()
    assert propose(world, REGULATOR, name=REGISTRAR) == "ok"
    for organisation in ("dispatcher", "national-centre", REGULATOR):
        assert approve(world, organisation, name=REGISTRAR) == "ok"
    assert act(world, REGISTRAR, "register", "new", **registration()).code == "ok"


@pytest.mark.parametrize("method", ["propose_recovery", "approve_recovery", "rotate"])
def test_every_declared_code_is_known(method: str) -> None:
    found = participant.CONTRACT.method(method)
    assert found is not None
    shown = {"approved-already", "erased", "information-hash", "key-taken", "no-recovery", "no-validator", "possession"}
    assert set(found.codes) <= shown | {"other-organisation", "public-key", "status", "unknown-account"}


def test_a_key_that_waits_belongs_to_one_account_only() -> None:
    world = recovering()
    assert act(world, REGISTRAR, "register", **registration("another", key_of="new")).code == "key-taken"


def test_junk_proposals_by_everybody_neither_pile_up_nor_make_revoking_impossible() -> None:
    world = with_member()
    for number in range(10):
        for organisation in COUNCIL:
            assert propose(world, organisation, f"junk-{number}-{organisation}") == "ok"
    assert len(world.replica.state.items("participant.recovery")) == len(COUNCIL)
    assert act(world, REGULATOR, "revoke", account=MEMBER, reason="r").code == "ok"
    assert world.replica.state.items("participant.recovery") == []
