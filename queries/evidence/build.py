"""Evidence from a verified record: the rows and entries asked for, and the path from each to the beacon's checkpoint.

1. Nothing is taken from a query's answer but coordinates. Rows are read from their sealed segment, and the roots above
   them are recomputed before anything is handed out.
2. Which root above a row is shown has a name (`chain.row_proof`). `sealed`, the default, shows two: the seal's, and the
   one below which the row came into being.
3. Beside each transaction that rows rest on stands the key under which its signature holds, with the entry of
   governance that gave that key to the account.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from chain.entry import Transaction
from chain.errors import ExportError
from chain.imports import GOVERNANCE
from chain.merkle import Tree
from chain.parquet import decode_parquet
from chain.record import ChannelRecord, Record
from chain.row_proof import RowRoot, given_keys, is_signed, stated_root, submitted_root, written_root
from chain.seals import SealedSegment
from chain.transaction import row_hashes
from queries.derived import block_entries, closing_block, entry_of
from queries.errors import EvidenceError
from queries.evidence.document import (
    FORMAT,
    AuthorPart,
    BeaconPart,
    ChannelPart,
    Document,
    EntryPart,
    OriginPart,
    RowPart,
    SegmentPart,
    TablePart,
    encode_document,
    encode_nodes,
)
from queries.evidence.multiproof import prove_many
from queries.limits import QUERY_LIMITS

Coordinates = tuple[str, str, int, int]
"""(table, channel, entry, position); table "" is the log entry itself."""

ReadSegment = Callable[[Record, SealedSegment], bytes]

_ACCOUNT = re.compile(rb'"account":"([^"\\]*)"')


@dataclass(slots=True)
class _Need:
    """What is asked of one channel, and what that rests on."""

    asked: set[int] = field(default_factory=set)
    rows: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    """Table → (entry, position)."""
    entries: set[int] = field(default_factory=set)
    """Every entry that something rests on."""
    tables: tuple[TablePart, ...] = ()
    authors: tuple[AuthorPart, ...] = ()


@dataclass(frozen=True, slots=True)
class _SegmentRows:
    """A segment's rows as they are hashed."""

    segment: SealedSegment
    entries: Sequence[int]
    positions: Sequence[int]
    lines: Sequence[bytes]
    hashes: Sequence[bytes]

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


def build_evidence(
    record: Record, coordinates: Iterable[Coordinates], read: ReadSegment, root: RowRoot = "sealed"
) -> bytes:
    """The evidence file; `EvidenceError` where the record has no such row or entry, or not under that root."""
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
    for name, need in needs.items():
        channel_record = record.channels[name]
        need.tables = tuple(_table(record, channel_record, table, need, read, root) for table in sorted(need.rows))
        # Beyond the seals only genesis says what a table's columns are.
        need.entries |= {0} if need.tables and root != "sealed" else set()
    _add_authors(record, needs)
    channels = tuple(_channel(record.channels[name], needs[name]) for name in sorted(needs))
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


def _channel(channel: ChannelRecord, need: _Need) -> ChannelPart:
    in_blocks = need.asked | {entry for rows in need.rows.values() for entry, _ in rows}
    blocks = block_entries(channel) if in_blocks else []
    need.entries |= in_blocks | {closing_block(blocks, entry) for entry in in_blocks}
    wanted = sorted(need.entries)
    return ChannelPart(
        asked=tuple(sorted(need.asked)),
        authors=need.authors,
        channel=channel.channel,
        entries=tuple(EntryPart(channel.entries[index].decode(), index) for index in wanted),
        nodes=encode_nodes(prove_many(channel.tree, wanted)),
        tables=need.tables,
    )


def _table(
    record: Record, channel: ChannelRecord, table: str, need: _Need, read: ReadSegment, root: RowRoot
) -> TablePart:
    """Rows of one table, segment by segment, and what their entries' receipts say of them."""
    rows: list[RowPart] = []
    segments: list[SegmentPart] = []
    origins: list[OriginPart] = []
    wanted = sorted(need.rows[table])
    while wanted:
        segment = _segment_of(channel, table, wanted[0][0])
        inside = [place for place in wanted if place[0] < segment.seal.end]
        wanted = wanted[len(inside) :]
        loaded = _load(record, channel, segment, read)
        places = {place: loaded.index(*place) for place in inside}
        if root == "sealed":
            need.entries.add(segment.entry)
            segments.append(SegmentPart(encode_nodes(_sealed(loaded, list(places.values()))), segment.entry))
        for (entry, position), index in places.items():
            place = (index, segment.entry) if root == "sealed" else (None, None)
            rows.append(RowPart(loaded.lines[index].decode(), entry, place[0], position, place[1]))
        for entry in dict.fromkeys(entry for entry, _ in inside):
            positions = [position for at, position in inside if at == entry]
            origins.append(OriginPart(entry, encode_nodes(_origin(channel, loaded, entry, positions, root))))
    schema = channel.schemas[table].canonical.decode()
    return TablePart(tuple(origins), root, tuple(rows), schema, tuple(segments))


def _segment_of(channel: ChannelRecord, table: str, entry: int) -> SealedSegment:
    for segment in channel.segments[table]:
        if segment.seal.first <= entry < segment.seal.end:
            return segment
    raise EvidenceError("no-row", f"no sealed segment of {table} holds rows of entry {entry}", channel.channel)


def _load(record: Record, channel: ChannelRecord, segment: SealedSegment, read: ReadSegment) -> _SegmentRows:
    """A segment's rows and their leaf hashes."""
    schema = channel.schemas[segment.seal.table]
    entries, positions, rows = decode_parquet(schema, read(record, segment), segment.path)
    # Coordinates are in no hash: whoever sealed the file may have left them out.
    if any(type(place) is not int for places in (entries, positions) for place in places):
        raise EvidenceError("coordinates", "a row of the sealed file has no entry or no position", segment.path)
    lines = schema.encode_lines(rows)
    return _SegmentRows(segment, entries, positions, lines.split(b"\n")[:-1], row_hashes(lines))


def _sealed(loaded: _SegmentRows, indexes: Sequence[int]) -> bytes:
    """From these rows to the root in their seal, recomputed and compared."""
    tree = Tree()
    tree.extend_hashes(loaded.hashes)
    seal = loaded.segment
    if tree.root().hex() != seal.seal.rows_root:
        raise ExportError("rows-root", f"the rows do not hash to the root of seal {seal.entry}", seal.path)
    return prove_many(tree, indexes)


def _origin(channel: ChannelRecord, loaded: _SegmentRows, entry: int, positions: Sequence[int], root: RowRoot) -> bytes:
    """From these rows to the root in their entry, recomputed and compared."""
    table, where = loaded.segment.seal.table, f"{channel.channel} entry {entry}"
    first = bisect_left(loaded.entries, entry)
    end = bisect_left(loaded.entries, entry + 1)
    tree = Tree()
    tree.extend_hashes(loaded.hashes[first:end])
    judge = {"sealed": stated_root, "submitted": submitted_root, "written": written_root}[root]
    stated = judge(entry_of(channel, entry), table, where)
    if (stated.rows_count, stated.rows_root) != (end - first, tree.root().hex()):
        raise ExportError("receipt-rows", f"the rows of {table} do not hash to the root in the receipt", where)
    return prove_many(tree, positions)


def _add_authors(record: Record, needs: dict[str, _Need]) -> None:
    """Rule 3."""
    signed: dict[tuple[str, int], Transaction] = {}
    for name, need in needs.items():
        for index in sorted({origin.entry for table in need.tables for origin in table.origins}):
            entry = entry_of(record.channels[name], index)
            if isinstance(entry, Transaction):
                signed[name, index] = entry
    keys = _keys_of(record, {entry.body.account for entry in signed.values()})
    for (name, index), entry in signed.items():
        where = f"{name} entry {index}"
        found = next((key for key in keys.get(entry.body.account, []) if is_signed(entry, key[1], where)), None)
        if found is None:
            sentence = f"governance gives {entry.body.account} no key under which the signature holds"
            raise ExportError("author", sentence, where)
        needs[name].authors += (AuthorPart(index, *found),)
        needs[GOVERNANCE].entries.add(found[0])


def _keys_of(record: Record, accounts: set[str]) -> dict[str, list[tuple[int, str]]]:
    """Account → the keys that it was ever given, as (entry of governance, public key), oldest first."""
    governance = record.channels[GOVERNANCE]
    names = {account.encode() for account in accounts}
    found: dict[str, list[tuple[int, str]]] = {}
    for index, data in enumerate(governance.entries):
        # A cheap look first: most entries are about other accounts.
        if names.isdisjoint(_ACCOUNT.findall(data)):
            continue
        for account, public_key in given_keys(entry_of(governance, index)):
            known = found.setdefault(account, [])
            if account in accounts and public_key not in (key for _, key in known):
                known.append((index, public_key))
    return found
