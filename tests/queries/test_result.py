"""Results leave without losing a digit, into every kind of frame and file."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import DigitLossError, QueryError
from queries.output import STATUS_KEY
from tests.queries.asked_export import opened

BIG = 2**53 + 1
LONG = 10**38 - 1


@given(st.lists(st.one_of(st.none(), st.integers(-LONG, LONG)), min_size=1, max_size=5))
@settings(max_examples=40)
def test_a_sum_of_38_digits_arrives_everywhere(values: list[int | None]) -> None:
    rows = ", ".join(f"(CAST({'NULL' if value is None else repr(str(value))} AS HUGEINT))" for value in values)
    result = opened().sql(f"SELECT col0 AS n FROM (VALUES {rows})")
    assert result.types == ("HUGEINT",)
    assert [value for (value,) in result.rows()] == values
    assert [None if value is None else int(value) for value in result.pl()["n"]] == values
    assert [None if value is pd.NA or value is None else int(value) for value in result.df()["n"]] == values
    assert [None if value is None else int(value) for value in result.arrow()["n"].to_pylist()] == values
    assert [None if text is None else int(text) for (text,) in json.loads(result.json())["rows"]] == values


TOO_LONG: dict[str, str] = {
    "a hugeint of 39 digits": f"SELECT CAST('{LONG + 1}' AS HUGEINT)",
    "its negative": f"SELECT CAST('-{LONG + 1}' AS HUGEINT)",
    "the smallest hugeint": "SELECT CAST('-170141183460469231731687303715884105728' AS HUGEINT)",
    "an unsigned one of 39 digits": "SELECT CAST('340282366920938463463374607431768211455' AS UHUGEINT)",
    "a bignum": "SELECT CAST('1' AS BIGNUM)",
    "bits": "SELECT CAST('101' AS BIT)",
    "a hugeint in a list": "SELECT [CAST(1 AS HUGEINT)]",
    "a hugeint in a struct": "SELECT {'a': sum(entry)} FROM trades",
}


@pytest.mark.parametrize("name", TOO_LONG)
def test_what_would_lose_a_digit_is_refused_with_the_cast_that_helps(name: str) -> None:
    with pytest.raises(DigitLossError, match="cast it to VARCHAR"):
        opened().sql(TOO_LONG[name])


def test_the_sum_that_pandas_would_round_is_exact() -> None:
    result = opened().sql(f"SELECT sum(x) AS s FROM (VALUES (CAST({BIG} AS BIGINT)), (2)) AS t(x)")
    assert int(result.df()["s"][0]) == BIG + 2
    assert int(result.df()["s"].sum()) == BIG + 2


def test_integers_with_nulls_stay_integers_in_pandas() -> None:
    frame = opened().sql(f"SELECT CAST(x AS BIGINT) AS x FROM (VALUES ({BIG}), (NULL)) AS t(x)").df()
    assert str(frame["x"].dtype) == "Int64"
    assert frame["x"][0] == BIG
    nested = opened().sql(f"SELECT [{BIG}, NULL] AS x").df()
    assert int(nested["x"][0][0]) == BIG


def test_money_keeps_its_scale_and_time_its_zone() -> None:
    result = opened().sql("SELECT cny(sum(paid_e8)) AS paid, max(delivery_end) AS t FROM sessions")
    assert isinstance(result.rows()[0][0], Decimal)
    assert result.pl().schema["paid"] == pl.Decimal(38, 8)
    assert str(result.df()["t"].dtype) == "datetime64[us, UTC]"
    assert result.arrow().schema.field("t").type == pa.timestamp("us", "UTC")
    assert json.loads(result.json())["rows"][0][1].endswith("Z")


def test_other_types_arrive_as_what_they_are() -> None:
    query = "SELECT true AS b, 'x'::BLOB AS bytes, [1, 2] AS l, {'a': 1} AS s, DATE '2026-11-01' AS d, NULL AS n, "
    result = opened().sql(query + "uuid() AS u, CAST('{\"a\":1}' AS JSON) AS j, 'Infinity'::DOUBLE AS f")
    row = result.rows()[0]
    assert row[0] is True
    assert (row[1], row[2], row[3]) == (b"x", [1, 2], {"a": 1})
    assert isinstance(row[6], str)
    assert row[7] == '{"a":1}'
    assert json.loads(result.json())["rows"][0][8] == "inf"
    assert result.pl().height == len(result.df()) == 1


def test_a_rounded_column_is_named_in_a_note() -> None:
    result = opened().sql("SELECT avg(paid_e8) AS mean, sum(paid_e8) AS total FROM trades")
    assert [note for note in result.notes if "mean" in note]
    assert [note for note in result.notes if "total" in note] == []


def test_a_name_that_comes_twice_is_told_apart() -> None:
    result = opened().sql("SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a")
    assert result.columns == ["a", "a_1", "a_1_1", "a_2"]
    assert result.rows() == [(1, 2, 3, 4)]


def test_an_empty_result_has_its_columns() -> None:
    result = opened().sql("SELECT sum(paid_e8) AS s, 'x' AS x FROM trades WHERE false GROUP BY 2")
    assert (len(result), result.columns, result.rows()) == (0, ["s", "x"], [])
    assert result.pl().columns == ["s", "x"]
    assert list(result.df().columns) == ["s", "x"]


def test_json_carries_status_notes_and_types() -> None:
    content = json.loads(opened().sql("SELECT paid_e8, round FROM trades LIMIT 1").json())
    assert content["columns"] == [{"name": "paid_e8", "type": "DECIMAL(38,0)"}, {"name": "round", "type": "BIGINT"}]
    assert isinstance(content["rows"][0][0], str)
    assert isinstance(content["rows"][0][1], int)
    assert content["status"]["verified"] is True
    assert "one trust domain" in content["status"]["statement"]


def test_a_column_that_leaves_the_safe_integers_is_text_as_a_whole() -> None:
    content = json.loads(opened().sql(f"SELECT x FROM (VALUES (1), ({BIG})) AS t(x)").json())
    assert content["rows"] == [["1"], [str(BIG)]]


def test_parquet_keeps_types_and_says_its_status(tmp_path: Path) -> None:
    result = opened().sql("SELECT * FROM trades LIMIT 3")
    path = result.parquet(tmp_path / "trades.parquet")
    assert pq.read_table(path).equals(result.arrow())
    assert json.loads(pq.read_schema(path).metadata[STATUS_KEY.encode()])["signers"] == "policy"


NO_PARQUET: dict[str, str] = {
    "an interval": "SELECT INTERVAL 1 DAY AS x",
    "a union": "SELECT union_value(a := 1) AS x",
}


@pytest.mark.parametrize("name", NO_PARQUET)
def test_what_parquet_does_not_know_is_told_with_the_cast_that_helps(name: str, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="cast the column to VARCHAR"):
        opened().sql(NO_PARQUET[name]).parquet(tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


NO_TIME: dict[str, str] = {
    "an infinite date": "'infinity'::DATE",
    "the other infinity": "'-infinity'::DATE",
    "an infinite timestamp": "'infinity'::TIMESTAMP",
    "an infinite timestamp with a zone": "'infinity'::TIMESTAMPTZ",
    "infinite seconds": "'infinity'::TIMESTAMP_S",
    "infinite milliseconds": "'-infinity'::TIMESTAMP_MS",
    "a date before Christ": "'0044-03-15 (BC)'::DATE",
    "a timestamp before Christ": "'0044-03-15 (BC) 12:00:00'::TIMESTAMP",
    "the year 10000": "'10000-01-01'::DATE",
    "the first moment of the year 10000": "'10000-01-01'::TIMESTAMP",
    "a date in a list": "['infinity'::DATE]",
    "a timestamp in a list of lists": "[['10000-01-01'::TIMESTAMP]]",
    "a timestamp in a struct": "{'a': 'infinity'::TIMESTAMPTZ}",
    "a date in a map": "MAP {'a': 'infinity'::DATE}",
    "a date in a union": "union_value(a := 'infinity'::DATE)",
}


@pytest.mark.parametrize("name", NO_TIME)
def test_a_time_that_nobody_can_write_is_refused(name: str) -> None:
    with pytest.raises(DigitLossError, match="years 1 to 9999"):
        opened().sql(f"SELECT unnest([NULL, {NO_TIME[name]}]) AS x")


def test_the_first_and_the_last_moment_that_can_be_written_arrive() -> None:
    moments = "'0001-01-01'::DATE, '9999-12-31'::DATE, '0001-01-01'::TIMESTAMP, '9999-12-31 23:59:59.999999'::TIMESTAMP"
    found = json.loads(opened().sql(f"SELECT {moments}").json())["rows"][0]
    assert found == ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"]


FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.mark.parametrize("first", FORMULAS)
def test_no_cell_of_any_type_begins_a_formula(first: str, tmp_path: Path) -> None:
    for value in ("$1", "CAST($1 AS JSON)" if first == "-" else "union_value(a := $1)"):
        data = opened().sql(f"SELECT {value} AS x", [f"{first}1"]).csv(tmp_path / "x.csv").read_bytes()
        cell = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1][0]
        assert cell == f"'{first}1"


CELLS = ["plain", '="x"&1', "+1", "-1", "@sum", "\tx", "a,b", 'a"b', "a\r\nb", "", " x ", "中文", "'quoted"]


def test_csv_is_rfc_4180_with_a_mark_and_runs_no_formula(tmp_path: Path) -> None:
    result = opened().sql("SELECT unnest($1) AS t, -5 AS n, NULL AS z", [CELLS])
    data = result.csv(tmp_path / "x.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert read[0] == ["t", "n", "z"]
    assert [row[1:] for row in read[1:]] == [["-5", ""]] * len(CELLS)
    for cell, (text, *_) in zip(CELLS, read[1:], strict=True):
        assert text == (f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell)
        assert not text.startswith(("=", "+", "-", "@", "\t"))


def test_csv_tells_null_from_the_empty_text(tmp_path: Path) -> None:
    data = opened().sql("SELECT NULL AS a, '' AS b").csv(tmp_path / "x.csv").read_bytes()
    assert data.splitlines()[1] == b',""'


def test_a_heading_is_no_formula_either(tmp_path: Path) -> None:
    data = opened().sql('SELECT 1 AS "=cmd()"').csv(tmp_path / "x.csv").read_text("utf-8-sig")
    assert data.startswith("'=cmd()")


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        opened().sql("SELECT 1").csv(tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
