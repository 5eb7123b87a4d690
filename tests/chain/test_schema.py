"""Rows: there and back, and every kind of bad row refused by name."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import jcs
from chain.errors import ParseError
from chain.limits import LIMITS
from chain.schema import Column, Row, Schema, parse_schema
from chain.text import check_text

MAX = LIMITS.json_integer_max

SCHEMA = Schema(
    table="samples",
    columns=(
        Column("number", "int"),
        Column("amount", "decimal", "1e-8 CNY"),
        Column("name", "text"),
        Column("flag", "bool"),
        Column("at", "time"),
        Column("maybe_number", "int", null=True),
        Column("maybe_amount", "decimal", null=True),
        Column("maybe_name", "text", null=True),
        Column("maybe_flag", "bool", null=True),
        Column("maybe_at", "time", null=True),
    ),
)
GOOD: Row = (1, 10**36, "闽江", True, 1_793_577_600_000, None, None, None, None, None)
LINE = '[1,"1000000000000000000000000000000000000","闽江",true,1793577600000,null,null,null,null,null]\n'.encode()


def _is_text(text: str) -> bool:
    try:
        check_text(text, "text")
    except ParseError:
        return False
    return True


integers = st.integers(-MAX, MAX)
decimals = st.integers(-(10**37) + 1, 10**37 - 1)
texts = st.text(max_size=12).filter(_is_text)
rows = st.tuples(
    integers,
    decimals,
    texts,
    st.booleans(),
    integers,
    st.none() | integers,
    st.none() | decimals,
    st.none() | texts,
    st.none() | st.booleans(),
    st.none() | integers,
)


@given(st.lists(rows, max_size=6))
def test_rows_survive_the_round_trip(table: list[Row]) -> None:
    lines = SCHEMA.encode_lines(table)
    assert SCHEMA.decode_lines(lines) == table
    assert lines.count(b"\n") == len(table)


def test_a_row_is_the_canonical_array_of_its_values() -> None:
    assert SCHEMA.encode_lines([GOOD]) == LINE
    assert SCHEMA.encode_lines([]) == b""
    assert SCHEMA.decode_lines(b"") == []


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_rows_or_our_own_error(data: bytes) -> None:
    with contextlib.suppress(ParseError):
        assert SCHEMA.encode_lines(SCHEMA.decode_lines(data)) == data


@given(st.integers(0, len(LINE) - 1), st.integers(0, 255))
def test_one_byte_changed_is_another_row_or_our_own_error(index: int, byte: int) -> None:
    changed = LINE[:index] + bytes([byte]) + LINE[index + 1 :]
    with contextlib.suppress(ParseError):
        assert SCHEMA.encode_lines(SCHEMA.decode_lines(changed)) == changed


SMALL = Schema(
    "small", (Column("money", "decimal"), Column("name", "text"), Column("count", "int"), Column("t", "time"))
)

BAD_LINES: dict[str, bytes] = {
    "no newline at the end": b'["1","a",1,1]',
    "an empty line": b"\n",
    "an empty line between": b'["1","a",1,1]\n\n["1","a",1,1]\n',
    "a carriage return": b'["1","a",1,1]\r\n',
    "two rows on a line": b'["1","a",1,1]["1","a",1,1]\n',
    "a row over two lines": b'["1",\n"a",1,1]\n',
    "a raw newline in a text": b'["1","a\nb",1,1]\n',
    "an escaped newline in a text": b'["1","a\\nb",1,1]\n',
    "a newline smuggled into money": b'["1\\n","a",1,1]\n',
    "white space": b'["1", "a",1,1]\n',
    "too few values": b'["1","a",1]\n',
    "too many values": b'["1","a",1,1,1]\n',
    "an object": b'{"money":"1"}\n',
    "null": b"null\n",
    "null where the schema allows none": b'[null,"a",1,1]\n',
    "money as a number": b'[1,"a",1,1]\n',
    "money with a leading zero": b'["01","a",1,1]\n',
    "money with a plus": b'["+1","a",1,1]\n',
    "negative zero money": b'["-0","a",1,1]\n',
    "empty money": b'["","a",1,1]\n',
    "money with a blank": b'[" 1","a",1,1]\n',
    "money with a fraction": b'["1.0","a",1,1]\n',
    "money with an exponent": b'["1e3","a",1,1]\n',
    "money in other digits": '["١","a",1,1]\n'.encode(),
    "money with an underscore": b'["1_0","a",1,1]\n',
    "money of 38 digits": b'["' + b"1" * 38 + b'","a",1,1]\n',
    "negative money of 38 digits": b'["-' + b"1" * 38 + b'","a",1,1]\n',
    "money of 5,000 digits": b'["' + b"1" * 5_000 + b'","a",1,1]\n',
    "a number as text": b'["1","a","1",1]\n',
    "a float": b'["1","a",1.5,1]\n',
    "a whole float": b'["1","a",1.0,1]\n',
    "negative zero": b'["1","a",-0,1]\n',
    "a leading zero": b'["1","a",01,1]\n',
    "true as a number": b'["1","a",true,1]\n',
    "an integer beyond 2^53-1": b'["1","a",9007199254740992,1]\n',
    "a time beyond 2^53-1": b'["1","a",1,-9007199254740992]\n',
    "an integer of 5,000 digits": b'["1","a",' + b"1" * 5_000 + b",1]\n",
    "a time as text": b'["1","a",1,"2026-11-02"]\n',
    "a number for a text": b'["1",7,1,1]\n',
    "a control character": b'["1","a\\u0001",1,1]\n',
    "text that is not NFC": '["1","e\u0301",1,1]\n'.encode(),
    "a direction override": '["1","\u202ea",1,1]\n'.encode(),
    "text longer than 1,024 bytes": b'["1","' + b"a" * 1_025 + b'",1,1]\n',
    "an escaped letter": b'["1","\\u0061",1,1]\n',
    "a lone surrogate": b'["1","\\ud800",1,1]\n',
    "bytes that are not UTF-8": b'["1","\xff",1,1]\n',
    "100,000 unclosed lists": b"[" * 100_000 + b"\n",
    "a list for a text": b'["1",' + b"[" * 900 + b"]" * 900 + b",1,1]\n",
    "trailing bytes": b'["1","a",1,1]\nx',
    "a byte order mark": b'\xef\xbb\xbf["1","a",1,1]\n',
}


@pytest.mark.parametrize("lines", BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_row_is_refused_and_the_table_named(lines: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        SMALL.decode_lines(lines)
    assert "small" in str(caught.value)


@pytest.mark.parametrize("lines", BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_row_is_refused_behind_good_ones(lines: bytes) -> None:
    good = b'["-1","b",0,0]\n'
    with pytest.raises(ParseError):
        SMALL.decode_lines(good + lines)


def test_the_first_bad_text_is_named_with_its_row_and_column() -> None:
    lines = '["1","a",1,1]\n["1","b\u200b",1,1]\n["1","c\u200b",1,1]\n'.encode()
    with pytest.raises(ParseError) as caught:
        SMALL.decode_lines(lines)
    assert caught.value.where == "small[1].name"


@pytest.mark.parametrize("digits", ["0", "-1", "9" * 37, "-" + "9" * 37, "1" + "0" * 36])
def test_money_has_up_to_37_digits(digits: str) -> None:
    (row,) = SMALL.decode_lines(f'["{digits}","a",1,1]\n'.encode())
    assert row[0] == int(digits)


def test_lines_and_rows_correspond_one_to_one_whatever_the_text() -> None:
    table = [(1, 'quote " back \\ slash', 2, 3), (1, "][,", 2, 3)]
    lines = SMALL.encode_lines(table)
    assert lines.count(b"\n") == 2
    assert SMALL.decode_lines(lines) == table


@pytest.mark.parametrize(
    "row",
    [("1", "a\n", 1, 1), (10**37, "a", 1, 1), (1, "a", 2**53, 1), (1, "a", 1.0, 1), (1, None, 1, 1), (1, "a", 1)],
    ids=ascii,
)
def test_rows_that_break_the_schema_cannot_be_read_back(row: Row) -> None:
    with pytest.raises((ParseError, IndexError)):
        SMALL.decode_lines(SMALL.encode_lines([row]))


BAD_SCHEMAS: dict[str, Any] = {
    "no object": [],
    "no columns": {"columns": [], "sorted": [], "table": "t", "version": 1},
    "a reserved column": {
        "columns": [{"name": "entry", "null": False, "type": "int", "unit": ""}],
        "sorted": [],
        "table": "t",
        "version": 1,
    },
    "a column twice": {
        "columns": [{"name": "a", "null": False, "type": "int", "unit": ""}] * 2,
        "sorted": [],
        "table": "t",
        "version": 1,
    },
    "an index on no column": {
        "columns": [{"name": "a", "null": False, "type": "int", "unit": ""}],
        "sorted": ["b"],
        "table": "t",
        "version": 1,
    },
    "an unknown type": {
        "columns": [{"name": "a", "null": False, "type": "float", "unit": ""}],
        "sorted": [],
        "table": "t",
        "version": 1,
    },
    "a table that is a path": {
        "columns": [{"name": "a", "null": False, "type": "int", "unit": ""}],
        "sorted": [],
        "table": "../t",
        "version": 1,
    },
    "a column that is SQL": {
        "columns": [{"name": 'a"; --', "null": False, "type": "int", "unit": ""}],
        "sorted": [],
        "table": "t",
        "version": 1,
    },
    "a member missing": {
        "columns": [{"name": "a", "type": "int", "unit": ""}],
        "sorted": [],
        "table": "t",
        "version": 1,
    },
    "a member too many": {
        "columns": [{"name": "a", "null": False, "type": "int", "unit": ""}],
        "more": 1,
        "sorted": [],
        "table": "t",
        "version": 1,
    },
    "a number for a flag": {
        "columns": [{"name": "a", "null": 0, "type": "int", "unit": ""}],
        "sorted": [],
        "table": "t",
        "version": 1,
    },
}


@pytest.mark.parametrize("value", BAD_SCHEMAS.values(), ids=BAD_SCHEMAS)
def test_a_bad_schema_is_refused(value: object) -> None:
    with pytest.raises(ParseError):
        parse_schema(value, "genesis.schemas")


def test_a_schema_survives_the_round_trip_and_its_hash_covers_names_types_and_units() -> None:
    assert parse_schema(jcs.decode(SCHEMA.canonical), "schema") == SCHEMA
    others = [
        Schema("samples", SCHEMA.columns[1:]),
        Schema("other", SCHEMA.columns),
        Schema("samples", (Column("number", "decimal"), *SCHEMA.columns[1:])),
        Schema("samples", (Column("number", "int", "Wh"), *SCHEMA.columns[1:])),
        Schema("samples", (Column("number", "int", null=True), *SCHEMA.columns[1:])),
        Schema("samples", SCHEMA.columns, ("number",)),
        Schema("samples", SCHEMA.columns, version=2),
    ]
    assert len({schema.sha256 for schema in (SCHEMA, *others)}) == 1 + len(others)
