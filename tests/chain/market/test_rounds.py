"""λ, references and suspension, checked with fractions against the formula."""

from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.market import MARKET_LIMITS, AuctionParameters, Book, References, make_book
from chain.market.rounds import adjusted_prices, can_move, first_references, is_suspended
from tests.chain.market.small_books import book_of, written


class Moving(NamedTuple):
    is_bid: bool
    price: int
    initial: int
    limit: int | None


def book_with(orders: list[Moving]) -> Book:
    return make_book(
        is_bid=[order.is_bid for order in orders],
        price=[order.price for order in orders],
        quantity=[1] * len(orders),
        account=["a"] * len(orders),
        declared_ms=[0] * len(orders),
        entry=[0] * len(orders),
        row=list(range(len(orders))),
        initial=[order.initial for order in orders],
        limit=[order.limit for order in orders],
    )


def after_lambda(order: Moving, references: References, parameters: AuctionParameters) -> int:
    """Rules 2 to 4 of the module, in fractions."""
    reference = references.bid if order.is_bid else references.ask
    if order.limit is None or reference is None:
        return order.price
    step = Fraction(parameters.lambda_bp, 10_000) * abs(order.price)
    if order.is_bid:
        exact = order.price - step if order.initial > reference else order.price + step
        price = min(ceil(exact / parameters.tick) * parameters.tick, order.limit)
    else:
        exact = order.price + step if order.initial < reference else order.price - step
        price = max(floor(exact / parameters.tick) * parameters.tick, order.limit)
    return min(max(price, parameters.price_min), parameters.price_max)


def adjusted(orders: list[Moving], references: References, parameters: AuctionParameters) -> list[int]:
    book = book_with(orders)
    prices: list[int] = adjusted_prices(book, np.ones(len(book), dtype=np.bool_), references, parameters).tolist()
    return prices


CASES: dict[str, tuple[Moving, int]] = {
    "a seller above the last trade comes down by 5 %": (Moving(False, 1_000, 1_000, 0), 950),
    "rounded down, toward its limit": (Moving(False, 999, 999, 0), 949),
    "never below its limit": (Moving(False, 1_000, 1_000, 980), 980),
    "a seller that began below the last trade goes up": (Moving(False, 600, 600, 0), 630),
    "rounded down also when it goes up": (Moving(False, 619, 600, 0), 649),
    "a seller at the last trade comes down": (Moving(False, 700, 700, 0), 665),
    "a buyer below the last trade comes up by 5 %": (Moving(True, 500, 500, 2_000), 525),
    "rounded up, toward its limit": (Moving(True, 501, 501, 2_000), 527),
    "never above its limit": (Moving(True, 500, 500, 510), 510),
    "a buyer that began above the last trade goes down": (Moving(True, 800, 801, 2_000), 760),
    "rounded up also when it goes down": (Moving(True, 819, 801, 2_000), 779),
    "the initial price counts, not the present one": (Moving(False, 650, 1_000, 0), 617),
    "a negative ask comes down": (Moving(False, -100, 800, -1_000), -105),
    "a negative bid comes up": (Moving(True, -100, -100, 50), -95),
    "an order at nothing stays": (Moving(False, 0, 900, -50), 0),
    "without a limit nothing moves": (Moving(False, 1_000, 1_000, None), 1_000),
    "one fen still moves": (Moving(False, 1, 1_000, -5), 0),
}


@pytest.mark.parametrize("name", CASES)
def test_lambda_moves_an_order_as_written(name: str) -> None:
    order, expected = CASES[name]
    references = References(ask=700, bid=700)  # type: ignore[arg-type]
    assert adjusted([order], references, AuctionParameters()) == [expected]


@st.composite
def moving(draw: st.DrawFn, tick: int, magnitude: int) -> Moving:
    is_bid = draw(st.booleans())
    price, initial, other = (draw(st.integers(-magnitude, magnitude)) * tick for _ in range(3))
    limit = draw(st.sampled_from([None, max(price, other) if is_bid else min(price, other)]))
    return Moving(is_bid, price, initial, limit)


@given(st.data(), st.sampled_from([1, 2, 7, 100]), st.integers(0, 10_000), st.sampled_from([30, 10**6, 2**45]))
def test_lambda_is_the_formula_rounded_toward_the_limit(data: Any, tick: int, bp: int, magnitude: int) -> None:
    orders = data.draw(st.lists(moving(tick, magnitude), max_size=5))
    low = data.draw(st.integers(-2 * magnitude, -magnitude)) * tick
    parameters = AuctionParameters(tick=tick, lambda_bp=bp, price_min=low, price_max=2 * magnitude * tick)
    prices = st.none() | st.integers(-magnitude, magnitude)
    references = References(ask=data.draw(prices), bid=data.draw(prices))
    found = adjusted(orders, references, parameters)
    assert found == [after_lambda(order, references, parameters) for order in orders]
    for order, price in zip(orders, found, strict=True):
        assert price % tick == 0
        assert order.limit is None or (price <= order.limit if order.is_bid else price >= order.limit)


def test_lambda_is_exact_at_the_largest_prices() -> None:
    top = MARKET_LIMITS.price_magnitude_max
    orders = [Moving(False, top, top, -top), Moving(True, -top, -top, top), Moving(False, -top, -top, -top)]
    for bp in (1, 500, 9_999, 10_000):
        parameters = AuctionParameters(lambda_bp=bp)
        references = References(ask=0, bid=0)  # type: ignore[arg-type]
        assert adjusted(orders, references, parameters) == [
            after_lambda(order, references, parameters) for order in orders
        ]


@given(st.data())
def test_lambda_rounds_come_to_rest_and_never_pass_a_limit(data: Any) -> None:
    orders = data.draw(st.lists(moving(1, 10_000), max_size=4))
    parameters = AuctionParameters(price_min=-20_000, price_max=20_000)
    references = References(ask=data.draw(st.integers(-9, 9)), bid=data.draw(st.integers(-9, 9)))
    for _ in range(1_000):
        moved = [
            order._replace(price=price)
            for order, price in zip(orders, adjusted(orders, references, parameters), strict=True)
        ]
        if moved == orders:
            break
        orders = moved
    assert adjusted(orders, references, parameters) == [order.price for order in orders]
    assert not can_move(book_with(orders), references, parameters)


def test_only_orders_that_played_before_move() -> None:
    book = book_with([Moving(False, 1_000, 1_000, 0), Moving(False, 1_000, 1_000, 0)])
    references = References(ask=700, bid=700)  # type: ignore[arg-type]
    prices = adjusted_prices(book, np.array([True, False]), references, AuctionParameters())
    assert prices.tolist() == [950, 1_000]


def test_nothing_can_move_when_a_side_is_empty() -> None:
    seller, buyer = Moving(False, 1_000, 1_000, 0), Moving(True, 10, 10, 10)
    references = References(ask=700, bid=700)  # type: ignore[arg-type]
    parameters = AuctionParameters()
    assert can_move(book_with([seller, buyer]), references, parameters)
    assert not can_move(book_with([seller]), references, parameters)
    assert not can_move(book_with([buyer]), references, parameters)
    assert not can_move(book_with([]), references, parameters)


def test_references_not_known_yet_are_the_lowest_ask_and_the_highest_bid() -> None:
    book = book_of(written("bid 3@1, bid 5@1, ask 9@1, ask 7@1"))
    assert first_references(book, References()) == References(ask=7, bid=5)  # type: ignore[arg-type]
    known = References(ask=1, bid=2)  # type: ignore[arg-type]
    assert first_references(book, known) == known
    assert first_references(book_of(written("ask 9@1")), References()) == References(ask=9)  # type: ignore[arg-type]


def test_a_book_is_suspended_when_every_bid_is_below_every_ask() -> None:
    suspended = {"bid 1@1, ask 2@1": True, "bid 2@1, ask 2@1": False, "bid 3@1, bid 0@1, ask 2@1, ask 9@1": False}
    suspended |= {"": False, "bid 1@1": False, "ask 1@1": False}
    for text, expected in suspended.items():
        assert is_suspended(book_of(written(text))) is expected, text
