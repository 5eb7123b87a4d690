"""Network fees: the most specific line, half each, the odd unit to the buyer."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import LimitError
from chain.market import FeeSchedule, make_schedule, money_violations, network_fees
from chain.market.fees import fee_shares

LINES: Any = [
    ("*", "*", "*", 100),
    ("*", "*", "10kV", 60),
    ("*", "north", "*", 50),
    ("south", "*", "*", 40),
    ("*", "north", "10kV", 35),
    ("south", "*", "10kV", 30),
    ("south", "north", "*", 20),
    ("south", "north", "10kV", 10),
]
MOST_SPECIFIC = {
    ("south", "north", "10kV"): 10,
    ("south", "north", "35kV"): 20,
    ("south", "west", "10kV"): 30,
    ("west", "north", "10kV"): 35,
    ("south", "west", "35kV"): 40,
    ("west", "north", "35kV"): 50,
    ("west", "east", "10kV"): 60,
    ("west", "east", "35kV"): 100,
}
BAD_SCHEDULES: dict[str, tuple[Any, str]] = {
    "no line for everything": ([("a", "*", "*", 1)], r"no line \*, \*, \*"),
    "nothing at all": ([], r"no line"),
    "a line twice": ([("*", "*", "*", 1), ("a", "b", "c", 1), ("a", "b", "c", 2)], "line 3: a, b, c is there twice"),
    "a negative fee": ([("*", "*", "*", -1)], "line 1"),
    "a fee with a fraction": ([("*", "*", "*", 1.5)], "line 1"),
    "a fee beyond the record's integers": ([("*", "*", "*", 2**53)], "line 1"),
    "an empty zone": ([("*", "*", "*", 1), ("", "b", "*", 2)], "line 2"),
    "too many lines": ([("*", "*", str(number), 1) for number in range(10_001)], "10,001 lines"),
}


@pytest.mark.parametrize("trade", MOST_SPECIFIC, ids=" ".join)
def test_the_most_specific_line_applies(trade: tuple[str, str, str]) -> None:
    assert make_schedule(LINES).fee(*trade) == MOST_SPECIFIC[trade]


def test_the_order_of_the_lines_does_not_matter() -> None:
    for lines in permutations(LINES[:4]):
        assert make_schedule(lines) == make_schedule(LINES[:4])


@pytest.mark.parametrize("name", BAD_SCHEDULES)
def test_a_bad_schedule_is_refused_with_its_line(name: str) -> None:
    lines, sentence = BAD_SCHEDULES[name]
    with pytest.raises(LimitError, match=sentence):
        make_schedule(lines)


def test_a_schedule_made_without_a_check_still_has_no_silent_zero() -> None:
    with pytest.raises(LimitError):
        FeeSchedule((), {}).fee("a", "b", "c")


@given(st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1))
def test_both_sides_bear_half_and_the_buyer_an_odd_unit(quantity: Any, fee: Any) -> None:
    buyer, seller = fee_shares(quantity, fee)
    assert buyer + seller == quantity * fee and buyer - seller in (0, 1)


def test_fees_of_trades_come_as_columns_that_balance() -> None:
    schedule = make_schedule(LINES)
    quantities: Any = (3, 1, 7)
    fees = network_fees(
        schedule, ["south", "west", "south"], ["north", "east", "north"], ["10kV", "x", "z"], quantities
    )
    assert fees.fee_fen_per_mwh == (10, 100, 20)
    assert fees.buyer_e8 == (15, 50, 70) and fees.seller_e8 == (15, 50, 70) and fees.total_e8 == 270
    paid, received = 1_000 + sum(fees.buyer_e8), 1_000 - sum(fees.seller_e8)
    assert money_violations(paid, received, fees.total_e8, 0) == ()
