"""Small order books for properties, and the slow, obvious way to judge what came of them."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from chain.market import Book, make_book


class Order(NamedTuple):
    """One order, as a person would write it down."""

    is_bid: bool
    price: int
    quantity: int
    declared_ms: int
    entry: int
    row: int


def book_of(orders: Sequence[Order]) -> Book:
    return make_book(
        is_bid=[order.is_bid for order in orders],
        price=[order.price for order in orders],
        quantity=[order.quantity for order in orders],
        account=[f"{order.entry}.{order.row}" for order in orders],
        declared_ms=[order.declared_ms for order in orders],
        entry=[order.entry for order in orders],
        row=[order.row for order in orders],
    )


def written(text: str) -> list[Order]:
    """`bid 4@2, ask 1@1` (price@quantity), declared one after the other."""
    orders = []
    for number, part in enumerate(text.split(",") if text else []):
        side, at = part.split()
        price, quantity = at.split("@")
        orders.append(Order(side == "bid", int(price), int(quantity), 0, number, 0))
    return orders


@st.composite
def small_orders(draw: st.DrawFn, tick: int = 1, size: int = 8) -> list[Order]:
    """Few prices, few times and small energies, so that ties, equal ends and crossings are common."""
    drawn = draw(
        st.lists(
            st.tuples(st.booleans(), st.integers(-4, 6), st.integers(1, 5), st.integers(0, 2), st.integers(0, 2)),
            max_size=size,
        )
    )
    return [
        Order(is_bid, price * tick, quantity, time, entry, row)
        for row, (is_bid, price, quantity, time, entry) in enumerate(drawn)
    ]


def priority(order: Order) -> tuple[int, int, int, int]:
    return (-order.price if order.is_bid else order.price, order.declared_ms, order.entry, order.row)


def matched_one_by_one(orders: Sequence[Order]) -> list[tuple[Order, Order, int]]:
    """The auction as P1 tells it: the highest bid meets the lowest ask while bid ≥ ask."""
    bids = sorted((order for order in orders if order.is_bid), key=priority)
    asks = sorted((order for order in orders if not order.is_bid), key=priority)
    left = {order: order.quantity for order in orders}
    trades = []
    while bids and asks and bids[0].price >= asks[0].price:
        quantity = min(left[bids[0]], left[asks[0]])
        trades.append((bids[0], asks[0], quantity))
        for side in (bids, asks):
            left[side[0]] -= quantity
            if left[side[0]] == 0:
                side.pop(0)
    return trades


def largest_at_one_price(orders: Sequence[Order]) -> int:
    """The most energy that can trade at any single price."""
    prices = {order.price for order in orders}
    return max((tradable_at(orders, price) for price in prices), default=0)


def tradable_at(orders: Sequence[Order], price: int) -> int:
    demand = sum(order.quantity for order in orders if order.is_bid and order.price >= price)
    supply = sum(order.quantity for order in orders if not order.is_bid and order.price <= price)
    return min(demand, supply)


def largest_welfare(orders: Sequence[Order]) -> int:
    """Unit by unit: the m best bids against the m best asks, for the best m."""
    bids = sorted((order.price for order in orders if order.is_bid for _ in range(order.quantity)), reverse=True)
    asks = sorted(order.price for order in orders if not order.is_bid for _ in range(order.quantity))
    return max(sum(bids[:count]) - sum(asks[:count]) for count in range(min(len(bids), len(asks)) + 1))
