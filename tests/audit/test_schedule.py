"""Triggers that are left out, added, moved or exchanged: receipts alone do not show it, the schedule does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

import audit.replay as module
from audit import Difference, ReplayError, index_sessions, replay_session
from audit.schedule import NOTHING, Blocks, Schedule
from chain import jcs
from chain.entry import Block, Receipt
from chain.record import Record
from tests.audit.test_replay import AREA, entries_of, record, traded_session, with_entries

Entries = dict[int, dict[str, Any]]

INERT: dict[str, Any] = {
    "contract": "record",
    "due": 0,
    "key": "day",
    "kind": "trigger",
    "method": "day",
    "receipt": {"code": "ok", "detail": "", "events": [], "status": "accepted", "tables": []},
}
"""Stands in the place of an entry that is left out, so that the others keep their numbers."""


def numbers(method: str, session: str) -> list[int]:
    """Entries of a session's triggers of that name."""
    return [number for number, entry in entries_of(session) if entry["kind"] == "trigger" and entry["method"] == method]


def executed(forged: Record, session: str) -> Entries:
    """The session's entries with the receipts that executing them gives: what a colluding quorum would sign."""
    found: Entries = {}

    class Forger(module._Replay):
        def _compare(self, number: int, recorded: Receipt, recomputed: Receipt | str) -> None:
            assert isinstance(recomputed, Receipt), recomputed
            entry = jcs.decode(self._channel.entries[number])
            found[number] = {**entry, "receipt": jcs.decode(jcs.encode(recomputed))}

    Forger(session, index_sessions(forged, AREA)).run()
    return found


def without(session: str, left_out: list[int]) -> Record:
    """The record without these entries, all receipts of the session rewritten to match."""
    inert = dict.fromkeys(left_out, INERT)
    return with_entries({**inert, **executed(with_entries(inert), session)})


def test_a_quorum_that_leaves_every_round_out_and_rewrites_the_receipts_is_found() -> None:
    session = traded_session()
    rounds = numbers("round", session)
    assert len(rounds) >= 2
    forged = without(session, rounds)
    replay = replay_session(forged, AREA, session)
    assert [difference.path for difference in replay.differences] == ["trigger"]
    assert replay.steps == ()
    first = replay.differences[0]
    assert first.entry == numbers("close", session)[0]
    assert first.recorded.startswith(f"auction.close of {session}")
    assert first.recomputed.startswith(f"auction.round of {session}")


@pytest.mark.parametrize("method", ["round", "close", "settle"])
def test_a_trigger_that_is_left_out_is_named(method: str) -> None:
    session = traded_session()
    forged = with_entries({numbers(method, session)[0]: INERT})
    found = [difference for difference in replay_session(forged, AREA, session).differences if is_schedule(difference)]
    assert len(found) == 1
    assert found[0].recomputed.startswith(f"auction.{method} of {session}, due ")


def test_what_never_fires_is_missing_from_the_block_in_which_it_was_due() -> None:
    session = traded_session()
    settle = numbers("settle", session)[0]
    replay = replay_session(with_entries({settle: INERT}), AREA, session)
    assert [(d.entry, d.path, d.recorded) for d in replay.differences] == [(settle + 1, "trigger", NOTHING)]
    assert not replay.is_settled


def is_schedule(difference: Difference) -> bool:
    return difference.path == "trigger"


def earlier(session: str) -> Entries:
    """The block of the first round ends a millisecond before the round is due."""
    at = numbers("round", session)[0]
    closing = next(n for n in range(at, at + 9) if b'"kind":"block"' in record().channels[AREA].entries[n])
    block = jcs.decode(record().channels[AREA].entries[closing])
    return {closing: {**block, "time": block["time"] - 1}}


def later(session: str) -> Entries:
    """The first round stands where the second was."""
    first, second = numbers("round", session)[:2]
    return {first: INERT, second: dict(entries_of(session))[first]}


def twice(session: str) -> Entries:
    """The first round is played a second time."""
    first, second = numbers("round", session)[:2]
    return {second: dict(entries_of(session))[first]}


def exchanged(session: str) -> Entries:
    """Last round and close, which share a block."""
    entries, last, close = dict(entries_of(session)), numbers("round", session)[-1], numbers("close", session)[0]
    assert close == last + 1
    return {last: entries[close], close: entries[last]}


def another_due(session: str) -> Entries:
    number = numbers("round", session)[0]
    entry = dict(entries_of(session))[number]
    return {number: {**entry, "due": entry["due"] - 1}}


def a_settlement_too_many(session: str) -> Entries:
    """In the block of the next session's opening."""
    following = list(index_sessions(record(), AREA).entries)
    opening = numbers("open", following[following.index(session) + 1])[0]
    return {opening: dict(entries_of(session))[numbers("settle", session)[0]]}


MOVES: dict[str, Callable[[str], Entries]] = {
    "early": earlier,
    "late": later,
    "twice": twice,
    "out of order": exchanged,
    "due at another time": another_due,
    "one too many": a_settlement_too_many,
}


@pytest.mark.parametrize("name", MOVES)
def test_a_trigger_that_is_not_as_scheduled_is_named_once(name: str) -> None:
    session = traded_session()
    replay = replay_session(with_entries(MOVES[name](session)), AREA, session)
    found = [difference for difference in replay.differences if is_schedule(difference)]
    assert found and found[0].recorded.startswith("auction."), name
    assert found[0].recomputed == NOTHING or found[0].recomputed.startswith("auction.")
    # One of its own; a next session that the forgery removed is told as well.
    assert sum(difference.recorded != NOTHING for difference in found) == 1


def test_a_declaration_does_not_stand_before_what_is_due_in_its_block() -> None:
    session = traded_session()
    declared = max(number for number, entry in entries_of(session) if entry["kind"] == "transaction")
    first = numbers("round", session)[0]
    assert first == declared + 2, "a block entry lies between them"
    replay = replay_session(with_entries({declared + 1: INERT}), AREA, session)
    assert [(d.entry, d.recorded) for d in replay.differences if is_schedule(d)] == [(first + 1, NOTHING)]


def test_no_other_entry_stands_before_a_trigger_in_its_block() -> None:
    found = blocks((0, 0), (10, 2))
    assert schedule(found, 9, 5).trigger(2, (5, "auction", "s", "round")) is None
    entries = [found.entries[0], b'{"body":{}}', *found.entries[2:]]
    told = schedule(replace(found, entries=entries), 9, 5).trigger(2, (5, "auction", "s", "round"))
    assert told is not None and told.recorded.endswith("after other entries of it")


def test_a_session_that_is_left_out_is_told_by_its_neighbours() -> None:
    sessions = list(index_sessions(record(), AREA).entries)
    before, gone, after = sessions[1:4]
    forged = with_entries(dict.fromkeys(dict(entries_of(gone)), INERT))
    assert gone not in index_sessions(forged, AREA).entries
    missing, extra = (replay_session(forged, AREA, session).differences for session in (before, after))
    assert [(d.path, d.recorded) for d in missing] == [("trigger", NOTHING)]
    assert [(d.path, d.recomputed) for d in extra] == [("trigger", NOTHING)]


def blocks(*contents: tuple[int, int]) -> Blocks:
    """(time, triggers) of each block."""
    entries: list[bytes] = []
    closings, found = [], []
    for time_ms, triggers in contents:
        entries += [jcs.encode(INERT)] * triggers + [b"{}"]
        closings.append(len(entries) - 1)
        found.append(
            Block(
                beacon_round=-1,
                catalogue_root="",
                count=triggers + 1,
                first=0,
                height=len(found),
                kind="block",
                previous="",
                state_keys=0,
                state_root="",
                time=time_ms,
            )
        )
    return Blocks("area", entries, tuple(closings), tuple(found))


def schedule(found: Blocks, triggers_max: int, due_ms: int) -> Schedule:
    made = Schedule(found, lambda _: triggers_max)
    made.add([(due_ms, "auction", "s", "round")], 0)
    return made


def test_a_trigger_waits_while_blocks_run_as_many_as_the_record_allows() -> None:
    found, item = blocks((0, 0), (10, 2), (20, 2), (30, 1)), (5, "auction", "s", "round")
    assert schedule(found, 2, 5).trigger(7, item) is None
    late = schedule(found, 3, 5).trigger(7, item)
    assert late is not None and late.recomputed.endswith("in block 1")
    assert schedule(found, 2, 5).transaction(6) is None
    missing = schedule(found, 2, 5).end()
    assert missing is not None and missing.entry == found.closings[3]


def test_no_trigger_fires_in_the_block_of_the_genesis() -> None:
    found = blocks((10, 1), (20, 1))
    assert schedule(found, 9, 5).trigger(0, (5, "auction", "s", "round")) is not None
    assert schedule(found, 9, 5).trigger(2, (5, "auction", "s", "round")) is None


def test_what_is_not_due_by_the_last_block_is_not_missing() -> None:
    assert schedule(blocks((0, 0), (10, 0)), 9, 11).end() is None
    assert schedule(blocks((0, 0), (10, 0)), 9, 10).end() is not None


def test_what_is_scheduled_twice_fires_once() -> None:
    made = schedule(blocks((0, 0), (10, 2)), 9, 5)
    made.add([(5, "auction", "s", "round")], 0)
    assert made.trigger(1, (5, "auction", "s", "round")) is None
    again = made.trigger(2, (5, "auction", "s", "round"))
    assert again is not None and again.recomputed == NOTHING


@pytest.mark.parametrize("change", [{"time": 10}, {"time": 9}, {"beacon_round": -2}])
def test_blocks_out_of_order_are_refused(change: dict[str, int]) -> None:
    found = blocks((0, 0), (10, 0), (20, 0))
    wrong = replace(found, blocks=(*found.blocks[:2], msgspec.structs.replace(found.blocks[2], **change)))
    found.check()
    with pytest.raises(ReplayError, match="block before it"):
        wrong.check()
