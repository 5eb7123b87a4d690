"""The auction's rounds, prices and settlement, by hand. Rules: `docs/rules.md`."""

import msgspec
import pytest

from chain.contracts.auction import session_id
from chain.units import HOUR_MS
from tests.chain.contracts.auction_fixture import OPEN_MS, SESSION, Market, minute, picked
from tests.chain.contracts.replica_fixture import member


def test_equal_prices_trade_in_the_order_of_declaration() -> None:
    market = Market()
    market.advance(0)
    market.declare("b2", "bid", (120, 10), (120, 5), at=1)
    market.declare("b1", "bid", (120, 10), at=2)
    market.declare("s1", "ask", (100, 20), at=3)
    market.advance(15)
    assert picked(market.records("trades"), "buyer", "bid_row", "quantity_wh") == [
        ("b2", 0, 10),
        ("b2", 1, 5),
        ("b1", 0, 5),
    ]


def test_a_book_in_which_every_bid_is_below_every_ask_is_returned_and_may_be_quoted_anew() -> None:
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (200, 10), at=1)
    market.declare("b1", "bid", (100, 10), (90, 5), at=2)
    market.advance(15)
    assert picked(market.records("rounds"), "status", "lowest_ask_fen_per_mwh", "highest_bid_fen_per_mwh") == [
        ("suspended", 200, 100)
    ]
    assert picked(market.records("order_results"), "account", "order_row", "status", "traded_wh", "round") == [
        ("s1", 0, "returned", 0, 1),
        ("b1", 0, "returned", 0, 1),
        ("b1", 1, "returned", 0, 1),
    ]
    assert market.declare("b1", "ask", (150, 10), at=16).code == "two-sides"
    assert market.declare("b1", "bid", (150, 10), at=17).code == "ok"
    assert market.declare("s1", "ask", (150, 10), at=18).code == "ok"
    market.advance(20)
    assert picked(market.records("trades"), "round", "buyer", "seller") == [(2, "b1", "s1")]
    market.advance(50)
    (session,) = market.records("sessions")
    assert (session["suspensions"], session["status"], session["orders"], session["declarations"]) == (
        1,
        "traded",
        5,
        4,
    )
    assert len(market.records("order_results")) == 5


def test_after_a_suspension_members_who_leave_end_the_session() -> None:
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (200, 10), at=1)
    market.declare("b1", "bid", (100, 10), at=2)
    market.advance(25)
    assert picked(market.records("rounds"), "status") == [("suspended",), ("empty",)]
    assert market.session().closed_ms == minute(25)


def test_a_session_in_which_nobody_declares_closes_with_the_declaring() -> None:
    market = Market()
    market.advance(0)
    market.advance(15)
    assert market.session().closed_ms == minute(15)
    assert market.declare("b1", "bid", (100, 10), at=16).code == "gate-closed"
    market.advance(50)
    (session,) = market.records("sessions")
    assert (session["status"], session["rounds"], session["traded_wh"]) == ("no_declarations", 0, 0)
    assert market.session() is None
    assert market.records("rounds") == market.records("order_results") == market.records("settlements") == []


def test_prices_move_by_lambda_toward_the_last_trade_until_they_meet() -> None:
    """By hand, λ = 0.05. Round 1 trades 110 against 100. The ask of 120 falls: 114, 108, 102 (108.3 and 102.6 are cut);
    the bid of 90 rises: 95 (94.5), 100 (99.75), 105. In round 4 they meet."""
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (100, 10), at=1)
    market.declare("s2", "ask", (120, 10, 80), at=2)
    market.declare("b1", "bid", (110, 10), at=3)
    market.declare("b2", "bid", (90, 10, 115), at=4)
    for at in (15, 20, 25, 30, 35):
        market.advance(at)
    names = ("status", "moved_orders", "lowest_ask_fen_per_mwh", "highest_bid_fen_per_mwh")
    assert picked(market.records("rounds"), *names) == [
        ("cleared", 0, 100, 110),
        ("no_trade", 2, 114, 95),
        ("no_trade", 2, 108, 100),
        ("cleared", 2, 102, 105),
    ]
    assert picked(market.records("rounds"), "reference_ask_fen_per_mwh", "reference_bid_fen_per_mwh") == [
        (100, 110)
    ] * 3 + [(102, 105)]
    assert picked(market.records("trades"), "round", "bid_fen_per_mwh", "ask_fen_per_mwh", "paid_e8") == [
        (1, 110, 100, 1_050),
        (4, 105, 102, 1_030),
    ]
    assert market.session().closed_ms == minute(35)
    results = picked(market.records("order_results"), "account", "initial_fen_per_mwh", "last_fen_per_mwh", "status")
    assert ("s2", 120, 102, "filled") in results
    assert ("b2", 90, 105, "filled") in results


def test_an_order_without_a_limit_does_not_move_and_the_session_closes_early() -> None:
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (100, 10), (120, 10), at=1)
    market.declare("b1", "bid", (110, 10), (90, 10), at=2)
    market.advance(20)
    assert picked(market.records("rounds"), "status") == [("cleared",)]
    assert market.session().closed_ms == minute(20)
    assert sorted(picked(market.records("order_results"), "account", "status")) == [
        ("b1", "filled"),
        ("b1", "returned"),
        ("s1", "filled"),
        ("s1", "returned"),
    ]


@pytest.mark.parametrize(
    ("pricing", "prices", "spread"),
    [
        ("midpoint", [(125, 125), (110, 110)], 0),
        ("uniform", [(110, 110), (110, 110)], 0),
        ("pay_as_bid", [(150, 100), (120, 100)], 50 * 10 + 20 * 5),
    ],
)
def test_three_rules_of_pricing(pricing: str, prices: list[tuple[int, int]], spread: int) -> None:
    """Bids 10@150 and 10@120 meet asks 15@100 and 10@130: 15 trade, 5 of the second bid are left."""
    market = Market(pricing=pricing)
    market.advance(0)
    market.declare("s1", "ask", (100, 15), at=1)
    market.declare("s2", "ask", (130, 10), at=2)
    market.declare("b1", "bid", (150, 10), at=3)
    market.declare("b2", "bid", (120, 10), at=4)
    market.advance(50)
    assert picked(market.records("trades"), "buyer_price_fen_per_mwh", "seller_price_fen_per_mwh") == (
        [(120, 120)] * 2 if pricing == "uniform" else prices
    )
    (session,) = market.records("sessions")
    assert (session["pricing"], session["spread_e8"], session["traded_wh"]) == (pricing, spread, 15)
    assert session["welfare_e8"] == 50 * 10 + 20 * 5
    assert market.spread_e8() == spread


def test_the_spread_of_all_sessions_adds_up_on_the_balancing_account() -> None:
    market = Market(pricing="pay_as_bid")
    for number in range(2):
        session = session_id("350100", OPEN_MS + number * HOUR_MS)
        market.advance(60 * number)
        market.declare("s1", "ask", (100, 10), at=60 * number + 1, session=session)
        market.declare("b1", "bid", (107, 10), at=60 * number + 2, session=session)
        market.advance(60 * number + 50)
    assert [r["spread_e8"] for r in market.records("sessions")] == [70, 70]
    assert market.spread_e8() == 140


def test_network_fees_follow_zones_and_voltage_and_are_borne_half_each() -> None:
    far = msgspec.structs.replace(member("far"), zone="zone-2", voltage="110kV")
    fees = [
        {"seller_zone": "*", "buyer_zone": "*", "voltage": "*", "fee_fen_per_mwh": 3},
        {"seller_zone": "zone-1", "buyer_zone": "zone-2", "voltage": "*", "fee_fen_per_mwh": 7},
    ]
    market = Market((far,), fees=fees)
    market.advance(0)
    market.declare("s1", "ask", (100, 8), at=1)
    market.declare("far", "bid", (120, 5), at=2)
    market.declare("b1", "bid", (110, 3), at=3)
    market.advance(50)
    assert picked(market.records("trades"), "buyer", "fee_fen_per_mwh", "buyer_fee_e8", "seller_fee_e8") == [
        ("far", 7, 18, 17),
        ("b1", 3, 5, 4),
    ]
    assert picked(market.records("settlements"), "account", "side", "trades", "energy_e8", "fee_e8", "net_e8") == [
        ("b1", "bid", 1, 315, 5, -320),
        ("far", "bid", 1, 550, 18, -568),
        ("s1", "ask", 2, 865, 21, 844),
    ]
    (session,) = market.records("sessions")
    assert (session["paid_e8"], session["received_e8"], session["fees_e8"]) == (865, 865, 44)


def test_the_row_of_a_session_tells_its_whole_story() -> None:
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (100, 10), at=1)
    market.declare("b1", "bid", (120, 4), at=2)
    market.advance(15)
    market.advance(20)
    market.advance(50.5)
    (row,) = market.records("sessions")
    assert row == {
        "session": SESSION,
        "delivery_start": OPEN_MS + HOUR_MS,
        "delivery_end": OPEN_MS + 2 * HOUR_MS,
        "opened": OPEN_MS,
        "closed": minute(20),
        "status": "traded",
        "pricing": "midpoint",
        "rounds": 1,
        "suspensions": 0,
        "declarations": 2,
        "orders": 2,
        "trades": 1,
        "traded_wh": 4,
        "paid_e8": 440,
        "received_e8": 440,
        "fees_e8": 0,
        "spread_e8": 0,
        "welfare_e8": 80,
    }
    assert market.world.replica.state.items(f"auction.position:{SESSION}") == []
    assert market.world.replica.state.items(f"auction.orders:{SESSION}") == []
    assert market.world.replica.state.items(f"auction.side:{SESSION}") == []


def test_one_late_block_plays_the_whole_session_in_order() -> None:
    market, late = Market(), Market()
    for one in (market, late):
        one.advance(0)
        one.declare("s1", "ask", (100, 10, 80), at=1)
        one.declare("b1", "bid", (90, 10, 115), (105, 3), at=2)
    for at in (15, 20, 25, 30, 35, 40, 45, 50):
        market.advance(at)
    late.advance(50)
    for table in ("rounds", "trades", "order_results", "settlements"):
        assert late.world.rows(table) == market.world.rows(table)
