"""Plants and meter readings: what is recorded, and every plant and batch that is refused."""

import pytest

from chain.contracts.certificate import CONTRACT
from tests.chain.contracts.area_fixture import (
    HOUR,
    ISSUER,
    METER,
    NOW,
    OPERATORS,
    OWNER,
    PLANT,
    QUARTER,
    START,
    area,
    plant,
    read,
)
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, member


def test_a_plant_is_on_the_record_with_its_codes_and_capacity() -> None:
    world = area()
    assert world.records("plants") == [
        {
            "plant": PLANT,
            "owner": OWNER,
            "name_zh": "闽江光伏",
            "name_en": "Minjiang Solar",
            "technology_code": "T010000",
            "fuel_code": "F01040100",
            "capacity_w": 1_000,
            "zone": "zone-1",
            "storage": False,
            "commissioned": GENESIS_MS,
            "decommissioned": None,
            "status": "active",
            "time": NOW + 1_000,
        }
    ]


BAD_PLANTS = {
    "a plant twice": (plant(), "plant-exists"),
    "an owner nobody knows": (plant("p2", owner="nobody"), "unknown-owner"),
    "a plant of the issuing body itself": (plant("p2", owner=ISSUER), "own-plant"),
    "decommissioned as soon as commissioned": (plant("p2", decommissioned=GENESIS_MS), "lifetime"),
    "a technology code without its T": (plant("p2", technology_code="010000"), "bad-arguments"),
    "a fuel code of 7 digits": (plant("p2", fuel_code="F0104010"), "bad-arguments"),
    "no capacity": (plant("p2", capacity_w=0), "bad-arguments"),
    "more capacity than 1 TW": (plant("p2", capacity_w=10**12 + 1), "bad-arguments"),
    "a name with a slash": (plant("p/2"), "bad-arguments"),
    "commissioned before 1970": (plant("p2", commissioned=-1), "bad-arguments"),
}


@pytest.mark.parametrize(("arguments", "code"), BAD_PLANTS.values(), ids=BAD_PLANTS.keys())
def test_a_bad_plant_is_rejected_with_its_code(arguments: dict[str, object], code: str) -> None:
    world = area()
    before = world.memory()
    assert world.call(ISSUER, "certificate", "register_plant", arguments).code == code
    assert world.memory() == before
    assert len(world.rows("plants")) == 1


GOOD = (PLANT, START + HOUR, 60, 500)
LAST = NOW + 2_000 - (NOW + 2_000) % QUARTER
"""The quarter hour that has just begun."""

BAD_READINGS: dict[str, tuple[tuple[str, int, int, int], str]] = {
    "a plant nobody knows": (("nowhere", START, 60, 1), "unknown-plant"),
    "an interval of 20 minutes": ((PLANT, START, 20, 1), "interval-minutes"),
    "an interval of no length": ((PLANT, START, 0, 1), "interval-minutes"),
    "a start off the quarter hour": ((PLANT, START + 1, 15, 1), "interval-alignment"),
    "an hour that starts at half past": ((PLANT, START + 2 * QUARTER, 60, 1), "interval-alignment"),
    "a start before 1970": ((PLANT, -HOUR, 60, 1), "interval-alignment"),
    "an interval that is not over": ((PLANT, LAST, 15, 1), "interval-future"),
    "negative energy": ((PLANT, START, 60, -1), "negative-reading"),
    "1 Wh more than capacity × 1 h × 1.1": ((PLANT, START, 60, 1_101), "over-capacity"),
    "1 Wh more than capacity × 15 min × 1.1": ((PLANT, START, 15, 276), "over-capacity"),
    "an interval a second time": ((PLANT, START + HOUR, 60, 500), "reading-exists"),
    "a quarter of an hour that was read": ((PLANT, START + HOUR + 3 * QUARTER, 15, 1), "reading-overlap"),
    "the first half of an hour that was read": ((PLANT, START + HOUR, 30, 1), "reading-overlap"),
}


@pytest.mark.parametrize(("row", "code"), BAD_READINGS.values(), ids=BAD_READINGS.keys())
def test_one_bad_reading_rejects_the_batch_and_is_named(row: tuple[str, int, int, int], code: str) -> None:
    world = area()
    before = world.memory()
    receipt = read(world, GOOD, row)
    assert (receipt.status, receipt.code) == ("rejected", code)
    assert receipt.detail.startswith("row 1: ")
    assert world.memory() == before
    assert world.rows("meter_readings_submitted") == [GOOD, row], "the batch stays on the record"


def test_a_long_interval_does_not_swallow_a_shorter_one_that_was_read() -> None:
    world = area()
    assert read(world, (PLANT, START + QUARTER, 15, 10)).code == "ok"
    assert read(world, (PLANT, START, 60, 10)).code == "reading-overlap"
    assert read(world, (PLANT, START, 30, 10)).code == "reading-overlap"
    assert read(world, (PLANT, START + 2 * QUARTER, 30, 10), (PLANT, START, 15, 10)).code == "ok"


def test_exactly_capacity_times_duration_times_tolerance_is_plausible() -> None:
    rows = [(PLANT, START, 60, 1_100), (PLANT, START + HOUR, 15, 275), (PLANT, START + 2 * HOUR, 30, 550)]
    assert read(area(), *rows).code == "ok"


def test_a_reading_counts_from_the_moment_its_interval_is_over() -> None:
    world = area()
    rows = [(PLANT, NOW + HOUR, 60, 1)]
    world.advance(NOW + 2 * HOUR - 1_001)
    assert read(world, *rows).code == "interval-future"
    assert read(world, *rows).code == "ok"


def test_nobody_meters_or_registers_a_plant_of_its_own() -> None:
    world = area()
    world.call(ISSUER, "certificate", "register_plant", plant("metered", owner="vain-meter"))
    assert read(world, ("metered", START, 60, 1), by="vain-meter").code == "own-plant"
    own = plant("own", owner="vain-issuer")
    assert world.call("vain-issuer", "certificate", "register_plant", own).code == "own-plant"


def test_readings_come_from_a_metering_operator_alone() -> None:
    assert read(area(), by=OWNER).code == "forbidden"
    world = area()
    batch = world.transaction(OWNER, "certificate", "record_readings", {}, [(PLANT, START, 60, 1)])
    (outcome,) = world.block(batch).outcomes
    assert outcome.dropped is not None and outcome.dropped.code == "forbidden"
    assert read(area(), by=METER).code == "rows-missing"


def test_parameters_decide_lengths_and_tolerance() -> None:
    parameters = {"certificate": {"interval_minutes": [60], "tolerance_basis_points": 10_000}}
    world = World([CONTRACT], OPERATORS, [member(OWNER)], parameters=parameters)
    world.advance(NOW)
    world.call(ISSUER, "certificate", "register_plant", plant())
    assert read(world, (PLANT, START, 15, 1)).code == "interval-minutes"
    assert read(world, (PLANT, START, 60, 1_001)).code == "over-capacity"
    assert read(world, (PLANT, START, 60, 1_000)).code == "ok"


def test_every_declared_code_is_shown_by_a_case() -> None:
    shown = {code for cases in (BAD_PLANTS, BAD_READINGS) for _, code in cases.values()}
    methods = [method for method in CONTRACT.methods if method.name in ("register_plant", "record_readings")]
    assert {code for method in methods for code in method.codes} <= shown
