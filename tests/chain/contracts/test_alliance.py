"""The alliance at genesis: what a network is born with, and every beginning that is refused."""

from typing import Any

import msgspec
import pytest

from chain import jcs
from chain.consortium import Consortium
from chain.contracts.alliance import CONTRACT
from chain.entry import Genesis, parse_entry
from chain.errors import ChainError
from chain.replica import Replica
from tests.chain.contracts.alliance_fixture import (
    COMPANY,
    DISPATCHER,
    REGULATOR,
    SECOND_CHANNEL,
    SHOP,
    admit_organisation,
    admit_validator,
    create_channel,
    link,
    newest,
    organisation,
    parameters,
    passed,
    proposed,
    world,
)
from tests.chain.contracts.replica_fixture import AREA_CHANNEL, GENESIS_MS, VALIDATORS, World

FIRST_MS = GENESIS_MS + 1_000


def test_F08_the_genesis_entry_holds_organisations_validators_channels_policy_and_parameters() -> None:
    made = world()
    genesis = parse_entry(made.entries[0])
    assert isinstance(genesis, Genesis)
    assert genesis.parameters["alliance"] == parameters()
    assert [code.name for code in genesis.contracts] == ["alliance", "conduct", "participant", "record"]
    assert sorted(newest(made).witnesses) == list(VALIDATORS)


def test_F08_the_first_block_writes_what_genesis_decided_into_the_tables() -> None:
    made = world()
    organisations = made.records("organisations")
    assert [(row["organisation"], row["validator"], row["parent"], row["status"]) for row in organisations] == [
        (DISPATCHER, DISPATCHER, "", "active"),
        (COMPANY, "", "", "active"),
        (SHOP, "", COMPANY, "active"),
        *((name, name, "", "active") for name in VALIDATORS[1:]),
    ]
    assert made.records("market_channels") == [
        {
            "market_channel": AREA_CHANNEL,
            "area": "350100",
            "openness": "public",
            "status": "open",
            "genesis_hash": "",
            "log": "",
            "time": FIRST_MS,
        }
    ]
    assert made.records("policies") == [
        {
            "number": 0,
            "policy_sha256": newest(made).sha256.hex(),
            "validators": 4,
            "threshold": 3,
            "logs": 3,
            "faults_fork": 1,
            "faults_stop": 1,
            "time": FIRST_MS,
        }
    ]


def test_F08_whoever_reads_governance_finds_the_channels_and_the_policy_of_genesis() -> None:
    made = world()
    consortium = Consortium()
    consortium.extend(made.entries)
    assert consortium.policy_at(1) == (0, newest(made).text.decode())
    assert list(consortium.channels_at(1)) == [AREA_CHANNEL]


def test_every_space_of_the_state_is_declared_with_the_type_of_its_values() -> None:
    made = world()
    passed(made, create_channel())
    passed(made, link(AREA_CHANNEL, SECOND_CHANNEL))
    passed(made, admit_validator("fifth"))
    proposed(made, admit_organisation("east-power"))
    directory = {"directory": "/traders", "organisation": COMPANY, "roles": ["trader"]}
    assert made.call("trader", "alliance", "map_directory", directory).code == "ok"
    declared = {f"alliance.{space.name}": space.type for space in CONTRACT.spaces}
    used = {space: values for space, values in made.memory().items() if space.startswith("alliance.")}
    assert sorted(used) == sorted(declared)
    for space, values in used.items():
        for value in values.values():
            assert msgspec.convert(jcs.decode(jcs.encode(value)), declared[space]) == value


def one(name: str, **changes: object) -> list[dict[str, Any]]:
    """The organisations of the fixture with one of them changed."""
    listed: list[dict[str, Any]] = parameters()["organisations"]
    return [{**item, **changes} if item["organisation"] == name else item for item in listed]


def without(name: str) -> list[dict[str, Any]]:
    return [item for item in parameters()["organisations"] if item["organisation"] != name]


def channels(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"area": area, "channel": channel, "openness": "public"} for area, channel in pairs]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "organisations that are not sorted": ({"organisations": parameters()["organisations"][::-1]}, "organisations"),
    "an organisation twice": (
        {"organisations": [organisation(COMPANY), *parameters()["organisations"]]},
        "organisations",
    ),
    "a parent that is nobody": ({"organisations": one(SHOP, parent="nobody")}, "organisations"),
    "an organisation above itself": ({"organisations": one(SHOP, parent=SHOP)}, "organisations"),
    "two organisations above each other": ({"organisations": one(COMPANY, parent=SHOP)}, "organisations"),
    "roles that are not sorted": ({"organisations": one(COMPANY, roles=["trader", "member"])}, "organisations"),
    "a role that is no word": ({"organisations": one(COMPANY, roles=["Big Boss"])}, "parameters"),
    "a validator that nobody runs": ({"organisations": one(REGULATOR, validator="")}, "validators"),
    "a validator that the policy does not name": ({"organisations": one(COMPANY, validator="company")}, "validators"),
    "a validator that two run": ({"organisations": one(COMPANY, validator=REGULATOR)}, "validators"),
    "an organisation fewer than the policy has validators": ({"organisations": without(DISPATCHER)}, "validators"),
    "an operator with a role that its organisation may not give": (
        {"organisations": one(REGULATOR, roles=["council"])},
        "operators",
    ),
    "a policy whose quorums are too small for the faults": ({"faults": 2}, "policy-unsafe"),
    "a channel without a log in the policy": (
        {"channels": channels(("350100", AREA_CHANNEL), ("350200", "area-350200"))},
        "channels",
    ),
    "a log in the policy whose channel is not listed": ({"channels": []}, "channels"),
    "a channel twice": ({"channels": channels(("350100", AREA_CHANNEL), ("350200", AREA_CHANNEL))}, "channels"),
    "channels that differ only in case": (
        {"channels": channels(("350200", AREA_CHANNEL.title()), ("350100", AREA_CHANNEL))},
        "channels",
    ),
    "an area with two channels": (
        {"channels": channels(("350100", AREA_CHANNEL), ("350100", "area-350200"))},
        "channels",
    ),
    "governance as a market": (
        {"channels": channels(("350100", AREA_CHANNEL), ("350200", "governance"))},
        "channels",
    ),
    "a channel in the beacon's folder": (
        {"channels": channels(("350100", AREA_CHANNEL), ("350200", "beacon"))},
        "channel-name",
    ),
    "an area that is no administrative code": ({"channels": channels(("fuzhou", AREA_CHANNEL))}, "parameters"),
    "an openness that there is not": (
        {"channels": [{"area": "350100", "channel": AREA_CHANNEL, "openness": "secret"}]},
        "parameters",
    ),
    "a vote that is over at once": ({"vote_ms": 0}, "parameters"),
}


@pytest.mark.parametrize("case", BAD)
def test_F08_a_network_does_not_begin_with(case: str) -> None:
    changes, code = BAD[case]
    with pytest.raises(ChainError) as caught:
        world(**changes)
    assert caught.value.code == code


def test_F08_an_operator_acts_for_an_organisation_of_the_alliance() -> None:
    made = world()
    operators = tuple(
        msgspec.structs.replace(operator, organisation="nobody") if operator.account == DISPATCHER else operator
        for operator in made.replica.genesis.operators
    )
    assert refusal(made, operators=operators) == "operators"


def test_F08_a_policy_that_is_not_any_k_of_all_validators_is_no_beginning() -> None:
    made = world()
    text = made.replica.genesis.policy.replace(
        "group validators 3 dispatcher national_centre provincial_centre regulator",
        "group centres 2 national_centre provincial_centre\ngroup validators all centres dispatcher regulator",
    )
    assert refusal(made, policy=text) == "policy-form"


def refusal(made: World, **changes: object) -> str:
    """The code with which this world's genesis is refused once it is changed."""
    genesis = msgspec.structs.replace(made.replica.genesis, **changes)
    with pytest.raises(ChainError) as caught:
        Replica(genesis, tuple(made.replica.contracts.values()))
    return caught.value.code
