"""One channel, executed: log, state, tables and triggers, advanced a block at a time.

A validator, a restart and a verifier all run this class on the same stream and must get the same bytes. It reads no
clock, no file and no random source; time comes with each block.

A block, in this order:
1. its time is later than the last block's, its beacon round not earlier than the last one's, its transactions not more
   than the record allows (that the round exists and is near enough is for `chain.beacon.check_import`);
2. what governance tells is imported (`chain.imports`): accounts become known, parameters are noted for their height;
   a channel that is retired is retiring from this block on;
3. parameters whose height has come are in force;
4. triggers that are due run by (due, contract, key, method), as many as the record allows: the rest in the next block;
   one that its contract refuses is on the record as rejected, changes nothing and is not run again;
5. transactions are admitted and executed in the given order; what is not admissible is dropped and counted, all of
   them while the channel is retiring; of one that was rejected, contracts that watch conduct take note;
6. a retiring channel's last block is the first in which no trigger that is due was left over and no contract has open
   positions: a session that has begun is settled before, whoever is owed is paid;
7. when a seal is wanted (`Call.seal`, a table reached its row limit, the channel is retiring) every table with unsealed
   rows is sealed;
8. the `block` entry closes it, with the catalogue root, and the state root if something was sealed or it is the last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from chain.contract import ACCOUNTS, CURRENT, POLICY, Account, Call, Contract, operator_account
from chain.contracts import record
from chain.entry import (
    Block,
    Event,
    Genesis,
    Head,
    Receipt,
    Trigger,
    encode_entry,
    parse_entry,
)
from chain.errors import AdmissionError, LedgerError
from chain.execution import NONCES, Address, admit, execute, open_call, rejected, run_call
from chain.frontier import Frontier
from chain.genesis_fit import check_genesis
from chain.imports import (
    ACCOUNT_EVENTS,
    GOVERNANCE,
    PARAMETERS,
    RETIRED,
    told_account,
    told_retirement,
)
from chain.in_force import PARAMETERS_DUE, PARAMETERS_IN_FORCE, ParametersInForce
from chain.limits import LIMITS
from chain.merkle import leaf_hash
from chain.schedule import TRIGGERS, Schedule
from chain.schema import parse_schema
from chain.signature_work import Checked
from chain.signatures import SignerCheck, check_in_turn
from chain.state import State
from chain.tables import EntryRows, SealedTable, Segment, TableLog, catalogue_root
from chain.transaction import SignedTransaction, transaction_entry

CHANNEL = "channel"
CLOSED = "closed"
"""State key of a retired channel: the height of its last block."""
RETIRING = "retiring"
"""State key of a channel whose retirement was imported: the height of the block that did."""


_SPACES: Mapping[str, Any] = {
    ACCOUNTS: Account,
    CHANNEL: int,
    NONCES: int,
    PARAMETERS_DUE: str,
    PARAMETERS_IN_FORCE: str,
    POLICY: str,
    TRIGGERS: int,
}
"""State spaces that belong to no contract, and the types of their values."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one transaction: its entry and receipt, or why it was dropped.

    Python's collector must see it: an error's traceback leads back to it.
    """

    entry: int | None
    receipt: Receipt | None
    dropped: AdmissionError | None


@dataclass(frozen=True, slots=True)
class CommittedBlock:
    """A block as executed."""

    block: Block
    entries: tuple[bytes, ...]
    """All its entries in canonical form, the `block` entry last."""
    size: int
    """Log size after it."""
    root: bytes
    segments: tuple[Segment, ...]
    outcomes: tuple[Outcome, ...]
    """One per transaction handed in, in order."""
    triggers: int
    """How many triggers ran."""


@dataclass(slots=True)
class _Draft:
    """A block being built."""

    time_ms: int
    beacon_round: int
    first: int
    previous: str
    entries: list[bytes] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    wants_seal: bool = False
    is_last: bool = False
    """The channel is retired with this block."""
    triggers: int = 0

    @property
    def next_entry(self) -> int:
        return self.first + len(self.entries)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A replica right after a block with a state root: no row is pending, everything else is in the state."""

    before: Frontier
    """The log before that block."""
    sealed_to: int
    tables: tuple[SealedTable, ...]
    state: State


class Replica:
    """See the module's docstring."""

    def __init__(
        self, genesis: Genesis, contracts: Sequence[Contract], check_signers: SignerCheck = check_in_turn
    ) -> None:
        """Executes block 0 (`initial_block`). `contracts` must be exactly those that genesis names."""
        self._check_signers = check_signers
        self.genesis = genesis
        self.contracts: Mapping[str, Contract] = {contract.name: contract for contract in contracts}
        schemas = [parse_schema(value, "genesis.schemas") for value in genesis.schemas]
        check_genesis(genesis, self.contracts, schemas)
        self.state = State()
        self._parameters = ParametersInForce(genesis, self.contracts, self.state)
        self._cut: record.Parameters = self._parameters.of("record")
        self._schedule = Schedule(self.state)
        self.tree = Frontier()
        self.tree_before = self.tree
        """The log as it was before the last block."""
        self.height = -1
        self.time_ms = -1
        self.beacon_round = -1
        self.sealed_to = 0
        self.is_closed = False
        """Retired: there is no next block."""
        self.is_retiring = False
        """Takes no more transactions; its last block comes when nothing is open."""
        self.schemas = {schema.table: schema for schema in schemas}
        self.tables = {schema.table: TableLog(schema) for schema in schemas}
        self._catalogue = self._catalogue_root()
        genesis_bytes = encode_entry(genesis, "genesis")
        self.address = Address(genesis.governance or leaf_hash(genesis_bytes).hex(), genesis.channel)
        self.initial_block = self._genesis_block(genesis_bytes)

    def resume(self, sealed: Sealed, entries: Sequence[bytes]) -> None:
        """Stand where the block `entries` left the replica that `sealed` was taken from.

        The block's own roots are recomputed from what is taken up: the log's before it, the state's, the catalogue's.
        `ChainError` where one differs; the replica is of no use then. Whether the block is the record's, the caller
        knows from the journal and from what the validators have signed.
        """
        block = parse_entry(entries[-1], "snapshot")
        if not isinstance(block, Block) or not block.state_root:
            raise LedgerError("snapshot", "its block has no state root")
        self.sealed_to = sealed.sealed_to
        for table in sealed.tables:
            if table.table not in self.tables:
                raise LedgerError("snapshot", f"there is no table {table.table}")
            self.tables[table.table].resume(table)
        self._catalogue = self._catalogue_root()
        found = (sealed.before.size, sealed.before.root().hex(), sealed.state.count(), sealed.state.root().hex())
        stated = (block.first, block.previous, block.state_keys, block.state_root)
        if found != stated or self._catalogue != block.catalogue_root or block.count != len(entries):
            raise LedgerError("snapshot", "log, state or catalogue are not those that its block commits to")
        self.state, self.tree_before, self.tree = sealed.state, sealed.before, sealed.before.copy()
        self.tree.extend(entries)
        self.height, self.time_ms, self.beacon_round = block.height, block.time, block.beacon_round
        self.is_closed = self.state.get(CHANNEL, CLOSED) is not None
        self.is_retiring = self.state.get(CHANNEL, RETIRING) is not None
        self._parameters = ParametersInForce(self.genesis, self.contracts, self.state)
        self._cut = self._parameters.of("record")
        self._schedule = Schedule(self.state)

    @property
    def sealed(self) -> Sealed:
        """For `resume`; only right after a block with a state root."""
        return Sealed(self.tree_before, self.sealed_to, tuple(log.sealed for log in self.tables.values()), self.state)

    @property
    def head(self) -> Head:
        """The channel as the beacon records it."""
        return Head(
            channel=self.genesis.channel,
            closed=self.is_closed,
            height=self.height,
            root=self.tree.root().hex(),
            size=self.tree.size,
        )

    @property
    def next_due_ms(self) -> int | None:
        """When the next trigger falls due."""
        return self._schedule.next_ms

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Contract → the parameters it runs with, of its own type."""
        return self._parameters.all

    def space_type(self, space: str) -> Any:
        """Type of the values in a state space; `LedgerError` for one that nobody declares."""
        contract, dot, name = space.partition(".")
        if not dot:
            if space not in _SPACES:
                raise LedgerError("space", "there is no such state space", space)
            return _SPACES[space]
        if contract not in self.contracts:
            raise LedgerError("space", f"there is no contract {contract}", space)
        return self.contracts[contract].space_type(name)

    def nonce(self, account: str) -> int:
        """The last nonce of `account` on this channel, 0 before the first."""
        return int(self.state.get(NONCES, account) or 0)

    def execute_block(
        self,
        time_ms: int,
        beacon_round: int,
        imports: Sequence[Event],
        transactions: Sequence[SignedTransaction],
    ) -> CommittedBlock:
        """Rules 1–8. Raises `LedgerError` on rule 1, before anything has changed."""
        self.require_next(time_ms, beacon_round)
        if len(transactions) > self._cut.transactions_per_block_max:
            most = self._cut.transactions_per_block_max
            raise LedgerError("block-size", f"{len(transactions)} transactions, at most {most} go into a block")
        draft = _Draft(time_ms, beacon_round, self.tree.size, self.tree.root().hex())
        for event in imports:
            self._import(event)
        self._parameters.advance(self.height + 1)
        self._cut = self._parameters.of("record")
        self._run_triggers(draft)
        if self.is_retiring:
            refusal = AdmissionError("retired", "the channel takes no more transactions", self.genesis.channel)
            draft.outcomes += [Outcome(None, None, refusal) for _ in transactions]
            draft.wants_seal = True
            draft.is_last = self._may_end(draft)
            return self._close(draft)
        checks = self._check_signers(transactions, self.state)
        for transaction, checked in zip(transactions, checks, strict=True):
            self._run_transaction(draft, transaction, checked)
        return self._close(draft)

    def require_next(self, time_ms: int, beacon_round: int) -> None:
        """Rule 1; `LedgerError` otherwise."""
        if self.is_closed:
            raise LedgerError("retired", "the channel is retired: its last block is cut", self.genesis.channel)
        if time_ms <= self.time_ms:
            raise LedgerError("block-time", f"time {time_ms} is not after the last block's {self.time_ms}")
        if beacon_round < self.beacon_round:
            raise LedgerError("beacon-round", f"beacon round {beacon_round} is before the last {self.beacon_round}")

    def _genesis_block(self, genesis_bytes: bytes) -> CommittedBlock:
        draft = _Draft(self.genesis.time, -1, 0, self.tree.root().hex())
        if self.genesis.channel == GOVERNANCE:
            self.state.put(POLICY, CURRENT, self.genesis.policy)
        for operator in self.genesis.operators:
            self.state.put(ACCOUNTS, operator.account, operator_account(operator))
        for name in sorted(self.contracts):
            genesis_call = self.contracts[name].genesis
            if genesis_call is not None:
                call = self._call(name, draft)
                genesis_call(call)
                self._commit(call)
        draft.entries.append(genesis_bytes)
        return self._close(draft)

    def _import(self, event: Event) -> None:
        """Rule 2."""
        if event.name in ACCOUNT_EVENTS:
            account = told_account(event)
            self.state.put(ACCOUNTS, account.account, account)
        elif event.name == PARAMETERS:
            self._parameters.note(event, self.height + 1)
        elif event.name == RETIRED and told_retirement(event).channel == self.genesis.channel:
            self.state.put(CHANNEL, RETIRING, self.height + 1)
            self.is_retiring = True

    def _run_triggers(self, draft: _Draft) -> None:
        """Rule 4."""
        while draft.triggers < self._cut.triggers_per_block_max:
            next_ms = self._schedule.next_ms
            if next_ms is None or next_ms > draft.time_ms:
                break
            draft.triggers += 1
            due, contract, key, method = self._schedule.pop()
            trigger = self.contracts[contract].trigger(method)
            if trigger is None:
                raise LedgerError("unknown-trigger", f"{contract} has no trigger {method}")
            call = self._call(contract, draft)
            call.due_ms = due
            receipt, written = run_call(call, partial(trigger.run, call, key), None, self.schemas)
            entry = Trigger(contract=contract, due=due, key=key, kind="trigger", method=method, receipt=receipt)
            self._record(draft, call if receipt.status == "accepted" else None, encode_entry(entry), written)

    def _may_end(self, draft: _Draft) -> bool:
        """Rule 6."""
        next_ms = self._schedule.next_ms
        if next_ms is not None and next_ms <= draft.time_ms:
            return False
        return not any(
            contract.has_open_positions is not None and contract.has_open_positions(self._call(name, draft))
            for name, contract in sorted(self.contracts.items())
        )

    def _run_transaction(self, draft: _Draft, transaction: SignedTransaction, checked: Checked) -> None:
        """Rule 5."""
        try:
            admitted = admit(transaction, self.address, self.state, self.contracts, draft.time_ms, checked)
        except AdmissionError as error:
            draft.outcomes.append(Outcome(None, None, error))
            return
        body = transaction.body
        call = self._call(body.contract, draft)
        call.caller, submitted = admitted.caller, admitted.submitted
        if submitted is not None:
            call.rows, call.columns, call.rows_root = submitted.rows, submitted.columns, submitted.root
        receipt, written = run_call(call, lambda: execute(admitted, call, self.contracts), submitted, self.schemas)
        data = transaction_entry(transaction, receipt)
        if len(data) > LIMITS.entry_bytes_max:
            written = [submitted] if submitted is not None else []
            receipt = rejected("entry-size", f"{len(data)} bytes", written)
            data = transaction_entry(transaction, receipt)
        self.state.put(NONCES, body.account, body.nonce)
        draft.outcomes.append(Outcome(draft.next_entry, receipt, None))
        accepted = receipt.status == "accepted"
        self._record(draft, call if accepted else None, data, written)
        if not accepted:
            self._tell_of_rejection(draft, admitted.caller, receipt.code)

    def _tell_of_rejection(self, draft: _Draft, caller: Account, code: str) -> None:
        """Contracts that watch conduct take note (rule 5)."""
        for name, contract in sorted(self.contracts.items()):
            if contract.after_rejection is not None:
                call = self._call(name, draft)
                call.caller = caller
                contract.after_rejection(call, code)
                self._commit(call)

    def _record(self, draft: _Draft, call: Call | None, data: bytes, written: list[EntryRows]) -> None:
        """Append the entry and its rows; make an accepted call's writes part of the state."""
        entry = draft.next_entry
        for rows in written:
            log = self.tables[rows.table]
            log.append(entry, rows)
            if log.pending_count >= self._cut.segment_rows_max:
                draft.wants_seal = True
        draft.entries.append(data)
        if call is not None:
            self._commit(call)
            if call.seals:
                draft.wants_seal = True
            if self.genesis.channel == GOVERNANCE:
                # What governance decides for itself it need not import.
                for event in call.events:
                    if event.name == PARAMETERS:
                        self._parameters.note(event, self.height + 1)

    def _commit(self, call: Call) -> None:
        call.overlay.apply()
        for scheduled in call.scheduled:
            self._schedule.add(scheduled)

    def _call(self, contract: str, draft: _Draft) -> Call:
        known = self.contracts.get(contract)
        if known is None:
            # Rule 7 of `chain.execution` rejects it; the record contract lends its (empty) parameters until then.
            known = self.contracts["record"]
        parameters, entry = self._parameters.of(known.name), draft.next_entry
        call = open_call(known, parameters, self.genesis.channel, self.state, draft.time_ms, entry)
        call.is_retiring = self.is_retiring
        return call

    def _close(self, draft: _Draft) -> CommittedBlock:
        """Rules 7 and 8."""
        if draft.is_last:
            self.state.put(CHANNEL, CLOSED, self.height + 1)
            self.is_closed = True
        segments: list[Segment] = []
        if draft.wants_seal:
            end = draft.next_entry
            for _, log in sorted(self.tables.items()):
                if log.pending_count:
                    segments.append(log.close_segment(end, self.genesis.encoder))
                    draft.entries.append(encode_entry(segments[-1].seal))
            if segments:
                self.sealed_to = end
                self._catalogue = self._catalogue_root()
        has_state_root = bool(segments) or draft.is_last
        block = Block(
            beacon_round=draft.beacon_round,
            catalogue_root=self._catalogue,
            count=len(draft.entries) + 1,
            first=draft.first,
            height=self.height + 1,
            kind="block",
            previous=draft.previous,
            state_keys=self.state.count() if has_state_root else 0,
            state_root=self.state.root().hex() if has_state_root else "",
            time=draft.time_ms,
        )
        draft.entries.append(encode_entry(block))
        self.tree_before = self.tree.copy()
        self.tree.extend(draft.entries)
        self.height, self.time_ms, self.beacon_round = block.height, draft.time_ms, draft.beacon_round
        return CommittedBlock(
            block=block,
            entries=tuple(draft.entries),
            size=self.tree.size,
            root=self.tree.root(),
            segments=tuple(segments),
            outcomes=tuple(draft.outcomes),
            triggers=draft.triggers,
        )

    def _catalogue_root(self) -> str:
        return catalogue_root([log.catalogue_leaf(self.sealed_to) for log in self.tables.values()])
