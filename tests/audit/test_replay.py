"""A session replayed from the record: bit for bit if it is true, the first difference named if it is not."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import pytest

from audit import ReplayError, SessionReplay, index_sessions, replay_session, sessions_of
from chain import jcs
from chain.market.conservation import money_violations
from chain.record import ChannelRecord, Record, open_record
from tests.sample_export import AREAS, sample_export

AREA = AREAS[0]


@cache
def record() -> Record:
    sample = sample_export()
    return open_record(sample.export, sample.policy, "policy")


def traded_session() -> str:
    """A session of the first area with trades."""
    index = index_sessions(record(), AREA)
    found = [name for name in index.entries if trades(replay_session(record(), AREA, name, index))]
    assert found, "the sample has no session with trades"
    return found[0]


def entries_of(session: str) -> list[tuple[int, dict[str, Any]]]:
    """(index, decoded entry) of a session, in order."""
    entries = record().channels[AREA].entries
    return [(number, jcs.decode(entries[number])) for number in index_sessions(record(), AREA).entries[session]]


def trades(replay: SessionReplay) -> int:
    return sum(step.outcome.totals.trades for step in replay.steps)


def changed(session: str, is_it: Callable[[dict[str, Any]], bool], change: Callable[[dict[str, Any]], None]) -> Record:
    """The record with one entry of a session changed, as if its log had been signed that way."""
    for number, entry in entries_of(session):
        if is_it(entry):
            change(entry)
            return with_entries({number: entry})
    raise AssertionError("no such entry in the session")


def with_entries(changes: dict[int, dict[str, Any]], **members: Any) -> Record:
    """The record with entries of the first area replaced, and members of its genesis."""
    channel = record().channels[AREA]
    entries = list(channel.entries)
    for number, entry in changes.items():
        entries[number] = jcs.encode(entry)
    forged: ChannelRecord = replace(
        channel, entries=entries, genesis=msgspec.structs.replace(channel.genesis, **members)
    )
    return replace(record(), channels={**record().channels, AREA: forged})


def is_trigger(method: str) -> Callable[[dict[str, Any]], bool]:
    return lambda entry: entry["kind"] == "trigger" and entry["method"] == method


def is_declaration(entry: dict[str, Any]) -> bool:
    return bool(entry["kind"] == "transaction" and entry["receipt"]["status"] == "accepted")


def test_every_session_of_an_honest_record_comes_out_bit_for_bit() -> None:
    indexes = sessions_of(record())
    replays = [replay_session(record(), index.channel, name, index) for index in indexes for name in index.entries]
    assert [index.channel for index in indexes] == list(AREAS)
    assert [replay.differences for replay in replays] == [()] * len(replays)
    assert sum(trades(replay) for replay in replays) > 0
    assert all(replay.is_settled for replay in replays if replay.session != list(indexes[0].entries)[-1])


def test_a_replay_shows_each_round_with_its_book_and_outcome() -> None:
    replay = replay_session(record(), AREA, traded_session())
    assert [step.round for step in replay.steps] == list(range(1, len(replay.steps) + 1))
    assert all(step.declarations for step in replay.steps)
    for step in replay.steps:
        totals = step.outcome.totals
        assert money_violations(totals.paid_e8, totals.received_e8, 0, totals.spread_e8) == ()


def set_trades(entry: dict[str, Any]) -> None:
    entry["receipt"]["events"][0]["data"]["trades"] += 1


def set_rows_root(entry: dict[str, Any]) -> None:
    entry["receipt"]["tables"][0]["rows_root"] = "00" * 32


def set_rejected(entry: dict[str, Any]) -> None:
    entry["receipt"].update(code="gate-closed", detail="", status="rejected")


def set_signature(entry: dict[str, Any]) -> None:
    entry["signature"] = "00" * 64


def set_network(entry: dict[str, Any]) -> None:
    entry["body"]["network"] = "00" * 32


def set_account(entry: dict[str, Any]) -> None:
    entry["body"]["account"] = "nobody"


CHANGES = [
    ("a round with another number of trades", is_trigger("round"), set_trades, "receipt.events[0].data.trades"),
    ("a round with other rows", is_trigger("round"), set_rows_root, "receipt.tables[0].rows_root"),
    ("a settlement with other rows", is_trigger("settle"), set_rows_root, "receipt.tables[0].rows_root"),
    ("results with other rows", is_trigger("close"), set_rows_root, "receipt.tables[0].rows_root"),
    ("a declaration shown as rejected", is_declaration, set_rejected, "receipt.code"),
    ("a declaration that nobody signed", is_declaration, set_signature, "receipt"),
    ("a declaration for another network", is_declaration, set_network, "receipt"),
    ("a declaration by a stranger", is_declaration, set_account, "receipt"),
]


@pytest.mark.parametrize(("name", "is_it", "change", "path"), CHANGES, ids=[change[0] for change in CHANGES])
def test_the_first_difference_is_named(name: str, is_it: Any, change: Any, path: str) -> None:
    session = traded_session()
    forged = changed(session, is_it, change)
    replay = replay_session(forged, AREA, session)
    assert not replay.exact
    assert replay.differences[0].path == path, name
    assert replay.differences[0].entry in replay.entries


@pytest.mark.parametrize(("channel", "session"), [("area-000000", "x"), (AREA, "350100-1999010100"), (AREA, "")])
def test_a_session_that_is_not_there_is_a_sentence(channel: str, session: str) -> None:
    with pytest.raises(ReplayError):
        replay_session(record(), channel, session)


def test_a_declaration_that_is_recorded_twice_counts_once() -> None:
    session = traded_session()
    declared = [(number, entry) for number, entry in entries_of(session) if is_declaration(entry)]
    forged = with_entries({declared[1][0]: declared[0][1]})
    first = replay_session(forged, AREA, session).differences[0]
    assert (first.entry, first.path) == (declared[1][0], "receipt")
    assert "before" in first.recomputed
