"""The auction: calendar, gate, declarations, parameters. Rules: `docs/rules.md`."""

from typing import Any

import pytest

from chain.contracts.auction import CONTRACT, session_id
from chain.errors import ChainError
from chain.units import HOUR_MS
from tests.chain.contracts.auction_fixture import OPEN_MS, SESSION, STRANGER, Market, minute, picked
from tests.chain.contracts.replica_fixture import GENESIS_MS

SALT = "0123456789abcdef" * 2


def test_a_session_is_named_by_area_and_delivery_hour_in_utc_8() -> None:
    assert SESSION == "350100-2026110210"
    assert session_id("350100", GENESIS_MS + 15 * HOUR_MS) == "350100-2026110300"


def test_sessions_open_every_hour_from_the_first_full_hour_on() -> None:
    market = Market()
    market.advance(0)
    assert market.session().open_ms == OPEN_MS
    market.advance(180)
    ids = [session for session, _ in market.world.replica.state.items("auction.session")]
    assert ids == ["350100-2026110213"]
    assert [r["session"] for r in market.records("sessions")] == [f"350100-20261102{h}" for h in (10, 11, 12)]


def test_the_first_opening_may_be_a_parameter() -> None:
    market = Market(first_open_ms=GENESIS_MS + 5 * HOUR_MS)
    market.advance(60)
    assert market.session() is None
    market.advance(240)
    assert market.world.replica.state.items("auction.session")[0][0] == "350100-2026110214"


BID, ASK = ("bid", 40_000, None, 1_000, None), ("ask", 30_000, None, 1_000, None)
LIMITS: dict[str, Any] = {
    "tick": 10,
    "lot_wh": 100,
    "price_min": -1_000,
    "price_max": 50_000,
    "quantity_wh_max": 5_000,
    "orders_per_side_max": 3,
}


REFUSED: dict[str, tuple[str, tuple[tuple[Any, ...], ...]]] = {
    "a side that is none": ("side", (("buy", 10, None, 100, None),)),
    "a side in capitals": ("side", (("BID", 10, None, 100, None),)),
    "bids and asks together": ("two-sides", (BID, ASK)),
    "a price above the highest": ("price-range", (("bid", 50_010, None, 100, None),)),
    "a price below the lowest": ("price-range", (("ask", -1_010, None, 100, None),)),
    "a price off the tick": ("price-tick", (("bid", 15, None, 100, None),)),
    "a limit above the highest": ("limit-range", (("bid", 10, 50_010, 100, None),)),
    "a limit off the tick": ("limit-tick", (("bid", 10, 25, 100, None),)),
    "a bid's limit below its price": ("limit-side", (("bid", 20, 10, 100, None),)),
    "an ask's limit above its price": ("limit-side", (("ask", 10, 20, 100, None),)),
    "no energy": ("quantity-range", (("bid", 10, None, 0, None),)),
    "negative energy": ("quantity-range", (("bid", 10, None, -100, None),)),
    "energy off the lot": ("quantity-lot", (("bid", 10, None, 150, None),)),
    "more energy than an order may have": ("quantity-max", (("bid", 10, None, 5_100, None),)),
    "a salt that is too short": ("salt", (("bid", 10, None, 100, "00"),)),
    "a salt in capitals": ("salt", (("bid", 10, None, 100, SALT.upper()),)),
    "the second order bad": ("price-tick", (BID, ("bid", 15, None, 100, None))),
    "more orders than a side takes": ("book-full", (BID, BID, BID, BID)),
}


@pytest.mark.parametrize(("code", "rows"), REFUSED.values(), ids=REFUSED)
def test_a_declaration_against_the_rules_is_refused_and_changes_nothing(code: str, rows: tuple[Any, ...]) -> None:
    market = Market(**LIMITS)
    market.advance(0)
    before = market.world.memory()
    receipt = market.declare("b1", "", at=1, rows=rows)
    assert (receipt.status, receipt.code) == ("rejected", code)
    assert market.world.memory() == before
    assert len(market.records("orders_submitted")) == len(rows)
    assert market.declare("b1", "", at=2, rows=(BID, BID, BID)).code == "ok"


def test_orders_at_the_very_limits_are_taken() -> None:
    market = Market(**LIMITS)
    market.advance(0)
    rows = (("bid", 50_000, 50_000, 5_000, SALT), ("bid", -1_000, None, 100, None), ("bid", 0, 10, 100, None))
    assert market.declare("b1", "", at=1, rows=rows).code == "ok"
    assert market.declare("s1", "", at=2, rows=(("ask", -1_000, -1_000, 100, SALT),)).code == "ok"


def test_the_side_limit_counts_all_members() -> None:
    market = Market(**LIMITS)
    market.advance(0)
    assert market.declare("b1", "bid", (10, 100), (20, 100), at=1).code == "ok"
    assert market.declare("b2", "bid", (10, 100), (20, 100), at=2).code == "book-full"
    assert market.declare("b2", "bid", (10, 100), at=3).code == "ok"
    assert market.declare("s1", "ask", (10, 100), at=4).code == "ok"


def test_an_account_stays_on_one_side_of_a_session() -> None:
    market = Market()
    market.advance(0)
    assert market.declare("b1", "bid", (100, 10), at=1).code == "ok"
    assert market.declare("b1", "ask", (200, 10), at=2).code == "two-sides"
    assert market.declare("b1", "bid", (90, 10), at=3).code == "ok"


def test_who_is_no_member_of_this_area_may_not_declare() -> None:
    market = Market()
    market.advance(0)
    assert market.declare(STRANGER, "bid", (100, 10), at=1).code == "other-area"
    for at, account in enumerate(("onlooker", "centre"), 2):
        orders = (("bid", 100, None, 10, None),)
        call = market.world.transaction(account, "auction", "declare", {"session": SESSION}, orders)
        (outcome,) = market.world.block(call, at_ms=minute(at)).outcomes
        assert outcome.dropped is not None and outcome.dropped.code == "forbidden"
    assert market.declare("b1", "bid", at=4).code == "rows-missing"


@pytest.mark.parametrize("session", ["350100-2026110209", "350100-2026110211", "350200-2026110210", "nothing"])
def test_only_the_open_session_takes_declarations(session: str) -> None:
    market = Market()
    market.advance(0)
    assert market.declare("b1", "bid", (100, 10), at=1, session=session).code == "no-session"


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (-1 / 60_000, "no-session"),
        (0, "ok"),
        (14.999, "ok"),
        (15, "ok"),
        (44.999, "ok"),
        (45, "gate-closed"),
        (49.999, "gate-closed"),
        (50, "no-session"),
        (60, "no-session"),
    ],
)
def test_block_time_is_the_gate(at: float, code: str) -> None:
    market = Market(round_minutes=5)
    if at > 0:
        market.advance(0)
        # Two orders that can only move keep the session open to its end.
        market.declare("s1", "ask", (140_000, 10, -20_000), at=0.001)
        market.declare("b1", "bid", (-20_000, 10, 130_000), at=0.002)
    if at > 15:
        for k in range(15, 45, 5):
            if k < at:
                market.advance(k)
                market.declare("b3", "bid", (-19_000 + k, 10), at=k + 0.5) if k + 0.5 < at else None
    assert market.declare("b2", "bid", (-20_000, 10), at=at).code == code


def test_a_declaration_during_the_rounds_plays_from_the_next_round_on() -> None:
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (100, 30), at=1)
    market.declare("b1", "bid", (120, 10), at=2)
    market.advance(15)
    assert market.declare("b2", "bid", (110, 10), at=17).code == "ok"
    market.advance(20)
    assert picked(market.records("trades"), "round", "buyer", "quantity_wh", "buyer_price_fen_per_mwh") == [
        (1, "b1", 10, 110),
        (2, "b2", 10, 105),
    ]


def test_in_the_block_of_a_round_the_round_comes_first() -> None:
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (100, 30), at=1)
    market.declare("b1", "bid", (120, 10), at=15)
    assert picked(market.records("rounds"), "status", "declarations") == [("one_sided", 1)]
    market.advance(20)
    assert picked(market.records("trades"), "round", "buyer") == [(2, "b1")]


BAD_PARAMETERS: dict[str, dict[str, Any]] = {
    "a tick of 0": {"tick": 0},
    "a lot of 0": {"lot_wh": 0},
    "a price range upside down": {"price_min": 10, "price_max": 0},
    "a price range off the tick": {"tick": 7, "price_min": 0, "price_max": 10},
    "a lambda past 100 %": {"lambda_bp": 10_001},
    "an unknown pricing": {"pricing": "auction"},
    "no general fee": {"fees": []},
    "a fee that pays": {"fees": [{"seller_zone": "*", "buyer_zone": "*", "voltage": "*", "fee_fen_per_mwh": -1}]},
    "an unknown parameter": {"ticks": 1},
    "a parameter that is a float": {"tick": 1.5},
    "rounds without end": {"round_minutes": 0},
    "rounds that go back": {"round_minutes": -5},
    "trading that ends before declaring": {"declare_minutes": 45, "trading_minutes": 45},
    "no time to declare": {"declare_minutes": 0},
    "settling before trading ends": {"settle_minute": 44},
    "settling after the next session opened": {"settle_minute": 61, "trading_minutes": 60},
    "a first opening off the hour": {"first_open_ms": GENESIS_MS + 1},
    "a first opening before genesis": {"first_open_ms": GENESIS_MS - HOUR_MS},
    "more energy on a side than can be added up": {"quantity_wh_max": 2**53 - 1, "orders_per_side_max": 1_000},
    "no order allowed": {"orders_per_side_max": 0},
    "an order of no energy": {"quantity_wh_max": 0},
}


@pytest.mark.parametrize("parameters", BAD_PARAMETERS.values(), ids=BAD_PARAMETERS)
def test_parameters_that_cannot_work_are_found_before_the_network_begins(parameters: dict[str, Any]) -> None:
    with pytest.raises(ChainError):
        Market(**parameters)


def test_every_code_the_contract_declares_has_a_case_here() -> None:
    (declare,) = CONTRACT.methods
    shown = {code for code, _ in REFUSED.values()} | {"no-session", "gate-closed", "other-area"}
    assert shown == set(declare.codes)
