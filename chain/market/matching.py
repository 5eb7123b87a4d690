"""Which orders trade how much with whom.

1. [P1 2.2 (1)–(3)] The highest bid meets the lowest ask while bid ≥ ask; the lowest ask is cleared first.
2. [ours] Each meeting trades the smaller of the two energies; what is left keeps its place for the next meeting.

Both sides are laid end to end by cumulative energy. Every end of an order on either side ends a meeting, and the
meetings up to the last with bid ≥ ask are the trades: no loop over orders. The energy traded is the largest that
can trade at any one price, and Σ (bid − ask) × energy is the largest that any matching can reach.
"""

from dataclasses import dataclass

import numpy as np

from chain.market.book import Book, ranked_asks, ranked_bids
from chain.market.columns import Int64Array
from chain.units import EnergyWh


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Trades in matching order, as columns; and what is left of every order."""

    bids: Int64Array
    """Book indexes of all bids, best first."""
    asks: Int64Array
    """Book indexes of all asks, best first."""
    bid: Int64Array
    """Per trade the book index of the bid."""
    ask: Int64Array
    """Per trade the book index of the ask."""
    quantity: Int64Array
    """Per trade the energy, Wh, > 0."""
    bid_price: Int64Array
    """Per trade the bid's price, fen/MWh."""
    ask_price: Int64Array
    """Per trade the ask's price, fen/MWh; never above the bid's."""
    residual: Int64Array
    """Per order of the book the energy that did not trade, Wh."""

    @property
    def quantity_wh(self) -> EnergyWh:
        """Energy of all trades; within 2⁶² because a side of the book is."""
        return EnergyWh(int(self.quantity.sum()))


def match(book: Book) -> Matching:
    """Match a book once."""
    bids, asks = ranked_bids(book), ranked_asks(book)
    bid_ends, ask_ends = np.cumsum(book.quantity[bids]), np.cumsum(book.quantity[asks])
    longest = min(_last(bid_ends), _last(ask_ends))
    ends = _distinct(bid_ends[bid_ends <= longest], ask_ends[ask_ends <= longest])
    bid = bids[np.searchsorted(bid_ends, ends, side="left")]
    ask = asks[np.searchsorted(ask_ends, ends, side="left")]
    # Bid prices fall and ask prices rise along the meetings, so those with bid >= ask are the first ones.
    count = int(np.count_nonzero(book.price[bid] >= book.price[ask]))
    ends, bid, ask = ends[:count], bid[:count], ask[:count]
    traded = _last(ends)
    residual = np.empty(len(book), dtype=np.int64)
    for indexes, side_ends in ((bids, bid_ends), (asks, ask_ends)):
        residual[indexes] = np.clip(side_ends - traded, 0, book.quantity[indexes])
    quantity = np.diff(ends, prepend=0).astype(np.int64)
    return Matching(bids, asks, bid, ask, quantity, book.price[bid], book.price[ask], residual)


def _distinct(first: Int64Array, second: Int64Array) -> Int64Array:
    """Both together, sorted, each value once; all are > 0."""
    ends = np.sort(np.concatenate((first, second)))
    distinct: Int64Array = ends[np.diff(ends, prepend=0) > 0]
    return distinct


def _last(ends: Int64Array) -> int:
    return int(ends[-1]) if len(ends) else 0
