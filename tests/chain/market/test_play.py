"""A round as the contract plays it: status, references, what is left, and the same again in replay."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import LimitError
from chain.market import AuctionParameters, Declaration, References, RoundOutcome, energy_violations, play_round

PARAMETERS = AuctionParameters()


def declaration(
    account: str, text: str, entry: int, first_round: int = 1, limit: int | None = None, time: int = 0
) -> Declaration:
    """`bid 4@2 3@1`: a side and its orders, price@quantity."""
    side, *orders = text.split()
    prices = tuple(int(order.split("@")[0]) for order in orders)
    energies = tuple(int(order.split("@")[1]) for order in orders)
    limits = (limit,) * len(prices)
    return Declaration(account, side, time, entry, first_round, prices, limits, prices, energies)  # type: ignore[arg-type]


def play(declarations: Any, number: int = 1, references: References | None = None) -> RoundOutcome:
    return play_round(declarations, number, references or References(), PARAMETERS)


def test_a_first_round_trades_and_leaves_residuals() -> None:
    given_in = [declaration("b", "bid 40@2 30@1 10@5", 5), declaration("s", "ask 10@1 20@4 60@5", 6)]
    outcome = play(given_in)
    assert outcome.status == "cleared"
    assert outcome.trades.buyer == ("b", "b", "b") and outcome.trades.seller == ("s", "s", "s")
    assert outcome.trades.bid_entry == (5, 5, 5) and outcome.trades.bid_row == (0, 0, 1)
    assert outcome.trades.ask_entry == (6, 6, 6) and outcome.trades.ask_row == (0, 1, 1)
    assert outcome.trades.quantity_wh == (1, 1, 1)
    assert outcome.trades.buyer_price == outcome.trades.seller_price == (25, 30, 25)
    assert outcome.trades.paid_e8 == (25, 30, 25)
    assert [item.remaining for item in outcome.declarations] == [(0, 0, 5), (0, 2, 5)]
    assert outcome.references == References(ask=20, bid=30)  # type: ignore[arg-type]
    assert (outcome.lowest_ask, outcome.highest_bid) == (10, 40)
    assert (outcome.totals.paid_e8, outcome.totals.welfare_e8, outcome.can_move) == (80, 60, False)


STATUSES = {
    "no declarations": ([], "empty", References()),
    "all filled before": ([replace(declaration("b", "bid 1@1", 1), remaining=(0,))], "empty", References()),
    "bids alone": ([declaration("b", "bid 1@1", 1)], "one_sided", References(bid=1)),  # type: ignore[arg-type]
    "every bid below every ask": (
        [declaration("b", "bid 1@1", 1), declaration("s", "ask 2@1", 2)],
        "suspended",
        References(),
    ),
}


@pytest.mark.parametrize("name", STATUSES)
def test_a_round_without_trades_says_why(name: str) -> None:
    declarations, status, references = STATUSES[name]
    outcome = play(declarations)
    assert (outcome.status, outcome.references) == (status, references)
    assert outcome.declarations == tuple(declarations)
    assert len(outcome.trades) == outcome.totals.quantity_wh == 0
    assert not outcome.can_move


def test_a_suspended_book_that_is_declared_anew_starts_like_a_first_round() -> None:
    outcome = play([declaration("b", "bid 1@1", 1), declaration("s", "ask 2@1", 2)])
    again = [declaration("b", "bid 3@1", 3, first_round=2), declaration("s", "ask 2@1", 4, first_round=2)]
    assert play(again, 2, outcome.references).status == "cleared"


def test_one_amendment_does_not_suspend_a_round_that_lambda_is_bringing_together() -> None:
    remaining = declaration("s", "ask 100@1", 2, limit=50)
    amended = declaration("b", "bid 60@1", 9, first_round=2, limit=90)
    outcome = play([remaining, amended], 2, References(ask=80, bid=60))  # type: ignore[arg-type]
    assert outcome.status == "no_trade"
    assert outcome.declarations[0].price == (95,) and outcome.declarations[1].price == (60,)
    assert outcome.moves.entry == (2,) and outcome.moves.before == (100,) and outcome.moves.after == (95,)
    assert outcome.references == References(ask=80, bid=60)  # type: ignore[arg-type]
    assert outcome.can_move


def test_lambda_rounds_bring_orders_together_until_they_trade() -> None:
    declarations: Any = (
        declaration("b", "bid 100@10", 1, limit=None),
        declaration("b2", "bid 60@5", 2, limit=80),
        declaration("s", "ask 50@10", 3, limit=None),
        declaration("s2", "ask 95@5", 4, limit=70),
    )
    references, number, outcome = References(), 0, None
    while number == 0 or (outcome is not None and outcome.can_move):
        number += 1
        outcome = play(declarations, number, references)
        declarations, references = outcome.declarations, outcome.references
    assert outcome is not None and outcome.status == "cleared" and number > 2
    assert all(left == 0 for item in declarations for left in item.remaining)
    assert [item.initial for item in declarations] == [(100,), (60,), (50,), (95,)]
    assert declarations[1].price[0] <= 80 and declarations[3].price[0] >= 70


def test_equal_prices_go_by_time_then_entry_then_row() -> None:
    late, early = declaration("late", "bid 5@1 5@1", 1, time=9), declaration("early", "bid 5@1", 7, time=8)
    outcome = play([late, early, declaration("s", "ask 5@2", 8)])
    assert outcome.trades.buyer == ("early", "late") and outcome.trades.bid_row == (0, 0)


def test_pay_as_bid_leaves_the_spread() -> None:
    parameters = AuctionParameters(pricing="pay_as_bid")
    given_in = [declaration("b", "bid 40@3", 1), declaration("s", "ask 10@3", 2)]
    outcome = play_round(given_in, 1, References(), parameters)
    assert outcome.trades.paid_e8 == (120,) and outcome.trades.received_e8 == (30,)
    assert outcome.totals.spread_e8 == 90


BAD_STATES: dict[str, Any] = {
    "two declarations under one entry": [declaration("a", "bid 1@1", 1), declaration("b", "ask 1@1", 1)],
    "columns of different length": [replace(declaration("a", "bid 1@1", 1), limit=())],
    "a side that is none": [replace(declaration("a", "bid 1@1", 1), side="buy")],  # type: ignore[arg-type]
    "a declaration from the future": [declaration("a", "bid 1@1", 1, first_round=2)],
    "negative energy": [declaration("a", "bid 1@-1", 1)],
    "a price with a fraction": [replace(declaration("a", "bid 1@1", 1), price=(1.5,))],  # type: ignore[arg-type]
    "a time before 1970": [declaration("a", "bid 1@1", 1, time=-1)],
    "an entry beyond the record's integers": [declaration("a", "bid 1@1", 2**80)],
    "a price beyond 64 bits": [declaration("a", f"bid {2**70}@1", 1)],
    "a price beyond the record's integers": [declaration("a", f"bid {2**60}@1", 1)],
}


@pytest.mark.parametrize("name", BAD_STATES)
def test_a_state_that_no_session_reaches_is_refused(name: str) -> None:
    with pytest.raises(LimitError):
        play(BAD_STATES[name])


@st.composite
def sessions(draw: st.DrawFn) -> list[Declaration]:
    declarations = []
    for entry in range(draw(st.integers(0, 6))):
        is_bid = draw(st.booleans())
        rows = draw(st.lists(st.tuples(st.integers(-20, 60), st.integers(1, 5), st.integers(0, 15)), max_size=3))
        limits = tuple(price + slack if is_bid else price - slack for price, _, slack in rows)
        prices, energies = tuple(row[0] for row in rows), tuple(row[1] for row in rows)
        item = Declaration(
            f"account-{entry}",
            "bid" if is_bid else "ask",
            draw(st.integers(0, 2)),  # type: ignore[arg-type]
            entry,
            draw(st.integers(1, 3)),
            prices,  # type: ignore[arg-type]
            tuple(limit if draw(st.booleans()) else None for limit in limits),  # type: ignore[misc]
            prices,  # type: ignore[arg-type]
            energies,  # type: ignore[arg-type]
        )
        declarations.append(item)
    return declarations


@settings(max_examples=50)
@given(sessions(), st.sampled_from(["midpoint", "uniform", "pay_as_bid"]), st.data())
def test_a_whole_session_conserves_energy_and_replays_the_same_from_any_order(
    session: list[Declaration], pricing: Any, data: Any
) -> None:
    parameters = AuctionParameters(pricing=pricing, price_min=-50, price_max=100)
    declarations, references, sold = tuple(item for item in session if item.first_round == 1), References(), []
    for number in range(1, 8):
        outcome = play_round(declarations, number, references, parameters)
        other = play_round(data.draw(st.permutations(declarations)), number, references, parameters)
        by_entry = sorted(other.declarations, key=lambda item: item.entry)
        assert replace(other, declarations=()) == replace(outcome, declarations=())
        assert by_entry == sorted(outcome.declarations, key=lambda item: item.entry)
        check_round(outcome)
        trades = outcome.trades
        bids = zip(trades.bid_entry, trades.bid_row, strict=True)
        asks = zip(trades.ask_entry, trades.ask_row, strict=True)
        sold += list(zip(bids, asks, trades.quantity_wh, strict=True))
        declarations = outcome.declarations + tuple(item for item in session if item.first_round == number + 1)
        references = outcome.references
    declared = {(item.entry, row): energy for item in session for row, energy in enumerate(item.remaining)}
    left = {(item.entry, row): energy for item in declarations for row, energy in enumerate(item.remaining)}
    assert energy_violations(declared, left, sold) == ()


def check_round(outcome: RoundOutcome) -> None:
    """Nobody trades outside price and limit; the kept prices are within every limit; money adds up."""
    trades = outcome.trades
    price = {(item.entry, row): value for item in outcome.declarations for row, value in enumerate(item.price)}
    for index in range(len(trades)):
        bid = price[trades.bid_entry[index], trades.bid_row[index]]
        ask = price[trades.ask_entry[index], trades.ask_row[index]]
        assert (bid, ask) == (trades.bid_price[index], trades.ask_price[index])
        assert ask <= trades.seller_price[index] <= trades.buyer_price[index] <= bid
    for item in outcome.declarations:
        for value, limit in zip(item.price, item.limit, strict=True):
            assert limit is None or (value <= limit if item.side == "bid" else value >= limit)
    assert sum(trades.paid_e8) == outcome.totals.paid_e8
    assert outcome.totals.paid_e8 == sum(trades.received_e8) + outcome.totals.spread_e8
