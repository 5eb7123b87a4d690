"""The three pricing rules: inside everybody's price, on the tick, in the interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.market.matching import match
from chain.market.pricing import price_trades, uniform_interval
from tests.chain.market.small_books import Order, book_of, small_orders, tradable_at, written

UNIFORM = {
    "the issue's example": ("bid 4@2, bid 3@1, bid 1@5, ask 1@1, ask 2@4, ask 6@5", 2),
    "free between bid and ask": ("bid 10@1, ask 3@1", 6),
    "held up by a rejected bid": ("bid 10@1, bid 8@1, ask 3@1", 9),
    "held down by a rejected ask": ("bid 10@1, ask 5@1, ask 3@1", 4),
    "set by a residual bid": ("bid 10@2, ask 3@1", 10),
    "set by a residual ask": ("bid 10@1, ask 3@2", 3),
    "a middle below zero rounds down": ("bid 0@1, ask -3@1", -2),
    "nothing trades": ("bid 1@1, ask 2@1", None),
}


@pytest.mark.parametrize("name", UNIFORM)
def test_the_uniform_price_is_the_middle_of_the_interval(name: str) -> None:
    text, expected = UNIFORM[name]
    book = book_of(written(text))
    prices = price_trades(book, match(book), "uniform", 1)
    assert prices.uniform == expected
    assert set(prices.buyer.tolist()) == set(prices.seller.tolist()) == ({expected} - {None})


@given(small_orders(), st.sampled_from(["midpoint", "uniform", "pay_as_bid"]), st.integers(1, 7))
def test_nobody_pays_more_or_gets_less_than_its_price_and_prices_are_on_the_tick(
    orders: list[Order], pricing: str, tick: int
) -> None:
    book = book_of([order._replace(price=order.price * tick) for order in orders])
    matching = match(book)
    prices = price_trades(book, matching, pricing, tick)  # type: ignore[arg-type]
    assert (prices.buyer <= matching.bid_price).all()
    assert (prices.seller >= matching.ask_price).all()
    assert (prices.seller <= prices.buyer).all()
    assert not (prices.buyer % tick).any()
    assert not (prices.seller % tick).any()
    if pricing != "pay_as_bid":
        assert prices.buyer.tolist() == prices.seller.tolist()
    else:
        assert prices.buyer.tolist() == matching.bid_price.tolist()
        assert prices.seller.tolist() == matching.ask_price.tolist()


@given(small_orders())
def test_at_the_uniform_price_exactly_the_traded_energy_is_what_everybody_wants(orders: list[Order]) -> None:
    book = book_of(orders)
    matching = match(book)
    price = price_trades(book, matching, "uniform", 1).uniform
    if price is None:
        assert matching.quantity_wh == 0
        return
    low, high = uniform_interval(book, matching)
    assert low <= price <= high
    assert tradable_at(orders, price) == matching.quantity_wh
    left = dict(zip(orders, matching.residual.tolist(), strict=True))
    for order in orders:
        traded, better = order.quantity - left[order], order.price - price if order.is_bid else price - order.price
        assert traded == 0 or better >= 0, "traded at a price worse than its own"
        assert left[order] == 0 or better <= 0, "left although the price was better than its own"


def test_the_midpoint_is_rounded_down_to_the_tick() -> None:
    book = book_of(written("bid 30@1, ask -15@1"))
    assert price_trades(book, match(book), "midpoint", 5).buyer.tolist() == [5]
    book = book_of(written("bid -5@1, ask -10@1"))
    assert price_trades(book, match(book), "midpoint", 5).buyer.tolist() == [-10]
