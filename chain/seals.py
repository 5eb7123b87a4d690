"""The seals of a channel's log, and the files they commit to.

1. Each table's segments follow each other without gap and reach beyond the last row that was written; schemas are those
   of genesis.
2. The catalogue recomputed from all of them is the one in the last block.
3. Each segment's file has the SHA-256 of its seal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chain.entry import Block, Seal, Transaction, Trigger, parse_entry
from chain.errors import ExportError
from chain.layout import segment_path
from chain.reader import ExportReader
from chain.schema import Schema
from chain.tables import catalogue_root, file_sha256, sealed_leaf


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """One sealed segment: its place in the log and its file."""

    entry: int
    """Index of the `seal` entry."""
    seal: Seal
    path: str
    """In the export."""


@dataclass(frozen=True, slots=True)
class SealedTables:
    """Every segment of a channel."""

    segments: dict[str, tuple[SealedSegment, ...]]
    """Table → its segments in order; every table of the channel is a key."""
    sealed_to: int
    """`end` of the last sealing block."""


def sealed_tables(channel: str, entries: Sequence[bytes], schemas: Mapping[str, Schema], last: Block) -> SealedTables:
    """Rules 1 and 2 for a whole log, which ends with the block `last`. `ChainError` otherwise."""
    sealed = _segments(channel, entries, schemas)
    _check_all_sealed(channel, entries, sealed.sealed_to)
    _check_catalogue(channel, entries, schemas, sealed, last)
    return sealed


def check_segment_file(reader: ExportReader, segment: SealedSegment) -> bytes:
    """Rule 3: the file's bytes, which are those that the seal commits to."""
    data = reader.read(segment.path)
    found = file_sha256(data)
    if found != segment.seal.sha256:
        sentence = f"SHA-256 is {found}, its seal (entry {segment.entry}) says {segment.seal.sha256}"
        raise ExportError("segment", sentence, segment.path)
    return data


def _segments(channel: str, entries: Sequence[bytes], schemas: Mapping[str, Schema]) -> SealedTables:
    """Rule 1: each table's segments, without gap or overlap, and the `end` of the last sealing block."""
    found: dict[str, list[SealedSegment]] = {table: [] for table in schemas}
    sealed_to = 0
    for index, data in enumerate(entries):
        if b'"kind":"seal"' not in data:
            continue
        seal = parse_entry(data, f"{channel} entry {index}")
        if not isinstance(seal, Seal):
            continue
        where = f"{channel} entry {index}"
        schema = schemas.get(seal.table)
        if schema is None or schema.sha256 != seal.schema_sha256:
            raise ExportError("seal", f"the seal of {seal.table!r} fits no schema of genesis", where)
        previous = found[seal.table][-1].seal.end if found[seal.table] else 0
        if seal.first != previous or not previous < seal.end <= index or seal.rows_count <= 0:
            raise ExportError("seal", f"segment [{seal.first}, {seal.end}) does not follow {previous}", where)
        path = segment_path(channel, seal.table, seal.first, seal.end)
        found[seal.table].append(SealedSegment(index, seal, path))
        sealed_to = max(sealed_to, seal.end)
    return SealedTables({table: tuple(segments) for table, segments in found.items()}, sealed_to)


def _check_all_sealed(channel: str, entries: Sequence[bytes], sealed_to: int) -> None:
    """Rule 1: no entry beyond the last seal has written rows, so the segments hold every row of the record."""
    for index in range(sealed_to, len(entries)):
        entry = parse_entry(entries[index], f"{channel} entry {index}")
        if isinstance(entry, Transaction | Trigger) and entry.receipt.tables:
            tables = ", ".join(written.table for written in entry.receipt.tables)
            raise ExportError(
                "unsealed", f"it has written rows to {tables} that no seal covers", f"{channel} entry {index}"
            )


def _check_catalogue(
    channel: str, entries: Sequence[bytes], schemas: Mapping[str, Schema], sealed: SealedTables, last: Block
) -> None:
    """Rule 2."""
    leaves = [
        sealed_leaf(schemas[table], [entries[s.entry] for s in found], _rows_count(found), sealed.sealed_to)
        for table, found in sealed.segments.items()
    ]
    if catalogue_root(leaves) != last.catalogue_root:
        raise ExportError("catalogue", "the seals do not make the catalogue that the last block commits to", channel)


def _rows_count(segments: Sequence[SealedSegment]) -> int:
    """Rows of all these segments."""
    return sum(segment.seal.rows_count for segment in segments)
