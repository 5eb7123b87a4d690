"""Organisations that come and go, and the roles that their directories give."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from chain.contract import Account
from chain.contracts.alliance_state import ALLIANCE_LIMITS, directory_key, find_directory
from chain.entry import Event, Receipt
from chain.imports import CHANGED
from tests.chain.contracts.alliance_fixture import (
    COMPANY,
    DISPATCHER,
    PROVINCIAL,
    REGULATOR,
    SHOP,
    admit_organisation,
    admit_validator,
    decide,
    event,
    history,
    of_organisation,
    passed,
    propose,
    proposed,
    remove_organisation,
    vote,
    world,
)
from tests.chain.contracts.replica_fixture import VALIDATORS, World
from tests.chain.contracts.test_quorum import call

TRADERS = "cn=traders,ou=trading,o=闽江"


def known(made: World, account: Account) -> None:
    """Governance knows this account as it is here."""
    made.block(imports=[Event(data=msgspec.to_builtins(account), name=CHANGED)])


def map_directory(
    made: World,
    by: str = PROVINCIAL,
    directory: str = TRADERS,
    organisation: str = COMPANY,
    roles: Sequence[str] = ("trader",),
) -> Receipt:
    arguments = {"directory": directory, "organisation": organisation, "roles": list(roles)}
    return made.call(by, "alliance", "map_directory", arguments)


def unmap_directory(
    made: World, by: str = PROVINCIAL, directory: str = TRADERS, organisation: str = COMPANY
) -> Receipt:
    return made.call(by, "alliance", "unmap_directory", {"directory": directory, "organisation": organisation})


def roles_of(made: World, directory: str = TRADERS, organisation: str = COMPANY) -> tuple[str, ...] | None:
    found = find_directory(call(made), organisation, directory)
    return None if found is None else found.roles


def test_F07_an_organisation_is_admitted_as_an_observer() -> None:
    made = world()
    receipt = passed(made, admit_organisation("east-power", parent=COMPANY, roles=("member", "trader")))
    assert event(receipt, "alliance.organisation") == {
        "name_en": "East-Power",
        "name_zh": "机构 east-power",
        "organisation": "east-power",
        "parent": COMPANY,
        "roles": ("member", "trader"),
        "status": "active",
        "validator": "",
    }
    row = made.records("organisations")[-1]
    assert (row["organisation"], row["parent"], row["roles"]) == ("east-power", COMPANY, "member,trader")
    assert row["time"] == made.time_ms


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (admit_organisation(COMPANY), "organisation-taken"),
        (admit_organisation("east-power", parent="nobody"), "unknown-organisation"),
        (admit_organisation("east-power", parent="east-power"), "unknown-organisation"),
        (admit_organisation("east-power", roles=("trader", "member")), "roles"),
        (admit_organisation("east-power", roles=("member", "member")), "roles"),
        (admit_organisation("east-power", roles=("Member",)), "bad-arguments"),
        (admit_organisation("east-power", roles=[f"role_{i:02}" for i in range(17)]), "bad-arguments"),
        (remove_organisation("nobody"), "unknown-organisation"),
        (remove_organisation(DISPATCHER), "organisation-validator"),
        (remove_organisation(COMPANY), "organisation-parent"),
    ],
    ids=str,
)
def test_F07_an_organisation_does_not_come_or_go_by(action: dict[str, object], code: str) -> None:
    assert propose(world(), action).code == code


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_F07_an_organisation_with_an_account_that_is_not_revoked_stays(status: str) -> None:
    made = world()
    account = of_organisation("min-jiang-clerk", SHOP, "member")
    known(made, msgspec.structs.replace(account, status=status))
    assert propose(made, remove_organisation(SHOP)).code == "organisation-accounts"
    known(made, msgspec.structs.replace(account, status="revoked"))
    receipt = passed(made, remove_organisation(SHOP))
    assert event(receipt, "alliance.organisation")["status"] == "removed"
    assert made.records("organisations")[-1]["status"] == "removed"
    assert made.replica.state.get("alliance.organisation", SHOP) is None


def test_F07_an_account_that_is_registered_while_the_vote_runs_keeps_its_organisation() -> None:
    made = world()
    opened = proposed(made, remove_organisation(SHOP), VALIDATORS[0])
    known(made, of_organisation("min-jiang-clerk", SHOP, "member"))
    vote(made, opened, VALIDATORS[1])
    receipt = vote(made, opened, VALIDATORS[2])
    assert receipt.code == "ok"
    assert history(made, opened)[-1] == ("failed", "organisation-accounts")
    assert made.replica.state.get("alliance.organisation", SHOP) is not None


def test_F07_directories_of_an_organisation_go_with_it() -> None:
    made = world()
    assert map_directory(made, organisation=SHOP, roles=["member"]).code == "ok"
    decide(made, remove_organisation(SHOP))
    assert roles_of(made, organisation=SHOP) is None
    assert made.records("directories")[-1]["roles"] == ""


def test_a_directory_gives_the_roles_that_it_was_mapped_to_last() -> None:
    made = world()
    assert roles_of(made) is None
    assert map_directory(made).code == "ok"
    assert roles_of(made) == ("trader",)
    assert map_directory(made, roles=["member", "trader"]).code == "ok"
    assert roles_of(made) == ("member", "trader")
    assert unmap_directory(made).code == "ok"
    assert roles_of(made) is None
    assert made.column("directories", "roles") == ["trader", "member,trader", ""]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"organisation": "nobody"}, "unknown-organisation"),
        ({"roles": []}, "roles"),
        ({"roles": ["trader", "member"]}, "roles"),
        ({"roles": ["trader", "trader"]}, "roles"),
        ({"roles": ["regulator"]}, "roles"),
        ({"directory": ""}, "bad-arguments"),
        ({"by": "trader", "organisation": REGULATOR, "roles": ["regulator"]}, "other-organisation"),
        ({"by": REGULATOR}, "other-organisation"),
        ({"organisation": REGULATOR, "roles": ["regulator"]}, "other-organisation"),
    ],
    ids=str,
)
def test_a_directory_is_not_mapped_with(changes: dict[str, Any], code: str) -> None:
    made = world()
    assert map_directory(made, **changes).code == code
    assert made.rows("directories") == []


def test_an_organisation_keeps_its_own_directories() -> None:
    made = world()
    assert map_directory(made, by="trader").code == "ok"
    assert unmap_directory(made, by="trader").code == "ok"
    assert map_directory(made, by=REGULATOR, organisation=REGULATOR, roles=["regulator"]).code == "ok"
    assert unmap_directory(made, by=PROVINCIAL, organisation=REGULATOR).code == "other-organisation"


def test_a_registrar_keeps_directories_only_until_the_organisation_runs_a_validator() -> None:
    made = world()
    assert map_directory(made).code == "ok"
    passed(made, admit_validator("fifth"))
    assert map_directory(made).code == "other-organisation"


def test_a_directory_that_gives_nothing_is_not_unmapped() -> None:
    assert unmap_directory(world()).code == "unknown-directory"


def test_an_organisation_has_so_many_directories_and_no_more() -> None:
    made = world()
    calls = [f"/group/{i}" for i in range(ALLIANCE_LIMITS.directories_max)]
    for directory in calls:
        assert map_directory(made, directory=directory).code == "ok"
    assert map_directory(made).code == "directories-max"
    assert map_directory(made, directory=calls[0], roles=["member"]).code == "ok"
    unmap_directory(made, directory=calls[0])
    assert map_directory(made).code == "ok"


@pytest.mark.parametrize(
    ("directory", "key"),
    [
        ("traders", "min-jiang:traders"),
        ("cn=traders,ou=a", "min-jiang:cn=traders,ou=a"),
        ("/a/b", "min-jiang:%2Fa%2Fb"),
        ("%2F", "min-jiang:%252F"),
        ("a:b", "min-jiang:a%3Ab"),
        ("闽", "min-jiang:%E9%97%BD"),
    ],
)
def test_every_directory_has_a_key_of_its_own_in_the_state(directory: str, key: str) -> None:
    assert directory_key(COMPANY, directory) == key
