"""An order book as columns, and the priority of its orders.

1. [ours] An order has a price, energy, an account, the ledger time of its declaration, its coordinates (entry,
   row), its initial price and an optional limit. The book checks every bound that later arithmetic rests on.
2. [P1 2.2 (1)] Bids come by price from high to low, asks from low to high; equal prices by declaration time.
3. [ours] Equal times by (entry, row): a total order, so nothing depends on the order of the input. Two orders
   that agree in all of these are refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chain.errors import LimitError
from chain.market.columns import BoolArray, Int64Array
from chain.market.limits import MARKET_LIMITS

PACKED_BITS_MAX = 62
"""Sort keys up to this width are packed into one int64."""


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Orders of both sides; position in the columns is an order's index and has no meaning. Made by `make_book`."""

    is_bid: BoolArray
    """True: bid, False: ask."""
    price: Int64Array
    """fen/MWh, now."""
    quantity: Int64Array
    """Wh, > 0."""
    account: Sequence[str]
    """Who declared it."""
    declared_ms: Int64Array
    """Ledger time of the declaration."""
    entry: Int64Array
    """Entry of the declaration in the channel's log."""
    row: Int64Array
    """Row of the order in that declaration."""
    initial: Int64Array
    """fen/MWh, as declared: what λ compares (auction rule 6)."""
    limit: Int64Array
    """fen/MWh, the worst price that λ may reach; meaningless where `has_limit` is False."""
    has_limit: BoolArray
    """Whether λ may move the order at all."""

    def __len__(self) -> int:
        return len(self.price)


def make_book(
    *,
    is_bid: Sequence[bool] | BoolArray,
    price: Sequence[int] | Int64Array,
    quantity: Sequence[int] | Int64Array,
    account: Sequence[str],
    declared_ms: Sequence[int] | Int64Array,
    entry: Sequence[int] | Int64Array,
    row: Sequence[int] | Int64Array,
    initial: Sequence[int] | Int64Array | None = None,
    limit: Sequence[int | None] | None = None,
) -> Book:
    """A checked book from parallel columns. `initial` None: the prices; `limit` None: no order has one."""
    size = len(account)
    bids = np.asarray(is_bid, dtype=np.bool_)
    magnitude = MARKET_LIMITS.price_magnitude_max
    prices = _column("price", price, size, -magnitude, magnitude)
    quantities = _column("quantity", quantity, size, 1, MARKET_LIMITS.quantity_wh_max)
    if len(bids) != size:
        raise LimitError("columns", f"{len(bids)} sides for {size} orders", "is_bid")
    if limit is None or not any(value is not None for value in limit):
        has_limit, limits = np.zeros(size, dtype=np.bool_), prices
    else:
        has_limit = np.array([value is not None for value in limit], dtype=np.bool_)
        filled = [0 if value is None else value for value in limit]
        limits = _column("limit", filled, size, -magnitude, magnitude)
    for name, mask in (("bids", bids), ("asks", ~bids)):
        _check_side(name, quantities[mask])
    return Book(
        is_bid=bids,
        price=prices,
        quantity=quantities,
        account=account,
        declared_ms=_column("declared_ms", declared_ms, size, 0, MARKET_LIMITS.coordinate_max),
        entry=_column("entry", entry, size, 0, MARKET_LIMITS.coordinate_max),
        row=_column("row", row, size, 0, MARKET_LIMITS.coordinate_max),
        initial=prices if initial is None else _column("initial", initial, size, -magnitude, magnitude),
        limit=limits,
        has_limit=has_limit,
    )


def ranked_bids(book: Book) -> Int64Array:
    """Indexes of the bids, best first (rules 2 and 3)."""
    return _ranked(book, np.flatnonzero(book.is_bid), -1)


def ranked_asks(book: Book) -> Int64Array:
    """Indexes of the asks, best first (rules 2 and 3)."""
    return _ranked(book, np.flatnonzero(~book.is_bid), 1)


def _ranked(book: Book, indexes: Int64Array, direction: int) -> Int64Array:
    keys = [book.price[indexes] * direction]
    keys.extend(column[indexes] for column in (book.declared_ms, book.entry, book.row))
    packed = _packed(keys)
    order = np.lexsort(keys[::-1]) if packed is None else np.argsort(packed)
    same = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for key in keys if packed is None else [packed]:
        same &= np.diff(key[order]) == 0
    if same.any():
        index = int(indexes[order[int(np.argmax(same))]])
        where = f"entry {int(book.entry[index])} row {int(book.row[index])}"
        raise LimitError("duplicate-order", "two orders share price, time, entry and row", where)
    ranked: Int64Array = indexes[order]
    return ranked


def _packed(keys: Sequence[Int64Array]) -> Int64Array | None:
    """The keys, most significant first, side by side in 62 bits: one sort instead of four. None where their ranges
    are too wide. Each key is within ±2⁵³, so its range is exact in 64 bits."""
    packed = np.zeros(len(keys[0]), dtype=np.int64)
    if len(packed) == 0:
        return packed
    bits = 0
    for key in keys:
        low = key.min()
        width = int(key.max() - low).bit_length()
        bits += width
        if bits > PACKED_BITS_MAX:
            return None
        packed = (packed << width) | (key - low)
    return packed


def _column(name: str, values: Sequence[int] | Int64Array, size: int, low: int, high: int) -> Int64Array:
    """An int64 column within its bounds. Floats, booleans and integers past 64 bits are refused, never converted."""
    column = np.asarray(values) if len(values) else np.zeros(0, dtype=np.int64)
    if column.ndim != 1 or len(column) != size:
        raise LimitError("columns", f"{len(values)} values for {size} orders", name)
    if column.dtype != np.int64 or (size and not (low <= column.min() and column.max() <= high)):
        raise LimitError(name.replace("_", "-"), f"every {name} is an integer from {low} to {high}", name)
    return column


def _check_side(name: str, quantities: Int64Array) -> None:
    """Bounds of one side: how many orders, how much energy (summed in two halves, so that the check is exact)."""
    if len(quantities) > MARKET_LIMITS.orders_per_side_max:
        raise LimitError(
            "orders-per-side-max", f"{len(quantities):,} {name}, more than {MARKET_LIMITS.orders_per_side_max:,}", name
        )
    total = (int((quantities >> 32).sum()) << 32) + int((quantities & (2**32 - 1)).sum())
    if total > MARKET_LIMITS.side_quantity_wh_max:
        raise LimitError(
            "side-quantity-wh-max", f"{total} Wh of {name}, more than {MARKET_LIMITS.side_quantity_wh_max}", name
        )
