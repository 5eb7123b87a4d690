"""Execute a channel again from its record and compare every byte.

1. A batch's rows come from the `…_submitted` files, which their seals vouch for; they must hash to the signed root.
2. Block by block: inputs from the log, imports from governance, execution by the contracts that genesis names.
3. Every entry must come out as it stands in the log; the first that does not is named with what differs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chain import jcs
from chain.beacon import GovernanceFeed, check_import, governance_size
from chain.blockstream import BlockInput, block_inputs
from chain.contract import Contract
from chain.contracts.installed import resolve_contracts
from chain.entry import BeaconLeaf, Body
from chain.errors import ChainError, ExportError, LedgerError
from chain.parquet import decode_parquet
from chain.reader import ExportReader
from chain.record import ChannelRecord
from chain.replica import CommittedBlock, Replica
from chain.schema import Schema
from chain.seals import SealedSegment, check_segment_file
from chain.transaction import row_hashes, rows_root

Visit = Callable[[Replica, CommittedBlock], None]
"""Sees the replica after each block."""


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    """What was recomputed for one channel."""

    channel: str
    entries: int
    blocks: int
    transactions: int
    rejected: int
    triggers: int
    segments: int
    rows: int
    is_closed: bool
    """Retired: there is no block after the last."""


class SubmittedRows:
    """Rule 1: the rows of batches, segment by segment, in the order of the log."""

    def __init__(self, record: ChannelRecord, reader: ExportReader, contracts: Mapping[str, Contract]) -> None:
        self._record = record
        self._reader = reader
        self._contracts = contracts
        self._loaded: dict[str, tuple[SealedSegment, dict[int, bytes]]] = {}

    def lines_of(self, entry: int, body: Body) -> bytes:
        """Lines of the batch that entry `entry` signed; `ExportError` if they are not those that were signed."""
        where = f"{self._record.channel} entry {entry}"
        contract = self._contracts.get(body.contract)
        method = contract.method(body.method) if contract is not None else None
        if method is None or method.batch is None:
            raise ExportError("rows", f"a batch for {body.contract}.{body.method}, which takes none", where)
        segment, lines = self._segment(method.batch, entry, where)
        found = lines.get(entry, b"")
        hashes = row_hashes(found) if found else []
        if len(hashes) != body.rows_count or rows_root(hashes) != body.rows_root:
            raise ExportError("rows", f"the rows of {where} are not those that were signed", segment.path)
        return found

    def _segment(self, schema: Schema, entry: int, where: str) -> tuple[SealedSegment, dict[int, bytes]]:
        loaded = self._loaded.get(schema.table)
        if loaded is None or not loaded[0].seal.first <= entry < loaded[0].seal.end:
            segments = self._record.segments[schema.table]
            segment = next((s for s in segments if s.seal.first <= entry < s.seal.end), None)
            if segment is None:
                raise ExportError("rows", f"no sealed segment of {schema.table} holds the rows of this entry", where)
            data = check_segment_file(self._reader, segment)
            loaded = (segment, _lines_by_entry(schema, data, segment.path))
            self._loaded[schema.table] = loaded
        return loaded


def _lines_by_entry(schema: Schema, data: bytes, path: str) -> dict[int, bytes]:
    entries, _, rows = decode_parquet(schema, data, path)
    found: dict[int, bytes] = {}
    start = 0
    while start < len(entries):
        end = start
        while end < len(entries) and entries[end] == entries[start]:
            end += 1
        found[entries[start]] = schema.encode_lines(rows[start:end])
        start = end
    return found


def execute_channel(
    record: ChannelRecord,
    reader: ExportReader,
    leaves: Sequence[BeaconLeaf],
    feed: GovernanceFeed,
    done: Callable[[int], None],
    visit: Visit | None = None,
) -> ChannelSummary:
    """Rules 2 and 3; `done` hears how many entries came out right. Raises `ChainError` naming the place."""
    contracts = resolve_contracts(record.genesis)
    submitted = SubmittedRows(record, reader, {contract.name: contract for contract in contracts})
    replica = Replica(record.genesis, contracts)
    counts = dict.fromkeys(("transactions", "rejected", "triggers", "segments", "rows"), 0)
    for given in block_inputs(record.entries, 0, submitted.lines_of, record.channel):
        block = _execute_block(replica, given, leaves, feed)
        _compare(record.channel, given, block)
        _count(counts, block)
        if visit is not None:
            visit(replica, block)
        done(len(block.entries))
    return ChannelSummary(record.channel, replica.tree.size, replica.height + 1, **counts, is_closed=replica.is_closed)


def _execute_block(
    replica: Replica, given: BlockInput, leaves: Sequence[BeaconLeaf], feed: GovernanceFeed
) -> CommittedBlock:
    """Rule 2 for one block."""
    where = f"{replica.genesis.channel} block {given.block.height}"
    if replica.height == 0 and given.block.height == 0:
        return replica.initial_block
    try:
        check_import(replica.genesis, leaves, given.block.beacon_round, given.block.time, where)
        imports = feed.between(
            governance_size(leaves, replica.beacon_round), governance_size(leaves, given.block.beacon_round)
        )
        return replica.execute_block(given.block.time, given.block.beacon_round, imports, given.transactions)
    except LedgerError as error:
        raise error.at(where) from None


def _compare(channel: str, given: BlockInput, block: CommittedBlock) -> None:
    """Rule 3."""
    if block.entries == given.entries:
        return
    for outcome in block.outcomes:
        if outcome.dropped is not None:
            sentence = f"the block records a transaction that is not admissible: {outcome.dropped}"
            raise ExportError("not-admissible", sentence, f"{channel} block {given.block.height}")
    for offset, (recorded, recomputed) in enumerate(zip(given.entries, block.entries, strict=False)):
        if recorded != recomputed:
            where = f"{channel} entry {block.block.first + offset}"
            raise ExportError("re-execution", _difference(recorded, recomputed), where)
    sentence = f"{len(given.entries)} entries on the record, re-execution gives {len(block.entries)}"
    raise ExportError("re-execution", sentence, f"{channel} block {given.block.height}")


def _difference(recorded: bytes, recomputed: bytes) -> str:
    """The first member that differs, with both values."""
    try:
        path, found, expected = first_difference("entry", jcs.decode(recorded), jcs.decode(recomputed))
    except ChainError:
        return "re-execution gives another entry"
    return f"{path} is {_short(found)} on the record, re-execution gives {_short(expected)}"


def first_difference(path: str, recorded: Any, recomputed: Any) -> tuple[str, Any, Any]:
    """(member, value on the record, value recomputed) of the first place where two decoded JSON values differ."""
    if isinstance(recorded, dict) and isinstance(recomputed, dict):
        for key in sorted(recorded.keys() | recomputed.keys()):
            if recorded.get(key) != recomputed.get(key):
                return first_difference(f"{path}.{key}", recorded.get(key), recomputed.get(key))
    if isinstance(recorded, list) and isinstance(recomputed, list):
        for index, (left, right) in enumerate(zip(recorded, recomputed, strict=False)):
            if left != right:
                return first_difference(f"{path}[{index}]", left, right)
    return path, recorded, recomputed


def _short(value: Any) -> str:
    text = jcs.encode(value).decode("utf-8", "replace")
    return text if len(text) <= 80 else text[:77] + "..."


def _count(counts: dict[str, int], block: CommittedBlock) -> None:
    counts["transactions"] += len(block.outcomes)
    counts["rejected"] += sum(1 for o in block.outcomes if o.receipt is not None and o.receipt.status == "rejected")
    counts["segments"] += len(block.segments)
    counts["rows"] += sum(segment.seal.rows_count for segment in block.segments)
    counts["triggers"] += block.triggers
