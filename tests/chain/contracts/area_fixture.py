"""An area with one plant, and short names for the calls of the contract `certificate`."""

from typing import Any

from chain.contracts.certificate import CONTRACT
from chain.entry import Receipt
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, member

ISSUER, METER = "issuing-body", "metering-operator"
OPERATORS = {"centre": ("provincial_centre",), ISSUER: ("issuing_body",), METER: ("metering_operator",)}
OWNER, BUYER = "minjiang-solar", "rongcheng-data"

HOUR = 3_600_000
QUARTER = HOUR // 4
START = GENESIS_MS + HOUR
"""2026-11-02T01:00Z, the interval of most tests."""
NOW = GENESIS_MS + 12 * HOUR

PLANT = "solar.1"
STAMP = "20261102T0100Z"
WHOLE = f"{PLANT}.{STAMP}.0-999"


def area() -> World:
    """An area with one plant of 1 kW."""
    members = [
        member(OWNER),
        member(BUYER),
        member("vain-issuer", ("issuing_body", "member")),
        member("vain-meter", ("member", "metering_operator")),
    ]
    world = World([CONTRACT], OPERATORS, members)
    world.advance(NOW)
    assert world.call(ISSUER, "certificate", "register_plant", plant()).code == "ok"
    return world


def plant(name: str = PLANT, **changes: object) -> dict[str, object]:
    return {
        "capacity_w": 1_000,
        "commissioned": GENESIS_MS,
        "fuel_code": "F01040100",
        "name_en": "Minjiang Solar",
        "name_zh": "闽江光伏",
        "owner": OWNER,
        "plant": name,
        "technology_code": "T010000",
        "zone": "zone-1",
        **changes,
    }


def read(world: World, *rows: tuple[str, int, int, int], by: str = METER) -> Receipt:
    return world.call(by, "certificate", "record_readings", rows=rows)


def issue(world: World, *starts: int, by: str = ISSUER, of: str = PLANT) -> Receipt:
    return world.call(by, "certificate", "issue", {"plant": of, "starts": list(starts)})


def publish(world: World, *bundles: str, by: str = OWNER) -> Receipt:
    return world.call(by, "certificate", "publish", {"bundles": list(bundles)})


def transfer(world: World, bundle: str = WHOLE, to: str = BUYER, *, by: str = OWNER, **more: object) -> Receipt:
    return world.call(by, "certificate", "transfer", {"bundle": bundle, "to": to, **more})


def cancel(world: World, bundle: str = WHOLE, *, by: str = OWNER, **more: object) -> Receipt:
    arguments = {
        "beneficiary": "榕城数据中心",
        "bundle": bundle,
        "period_end": START + HOUR,
        "period_start": START,
        "purpose": "green power claim",
        **more,
    }
    return world.call(by, "certificate", "cancel", arguments)


def issued() -> World:
    """An area with one bundle of 1,000 Wh, not yet published."""
    world = area()
    assert read(world, (PLANT, START, 60, 1_000)).code == "ok"
    assert issue(world, START).code == "ok"
    return world


def published() -> World:
    world = issued()
    assert publish(world, WHOLE).code == "ok"
    return world


def bundle_of(world: World, name: str) -> Any:
    return world.replica.state.get("certificate.bundle", name)
