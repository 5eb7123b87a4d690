"""One channel on disk: append blocks durably, sign them, come back after a kill.

Per block, in this order:
1. execute (`chain.replica`);
2. journal the entries and the rows of batches, synced: now the block exists;
3. write the files of sealed segments (a restart makes missing ones again);
4. validators promise and cosign, the log key signs;
5. after every so many blocks with a state root, sync the segments' files, write a snapshot, begin a journal segment.

On opening, the newest snapshot that holds is taken up and the journal after it is executed again; it must give the same
entries. A torn last record was never acknowledged. Without a snapshot that holds, all of the journal is executed.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chain.blockstream import block_inputs, parse_genesis
from chain.collector import collector_paused
from chain.contract import Contract
from chain.durable import sync_path
from chain.entry import Body, Event, Genesis, Head, Seal
from chain.errors import ChainError, LedgerError
from chain.frontier import Frontier
from chain.history import History, StoredBlock, first_block
from chain.layout import stored_segment_path
from chain.note import Note, SigningKey
from chain.policy import Policy
from chain.replica import CommittedBlock, Replica
from chain.signatures import SignerCheck, check_in_turn
from chain.snapshot import read_snapshot, snapshots, write_snapshot
from chain.tables import Segment, parse_seal
from chain.transaction import SignedTransaction
from chain.validator import LogTree, Validators, sign_checkpoint

ImportsOf = Callable[[int, int], list[Event]]
"""(previous beacon round, beacon round) → events to import in between."""

SNAPSHOT_SEALS = 1
"""Blocks with a state root from one snapshot to the next, if nobody says otherwise; 0: no snapshots."""

_SEAL = b'{"encoder":'
"""How a `seal` entry begins, and no other kind."""


class Signing:
    """Who signs a log's checkpoints."""

    __slots__ = ("_log_key", "_origin", "_policy", "_validators")

    def __init__(self, origin: str, log_key: SigningKey, policy: Policy, validators: Validators) -> None:
        self._origin = origin
        self._log_key = log_key
        self._policy = policy
        self._validators = validators

    def sign(self, log: "_GrownLog", time_ms: int) -> Note:
        """The signed checkpoint of the log's head, its last block being of `time_ms`."""
        return sign_checkpoint(LogTree(self._origin, log, time_ms), self._log_key, self._policy, self._validators)

    def require_state(self) -> None:
        """`LedgerError` if blocks exist but the signing state is lost: such keys are retired, not restarted."""
        if not self._validators.has_signed(self._origin):
            raise LedgerError(
                "signing-state", "the signing state is lost: retire the keys, a restart could sign a fork", self._origin
            )


@dataclass(frozen=True, slots=True)
class _GrownLog:
    """A log as its validators ask for it: its root now, and at the size that they signed last."""

    tree: Frontier
    history: History
    known: dict[int, bytes]
    """Size → root, of the last blocks; an older one is computed from the entries."""

    @property
    def size(self) -> int:
        return self.tree.size

    def root(self, size: int | None = None) -> bytes:
        if size is None or size == self.tree.size:
            return self.tree.root()
        if size not in self.known:
            older = Frontier()
            for block in self.history.blocks(0):
                older.extend(block.entries[: max(size - older.size, 0)])
                if older.size == size:
                    break
            self.known[size] = older.root()
        return self.known[size]


class ChannelLedger:
    """See the module's docstring."""

    def __init__(self, folder: Path, replica: Replica, history: History, signing: Signing, snapshot_seals: int) -> None:
        self.folder = folder
        self.replica = replica
        self.entries = history
        """Every entry of the log, read from disk."""
        self.resumed_at = 0
        """Size of the log at the snapshot from which this process went on; 0: it executed everything."""
        self.snapshot_error: LedgerError | None = None
        """Why the last snapshot could not be written: no reason to stop, a restart takes longer."""
        self._signing = signing
        self._snapshot_seals = snapshot_seals
        self._unsnapped_seals = 0
        self._unsynced: list[Path] = []
        """Segment files written since the last snapshot."""
        self._roots: dict[int, bytes] = {}
        """Size → root after blocks that nobody has signed yet, and after the last that was signed."""
        self._is_ahead = False
        """Whether the replica has executed what the journal does not have."""
        self.dropped: Counter[str] = Counter()
        """Transactions that were not admissible since this process began, by code."""
        self.checkpoint: Note | None = None
        """The signed note of the last committed block; None while a block is under way or has failed half-way."""

    @classmethod
    def create(
        cls,
        folder: Path,
        genesis: Genesis,
        contracts: Sequence[Contract],
        signing: Signing,
        check_signers: SignerCheck = check_in_turn,
        snapshot_seals: int = SNAPSHOT_SEALS,
    ) -> "ChannelLedger":
        """Begin a channel with block 0."""
        history = History(folder, genesis.channel)
        if len(history):
            history.close()
            raise LedgerError("exists", "this channel has begun already", genesis.channel)
        ledger = cls(folder, Replica(genesis, contracts, check_signers), history, signing, snapshot_seals)
        ledger._commit(ledger.replica.initial_block, [])
        return ledger

    @classmethod
    def open(
        cls,
        folder: Path,
        channel: str,
        resolve: Callable[[Genesis], Sequence[Contract]],
        imports_of: ImportsOf,
        signing: Signing,
        check_signers: SignerCheck = check_in_turn,
        snapshot_seals: int = SNAPSHOT_SEALS,
    ) -> "ChannelLedger":
        """Come back to the last block; `LedgerError` names the first that comes out different."""
        genesis = read_genesis(folder, channel)
        signing.require_state()
        contracts = resolve(genesis)
        history = History(folder, channel)
        try:
            replica = _resumed(history, folder, lambda: Replica(genesis, contracts, check_signers))
            ledger = cls(folder, replica, history, signing, snapshot_seals)
            ledger.resumed_at = replica.tree.size if replica.height else 0
            ledger._replay(imports_of)
            ledger._sign()
        except ChainError:
            history.close()
            raise
        return ledger

    def commit(
        self, time_ms: int, beacon_round: int, imports: Sequence[Event], transactions: Sequence[SignedTransaction]
    ) -> CommittedBlock:
        """Append a block; when this returns, it is durable and signed.

        After a failure between execution and journal (a full disk) memory is ahead of the disk: opening again is the
        only way on.
        """
        if self._is_ahead:
            sentence = "an earlier block could not be written; open the ledger again"
            raise LedgerError("stopped", sentence, self.replica.genesis.channel)
        self.replica.require_next(time_ms, beacon_round)
        self._is_ahead = True
        self.checkpoint = None
        with collector_paused():
            block = self.replica.execute_block(time_ms, beacon_round, imports, transactions)
            self._commit(block, transactions)
        return block

    @property
    def head(self) -> Head:
        """The channel as a beacon round may pin it; `LedgerError` while its last block is not signed."""
        if self.checkpoint is None:
            sentence = "its last block failed half-way and is not signed; open the ledger again"
            raise LedgerError("unsigned", sentence, self.replica.genesis.channel)
        return self.replica.head

    def sign_with(self, signing: Signing) -> Note:
        """The head, signed by others than those who sign it now: the policy that is to follow."""
        return signing.sign(_GrownLog(self.replica.tree, self.entries, self._roots), self.replica.time_ms)

    def change_signing(self, signing: Signing, checkpoint: Note) -> None:
        """Another policy is in force: its checkpoint of the head is the channel's, and it signs from now on."""
        self._signing = signing
        self.checkpoint = checkpoint

    @property
    def seals(self) -> Iterator[Seal]:
        """Every seal of the log in order, read from disk; the segments' files lie in the folder."""
        return (parse_seal(data) for data in self.entries if data.startswith(_SEAL))

    def close(self) -> None:
        """Release the journal."""
        self.entries.close()

    def _commit(self, block: CommittedBlock, transactions: Sequence[SignedTransaction]) -> None:
        """Steps 2–5."""
        self.dropped.update(outcome.dropped.code for outcome in block.outcomes if outcome.dropped is not None)
        rows = {
            outcome.entry: transaction.rows
            for outcome, transaction in zip(block.outcomes, transactions, strict=True)
            if outcome.entry is not None and transaction.rows
        }
        self.entries.append(block.entries, rows)
        self._store(block)
        self._is_ahead = False
        self._sign()
        if block.block.state_root and 0 < self._snapshot_seals <= self._unsnapped_seals:
            self._snapshot()

    def _sign(self) -> None:
        """Step 4."""
        log = _GrownLog(self.replica.tree, self.entries, self._roots)
        self.checkpoint = self._signing.sign(log, self.replica.time_ms)
        self._roots = {log.size: log.root()}

    def _snapshot(self) -> None:
        """Step 5. What cannot be written now is tried again at the next block with a state root."""
        try:
            self._sync_segments()
            write_snapshot(self.folder, self.replica, self.entries.last)
            self.entries.begin_segment()
        except LedgerError as error:
            self.snapshot_error = error
        else:
            self.snapshot_error = None
            self._unsnapped_seals = 0

    def _sync_segments(self) -> None:
        """A restart from the snapshot does not make the files again that lie before it."""
        try:
            for path in dict.fromkeys([*self._unsynced, *(path.parent for path in self._unsynced)]):
                sync_path(path)
        except OSError as error:
            raise LedgerError("disk", f"cannot sync: {error.strerror}", self.replica.genesis.channel) from error
        self._unsynced.clear()

    def _replay(self, imports_of: ImportsOf) -> None:
        """Execute again what the journal holds after the replica's last block."""
        start = self.replica.tree.size if self.replica.height else 0
        for stored in self.entries.blocks(start):
            if stored.place.first == 0:
                self._adopt(self.replica.initial_block, stored)
                continue
            self._replay_block(stored, imports_of)

    def _replay_block(self, stored: StoredBlock, imports_of: ImportsOf) -> None:
        def rows_of(entry: int, _: Body) -> bytes:
            return stored.rows.get(entry, b"")

        for given in block_inputs(stored.entries, self.replica.tree.size, rows_of, self.replica.genesis.channel):
            imports = imports_of(self.replica.beacon_round, given.block.beacon_round)
            with collector_paused():
                block = self.replica.execute_block(
                    given.block.time, given.block.beacon_round, imports, given.transactions
                )
            self._adopt(block, stored)

    def _adopt(self, block: CommittedBlock, stored: StoredBlock) -> None:
        if block.entries != stored.entries:
            height, channel = block.block.height, self.replica.genesis.channel
            raise LedgerError("replay", "executing the journal again gives another block", f"{channel} block {height}")
        self._store(block)

    def _store(self, block: CommittedBlock) -> None:
        """Step 3."""
        self._roots[block.size] = block.root
        self._unsnapped_seals += bool(block.block.state_root)
        for segment in block.segments:
            path = self.folder / _stored_path(self.replica.genesis.channel, segment)
            _store_file(path, segment.parquet)
            self._unsynced.append(path)


def _resumed(history: History, folder: Path, begin: Callable[[], Replica]) -> Replica:
    """A replica at the newest snapshot that holds, or at block 0."""
    replica = begin()
    channel = replica.genesis.channel
    for path in snapshots(folder, channel):
        try:
            snapshot = read_snapshot(path, replica.space_type)
            replica.resume(snapshot.sealed, history.block_at(snapshot.place).entries)
            return replica
        except ChainError:
            replica = begin()
    return replica


def _stored_path(channel: str, segment: Segment) -> str:
    seal = segment.seal
    return stored_segment_path(channel, seal.table, seal.first, seal.end)


def _store_file(path: Path, data: bytes) -> None:
    """Make the file at `path` hold `data`. It is not synced: what a crash took or tore is made again on opening."""
    try:
        if path.is_file() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(data)
        os.replace(partial, path)
    except OSError as error:
        raise LedgerError("disk", f"cannot write: {error.strerror}", str(path)) from error


def read_genesis(folder: Path, channel: str) -> Genesis:
    """The genesis entry of a channel in a ledger folder."""
    block = first_block(folder, channel)
    if block is None:
        raise LedgerError("empty", "this channel has no blocks", channel)
    genesis = parse_genesis(block.entries, channel)
    if genesis.channel != channel:
        raise LedgerError("journal", f"this is the journal of channel {genesis.channel}", channel)
    return genesis
