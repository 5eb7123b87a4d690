"""Whether organisations are a quorum: their validators in the newest policy decide."""

from itertools import combinations

import msgspec
import pytest

from chain.contract import Call
from chain.contracts.alliance_state import Organisation
from chain.contracts.quorum import organisations_block, organisations_satisfy, validator_of
from chain.state import Overlay
from tests.chain.contracts.alliance_fixture import COMPANY, DISPATCHER, REGULATOR, newest, world
from tests.chain.contracts.replica_fixture import VALIDATORS, World

EVERYBODY = (*VALIDATORS, COMPANY, "nobody", "")
SETS = [names for size in range(len(EVERYBODY) + 1) for names in combinations(EVERYBODY, size)]


def call(made: World) -> Call:
    """As another contract of governance would ask."""
    overlay = Overlay(made.replica.state)
    return Call("participant", "governance", made.time_ms, 0, None, overlay)


def test_organisations_are_a_quorum_when_their_validators_are() -> None:
    made = world()
    for names in SETS:
        assert organisations_satisfy(call(made), names) == newest(made).satisfied_by(names)
        assert organisations_satisfy(call(made), names) == (len(set(names) & set(VALIDATORS)) >= 3)


def test_organisations_block_what_cannot_have_a_quorum_without_them() -> None:
    made = world()
    for names in SETS:
        assert organisations_block(call(made), names) == (len(set(names) & set(VALIDATORS)) >= 2)


def test_naming_an_organisation_twice_counts_once() -> None:
    assert not organisations_satisfy(call(world()), [REGULATOR] * 3)


@pytest.mark.parametrize(("organisation", "validator"), [(DISPATCHER, DISPATCHER), (COMPANY, ""), ("nobody", "")])
def test_an_organisation_speaks_by_its_validator(organisation: str, validator: str) -> None:
    assert validator_of(call(world()), organisation) == validator


def test_a_validator_that_the_newest_policy_does_not_name_says_nothing() -> None:
    made = world()
    asked = call(made)
    known: Organisation = made.replica.state.get("alliance.organisation", REGULATOR)
    asked.overlay.put("alliance.organisation", REGULATOR, msgspec.structs.replace(known, validator="old"))
    assert validator_of(asked, REGULATOR) == ""
