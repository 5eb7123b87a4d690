"""The simulated region: the files are what the generator makes, and they make a market worth watching."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.bidding import OrderRow, forecast_wh, hour_of_day, orders_for
from sample_data.inputs import (
    PARTICIPANT_COLUMNS,
    PLANT_COLUMNS,
    PROFILE_COLUMNS,
    SAMPLE_FILES,
    read_inputs,
)
from sample_data.records import DEFAULTS, STRATEGIES, Inputs
from sample_data.region.__main__ import main
from sample_data.region.noise import Noise

README = Path(__file__).parents[2] / "sample_data" / "README.md"
AREAS = ("area-350100", "area-350200")
HOUR_MS = 3_600_000
MONDAY_MS = 1_793_548_800_000


@pytest.fixture(scope="module")
def region() -> Inputs:
    return read_inputs(*SAMPLE_FILES)


@pytest.fixture(scope="module")
def first_rounds(region: Inputs) -> dict[str, list[int | None]]:
    """Per area and hour the price at which the declared book crosses, None where it does not."""
    return {area: _prices(region, area) for area in AREAS}


def _prices(region: Inputs, area: str) -> list[int | None]:
    prices: list[int | None] = []
    last: int | None = None
    members = [member for member in region.participants if member.area == area]
    for index, hour in enumerate(region.hours):
        rows: list[OrderRow] = []
        for member in members:
            generation = int(region.generation_wh[member.account][index])
            load = int(region.load_wh[member.account][index])
            rows += orders_for(member, hour, forecast_wh(1, member.account, hour, generation, load), 1, last)
        prices.append(_crossing(rows))
        last = last if prices[-1] is None else prices[-1]
    return prices


def _crossing(rows: list[OrderRow]) -> int | None:
    """Midpoint of the last pair that trades."""
    bids = sorted((-row.price_fen_per_mwh, row.quantity_wh) for row in rows if row.side == "bid")
    asks = sorted((row.price_fen_per_mwh, row.quantity_wh) for row in rows if row.side == "ask")
    price, bought, sold, bid, ask = None, 0, 0, 0, 0
    while bid < len(bids) and ask < len(asks) and -bids[bid][0] >= asks[ask][0]:
        price = (asks[ask][0] - bids[bid][0]) // 2
        if bought + bids[bid][1] <= sold + asks[ask][1]:
            bought += bids[bid][1]
            bid += 1
        else:
            sold += asks[ask][1]
            ask += 1
    return price


def test_the_generator_writes_the_checked_in_files_byte_for_byte(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    for path in SAMPLE_FILES:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_files_fit_into_five_megabytes() -> None:
    assert sum(path.stat().st_size for path in SAMPLE_FILES) <= 5_000_000


def test_the_readme_names_every_column_default_and_strategy() -> None:
    text = README.read_text(encoding="utf-8")
    for columns in (PARTICIPANT_COLUMNS, PLANT_COLUMNS, PROFILE_COLUMNS):
        for column in columns:
            assert f"| `{column.name}` |" in text, column.name
            for word in column.choices:
                assert f"`{word}`" in text, word
    for name in DEFAULTS.__slots__:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.endswith(f"| `{getattr(DEFAULTS, name)}` |"), name


def test_two_areas_of_more_than_a_hundred_members_trade_for_a_week(region: Inputs) -> None:
    for area in AREAS:
        members = [member for member in region.participants if member.area == area]
        assert len(members) > 100
        assert {member.strategy for member in members} == set(STRATEGIES)
        assert len({member.zone for member in members}) == 4
        assert len({member.voltage for member in members}) >= 3
    assert 80 <= len(region.plants) <= 120
    assert region.hours == tuple(MONDAY_MS + HOUR_MS * hour for hour in range(168))
    assert region.defaults_used == ()


def test_names_are_chinese_and_english_and_no_two_members_share_one(region: Inputs) -> None:
    for names in ([member.name_zh for member in region.participants], [plant.name_zh for plant in region.plants]):
        assert len(set(names)) == len(names)
        assert all(any("\u4e00" <= character <= "\u9fff" for character in name) for name in names)
    assert all(member.name_en.isascii() for member in region.participants)
    homes = [member for member in region.participants if member.kind == "household"]
    assert all(member.name_en.startswith("Household ") for member in homes)


def test_steps_are_mixed_and_nothing_is_missing(region: Inputs) -> None:
    assert [note.split(":")[1].rsplit("participants", 1)[-1] for note in region.notes] == [
        " metered every 60 minutes",
        " metered every 15 minutes",
    ]


def test_no_plant_exceeds_its_capacity_and_the_sun_sets(region: Inputs) -> None:
    night = np.array([hour_of_day(hour) in (20, 21, 22, 23, 0, 1, 2, 3, 4) for hour in region.hours])
    for plant in region.plants:
        generation = region.plant_generation_wh[plant.plant]
        assert 0 <= int(generation.min()) <= int(generation.max()) <= plant.capacity_w
        assert int(generation.sum()) > 0
        if plant.technology == "solar_pv":
            assert not generation[night].any()


def test_prices_dip_at_noon_and_peak_in_the_evening(first_rounds: dict[str, list[int | None]]) -> None:
    for area in AREAS:
        by_hour: dict[int, list[int]] = {}
        for index, price in enumerate(first_rounds[area]):
            if price is not None:
                by_hour.setdefault(index % 24, []).append(price)
        mean = {hour: sum(prices) // len(prices) for hour, prices in by_hour.items()}
        assert mean[12] < mean[9] < mean[19]
        assert mean[19] - mean[12] > 5_000, "at least 50 CNY/MWh"
        assert mean[3] < mean[7]


def test_one_to_four_sessions_of_the_week_begin_suspended(first_rounds: dict[str, list[int | None]]) -> None:
    suspended = sum(prices.count(None) for prices in first_rounds.values())
    assert 1 <= suspended <= 4


def test_some_hours_are_short_and_some_are_long(region: Inputs) -> None:
    for area in AREAS:
        accounts = [member.account for member in region.participants if member.area == area]
        surplus = sum(region.generation_wh[account] - region.load_wh[account] for account in accounts)
        long = int(np.count_nonzero(surplus > 0))
        assert 15 <= long <= 84


@given(st.text(min_size=1), st.integers(1, 300))
def test_noise_depends_on_its_name_alone(name: str, count: int) -> None:
    noise = Noise(name).normal(count)
    assert np.array_equal(noise, Noise(name).normal(count))
    assert np.all(np.abs(noise) <= 6.0)
    assert np.array_equal(noise[:1], Noise(name).normal(1))


def test_the_first_draw_of_a_stream_never_changes() -> None:
    assert Noise("pinned").below(10**12) == 428_783_612_074
    assert Noise("pinned").between(10, 20, 5) in (10, 15, 20)
