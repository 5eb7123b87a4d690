"""The off-chain tables of a channel: rows, segments, catalogue (`docs/format.md` section 5).

1. Rows are appended entry by entry; each entry's rows of a table have a root of their own.
2. A seal closes the rows since the previous seal into a segment and commits to them and to their Parquet file.
3. The catalogue commits to every table, the empty ones included, and through `segments_root` to every segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

from chain import jcs
from chain.entry import CatalogueLeaf, Encoder, Seal, Written, encode_entry
from chain.merkle import Tree, root_of
from chain.parquet import encode_parquet
from chain.schema import Row, Schema
from chain.transaction import row_hashes, rows_root


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed run of rows with its file."""

    seal: Seal
    parquet: bytes


@dataclass(frozen=True, slots=True)
class EntryRows:
    """Rows that one entry writes to one table."""

    table: str
    rows: Sequence[Row]
    hashes: Sequence[bytes]
    """Their leaf hashes."""
    root: str
    """Root over them, hex."""

    @property
    def written(self) -> Written:
        """As the receipt states it."""
        return Written(rows_count=len(self.hashes), rows_root=self.root, table=self.table)


def entry_rows(schema: Schema, rows: Sequence[Row]) -> EntryRows:
    """Rows that a contract writes, hashed."""
    hashes = row_hashes(schema.encode_lines(rows))
    return EntryRows(schema.table, rows, hashes, rows_root(hashes))


class TableLog:
    """One table: its sealed segments by hash, its unsealed rows in memory."""

    __slots__ = ("_hashes", "_pending", "_sealed_rows", "_segments", "pending_count", "schema", "segment_end")

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.segment_end = 0
        """`end` of the last segment."""
        self.pending_count = 0
        self._pending: list[tuple[int, Sequence[Row]]] = []
        self._hashes: list[bytes] = []
        self._segments = Tree()
        self._sealed_rows = 0

    def append(self, entry: int, written: EntryRows) -> None:
        """Rule 1."""
        self._pending.append((entry, written.rows))
        self._hashes.extend(written.hashes)
        self.pending_count += len(written.hashes)

    def close_segment(self, end: int, encoder: Encoder) -> Segment:
        """Rule 2, without yet counting the seal: `append_seal` follows once its entry is in the log."""
        entries = [entry for entry, rows in self._pending for _ in rows]
        positions = [position for _, rows in self._pending for position in range(len(rows))]
        rows = list(chain.from_iterable(rows for _, rows in self._pending))
        parquet = encode_parquet(self.schema, entries, positions, rows)
        seal = Seal(
            encoder=encoder,
            end=end,
            first=self.segment_end,
            keyword_index=(),
            kind="seal",
            rows_count=self.pending_count,
            rows_root=rows_root(self._hashes),
            schema_sha256=self.schema.sha256,
            sha256=file_sha256(parquet),
            sorted_indexes=(),
            table=self.schema.table,
        )
        self._segments.append(encode_entry(seal))
        self._sealed_rows += self.pending_count
        self.segment_end = end
        self._pending, self._hashes, self.pending_count = [], [], 0
        return Segment(seal, parquet)

    def catalogue_leaf(self, sealed_to: int) -> CatalogueLeaf:
        """This table as the catalogue commits to it."""
        return _catalogue_leaf(self.schema, self._segments, self._sealed_rows, sealed_to)


def sealed_leaf(schema: Schema, seal_entries: Sequence[bytes], rows_count: int, sealed_to: int) -> CatalogueLeaf:
    """A table's catalogue leaf from its `seal` entries as they stand in the log."""
    segments = Tree()
    segments.extend(seal_entries)
    return _catalogue_leaf(schema, segments, rows_count, sealed_to)


def _catalogue_leaf(schema: Schema, segments: Tree, rows_count: int, sealed_to: int) -> CatalogueLeaf:
    return CatalogueLeaf(
        rows_count=rows_count,
        schema_sha256=schema.sha256,
        sealed_to=sealed_to,
        segments=segments.size,
        segments_root=segments.root().hex(),
        table=schema.table,
    )


def catalogue_root(leaves: Sequence[CatalogueLeaf]) -> str:
    """Rule 3, hex."""
    ordered = sorted(leaves, key=lambda leaf: leaf.table)
    return root_of(jcs.encode(leaf) for leaf in ordered).hex()


def file_sha256(data: bytes) -> str:
    """SHA-256 of a file's bytes, hex."""
    return sha256(data).hexdigest()
