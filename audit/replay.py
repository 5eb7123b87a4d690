"""Replay one auction session from the record, bit for bit.

1. The session's entries are found in the channel's log: its declarations and its triggers.
2. Each is executed again by the contract of the record, in order, at its block's time, on a state that holds nothing
   but the accounts known then and what the session itself has made: signatures, rows and receipts included.
3. A receipt commits to every row that its entry wrote. All receipts equal means: same rounds, prices, trades, fees,
   results, settlements. The first difference is named with both values.

The record itself (signatures, quorum, log, seals) was checked when it was opened; `chain.verify` executes everything.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from audit.errors import ReplayError
from chain import jcs
from chain.beacon import GovernanceFeed, governance_size
from chain.contract import ACCOUNTS, Account, Call, Contract
from chain.contracts.auction import session_id
from chain.contracts.auction_state import Parameters, Session, Standing
from chain.contracts.installed import resolve_contracts
from chain.entry import Block, Receipt, Transaction, Trigger, parse_entry
from chain.errors import ChainError
from chain.execution import Admitted, execute, open_call, run_call
from chain.market.play import Declaration, RoundOutcome, play_round
from chain.market.rounds import References
from chain.record import ChannelRecord, Record
from chain.reexecute import SubmittedRows, first_difference
from chain.replica import GOVERNANCE
from chain.state import State
from chain.tables import EntryRows
from chain.transaction import SignedTransaction, row_hashes, rows_root, verify_signature
from chain.units import HOUR_MS

AUCTION = "auction"
_SESSION_TRIGGERS = ("close", "open", "round", "settle")


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that re-execution does not reproduce."""

    entry: int
    path: str
    """Member of the receipt."""
    recorded: str
    recomputed: str


@dataclass(frozen=True, slots=True)
class RoundStep:
    """A round as it was played."""

    round: int
    time_ms: int
    """Of its block."""
    entry: int
    declarations: tuple[Declaration, ...]
    """On the book before the round."""
    outcome: RoundOutcome


@dataclass(frozen=True, slots=True)
class SessionReplay:
    """What re-execution found."""

    channel: str
    session: str
    delivery_start_ms: int
    entries: tuple[int, ...]
    """Every entry that was executed again."""
    parameters: Parameters
    steps: tuple[RoundStep, ...]
    differences: tuple[Difference, ...]
    is_settled: bool
    """Whether the record reaches the session's settlement."""

    @property
    def exact(self) -> bool:
        """Every receipt came out bit for bit."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class SessionIndex:
    """Where the sessions of one channel lie in its log."""

    channel: str
    entries: dict[str, tuple[int, ...]]
    """Session → its entries in order; sessions in order of opening."""
    blocks: dict[int, Block] = field(repr=False)
    """Entry → the block that it belongs to, for the entries above."""


def index_sessions(record: ChannelRecord) -> SessionIndex:
    """Rule 1, for all sessions of a channel."""
    found: dict[str, list[int]] = defaultdict(list)
    blocks: dict[int, Block] = {}
    waiting: list[int] = []
    area = str(record.genesis.parameters.get(AUCTION, {}).get("area", ""))
    for index, data in enumerate(record.entries):
        if b'"contract":"auction"' not in data and b'"kind":"block"' not in data:
            continue
        entry = parse_entry(data, f"{record.channel} entry {index}")
        if isinstance(entry, Block):
            blocks.update(dict.fromkeys(waiting, entry))
            waiting = []
            continue
        session = _session_of(area, entry)
        if session is not None:
            found[session].append(index)
            waiting.append(index)
    return SessionIndex(record.channel, {session: tuple(entries) for session, entries in found.items()}, blocks)


def _session_of(area: str, entry: object) -> str | None:
    if isinstance(entry, Trigger) and entry.contract == AUCTION and entry.method in _SESSION_TRIGGERS:
        return session_id(area, entry.due) if entry.method == "open" else entry.key
    if isinstance(entry, Transaction) and entry.body.contract == AUCTION and entry.body.method == "declare":
        session = entry.body.arguments.get("session")
        return session if isinstance(session, str) else None
    return None


def replay_session(record: Record, channel: str, session: str, index: SessionIndex | None = None) -> SessionReplay:
    """Rules 1–3. Raises `ReplayError` when there is no such session, `ChainError` when its code is not here."""
    if channel not in record.channels:
        raise ReplayError("no-channel", f"the export has no channel {channel!r}", channel)
    index = index or index_sessions(record.channels[channel])
    if session not in index.entries:
        raise ReplayError("no-session", f"channel {channel} has no session {session!r}", session)
    return _Replay(record, record.channels[channel], session, index).run()


class _Replay:
    """One run of rule 2."""

    def __init__(self, record: Record, channel: ChannelRecord, session: str, index: SessionIndex) -> None:
        self._record = record
        self._channel = channel
        self._session = session
        self._index = index
        contracts = resolve_contracts(channel.genesis)
        self._contracts: dict[str, Contract] = {contract.name: contract for contract in contracts}
        self._parameters = msgspec.convert(channel.genesis.parameters[AUCTION], Parameters)
        self._submitted = SubmittedRows(channel, record.reader, self._contracts)
        self._state = State()
        self._steps: list[RoundStep] = []
        self._differences: list[Difference] = []
        self._settled = False

    def run(self) -> SessionReplay:
        entries = self._index.entries[self._session]
        self._know_accounts(self._index.blocks[entries[-1]].beacon_round)
        delivery_start_ms = 0
        for number in entries:
            entry = parse_entry(self._channel.entries[number])
            if isinstance(entry, Trigger):
                if entry.method == "open":
                    delivery_start_ms = entry.due + HOUR_MS
                self._compare(number, entry.receipt, self._run_trigger(number, entry))
            elif isinstance(entry, Transaction):
                self._compare(number, entry.receipt, self._run_declaration(number, entry))
        return SessionReplay(
            channel=self._channel.channel,
            session=self._session,
            delivery_start_ms=delivery_start_ms,
            entries=entries,
            parameters=self._parameters,
            steps=tuple(self._steps),
            differences=tuple(self._differences),
            is_settled=self._settled,
        )

    def _know_accounts(self, beacon_round: int) -> None:
        """Operators from genesis, participants as governance had registered them by that beacon round."""
        for operator in self._channel.genesis.operators:
            account = Account(operator.account, "", "operator", operator.public_key, operator.roles, "", "")
            self._state.put(ACCOUNTS, operator.account, account)
        feed = GovernanceFeed()
        feed.extend(self._record.channels[GOVERNANCE].entries)
        for event in feed.between(0, governance_size(self._record.leaves, beacon_round)):
            account = msgspec.convert(event.data, Account)
            self._state.put(ACCOUNTS, account.account, account)

    def _call(self, number: int) -> Call:
        block = self._index.blocks[number]
        contract = self._contracts[AUCTION]
        return open_call(contract, self._parameters, self._channel.channel, self._state, block.time, number)

    def _run_trigger(self, number: int, entry: Trigger) -> Receipt | str:
        trigger = self._contracts[AUCTION].trigger(entry.method)
        if trigger is None:
            return f"there is no trigger {entry.method}"
        if entry.method == "round":
            self._observe(number)
        call = self._call(number)
        call.due_ms = entry.due
        try:
            receipt, _ = run_call(call, partial(trigger.run, call, entry.key), None, self._channel.schemas)
        except ChainError as error:
            return str(error)
        call.overlay.apply()
        self._settled |= entry.method == "settle"
        return receipt

    def _observe(self, number: int) -> None:
        """Keep the round's book and outcome for whoever looks at the replay; the contract plays it again."""
        session: Session | None = self._state.get(f"{AUCTION}.session", self._session)
        if session is None or not (session.fresh or session.can_move):
            return
        standing: list[tuple[str, Standing]] = self._state.items(f"{AUCTION}.orders:{self._session}")
        declarations = tuple(item.declaration for _, item in standing)
        references = References(session.reference_ask, session.reference_bid)
        outcome = play_round(declarations, session.round + 1, references, self._parameters.market)
        time_ms = self._index.blocks[number].time
        self._steps.append(RoundStep(session.round + 1, time_ms, number, declarations, outcome))

    def _run_declaration(self, number: int, entry: Transaction) -> Receipt | str:
        caller: Account | None = self._state.get(ACCOUNTS, entry.body.account)
        method = self._contracts[AUCTION].method(entry.body.method)
        if caller is None or method is None or method.batch is None:
            return "nobody known declared this"
        try:
            lines = self._submitted.lines_of(number, entry.body) if entry.body.rows_count else b""
            transaction = SignedTransaction(entry.body, jcs.encode(entry.body), entry.signature, lines)
            verify_signature(transaction, bytes.fromhex(caller.public_key))
            submitted = self._rows(method.batch.table, lines)
            call = self._call(number)
            call.caller = caller
            if submitted is not None:
                call.rows, call.rows_root = submitted.rows, submitted.root
            admitted = Admitted(transaction, caller, method, submitted)
            receipt, _ = run_call(
                call, lambda: execute(admitted, call, self._contracts), submitted, self._channel.schemas
            )
        except ChainError as error:
            return str(error)
        if receipt.status == "accepted":
            call.overlay.apply()
        return receipt

    def _rows(self, table: str, lines: bytes) -> EntryRows | None:
        if not lines:
            return None
        hashes = row_hashes(lines)
        return EntryRows(table, self._channel.schemas[table].decode_lines(lines), hashes, rows_root(hashes))

    def _compare(self, number: int, recorded: Receipt, recomputed: Receipt | str) -> None:
        """Rule 3."""
        if isinstance(recomputed, str):
            self._differences.append(Difference(number, "receipt", recorded.status, recomputed))
        elif recomputed != recorded:
            path, found, expected = first_difference("receipt", _plain(recorded), _plain(recomputed))
            self._differences.append(Difference(number, path, str(found), str(expected)))


def _plain(receipt: Receipt) -> Any:
    return jcs.decode(jcs.encode(receipt))


def sessions_of(record: Record) -> Sequence[SessionIndex]:
    """The sessions of every channel that runs auctions, by channel."""
    return [
        index_sessions(channel)
        for _, channel in sorted(record.channels.items())
        if any(code.name == AUCTION for code in channel.genesis.contracts)
    ]
