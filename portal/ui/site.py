"""What the pages know: one opened export, asked through the SQL files of `portal/sql`, and what was computed from it.

Everything here is shared by all readers of one export and never changes, except for caches that hold what can be
computed again.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from audit import SessionIndex, SessionReplay, replay_session, sessions_of
from chain.entry import Block, Trigger, parse_entry
from chain.imports import GOVERNANCE
from chain.progress import Progress
from chain.record import ChannelRecord, Record
from chain.units import HOUR_MS
from portal.ui.kept import Kept
from queries.export import Export, open_export
from queries.status import Status

_SQL = Path(__file__).resolve().parent.parent / "sql"
_REPLAYS_KEPT = 64
_ANSWERS_KEPT = 512

Rows = list[dict[str, Any]]


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
    hours: dict[str, dict[str, int]] = field(repr=False)
    """Channel → session → start of its delivery hour, ms UTC, in order."""
    blocks: dict[str, tuple[Block, ...]] = field(repr=False)
    """Channel → its blocks by height."""
    _replays: Kept[SessionReplay] = field(default_factory=lambda: Kept(_REPLAYS_KEPT), repr=False)
    _answers: Kept[Rows] = field(default_factory=lambda: Kept(_ANSWERS_KEPT), repr=False)

    @property
    def record(self) -> Record:
        return self.export.record

    @property
    def holds_market(self) -> bool:
        """Whether a market channel is in the export: one for the public may withhold them all."""
        return bool(self.sessions)

    def channel(self, name: str) -> ChannelRecord:
        return self.record.channels[name]

    def ask(self, file: str, **parameters: Any) -> Rows:
        """The answer to `portal/sql/<file>.sql`, its parameters bound: exact Python values by column name.

        The record does not change, so an answer that was given lately is given again.
        """
        key = (file, tuple(sorted(parameters.items())))
        return self._answers.get(key, lambda: _rows(self.export, file, parameters))

    def replay(self, channel: str, session: str) -> SessionReplay:
        """The session, executed again from the record; computed once and kept for a while."""
        index = self.sessions[channel]
        return self._replays.get((channel, session), lambda: replay_session(self.record, channel, session, index))

    def name(self, account: str | None, language: str) -> str:
        """What an account is called in a language; itself where the record has no name for it."""
        known = self.names.get(account or "")
        if known is None:
            return account or ""
        return (known.zh if language == "zh" else known.en) or account or ""


def open_site(folder: Path, policy: Path | None, progress: Progress) -> Site:
    """Open and verify an export, and index it. Raises `ChainError` or `QueriesError`."""
    export = open_export(folder, policy, progress)
    record = export.record
    indexes = {index.channel: index for index in sessions_of(record)}
    return Site(
        export=export,
        status=export.status,
        names=_names(export),
        sessions=indexes,
        hours={name: _hours(record.channels[name], index) for name, index in indexes.items()},
        blocks={name: _blocks(channel) for name, channel in record.channels.items()},
    )


def _names(export: Export) -> dict[str, Name]:
    operators = export.record.channels[GOVERNANCE].genesis.operators
    names = {operator.account: Name(operator.name_en, operator.name_zh) for operator in operators}
    for row in _rows(export, "account_names", {}):
        names[row["account"]] = Name(row["name_en"], row["name_zh"])
    return names


def _hours(channel: ChannelRecord, index: SessionIndex) -> dict[str, int]:
    """A session's first entry is the trigger that opened it, an hour before delivery."""
    found = {}
    for session, entries in index.entries.items():
        opening = parse_entry(channel.entries[entries[0]], f"{channel.channel} entry {entries[0]}")
        if isinstance(opening, Trigger):
            found[session] = opening.due + HOUR_MS
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))


def _blocks(channel: ChannelRecord) -> tuple[Block, ...]:
    """Every block entry; the record checked that it can be parsed, and the bytes tell the few from the many."""
    found = []
    for index, data in enumerate(channel.entries):
        if b'"kind":"block"' in data:
            entry = parse_entry(data, f"{channel.channel} entry {index}")
            if isinstance(entry, Block):
                found.append(entry)
    return tuple(found)


def _rows(export: Export, file: str, parameters: dict[str, Any]) -> Rows:
    result = export.sql(_text(file), parameters or None)
    columns = result.columns
    return [dict(zip(columns, row, strict=True)) for row in result.rows()]


def example(name: str) -> str:
    """A question to begin with, without its comment."""
    return "\n".join(line for line in _text(f"examples/{name}").splitlines() if not line.startswith("--"))


@cache
def _text(file: str) -> str:
    return (_SQL / f"{file}.sql").read_text(encoding="utf-8")
