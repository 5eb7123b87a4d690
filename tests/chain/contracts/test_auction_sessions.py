"""Sessions played at random: rule 11 of `design.md`, judged from the tables alone.

Energy sold = bought; paid = received + fees + spread; every order has one end; nobody trades beyond price or limit.
"""

from collections import Counter, defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chain.entry import Transaction, parse_entry
from chain.market.conservation import end_violations, energy_violations, money_violations
from tests.chain.contracts.auction_fixture import BUYERS, SELLERS, Market

FEES = [
    {"seller_zone": "*", "buyer_zone": "*", "voltage": "*", "fee_fen_per_mwh": 3},
    {"seller_zone": "zone-1", "buyer_zone": "zone-1", "voltage": "10kV", "fee_fen_per_mwh": 1},
]

PRICES = {
    "bid": st.integers(-20, 30).map(lambda steps: steps * 5),
    "ask": st.integers(-10, 60).map(lambda steps: steps * 5),
}
"""Bids somewhat below asks, so that books are suspended too."""
quantities = st.integers(1, 30)


@st.composite
def orders(draw: st.DrawFn, side: str) -> tuple[Any, ...]:
    price = draw(PRICES[side])
    reach = draw(st.none() | st.integers(0, 20).map(lambda steps: steps * 5))
    limit = None if reach is None else price + reach if side == "bid" else price - reach
    return side, price, limit, draw(quantities), None


@st.composite
def declarations(draw: st.DrawFn) -> tuple[float, str, tuple[tuple[Any, ...], ...]]:
    """(minute, account, rows): some late, some against the account's own earlier side."""
    account = draw(st.sampled_from([*SELLERS, *BUYERS]))
    side = draw(st.sampled_from(["ask", "ask", "ask", "bid"] if account in SELLERS else ["bid", "bid", "bid", "ask"]))
    rows = draw(st.lists(orders(side), min_size=1, max_size=4))
    second = draw(st.integers(1, 15 * 60) | st.integers(1, 52 * 60))
    return second / 60, account, tuple(rows)


scripts = st.lists(declarations(), max_size=9, unique_by=lambda declaration: declaration[0])


def played(script: list[tuple[float, str, tuple[tuple[Any, ...], ...]]], parameters: dict[str, Any]) -> Market:
    market = Market(tick=5, price_min=-500, price_max=500, fees=FEES, **parameters)
    market.advance(0)
    for at, account, rows in sorted(script):
        market.declare(account, "", at=at, rows=rows)
    market.advance(60)
    return market


def accepted_orders(market: Market) -> dict[tuple[int, int], tuple[str, Any]]:
    """(entry, row) → (account, submitted row) of every order that a receipt accepted, from the log itself."""
    found: dict[tuple[int, int], tuple[str, Any]] = {}
    submitted = dict(market.world.pending("orders_submitted"))
    for entry, rows in submitted.items():
        transaction = parse_entry(market.world.entries[entry])
        assert isinstance(transaction, Transaction)
        if transaction.receipt.status == "accepted":
            found |= {(entry, number): (transaction.body.account, row) for number, row in enumerate(rows)}
    return found


@settings(max_examples=80)
@given(scripts, st.sampled_from(["midpoint", "uniform", "pay_as_bid"]), st.sampled_from([0, 500, 2_500]))
def test_nothing_is_lost_in_a_session_whatever_its_members_do(script: Any, pricing: str, lambda_bp: int) -> None:
    market = played(script, {"pricing": pricing, "lambda_bp": lambda_bp})
    declared = accepted_orders(market)
    trades, results = market.records("trades"), market.records("order_results")
    (session,) = market.records("sessions")
    check_orders(declared, trades, results)
    check_prices(declared, trades, pricing)
    check_money(market, trades, session)
    check_rounds(market, trades, session)
    assert session["orders"] == len(declared)


def check_orders(
    declared: dict[tuple[int, int], tuple[str, Any]], trades: list[dict[str, Any]], results: list[dict[str, Any]]
) -> None:
    """Every order has exactly one result row, which says what the trades say."""
    energy = {order: row[3] for order, (_, row) in declared.items()}
    ends = [((r["order_entry"], r["order_row"]), r) for r in results]
    left = {order: r["quantity_wh"] - r["traded_wh"] for order, r in ends}
    sold = [((t["bid_entry"], t["bid_row"]), (t["ask_entry"], t["ask_row"]), t["quantity_wh"]) for t in trades]
    assert energy_violations(energy, left, sold) == ()
    assert end_violations(energy, left, [(order, r["status"]) for order, r in ends]) == ()
    assert Counter(order for order, _ in ends) == Counter(list(declared))
    for order, r in ends:
        account, (side, price, _, quantity, _) = declared[order]
        assert (r["account"], r["side"], r["quantity_wh"], r["initial_fen_per_mwh"]) == (account, side, quantity, price)


def check_prices(declared: dict[tuple[int, int], tuple[str, Any]], trades: list[dict[str, Any]], pricing: str) -> None:
    """Nobody pays more or gets less than the order said, nor trades with itself."""
    for t in trades:
        buyer, (bid_side, bid, bid_limit, _, _) = declared[t["bid_entry"], t["bid_row"]]
        seller, (ask_side, ask, ask_limit, _, _) = declared[t["ask_entry"], t["ask_row"]]
        assert (buyer, seller, bid_side, ask_side) == (t["buyer"], t["seller"], "bid", "ask")
        assert buyer != seller
        assert t["ask_fen_per_mwh"] <= t["seller_price_fen_per_mwh"] <= t["buyer_price_fen_per_mwh"]
        assert t["buyer_price_fen_per_mwh"] <= t["bid_fen_per_mwh"]
        assert t["bid_fen_per_mwh"] <= max(bid, bid if bid_limit is None else bid_limit)
        assert t["ask_fen_per_mwh"] >= min(ask, ask if ask_limit is None else ask_limit)
        assert t["buyer_price_fen_per_mwh"] % 5 == t["seller_price_fen_per_mwh"] % 5 == 0
        assert pricing == "pay_as_bid" or t["buyer_price_fen_per_mwh"] == t["seller_price_fen_per_mwh"]


def check_money(market: Market, trades: list[dict[str, Any]], session: dict[str, Any]) -> None:
    """Trades, settlements, the session's row and the balancing account say the same, and it balances."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for t in trades:
        assert t["paid_e8"] == t["quantity_wh"] * t["buyer_price_fen_per_mwh"]
        assert t["received_e8"] == t["quantity_wh"] * t["seller_price_fen_per_mwh"]
        assert t["fee_fen_per_mwh"] == 1
        assert t["buyer_fee_e8"] - t["seller_fee_e8"] in (0, 1)
        assert t["buyer_fee_e8"] + t["seller_fee_e8"] == t["quantity_wh"]
        for account, amount, fee in (
            (t["buyer"], t["paid_e8"], t["buyer_fee_e8"]),
            (t["seller"], t["received_e8"], t["seller_fee_e8"]),
        ):
            for column, value in enumerate((1, t["quantity_wh"], amount, fee)):
                totals[account][column] += value
    settled = market.records("settlements")
    assert {s["account"]: [s["trades"], s["traded_wh"], s["energy_e8"], s["fee_e8"]] for s in settled} == dict(totals)
    bought, sold = (sum(s["traded_wh"] for s in settled if s["side"] == side) for side in ("bid", "ask"))
    assert bought == sold == session["traded_wh"] == sum(t["quantity_wh"] for t in trades)
    paid = -sum(s["net_e8"] for s in settled if s["side"] == "bid")
    received = sum(s["net_e8"] for s in settled if s["side"] == "ask")
    assert money_violations(paid, received, session["fees_e8"], session["spread_e8"]) == ()
    assert session["paid_e8"] == sum(t["paid_e8"] for t in trades)
    assert session["received_e8"] == sum(t["received_e8"] for t in trades)
    assert session["fees_e8"] == sum(t["buyer_fee_e8"] + t["seller_fee_e8"] for t in trades)
    assert market.spread_e8() == session["spread_e8"] == session["paid_e8"] - session["received_e8"]


def check_rounds(market: Market, trades: list[dict[str, Any]], session: dict[str, Any]) -> None:
    """Rounds and trades are numbered without gaps, and each round's row adds up its trades."""
    rounds = market.records("rounds")
    assert [r["round"] for r in rounds] == list(range(1, session["rounds"] + 1))
    assert [t["trade"] for t in trades] == list(range(session["trades"]))
    for r in rounds:
        own = [t for t in trades if t["round"] == r["round"]]
        assert (r["trades"], r["traded_wh"], r["paid_e8"]) == (
            len(own),
            sum(t["quantity_wh"] for t in own),
            sum(t["paid_e8"] for t in own),
        )
        assert (r["status"] == "cleared") == bool(own)
    assert session["suspensions"] == sum(r["status"] == "suspended" for r in rounds)


@settings(max_examples=25)
@given(scripts)
def test_how_often_blocks_are_cut_does_not_change_a_session(script: Any) -> None:
    """Declarations come at the same times; between them there are blocks at every minute, or none."""
    seldom = played(script, {})
    often = Market(tick=5, price_min=-500, price_max=500, fees=FEES)
    often.advance(0)
    times = {at for at, _, _ in script}
    events = [*sorted(script), *((minute, "", ()) for minute in range(1, 60) if minute not in times)]
    for at, account, rows in sorted(events, key=lambda event: event[0]):
        if account:
            often.declare(account, "", at=at, rows=rows)
        else:
            often.advance(at)
    often.advance(60)
    for table in ("rounds", "trades", "order_results", "settlements"):
        drop = ("bid_entry", "ask_entry", "order_entry")
        assert [{k: v for k, v in r.items() if k not in drop} for r in often.records(table)] == [
            {k: v for k, v in r.items() if k not in drop} for r in seldom.records(table)
        ]
