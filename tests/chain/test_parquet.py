"""The pinned encoder: the same rows are the same bytes, and no digit, null or character is lost in a file."""

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.entry import Encoder
from chain.errors import ExportError
from chain.parquet import ENCODER, count_rows, decode_parquet, encode_parquet, require_encoder
from chain.schema import Column, Row, Schema

ROOT = Path(__file__).resolve().parents[2]

SCHEMA = Schema(
    table="samples",
    columns=(
        Column("number", "int", null=True),
        Column("amount", "decimal", null=True),
        Column("name", "text", null=True),
        Column("flag", "bool", null=True),
        Column("at", "time", null=True),
    ),
)
MAX = 2**53 - 1

rows = st.tuples(
    st.none() | st.integers(-MAX, MAX),
    st.none() | st.integers(-(10**38) + 1, 10**38 - 1),
    st.none() | st.text(st.characters(exclude_categories=("Cs",)), max_size=10),
    st.none() | st.booleans(),
    st.none() | st.integers(-MAX, MAX),
)


def made(table: list[Row]) -> tuple[list[int], list[int], list[Row]]:
    return [7 + index // 3 for index in range(len(table))], [index % 3 for index in range(len(table))], table


def thousands() -> tuple[list[int], list[int], list[Row]]:
    """Enough rows for several row groups."""
    count = 130_000
    table: list[Row] = [
        (index * 7919 % 1_000, index * 10**30, f"name {index % 97} 闽", index % 2 == 0, 1_793_577_600_000 + index)
        for index in range(count)
    ]
    return [index // 1_000 for index in range(count)], [index % 1_000 for index in range(count)], table


@settings(max_examples=60)
@given(st.lists(rows, max_size=8))
def test_rows_survive_the_file(table: list[Row]) -> None:
    data = encode_parquet(SCHEMA, *made(table))
    assert decode_parquet(SCHEMA, data, "file") == made(table)
    assert encode_parquet(SCHEMA, *made(table)) == data


@pytest.mark.parametrize(
    "table",
    [
        [],
        [(None,) * 5] * 3,
        [(0, 0, "", False, 0)],
        [(MAX, 10**38 - 1, "𠀀闽江🌞", True, MAX), (-MAX, 1 - 10**38, '"\\', False, -MAX)],
        [(0, 0, "", False, 0), (0, 2**63, "", False, 0)],
        [(0, 2**63, "", False, 0), (0, 0, "", False, 0)],
        [(None, 10**37 - 1, None, None, None), (1, None, "a", None, 1), (None, -(10**37) + 1, "é", True, None)],
    ],
    ids=[
        "no row",
        "nulls alone",
        "zeros",
        "extremes",
        "small before large",
        "large before small",
        "nulls among values",
    ],
)
def test_the_edges_survive_the_file(table: list[Row]) -> None:
    assert decode_parquet(SCHEMA, encode_parquet(SCHEMA, *made(table)), "file") == made(table)


def test_the_columns_are_typed_as_the_format_says() -> None:
    frame = pl.read_parquet(encode_parquet(SCHEMA, *made([(1, 2, "a", True, 1_793_577_600_000)])))
    assert dict(frame.schema) == {
        "entry": pl.Int64(),
        "position": pl.Int32(),
        "number": pl.Int64(),
        "amount": pl.Decimal(38, 0),
        "name": pl.String(),
        "flag": pl.Boolean(),
        "at": pl.Datetime("ms", "UTC"),
    }
    assert frame["at"].dt.to_string("%Y-%m-%dT%H:%M:%SZ").to_list() == ["2026-11-02T00:00:00Z"]


PROGRAM = """
import sys
from hashlib import sha256
from tests.chain.test_parquet import SCHEMA, thousands
from chain.parquet import encode_parquet
import polars as pl
print(pl.thread_pool_size(), sha256(encode_parquet(SCHEMA, *thousands())).hexdigest())
"""


@pytest.mark.parametrize("threads", ["1", "3"])
def test_the_bytes_do_not_depend_on_the_number_of_threads(threads: str) -> None:
    environment = {**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": threads}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    here = sha256(encode_parquet(SCHEMA, *thousands())).hexdigest()
    assert run.stdout.split() == [threads, here]


def test_only_the_hash_of_a_file_shows_that_its_statistics_were_patched() -> None:
    """Why nothing of a file is believed before its SHA-256 is that of its seal (`docs/decisions`, `measured.md`).

    The largest number of a column, as the footer states it, is replaced by one that is smaller than every value.
    """
    table: list[Row] = [(1_000 + index, 5, "a", True, 0) for index in range(200)]
    data = encode_parquet(SCHEMA, *made(table))
    footer_bytes = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - footer_bytes :]
    highest, lower = (1_199).to_bytes(8, "little"), (1).to_bytes(8, "little")
    assert highest in footer
    patched = data[: -8 - footer_bytes] + footer.replace(highest, lower)
    assert decode_parquet(SCHEMA, patched, "file") == made(table)
    assert sha256(patched).digest() != sha256(data).digest()


READERS: dict[str, Callable[[Schema, bytes, str], object]] = {"decode": decode_parquet, "count": count_rows}


@pytest.mark.parametrize("reader", READERS)
@given(data=st.binary(max_size=200))
def test_what_is_no_file_is_our_own_error(reader: str, data: bytes) -> None:
    with pytest.raises(ExportError) as caught:
        READERS[reader](SCHEMA, data, "area/tables/samples/0-9.parquet")
    assert caught.value.where == "area/tables/samples/0-9.parquet"


@pytest.mark.parametrize("count", [0, 1, 50])
def test_rows_are_counted(count: int) -> None:
    assert count_rows(SCHEMA, encode_parquet(SCHEMA, *made([(1, 2, "a", True, 3)] * count)), "file") == count


@given(at=st.integers(0, 3_000), bit=st.sampled_from([1, 0x10, 0x80, 0xFF]))
def test_a_damaged_file_is_counted_or_refused_and_breaks_nothing(at: int, bit: int) -> None:
    """Whoever seals the damaged file himself reaches the parser."""
    data = encode_parquet(SCHEMA, *made([(n, n * 10**30, f"name {n}", True, n) for n in range(60)]))
    at %= len(data)
    damaged = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
    try:
        assert count_rows(SCHEMA, damaged, "file") >= 0
    except ExportError as error:
        assert error.where == "file"


def test_a_footer_that_states_other_rows_than_there_are_is_refused() -> None:
    """An engine answers COUNT(*) from it."""
    data = encode_parquet(SCHEMA, *made([(1, 2, "a", True, 3)] * 50))
    footer_bytes = int.from_bytes(data[-8:-4], "little")
    head, footer = data[: -8 - footer_bytes], data[-8 - footer_bytes :]
    # 100 is Thrift's zigzag varint of 50; where a place is no count, the file is whole or cannot be read.
    refused = set()
    for at in (place for place in range(footer_bytes) if footer[place] == 100):
        try:
            assert count_rows(SCHEMA, head + footer[:at] + bytes([98]) + footer[at + 1 :], "file") == 50
        except ExportError as error:
            refused.add(error.code)
    assert "parquet-rows" in refused


@pytest.mark.parametrize("length", [0, 4, 8, 12, 100, -1, -4, -8, -40])
def test_a_cut_file_is_our_own_error(length: int) -> None:
    data = encode_parquet(SCHEMA, *made([(1, 2, "a", True, 3)] * 50))
    for reader in READERS.values():
        with pytest.raises(ExportError):
            reader(SCHEMA, data[:length], "file")


OTHERS = {
    "another order of columns": Schema("samples", (SCHEMA.columns[1], SCHEMA.columns[0], *SCHEMA.columns[2:])),
    "another name": Schema("samples", (Column("count", "int", null=True), *SCHEMA.columns[1:])),
    "another type": Schema("samples", (Column("number", "time", null=True), *SCHEMA.columns[1:])),
    "a column less": Schema("samples", SCHEMA.columns[1:]),
    "a column more": Schema("samples", (*SCHEMA.columns, Column("more", "int", null=True))),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_file_of_other_columns_is_refused(other: Schema) -> None:
    for reader in READERS.values():
        with pytest.raises(ExportError) as caught:
            reader(other, encode_parquet(SCHEMA, *made([(1, 2, "a", True, 3)])), "file")
        assert caught.value.code == "parquet-schema"


@pytest.mark.parametrize(
    "encoder",
    [
        Encoder(library="pyarrow", settings=ENCODER.settings, version=ENCODER.version),
        Encoder(library="polars", settings=ENCODER.settings, version="2.0.0"),
        Encoder(library="polars", settings="compression=snappy", version=ENCODER.version),
    ],
)
def test_a_record_by_another_encoder_says_what_to_install(encoder: Encoder) -> None:
    with pytest.raises(ExportError) as caught:
        require_encoder(encoder)
    assert encoder.version in caught.value.sentence
    require_encoder(ENCODER)
