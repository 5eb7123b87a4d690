"""A contract for tests of the machinery below contracts: it writes, schedules, reports, refuses and seals at will."""

import msgspec

from chain.contract import Arguments, Call, Contract, Method, NoArguments, Space, TriggerMethod
from chain.schema import Column, Schema

SUBMITTED = Schema("notes_submitted", (Column("text", "text"), Column("amount", "decimal")))
NOTES = Schema("notes", (Column("text", "text"), Column("amount", "decimal"), Column("at", "time")))
FIRED = Schema("fired", (Column("key", "text"), Column("due", "time"), Column("at", "time")))


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    first_due_ms: int = 0
    """When a first trigger falls due; 0: never."""


class Write(Arguments, frozen=True):
    text: str
    count: int = 1


class Schedule(Arguments, frozen=True):
    due: int
    key: str


class Many(Arguments, frozen=True):
    events: int
    size: int = 0


def _genesis(call: Call) -> None:
    call.put("memory", "born", call.time_ms)
    if call.parameters.first_due_ms:
        call.schedule(call.parameters.first_due_ms, "fire", "first")


def _write(call: Call, arguments: Write) -> None:
    call.put("memory", call.account_id, arguments.text)
    call.write(NOTES, *((arguments.text, position, call.time_ms) for position in range(arguments.count)))
    call.event("noted", {"text": arguments.text, "by": call.account_id})


def _refuse(call: Call, arguments: Write) -> None:
    """Does everything, then refuses: nothing of it may stay."""
    _write(call, arguments)
    call.delete("memory", "born")
    call.schedule(call.time_ms, "fire", "refused")
    call.seal()
    call.reject("no", f"refused: {arguments.text}")


def _batch(call: Call, arguments: NoArguments) -> None:
    if any(amount < 0 for _, amount in call.rows):
        call.reject("no", "a negative amount")
    call.write(NOTES, *((text, amount, call.time_ms) for text, amount in call.rows))


def _schedule(call: Call, arguments: Schedule) -> None:
    call.schedule(arguments.due, "fire", arguments.key)


def _many(call: Call, arguments: Many) -> None:
    call.put("memory", "many", arguments.events)
    for number in range(arguments.events):
        call.event("one", {"number": number, "text": "x" * arguments.size})


def _fire(call: Call, key: str) -> None:
    if key == "refuse":
        call.write(FIRED, (key, call.due_ms, call.time_ms))
        call.reject("no", "a trigger that refuses")
    call.write(FIRED, (key, call.due_ms, call.time_ms))
    if key.startswith("again"):
        call.schedule(call.due_ms, "fire", key.removeprefix("again."))


CONTRACT = Contract(
    name="notes",
    version=3,
    parameters=Parameters,
    methods=(
        Method("batch", _batch, NoArguments, ("anyone",), ("no",), batch=SUBMITTED),
        Method("many", _many, Many, ("anyone",)),
        Method("refuse", _refuse, Write, ("anyone",), ("no",)),
        Method("schedule", _schedule, Schedule, ("regulator",)),
        Method("write", _write, Write, ("anyone",)),
    ),
    triggers=(TriggerMethod("fire", _fire),),
    tables=(FIRED, NOTES, SUBMITTED),
    spaces=(Space("memory", int | str),),
    genesis=_genesis,
    sources=("chain.contract",),
)
