"""Certificates: issue, publish, transfer, cancel, and every change that is refused."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from chain import registry
from chain.contracts.certificate import CONTRACT
from chain.entry import Receipt
from chain.registry.bundle import TRANSITIONS
from tests.chain.contracts.area_fixture import (
    BUYER,
    HOUR,
    ISSUER,
    OWNER,
    PLANT,
    QUARTER,
    STAMP,
    START,
    WHOLE,
    area,
    bundle_of,
    cancel,
    issue,
    issued,
    plant,
    publish,
    published,
    read,
    transfer,
)
from tests.chain.contracts.replica_fixture import World


def test_F18_a_reading_becomes_a_bundle_whose_name_says_plant_interval_and_range() -> None:
    world = area()
    read(world, (PLANT, START, 60, 1_000))
    receipt = issue(world, START)
    assert [(event.name, event.data) for event in receipt.events] == [
        ("certificate.issued", {"bundle": WHOLE, "owner": OWNER, "quantity_wh": 1_000})
    ]
    assert world.records("certificates") == [
        {
            "bundle": WHOLE,
            "parent": None,
            "certificate_class": "granular",
            "plant": PLANT,
            "technology_code": "T010000",
            "fuel_code": "F01040100",
            "interval_start": START,
            "interval_end": START + HOUR,
            "first_wh": 0,
            "last_wh": 999,
            "quantity_wh": 1_000,
            "owner": OWNER,
            "time": world.time_ms,
        }
    ]


def test_several_intervals_are_issued_in_one_call() -> None:
    world = area()
    starts = [START + n * QUARTER for n in range(32)]
    read(world, *((PLANT, start, 15, 200 + n) for n, start in enumerate(starts)))
    assert issue(world, *starts).code == "ok"
    assert world.column("certificates", "quantity_wh") == [200 + n for n in range(32)]
    assert publish(world, *world.column("certificates", "bundle")).code == "ok"
    assert set(world.column("certificate_events", "event")) == {"issue", "publish"}


def test_a_split_at_250_gives_0_to_249_and_250_to_999() -> None:
    world = published()
    receipt = transfer(world, quantity_wh=250)
    first, second = f"{PLANT}.{STAMP}.0-249", f"{PLANT}.{STAMP}.250-999"
    assert [event.name for event in receipt.events] == ["certificate.split", "certificate.transferred"]
    assert receipt.events[0].data == {"bundle": WHOLE, "children": [first, second]}
    assert receipt.events[1].data == {"bundle": first, "from": OWNER, "quantity_wh": 250, "to": BUYER}
    born = [row for row in world.records("certificates") if row["parent"] == WHOLE]
    assert [(row["bundle"], row["quantity_wh"], row["owner"]) for row in born] == [
        (first, 250, OWNER),
        (second, 750, OWNER),
    ]
    assert [bundle_of(world, name).owner for name in (first, second)] == [BUYER, OWNER]
    assert [bundle_of(world, name).status for name in (WHOLE, first, second)] == ["split", "active", "active"]
    assert all(bundle_of(world, name).published for name in (first, second))


def test_the_whole_may_be_named_by_its_quantity_and_is_not_split() -> None:
    world = published()
    assert transfer(world, quantity_wh=1_000).code == "ok"
    assert bundle_of(world, WHOLE).owner == BUYER
    assert len(world.rows("certificates")) == 1


def test_a_bundle_changes_hands_again_and_again_without_a_change_of_status() -> None:
    world = published()
    for owner, to in ((OWNER, BUYER), (BUYER, OWNER), (OWNER, BUYER)):
        assert transfer(world, to=to, by=owner).code == "ok"
        assert (bundle_of(world, WHOLE).owner, bundle_of(world, WHOLE).status) == (to, "active")


def test_F30_a_cancellation_names_beneficiary_purpose_and_period() -> None:
    world = published()
    transfer(world)
    receipt = cancel(world, by=BUYER, quantity_wh=400, beneficiary_account=BUYER)
    part = f"{PLANT}.{STAMP}.0-399"
    assert receipt.events[-1].data == {"bundle": part, "owner": BUYER, "quantity_wh": 400}
    assert world.records("certificate_events")[-1] == {
        "bundle": part,
        "event": "cancel",
        "time": world.time_ms,
        "status": "cancelled",
        "published": True,
        "quantity_wh": 400,
        "from_account": BUYER,
        "to_account": None,
        "reference": None,
        "price_fen_per_mwh": None,
        "beneficiary": "榕城数据中心",
        "beneficiary_account": BUYER,
        "purpose": "green power claim",
        "period_start": START,
        "period_end": START + HOUR,
    }


def test_F26_the_life_of_a_bundle_is_its_rows_in_certificate_events() -> None:
    world = published()
    transfer(world, quantity_wh=250, price_fen_per_mwh=1_200)
    cancel(world, f"{PLANT}.{STAMP}.0-249", by=BUYER)
    life: dict[str, list[tuple[object, ...]]] = {}
    for row in world.records("certificate_events"):
        keys = ("event", "from_account", "to_account", "reference", "price_fen_per_mwh", "status")
        life.setdefault(row["bundle"], []).append(tuple(row[key] for key in keys))
    assert life == {
        WHOLE: [
            ("issue", ISSUER, OWNER, None, None, "active"),
            ("publish", None, OWNER, None, None, "active"),
            ("split", OWNER, None, None, None, "split"),
        ],
        f"{PLANT}.{STAMP}.0-249": [
            ("born", None, OWNER, WHOLE, None, "active"),
            ("transfer", OWNER, BUYER, None, 1_200, "active"),
            ("cancel", BUYER, None, None, None, "cancelled"),
        ],
        f"{PLANT}.{STAMP}.250-999": [("born", None, OWNER, WHOLE, None, "active")],
    }


def test_an_unpublished_bundle_may_be_cancelled_by_its_owner() -> None:
    assert cancel(issued()).code == "ok"


BAD_ISSUES: dict[str, tuple[Callable[[World], Receipt], str]] = {
    "by the owner": (lambda world: issue(world, START, by=OWNER), "forbidden"),
    "of a plant nobody knows": (lambda world: issue(world, START, of="nowhere"), "unknown-plant"),
    "by the plant's owner": (lambda world: issue(world, START, by="vain-issuer", of="self-issued"), "own-plant"),
    "for storage": (lambda world: issue(world, START, of="battery"), "storage-device"),
    "without a reading": (lambda world: issue(world, START + HOUR), "no-reading"),
    "for nothing": (lambda world: issue(world, START + 2 * HOUR), "zero-reading"),
    "before the plant ran": (lambda world: issue(world, START, of="late"), "plant-not-operating"),
    "after the plant stopped": (lambda world: issue(world, START, of="early"), "plant-not-operating"),
    "a second time": (lambda world: issue(world, START), "issued-before"),
    "twice in one call": (lambda world: issue(world, START + 3 * HOUR, START + 3 * HOUR), "issued-before"),
    "good and bad in one call": (lambda world: issue(world, START + 3 * HOUR, START + HOUR), "no-reading"),
    "for no interval": (issue, "bad-arguments"),
    "for 33 intervals": (lambda world: issue(world, *range(33)), "bad-arguments"),
}


@pytest.mark.parametrize(("act", "code"), BAD_ISSUES.values(), ids=BAD_ISSUES.keys())
def test_a_bad_issue_is_rejected_with_its_code_and_changes_nothing(act: Callable[[World], Receipt], code: str) -> None:
    world = issued()
    special: dict[str, dict[str, object]] = {
        "battery": {"storage": True},
        "self-issued": {"owner": "vain-issuer"},
        "late": {"commissioned": START + QUARTER},
        "early": {"decommissioned": START + HOUR - 1},
    }
    for name, changes in special.items():
        assert world.call(ISSUER, "certificate", "register_plant", plant(name, **changes)).code == "ok"
        assert read(world, (name, START, 60, 10)).code == "ok"
    read(world, (PLANT, START + 2 * HOUR, 60, 0), (PLANT, START + 3 * HOUR, 60, 5))
    before, rows = world.memory(), world.rows("certificates")
    assert act(world).code == code
    assert (world.memory(), world.rows("certificates")) == (before, rows)


def test_a_reading_beyond_the_plants_capacity_is_not_issued_however_it_came_to_be() -> None:
    # Readings are bounded when they are recorded; should the capacity on record shrink, issuing still looks.
    world = area()
    read(world, (PLANT, START, 60, 1_000))
    known = world.replica.state.get("certificate.plant", PLANT)
    world.replica.state.put("certificate.plant", PLANT, msgspec.structs.replace(known, capacity_w=900))
    assert issue(world, START).code == "over-capacity"


BAD_CHANGES: dict[str, tuple[Callable[[World], Receipt], str]] = {
    "publish what is not there": (lambda world: publish(world, "no-such-bundle"), "unknown-bundle"),
    "publish another's": (lambda world: publish(world, WHOLE, by=BUYER), "not-owner"),
    "publish again": (lambda world: publish(world, WHOLE), "already-published"),
    "publish nothing": (publish, "bad-arguments"),
    "transfer what is not there": (lambda world: transfer(world, "no-such-bundle"), "unknown-bundle"),
    "transfer another's": (lambda world: transfer(world, to=OWNER, by=BUYER), "not-owner"),
    "transfer to nobody": (lambda world: transfer(world, to="nobody"), "unknown-recipient"),
    "transfer to oneself": (lambda world: transfer(world, to=OWNER), "self-transfer"),
    "transfer nothing": (lambda world: transfer(world, quantity_wh=0), "quantity"),
    "transfer a negative part": (lambda world: transfer(world, quantity_wh=-1), "quantity"),
    "transfer more than there is": (lambda world: transfer(world, quantity_wh=1_001), "quantity"),
    "transfer a fraction": (lambda world: transfer(world, quantity_wh="250"), "bad-arguments"),
    "transfer what is not published": (lambda world: transfer(world, f"{PLANT}.20261102T0200Z.0-9"), "not-published"),
    "cancel what is not there": (lambda world: cancel(world, "no-such-bundle"), "unknown-bundle"),
    "cancel another's": (lambda world: cancel(world, by=BUYER), "not-owner"),
    "cancel for an unknown account": (lambda world: cancel(world, beneficiary_account="nobody"), "unknown-beneficiary"),
    "cancel for a period without time": (lambda world: cancel(world, period_end=START), "period"),
    "cancel more than there is": (lambda world: cancel(world, quantity_wh=1_001), "quantity"),
    "cancel for nobody": (lambda world: cancel(world, beneficiary=""), "bad-arguments"),
    "cancel without a purpose": (lambda world: cancel(world, purpose=""), "bad-arguments"),
}


@pytest.mark.parametrize(("act", "code"), BAD_CHANGES.values(), ids=BAD_CHANGES.keys())
def test_a_bad_change_is_rejected_with_its_code_and_changes_nothing(act: Callable[[World], Receipt], code: str) -> None:
    world = published()
    read(world, (PLANT, START + HOUR, 60, 10))
    issue(world, START + HOUR)
    before, rows = world.memory(), world.rows("certificate_events")
    assert act(world).code == code
    assert (world.memory(), world.rows("certificate_events")) == (before, rows)


ACTIONS: dict[str, Callable[[World], Receipt]] = {
    "publish": lambda world: publish(world, WHOLE),
    "transfer": lambda world: transfer(world, to=BUYER),
    "split": lambda world: transfer(world, to=BUYER, quantity_wh=1),
    "cancel": cancel,
}
INTO: dict[str, Callable[[World], Receipt | None]] = {
    "active": lambda world: None,
    "split": lambda world: cancel(world, quantity_wh=1),
    "cancelled": cancel,
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", INTO)
def test_F25_every_change_outside_the_table_is_rejected(status: str, action: str) -> None:
    world = issued() if action == "publish" else published()
    INTO[status](world)
    assert bundle_of(world, WHOLE).status == status
    receipt = ACTIONS[action](world)
    legal: dict[tuple[str, str], str] = {(before, by): after for (before, by), after in TRANSITIONS.items()}
    if (status, action) in legal:
        assert receipt.code == "ok"
        assert bundle_of(world, WHOLE).status == legal[(status, action)]
    else:
        assert receipt.code == "status"


def test_every_declared_code_is_shown_by_a_case() -> None:
    shown = {code for cases in (BAD_ISSUES, BAD_CHANGES) for _, code in cases.values()}
    methods = [method for method in CONTRACT.methods if method.name in ("issue", "publish", "transfer", "cancel")]
    assert {code for method in methods for code in method.codes} <= shown | {"over-capacity", "status"}


def test_the_code_hash_covers_every_module_that_decides() -> None:
    folder = Path(registry.__file__).parent
    modules = [f"chain.registry.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
    assert [source for source in CONTRACT.sources if source.startswith("chain.registry.")] == modules


def test_two_replicas_make_the_same_bytes() -> None:
    def run() -> list[bytes]:
        world = published()
        transfer(world, quantity_wh=250)
        cancel(world, f"{PLANT}.{STAMP}.0-249", by=BUYER, quantity_wh=7)
        cancel(world)
        world.call("centre", "record", "seal")
        return world.entries

    assert run() == run()


def test_sealed_tables_read_back_as_they_were_written() -> None:
    world = published()
    transfer(world, quantity_wh=250)
    before = {table: world.rows(table) for table in world.replica.tables}
    world.call("centre", "record", "seal")
    assert {table: world.rows(table) for table in world.replica.tables} == before
    assert all(log.pending_count == 0 for log in world.replica.tables.values())
