"""The off-chain tables of a channel: rows, segments, catalogue (`docs/format.md` section 5).

1. Rows are appended entry by entry; each entry's rows of a table have a root of their own.
2. A seal closes the rows since the previous seal into a segment and commits to them and to their Parquet file.
3. The catalogue commits to every table, the empty ones included, and through `segments_root` to every segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, groupby
from typing import Annotated, Any

import msgspec
import numpy as np

from chain import jcs
from chain.entry import CatalogueLeaf, Encoder, Seal, Written, encode_entry, parse_entry
from chain.errors import ParseError
from chain.frontier import Frontier
from chain.merkle import HASH_BYTES, leaf_hash, levels_of, root_of
from chain.parquet import encode_columns
from chain.schema import Row, Schema
from chain.signature_work import row_levels


@dataclass(frozen=True, slots=True)
class Segment:
    """A sealed run of rows with its file."""

    seal: Seal
    parquet: bytes


class RowTree(msgspec.Struct, frozen=True, gc=False):
    """The tree over one entry's rows."""

    levels: Sequence[bytes]
    """Its nodes (`chain.merkle.levels_of`)."""
    size: int
    root: str
    """Hex."""


def row_tree(levels: Sequence[bytes]) -> RowTree:
    """The tree whose nodes are known level by level."""
    size = len(levels[0]) // HASH_BYTES
    if size == 1:
        return RowTree(levels, 1, levels[0].hex())
    tree = Frontier()
    tree.extend_levels(levels)
    return RowTree(levels, size, tree.root().hex())


class EntryRows(msgspec.Struct, frozen=True, gc=False):
    """Rows that one entry writes to one table; many wait for a seal, in no cycle: the collector need not look."""

    table: str
    rows: Sequence[Row]
    tree: RowTree
    columns: Sequence[Sequence[Any]] = ()
    """The same rows by column, where somebody has needed them so."""

    @property
    def root(self) -> str:
        """Root over them, hex."""
        return self.tree.root

    @property
    def written(self) -> Written:
        """As the receipt states it."""
        return Written(rows_count=self.tree.size, rows_root=self.tree.root, table=self.table)


def entry_rows(schema: Schema, rows: Sequence[Row]) -> EntryRows:
    """Rows that a contract writes, hashed."""
    if len(rows) == 1:
        leaf = leaf_hash(schema.encode_row(rows[0]))
        return EntryRows(schema.table, (rows[0],), RowTree((leaf,), 1, leaf.hex()))
    return EntryRows(schema.table, rows, row_tree(row_levels(schema.encode_lines(rows))))


class SealedTable(msgspec.Struct, frozen=True, array_like=True):
    """What remains of a table once all its rows are sealed: enough to go on, and all of it under the catalogue."""

    table: str
    rows: Annotated[int, msgspec.Meta(ge=0)]
    """Sealed so far."""
    segments: Annotated[int, msgspec.Meta(ge=0)]
    """Segments before the last."""
    peaks: tuple[bytes, ...]
    """Of the tree over their seals."""
    last_seal: bytes
    """The last `seal` entry, b"" where there is none."""


class TableLog:
    """One table: its sealed segments by hash, its unsealed rows in memory."""

    __slots__ = (
        "_before",
        "_last_seal",
        "_pending",
        "_sealed_rows",
        "_segments",
        "pending_count",
        "schema",
        "segment_end",
    )

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.segment_end = 0
        """`end` of the last segment."""
        self.pending_count = 0
        self._pending: list[tuple[int, EntryRows]] = []
        self._before = Frontier()
        """Over all seals but the last."""
        self._last_seal = b""
        self._segments = Frontier()
        self._sealed_rows = 0

    def resume(self, sealed: SealedTable) -> None:
        """Take up the state that `sealed` describes; `ChainError` where it describes none.

        Whoever calls it compares the catalogue afterwards: it covers everything that is taken up here.
        """
        self._before = Frontier(sealed.segments, sealed.peaks)
        self._segments = self._before.copy()
        self._sealed_rows = sealed.rows
        if sealed.last_seal:
            self._count_seal(sealed.last_seal, parse_seal(sealed.last_seal).end)

    @property
    def sealed(self) -> SealedTable:
        """For `resume`; only while no rows are pending."""
        before = self._before
        return SealedTable(self.schema.table, self._sealed_rows, before.size, before.peaks, self._last_seal)

    def _count_seal(self, entry: bytes, end: int) -> None:
        self._before = self._segments.copy()
        self._segments.append(entry)
        self._last_seal, self.segment_end = entry, end

    def append(self, entry: int, written: EntryRows) -> None:
        """Rule 1."""
        self._pending.append((entry, written))
        self.pending_count += written.tree.size

    def close_segment(self, end: int, encoder: Encoder) -> Segment:
        """Rule 2, without yet counting the seal: `append_seal` follows once its entry is in the log."""
        counts = [written.tree.size for _, written in self._pending]
        entries = np.repeat(np.array([entry for entry, _ in self._pending], np.int64), counts)
        firsts = np.cumsum([0, *counts[:-1]])
        positions = (np.arange(self.pending_count) - np.repeat(firsts, counts)).astype(np.int32)
        parquet = encode_columns(self.schema, entries, positions, self._pending_columns())
        seal = Seal(
            encoder=encoder,
            end=end,
            first=self.segment_end,
            keyword_index=(),
            kind="seal",
            rows_count=self.pending_count,
            rows_root=self._pending_root().hex(),
            schema_sha256=self.schema.sha256,
            sha256=file_sha256(parquet),
            sorted_indexes=(),
            table=self.schema.table,
        )
        self._count_seal(encode_entry(seal), end)
        self._sealed_rows += self.pending_count
        self._pending, self.pending_count = [], 0
        return Segment(seal, parquet)

    def _pending_root(self) -> bytes:
        """Over all pending rows; runs of entries with one row each are hashed together, a level at a time."""
        tree = Frontier()
        for is_single, run in groupby((written.tree for _, written in self._pending), lambda rows: rows.size == 1):
            if is_single:
                tree.extend_levels(levels_of(b"".join([rows.levels[0] for rows in run])))
            else:
                for rows in run:
                    tree.extend_levels(rows.levels)
        return tree.root()

    def _pending_columns(self) -> list[list[Any]]:
        """All pending rows by column; runs of entries that have them by row are turned around together."""
        columns: list[list[Any]] = [[] for _ in self.schema.columns]
        for by_column, run in groupby((written for _, written in self._pending), lambda written: bool(written.columns)):
            if by_column:
                pieces = [written.columns for written in run]
            else:
                rows = chain.from_iterable(written.rows for written in run)
                pieces = [list(zip(*rows, strict=True))]
            for piece in pieces:
                for column, values in zip(columns, piece, strict=False):
                    column.extend(values)
        return columns

    def catalogue_leaf(self, sealed_to: int) -> CatalogueLeaf:
        """This table as the catalogue commits to it."""
        return _catalogue_leaf(self.schema, self._segments, self._sealed_rows, sealed_to)


def sealed_leaf(schema: Schema, seal_entries: Sequence[bytes], rows_count: int, sealed_to: int) -> CatalogueLeaf:
    """A table's catalogue leaf from its `seal` entries as they stand in the log."""
    segments = Frontier()
    segments.extend(seal_entries)
    return _catalogue_leaf(schema, segments, rows_count, sealed_to)


def _catalogue_leaf(schema: Schema, segments: Frontier, rows_count: int, sealed_to: int) -> CatalogueLeaf:
    return CatalogueLeaf(
        rows_count=rows_count,
        schema_sha256=schema.sha256,
        sealed_to=sealed_to,
        segments=segments.size,
        segments_root=segments.root().hex(),
        table=schema.table,
    )


def parse_seal(data: bytes) -> Seal:
    """A `seal` entry; `ParseError` otherwise."""
    seal = parse_entry(data, "seal")
    if not isinstance(seal, Seal):
        raise ParseError("entry-kind", "not a seal", "seal")
    return seal


def catalogue_root(leaves: Sequence[CatalogueLeaf]) -> str:
    """Rule 3, hex."""
    ordered = sorted(leaves, key=lambda leaf: leaf.table)
    return root_of(jcs.encode(leaf) for leaf in ordered).hex()


def file_sha256(data: bytes) -> str:
    """SHA-256 of a file's bytes, hex."""
    return sha256(data).hexdigest()
