"""Production intervals: where they may lie, how much energy fits into one, how they are written.

1. An interval is start-labelled, 15, 30 or 60 minutes long and aligned to its own length in UTC, so that two intervals
   overlap only if one contains the other, and never reach beyond one hour (EnergyTag GC Scheme Standard: at most 1 h).
2. A device of capacity P produces in an interval at most P × duration × tolerance (EnergyTag, EN 16325: a plausibility
   bound on metering). In integers: generation_wh × 600,000 ≤ capacity_w × minutes × basis points.
3. In names an interval's start is `chain.calendar.utc_stamp` (ISO 8601 basic format, UTC, Gregorian calendar).
"""

from typing import Literal

from chain.units import MINUTE_MS

IntervalMinutes = Literal[15, 30, 60]
"""Lengths that readings may have."""

STEP_MS = 15 * MINUTE_MS
"""The finest start of an interval."""

_SPAN_MS = 60 * MINUTE_MS
_MINUTES_PER_HOUR_BASIS_POINTS = 60 * 10_000


def is_aligned(start_ms: int, minutes: int) -> bool:
    """Rule 1."""
    return start_ms >= 0 and start_ms % (minutes * MINUTE_MS) == 0


def starts_near(start_ms: int, minutes: int) -> range:
    """Starts of every interval that could overlap an aligned one, its own included, in order."""
    hour = start_ms - start_ms % _SPAN_MS
    return range(hour, start_ms + minutes * MINUTE_MS, STEP_MS)


def energy_max_wh(capacity_w: int, minutes: int, tolerance_basis_points: int) -> int:
    """Rule 2, rounded down to a whole Wh, which refuses nothing that the rule allows."""
    return capacity_w * minutes * tolerance_basis_points // _MINUTES_PER_HOUR_BASIS_POINTS
