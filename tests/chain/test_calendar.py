"""UTC dates from integers are what the Gregorian calendar and the standard library say."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.calendar import utc_stamp, utc_text


@pytest.mark.parametrize(
    ("time_ms", "stamp"),
    [
        (0, "19700101T0000Z"),
        (951_782_400_000, "20000229T0000Z"),
        (951_868_800_000, "20000301T0000Z"),
        (1_793_577_600_000, "20261102T0000Z"),
        (4_107_542_399_000, "21000228T2359Z"),
        (4_107_542_400_000, "21000301T0000Z"),
        (253_402_300_799_999, "99991231T2359Z"),
    ],
)
def test_a_stamp_follows_the_gregorian_calendar(time_ms: int, stamp: str) -> None:
    assert utc_stamp(time_ms) == stamp


@given(st.integers(0, 253_402_300_799))
def test_a_stamp_is_what_the_standard_library_says(seconds: int) -> None:
    assert utc_stamp(seconds * 1_000) == datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%MZ")


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (1_793_577_600_000, "2026-11-02T00:00:00Z"),
        (1_793_577_659_120, "2026-11-02T00:00:59.120Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_text_has_milliseconds_where_there_are_any(time_ms: int, text: str) -> None:
    assert utc_text(time_ms) == text


@given(st.integers(0, 253_402_300_799_999))
def test_a_text_is_read_as_the_same_time(time_ms: int) -> None:
    read = datetime.fromisoformat(utc_text(time_ms))
    assert (read - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 1_000) == time_ms
