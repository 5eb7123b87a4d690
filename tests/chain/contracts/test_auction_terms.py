"""Parameters that change while a session runs: the session keeps the terms it was opened with."""

from typing import Any

import msgspec

from chain.contracts.auction import session_id
from chain.contracts.auction_state import Parameters
from chain.entry import Event
from chain.imports import PARAMETERS
from chain.units import HOUR_MS
from tests.chain.contracts.auction_fixture import OPEN_MS, SESSION, Market, minute, picked
from tests.chain.contracts.replica_fixture import AREA_CHANNEL

NEXT = session_id("350100", OPEN_MS + HOUR_MS)


def decide(market: Market, at: float, height: int = 0, **parameters: Any) -> None:
    """A block at minute `at` that imports new parameters of the auction."""
    complete = msgspec.to_builtins(msgspec.convert({"area": "350100", **parameters}, Parameters))
    data = {"channel": AREA_CHANNEL, "contract": "auction", "height": height, "parameters": complete}
    market.world.block(at_ms=minute(at), imports=[Event(data=data, name=PARAMETERS)])


def traded(market: Market, hour: int) -> None:
    """One bid at 120 and one ask at 100 in the hour's session."""
    session = session_id("350100", OPEN_MS + hour * HOUR_MS)
    market.declare("s1", "ask", (100, 10), at=60 * hour + 1, session=session)
    market.declare("b1", "bid", (120, 10), at=60 * hour + 2, session=session)


def terms(market: Market) -> dict[str, Parameters]:
    return dict(market.world.replica.state.items("auction.terms"))


def test_an_open_session_is_priced_by_the_rule_it_was_opened_with() -> None:
    market = Market(pricing="pay_as_bid")
    market.advance(0)
    traded(market, 0)
    decide(market, 10, pricing="midpoint", fees=[fee(2_400)])
    market.advance(60)
    traded(market, 1)
    market.advance(120)
    assert picked(market.records("trades"), "buyer_price_fen_per_mwh", "seller_price_fen_per_mwh") == [
        (120, 100),
        (110, 110),
    ]
    assert picked(market.records("trades"), "fee_fen_per_mwh") == [(0,), (2_400,)]
    assert picked(market.records("sessions"), "session", "pricing") == [(SESSION, "pay_as_bid"), (NEXT, "midpoint")]


def fee(fen: int) -> dict[str, Any]:
    return {"buyer_zone": "*", "fee_fen_per_mwh": fen, "seller_zone": "*", "voltage": "*"}


def test_gate_and_minutes_of_an_open_session_do_not_move() -> None:
    market = Market()
    market.advance(0)
    decide(market, 5, declare_minutes=5, trading_minutes=10, settle_minute=12, round_minutes=1)
    assert market.declare("s1", "ask", (100, 10), at=12).code == "ok"
    market.advance(49)
    assert market.session() is not None
    market.advance(50)
    assert market.session() is None
    market.advance(60)
    assert market.declare("s1", "ask", (100, 10), at=71, session=NEXT).code == "gate-closed"
    market.advance(72)
    assert picked(market.records("sessions"), "session", "rounds") == [(SESSION, 1), (NEXT, 0)]


def test_what_may_be_declared_in_an_open_session_does_not_change() -> None:
    market = Market(tick=1)
    market.advance(0)
    decide(market, 1, tick=10, quantity_wh_max=5)
    assert market.declare("s1", "ask", (101, 10), at=2).code == "ok"
    market.advance(60)
    assert market.declare("s1", "ask", (101, 5), at=61, session=NEXT).code == "price-tick"
    assert market.declare("s1", "ask", (100, 10), at=62, session=NEXT).code == "quantity-max"


def test_the_terms_are_in_the_state_while_the_session_runs_and_no_longer() -> None:
    market = Market(lambda_bp=700)
    market.advance(0)
    assert list(terms(market)) == [SESSION]
    assert terms(market)[SESSION].lambda_bp == 700
    decide(market, 1, lambda_bp=100)
    assert terms(market)[SESSION].lambda_bp == 700
    market.advance(50)
    assert terms(market) == {}
    market.advance(60)
    assert terms(market)[NEXT].lambda_bp == 100


def test_a_change_with_a_height_ahead_takes_effect_for_the_session_that_opens_from_there_on() -> None:
    market = Market(pricing="pay_as_bid")
    market.advance(0)
    decide(market, 1, height=market.world.replica.height + 100, pricing="midpoint")
    market.advance(60)
    assert terms(market)[NEXT].pricing == "pay_as_bid"


def test_a_session_that_opens_in_the_importing_block_has_the_new_terms() -> None:
    market = Market(pricing="pay_as_bid")
    decide(market, 0, pricing="midpoint")
    assert terms(market)[SESSION].pricing == "midpoint"
