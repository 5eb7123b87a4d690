"""Replay one auction session from the record, bit for bit.

1. The session's entries are found in the channel's log: its declarations and its triggers.
2. Each is executed again by the contract of the record, in order, at its block's time, with the parameters in force in
   that block, on a state that holds nothing but the accounts known there, those that `conduct` restricts there, and
   what the session itself has made: signatures, rows and receipts included.
3. A receipt commits to every row that its entry wrote. All receipts equal means: same rounds, prices, trades, fees,
   results, settlements. The first difference is named with both values.
4. The triggers are those that genesis and the session itself scheduled, each in its block, and none is missing up to
   the record's last block (`audit.schedule`): receipts alone do not show that a round was left out.

The record itself (signatures, quorum, log, seals) was checked when it was opened; `chain.verify` executes everything.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from audit.errors import ReplayError
from audit.schedule import Difference, Schedule, Scheduled
from audit.session_index import AUCTION, SessionIndex, index_sessions
from chain import jcs
from chain.beacon import check_import, governance_size
from chain.blockstream import signed_transaction
from chain.contract import ACCOUNTS, RESTRICTED_UNTIL, Call
from chain.contracts.auction_state import Parameters, Session, Standing
from chain.entry import Receipt, Transaction, Trigger, parse_entry
from chain.errors import ChainError
from chain.execution import NONCES, Address, admit, execute, open_call, run_call
from chain.market.parameters import AuctionParameters
from chain.market.play import Declaration, RoundOutcome, play_round
from chain.market.rounds import References
from chain.record import Record
from chain.reexecute import first_difference
from chain.state import State
from chain.units import HOUR_MS

_CALENDAR = "calendar"
"""Key of the triggers that open sessions."""


@dataclass(frozen=True)
class RoundStep:
    """A round as it was played: what it was played on, and from that its outcome."""

    round: int
    time_ms: int
    """Of its block."""
    entry: int
    declarations: tuple[Declaration, ...]
    """On the book before the round."""
    references: References
    """Of the round before."""
    market: AuctionParameters

    @cached_property
    def outcome(self) -> RoundOutcome:
        """Played when somebody looks: the contract has played the round already, and its receipt says whether well."""
        return play_round(self.declarations, self.round, self.references, self.market)


@dataclass(frozen=True, slots=True)
class SessionReplay:
    """What re-execution found."""

    channel: str
    session: str
    delivery_start_ms: int
    entries: tuple[int, ...]
    """Every entry that was executed again."""
    parameters: Parameters
    """Its terms: those in force when it opened."""
    steps: tuple[RoundStep, ...]
    differences: tuple[Difference, ...]
    is_settled: bool
    """Whether the record reaches the session's settlement."""

    @property
    def exact(self) -> bool:
        """Every receipt came out bit for bit, and every trigger fired when it had to."""
        return not self.differences


def replay_session(record: Record, channel: str, session: str, index: SessionIndex | None = None) -> SessionReplay:
    """Rules 1–4. `index`: of this record's channel, so that many replays share it.

    Raises `ReplayError` when there is no such session, `ChainError` when its code is not here or the record is
    malformed.
    """
    if channel not in record.channels:
        raise ReplayError("no-channel", f"the export has no channel {channel!r}", channel)
    if index is None or index.record is not record or index.channel != channel:
        index = index_sessions(record, channel)
    if session not in index.entries:
        raise ReplayError("no-session", f"channel {channel} has no session {session!r}", session)
    return _Replay(session, index).run()


class _Replay:
    """One run of rules 2–4."""

    def __init__(self, session: str, index: SessionIndex) -> None:
        self._session = session
        self._index = index
        self._ground = index.ground
        self._record = index.record
        self._channel = index.record.channels[index.channel]
        self._contract = self._ground.contracts[AUCTION]
        self._address = Address(self._record.network_id, index.channel)
        self._open_ms = self._ground.opening_ms(session)
        self._schedule = Schedule(index.blocks, self._ground.triggers_max)
        self._state = State()
        self._governance_size = 0
        self._restrictions = 0
        """How many of the channel's have been taken up."""
        self._steps: list[RoundStep] = []
        self._differences: list[Difference] = []
        self._settled = False
        self._next: list[Scheduled] = []
        """Openings that this session scheduled and that are not on the record."""
        for account in self._ground.operators:
            self._state.put(ACCOUNTS, account.account, account)

    def run(self) -> SessionReplay:
        if self._open_ms is not None and self._is_scheduled(self._open_ms):
            self._schedule.add([(self._open_ms, AUCTION, _CALENDAR, "open")], 0)
        for number in self._index.entries[self._session]:
            entry = parse_entry(self._channel.entries[number])
            self._import(number)
            if isinstance(entry, Trigger):
                self._note(self._schedule.trigger(number, (entry.due, entry.contract, entry.key, entry.method)))
                self._compare(number, entry.receipt, self._run_trigger(number, entry))
            elif isinstance(entry, Transaction):
                self._note(self._schedule.transaction(number))
                self._compare(number, entry.receipt, self._run_declaration(number, entry))
        self._note(self._schedule.end())
        for scheduled in self._next:
            self._note(self._schedule.absent(scheduled))
        return SessionReplay(
            channel=self._index.channel,
            session=self._session,
            delivery_start_ms=self._open_ms + HOUR_MS if self._open_ms is not None else 0,
            entries=self._index.entries[self._session],
            parameters=self._terms(),
            steps=tuple(self._steps),
            differences=tuple(self._differences),
            is_settled=self._settled,
        )

    def _import(self, number: int) -> None:
        """Accounts as this entry's block knows them: governance up to the block's beacon round."""
        block = self._index.blocks.of(number)
        where = f"{self._index.channel} entry {number}"
        check_import(self._channel.genesis, self._record.leaves, block.beacon_round, block.time, where)
        size = governance_size(self._record.leaves, block.beacon_round)
        for account in self._ground.accounts(self._governance_size, size):
            self._state.put(ACCOUNTS, account.account, account)
        self._governance_size = size
        self._restrict(number)

    def _restrict(self, number: int) -> None:
        """Restrictions as this entry meets them."""
        known = self._index.restrictions
        while self._restrictions < len(known) and known[self._restrictions].entry < number:
            one = known[self._restrictions]
            self._restrictions += 1
            if one.until is None:
                self._state.delete(RESTRICTED_UNTIL, one.account)
            else:
                self._state.put(RESTRICTED_UNTIL, one.account, one.until)

    def _terms(self) -> Parameters:
        first = self._index.entries[self._session][0]
        return self._ground.parameters_at(self._index.blocks.position(first))

    def _call(self, number: int) -> Call:
        position = self._index.blocks.position(number)
        time_ms = self._index.blocks.blocks[position].time
        parameters = self._ground.parameters_at(position)
        call = open_call(self._contract, parameters, self._index.channel, self._state, time_ms, number)
        call.is_retiring = self._ground.is_retiring(position)
        return call

    def _run_trigger(self, number: int, entry: Trigger) -> Receipt | str:
        trigger = self._contract.trigger(entry.method)
        if trigger is None:
            return f"there is no trigger {entry.method}"
        step = self._step(number) if entry.method == "round" else None
        call = self._call(number)
        call.due_ms = entry.due
        try:
            receipt, _ = run_call(call, partial(trigger.run, call, entry.key), None, self._channel.schemas)
        except ChainError as error:
            return str(error)
        if receipt.status == "accepted":
            call.overlay.apply()
            self._add(number, call.scheduled)
            self._settled |= entry.method == "settle"
            self._steps += [step] if step is not None else []
        return receipt

    def _is_scheduled(self, open_ms: int) -> bool:
        """Rule 4: the first opening by genesis, every other by that of the hour before."""
        return open_ms == self._ground.first_open_ms or open_ms - HOUR_MS in self._index.openings

    def _add(self, number: int, scheduled: list[Scheduled]) -> None:
        """Rule 4: what an accepted trigger schedules. Of the next session only that it was opened is seen from here."""
        self._schedule.add([item for item in scheduled if item[2] != _CALENDAR], self._index.blocks.position(number))
        self._next += [item for item in scheduled if item[2] == _CALENDAR and item[0] not in self._index.openings]

    def _step(self, number: int) -> RoundStep | None:
        """The book before a round, for whoever looks at the replay; None when there is nothing to play."""
        session: Session | None = self._state.get(f"{AUCTION}.session", self._session)
        if session is None or not (session.fresh or session.can_move):
            return None
        standing: list[tuple[str, Standing]] = self._state.items(f"{AUCTION}.orders:{self._session}")
        declarations = tuple(item.declaration for _, item in standing)
        references = References(session.reference_ask, session.reference_bid)
        terms: Parameters = self._state.get(f"{AUCTION}.terms", self._session)
        time_ms = self._index.blocks.of(number).time
        return RoundStep(session.round + 1, time_ms, number, declarations, references, terms.market)

    def _run_declaration(self, number: int, entry: Transaction) -> Receipt | str:
        body = entry.body
        last: int = self._state.get(NONCES, body.account) or 0
        if body.nonce <= last:
            return f"{body.account} has signed number {last} before, and now {body.nonce}"
        # What the account did outside of this session is not executed here.
        self._state.put(NONCES, body.account, body.nonce - 1)
        try:
            rows = self._ground.submitted.lines_of(number, body) if body.rows_count else b""
            call = self._call(number)
            transaction = signed_transaction(entry, rows)
            admitted = admit(transaction, self._address, self._state, self._ground.contracts, call.time_ms)
            call.caller, submitted = admitted.caller, admitted.submitted
            if submitted is not None:
                call.rows, call.columns, call.rows_root = submitted.rows, submitted.columns, submitted.root
            action = partial(execute, admitted, call, self._ground.contracts)
            receipt, _ = run_call(call, action, submitted, self._channel.schemas)
        except ChainError as error:
            return str(error)
        self._state.put(NONCES, body.account, body.nonce)
        if receipt.status == "accepted":
            call.overlay.apply()
        return receipt

    def _compare(self, number: int, recorded: Receipt, recomputed: Receipt | str) -> None:
        """Rule 3."""
        if isinstance(recomputed, str):
            self._note(Difference(number, "receipt", recorded.status, recomputed))
        elif recomputed != recorded:
            path, found, expected = first_difference("receipt", _plain(recorded), _plain(recomputed))
            self._note(Difference(number, path, str(found), str(expected)))

    def _note(self, difference: Difference | None) -> None:
        if difference is not None:
            self._differences.append(difference)


def _plain(receipt: Receipt) -> Any:
    return jcs.decode(jcs.encode(receipt))
