"""Where the sessions of a channel lie in its log, and what all their replays share.

1. A session is named by its area and delivery hour (`chain.contracts.auction.session_id`), and so says when it opens.
2. An entry belongs to a session by its due time (`open`), its key (the other triggers) or its arguments (`declare`).
3. Code, parameters, tables and accounts are taken from the record once. Genesis must fit the code here: what is
   missing, malformed or of another release is a `ChainError` before anything is executed.
4. Parameters are those in force in the block: genesis's until governance says otherwise (`chain.in_force`). When the
   channel's first session opens, and for which area, stays as genesis says. From the block on that imports the
   channel's retirement no session opens (`chain.contracts.auction` 9).
5. Whose permissions the channel has taken back, and until when, is what accepted calls of `conduct` say.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from audit.errors import ReplayError
from audit.schedule import Blocks
from chain.beacon import GovernanceFeed, check_import, governance_size
from chain.contract import Account, Contract, operator_account
from chain.contracts.auction import session_id
from chain.contracts.auction_state import Parameters
from chain.contracts.conduct import LIFTED, RESTRICTED
from chain.contracts.installed import resolve_contracts
from chain.entry import Block, Event, Genesis, Transaction, Trigger, parse_entry
from chain.imports import (
    ACCOUNT_EVENTS,
    GOVERNANCE,
    PARAMETERS,
    RETIRED,
    told_account,
    told_parameters,
    told_retirement,
)
from chain.in_force import ParametersInForce
from chain.record import ChannelRecord, Record
from chain.reexecute import SubmittedRows
from chain.state import State
from chain.units import HOUR_MS, SETTLEMENT_OFFSET_MS

AUCTION = "auction"
_SESSION_TRIGGERS = ("close", "open", "round", "settle")
_HOUR = re.compile(r"[0-9]{10}")
_CONDUCT = "conduct"
_MARKS = (b'"contract":"auction"', b'"contract":"conduct"', b'"kind":"block"')
"""Entries without any of these are passed over unparsed."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """Rule 5: from the entry after this one on."""

    entry: int
    account: str
    until: int | None
    """None: lifted."""


@dataclass(frozen=True, slots=True)
class InForce:
    """Rule 4: what a channel's blocks run with, from one of them on."""

    position: int
    parameters: Parameters
    triggers_max: int
    is_retiring: bool


@dataclass(frozen=True)
class SessionIndex:
    """The sessions of one channel."""

    channel: str
    entries: dict[str, tuple[int, ...]]
    """Session → its entries in order; sessions in order of opening."""
    openings: frozenset[int] = field(repr=False)
    """Due times of every `open` on the record, ms UTC."""
    blocks: Blocks = field(repr=False)
    restrictions: tuple[Restriction, ...] = field(repr=False)
    """In order."""
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
        self._feed = GovernanceFeed()
        self._feed.extend(record.channels[GOVERNANCE].entries)
        self._in_force = _in_force(record, channel, self.contracts, blocks, self._feed)
        self.parameters = self._in_force[0].parameters
        """Those of genesis."""
        self.parameters.check(genesis.time)
        self.first_open_ms = self.parameters.first_open_ms or (genesis.time // HOUR_MS + 1) * HOUR_MS
        """When the channel's first session opens."""
        self.submitted = SubmittedRows(channel, record.reader, self.contracts)
        """Shared, since the sessions of a day lie in one segment."""
        self.operators = tuple(operator_account(operator) for operator in genesis.operators)
        self._accounts: dict[tuple[int, int], tuple[Account, ...]] = {}

    def parameters_at(self, position: int) -> Parameters:
        """Rule 4, for the block at that position."""
        return self._at(position).parameters

    def triggers_max(self, position: int) -> int:
        """How many triggers the block at that position may run."""
        return self._at(position).triggers_max

    def is_retiring(self, position: int) -> bool:
        """Rule 4: whether the block at that position opens no session any more."""
        return self._at(position).is_retiring

    def _at(self, position: int) -> InForce:
        return self._in_force[bisect_right(self._in_force, position, key=lambda known: known.position) - 1]

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
    restrictions: list[Restriction] = []
    blocks: list[tuple[int, Block]] = []
    for index, data in enumerate(log.entries):
        if not any(mark in data for mark in _MARKS):
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
            restrictions += _restrictions(index, entry)
    timeline = Blocks(channel, log.entries, tuple(at for at, _ in blocks), tuple(block for _, block in blocks))
    entries = {session: tuple(numbers) for session, numbers in found.items()}
    return SessionIndex(channel, entries, frozenset(openings), timeline, tuple(restrictions), record)


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


def _restrictions(index: int, entry: Trigger | Transaction) -> list[Restriction]:
    """Rule 5. What a forged record says in another shape says nothing."""
    contract = entry.contract if isinstance(entry, Trigger) else entry.body.contract
    if contract != _CONDUCT or entry.receipt.status != "accepted":
        return []
    found = []
    for event in entry.receipt.events:
        account, until = event.data.get("account"), event.data.get("until")
        if not isinstance(account, str):
            continue
        if event.name == RESTRICTED and isinstance(until, int):
            found.append(Restriction(index, account, until))
        elif event.name == LIFTED:
            found.append(Restriction(index, account, None))
    return found


def _in_force(
    record: Record, channel: ChannelRecord, contracts: Mapping[str, Contract], blocks: Blocks, feed: GovernanceFeed
) -> list[InForce]:
    """Rule 4, by position; the first are those of genesis."""
    in_force = ParametersInForce(channel.genesis, contracts, State())

    def now(position: int) -> InForce:
        return InForce(position, in_force.of(AUCTION), in_force.of("record").triggers_per_block_max, is_retiring)

    size, is_retiring = 0, False
    found = [now(0)]
    told = feed.between(0, len(record.channels[GOVERNANCE].entries))
    if not any(_concerns(event, channel.channel) for event in told):
        return found
    for position, block in enumerate(blocks.blocks):
        where = f"{channel.channel} entry {blocks.closings[position]}"
        check_import(channel.genesis, record.leaves, block.beacon_round, block.time, where)
        first, size = size, governance_size(record.leaves, block.beacon_round)
        for event in feed.between(first, size):
            if event.name == PARAMETERS:
                in_force.note(event, position)
            elif _concerns(event, channel.channel):
                is_retiring = True
        in_force.advance(position)
        newest = now(position)
        if replace(newest, position=found[-1].position) != found[-1]:
            found.append(newest)
    return found


def _concerns(event: Event, channel: str) -> bool:
    """Whether an event decides with what, or how long, this channel runs."""
    if event.name == PARAMETERS:
        return told_parameters(event).channel == channel
    return event.name == RETIRED and told_retirement(event).channel == channel
