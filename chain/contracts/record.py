"""The contract `record`: when tables are sealed.

1. `seal`: an operator asks for a seal at the end of the block (an export sends one).
2. `day`: a trigger seals at the end of each settlement day (UTC+8).
"""

import msgspec

from chain.contract import Call, Contract, Method, NoArguments, TriggerMethod
from chain.units import settlement_day_end


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """None yet."""


def _genesis(call: Call) -> None:
    call.schedule(settlement_day_end(call.time_ms), "day", "day")


def _seal(call: Call, _: NoArguments) -> None:
    """Rule 1."""
    call.seal()


def _day(call: Call, _: str) -> None:
    """Rule 2. The next one is the first day end after this block, so that idle days fire one trigger, not many."""
    call.schedule(settlement_day_end(call.time_ms), "day", "day")
    call.seal()


OPERATORS = ("dispatcher", "national_centre", "provincial_centre", "regulator")
"""Roles of the institutions that run the network."""

CONTRACT = Contract(
    name="record",
    version=1,
    parameters=Parameters,
    methods=(Method("seal", _seal, NoArguments, OPERATORS),),
    triggers=(TriggerMethod("day", _day),),
    genesis=_genesis,
    sources=("chain.contracts.record",),
)
