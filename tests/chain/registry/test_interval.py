"""Production intervals: alignment, overlap, and the bound on their energy."""

from hypothesis import given
from hypothesis import strategies as st

from chain.registry.interval import STEP_MS, energy_max_wh, is_aligned, starts_near

HOUR = 3_600_000


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
