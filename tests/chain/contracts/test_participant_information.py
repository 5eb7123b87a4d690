"""Private data as the record sees it: hashes, readers, erasure."""

from typing import Any

import pytest

from chain.contracts import participant
from chain.limits import LIMITS
from chain.private.record import information_hash, make_record
from tests.chain.contracts.governance_fixture import (
    HASH,
    REGISTRAR,
    REGULATOR,
    act,
    key,
    registration,
    with_member,
)
from tests.chain.contracts.replica_fixture import World

OWNER = "minjiang-solar"
READER = "bank"


def world_with_reader() -> World:
    world = with_member()
    assert act(world, REGISTRAR, "register", **registration(READER)).code == "ok"
    return world


def readers(world: World, by: str, method: str, account: str = OWNER, reader: str = READER) -> str:
    return act(world, by, method, account=account, reader=reader).code


def newest_hash(world: World) -> Any:
    return world.column("participants", "information_hash")[-1]


def granted(world: World) -> list[str]:
    return [reader for reader, _ in world.replica.state.items(f"participant.reader:{OWNER}")]


def test_B3_the_owner_commits_to_new_information() -> None:
    world = with_member()
    assert act(world, OWNER, "update_information", information_hash="cd" * 32).code == "ok"
    assert newest_hash(world) == "cd" * 32
    assert world.column("participants", "change")[-1] == "update_information"
    assert act(world, OWNER, "update_information", information_hash="").code == "information-hash"


def who_vetted(world: World) -> Any:
    return world.column("participants", "information_by")[-1]


def test_the_registrar_who_vetted_the_hash_stands_in_every_version_until_the_owner_sets_another() -> None:
    world = with_member()
    assert who_vetted(world) == REGISTRAR
    assert act(world, OWNER, "rotate", **key(OWNER, "second")).code == "ok"
    assert (who_vetted(world), newest_hash(world)) == (REGISTRAR, HASH)
    assert act(world, OWNER, "update_information", "second", information_hash="cd" * 32).code == "ok"
    assert (who_vetted(world), newest_hash(world)) == ("", "cd" * 32)


def test_an_unvetted_hash_stays_unvetted_whatever_changes_after_it() -> None:
    world = with_member()
    assert act(world, OWNER, "update_information", information_hash="cd" * 32).code == "ok"
    assert act(world, OWNER, "rotate", **key(OWNER, "second")).code == "ok"
    assert act(world, REGISTRAR, "change_roles", account=OWNER, reason="r", roles=["retailer"]).code == "ok"
    assert act(world, REGULATOR, "suspend", account=OWNER, reason="r").code == "ok"
    assert world.column("participants", "information_by") == [REGISTRAR, "", "", "", ""]
    assert set(world.column("participants", "information_hash")[1:]) == {"cd" * 32}


def test_owner_and_registrar_grant_and_withdraw_readers() -> None:
    world = world_with_reader()
    for by in (OWNER, REGISTRAR):
        assert readers(world, by, "grant_reader") == "ok"
        assert granted(world) == [READER]
        assert readers(world, by, "withdraw_reader") == "ok"
        assert granted(world) == []
    assert world.column("information_readers", "status") == ["granted", "withdrawn"] * 2


REFUSED = {
    "a stranger's record": ("grant_reader", READER, {}, "not-owner"),
    "the regulator, who is no registrar": ("grant_reader", REGULATOR, {}, "not-owner"),
    "a reader that nobody knows": ("grant_reader", OWNER, {"reader": "nobody"}, "reader"),
    "oneself": ("grant_reader", OWNER, {"reader": OWNER}, "reader"),
    "an owner that nobody knows": ("grant_reader", REGISTRAR, {"account": "nobody"}, "unknown-account"),
    "an operator without a record": ("grant_reader", REGISTRAR, {"account": "metering"}, "no-information"),
    "a name with a slash": ("grant_reader", OWNER, {"reader": "a/b"}, "bad-arguments"),
    "who is no reader": ("withdraw_reader", OWNER, {}, "not-granted"),
    "a withdrawal by a stranger": ("withdraw_reader", READER, {}, "not-owner"),
}


@pytest.mark.parametrize(("method", "by", "changes", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_grant_or_withdrawal_is_rejected(method: str, by: str, changes: dict[str, str], code: str) -> None:
    world = world_with_reader()
    assert readers(world, by, method, **changes) == code
    assert world.rows("information_readers") == []


def test_nobody_is_granted_twice_and_no_suspended_account_at_all() -> None:
    world = world_with_reader()
    assert readers(world, OWNER, "grant_reader") == "ok"
    assert readers(world, OWNER, "grant_reader") == "granted"
    assert readers(world, OWNER, "withdraw_reader") == "ok"
    assert act(world, REGULATOR, "suspend", account=READER, reason="r").code == "ok"
    assert readers(world, OWNER, "grant_reader") == "reader"


def test_a_revoked_owners_record_gets_no_readers() -> None:
    world = world_with_reader()
    assert act(world, REGISTRAR, "revoke", account=OWNER, reason="r").code == "ok"
    assert readers(world, REGISTRAR, "grant_reader") == "status"


def test_readers_are_as_many_as_a_sealed_file_holds() -> None:
    world = with_member()
    names = [f"reader-{number:03d}" for number in range(LIMITS.private_readers_max)]
    for start in range(0, len(names), 20):
        batch = names[start : start + 20]
        calls = [
            world.transaction(REGISTRAR, "participant", "register", registration(name), ahead=number)
            for number, name in enumerate(batch, 1)
        ]
        assert all(outcome.receipt is not None for outcome in world.block(*calls).outcomes)
    codes = [readers(world, OWNER, "grant_reader", reader=name) for name in names]
    assert codes == ["ok"] * (LIMITS.private_readers_max - 1) + ["readers-full"]
    assert act(world, REGULATOR, "erase_information", account=OWNER).code == "ok"
    assert granted(world) == []
    assert world.column("information_readers", "status").count("withdrawn") == LIMITS.private_readers_max - 1


@pytest.mark.parametrize("by", [REGISTRAR, REGULATOR])
def test_B3_after_erasure_the_newest_version_has_no_hash_and_no_reader(by: str) -> None:
    world = world_with_reader()
    assert readers(world, OWNER, "grant_reader") == "ok"
    assert act(world, by, "erase_information", account=OWNER).code == "ok"
    assert newest_hash(world) == ""
    assert world.column("participants", "information_hash")[0] == HASH
    assert granted(world) == []
    assert act(world, by, "erase_information", account=OWNER).code == "no-information"
    assert readers(world, OWNER, "grant_reader") == "no-information"


def test_who_was_revoked_can_still_be_forgotten() -> None:
    world = with_member()
    assert act(world, REGISTRAR, "revoke", account=OWNER, reason="r").code == "ok"
    assert act(world, REGISTRAR, "erase_information", account=OWNER).code == "ok"
    assert act(world, REGISTRAR, "erase_information", account="nobody").code == "unknown-account"


def test_B3_the_data_subject_asks_for_erasure_on_the_record() -> None:
    world = world_with_reader()
    assert act(world, OWNER, "erase_information", account=OWNER).code == "ok"
    assert newest_hash(world) == who_vetted(world) == ""
    assert act(world, OWNER, "erase_information", account=OWNER).code == "no-information"


@pytest.mark.parametrize("by", [READER, "dispatcher", "metering"])
def test_nobody_else_erases_somebodys_record(by: str) -> None:
    world = world_with_reader()
    assert act(world, by, "erase_information", account=OWNER).code == "not-owner"
    assert newest_hash(world) == HASH


def test_an_erased_account_takes_no_new_record() -> None:
    world = with_member()
    assert act(world, OWNER, "erase_information", account=OWNER).code == "ok"
    assert act(world, OWNER, "update_information", information_hash="cd" * 32).code == "erased"
    recovery = {"account": OWNER, "information_hash": "cd" * 32, **key(OWNER, "second")}
    assert act(world, REGISTRAR, "propose_recovery", **recovery).code == "erased"
    del recovery["information_hash"]
    assert act(world, REGISTRAR, "propose_recovery", **recovery).code == "ok"


def test_the_hash_of_a_private_record_is_one_that_can_be_registered() -> None:
    salts = iter(range(9))
    private = make_record(OWNER, {"real_name": "a", "contact": "b"}, lambda count: bytes([next(salts)]) * count)
    world = with_member()
    assert act(world, OWNER, "update_information", information_hash=information_hash(private)).code == "ok"


def test_every_declared_code_is_shown_by_a_case() -> None:
    shown = {code for _, _, _, code in REFUSED.values()} | {"granted", "reader", "readers-full", "status"}
    for name in ("grant_reader", "withdraw_reader", "erase_information"):
        method = participant.CONTRACT.method(name)
        assert method is not None
        assert set(method.codes) <= shown, name
