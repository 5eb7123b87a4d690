"""What each trade costs its buyer and brings its seller.

[ours; P1 does not say] Three rules, a parameter of the session:

1. `midpoint`: both sides pay and get (bid + ask) / 2, rounded down to the tick.
2. `uniform`: one price for all trades of a round, the middle, rounded down to the tick, of the interval of prices
   at which exactly these trades are what everybody wants:
   [max(accepted asks, rejected or residual bids), min(accepted bids, rejected or residual asks)].
3. `pay_as_bid`: the buyer pays the bid, the seller gets the ask; the spread goes to the balancing account.

Prices and ends of the interval are multiples of the tick, so rounding down never leaves [ask, bid].
"""

from dataclasses import dataclass

import numpy as np

from chain.market.book import Book
from chain.market.columns import Int64Array, Pricing
from chain.market.matching import Matching
from chain.units import PriceFenPerMwh


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Prices per trade, in matching order."""

    buyer: Int64Array
    """What the buyer pays, fen/MWh, at most the bid."""
    seller: Int64Array
    """What the seller gets, fen/MWh, at least the ask, at most `buyer`."""
    uniform: PriceFenPerMwh | None
    """The one price of the round; None under other rules and without trades."""


def price_trades(book: Book, matching: Matching, pricing: Pricing, tick: PriceFenPerMwh) -> Prices:
    """Price the trades of one matching; every price of the book is a multiple of `tick`."""
    if pricing == "pay_as_bid":
        return Prices(matching.bid_price, matching.ask_price, None)
    if pricing == "midpoint":
        middle = (matching.bid_price + matching.ask_price) // (2 * tick) * tick
        return Prices(middle, middle, None)
    if len(matching.quantity) == 0:
        return Prices(matching.bid_price, matching.ask_price, None)
    low, high = uniform_interval(book, matching)
    price = (low + high) // (2 * tick) * tick
    prices = np.full(len(matching.quantity), price, dtype=np.int64)
    return Prices(prices, prices, PriceFenPerMwh(price))


def uniform_interval(book: Book, matching: Matching) -> tuple[PriceFenPerMwh, PriceFenPerMwh]:
    """The interval of rule 2; there must be a trade. The last trade has the lowest accepted bid and the highest
    accepted ask, and the best order with a residual is the first one by priority."""
    low, high = int(matching.ask_price[-1]), int(matching.bid_price[-1])
    best_bid, best_ask = _best_left(book, matching, matching.bids), _best_left(book, matching, matching.asks)
    low = low if best_bid is None else max(low, best_bid)
    high = high if best_ask is None else min(high, best_ask)
    return PriceFenPerMwh(low), PriceFenPerMwh(high)


def _best_left(book: Book, matching: Matching, ranked: Int64Array) -> PriceFenPerMwh | None:
    left = matching.residual[ranked] > 0
    return PriceFenPerMwh(int(book.price[ranked[int(np.argmax(left))]])) if left.any() else None
