"""Parameters of contracts that a vote changes: what is taken, what is refused, and that it is in force."""

from typing import Any

import msgspec
import pytest

from chain import jcs
from chain.contracts.alliance_parameters import ON_GOVERNANCE, ON_MARKETS
from chain.contracts.alliance_state import ALLIANCE_LIMITS
from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS
from chain.contracts.roles import INSTITUTIONS
from chain.imports import GOVERNANCE, told_parameters
from chain.limits import LIMITS
from tests.chain.contracts.alliance_fixture import (
    DISPATCHER,
    NATIONAL,
    PROVINCIAL,
    REGULATOR,
    SECOND_CHANNEL,
    event,
    passed,
    propose,
    remove_validator,
    set_parameters,
    world,
)

AUCTION = {"area": "350100"}


def test_a_vote_can_set_every_contract_but_the_alliance_itself() -> None:
    assert sorted([*ON_GOVERNANCE, "alliance"]) == [contract.name for contract in GOVERNANCE_CONTRACTS]
    assert sorted(ON_MARKETS) == [contract.name for contract in AREA_CONTRACTS]


def test_parameters_are_told_whole_defaults_written_out() -> None:
    made = world()
    receipt = passed(made, set_parameters("auction", {**AUCTION, "round_minutes": 3}, height=7))
    (told,) = [one for one in receipt.events if one.name == "alliance.parameters"]
    change = told_parameters(told)
    assert (change.channel, change.contract, change.height) == ("area-350100", "auction", 7)
    contract = ON_MARKETS["auction"]
    expected = contract.parameters(area="350100", round_minutes=3)
    assert msgspec.convert(change.parameters, contract.parameters) == expected
    assert sorted(change.parameters) == sorted(contract.parameters.__struct_fields__)
    row = made.records("parameter_changes")[-1]
    assert (row["of_channel"], row["contract"], row["height"]) == ("area-350100", "auction", 7)


def test_governance_runs_with_new_parameters_from_its_next_block_on() -> None:
    made = world()
    action = set_parameters("record", {"transactions_per_block_max": 1}, GOVERNANCE)
    passed(made, action)
    assert made.replica.parameters["record"].transactions_per_block_max == 50
    made.advance(made.time_ms + 1_000)
    assert made.replica.parameters["record"].transactions_per_block_max == 1


def test_governance_runs_with_new_parameters_from_their_height_on() -> None:
    made = world()
    height = made.replica.height + 6
    passed(made, set_parameters("conduct", {"rejected_max": 3}, GOVERNANCE, height))
    while made.replica.height < height - 1:
        assert made.replica.parameters["conduct"].rejected_max == 100
        made.advance(made.time_ms + 1_000)
    made.advance(made.time_ms + 1_000)
    assert made.replica.height == height
    assert made.replica.parameters["conduct"].rejected_max == 3


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "a channel that is not there": (set_parameters("record", {}, SECOND_CHANNEL), "unknown-channel", SECOND_CHANNEL),
    "the beacon": (set_parameters("record", {}, "beacon"), "unknown-channel", "beacon"),
    "a contract that is not there": (set_parameters("futures", {}), "unknown-contract", "futures"),
    "a contract of governance on a market": (set_parameters("participant", {}), "unknown-contract", "participant"),
    "a contract of a market on governance": (set_parameters("auction", AUCTION, GOVERNANCE), "unknown-contract", ""),
    "the alliance itself": (set_parameters("alliance", {"faults": 0}, GOVERNANCE), "unknown-contract", "alliance"),
    "a negative height": (set_parameters("record", {}, height=-1), "height", ""),
    "a height that no channel reaches": (
        set_parameters("record", {}, height=ALLIANCE_LIMITS.height_max + 1),
        "height",
        "",
    ),
    "a parameter that there is not": (set_parameters("record", {"blocks": 1}), "parameters", "blocks: "),
    "a number as text": (
        set_parameters("record", {"block_interval_ms": "2000"}),
        "parameters",
        "block_interval_ms: ",
    ),
    "a number out of range": (
        set_parameters("record", {"transactions_per_block_max": 0}),
        "parameters",
        "transactions_per_block_max: ",
    ),
    "a missing parameter without a default": (set_parameters("auction", {}), "parameters", "area: "),
    "the area of another channel": (set_parameters("auction", {"area": "350200"}), "parameters", "area: "),
    "a pricing that there is not": (set_parameters("auction", {**AUCTION, "pricing": "x"}), "parameters", "pricing: "),
    "minutes that do not fit together": (
        set_parameters("auction", {**AUCTION, "declare_minutes": 50}),
        "parameters",
        "session-minutes: ",
    ),
    "prices off the tick": (
        set_parameters("auction", {**AUCTION, "price_max": 15, "tick": 10}),
        "parameters",
        "price-m",
    ),
    "fees that do not cover everything": (
        set_parameters("auction", {**AUCTION, "fees": []}),
        "parameters",
        "fee-schedule: ",
    ),
    "a fee line that is none": (
        set_parameters("auction", {**AUCTION, "fees": [{"buyer_zone": "*"}]}),
        "parameters",
        "fees: ",
    ),
    "roles that are no list": (
        set_parameters("participant", {"grantable_roles": "member"}, GOVERNANCE),
        "parameters",
        "grantable_roles: ",
    ),
    "a role that is no name": (
        set_parameters("participant", {"grantable_roles": ["NO SUCH ROLE"]}, GOVERNANCE),
        "parameters",
        "grantable_roles: ",
    ),
    "roles out of order": (
        set_parameters("participant", {"grantable_roles": ["retailer", "member"]}, GOVERNANCE),
        "parameters",
        "grantable-roles: ",
    ),
    "a role that stands there twice": (
        set_parameters("participant", {"grantable_roles": ["member", "member"]}, GOVERNANCE),
        "parameters",
        "grantable-roles: ",
    ),
    **{
        f"the role {role} for anyone": (
            set_parameters("participant", {"grantable_roles": [role]}, GOVERNANCE),
            "parameters",
            "grantable-roles: ",
        )
        for role in INSTITUTIONS
    },
    "more rows in a block than a segment holds": (
        set_parameters("record", {"transactions_per_block_max": 91}),
        "parameters",
        "block-rows: ",
    ),
    "a seal that comes too late": (
        set_parameters("record", {"segment_rows_max": LIMITS.segment_rows_max}),
        "parameters",
        "",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_parameters_are_not_set_to(case: str) -> None:
    action, code, detail = BAD[case]
    made = world()
    before = made.memory()
    receipt = propose(made, action)
    assert receipt.code == code
    assert detail in receipt.detail
    assert made.memory() == before


def fees(lines: int) -> dict[str, Any]:
    """Parameters of an auction with so many lines in its fee schedule."""
    others = [
        {"buyer_zone": f"zone-{number}", "fee_fen_per_mwh": 0, "seller_zone": "*", "voltage": "*"}
        for number in range(lines - 1)
    ]
    return {**AUCTION, "fees": [*others, {"buyer_zone": "*", "fee_fen_per_mwh": 0, "seller_zone": "*", "voltage": "*"}]}


def test_an_action_that_is_too_long_for_an_entry_is_not_proposed() -> None:
    made = world()
    too_long = set_parameters("auction", fees(700))
    assert ALLIANCE_LIMITS.action_bytes_max < len(msgspec.json.encode(too_long)) < LIMITS.transaction_bytes_max
    assert propose(made, too_long).code == "action-size"


def test_the_longest_action_that_may_be_proposed_fits_into_one_entry_with_its_event() -> None:
    made = world(faults=0)
    for validator, threshold in ((DISPATCHER, 3), (PROVINCIAL, 2), (NATIONAL, 1)):
        passed(made, remove_validator(validator, threshold), REGULATOR, NATIONAL, PROVINCIAL)
    lines = next(count for count in range(400, 300, -1) if is_short_enough(fees(count)))
    receipt = propose(made, set_parameters("auction", fees(lines)))
    assert receipt.code == "ok"
    assert len(event(receipt, "alliance.parameters")["parameters"]["fees"]) == lines
    assert max(len(data) for data in made.entries) > 2 * ALLIANCE_LIMITS.action_bytes_max - 1_000
    assert propose(made, set_parameters("auction", fees(lines + 1))).code == "action-size"


def is_short_enough(values: dict[str, Any]) -> bool:
    complete = msgspec.to_builtins(msgspec.convert(values, ON_MARKETS["auction"].parameters))
    longest = max(len(jcs.encode(complete)), len(jcs.encode(set_parameters("auction", values))))
    return longest <= ALLIANCE_LIMITS.action_bytes_max
