"""The contract `record`: when tables are sealed.

1. `seal`: an operator asks for a seal at the end of the block (an export sends one).
2. `day`: a trigger seals at the end of each settlement day (UTC+8).
3. A table never has more rows to seal than a reader decodes of one segment: what may be unsealed before a block and the
   largest batches of a whole block are together at most `segment_rows_max` of `chain.limits`.
"""

from typing import Annotated

import msgspec

from chain.contract import Call, Contract, Method, NoArguments, TriggerMethod
from chain.contracts.roles import OPERATORS
from chain.errors import LimitError
from chain.limits import LIMITS
from chain.units import settlement_day_end

_Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How blocks are cut: on the record, so that another release with other defaults reproduces this network's."""

    block_interval_ms: _Count = 2_000
    """Longest wait of the ordering engine before it cuts a block (P1 4.2); nothing that a verifier can judge."""
    segment_rows_max: _Count = 1_000_000
    """Unsealed rows of one table that force a seal."""
    transactions_per_block_max: _Count = 50
    """Transactions in a block (P1 4.2)."""
    triggers_per_block_max: _Count = 10_000
    """Triggers that one block runs; the others that are due run in the next."""


def _check_parameters(parameters: Parameters) -> None:
    """Rule 3."""
    rows = parameters.transactions_per_block_max * LIMITS.rows_per_batch_max + parameters.segment_rows_max
    if rows > LIMITS.segment_rows_max:
        sentence = (
            f"{parameters.transactions_per_block_max} transactions of {LIMITS.rows_per_batch_max} rows on top of "
            f"{parameters.segment_rows_max} rows would be more than the {LIMITS.segment_rows_max} of one segment"
        )
        raise LimitError("block-rows", sentence, "transactions_per_block_max")


def _genesis(call: Call) -> None:
    call.schedule(settlement_day_end(call.time_ms), "day", "day")


def _seal(call: Call, _: NoArguments) -> None:
    """Rule 1."""
    call.seal()


def _day(call: Call, _: str) -> None:
    """Rule 2. The next one is the first day end after this block, so that idle days fire one trigger, not many."""
    call.schedule(settlement_day_end(call.time_ms), "day", "day")
    call.seal()


CONTRACT = Contract(
    name="record",
    version=1,
    parameters=Parameters,
    methods=(Method("seal", _seal, NoArguments, OPERATORS),),
    triggers=(TriggerMethod("day", _day),),
    check_parameters=_check_parameters,
    genesis=_genesis,
    sources=("chain.contracts.record", "chain.contracts.roles"),
)
