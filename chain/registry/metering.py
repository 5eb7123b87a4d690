"""Plants and their meter readings: rules 1 and 2 of the contract `certificate`."""

from typing import Annotated

import msgspec

from chain.contract import Call, NoArguments
from chain.registry.arguments import RegisterPlant
from chain.registry.interval import IntervalMinutes, energy_max_wh, is_aligned, starts_near
from chain.registry.tables import PLANTS
from chain.schema import Row
from chain.units import MINUTE_MS


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network decided at genesis."""

    interval_minutes: tuple[IntervalMinutes, ...] = (15, 30, 60)
    """Lengths of interval that readings may have."""
    tolerance_basis_points: Annotated[int, msgspec.Meta(ge=10_000, le=20_000)] = 11_000
    """How much more than capacity × duration is plausible: 11,000 is × 1.1."""


PLANT_SPACE = "plant"
"""State space: plant → `Plant`."""

READING_SPACE = "reading"
"""State space: `device_interval` → `Reading`."""


class Plant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plant as the state keeps it, under its name."""

    capacity_w: int
    commissioned: int
    decommissioned: int | None
    fuel_code: str
    owner: str
    storage: bool
    technology_code: str


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reading as the state keeps it, under `<plant>.<start ms>`."""

    generation_wh: int
    interval_minutes: int


def register_plant(call: Call, arguments: RegisterPlant) -> None:
    """Rule 1."""
    if call.get(PLANT_SPACE, arguments.plant) is not None:
        call.reject("plant-exists", f"{arguments.plant} is registered already")
    if call.account(arguments.owner) is None:
        call.reject("unknown-owner", f"no account {arguments.owner}")
    if arguments.owner == call.account_id:
        call.reject("own-plant", "an issuing body registers no plant of its own")
    if arguments.decommissioned is not None and arguments.decommissioned <= arguments.commissioned:
        call.reject("lifetime", "decommissioned before it was commissioned")
    plant = Plant(
        capacity_w=arguments.capacity_w,
        commissioned=arguments.commissioned,
        decommissioned=arguments.decommissioned,
        fuel_code=arguments.fuel_code,
        owner=arguments.owner,
        storage=arguments.storage,
        technology_code=arguments.technology_code,
    )
    call.put(PLANT_SPACE, arguments.plant, plant)
    row = (
        arguments.plant,
        plant.owner,
        arguments.name_zh,
        arguments.name_en,
        plant.technology_code,
        plant.fuel_code,
        plant.capacity_w,
        arguments.zone,
        plant.storage,
        plant.commissioned,
        plant.decommissioned,
        "active",
        call.time_ms,
    )
    call.write(PLANTS, row)
    call.event("plant.registered", {"owner": plant.owner, "plant": arguments.plant})


def record_readings(call: Call, _: NoArguments) -> None:
    """Rule 2. Rows are recorded one after another, so that each is also compared with those before it."""
    for position, row in enumerate(call.rows):
        _record_reading(call, f"row {position}", row)


def _record_reading(call: Call, where: str, row: Row) -> None:
    plant_id, start, minutes, generation_wh = row
    plant: Plant | None = call.get(PLANT_SPACE, plant_id)
    if plant is None:
        call.reject("unknown-plant", f"{where}: no plant {plant_id}")
    if plant.owner == call.account_id:
        call.reject("own-plant", f"{where}: {plant_id} belongs to the metering operator itself")
    if minutes not in call.parameters.interval_minutes:
        call.reject("interval-minutes", f"{where}: {minutes} minutes is not an allowed length of interval")
    if not is_aligned(start, minutes):
        call.reject("interval-alignment", f"{where}: {start} is no start of an interval of {minutes} minutes")
    if start + minutes * MINUTE_MS > call.time_ms:
        call.reject("interval-future", f"{where}: the interval from {start} is not over")
    if generation_wh < 0:
        call.reject("negative-reading", f"{where}: {generation_wh} Wh")
    check_capacity(call, where, plant, minutes, generation_wh)
    _check_free(call, where, plant_id, start, minutes)
    call.put(READING_SPACE, device_interval(plant_id, start), Reading(generation_wh, minutes))


def check_capacity(call: Call, where: str, plant: Plant, minutes: int, energy_wh: int) -> None:
    """Rejects ("over-capacity") what a plant of that capacity cannot have produced."""
    energy_max = energy_max_wh(plant.capacity_w, minutes, call.parameters.tolerance_basis_points)
    if energy_wh > energy_max:
        call.reject("over-capacity", f"{where}: {energy_wh} Wh in {minutes} minutes, at most {energy_max} Wh can be")


def _check_free(call: Call, where: str, plant_id: str, start: int, minutes: int) -> None:
    """No reading of the plant shares a moment with this interval."""
    for other_start in starts_near(start, minutes):
        other: Reading | None = call.get(READING_SPACE, device_interval(plant_id, other_start))
        if other is None or other_start + other.interval_minutes * MINUTE_MS <= start:
            continue
        if (other_start, other.interval_minutes) == (start, minutes):
            call.reject("reading-exists", f"{where}: {plant_id} has a reading from {start} already")
        call.reject("reading-overlap", f"{where}: {plant_id} has a reading from {other_start} that overlaps it")


def device_interval(plant_id: str, start: int) -> str:
    """State id of a plant and the interval from `start`."""
    return f"{plant_id}.{start}"
