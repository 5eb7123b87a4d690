"""Evidence from a verified record: the rows and entries asked for, and the path from each to the beacon's checkpoint.

Nothing is taken from a query's answer but coordinates. Rows are read from their sealed segment, and both roots above
them, the seal's and the receipt's, are recomputed before anything is handed out.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from chain.entry import Transaction, Trigger, Written
from chain.errors import ExportError
from chain.imports import GOVERNANCE
from chain.merkle import Tree
from chain.parquet import decode_parquet
from chain.record import ChannelRecord, Record, SealedSegment
from chain.transaction import row_hashes
from queries.derived import block_entries, closing_block, entry_of
from queries.errors import EvidenceError
from queries.evidence.document import (
    FORMAT,
    BeaconPart,
    ChannelPart,
    Document,
    EntryPart,
    RowPart,
    SegmentPart,
    TablePart,
    WrittenPart,
    encode_document,
    encode_nodes,
)
from queries.evidence.multiproof import prove_many
from queries.limits import QUERY_LIMITS

Coordinates = tuple[str, str, int, int]
"""(table, channel, entry, position); table "" is the log entry itself."""

ReadSegment = Callable[[Record, SealedSegment], bytes]


@dataclass(slots=True)
class _Need:
    """What is asked of one channel."""

    asked: set[int] = field(default_factory=set)
    rows: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    """Table → (entry, position)."""
    entries: set[int] = field(default_factory=set)
    """Every entry that something rests on."""


@dataclass(frozen=True, slots=True)
class _SegmentRows:
    """A segment's rows as they are hashed."""

    segment: SealedSegment
    entries: Sequence[int]
    positions: Sequence[int]
    lines: Sequence[bytes]
    tree: Tree

    def index(self, entry: int, position: int) -> int:
        """Place of a row, by its coordinates."""
        found = bisect_left(self.entries, entry) + position
        if (
            position < 0
            or found >= len(self.entries)
            or (self.entries[found], self.positions[found]) != (entry, position)
        ):
            raise EvidenceError("no-row", f"entry {entry} wrote no row {position}", self.segment.seal.table)
        return found


def build_evidence(record: Record, coordinates: Iterable[Coordinates], read: ReadSegment) -> bytes:
    """The evidence file; `EvidenceError` where the record has no such row or entry."""
    needs: dict[str, _Need] = {GOVERNANCE: _Need(entries={0})}
    listed = list(coordinates)
    if not listed or len(listed) > QUERY_LIMITS.evidence_rows_max:
        sentence = f"evidence proves 1 to {QUERY_LIMITS.evidence_rows_max} rows, here are {len(listed)}"
        raise EvidenceError("rows", sentence)
    for table, channel, entry, position in listed:
        _require(record, table, channel, entry, position)
        need = needs.setdefault(channel, _Need())
        if table:
            need.rows.setdefault(table, set()).add((entry, position))
        else:
            need.asked.add(entry)
    channels = tuple(_channel(record, record.channels[name], needs[name], read) for name in sorted(needs))
    last = len(record.leaves) - 1
    beacon = BeaconPart(
        checkpoint=record.beacon_note.decode(),
        leaf=record.beacon_entries[last].decode(),
        nodes=encode_nodes(prove_many(record.beacon_tree, [last])),
    )
    policy = record.anchor.policy.text.decode()
    return encode_document(Document(beacon, channels, FORMAT, record.network, policy))


def _require(record: Record, table: str, channel: str, entry: int, position: int) -> None:
    if type(entry) is not int or type(position) is not int:
        raise EvidenceError("coordinates", "entry and position are whole numbers", str(channel))
    found = record.channels.get(channel)
    if found is None:
        raise EvidenceError("no-channel", f"the record has no channel {channel!r}")
    if not 0 <= entry < len(found.entries):
        raise EvidenceError("no-entry", f"the log has {len(found.entries)} entries, not {entry}", channel)
    if table and table not in found.schemas:
        raise EvidenceError("no-table", f"the channel has no table {table!r}", channel)


def _channel(record: Record, channel: ChannelRecord, need: _Need, read: ReadSegment) -> ChannelPart:
    tables = tuple(_table(record, channel, table, need, read) for table in sorted(need.rows))
    in_blocks = need.asked | {entry for rows in need.rows.values() for entry, _ in rows}
    blocks = block_entries(channel) if in_blocks else []
    need.entries |= in_blocks | {closing_block(blocks, entry) for entry in in_blocks}
    wanted = sorted(need.entries)
    return ChannelPart(
        asked=tuple(sorted(need.asked)),
        channel=channel.channel,
        entries=tuple(EntryPart(channel.entries[index].decode(), index) for index in wanted),
        nodes=encode_nodes(prove_many(channel.tree, wanted)),
        tables=tables,
    )


def _table(record: Record, channel: ChannelRecord, table: str, need: _Need, read: ReadSegment) -> TablePart:
    """Rows of one table, segment by segment, and what their entries' receipts say of them."""
    schema = channel.schemas[table]
    rows: list[RowPart] = []
    segments: list[SegmentPart] = []
    written: list[WrittenPart] = []
    wanted = sorted(need.rows[table])
    while wanted:
        segment = _segment_of(channel, table, wanted[0][0])
        inside = [place for place in wanted if place[0] < segment.seal.end]
        wanted = wanted[len(inside) :]
        loaded = _load(record, channel, segment, read)
        places = {place: loaded.index(*place) for place in inside}
        need.entries.add(segment.entry)
        segments.append(SegmentPart(encode_nodes(prove_many(loaded.tree, list(places.values()))), segment.entry))
        for (entry, position), index in places.items():
            rows.append(RowPart(loaded.lines[index].decode(), entry, index, position, segment.entry))
        for entry in dict.fromkeys(entry for entry, _ in inside):
            positions = [position for at, position in inside if at == entry]
            written.append(WrittenPart(entry, encode_nodes(_written(channel, loaded, entry, positions))))
    return TablePart(tuple(rows), schema.canonical.decode(), tuple(segments), tuple(written))


def _segment_of(channel: ChannelRecord, table: str, entry: int) -> SealedSegment:
    for segment in channel.segments[table]:
        if segment.seal.first <= entry < segment.seal.end:
            return segment
    raise EvidenceError("no-row", f"no sealed segment of {table} holds rows of entry {entry}", channel.channel)


def _load(record: Record, channel: ChannelRecord, segment: SealedSegment, read: ReadSegment) -> _SegmentRows:
    """A segment's rows, their root recomputed and compared with the seal."""
    schema = channel.schemas[segment.seal.table]
    entries, positions, rows = decode_parquet(schema, read(record, segment), segment.path)
    # Coordinates are in no hash: whoever sealed the file may have left them out.
    if any(type(place) is not int for places in (entries, positions) for place in places):
        raise EvidenceError("coordinates", "a row of the sealed file has no entry or no position", segment.path)
    lines = schema.encode_lines(rows)
    tree = Tree()
    tree.extend_hashes(row_hashes(lines))
    if tree.root().hex() != segment.seal.rows_root:
        raise ExportError("rows-root", f"the rows do not hash to the root of seal {segment.entry}", segment.path)
    return _SegmentRows(segment, entries, positions, lines.split(b"\n")[:-1], tree)


def _written(channel: ChannelRecord, loaded: _SegmentRows, entry: int, positions: Sequence[int]) -> bytes:
    """From these rows to the root in their entry's receipt, recomputed and compared."""
    table = loaded.segment.seal.table
    first = bisect_left(loaded.entries, entry)
    end = bisect_left(loaded.entries, entry + 1)
    tree = Tree()
    tree.extend_hashes(loaded.tree.leaf(index) for index in range(first, end))
    found = entry_of(channel, entry)
    tables = found.receipt.tables if isinstance(found, Transaction | Trigger) else ()
    if Written(rows_count=end - first, rows_root=tree.root().hex(), table=table) not in tables:
        sentence = f"the rows of {table} do not hash to the root in the receipt"
        raise ExportError("receipt-rows", sentence, f"{channel.channel} entry {entry}")
    return prove_many(tree, positions)
