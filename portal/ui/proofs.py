"""Proofs for the pages: made from the record and verified on the spot, each step by the functions that anyone uses.

A row is proven in three steps, an entry in two; every step ends at a hash that the next one starts from:
1. row → `rows_root` that the entry's receipt states for the table (`portal.ui.proofs.prove_row`);
2. entry → root of the channel's log, signed by its log and a quorum (`prove_entry`);
3. that root, as a head in the last leaf → root of the beacon, signed by a quorum (`prove_head`).

Only a proof that holds is returned; one that does not raises `ProofError`.
"""

import io
from dataclasses import dataclass
from operator import itemgetter

import polars as pl

from chain.entry import Receipt, Transaction, Trigger, Written, parse_entry
from chain.errors import ExportError, ProofError
from chain.limits import LIMITS
from chain.merkle import Tree, leaf_hash, verify_inclusion
from chain.parquet import decode_parquet
from chain.record import ChannelRecord, Record
from chain.schema import Row
from chain.seals import check_segment_file


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A leaf that was shown to lie under a root."""

    index: int
    size: int
    leaf: bytes
    """Hash of the leaf."""
    path: tuple[bytes, ...]
    """Audit path, deepest node first."""
    root: bytes


@dataclass(frozen=True, slots=True)
class RowProof:
    """One row that an entry wrote, under the root in its receipt."""

    table: str
    entry: int
    row: bytes
    """Its canonical JSON."""
    inclusion: Inclusion


def prove_entry(channel: ChannelRecord, entry: int) -> Inclusion:
    """Step 2."""
    signed = channel.checkpoint.checkpoint
    if not 0 <= entry < signed.size:
        raise ProofError("proof-range", f"the log has entries 0 to {signed.size - 1}", f"entry {entry}")
    return _prove(channel.tree, channel.entries[entry], entry, signed.root)


def prove_head(record: Record, channel: ChannelRecord) -> Inclusion:
    """Step 3: the beacon's last leaf, which names the channel's head."""
    signed = channel.checkpoint.checkpoint
    heads = {head.channel: head for head in record.leaves[-1].heads}
    head = heads.get(channel.channel)
    if head is None or (head.size, head.root) != (signed.size, signed.root.hex()):
        raise ProofError("proof-head", "the beacon's last leaf does not name this head", channel.channel)
    last = len(record.leaves) - 1
    return _prove(record.beacon_tree, record.beacon_entries[last], last, record.beacon.checkpoint.root)


def receipt_of(channel: ChannelRecord, entry: int) -> Receipt | None:
    """What an entry's execution reported; None for entries without one."""
    parsed = parse_entry(channel.entries[entry], f"{channel.channel} entry {entry}")
    return parsed.receipt if isinstance(parsed, Transaction | Trigger) else None


def written_by(channel: ChannelRecord, entry: int, table: str) -> Written:
    """What the entry's receipt says about a table; `ProofError` when it says nothing."""
    receipt = receipt_of(channel, entry)
    written = next((item for item in receipt.tables if item.table == table), None) if receipt else None
    if written is None:
        raise ProofError("proof-table", f"the receipt names no rows of {table}", f"entry {entry}")
    return written


def rows_of(record: Record, channel: ChannelRecord, entry: int, table: str) -> list[Row]:
    """The rows that `entry` wrote to `table`, from the sealed file, which is compared with its seal first."""
    segments = channel.segments.get(table, ())
    segment = next((item for item in segments if item.seal.first <= entry < item.seal.end), None)
    if segment is None:
        raise ExportError("rows", f"no sealed segment of {table} holds the rows of this entry", f"entry {entry}")
    part = _cut(check_segment_file(record.reader, segment), entry, segment.path)
    _, positions, rows = decode_parquet(channel.schemas[table], part, segment.path)
    return [row for _, row in sorted(zip(positions, rows, strict=True), key=itemgetter(0))]


def prove_row(record: Record, channel: ChannelRecord, entry: int, table: str, position: int) -> RowProof:
    """Step 1."""
    written = written_by(channel, entry, table)
    rows = rows_of(record, channel, entry, table)
    if len(rows) != written.rows_count or not 0 <= position < len(rows):
        sentence = f"{table} has {len(rows)} rows of this entry, its receipt says {written.rows_count}"
        raise ProofError("proof-rows", sentence, f"entry {entry} row {position}")
    if len(rows) > LIMITS.rows_per_batch_max:
        raise ProofError("proof-rows", f"more than {LIMITS.rows_per_batch_max} rows", f"entry {entry}")
    lines = channel.schemas[table].encode_lines(rows).split(b"\n")[:-1]
    tree = Tree()
    tree.extend(lines)
    inclusion = _prove(tree, lines[position], position, bytes.fromhex(written.rows_root))
    return RowProof(table, entry, lines[position], inclusion)


def _cut(data: bytes, entry: int, where: str) -> bytes:
    """A segment file with the rows of one entry only: making Python's rows of a million takes seconds."""
    part = io.BytesIO()
    try:
        frame = pl.read_parquet(io.BytesIO(data), use_statistics=False)
        frame.filter(pl.col("entry") == entry).write_parquet(part)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise ExportError("parquet", f"not a readable Parquet file: {error}", where) from None
    return part.getvalue()


def _prove(tree: Tree, leaf: bytes, index: int, root: bytes) -> Inclusion:
    size = tree.size
    path = tree.inclusion_proof(index)
    verify_inclusion(leaf, index, size, path, root)
    return Inclusion(index, size, leaf_hash(leaf), tuple(path), root)
