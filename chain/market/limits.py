"""Every limit of the market in one frozen record. They are what makes 64-bit arithmetic exact:

- a side's energy is at most 2⁶², so cumulative energy never overflows;
- a price is at most 2⁵³−1 either way, so bid + ask, and an ask raised by λ ≤ 100 %, stay below 2⁵⁵;
- money, the one product that does not fit, is computed in Python integers: a side's energy times a price is at
  most 35 digits, within the 37 that the record allows.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MarketLimits:
    """Past one of them: a `LimitError` that names it."""

    orders_per_side_max: int = 1_000_000
    """Orders of one side of a book."""
    price_magnitude_max: int = 2**53 - 1
    """Magnitude of a price in fen/MWh: an integer of the record's JSON."""
    quantity_wh_max: int = 2**53 - 1
    """Energy of one order."""
    side_quantity_wh_max: int = 2**62
    """Energy of one side of a book."""
    coordinate_max: int = 2**53 - 1
    """Declaration time, entry and row of an order."""
    tick_max: int = 10**9
    """Tick in fen/MWh and lot in Wh."""
    lambda_bp_max: int = 10_000
    """λ: at 100 % an ask falls to nothing; beyond, its sign would change."""
    fee_lines_max: int = 10_000
    """Lines of a network fee schedule."""
    fee_fen_per_mwh_max: int = 2**53 - 1
    """A network fee."""


MARKET_LIMITS = MarketLimits()
