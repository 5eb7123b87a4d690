"""Parameters of a session, and what an order must be under them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import LimitError, RejectError
from chain.market import AuctionParameters, check_orders, order_problem

BAD_PARAMETERS: dict[str, dict[str, Any]] = {
    "pricing": {"pricing": "dutch"},
    "tick": {"tick": 0},
    "lot": {"lot": -1},
    "price_min": {"price_min": -(2**53)},
    "price_max": {"price_min": 10, "price_max": 9},
    "lambda_bp": {"lambda_bp": 10_001},
}
PARAMETERS = AuctionParameters(tick=10, lot=100, price_min=-50, price_max=1_000)  # type: ignore[arg-type]
BAD_ORDERS: dict[str, tuple[Any, Any, Any, Any, str]] = {
    "no energy": ("bid", 10, None, 0, "quantity-range"),
    "negative energy": ("bid", 10, None, -100, "quantity-range"),
    "a broken lot": ("bid", 10, None, 150, "quantity-lot"),
    "a price too low": ("ask", -60, None, 100, "price-range"),
    "a price too high": ("ask", 1_010, None, 100, "price-range"),
    "a price off the tick": ("ask", 15, None, 100, "price-tick"),
    "a limit out of range": ("ask", 10, -60, 100, "limit-range"),
    "a limit off the tick": ("ask", 10, 5, 100, "limit-tick"),
    "a seller's limit above its price": ("ask", 10, 20, 100, "limit-side"),
    "a buyer's limit below its price": ("bid", 20, 10, 100, "limit-side"),
    "a side that is none": ("buy", 20, 10, 100, "side"),
}


@pytest.mark.parametrize("name", BAD_PARAMETERS)
def test_a_parameter_out_of_bounds_is_refused_by_name(name: str) -> None:
    with pytest.raises(LimitError) as caught:
        AuctionParameters(**BAD_PARAMETERS[name])
    assert caught.value.code == name.replace("_", "-")


def test_parameters_are_integers_and_price_bounds_are_on_the_tick() -> None:
    for changed in ({"tick": 1.0}, {"lambda_bp": True}, {"tick": 10, "price_min": -5, "price_max": 10}):
        with pytest.raises(LimitError):
            AuctionParameters(**changed)  # type: ignore[arg-type]
    with pytest.raises(LimitError, match="price_max is a multiple"):
        AuctionParameters(tick=10, price_min=0, price_max=15)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BAD_ORDERS)
def test_an_order_that_breaks_a_rule_is_rejected_with_its_code_and_row(name: str) -> None:
    side, price, limit, quantity, code = BAD_ORDERS[name]
    with pytest.raises(RejectError) as caught:
        if side == "buy":
            check_orders([side], [price], [limit], [quantity], PARAMETERS)
        else:
            check_orders([side, side], [0, price], [None, limit], [100, quantity], PARAMETERS)
            pytest.fail("accepted")
    assert caught.value.code == code
    assert caught.value.where.startswith("row 0" if side == "buy" else "row 1")


def test_a_declaration_is_all_bids_or_all_asks() -> None:
    with pytest.raises(RejectError) as caught:
        check_orders(["bid", "ask"], [0, 0], [None, None], [100, 100], PARAMETERS)  # type: ignore[list-item]
    assert caught.value.code == "two-sides"


def test_orders_at_every_edge_are_admitted() -> None:
    check_orders(["ask"] * 3, [-50, 1_000, 10], [-50, None, 10], [100, 100, 10**9], PARAMETERS)  # type: ignore[list-item]
    check_orders(["bid"] * 2, [-50, 1_000], [1_000, 1_000], [100, 200], PARAMETERS)  # type: ignore[list-item]
    check_orders([], [], [], [], PARAMETERS)


ANY_ORDER = st.tuples(
    st.sampled_from(["ask", "ask", "ask", "bid"]),
    st.integers(-6, 101).map(lambda number: number * 10),
    st.none() | st.integers(-6, 101).map(lambda number: number * 10),
    st.integers(0, 4).map(lambda number: number * 50),
)


@given(st.lists(ANY_ORDER, min_size=1, max_size=3))
def test_whole_columns_are_admitted_exactly_when_every_order_is(orders: Any) -> None:
    sides, *columns = (list(column) for column in zip(*orders, strict=True))
    sound = all(side == sides[0] and order_problem(side, *rest, PARAMETERS) is None for side, *rest in orders)
    if sound:
        check_orders(sides, *columns, PARAMETERS)
    else:
        with pytest.raises(RejectError):
            check_orders(sides, *columns, PARAMETERS)
