"""Production intervals: where they may lie, how much energy fits into one, how they are written.

1. An interval is start-labelled, 15, 30 or 60 minutes long and aligned to its own length in UTC, so that two intervals
   overlap only if one contains the other, and never reach beyond one hour (EnergyTag GC Scheme Standard: at most 1 h).
2. A device of capacity P produces in an interval at most P × duration × tolerance (EnergyTag, EN 16325: a plausibility
   bound on metering). In integers: generation_wh × 600,000 ≤ capacity_w × minutes × basis points.
3. In names an interval's start is `yyyymmddThhmmZ` (ISO 8601 basic format, UTC, Gregorian calendar).
"""

from functools import lru_cache
from typing import Literal

IntervalMinutes = Literal[15, 30, 60]
"""Lengths that readings may have."""

MINUTE_MS = 60_000
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


@lru_cache(maxsize=4096)
def utc_stamp(time_ms: int) -> str:
    """Rule 3, for times from 1970 on."""
    days, minute = divmod(time_ms // MINUTE_MS, 24 * 60)
    year, month, day = _civil_date(days)
    return f"{year:04d}{month:02d}{day:02d}T{minute // 60:02d}{minute % 60:02d}Z"


def _civil_date(days: int) -> tuple[int, int, int]:
    """Year, month, day of a day since 1970-01-01.

    Counts in eras of 400 years (146,097 days) that begin on 1 March 0000, so that a leap day ends its year; the
    months from March on follow 153 days per five months.
    """
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    return era * 400 + year_of_era + (month <= 2), month, day
