"""A book: its priority is a total order, its bounds hold before any arithmetic."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from chain.errors import LimitError
from chain.market import MARKET_LIMITS, make_book
from chain.market import book as book_module
from chain.market.book import ranked_asks, ranked_bids
from tests.chain.market.small_books import Order, book_of, priority, small_orders

GOOD: dict[str, Any] = {
    "is_bid": [True, False],
    "price": [1, 2],
    "quantity": [1, 2],
    "account": ["a", "b"],
    "declared_ms": [0, 0],
    "entry": [0, 0],
    "row": [0, 1],
}
TOO_MUCH = MARKET_LIMITS.price_magnitude_max + 1
BAD_COLUMNS: dict[str, tuple[dict[str, Any], str]] = {
    "a price beyond the record's integers": ({"price": [1, TOO_MUCH]}, "price"),
    "a price beyond 64 bits": ({"price": [1, 2**80]}, "price"),
    "a price between 2**63 and 2**64": ({"price": [1, 2**63]}, "price"),
    "a price below all": ({"price": [-TOO_MUCH, 1]}, "price"),
    "a price with a fraction": ({"price": [1.5, 2]}, "price"),
    "a whole float": ({"price": [1.0, 2.0]}, "price"),
    "no energy": ({"quantity": [0, 1]}, "quantity"),
    "negative energy": ({"quantity": [-1, 1]}, "quantity"),
    "energy that is a truth value": ({"quantity": [True, True]}, "quantity"),
    "too much energy": ({"quantity": [2**53, 1]}, "quantity"),
    "a time before 1970": ({"declared_ms": [-1, 0]}, "declared-ms"),
    "an initial price out of range": ({"initial": [TOO_MUCH, 0]}, "initial"),
    "a limit out of range": ({"limit": [None, TOO_MUCH]}, "limit"),
    "a column too short": ({"row": [0]}, "columns"),
    "sides too long": ({"is_bid": [True, False, True]}, "columns"),
    "a table for a column": ({"price": np.zeros((2, 2), dtype=np.int64)}, "columns"),
}


@pytest.mark.parametrize("name", BAD_COLUMNS)
def test_a_column_out_of_bounds_is_refused_by_name(name: str) -> None:
    changed, code = BAD_COLUMNS[name]
    with pytest.raises(LimitError) as caught:
        make_book(**(GOOD | changed))
    assert caught.value.code == code


def test_the_energy_of_a_side_is_summed_exactly_before_it_can_overflow() -> None:
    each, count = MARKET_LIMITS.quantity_wh_max, 513  # 513 × (2⁵³ − 1) > 2⁶²

    def side(size: int) -> Any:
        numbers = list(range(size))
        return make_book(
            is_bid=[False] * size,
            price=[1] * size,
            quantity=[each] * size,
            account=["a"] * size,
            declared_ms=[0] * size,
            entry=numbers,
            row=numbers,
        )

    assert len(side(count - 1)) == count - 1
    with pytest.raises(LimitError) as caught:
        side(count)
    assert caught.value.code == "side-quantity-wh-max" and str(each * count) in caught.value.sentence


def test_two_orders_with_the_same_coordinates_are_refused() -> None:
    for time in (0, 2**52):
        orders = [Order(True, 1, 1, time, 7, 3), Order(True, 1, 2, time, 7, 3), Order(True, -(2**52), 1, 0, 2**52, 0)]
        with pytest.raises(LimitError) as caught:
            ranked_bids(book_of(orders))
        assert caught.value.code == "duplicate-order" and caught.value.where == "entry 7 row 3"


@given(small_orders())
def test_priority_is_price_then_time_then_entry_then_row(orders: list[Order]) -> None:
    book = book_of(orders)
    for is_bid, ranked in ((True, ranked_bids(book)), (False, ranked_asks(book))):
        expected = sorted((order for order in orders if order.is_bid == is_bid), key=priority)
        assert [orders[index] for index in ranked.tolist()] == expected


@given(small_orders())
def test_priority_is_the_same_when_keys_are_too_wide_to_pack(orders: list[Order]) -> None:
    wide = [*orders, Order(True, 2**52, 1, 2**52, 0, 0), Order(False, 2**52, 1, 2**52, 0, 0)]
    wide += [Order(True, -(2**52), 1, 0, 2**52, 0), Order(False, -(2**52), 1, 0, 2**52, 0)]
    book = book_of(wide)
    keys = [column[book.is_bid] for column in (book.price, book.declared_ms, book.entry, book.row)]
    assert book_module._packed(keys) is None
    expected = sorted((order for order in wide if order.is_bid), key=priority)
    assert [wide[index] for index in ranked_bids(book).tolist()] == expected
