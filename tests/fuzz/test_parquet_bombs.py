"""Parquet files of a few kilobytes that ask for gigabytes: their footers are judged before a page is decoded."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import chain.parquet
from chain.contracts.auction_tables import TRADES
from chain.errors import ExportError
from chain.limits import LIMITS
from chain.parquet import count_rows, decode_parquet
from sample_data.inputs import PROFILE_COLUMNS
from sample_data.parquet_input import read_parquet_table
from sample_data.problems import Problems
from sample_data.records import INPUT_LIMITS
from tests.fuzz import samples

ROWS, TEXT_BYTES = 200_000, 20_000
"""Four gigabytes of text, once they are unpacked."""
MEMORY_BYTES = 256 * 2**20

SEGMENT_PARSERS: dict[str, Callable[[bytes], object]] = {
    "decoded": lambda data: decode_parquet(TRADES, data, "file"),
    "counted": lambda data: count_rows(TRADES, data, "file"),
}


def repeated(**others: pa.Array) -> bytes:
    """One long text in every row: a dictionary of one value, some kilobytes in the file."""
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(ROWS, np.int32)), pa.array(["x" * TEXT_BYTES]))
    sink = io.BytesIO()
    parquet.write_table(pa.table({"junk": text, **others}), sink, store_schema=False)
    return sink.getvalue()


def peak_beyond(before: int) -> int:
    """What Arrow has taken since then, if that was more than ever before."""
    return max(0, int(pa.default_memory_pool().max_memory()) - before)


@pytest.mark.parametrize("how", SEGMENT_PARSERS)
def test_a_segment_file_of_other_columns_is_refused_before_it_is_unpacked(how: str) -> None:
    data, before = repeated(), int(pa.default_memory_pool().max_memory())
    assert len(data) < 100_000
    with pytest.raises(ExportError) as caught:
        SEGMENT_PARSERS[how](data)
    assert caught.value.code == "parquet-schema"
    assert peak_beyond(before) < MEMORY_BYTES


@pytest.mark.parametrize("how", SEGMENT_PARSERS)
def test_a_segment_file_of_too_many_rows_is_refused(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = samples.trades().seal.rows_count
    monkeypatch.setattr(chain.parquet, "LIMITS", replace(LIMITS, segment_rows_max=rows))
    SEGMENT_PARSERS[how](samples.parquet()[0])
    monkeypatch.setattr(chain.parquet, "LIMITS", replace(LIMITS, segment_rows_max=rows - 1))
    with pytest.raises(ExportError) as caught:
        SEGMENT_PARSERS[how](samples.parquet()[0])
    assert caught.value.code == "parquet-rows"


def test_an_unknown_column_of_a_table_is_not_unpacked(tmp_path: Path) -> None:
    times = pa.array([f"2026-11-02T{hour:02}:00+08:00" for hour in range(20)] * (ROWS // 20))
    known = {"time": times, "participant": pa.array(["sun"] * ROWS), "generation_wh": pa.array([1] * ROWS)}
    path, before = tmp_path / "profiles.parquet", int(pa.default_memory_pool().max_memory())
    path.write_bytes(repeated(**known, load_wh=pa.array([0] * ROWS)))
    problems = Problems()
    table = read_parquet_table(path, PROFILE_COLUMNS, problems)
    assert (problems.total, len(table.lines)) == (0, ROWS)
    assert table.warnings == (f"{path}: junk: unknown column, not used",)
    assert peak_beyond(before) < MEMORY_BYTES


def test_a_table_of_too_many_rows_is_refused_by_its_footer(tmp_path: Path) -> None:
    path = tmp_path / "profiles.parquet"
    parquet.write_table(pa.table({"time": pa.array(np.zeros(INPUT_LIMITS.rows_max + 1, np.int8))}), path)
    problems = Problems()
    read_parquet_table(path, PROFILE_COLUMNS, problems)
    assert [problem.problem for problem in problems.first()] == ["has 5,000,001 rows, more than 5,000,000"]
