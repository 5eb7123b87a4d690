"""UTC dates from integers: no clock, no time zone data, the same on every machine."""

from functools import lru_cache

from chain.units import MINUTE_MS


@lru_cache(maxsize=4096)
def utc_stamp(time_ms: int) -> str:
    """`yyyymmddThhmmZ` of a time from 1970 on, seconds cut off."""
    days, minute = divmod(time_ms // MINUTE_MS, 24 * 60)
    year, month, day = _civil_date(days)
    return f"{year:04d}{month:02d}{day:02d}T{minute // 60:02d}{minute % 60:02d}Z"


def utc_text(time_ms: int) -> str:
    """ISO 8601 for people and programs, `yyyy-mm-ddThh:mm:ssZ`; milliseconds stand there where there are any."""
    seconds, milliseconds = divmod(time_ms, 1_000)
    days, second = divmod(seconds, 24 * 60 * 60)
    year, month, day = _civil_date(days)
    clock = f"{second // 3_600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    fraction = f".{milliseconds:03d}" if milliseconds else ""
    return f"{year:04d}-{month:02d}-{day:02d}T{clock}{fraction}Z"


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
