"""One clearing of one book: match, price, add up. The contract, its replay and `gridproof clear` all call this.

Sums are Python integers and exact at any size: energy in Wh, money in 10⁻⁸ CNY.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from chain.market.book import Book
from chain.market.columns import Pricing
from chain.market.matching import Matching, match
from chain.market.pricing import Prices, price_trades
from chain.units import EnergyWh, MoneyE8, PriceFenPerMwh


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the trades of one clearing."""

    trades: int
    """How many."""
    quantity_wh: EnergyWh
    """Energy sold, which is the energy bought: the largest tradable at one price."""
    paid_e8: MoneyE8
    """What buyers pay for energy, before fees."""
    received_e8: MoneyE8
    """What sellers get for energy, before fees."""
    spread_e8: MoneyE8
    """`paid_e8` − `received_e8`: for the area's balancing account; 0 unless pay-as-bid."""
    welfare_e8: MoneyE8
    """Σ (bid − ask) × energy."""
    price: PriceFenPerMwh | None
    """The one price of a uniform clearing with trades, else None."""


@dataclass(frozen=True, slots=True, eq=False)
class Clearing:
    """What one clearing of a book gave."""

    matching: Matching
    """Trades and residuals."""
    prices: Prices
    """Per trade what is paid and received."""
    totals: Totals
    """The sums."""


def clear_book(book: Book, pricing: Pricing, tick: PriceFenPerMwh) -> Clearing:
    """Clear a book once. Its prices are multiples of `tick`."""
    matching = match(book)
    prices = price_trades(book, matching, pricing, tick)
    quantity = matching.quantity.tolist()
    paid = _value(quantity, prices.buyer.tolist())
    received = paid if prices.seller is prices.buyer else _value(quantity, prices.seller.tolist())
    welfare = _value(quantity, (matching.bid_price - matching.ask_price).tolist())
    totals = Totals(
        len(quantity), matching.quantity_wh, paid, received, MoneyE8(paid - received), welfare, prices.uniform
    )
    return Clearing(matching, prices, totals)


def _value(quantities_wh: Sequence[int], prices: Sequence[int]) -> MoneyE8:
    """Σ energy × price in Python integers: one such product may already pass 64 bits."""
    return MoneyE8(sum(map(mul, quantities_wh, prices)))
