"""Numbers as people read them, to the last digit, and times in UTC+8.

1. No float: a value is rendered from its integer, grouped by thousands, trailing zeros trimmed down to a fixed number
   of decimals, never rounded.
2. An average is a fraction: `average_price` rounds it half to even, and whoever shows it puts ≈ before it.
"""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

MARKET_ZONE = timezone(timedelta(hours=8), "UTC+8")
"""Settlement days and every time on the site."""

MINUS = "−"


def exact(units: int | Decimal, scale: int, decimals_min: int = 0) -> str:
    """`units` × 10^−scale as a decimal string: exact(2342009440000, 8, 2) → 23,420.0944."""
    value = int(units)
    whole, fraction = divmod(abs(value), 10**scale)
    digits = f"{fraction:0{scale}d}" if scale else ""
    kept = digits.rstrip("0").ljust(decimals_min, "0")
    sign = MINUS if value < 0 else ""
    return f"{sign}{whole:,}.{kept}" if kept else f"{sign}{whole:,}"


def money(value_e8: int | Decimal | None) -> str:
    """10⁻⁸ CNY as CNY, at least two decimals."""
    return "" if value_e8 is None else exact(value_e8, 8, 2)


def energy(value_wh: int | Decimal | None) -> str:
    """Wh as MWh, at least three decimals."""
    return "" if value_wh is None else exact(value_wh, 6, 3)


def price(fen_per_mwh: int | Decimal | None) -> str:
    """fen/MWh as CNY/MWh."""
    return "" if fen_per_mwh is None else exact(fen_per_mwh, 2, 2)


def count(value: int | Decimal | None) -> str:
    """A number of things."""
    return "" if value is None else exact(value, 0)


def average_price(money_e8: int | Decimal, energy_wh: int | Decimal) -> str:
    """Volume-weighted price in CNY/MWh, rounded to two decimals (rule 2); "" without energy."""
    if not energy_wh:
        return ""
    quotient, rest = divmod(abs(int(money_e8)), int(energy_wh))
    if 2 * rest > int(energy_wh) or (2 * rest == int(energy_wh) and quotient % 2):
        quotient += 1
    return price(-quotient if int(money_e8) < 0 else quotient)


def local(moment: datetime | int) -> datetime:
    """A moment, or milliseconds UTC, in UTC+8."""
    if isinstance(moment, int):
        moment = datetime.fromtimestamp(moment // 1000, UTC) + timedelta(milliseconds=moment % 1000)
    return moment.astimezone(MARKET_ZONE)


def clock(moment: datetime | int | None, seconds: bool = False) -> str:
    """Date and time in UTC+8, unlabelled: for columns whose heading says so."""
    if moment is None:
        return ""
    return local(moment).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def time_of(moment: datetime | int, seconds: bool = True) -> str:
    """Date and time with its zone."""
    return f"{clock(moment, seconds)} UTC+8"
