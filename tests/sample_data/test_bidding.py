"""Orders from a member's hour: on the tick and the lot, within its limits, the same everywhere."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.bidding import (
    GENERATION_ERROR_BP,
    LOAD_ERROR_BP,
    LOT_WH,
    MARGIN_BY_HOUR_BP,
    ORDER_WH_MAX,
    PRICE_MAX_FEN_PER_MWH,
    PRICE_MIN_FEN_PER_MWH,
    REQUOTES_MAX,
    TICK_FEN_PER_MWH,
    VALUE_BY_HOUR_BP,
    OrderRow,
    forecast_wh,
    hour_of_day,
    orders_for,
    requote,
    shifted,
)
from sample_data.records import STRATEGIES, Participant, Strategy

HOUR_MS = 3_600_000
MONDAY_MS = 1_793_548_800_000
MEMBER = Participant(
    "fz-factory-01", "甲厂", "Factory A", "factory", "area-350100", "fz-mawei", "10kV", 30_000, 50_000, 27_500, 62_000,
    "ladder",
)  # fmt: skip

hours = st.integers(0, 167).map(lambda hour: MONDAY_MS + hour * HOUR_MS)
prices = st.integers(-100_000, 200_000)
limits = st.none() | prices
members = st.builds(
    replace,
    st.just(MEMBER),
    account=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
    cost_fen_per_mwh=prices,
    willingness_fen_per_mwh=prices,
    ask_limit_fen_per_mwh=limits,
    bid_limit_fen_per_mwh=limits,
    strategy=st.sampled_from(STRATEGIES),
)
surpluses = st.integers(-(10**10), 10**10)
seeds = st.integers(0, 2**63)
last_prices = st.none() | prices.map(lambda price: price // 10 * 10)


def at(hour: int) -> int:
    """Monday's hour of day, UTC+8."""
    return MONDAY_MS + hour * HOUR_MS


@given(members, hours, surpluses, seeds, last_prices)
def test_rows_are_on_tick_and_lot_one_side_and_never_more_than_forecast(
    member: Participant, hour: int, surplus: int, seed: int, last: int | None
) -> None:
    rows = orders_for(member, hour, surplus, seed, last)
    assert len(rows) <= 4
    assert {row.side for row in rows} <= {"ask" if surplus > 0 else "bid"}
    assert sum(row.quantity_wh for row in rows) <= abs(surplus)
    for row in rows:
        assert PRICE_MIN_FEN_PER_MWH <= row.price_fen_per_mwh <= PRICE_MAX_FEN_PER_MWH
        assert row.quantity_wh > 0
        assert row.quantity_wh % LOT_WH == row.price_fen_per_mwh % TICK_FEN_PER_MWH == 0


@given(members, hours, surpluses, seeds, last_prices)
def test_no_row_goes_beyond_what_its_member_accepts(
    member: Participant, hour: int, surplus: int, seed: int, last: int | None
) -> None:
    for row in orders_for(member, hour, surplus, seed, last):
        stated = member.ask_limit_fen_per_mwh if row.side == "ask" else member.bid_limit_fen_per_mwh
        if stated is None:
            assert row.limit_fen_per_mwh is None
            continue
        for price in (row.price_fen_per_mwh, row.limit_fen_per_mwh):
            assert price is None or (price >= stated if row.side == "ask" else price <= stated)
        if row.limit_fen_per_mwh is not None:
            assert row.limit_fen_per_mwh % TICK_FEN_PER_MWH == 0
            toward = row.limit_fen_per_mwh - row.price_fen_per_mwh
            assert toward <= 0 if row.side == "ask" else toward >= 0


@given(members, hours, surpluses, seeds, last_prices)
def test_the_same_hour_gives_the_same_orders(
    member: Participant, hour: int, surplus: int, seed: int, last: int | None
) -> None:
    assert orders_for(member, hour, surplus, seed, last) == orders_for(member, hour, surplus, seed, last)


@given(members, hours, surpluses, seeds, last_prices)
def test_whoever_requotes_comes_closer_and_stays_within_its_limit(
    member: Participant, hour: int, surplus: int, seed: int, last: int | None
) -> None:
    rows = orders_for(member, hour, surplus, seed, last)
    for attempt in range(1, REQUOTES_MAX + 1):
        again = requote(member, hour, rows, seed, attempt)
        if not again:
            return
        assert len(again) == len(rows)
        for old, new in zip(rows, again, strict=True):
            assert replace(new, price_fen_per_mwh=old.price_fen_per_mwh) == old
            assert new.price_fen_per_mwh % TICK_FEN_PER_MWH == 0
            sign = -1 if old.side == "ask" else 1
            assert (new.price_fen_per_mwh - old.price_fen_per_mwh) * sign >= 0
            if old.limit_fen_per_mwh is not None:
                assert (old.limit_fen_per_mwh - new.price_fen_per_mwh) * sign >= 0
                assert attempt < REQUOTES_MAX or new.price_fen_per_mwh == old.limit_fen_per_mwh
        rows = again


def test_whoever_was_suspended_too_often_leaves() -> None:
    rows = orders_for(MEMBER, at(3), -5_000_000, 1, None)
    assert requote(MEMBER, at(3), rows, 1, 1) != []
    assert requote(MEMBER, at(3), rows, 1, REQUOTES_MAX + 1) == []


def test_one_in_eight_loses_patience_the_second_time() -> None:
    row = OrderRow("bid", 40_000, 45_000, 5_000)
    left = [not requote(replace(MEMBER, account=f"m{n}"), at(3), [row], 1, 2) for n in range(400)]
    assert 25 <= sum(left) <= 75


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_less_than_a_lot_is_left_to_deviation(strategy: Strategy) -> None:
    member = replace(MEMBER, strategy=strategy)
    assert orders_for(member, at(9), 999, 1, 40_000) == orders_for(member, at(9), -999, 1, None) == []
    assert [row.quantity_wh for row in orders_for(member, at(9), 1_999, 1, 40_000)] == [1_000]


@given(members, hours, st.integers(-(10**9), 10**9), seeds)
def test_whoever_quotes_inside_the_price_range_declares_every_whole_lot(
    member: Participant, hour: int, surplus: int, seed: int
) -> None:
    usual = replace(
        member, cost_fen_per_mwh=30_000, willingness_fen_per_mwh=50_000, ask_limit_fen_per_mwh=None,
        bid_limit_fen_per_mwh=None,
    )  # fmt: skip
    rows = orders_for(usual, hour, surplus, seed, 40_000)
    assert sum(row.quantity_wh for row in rows) == abs(surplus) // LOT_WH * LOT_WH


def test_what_could_never_trade_is_not_declared_and_the_rest_is_brought_into_range() -> None:
    dear = replace(
        MEMBER, cost_fen_per_mwh=160_000, ask_limit_fen_per_mwh=None, willingness_fen_per_mwh=400_000,
        bid_limit_fen_per_mwh=500_000,
    )  # fmt: skip
    assert orders_for(dear, at(9), 5_000, 1, None) == []
    assert {(row.price_fen_per_mwh, row.limit_fen_per_mwh) for row in orders_for(dear, at(9), -5_000, 1, None)} == {
        (PRICE_MAX_FEN_PER_MWH, PRICE_MAX_FEN_PER_MWH)
    }
    huge = orders_for(replace(MEMBER, strategy="price_taker"), at(9), 4 * 10**13, 1, None)
    assert [row.quantity_wh for row in huge] == [ORDER_WH_MAX]


def test_each_strategy_has_its_rows() -> None:
    rows = {
        strategy: orders_for(replace(MEMBER, strategy=strategy), at(12), 10_000_000, 1, 33_000)
        for strategy in STRATEGIES
    }
    assert {strategy: len(found) for strategy, found in rows.items()} in (
        {"cost_plus": 1, "ladder": 3, "price_taker": 1, "adaptive": 2},
        {"cost_plus": 1, "ladder": 4, "price_taker": 1, "adaptive": 2},
    )
    assert rows["price_taker"][0].price_fen_per_mwh == MEMBER.ask_limit_fen_per_mwh
    assert rows["price_taker"][0].limit_fen_per_mwh is None
    ladder = [row.price_fen_per_mwh for row in rows["ladder"]]
    assert ladder == sorted(set(ladder))
    assert [row.price_fen_per_mwh for row in rows["adaptive"]] == [32_670, 33_990]
    assert all(row.limit_fen_per_mwh == 27_500 for row in rows["adaptive"])


def test_buyers_pay_more_in_the_evening_than_at_night_and_sellers_ask_more() -> None:
    bid = {hour: orders_for(MEMBER, at(hour), -4_000_000, 1, None)[0].price_fen_per_mwh for hour in (3, 12, 18)}
    ask = {hour: orders_for(MEMBER, at(hour), 4_000_000, 1, None)[0].price_fen_per_mwh for hour in (12, 18)}
    assert bid[3] < bid[12] < bid[18]
    assert ask[12] < ask[18]
    assert len(VALUE_BY_HOUR_BP) == len(MARGIN_BY_HOUR_BP) == 24


def test_hours_of_the_day_are_those_of_the_settlement_day() -> None:
    assert [hour_of_day(at(hour)) for hour in (0, 7, 23, 24)] == [0, 7, 23, 0]


@given(seeds, st.text(max_size=20), hours, st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_forecast_is_off_by_no_more_than_its_bound(
    seed: int, account: str, hour: int, generation: int, load: int
) -> None:
    off = forecast_wh(seed, account, hour, generation, load) - (generation - load)
    assert abs(off) * 10_000 <= generation * GENERATION_ERROR_BP + load * LOAD_ERROR_BP + 20_000


def test_forecasts_err_both_ways_and_differ_by_seed_account_and_hour() -> None:
    forecasts = [forecast_wh(1, "a", at(hour), 1_000_000, 0) for hour in range(168)]
    assert len(set(forecasts)) > 100
    assert 60 <= sum(forecast > 1_000_000 for forecast in forecasts) <= 108
    assert forecasts[0] not in (forecast_wh(2, "a", at(0), 1_000_000, 0), forecast_wh(1, "b", at(0), 1_000_000, 0))


def test_orders_are_pinned_so_that_every_machine_gives_the_same() -> None:
    assert forecast_wh(7, "fz-factory-01", at(18), 250_000, 3_000_000) == -2_887_625
    assert orders_for(MEMBER, at(18), -2_750_000, 7, 51_230) == [
        OrderRow("bid", 59_710, 62_000, 1_101_000),
        OrderRow("bid", 57_920, 62_000, 687_000),
        OrderRow("bid", 55_850, 62_000, 550_000),
        OrderRow("bid", 52_870, 62_000, 412_000),
    ]


@pytest.mark.parametrize(("value", "basis_points", "expected"), [(100, 50, 100), (-100, 500, -95), (99, -100, 98)])
def test_shifting_moves_up_or_down_whatever_the_sign(value: int, basis_points: int, expected: int) -> None:
    assert shifted(value, basis_points) == expected
