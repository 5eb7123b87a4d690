"""One round of a session as a pure function: the contract runs it, replay runs it again.

    outcome = play_round(declarations, round_number, references, parameters)

`declarations` are all that stand in the session: what members declared and neither withdrew nor saw returned.
The caller keeps them between rounds and passes `outcome.declarations` and `outcome.references` to the next round,
with declarations added, amended (a new `Declaration` under the amending entry, `first_round` = the coming round)
or taken out. Declarations whose energy has all traded may be passed or dropped: the outcome is the same.

Order of a round, with the auction rules it applies (docs/rules.md):

1. Orders that played an earlier round are adjusted by λ (rule 6).
2. A book that is all new, has both sides and every bid below every ask is suspended (rule 7): nothing trades, the
   references stay as they were, the caller returns every declaration.
3. References not known yet are read off the book: lowest ask, highest bid (rule 6).
4. Matching (rules 2 and 3), pricing (rule 4), sums.
5. After trades the references are ask and bid of the last one (rule 6).

Everything in the outcome is Python integers, strings and tuples: comparable with `==`, ready for rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise
from operator import mul
from typing import Literal, TypeAlias

import numpy as np

from chain.errors import LimitError
from chain.market.book import Book, make_book
from chain.market.clearing import Clearing, Totals, clear_book
from chain.market.columns import Int64Array, Side
from chain.market.limits import MARKET_LIMITS
from chain.market.parameters import AuctionParameters
from chain.market.rounds import (
    References,
    adjusted_prices,
    can_move,
    first_references,
    highest_bid,
    is_suspended,
    last_trade_references,
    lowest_ask,
)
from chain.units import EnergyWh, MoneyE8, PriceFenPerMwh, TimeMs

RoundStatus: TypeAlias = Literal["cleared", "suspended", "no_trade", "one_sided", "empty"]
"""`cleared`: there were trades. `no_trade`: both sides, no bid reaches an ask. `one_sided`, `empty`: what the book
was when nothing could trade. `suspended`: rule 7."""

NO_TOTALS = Totals(0, EnergyWh(0), MoneyE8(0), MoneyE8(0), MoneyE8(0), MoneyE8(0), None)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One signed batch of one account: its orders as parallel columns, row = position."""

    account: str
    """Who declared; one side per account and session is the contract's check."""
    side: Side
    """All bids or all asks."""
    declared_ms: TimeMs
    """Ledger time of the entry: time priority."""
    entry: int
    """The entry in the channel's log, unique among the declarations."""
    first_round: int
    """The first round in which it takes part; λ moves it from the next round on."""
    initial: tuple[PriceFenPerMwh, ...]
    """Per order the price as declared; never changes."""
    limit: tuple[PriceFenPerMwh | None, ...]
    """Per order the worst price λ may reach; None: λ leaves it alone."""
    price: tuple[PriceFenPerMwh, ...]
    """Per order the price now; `initial` when it is declared."""
    remaining: tuple[EnergyWh, ...]
    """Per order the energy not yet traded, Wh; 0: filled, takes no part."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Orders that λ moved, as parallel columns sorted by (entry, row)."""

    entry: tuple[int, ...]
    row: tuple[int, ...]
    before: tuple[PriceFenPerMwh, ...]
    after: tuple[PriceFenPerMwh, ...]


@dataclass(frozen=True, slots=True)
class Trades:
    """Trades in matching order, as parallel columns."""

    buyer: tuple[str, ...]
    bid_entry: tuple[int, ...]
    bid_row: tuple[int, ...]
    seller: tuple[str, ...]
    ask_entry: tuple[int, ...]
    ask_row: tuple[int, ...]
    quantity_wh: tuple[EnergyWh, ...]
    bid_price: tuple[PriceFenPerMwh, ...]
    """The bid when it matched."""
    ask_price: tuple[PriceFenPerMwh, ...]
    """The ask when it matched."""
    buyer_price: tuple[PriceFenPerMwh, ...]
    """What the buyer pays."""
    seller_price: tuple[PriceFenPerMwh, ...]
    """What the seller gets."""
    paid_e8: tuple[MoneyE8, ...]
    """`quantity_wh` × `buyer_price`."""
    received_e8: tuple[MoneyE8, ...]
    """`quantity_wh` × `seller_price`."""

    def __len__(self) -> int:
        return len(self.quantity_wh)


NO_TRADES = Trades((), (), (), (), (), (), (), (), (), (), (), (), ())


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """Everything the record keeps of a round."""

    round_number: int
    status: RoundStatus
    declarations: tuple[Declaration, ...]
    """The declarations given, in their order, with prices and remaining energy after the round."""
    moves: Moves
    """What λ did before matching."""
    trades: Trades
    totals: Totals
    references: References
    """For the next round."""
    lowest_ask: PriceFenPerMwh | None
    """Of the book that was matched."""
    highest_bid: PriceFenPerMwh | None
    """Of the book that was matched."""
    can_move: bool
    """Whether a next round without new declarations could differ. False: only members can go on."""


@dataclass(frozen=True, slots=True, eq=False)
class _Flat:
    """All orders of all declarations in one row of columns, and which of them still have energy."""

    declarations: tuple[Declaration, ...]
    starts: tuple[int, ...]
    """Per declaration where its rows begin, and the end of the last."""
    owner: Int64Array
    """Per order the position of its declaration."""
    price: Int64Array
    remaining: Int64Array
    active: Int64Array
    """Positions of the orders that take part."""
    book: Book
    """Those orders; index i of the book is order `active[i]`."""


def play_round(
    declarations: Sequence[Declaration],
    round_number: int,
    references: References,
    parameters: AuctionParameters,
) -> RoundOutcome:
    """Play one round (see the module). `references` of a session's first round: `References()`.

    The declarations' orders were admitted by `check_orders`. Raises `LimitError` for a state that no session can
    reach and for a book past the market's limits.
    """
    flat = _flatten(tuple(declarations), round_number)
    declared_in = np.array([declaration.first_round for declaration in flat.declarations], dtype=np.int64)
    remains = declared_in[flat.owner[flat.active]] < round_number
    book = replace(flat.book, price=adjusted_prices(flat.book, remains, references, parameters))
    moves = _moves(flat, book)
    ask, bid = lowest_ask(book), highest_bid(book)
    if not remains.any() and is_suspended(book):
        return RoundOutcome(
            round_number, "suspended", flat.declarations, moves, NO_TRADES, NO_TOTALS, references, ask, bid, False
        )
    clearing = clear_book(book, parameters.pricing, parameters.tick)
    known = first_references(book, references)
    if clearing.totals.trades:
        known = last_trade_references(clearing.matching)
    left = clearing.matching.residual
    return RoundOutcome(
        round_number,
        _status(ask, bid, clearing.totals),
        _unflatten(flat, book, left),
        moves,
        _trades(book, clearing),
        clearing.totals,
        known,
        ask,
        bid,
        can_move(_part(book, left), known, parameters),
    )


def _status(ask: PriceFenPerMwh | None, bid: PriceFenPerMwh | None, totals: Totals) -> RoundStatus:
    if totals.trades:
        return "cleared"
    if ask is None and bid is None:
        return "empty"
    return "one_sided" if ask is None or bid is None else "no_trade"


def _flatten(declarations: tuple[Declaration, ...], round_number: int) -> _Flat:
    _check_state(declarations, round_number)
    sizes = [len(declaration.price) for declaration in declarations]
    owner = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    price = _integers(chain.from_iterable(item.price for item in declarations))
    remaining = _integers(chain.from_iterable(item.remaining for item in declarations))
    initial = _integers(chain.from_iterable(item.initial for item in declarations))
    limits = list(chain.from_iterable(item.limit for item in declarations))
    row = _integers(chain.from_iterable(map(range, sizes)))
    active = np.flatnonzero(remaining)
    of = owner[active]
    per_order = of.tolist()
    book = make_book(
        is_bid=np.array([item.side == "bid" for item in declarations], dtype=np.bool_)[of],
        price=price[active],
        quantity=remaining[active],
        account=[declarations[index].account for index in per_order],
        declared_ms=np.array([item.declared_ms for item in declarations], dtype=np.int64)[of],
        entry=np.array([item.entry for item in declarations], dtype=np.int64)[of],
        row=row[active],
        initial=initial[active],
        limit=[limits[index] for index in active.tolist()],
    )
    return _Flat(declarations, tuple(accumulate(sizes, initial=0)), owner, price, remaining, active, book)


def _integers(values: Iterable[int]) -> Int64Array:
    """A column of 64-bit integers; anything else is refused, never converted."""
    listed = list(values)
    column = np.array(listed) if listed else np.zeros(0, dtype=np.int64)
    if column.dtype != np.int64:
        raise LimitError("declaration", "a price or energy is no integer of 64 bits")
    return column


def _check_state(declarations: tuple[Declaration, ...], round_number: int) -> None:
    entries = sorted(declaration.entry for declaration in declarations)
    if any(first == second for first, second in pairwise(entries)):
        raise LimitError("declaration", "two declarations share an entry")
    for item in declarations:
        where = f"entry {item.entry}"
        if not len(item.initial) == len(item.limit) == len(item.price) == len(item.remaining):
            raise LimitError("declaration", "the columns of a declaration differ in length", where)
        if item.side not in ("bid", "ask"):
            raise LimitError("declaration", f"{item.side!r} is neither bid nor ask", where)
        if item.first_round > round_number:
            raise LimitError("declaration", f"it starts in round {item.first_round}", where)
        for value in (item.entry, item.declared_ms, item.first_round):
            if not 0 <= value <= MARKET_LIMITS.coordinate_max:
                raise LimitError("declaration", f"{value} is not from 0 to {MARKET_LIMITS.coordinate_max}", where)
        if item.remaining and min(item.remaining) < 0:
            raise LimitError("declaration", "remaining energy is below 0", where)


def _unflatten(flat: _Flat, book: Book, left: Int64Array) -> tuple[Declaration, ...]:
    """The declarations with the book's prices and what is left; untouched ones are the same objects."""
    price, remaining = flat.price.copy(), flat.remaining.copy()
    price[flat.active], remaining[flat.active] = book.price, left
    changed = flat.owner[(price != flat.price) | (remaining != flat.remaining)]
    touched = np.unique(changed).tolist()
    prices, energies = price.tolist(), remaining.tolist()
    after = list(flat.declarations)
    for index in touched:
        rows = slice(flat.starts[index], flat.starts[index + 1])
        after[index] = replace(after[index], price=tuple(prices[rows]), remaining=tuple(energies[rows]))
    return tuple(after)


def _moves(flat: _Flat, book: Book) -> Moves:
    moved = np.flatnonzero(book.price != flat.book.price)
    moved = moved[np.lexsort((book.row[moved], book.entry[moved]))]
    return Moves(
        tuple(book.entry[moved].tolist()),
        tuple(book.row[moved].tolist()),
        tuple(flat.book.price[moved].tolist()),
        tuple(book.price[moved].tolist()),
    )


def _trades(book: Book, clearing: Clearing) -> Trades:
    matching, prices = clearing.matching, clearing.prices
    quantity = tuple(matching.quantity.tolist())
    buyer_price, seller_price = tuple(prices.buyer.tolist()), tuple(prices.seller.tolist())
    return Trades(
        tuple(book.account[index] for index in matching.bid.tolist()),
        tuple(book.entry[matching.bid].tolist()),
        tuple(book.row[matching.bid].tolist()),
        tuple(book.account[index] for index in matching.ask.tolist()),
        tuple(book.entry[matching.ask].tolist()),
        tuple(book.row[matching.ask].tolist()),
        quantity,
        tuple(matching.bid_price.tolist()),
        tuple(matching.ask_price.tolist()),
        buyer_price,
        seller_price,
        tuple(map(mul, quantity, buyer_price)),
        tuple(map(mul, quantity, seller_price)),
    )


def _part(book: Book, left: Int64Array) -> Book:
    """The orders that still have energy."""
    kept = np.flatnonzero(left)
    return Book(
        book.is_bid[kept],
        book.price[kept],
        left[kept],
        [book.account[index] for index in kept.tolist()],
        book.declared_ms[kept],
        book.entry[kept],
        book.row[kept],
        book.initial[kept],
        book.limit[kept],
        book.has_limit[kept],
    )
