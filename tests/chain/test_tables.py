"""Tables: roots of rows, segments, and a catalogue that can be computed from the seals alone."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.entry import CatalogueLeaf, encode_entry
from chain.merkle import leaf_hash, node_hash, root_of
from chain.parquet import ENCODER, decode_parquet
from chain.schema import Column, Schema
from chain.tables import Segment, TableLog, catalogue_root, entry_rows, file_sha256, sealed_leaf

SCHEMA = Schema("samples", (Column("name", "text"), Column("amount", "decimal")))
EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ROWS = [("甲", 1), ("乙", -(10**36)), ("丙", 0)]


def filled(*entries: tuple[int, int]) -> TableLog:
    """A table with `count` rows of each (entry, count)."""
    table = TableLog(SCHEMA)
    for entry, count in entries:
        table.append(entry, entry_rows(SCHEMA, [(f"row {entry}.{row}", entry * row) for row in range(count)]))
    return table


def test_the_root_of_an_entrys_rows_is_over_their_canonical_arrays() -> None:
    rows = entry_rows(SCHEMA, ROWS)
    leaves = [
        leaf_hash('["甲","1"]'.encode()),
        leaf_hash(f'["乙","-1{"0" * 36}"]'.encode()),
        leaf_hash('["丙","0"]'.encode()),
    ]
    assert rows.root == node_hash(node_hash(leaves[0], leaves[1]), leaves[2]).hex()
    assert (rows.written.rows_count, rows.written.table) == (3, "samples")
    assert rows.tree.levels[0] == b"".join(leaves)


def test_a_segment_is_the_rows_since_the_last_by_entry_and_position() -> None:
    table = filled((3, 2), (5, 1))
    table.append(9, entry_rows(SCHEMA, ROWS))
    first = table.close_segment(12, ENCODER)
    table.append(14, entry_rows(SCHEMA, ROWS[:1]))
    second = table.close_segment(15, ENCODER)
    assert [(s.seal.first, s.seal.end, s.seal.rows_count) for s in (first, second)] == [(0, 12, 6), (12, 15, 1)]
    entries, positions, rows = decode_parquet(SCHEMA, first.parquet, "file")
    assert list(zip(entries, positions, strict=True)) == [(3, 0), (3, 1), (5, 0), (9, 0), (9, 1), (9, 2)]
    assert first.seal.rows_root == root_of(SCHEMA.encode_lines(rows).splitlines()).hex()
    assert first.seal.sha256 == file_sha256(first.parquet)
    assert first.seal.schema_sha256 == SCHEMA.sha256
    assert (first.seal.sorted_indexes, first.seal.keyword_index) == ((), ())
    assert table.pending_count == 0


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), max_size=4))
def test_the_catalogue_leaf_follows_from_the_seals_alone(segments: list[list[int]]) -> None:
    table, seals, entry, total = TableLog(SCHEMA), list[bytes](), 1, 0
    for counts in segments:
        for count in counts:
            table.append(entry, entry_rows(SCHEMA, [("x", count)] * count))
            entry, total = entry + 1, total + count
        seals.append(encode_entry(table.close_segment(entry, ENCODER).seal))
    assert table.catalogue_leaf(entry) == sealed_leaf(SCHEMA, seals, total, entry)
    assert table.catalogue_leaf(entry).segments_root == root_of(seals).hex()


def test_an_empty_table_is_in_the_catalogue_too() -> None:
    leaf = TableLog(SCHEMA).catalogue_leaf(0)
    assert leaf == CatalogueLeaf(
        rows_count=0, schema_sha256=SCHEMA.sha256, sealed_to=0, segments=0, segments_root=EMPTY_ROOT, table="samples"
    )
    assert catalogue_root([leaf]) != catalogue_root([])


def test_the_catalogue_is_sorted_by_table_whatever_the_order_of_its_leaves() -> None:
    leaves = [
        msgspec.structs.replace(TableLog(SCHEMA).catalogue_leaf(7), table=table) for table in ("c", "a_b", "a", "b")
    ]
    expected = root_of(msgspec.json.encode(leaf) for leaf in sorted(leaves, key=lambda leaf: leaf.table))
    assert catalogue_root(leaves) == catalogue_root(leaves[::-1]) == expected.hex()


def _other(segment: Segment, **changes: object) -> bytes:
    return encode_entry(msgspec.structs.replace(segment.seal, **changes))


def test_the_catalogue_shows_a_segment_left_out_doubled_swapped_or_changed() -> None:
    table = filled((1, 2))
    first = table.close_segment(2, ENCODER)
    table.append(3, entry_rows(SCHEMA, ROWS))
    second = table.close_segment(4, ENCODER)
    seals = [encode_entry(first.seal), encode_entry(second.seal)]
    true = catalogue_root([table.catalogue_leaf(4)])
    forged = [
        sealed_leaf(SCHEMA, seals[:1], 2, 4),
        sealed_leaf(SCHEMA, seals[1:], 3, 4),
        sealed_leaf(SCHEMA, seals[::-1], 5, 4),
        sealed_leaf(SCHEMA, [*seals, seals[1]], 5, 4),
        sealed_leaf(SCHEMA, [_other(first, sha256="00" * 32), seals[1]], 5, 4),
        sealed_leaf(SCHEMA, [_other(first, rows_count=1), seals[1]], 5, 4),
        sealed_leaf(SCHEMA, seals, 4, 4),
        sealed_leaf(SCHEMA, seals, 5, 5),
        sealed_leaf(Schema("samples", SCHEMA.columns[:1]), seals, 5, 4),
    ]
    assert true == catalogue_root([sealed_leaf(SCHEMA, seals, 5, 4)])
    assert all(catalogue_root([leaf]) != true for leaf in forged)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_number_of_unsealed_rows_is_known(count: int) -> None:
    assert filled((1, count), (2, 1)).pending_count == count + 1
