"""Which triggers of one session must fire, and in which block: recomputed beside the re-execution.

A record that leaves a round out, with receipts to match, executes without a difference. So what is scheduled is kept:

1. Every hour from the channel's first opening on, a session is opened: by genesis the first, by each session the next.
2. What an accepted trigger schedules may fire from its own block on. The next one is the least by (due, contract, key,
   method).
3. It fires in the first block whose time has reached its due time, or, while blocks run as many triggers as the record
   allows, in the next one that has room.
4. In a block, triggers come before everything else: what is due stands before a transaction of that block.
"""

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from audit.errors import ReplayError
from chain.calendar import utc_stamp
from chain.entry import Block
from chain.units import MINUTE_MS

Scheduled = tuple[int, str, str, str]
"""(due, contract, key, method), as `chain.contract.Call.scheduled` has it."""

NOTHING = "nothing"

_TRIGGER_ENTRY = b'{"contract":'
"""How the canonical form of a trigger begins, and of no other entry."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that re-execution does not reproduce."""

    entry: int
    """Where a trigger is missing: the `block` entry of the block in which it had to fire."""
    path: str
    """Member of the receipt; `trigger` where another one was due, or none."""
    recorded: str
    recomputed: str


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of a channel in order; a position counts from 0."""

    channel: str
    entries: Sequence[bytes] = field(repr=False)
    """Of the log."""
    closings: tuple[int, ...] = field(repr=False)
    """Index of each `block` entry."""
    blocks: tuple[Block, ...] = field(repr=False)

    def check(self) -> None:
        """`ReplayError` unless times increase and beacon rounds do not go back: rule 3 looks blocks up by time."""
        for number, (before, block) in enumerate(zip(self.blocks, self.blocks[1:], strict=False), 1):
            if block.time <= before.time or block.beacon_round < before.beacon_round:
                sentence = "its time or its beacon round is before that of the block before it"
                raise ReplayError("block-order", sentence, f"{self.channel} entry {self.closings[number]}")

    def position(self, entry: int) -> int:
        """The block that an entry lies in."""
        return bisect_left(self.closings, entry)

    def of(self, entry: int) -> Block:
        """The `block` entry that closes the block of `entry`."""
        return self.blocks[self.position(entry)]

    def reached(self, due_ms: int) -> int:
        """The first block whose time is `due_ms` or later; the number of blocks where there is none."""
        return bisect_left(self.blocks, due_ms, key=lambda block: block.time)

    def with_room(self, position: int, triggers_max: Callable[[int], int]) -> int:
        """The first block from `position` on that runs fewer triggers than allowed; their number where none does."""
        while position < len(self.blocks) and self._triggers(position) >= triggers_max(position):
            position += 1
        return position

    def is_led_by_triggers(self, entry: int) -> bool:
        """Rule 4: only triggers stand before `entry` in its block."""
        return all(data.startswith(_TRIGGER_ENTRY) for data in self.entries[self._first(self.position(entry)) : entry])

    def _triggers(self, position: int) -> int:
        inside = self.entries[self._first(position) : self.closings[position]]
        return sum(data.startswith(_TRIGGER_ENTRY) for data in inside)

    def _first(self, position: int) -> int:
        return self.closings[position - 1] + 1 if position else 0


class Schedule:
    """Rules 2–4 for one session. The first difference is told; after it there is no schedule to compare with."""

    def __init__(self, blocks: Blocks, triggers_max: Callable[[int], int]) -> None:
        """`triggers_max`: how many triggers the block at a position may run."""
        self._blocks = blocks
        self._triggers_max = triggers_max
        self._due: list[Scheduled] = []
        self._earliest: dict[Scheduled, int] = {}
        self._is_lost = False

    def add(self, scheduled: Iterable[Scheduled], position: int) -> None:
        """Rule 2: scheduled in the block at `position`. Scheduling what is scheduled already does nothing."""
        for item in scheduled:
            if item not in self._earliest:
                heapq.heappush(self._due, item)
                self._earliest[item] = position

    def trigger(self, entry: int, found: Scheduled) -> Difference | None:
        """A trigger on the record: it must be the next one, in its block."""
        position = self._blocks.position(entry)
        shown = _shown(found, position)
        if not self._due:
            return self._lose(entry, shown, NOTHING)
        expected = self._due[0]
        due = _shown(expected, self._reached(expected))
        if found != expected or position < self._reached(expected):
            return self._lose(entry, shown, due)
        if position > self._reached(expected) and position > self._deadline(expected):
            return self._lose(entry, shown, due)
        if not self._blocks.is_led_by_triggers(entry):
            return self._lose(entry, f"{shown}, after other entries of it", f"{due}, before all other entries of it")
        heapq.heappop(self._due)
        del self._earliest[expected]
        return None

    def transaction(self, entry: int) -> Difference | None:
        """A transaction on the record: nothing may be due before it."""
        return self._missing(self._blocks.position(entry))

    def end(self) -> Difference | None:
        """The end of the record: nothing may have been due in it."""
        return self._missing(len(self._blocks.blocks) - 1)

    def absent(self, item: Scheduled) -> Difference | None:
        """What was scheduled for another session and is not on the record: a difference once it was due."""
        deadline = self._blocks.with_room(max(self._blocks.reached(item[0]), 1), self._triggers_max)
        if deadline >= len(self._blocks.blocks):
            return None
        return Difference(self._blocks.closings[deadline], "trigger", NOTHING, _shown(item, deadline))

    def _missing(self, position: int) -> Difference | None:
        if not self._due or self._reached(self._due[0]) > position:
            return None
        deadline = self._deadline(self._due[0])
        if deadline > position:
            return None
        return self._lose(self._blocks.closings[deadline], NOTHING, _shown(self._due[0], deadline))

    def _reached(self, item: Scheduled) -> int:
        """Rule 3. No trigger runs in block 0, that of the genesis."""
        return max(self._blocks.reached(item[0]), self._earliest[item], 1)

    def _deadline(self, item: Scheduled) -> int:
        return self._blocks.with_room(self._reached(item), self._triggers_max)

    def _lose(self, entry: int, recorded: str, recomputed: str) -> Difference | None:
        if self._is_lost:
            return None
        self._is_lost = True
        return Difference(entry, "trigger", recorded, recomputed)


def _shown(item: Scheduled, position: int) -> str:
    due_ms, contract, key, method = item
    beyond = f" and {due_ms % MINUTE_MS} ms" if due_ms % MINUTE_MS else ""
    return f"{contract}.{method} of {key}, due {utc_stamp(due_ms)}{beyond}, in block {position}"
