"""One cell, one value: what every kind accepts, and the same column read whole and cell by cell."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.csv_cells import (
    CellError,
    Kind,
    parse_choice,
    parse_decimal,
    parse_integer,
    parse_text,
    parse_time,
    parse_whole,
    parser,
)

GOOD_TIMES = {
    "0": 0,
    "1793584800000": 1_793_584_800_000,
    "1970-01-01T00:00:00Z": 0,
    "1970-01-01 08:00+08:00": 0,
    "1970-01-01T08:00:00.001+0800": 1,
    "1970-01-01T08:00:00,25+08": 250,
    "1970-01-01T00:00:00.500000Z": 500,
    "2026-11-02T10:00:00+08:00": 1_793_584_800_000,
    "9999-12-31T23:59:59.999Z": 253_402_300_799_999,
}
BAD_TIMES = {
    "no zone": ("2026-11-02T10:00:00", "no time zone"),
    "no time of day": ("2026-11-02", "neither"),
    "the 30th of February": ("2026-02-30T00:00:00Z", "no moment"),
    "hour 24": ("2026-02-03T24:00:00Z", "no moment"),
    "a leap second": ("2016-12-31T23:59:60Z", "no moment"),
    "a zone of 99 hours": ("2026-02-03T00:00:00+99:00", "no moment"),
    "a zone of 75 minutes past": ("2026-02-03T00:00:00+07:75", "no moment"),
    "microseconds": ("2026-02-03T00:00:00.000001Z", "finer than a millisecond"),
    "before 1970": ("1969-12-31T23:59:59Z", "outside"),
    "before 1970 as an integer": ("-1", "outside"),
    "after 9999": ("9999-12-31T23:59:59-01:00", "outside"),
    "a fraction of an integer": ("12.5", "neither"),
    "digits of another script": ("٢٠٢٦-11-02T10:00:00Z", "neither"),
    "a word": ("tomorrow", "neither"),
}
BAD_INTEGERS = {
    "not a number": ("NaN", "not an integer"),
    "infinity": ("-inf", "not an integer"),
    "a word": ("many", "not an integer"),
    "a fraction": ("1.5", "not an integer"),
    "a thousand or one": ("1.000", "thousands"),
    "a thousand with a space": ("1 000", "thousands"),
    "a spreadsheet's power": ("1.5E+05", "powers of ten"),
    "underscores": ("1_000", "not an integer"),
    "hexadecimal": ("0x10", "not an integer"),
    "digits of another script": ("１２", "not an integer"),
    "too many digits": ("9" * 37, "36 digits"),
    "a sign alone": ("-", "not an integer"),
}


@pytest.mark.parametrize("cell", GOOD_TIMES)
def test_a_time_is_exact_to_the_millisecond_in_every_spelling(cell: str) -> None:
    assert parse_time(cell) == GOOD_TIMES[cell]


@pytest.mark.parametrize("name", BAD_TIMES)
def test_a_bad_time_is_named(name: str) -> None:
    cell, sentence = BAD_TIMES[name]
    with pytest.raises(CellError, match=sentence):
        parse_time(cell)
    assert parse_whole("time", [cell], ()) is None


@pytest.mark.parametrize("name", BAD_INTEGERS)
def test_a_bad_integer_is_named(name: str) -> None:
    cell, sentence = BAD_INTEGERS[name]
    with pytest.raises(CellError, match=sentence):
        parse_integer(cell, comma_is_delimiter=False)
    assert parse_whole("integer", [cell], ()) is None


def test_an_integer_may_carry_the_zeros_that_spreadsheets_add() -> None:
    assert [parse_integer(cell, False) for cell in ("12", "+12", "-12.0", "12,00")] == [12, 12, -12, 12]


def test_a_decimal_comma_is_understood_only_where_the_comma_is_no_delimiter() -> None:
    assert parse_decimal("0,125", comma_is_delimiter=False) == Decimal("0.125")
    with pytest.raises(CellError, match="ambiguous"):
        parse_decimal("0,125", comma_is_delimiter=True)
    with pytest.raises(CellError, match="not a number"):
        parse_decimal("0,5", comma_is_delimiter=True)


def test_a_number_with_both_marks_is_refused() -> None:
    with pytest.raises(CellError, match="thousands"):
        parse_decimal("1.234,5", comma_is_delimiter=False)


def test_a_small_power_of_ten_is_an_exact_decimal() -> None:
    assert parse_decimal("1.5e-05", comma_is_delimiter=True) == Decimal("0.000015")


def test_text_comes_out_composed_and_printable() -> None:
    assert parse_text("Cafe\u0301 福建") == "Café 福建"
    for bad in ("a\x00b", "a\nb", "\ue000", "\udc80"):
        with pytest.raises(CellError, match=r"U\+"):
            parse_text(bad)
    with pytest.raises(CellError, match="1024"):
        parse_text("x" * 1_025)


def test_a_choice_ignores_case() -> None:
    assert parse_choice("BID", ("bid", "ask")) == "bid"
    with pytest.raises(CellError, match="bid, ask"):
        parse_choice("buy", ("bid", "ask"))


def test_a_line_break_inside_a_quoted_number_does_not_slip_through_the_fast_path() -> None:
    for kind in ("integer", "decimal", "time", "text"):
        assert parse_whole(kind, ["1\n2", "3"], ()) is None


@given(st.lists(st.integers(-(10**36) + 1, 10**36 - 1)))
def test_integers_read_the_same_whole_and_one_by_one(values: list[int]) -> None:
    cells = [str(value) for value in values]
    assert parse_whole("integer", cells, ()) == [parse_integer(cell, True) for cell in cells] == values


@given(
    st.lists(st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1)), min_size=1),
    st.integers(-23 * 60, 23 * 60),
    st.sampled_from(["seconds", "milliseconds", "minutes"]),
)
def test_times_read_the_same_whole_and_one_by_one(moments: list[datetime], offset: int, spec: str) -> None:
    zone = timezone(timedelta(minutes=offset))
    cells = [moment.replace(tzinfo=zone).isoformat(timespec=spec) for moment in moments]
    expected = [parse_time(cell) for cell in cells]
    assert parse_whole("time", cells, ()) == expected
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert expected == [(datetime.fromisoformat(cell) - epoch) // timedelta(milliseconds=1) for cell in cells]


@given(st.text(max_size=20), st.sampled_from(["text", "integer", "decimal", "time", "choice"]), st.booleans())
def test_no_cell_whatsoever_escapes_as_another_error(cell: str, kind: Kind, comma_is_delimiter: bool) -> None:
    try:
        parser(kind, ("bid", "ask"), comma_is_delimiter)(cell)
    except CellError as error:
        assert str(error)
