"""A round's book as supply and demand curves: pure, from what the replay re-executed.

1. An order takes part with the energy that it had before the round, at the price that λ gave it.
2. Bids stand by price from high to low, asks from low to high; equal prices by declaration time, entry and row, as the
   market matches them.
3. A round clears where its last trade was made: all energy traded so far, between the last ask and bid that met.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from audit import RoundStep


@dataclass(frozen=True, slots=True)
class BookOrder:
    """One order as it stood in a round."""

    account: str
    side: str
    entry: int
    row: int
    declared_ms: int
    before: int
    """fen/MWh, before λ."""
    price: int
    """fen/MWh, as it was matched."""
    limit: int | None
    quantity_wh: int
    """Before the round."""
    left_wh: int
    """After it."""


@dataclass(frozen=True, slots=True)
class Step:
    """An order's part of a curve."""

    account: str
    price: int
    from_wh: int
    to_wh: int

    @property
    def quantity_wh(self) -> int:
        return self.to_wh - self.from_wh


@dataclass(frozen=True, slots=True)
class Clearing:
    """Rule 3."""

    traded_wh: int
    ask: int
    bid: int


def book_of(step: RoundStep) -> list[BookOrder]:
    """Rules 1 and 2: bids, then asks, best first."""
    moves = step.outcome.moves
    moved = dict(zip(zip(moves.entry, moves.row, strict=True), moves.after, strict=True))
    after = {item.entry: item.remaining for item in step.outcome.declarations}
    orders = [
        BookOrder(
            account=item.account,
            side=item.side,
            entry=item.entry,
            row=row,
            declared_ms=item.declared_ms,
            before=item.price[row],
            price=moved.get((item.entry, row), item.price[row]),
            limit=item.limit[row],
            quantity_wh=energy,
            left_wh=after.get(item.entry, item.remaining)[row],
        )
        for item in step.declarations
        for row, energy in enumerate(item.remaining)
        if energy
    ]
    return sorted(orders, key=_priority)


def curve(orders: Iterable[BookOrder], side: str, moved: bool = True) -> list[Step]:
    """The curve of one side; `moved` False: at the prices before λ."""
    chosen = [order for order in orders if order.side == side]
    if not moved:
        direction = -1 if side == "bid" else 1
        chosen.sort(key=lambda order: (order.before * direction, order.declared_ms, order.entry, order.row))
    steps, reached = [], 0
    for order in chosen:
        end = reached + order.quantity_wh
        steps.append(Step(order.account, order.price if moved else order.before, reached, end))
        reached = end
    return steps


def clearing_of(step: RoundStep) -> Clearing | None:
    """Rule 3; None when nothing traded."""
    trades = step.outcome.trades
    if not trades.quantity_wh:
        return None
    return Clearing(sum(trades.quantity_wh), trades.ask_price[-1], trades.bid_price[-1])


def _priority(order: BookOrder) -> tuple[int, int, int, int, int]:
    """Rule 2."""
    is_ask = int(order.side == "ask")
    return is_ask, order.price if is_ask else -order.price, order.declared_ms, order.entry, order.row
