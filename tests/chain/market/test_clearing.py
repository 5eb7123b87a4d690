"""Sums of a clearing: exact at any size."""

from hypothesis import given
from hypothesis import strategies as st

from chain.market import MARKET_LIMITS, clear_book
from tests.chain.market.small_books import Order, book_of, largest_welfare, small_orders, written


@given(small_orders(), st.sampled_from(["midpoint", "uniform", "pay_as_bid"]))
def test_money_paid_is_money_received_and_the_spread(orders: list[Order], pricing: str) -> None:
    clearing = clear_book(book_of(orders), pricing, 1)  # type: ignore[arg-type]
    totals, quantity = clearing.totals, clearing.matching.quantity
    assert totals.paid_e8 == int((clearing.prices.buyer * quantity).sum())
    assert totals.received_e8 == int((clearing.prices.seller * quantity).sum())
    assert totals.paid_e8 == totals.received_e8 + totals.spread_e8
    assert totals.welfare_e8 == largest_welfare(orders)
    assert totals.spread_e8 == (totals.welfare_e8 if pricing == "pay_as_bid" else 0)
    assert (totals.trades, totals.quantity_wh) == (len(quantity), int(quantity.sum()))


def test_sums_beyond_64_bits_keep_every_digit() -> None:
    energy, price = MARKET_LIMITS.quantity_wh_max, MARKET_LIMITS.price_magnitude_max
    orders = [Order(True, price, energy, 0, row, 0) for row in range(100)]
    orders += [Order(False, -price + 1, energy, 0, 100 + row, 0) for row in range(100)]
    totals = clear_book(book_of(orders), "pay_as_bid", 1).totals
    assert totals.paid_e8 == 100 * energy * price
    assert totals.received_e8 == -100 * energy * (price - 1)
    assert totals.welfare_e8 == totals.spread_e8 == 100 * energy * (2 * price - 1)


def test_an_empty_book_clears_to_nothing() -> None:
    totals = clear_book(book_of(written("")), "uniform", 1).totals
    assert (totals.trades, totals.quantity_wh, totals.welfare_e8, totals.price) == (0, 0, 0, None)
