"""What happens between rounds: references, the λ adjustment, suspension.

1. [P1 2.2 (2)] In round 1 the references are the lowest ask (optimal sale price) and the highest bid (optimal
   purchase price). [P1 2.2 (4)] After trades they are ask and bid of the round's last trade. [ours] After a round
   without trades they stand.
2. [P1 2.2 (4)] Before round k ≥ 2 every remaining order is adjusted: a seller whose initial ask is below the
   optimal sale price has λ = +0.05, else −0.05; a buyer whose initial bid is above the optimal purchase price has
   λ = +0.05, else −0.05.
3. [ours; P1 prints no formula] new ask = ask + λ·|ask|, new bid = bid − λ·|bid|. λ is in basis points.
4. [ours] Only orders with a limit move. The result is rounded to the tick toward the limit, is never beyond it,
   and stays in `price_min`..`price_max`. The initial price never changes. (An order at 0 does not move: λ·|0| = 0.)
5. [P1 2.1 (3)] Every bid below every ask → suspended. [ours] Only for a book with both sides, all of it newly
   declared.
"""

from dataclasses import dataclass

import numpy as np

from chain.market.book import Book
from chain.market.columns import BoolArray, Int64Array
from chain.market.matching import Matching
from chain.market.parameters import AuctionParameters
from chain.units import PriceFenPerMwh

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class References:
    """The prices that λ looks at."""

    ask: PriceFenPerMwh | None = None
    """Optimal sale price, fen/MWh; None while no ask has been declared."""
    bid: PriceFenPerMwh | None = None
    """Optimal purchase price, fen/MWh; None while no bid has been declared."""


def lowest_ask(book: Book) -> PriceFenPerMwh | None:
    """The lowest ask; None without asks."""
    asks = book.price[~book.is_bid]
    return PriceFenPerMwh(int(asks.min())) if len(asks) else None


def highest_bid(book: Book) -> PriceFenPerMwh | None:
    """The highest bid; None without bids."""
    bids = book.price[book.is_bid]
    return PriceFenPerMwh(int(bids.max())) if len(bids) else None


def first_references(book: Book, known: References) -> References:
    """Rule 1 before matching: what is not known yet is read off the book."""
    return References(
        lowest_ask(book) if known.ask is None else known.ask,
        highest_bid(book) if known.bid is None else known.bid,
    )


def last_trade_references(matching: Matching) -> References:
    """Rule 1 after matching: ask and bid of the last trade; there must be one."""
    return References(PriceFenPerMwh(int(matching.ask_price[-1])), PriceFenPerMwh(int(matching.bid_price[-1])))


def is_suspended(book: Book) -> bool:
    """The test of rule 5 on a newly declared book."""
    ask, bid = lowest_ask(book), highest_bid(book)
    return ask is not None and bid is not None and bid < ask


def adjusted_prices(
    book: Book, remaining: BoolArray, references: References, parameters: AuctionParameters
) -> Int64Array:
    """Rules 2 to 4: the prices of all orders; those in `remaining` (here before this round) may have moved.

    λ·|price| can pass 64 bits, so it is computed as a whole part and whether there is a fraction.
    """
    price, tick = book.price, parameters.tick
    thousands, rest = np.divmod(np.abs(price), BASIS_POINTS)
    whole = thousands * parameters.lambda_bp + rest * parameters.lambda_bp // BASIS_POINTS
    fraction = (rest * parameters.lambda_bp % BASIS_POINTS > 0).astype(np.int64)
    # Asks: rounded down, toward their limit. λ = +: ask + step; the fraction is cut. λ = −: it counts as one more.
    ask_up = _below(book.initial, references.ask)
    asks = np.where(ask_up, price + whole, price - whole - fraction) // tick * tick
    asks = np.maximum(asks, book.limit)
    # Bids: rounded up, toward their limit. λ = +: bid − step; the fraction is cut. λ = −: it counts as one more.
    bid_down = _above(book.initial, references.bid)
    bids = -(-np.where(bid_down, price - whole, price + whole + fraction) // tick) * tick
    bids = np.minimum(bids, book.limit)
    moved = np.clip(np.where(book.is_bid, bids, asks), parameters.price_min, parameters.price_max)
    known = np.where(book.is_bid, references.bid is not None, references.ask is not None)
    return np.where(remaining & book.has_limit & known, moved, price)


def can_move(book: Book, references: References, parameters: AuctionParameters) -> bool:
    """Whether another round without new declarations could differ: both sides have orders and λ moves one."""
    if not book.is_bid.any() or book.is_bid.all():
        return False
    everyone = np.ones(len(book), dtype=np.bool_)
    return bool((adjusted_prices(book, everyone, references, parameters) != book.price).any())


def _below(initial: Int64Array, reference: PriceFenPerMwh | None) -> BoolArray:
    return initial < (0 if reference is None else reference)


def _above(initial: Int64Array, reference: PriceFenPerMwh | None) -> BoolArray:
    return initial > (0 if reference is None else reference)
