"""One channel on disk: append blocks durably, sign them, come back after a kill.

Per block, in this order:
1. execute (`chain.replica`);
2. journal the entries and the rows of batches, synced: now the block exists;
3. write the files of sealed segments (a restart makes missing ones again);
4. validators promise and cosign, the log key signs.

On opening, the journal is executed again and must give the same entries; a torn last record was never acknowledged.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from chain.blockstream import block_inputs, parse_genesis
from chain.contract import Contract
from chain.entry import Body, Event, Genesis, Head
from chain.errors import LedgerError
from chain.journal import Journal
from chain.layout import journal_path, stored_segment_path
from chain.note import Note, SigningKey
from chain.policy import Policy
from chain.replica import CommittedBlock, Replica
from chain.signatures import SignerCheck, check_in_turn
from chain.tables import Segment
from chain.transaction import SignedTransaction
from chain.validator import LogTree, Validators, sign_checkpoint

ImportsOf = Callable[[int, int], list[Event]]
"""(previous beacon round, beacon round) → events to import in between."""


class _JournalBlock(msgspec.Struct, frozen=True, array_like=True):
    """A block as journalled."""

    entries: tuple[bytes, ...]
    rows: dict[int, bytes]
    """Entry index → lines of its batch."""


_JOURNAL_BLOCK = msgspec.msgpack.Decoder(_JournalBlock)


class Signing:
    """Who signs a log's checkpoints."""

    __slots__ = ("_log_key", "_origin", "_policy", "_validators")

    def __init__(self, origin: str, log_key: SigningKey, policy: Policy, validators: Validators) -> None:
        self._origin = origin
        self._log_key = log_key
        self._policy = policy
        self._validators = validators

    def sign(self, replica: Replica) -> Note:
        """The signed checkpoint of the replica's head."""
        log = LogTree(self._origin, replica.tree, replica.time_ms)
        return sign_checkpoint(log, self._log_key, self._policy, self._validators)

    def require_state(self) -> None:
        """`LedgerError` if blocks exist but the signing state is lost: such keys are retired, not restarted."""
        if not self._validators.has_signed(self._origin):
            raise LedgerError(
                "signing-state", "the signing state is lost: retire the keys, a restart could sign a fork", self._origin
            )


class ChannelLedger:
    """See the module's docstring."""

    def __init__(
        self, folder: Path, replica: Replica, entries: list[bytes], journal: Journal, signing: Signing
    ) -> None:
        self.folder = folder
        self.replica = replica
        self.entries = entries
        """Every entry of the log."""
        self.segments: list[Segment] = []
        """Seals with empty file bytes: the files lie in the folder."""
        self._journal = journal
        self._signing = signing
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
    ) -> "ChannelLedger":
        """Begin a channel with block 0."""
        journal = Journal(folder / journal_path(genesis.channel))
        if next(journal.records(), None) is not None:
            raise LedgerError("exists", "this channel has begun already", str(journal.path))
        ledger = cls(folder, Replica(genesis, contracts, check_signers), [], journal, signing)
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
    ) -> "ChannelLedger":
        """Execute the journal again; `LedgerError` names the first block that comes out different."""
        journal = Journal(folder / journal_path(channel))
        records = [_decode_block(record, journal.path) for record in journal.records()]
        if not records:
            raise LedgerError("empty", "this channel has no blocks", str(journal.path))
        signing.require_state()
        genesis = _genesis_of(records[0], channel, journal.path)
        ledger = cls(folder, Replica(genesis, resolve(genesis), check_signers), [], journal, signing)
        ledger._adopt(ledger.replica.initial_block, records[0])
        for record in records[1:]:
            ledger._replay(record, imports_of)
        ledger.checkpoint = signing.sign(ledger.replica)
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

    def close(self) -> None:
        """Release the journal."""
        self._journal.close()

    def _commit(self, block: CommittedBlock, transactions: Sequence[SignedTransaction]) -> None:
        """Steps 2–4."""
        self.dropped.update(outcome.dropped.code for outcome in block.outcomes if outcome.dropped is not None)
        rows = {
            outcome.entry: transaction.rows
            for outcome, transaction in zip(block.outcomes, transactions, strict=True)
            if outcome.entry is not None and transaction.rows
        }
        self._journal.append(msgspec.msgpack.encode(_JournalBlock(block.entries, rows)))
        self._store(block)
        self._is_ahead = False
        self.checkpoint = self._signing.sign(self.replica)

    def _replay(self, record: _JournalBlock, imports_of: ImportsOf) -> None:
        def rows_of(entry: int, _: Body) -> bytes:
            return record.rows.get(entry, b"")

        for given in block_inputs(record.entries, self.replica.tree.size, rows_of, self.replica.genesis.channel):
            imports = imports_of(self.replica.beacon_round, given.block.beacon_round)
            block = self.replica.execute_block(given.block.time, given.block.beacon_round, imports, given.transactions)
            self._adopt(block, record)

    def _adopt(self, block: CommittedBlock, record: _JournalBlock) -> None:
        if block.entries != record.entries:
            height, channel = block.block.height, self.replica.genesis.channel
            raise LedgerError("replay", "executing the journal again gives another block", f"{channel} block {height}")
        self._store(block)

    def _store(self, block: CommittedBlock) -> None:
        """Step 3."""
        self.entries.extend(block.entries)
        for segment in block.segments:
            seal = segment.seal
            name = stored_segment_path(self.replica.genesis.channel, seal.table, seal.first, seal.end)
            _store_file(self.folder / name, segment.parquet)
            self.segments.append(Segment(seal, b""))


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
    with Journal(folder / journal_path(channel)) as journal:
        record = next(journal.records(), None)
    if record is None:
        raise LedgerError("empty", "this channel has no blocks", channel)
    return _genesis_of(_decode_block(record, journal.path), channel, journal.path)


def _genesis_of(record: _JournalBlock, channel: str, path: Path) -> Genesis:
    genesis = parse_genesis(record.entries, channel)
    if genesis.channel != channel:
        raise LedgerError("journal", f"this is the journal of channel {genesis.channel}", str(path))
    return genesis


def _decode_block(record: bytes, path: Path) -> _JournalBlock:
    try:
        return _JOURNAL_BLOCK.decode(record)
    except msgspec.DecodeError as error:
        raise LedgerError("journal", f"not a journal of blocks: {error}", str(path)) from None
