"""What the pages know: one opened export, asked through the SQL files of `portal/sql`, and what was computed from it.

Everything here is shared by all readers of one export and never changes, except for caches that hold what can be
computed again.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

import queries
from audit import SessionIndex, SessionReplay, replay_session, sessions_of
from chain.entry import Block, parse_entry
from chain.record import ChannelRecord, Progress, Record
from chain.replica import GOVERNANCE
from queries import Export
from queries.status import Status, status_of

_SQL = Path(__file__).resolve().parent.parent / "sql"
_REPLAYS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Name:
    """What an account is called."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Site:
    """See the module's docstring."""

    export: Export
    status: Status
    names: dict[str, Name] = field(repr=False)
    """Account → its names as of the last registration; operators from genesis."""
    sessions: dict[str, SessionIndex] = field(repr=False)
    """Channel → its sessions, for channels that run auctions."""
    blocks: dict[str, tuple[Block, ...]] = field(repr=False)
    """Channel → its blocks by height."""
    _replays: "OrderedDict[tuple[str, str], SessionReplay]" = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def record(self) -> Record:
        return self.export.record

    def channel(self, name: str) -> ChannelRecord:
        return self.record.channels[name]

    def ask(self, file: str, **parameters: Any) -> pl.DataFrame:
        """The answer to `portal/sql/<file>.sql`, its parameters bound, over verified files."""
        return self.export.sql(_text(file), parameters or None).pl()

    def ask_rows(self, file: str, **parameters: Any) -> list[dict[str, Any]]:
        """The same, as exact Python values by column name."""
        return self.ask(file, **parameters).to_dicts()

    def replay(self, channel: str, session: str) -> SessionReplay:
        """The session, executed again from the record; computed once and kept for a while."""
        key = (channel, session)
        with self._lock:
            if key in self._replays:
                self._replays.move_to_end(key)
                return self._replays[key]
        replay = replay_session(self.record, channel, session, self.sessions[channel])
        with self._lock:
            self._replays[key] = replay
            while len(self._replays) > _REPLAYS_KEPT:
                self._replays.popitem(last=False)
        return replay

    def name(self, account: str | None, language: str) -> str:
        """What an account is called in a language; itself where the record has no name for it."""
        known = self.names.get(account or "")
        if known is None:
            return account or ""
        return (known.zh if language == "zh" else known.en) or account or ""


def open_site(folder: Path, policy: Path | None, progress: Progress) -> Site:
    """Open and verify an export, and index it. Raises `ChainError` or `QueriesError`."""
    export = queries.open(folder, policy, progress=progress)
    record = export.record
    return Site(
        export=export,
        status=status_of(record),
        names=_names(export),
        sessions={index.channel: index for index in sessions_of(record)},
        blocks={name: _blocks(channel) for name, channel in record.channels.items()},
    )


def _names(export: Export) -> dict[str, Name]:
    operators = export.record.channels[GOVERNANCE].genesis.operators
    names = {operator.account: Name(operator.name_en, operator.name_zh) for operator in operators}
    for row in export.sql(_text("account_names")).pl().to_dicts():
        names[row["account"]] = Name(row["name_en"], row["name_zh"])
    return names


def _blocks(channel: ChannelRecord) -> tuple[Block, ...]:
    """Every block entry; the record checked that it can be parsed, and the bytes tell the few from the many."""
    found = []
    for index, data in enumerate(channel.entries):
        if b'"kind":"block"' in data:
            entry = parse_entry(data, f"{channel.channel} entry {index}")
            if isinstance(entry, Block):
                found.append(entry)
    return tuple(found)


@cache
def _text(file: str) -> str:
    return (_SQL / f"{file}.sql").read_text(encoding="utf-8")
