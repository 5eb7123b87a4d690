"""Matching against the auction told order by order, and against what no matching can beat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.market import MARKET_LIMITS
from chain.market.matching import match
from tests.chain.market.small_books import (
    Order,
    book_of,
    largest_at_one_price,
    largest_welfare,
    matched_one_by_one,
    small_orders,
    written,
)

BOOKS: dict[str, tuple[str, list[tuple[int, int, int]]]] = {
    "empty": ("", []),
    "bids alone": ("bid 4@2, bid 3@1", []),
    "asks alone": ("ask 4@2", []),
    "apart": ("bid 1@5, ask 2@5", []),
    "touching": ("bid 2@5, ask 2@5", [(0, 1, 5)]),
    "a residual bid": ("bid 9@5, ask 1@2, ask 2@1", [(0, 1, 2), (0, 2, 1)]),
    "a residual ask": ("bid 9@1, bid 8@1, ask 1@5", [(0, 2, 1), (1, 2, 1)]),
    "ends that coincide": ("bid 9@2, bid 8@3, ask 1@2, ask 2@3", [(0, 2, 2), (1, 3, 3)]),
    "negative prices": ("bid -1@2, ask -3@1, ask 0@1", [(0, 1, 1)]),
    "all equal, by time": ("ask 1@1, bid 1@1, bid 1@1, ask 1@2", [(1, 0, 1), (2, 3, 1)]),
    "the issue's example": ("bid 4@2, bid 3@1, bid 1@5, ask 1@1, ask 2@4, ask 6@5", [(0, 3, 1), (0, 4, 1), (1, 4, 1)]),
}


@pytest.mark.parametrize("name", BOOKS)
def test_a_book_matches_as_written(name: str) -> None:
    text, expected = BOOKS[name]
    matching = match(book_of(written(text)))
    trades = zip(matching.bid.tolist(), matching.ask.tolist(), matching.quantity.tolist(), strict=True)
    assert list(trades) == expected


@given(small_orders())
def test_trades_are_those_of_the_auction_told_order_by_order(orders: list[Order]) -> None:
    matching = match(book_of(orders))
    trades = zip(matching.bid.tolist(), matching.ask.tolist(), matching.quantity.tolist(), strict=True)
    assert [(orders[bid], orders[ask], quantity) for bid, ask, quantity in trades] == matched_one_by_one(orders)


@given(small_orders())
def test_the_energy_is_the_largest_tradable_at_one_price_and_welfare_is_the_largest_of_all(orders: list[Order]) -> None:
    matching = match(book_of(orders))
    assert matching.quantity_wh == largest_at_one_price(orders)
    gains = (matching.bid_price - matching.ask_price) * matching.quantity
    assert int(gains.sum()) == largest_welfare(orders)


@given(small_orders())
def test_what_orders_sold_and_have_left_is_what_they_declared(orders: list[Order]) -> None:
    book = book_of(orders)
    matching = match(book)
    left = book.quantity.copy()
    for bid, ask, quantity in zip(matching.bid, matching.ask, matching.quantity, strict=True):
        left[bid] -= quantity
        left[ask] -= quantity
    assert left.tolist() == matching.residual.tolist()
    assert all(value >= 0 for value in left.tolist())


@given(small_orders(), st.data())
def test_the_order_of_the_input_does_not_matter(orders: list[Order], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(orders))

    def named(some: list[Order]) -> list[tuple[str, str, int]]:
        book = book_of(some)
        matching = match(book)
        return [
            (book.account[bid], book.account[ask], quantity)
            for bid, ask, quantity in zip(
                matching.bid.tolist(), matching.ask.tolist(), matching.quantity.tolist(), strict=True
            )
        ]

    assert named(orders) == named(shuffled) == named(orders[::-1])


def test_the_largest_energies_and_prices_match_exactly() -> None:
    energy, price = MARKET_LIMITS.quantity_wh_max, MARKET_LIMITS.price_magnitude_max
    orders = [Order(True, price, energy, 0, row, 0) for row in range(512)]
    orders += [Order(False, -price, energy, 0, 512 + row, 0) for row in range(512)]
    matching = match(book_of(orders))
    assert matching.quantity_wh == 512 * energy
    assert matching.quantity.tolist() == [energy] * 512
    assert not matching.residual.any()
