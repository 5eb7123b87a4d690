"""Who votes for an organisation that gets a voice is who voted for it when its admission was proposed."""

from collections.abc import Callable

import msgspec
import pytest

from chain.entry import Event
from chain.imports import CHANGED
from tests.chain.contracts.alliance_fixture import admit_validator, history, number, propose, vote
from tests.chain.contracts.governance_fixture import (
    COMPANY,
    REGISTRAR,
    REGULATOR,
    act,
    governance,
    key,
    registration,
)
from tests.chain.contracts.replica_fixture import World

HOLDER = "minjiang-clerk"
PUPPET = "minjiang-puppet"


def clerk(account: str = HOLDER, role: str = "council") -> dict[str, object]:
    return registration(account, area="", kind="operator", organisation=COMPANY, roles=[role])


def observer() -> World:
    """The company has one account that votes for it."""
    world = governance()
    assert act(world, REGISTRAR, "register", **clerk()).code == "ok"
    return world


def admit(world: World) -> int:
    """Proposed by the dispatcher, approved by a second; the third vote decides."""
    opened = number(propose(world, admit_validator("fifth", COMPANY), "dispatcher"))
    assert vote(world, opened, "national-centre").code == "ok"
    return opened


def judged(world: World, by: str, method: str, account: str = HOLDER) -> None:
    assert act(world, by, method, account=account, reason="r").code == "ok"


def exchanged(world: World) -> None:
    judged(world, REGISTRAR, "revoke")
    assert act(world, REGISTRAR, "register", **clerk(PUPPET)).code == "ok"


def joined(world: World) -> None:
    assert act(world, REGISTRAR, "register", **clerk(PUPPET)).code == "ok"


def stripped(world: World) -> None:
    arguments = {"account": HOLDER, "reason": "r", "roles": ["issuing_body"]}
    assert act(world, REGISTRAR, "change_roles", **arguments).code == "ok"


def moved(world: World) -> None:
    arguments = {"account": HOLDER, "area": "350100", "kind": "consumer", "reason": "r", "roles": ["member"]}
    assert act(world, REGISTRAR, "reassign", **arguments).code == "ok"


def suspended(world: World) -> None:
    judged(world, REGULATOR, "suspend")


def suspended_and_back(world: World) -> None:
    judged(world, REGULATOR, "suspend")
    judged(world, REGULATOR, "reinstate")


def rotated(world: World) -> None:
    assert act(world, HOLDER, "rotate", **key(HOLDER, "second")).code == "ok"


CHANGES: dict[str, Callable[[World], None]] = {
    "revoked and exchanged for another": exchanged,
    "joined by another": joined,
    "without the role": stripped,
    "moved away": moved,
    "suspended": suspended,
    "suspended and reinstated": suspended_and_back,
    "with another key": rotated,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_no_hand_exchanges_who_votes_before_the_deciding_vote(change: Callable[[World], None]) -> None:
    world = observer()
    opened = admit(world)
    change(world)
    assert vote(world, opened, REGISTRAR).code == "ok"
    assert history(world, opened)[-1] == ("failed", "council-changed")
    assert "fifth" not in str(world.replica.state.get("policy", "current"))


def test_whoever_looks_again_may_admit_it_by_a_new_proposal() -> None:
    world = observer()
    opened = admit(world)
    exchanged(world)
    vote(world, opened, REGISTRAR)
    again = admit(world)
    vote(world, again, REGISTRAR)
    # Four of five are a quorum under the new policy only; three decided under the old one.
    assert history(world, again)[-1] == ("passed", "")


def test_what_says_nothing_about_votes_stops_no_admission() -> None:
    world = observer()
    opened = admit(world)
    assert act(world, REGISTRAR, "register", **clerk("minjiang-issuer", "issuing_body")).code == "ok"
    assert act(world, REGISTRAR, "register", **registration()).code == "ok"
    assert act(world, HOLDER, "update_information", information_hash="cd" * 32).code == "ok"
    vote(world, opened, REGISTRAR)
    assert history(world, opened)[-1] == ("passed", "")


def test_an_organisation_whose_voice_is_suspended_is_not_admitted() -> None:
    world = observer()
    suspended(world)
    assert propose(world, admit_validator("fifth", COMPANY), "dispatcher").code == "council-suspended"
    suspended_account = world.replica.state.get("account", HOLDER)
    assert suspended_account.status == "suspended"


def test_the_regulator_reinstates_who_votes_only_where_the_organisation_has_nobody_active_left() -> None:
    world = observer()
    opened = admit(world)
    vote(world, opened, REGISTRAR)
    assert history(world, opened)[-1] == ("passed", "")
    # A suspension that the contract's own rules no longer allow: as an older release may have left it.
    holder = msgspec.structs.replace(world.replica.state.get("account", HOLDER), status="suspended")
    world.block(imports=[Event(data=msgspec.to_builtins(holder), name=CHANGED)])
    judged(world, REGULATOR, "reinstate")
    assert act(world, HOLDER, "register", **clerk(PUPPET)).code == "ok"
    world.block(imports=[Event(data=msgspec.to_builtins(holder), name=CHANGED)])
    refused = act(world, REGULATOR, "reinstate", account=HOLDER, reason="r")
    assert refused.code == "council-member"
