"""Roles, organisations and status of an account: who changes them, and who cannot take over whom."""

from typing import Any

import msgspec
import pytest

from chain.contract import Account
from chain.contracts import participant
from chain.imports import CHANGED
from tests.chain.contracts.governance_fixture import (
    AREA,
    COMPANY,
    COUNCIL,
    DIRECTORY,
    REGISTRAR,
    REGULATOR,
    act,
    governance,
    key,
    registration,
    with_member,
)
from tests.chain.contracts.replica_fixture import World

MEMBER = "minjiang-solar"


def account(world: World, name: str = MEMBER) -> Account:
    found: Account = world.replica.state.get("account", name)
    return found


def judge(world: World, by: str, method: str, whom: str = MEMBER) -> str:
    return act(world, by, method, account=whom, reason="as the file says").code


def place(**changes: Any) -> dict[str, Any]:
    """Arguments of `reassign`."""
    return {
        "account": MEMBER,
        "area": AREA,
        "kind": "consumer",
        "organisation": COMPANY,
        "reason": "joins the company",
        "roles": ["issuing_body"],
        "voltage": "35kV",
        "zone": "zone-2",
        **changes,
    }


def test_F05_a_suspended_account_may_do_nothing_until_it_is_reinstated() -> None:
    world = with_member()
    assert judge(world, REGULATOR, "suspend") == "ok"
    assert act(world, MEMBER, "update_information", information_hash="cd" * 32).code == "inactive"
    assert judge(world, REGULATOR, "reinstate") == "ok"
    assert act(world, MEMBER, "update_information", information_hash="cd" * 32).code == "ok"
    assert world.column("participants", "status") == ["active", "suspended", "active", "active"]
    assert world.column("participants", "reason") == ["", "as the file says", "as the file says", ""]


def test_every_change_tells_the_other_channels_the_whole_account() -> None:
    world = with_member()
    for by, method in ((REGULATOR, "suspend"), (REGULATOR, "reinstate"), (REGISTRAR, "revoke")):
        receipt = act(world, by, method, account=MEMBER, reason="r")
        (event,) = receipt.events
        assert event.name == CHANGED
        assert msgspec.convert(event.data, Account) == account(world)


def test_what_is_revoked_stays_revoked() -> None:
    world = with_member()
    assert judge(world, REGISTRAR, "revoke") == "ok"
    for by, method in ((REGULATOR, "reinstate"), (REGULATOR, "suspend"), (REGULATOR, "revoke")):
        assert judge(world, by, method) == "status"
    assert act(world, REGISTRAR, "change_roles", account=MEMBER, reason="r", roles=["member"]).code == "status"
    assert act(world, REGISTRAR, "reassign", **place()).code == "status"
    assert act(world, REGISTRAR, "register", **registration(key_of="another key")).code == "account-taken"
    assert act(world, MEMBER, "rotate", **key(MEMBER, "second")).code == "inactive"


def test_an_account_revokes_itself_and_nobody_elses() -> None:
    world = with_member()
    act(world, REGISTRAR, "register", **registration("another"))
    assert judge(world, MEMBER, "revoke", "another") == "not-owner"
    assert judge(world, MEMBER, "revoke") == "ok"


def test_the_regulator_does_not_suspend_itself() -> None:
    world = governance()
    assert judge(world, REGULATOR, "suspend", REGULATOR) == "self"


@pytest.mark.parametrize("method", ["suspend", "revoke"])
def test_no_organisation_takes_anothers_vote_away_alone(method: str) -> None:
    world = governance()
    for organisation in COUNCIL:
        if organisation != REGULATOR:
            assert judge(world, REGULATOR, method, organisation) == "council-member"
    assert judge(world, REGULATOR, method, "metering") == "ok"


def test_a_registrar_touches_no_account_of_another_organisation_that_votes() -> None:
    world = governance()
    assert judge(world, REGISTRAR, "revoke", REGULATOR) == "other-organisation"
    roles = act(world, REGISTRAR, "change_roles", account=REGULATOR, reason="r", roles=["regulator"])
    assert roles.code == "other-organisation"
    away = place(account=REGULATOR, area="", kind="operator")
    assert act(world, REGISTRAR, "reassign", **away).code == "other-organisation"
    assert judge(world, REGISTRAR, "revoke", "metering") == "ok"


def test_nobody_is_moved_into_an_organisation_that_votes_but_by_itself() -> None:
    world = with_member()
    into = place(area="", kind="operator", organisation=REGULATOR, roles=["council"])
    assert act(world, REGISTRAR, "reassign", **into).code == "other-organisation"
    assert act(world, REGULATOR, "reassign", **into).code == "other-organisation"
    own = place(area="", kind="operator", organisation=REGISTRAR, roles=["council"])
    assert act(world, REGISTRAR, "reassign", **own).code == "ok"


def test_F05_reassigning_says_all_of_it_anew() -> None:
    world = with_member()
    assert act(world, REGISTRAR, "reassign", **place()).code == "ok"
    expected = {"kind": "consumer", "organisation": COMPANY, "roles": ("issuing_body",), "zone": "zone-2"}
    assert {name: getattr(account(world), name) for name in expected} == expected
    assert world.column("participants", "change") == ["register", "reassign"]


def test_T7_new_roles_hold_from_the_next_call_on() -> None:
    world = with_member()
    assert act(world, REGISTRAR, "reassign", **place(roles=["issuing_body"])).code == "ok"
    given = act(world, REGISTRAR, "change_roles", account=MEMBER, reason="trades", roles=["issuing_body", "member"])
    assert given.code == "ok"
    assert account(world).roles == ("issuing_body", "member")
    refused = act(world, REGISTRAR, "change_roles", account=MEMBER, reason="r", roles=["registrar"])
    assert refused.code == "roles"


def test_T7_roles_change_by_a_directory_as_it_is_mapped_now() -> None:
    world = with_member()
    assert act(world, REGISTRAR, "reassign", **place()).code == "ok"
    by_directory = {"account": MEMBER, "directory": DIRECTORY, "reason": "moved"}
    assert act(world, REGISTRAR, "change_roles", **by_directory).code == "directory"
    mapping = {"directory": DIRECTORY, "organisation": COMPANY, "roles": ["council"]}
    assert world.call(REGISTRAR, "alliance", "map_directory", mapping).code == "ok"
    assert act(world, REGISTRAR, "change_roles", **by_directory).code == "ok"
    assert account(world).roles == ("council",)
    remapped = {**mapping, "roles": ["issuing_body"]}
    assert world.call(REGISTRAR, "alliance", "map_directory", remapped).code == "ok"
    assert account(world).roles == ("council",)
    assert world.column("participants", "directory")[-1] == DIRECTORY


REASSIGNMENTS = {
    "an account that is not there": ({"account": "nobody"}, "unknown-account"),
    "an area without a market": ({"area": "350200"}, "area"),
    "a kind in capitals": ({"kind": "Consumer"}, "kind"),
    "an operator of nobody": ({"area": "", "kind": "operator", "organisation": "", "roles": ["member"]}, "kind"),
    "an operator of a market area": ({"kind": "operator", "roles": ["council"]}, "area"),
    "a trader who calls itself an operator": ({"area": "", "kind": "operator", "roles": ["member"]}, "kind"),
    "an organisation that is none": ({"organisation": "nobody"}, "organisation"),
    "a role that the organisation has not": ({"roles": ["dispatcher"]}, "roles"),
    "no reason": ({"reason": ""}, "bad-arguments"),
}


@pytest.mark.parametrize(("changes", "code"), REASSIGNMENTS.values(), ids=REASSIGNMENTS.keys())
def test_a_bad_reassignment_is_rejected_with_its_code(changes: dict[str, Any], code: str) -> None:
    world = with_member()
    assert act(world, REGISTRAR, "reassign", **place(**changes)).code == code
    assert len(world.rows("participants")) == 1


@pytest.mark.parametrize("method", ["suspend", "reinstate", "revoke"])
def test_nobody_judges_an_account_that_is_not_there(method: str) -> None:
    assert judge(governance(), REGULATOR, method, "nobody") == "unknown-account"


def test_only_what_is_suspended_is_reinstated() -> None:
    assert judge(with_member(), REGULATOR, "reinstate") == "status"


def test_an_organisation_judges_its_own_voters() -> None:
    world = governance()
    second = registration("clerk", kind="operator", area="", organisation=REGULATOR, roles=["council", "regulator"])
    assert act(world, REGULATOR, "register", **second).code == "ok"
    assert judge(world, "clerk", "suspend", REGULATOR) == "ok"
    assert judge(world, "clerk", "reinstate", REGULATOR) == "ok"
    assert judge(world, REGULATOR, "revoke", "clerk") == "ok"


def test_methods_and_their_callers_are_those_of_the_design() -> None:
    callers = {method.name: set(method.callers) for method in participant.CONTRACT.methods}
    assert callers["approve_recovery"] == {"council"}
    assert {name for name, roles in callers.items() if roles == {"regulator"}} == {"reinstate", "suspend"}
    own = {"erase_information", "grant_reader", "revoke", "rotate", "update_information", "withdraw_reader"}
    assert {name for name, roles in callers.items() if roles == {"anyone"}} == own
