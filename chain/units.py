"""Named integers: what a number counts (`docs/architecture.md`, Numbers). No floats anywhere in `chain`."""

from typing import NewType

EnergyWh = NewType("EnergyWh", int)
"""Watt-hours."""

PriceFenPerMwh = NewType("PriceFenPerMwh", int)
"""Fen (0.01 CNY) per megawatt-hour; may be negative."""

MoneyE8 = NewType("MoneyE8", int)
"""Units of 10⁻⁸ CNY: 1 Wh × 1 fen/MWh is exactly one unit."""

TimeMs = NewType("TimeMs", int)
"""Milliseconds since 1970-01-01T00:00:00Z."""

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SETTLEMENT_OFFSET_MS = 8 * HOUR_MS
"""Settlement days are UTC+8."""


def settlement_day_end(time_ms: int) -> int:
    """The first instant after the settlement day (UTC+8) that holds `time_ms`."""
    return ((time_ms + SETTLEMENT_OFFSET_MS) // DAY_MS + 1) * DAY_MS - SETTLEMENT_OFFSET_MS
