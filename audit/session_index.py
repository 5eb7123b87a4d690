"""Where the sessions of a channel lie in its log, and what all their replays share.

1. A session is named by its area and delivery hour (`chain.contracts.auction.session_id`), and so says when it opens.
2. An entry belongs to a session by its due time (`open`), its key (the other triggers) or its arguments (`declare`).
3. Code, parameters, tables and accounts are taken from the record once. Genesis must fit the code here: what is
   missing, malformed or of another release is a `ChainError` before anything is executed.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from audit.errors import ReplayError
from audit.schedule import Blocks
from chain.beacon import GovernanceFeed
from chain.contract import Account, Contract, operator_account
from chain.contracts import record as record_contract
from chain.contracts.auction import session_id
from chain.contracts.auction_state import Parameters
from chain.contracts.installed import resolve_contracts
from chain.entry import Block, Genesis, Transaction, Trigger, parse_entry
from chain.imports import ACCOUNT_EVENTS, GOVERNANCE, told_account
from chain.record import ChannelRecord, Record
from chain.reexecute import SubmittedRows
from chain.units import HOUR_MS, SETTLEMENT_OFFSET_MS

AUCTION = "auction"
_SESSION_TRIGGERS = ("close", "open", "round", "settle")
_HOUR = re.compile(r"[0-9]{10}")

P = TypeVar("P", bound=msgspec.Struct)


@dataclass(frozen=True)
class SessionIndex:
    """The sessions of one channel."""

    channel: str
    entries: dict[str, tuple[int, ...]]
    """Session → its entries in order; sessions in order of opening."""
    openings: frozenset[int] = field(repr=False)
    """Due times of every `open` on the record, ms UTC."""
    blocks: Blocks = field(repr=False)
    record: Record = field(repr=False, compare=False)
    """What was indexed."""

    @cached_property
    def ground(self) -> "Ground":
        """Rule 3, when the first replay asks for it. Raises `ChainError`."""
        return Ground(self.record, self.record.channels[self.channel], self.blocks)


class Ground:
    """Rule 3: what every replay of a channel's sessions stands on."""

    def __init__(self, record: Record, channel: ChannelRecord, blocks: Blocks) -> None:
        blocks.check()
        genesis = channel.genesis
        contracts = resolve_contracts(genesis)
        self.contracts: dict[str, Contract] = {contract.name: contract for contract in contracts}
        if AUCTION not in self.contracts:
            raise ReplayError("no-auction", "genesis names no contract auction", channel.channel)
        for schema in self.contracts[AUCTION].tables:
            if channel.schemas.get(schema.table) != schema:
                raise ReplayError("schemas", f"genesis has other columns for {schema.table}", channel.channel)
        self.parameters = _parameters(genesis, AUCTION, Parameters)
        self.parameters.check(genesis.time)
        self.first_open_ms = self.parameters.first_open_ms or (genesis.time // HOUR_MS + 1) * HOUR_MS
        """When the channel's first session opens."""
        self.triggers_max = _parameters(genesis, "record", record_contract.Parameters).triggers_per_block_max
        self.submitted = SubmittedRows(channel, record.reader, self.contracts)
        """Shared, since the sessions of a day lie in one segment."""
        self.operators = tuple(operator_account(operator) for operator in genesis.operators)
        self._feed = GovernanceFeed()
        self._feed.extend(record.channels[GOVERNANCE].entries)
        self._accounts: dict[tuple[int, int], tuple[Account, ...]] = {}

    def accounts(self, first: int, end: int) -> tuple[Account, ...]:
        """Accounts that governance tells of in its entries [first, end), in order."""
        if (first, end) not in self._accounts:
            self._accounts[first, end] = tuple(
                told_account(event) for event in self._feed.between(first, end) if event.name in ACCOUNT_EVENTS
            )
        return self._accounts[first, end]

    def opening_ms(self, session: str) -> int | None:
        """Rule 1: when `session` is due to open; None for a name that no session can have."""
        hour = session.removeprefix(f"{self.parameters.area}-")
        if not _HOUR.fullmatch(hour):
            return None
        try:
            delivery = datetime.strptime(hour, "%Y%m%d%H").replace(tzinfo=UTC)
        except ValueError:
            return None
        open_ms = int(delivery.timestamp()) * 1000 - SETTLEMENT_OFFSET_MS - HOUR_MS
        is_name = session_id(self.parameters.area, open_ms) == session
        return open_ms if is_name and open_ms >= self.first_open_ms else None


def index_sessions(record: Record, channel: str) -> SessionIndex:
    """Rules 1 and 2 for all sessions of a channel. Raises `ParseError`."""
    log = record.channels[channel]
    area = _area(log.genesis)
    found: dict[str, list[int]] = defaultdict(list)
    openings: set[int] = set()
    blocks: list[tuple[int, Block]] = []
    for index, data in enumerate(log.entries):
        if b'"contract":"auction"' not in data and b'"kind":"block"' not in data:
            continue
        entry = parse_entry(data, f"{channel} entry {index}")
        if isinstance(entry, Block):
            blocks.append((index, entry))
        elif isinstance(entry, Trigger | Transaction):
            session = _session_of(area, entry)
            if session is not None:
                found[session].append(index)
            if isinstance(entry, Trigger) and (entry.contract, entry.method) == (AUCTION, "open"):
                openings.add(entry.due)
    timeline = Blocks(channel, log.entries, tuple(at for at, _ in blocks), tuple(block for _, block in blocks))
    entries = {session: tuple(numbers) for session, numbers in found.items()}
    return SessionIndex(channel, entries, frozenset(openings), timeline, record)


def sessions_of(record: Record) -> list[SessionIndex]:
    """The sessions of every channel that runs auctions, by channel."""
    return [
        index_sessions(record, name)
        for name, channel in sorted(record.channels.items())
        if any(code.name == AUCTION for code in channel.genesis.contracts)
    ]


def _area(genesis: Genesis) -> str:
    """As far as genesis says; whether its parameters are well-formed is for the replay (rule 3)."""
    parameters: Any = genesis.parameters.get(AUCTION)
    area = parameters.get("area") if isinstance(parameters, dict) else None
    return area if isinstance(area, str) else ""


def _session_of(area: str, entry: Trigger | Transaction) -> str | None:
    """Rule 2."""
    if isinstance(entry, Trigger):
        if entry.contract != AUCTION or entry.method not in _SESSION_TRIGGERS:
            return None
        return session_id(area, entry.due) if entry.method == "open" else entry.key
    if (entry.body.contract, entry.body.method) != (AUCTION, "declare"):
        return None
    session = entry.body.arguments.get("session")
    return session if isinstance(session, str) else None


def _parameters(genesis: Genesis, contract: str, kind: type[P]) -> P:
    try:
        return msgspec.convert(genesis.parameters.get(contract, {}), kind)
    except msgspec.ValidationError as error:
        raise ReplayError("parameters", str(error), f"{genesis.channel} genesis.parameters.{contract}") from None
