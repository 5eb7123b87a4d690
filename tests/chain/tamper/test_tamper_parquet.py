"""Table files: patched footers, renamed columns, moved rows, and seals that vouch for any of it.

Why a hash over rows would not do: with other min/max statistics in its footer a file holds the same rows, and a query
engine skips them (`test_the_patch_is_a_real_attack`). So a file's SHA-256 is compared with its seal before anything
parses it, and re-execution says what the file should have been.
"""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from chain import jcs
from chain.errors import ExportError
from chain.parquet import decode_parquet
from chain.record import check_segment_files, open_record
from chain.schema import Schema, parse_schema
from chain.transaction import row_hashes, rows_root
from chain.verify import verify_export
from tests.chain.tamper.forgery import Forgery, refusal
from tests.sample_export import AREAS, copy_of, sample_export, simulate

AREA, OTHER = AREAS
TABLES = ("orders_submitted", "trades")
"""A table of submitted rows and one of rows that a contract wrote."""

Patch = Callable[[bytes], bytes]


def write(frame: pl.DataFrame) -> bytes:
    """As the pinned encoder writes."""
    sink = io.BytesIO()
    frame.write_parquet(sink, compression="zstd", compression_level=3, statistics="full", row_group_size=122_880)
    return sink.getvalue()


def column_with_statistics(data: bytes) -> tuple[str, int, int]:
    """(name, min, max) of the first integer column whose bounds differ, `entry` aside."""
    group = pq.read_metadata(io.BytesIO(data)).row_group(0)
    for number in range(group.num_columns):
        column = group.column(number)
        bounds = column.statistics
        if column.path_in_schema == "entry" or column.physical_type != "INT64" or bounds is None:
            continue
        if isinstance(bounds.min, int) and bounds.min < bounds.max:
            return column.path_in_schema, bounds.min, bounds.max
    raise AssertionError("no column with statistics")


def patched_statistics(data: bytes) -> bytes:
    """The footer says that every value of one column lies far above the true ones; the rows are as they were."""
    _, low, high = column_with_statistics(data)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    changed = data[footer:]
    for value in (low, high):
        encoded = value.to_bytes(8, "little", signed=True)
        assert encoded in changed
        changed = changed.replace(encoded, (2**40 + value).to_bytes(8, "little", signed=True))
    return data[:footer] + changed


def renamed_columns(data: bytes) -> bytes:
    """Two columns of one type exchange their names."""
    frame = pl.read_parquet(io.BytesIO(data))
    one, other = [name for name, kind in frame.schema.items() if kind == pl.Int64() and name != "entry"][:2]
    return write(frame.rename({one: other, other: one}))


def exchanged_rows(data: bytes) -> bytes:
    """Two rows exchange their values, coordinates stay."""
    frame = pl.read_parquet(io.BytesIO(data))
    places, values = frame.select("entry", "position"), frame.drop("entry", "position")
    return write(pl.concat([places, pl.concat([values[1:2], values[0:1], values[2:]])], how="horizontal"))


def changed_value(data: bytes) -> bytes:
    """One number of one row is one greater."""
    frame = pl.read_parquet(io.BytesIO(data))
    name = next(name for name, kind in frame.schema.items() if kind == pl.Int64() and name != "entry")
    return write(
        frame.with_columns(pl.when(pl.int_range(pl.len()) == 0).then(pl.col(name) + 1).otherwise(name).alias(name))
    )


def dropped_row(data: bytes) -> bytes:
    return write(pl.read_parquet(io.BytesIO(data))[1:])


def doubled_row(data: bytes) -> bytes:
    frame = pl.read_parquet(io.BytesIO(data))
    return write(pl.concat([frame, frame[-1:]]))


def other_compression(data: bytes) -> bytes:
    """The same rows in other bytes."""
    sink = io.BytesIO()
    pl.read_parquet(io.BytesIO(data)).write_parquet(sink, compression="snappy")
    return sink.getvalue()


def wider_type(data: bytes) -> bytes:
    return write(pl.read_parquet(io.BytesIO(data)).with_columns(pl.col("position").cast(pl.Int64())))


def not_parquet(data: bytes) -> bytes:
    return b"PAR1" + bytes(100) + b"PAR1"


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


PATCHES: tuple[Patch, ...] = (
    patched_statistics,
    renamed_columns,
    exchanged_rows,
    changed_value,
    dropped_row,
    doubled_row,
    other_compression,
    wider_type,
    not_parquet,
    half,
)


def test_the_patch_is_a_real_attack(tmp_path: Path) -> None:
    forged = Forgery(sample_export().export)
    good = forged.files[forged.segment(AREA, "trades")]
    bad = patched_statistics(good)
    name, low, high = column_with_statistics(good)
    assert pl.read_parquet(io.BytesIO(good)).equals(pl.read_parquet(io.BytesIO(bad), use_statistics=False))
    for data, expected in ((good, True), (bad, False)):
        (tmp_path / "table.parquet").write_bytes(data)
        found = pl.scan_parquet(tmp_path / "table.parquet").filter(pl.col(name).is_between(low, high)).collect()
        assert (found.height > 0) == expected


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.__name__)
def test_a_patched_file_is_refused_before_anything_parses_it(
    patch: Patch, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    path = Forgery(export).segment(AREA, table)
    (export / path).write_bytes(patch((export / path).read_bytes()))

    def parse(*_: object) -> None:
        raise AssertionError("a file was parsed that no seal vouches for")

    monkeypatch.setattr(pq, "read_table", parse)
    record = open_record(export, sample.policy, "policy")
    with pytest.raises(ExportError) as refused:
        check_segment_files(record, lambda channel, segment, data: None)
    assert (refused.value.code, refused.value.where) == ("segment", path)
    assert "its seal (entry" in str(refused.value)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.__name__)
def test_the_corrupt_quorum_cannot_seal_a_patched_file(patch: Patch, table: str, tmp_path: Path) -> None:
    sample = sample_export()
    forged = Forgery(sample.export)
    data = patch(forged.files[forged.segment(AREA, table)])
    entry = forged.reseal(AREA, table, data)
    forged.relink()
    export = forged.write(tmp_path / "forged", sample.keys)
    error = refusal(export, sample.policy)
    if error.where == f"{AREA} entry {entry}":
        assert "entry.sha256 is" in str(error) and "re-execution gives" in str(error)
    else:
        # Submitted rows are re-execution's input: they are held against the signature over them, or cannot be read.
        assert table == "orders_submitted" and error.where == forged.segment(AREA, table), str(error)


def test_the_corrupt_quorum_cannot_change_a_price_everywhere(tmp_path: Path) -> None:
    """In the file, its seal, the receipt that wrote the row, the log, the catalogue and the beacon."""
    sample = sample_export()
    forged = Forgery(sample.export)
    path = forged.segment(AREA, "trades")
    schema = schema_of(forged, "trades")
    frame = pl.read_parquet(io.BytesIO(forged.files[path]))
    price = next(name for name in frame.columns if "price" in name)
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.col(price) + 10).otherwise(price).alias(price)
    )
    entries, _, rows = decode_parquet(schema, write(frame), path)
    wrote = entries[0]
    hashes = row_hashes(schema.encode_lines(rows))
    own = rows_root([digest for digest, entry in zip(hashes, entries, strict=True) if entry == wrote])
    forged.reseal(AREA, "trades", write(frame), rows_root=rows_root(hashes))

    def rewrite(entry: dict[str, Any]) -> None:
        for written in entry["receipt"]["tables"]:
            if written["table"] == "trades":
                written["rows_root"] = own

    forged.edit(AREA, wrote, rewrite)
    forged.relink()
    error = refusal(forged.write(tmp_path / "forged", sample.keys), sample.policy)
    assert error.where == f"{AREA} entry {wrote}"
    assert f'rows_root is "{own}" on the record, re-execution gives' in str(error)


def test_the_corrupt_quorum_cannot_miscount_rows(tmp_path: Path) -> None:
    sample = sample_export()
    forged = Forgery(sample.export)
    data = forged.files[forged.segment(AREA, "trades")]
    entry = forged.reseal(AREA, "trades", data, rows_count=1)
    forged.relink()
    error = refusal(forged.write(tmp_path / "forged", sample.keys), sample.policy)
    assert error.where == f"{AREA} entry {entry}" and "entry.rows_count is 1" in str(error)


def test_the_corrupt_quorum_cannot_vouch_for_an_index_that_is_none(tmp_path: Path) -> None:
    sample = sample_export()
    forged = Forgery(sample.export)
    index = [{"column": "price", "root": "00" * 32, "sums": [], "version": "1"}]
    entry = forged.seal_of(AREA, "trades")
    forged.edit(AREA, entry, lambda seal: seal.update(sorted_indexes=index))
    forged.relink()
    error = refusal(forged.write(tmp_path / "forged", sample.keys), sample.policy)
    assert error.where == f"{AREA} entry {entry}" and "entry.sorted_indexes" in str(error)


def test_two_segments_of_one_table_cannot_be_exchanged(tmp_path: Path) -> None:
    sample = sample_export()
    export = copy_of(sample.export, tmp_path / "export")
    forged = Forgery(export)
    one, other = (export / forged.segment(AREA, "trades", number) for number in (0, 1))
    kept = tmp_path / "kept"
    shutil.move(one, kept)
    shutil.move(other, one)
    shutil.move(kept, other)
    error = refusal(export, sample.policy)
    assert (error.code, error.where) == ("segment", forged.segment(AREA, "trades", 0))


def test_a_whole_other_record_is_self_asserted_and_never_the_readers(tmp_path: Path) -> None:
    """The strongest stranger: he runs the market again with keys of his own, and leaves a member out."""
    other = simulate(tmp_path, b"somebody else's keys", skip="350100-member-0")
    report = verify_export(other.export, None, "self-asserted")
    assert not report.record.anchor.is_readers
    error = refusal(other.export, sample_export().policy)
    assert (error.code, error.where) == ("policy-log", "beacon/checkpoint: gridproof/little-fujian/beacon")


@pytest.mark.soak
def test_no_damaged_table_file_breaks_the_parser() -> None:
    """Whoever seals the damaged file himself reaches the parser: it reads the file or refuses it, and never dies."""
    forged = Forgery(sample_export().export)
    for table in TABLES:
        schema, path = schema_of(forged, table), forged.segment(AREA, table)
        good = forged.files[path]
        for at in range(len(good)):
            for bit in (1, 0x80, 0xFF):
                try:
                    decode_parquet(schema, good[:at] + bytes([good[at] ^ bit]) + good[at + 1 :], path)
                except ExportError as error:
                    assert error.where == path


def schema_of(forged: Forgery, table: str) -> Schema:
    schemas = jcs.decode(forged.entries[AREA][0])["schemas"]
    return parse_schema(next(schema for schema in schemas if schema["table"] == table), "genesis")
