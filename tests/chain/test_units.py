"""Settlement days are UTC+8."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.units import DAY_MS, HOUR_MS, settlement_day_end

EAST_8 = timezone(timedelta(hours=8))


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("time", "end"),
    [
        ("2026-11-02T00:00:00+00:00", "2026-11-02T16:00:00+00:00"),
        ("2026-11-02T15:59:59.999+00:00", "2026-11-02T16:00:00+00:00"),
        ("2026-11-02T16:00:00+00:00", "2026-11-03T16:00:00+00:00"),
        ("2026-12-31T16:00:00+00:00", "2027-01-01T16:00:00+00:00"),
        ("1969-12-31T23:00:00+00:00", "1970-01-01T16:00:00+00:00"),
    ],
)
def test_a_settlement_day_ends_at_16_utc(time: str, end: str) -> None:
    assert settlement_day_end(_ms(time)) == _ms(end)


@given(st.integers(-(10**12), 10**13))
def test_the_end_is_the_next_midnight_of_utc_8_and_later_than_the_time(time_ms: int) -> None:
    end = settlement_day_end(time_ms)
    local = datetime.fromtimestamp(end // 1_000, UTC).astimezone(EAST_8)
    assert (local.hour, local.minute, local.second, end % 1_000) == (0, 0, 0, 0)
    assert time_ms < end <= time_ms + DAY_MS
    assert settlement_day_end(end - 1) == end
    assert DAY_MS == 24 * HOUR_MS
