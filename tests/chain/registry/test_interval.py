"""Production intervals: calendar, alignment, overlap, and the bound on their energy."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.calendar import utc_stamp
from chain.registry.interval import STEP_MS, energy_max_wh, is_aligned, starts_near

HOUR = 3_600_000


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


intervals = st.sampled_from([15, 30, 60]).flatmap(
    lambda minutes: st.integers(0, 40).map(lambda n: (n * minutes * 60_000, minutes))
)


@given(intervals, intervals)
def test_starts_near_finds_every_interval_that_overlaps(one: tuple[int, int], other: tuple[int, int]) -> None:
    start, minutes = one
    other_start, other_minutes = other
    overlaps = start < other_start + other_minutes * 60_000 and other_start < start + minutes * 60_000
    if overlaps:
        assert other_start in starts_near(start, minutes)


@given(intervals)
def test_aligned_intervals_stay_within_their_hour(interval: tuple[int, int]) -> None:
    start, minutes = interval
    assert is_aligned(start, minutes)
    assert start // HOUR == (start + minutes * 60_000 - 1) // HOUR
    assert not is_aligned(start + STEP_MS // 2, minutes)


@given(st.integers(1, 10**12), st.sampled_from([15, 30, 60]), st.integers(10_000, 20_000), st.integers(0, 2 * 10**12))
def test_the_bound_refuses_exactly_what_the_rule_refuses(capacity: int, minutes: int, points: int, energy: int) -> None:
    allowed = energy * 600_000 <= capacity * minutes * points
    assert (energy <= energy_max_wh(capacity, minutes, points)) == allowed
