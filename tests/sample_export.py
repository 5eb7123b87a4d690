"""One small network for every test that attacks a whole export: simulated once per process, never changed.

Eight members in two areas trade four hours around the end of a settlement day, so that the record holds sessions,
trades, settlements, certificates, rejected calls, a seal by the day's trigger and seals on request. It is exported
twice, the second time with more on it, so that a newer export extends an older one and tables have several segments.

Tests take copies (`copy_of`) and damage those.
"""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chain.export import export_network, seal_all
from chain.founding import NetworkConfig, derive_keys
from chain.ledger_keys import NetworkKeys
from chain.units import HOUR_MS
from sample_data.network_setup import Keyring, MarketSettings, Sender, SimulatedClock
from sample_data.records import Inputs, Participant, Plant
from sample_data.simulation import Simulation

NETWORK = "little-fujian"
SECRET = b"the keys of the sample export"
AREAS = ("area-350100", "area-350200")
REFUSED_CALLS = 240
"""Calls that a role check refuses, on the first area: so its log has more than one full tile."""

_FIRST_HOUR_MS = int(datetime(2026, 11, 2, 13, tzinfo=UTC).timestamp()) * 1000
"""21:00 in UTC+8: the settlement day ends after three of the five hours."""
_HOURS = 5


@dataclass(frozen=True, slots=True)
class SampleExport:
    """What was simulated. Folders and files are shared: look, do not touch."""

    older: Path
    """The export as of the first day's end."""
    export: Path
    """The export of the whole."""
    policy: bytes
    """What a reader trusts."""
    keys: NetworkKeys
    """Of every log and validator: with these a test is the corrupt quorum itself."""
    ledger: Path
    """The network's own folder, closed."""
    now_ms: int
    """The clock when it was closed."""


@cache
def sample_export() -> SampleExport:
    """The sample, made at the first call."""
    folder = Path(tempfile.mkdtemp(prefix="gridproof-sample-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return simulate(folder, SECRET)


def copy_of(export: Path, target: Path) -> Path:
    """A copy to damage."""
    shutil.copytree(export, target, symlinks=True)
    return target


def files_of(export: Path) -> list[str]:
    """Every file of an export, sorted."""
    return sorted(path.relative_to(export).as_posix() for path in export.rglob("*") if path.is_file())


def simulate(folder: Path, secret: bytes, network: str = NETWORK, skip: str = "") -> SampleExport:
    """Run the little market with keys from `secret`; `skip` names a member whose quotes never arrive."""
    keys, clock = Keyring(secret), SimulatedClock(0)
    settings = MarketSettings(network=network)
    simulation = Simulation(folder / "ledger", little_inputs(skip), settings, keys, clock)
    operator = keys.signer("regulator")
    run_hours(simulation, range(3))
    with simulation.network as network_:
        seal_all(network_, operator, clock.advance(clock() + 1_000))
        export_network(network_, folder / "older")
        _refused_calls(simulation, keys)
        run_hours(simulation, range(3, _HOURS))
        seal_all(network_, operator, clock.advance(clock() + 1_000))
        export_network(network_, folder / "export")
        policy = network_.policy.text
    config = NetworkConfig(network, dict.fromkeys(AREAS, ""), 0, ())
    log_keys = derive_keys(config, keys.seed)
    return SampleExport(folder / "older", folder / "export", policy, log_keys, folder / "ledger", clock())


def run_hours(simulation: Simulation, hours: range) -> None:
    """Sessions, meters and certificates of some of the input's hours, and a beacon round after each."""
    for hour in hours:
        open_ms = simulation.inputs.hours[hour] - HOUR_MS
        for area in simulation.areas:
            simulation._markets[area].run_hour(hour, open_ms)
        simulation.network.beacon(simulation.clock.advance(open_ms + 58 * 60_000))


def little_inputs(skip: str = "") -> Inputs:
    """Four members and a plant in each area; `skip` generates and uses nothing."""
    hours = tuple(_FIRST_HOUR_MS + HOUR_MS * hour for hour in range(_HOURS))
    members = tuple(_member(area, number) for area in AREAS for number in range(4))
    plants = tuple(_plant(member) for member in members if member.kind == "producer")
    generation = {m.account: _profile(m, "producer", 900_000, skip) for m in members}
    load = {m.account: _profile(m, "consumer", 700_000, skip) for m in members}
    by_plant = {plant.plant: generation[plant.owner] for plant in plants}
    return Inputs(members, plants, hours, generation, load, by_plant, (), ())


def _profile(member: Participant, kind: str, base_wh: int, skip: str) -> NDArray[np.int64]:
    number = int(member.account[-1])
    active = member.kind == kind and member.account != skip
    return np.array([(base_wh + 70_000 * number + 30_000 * h) if active else 0 for h in range(_HOURS)], np.int64)


def _member(area: str, number: int) -> Participant:
    produces = number < 2
    account = f"{area[5:]}-member-{number}"
    return Participant(
        account=account,
        name_zh=f"成员{number}",
        name_en=f'Member "{number}" of {area}',
        kind="producer" if produces else "consumer",
        area=area,
        zone=f"zone-{number % 2}",
        voltage="10kV",
        cost_fen_per_mwh=31_000 + 900 * number,
        willingness_fen_per_mwh=45_000 - 700 * number,
        ask_limit_fen_per_mwh=29_000 if produces else None,
        bid_limit_fen_per_mwh=None if produces else 52_000,
        strategy="ladder" if number % 2 else "cost_plus",
    )


def _plant(owner: Participant) -> Plant:
    return Plant(
        plant=f"{owner.account}-plant",
        owner=owner.account,
        name_zh="电站",
        name_en="Plant",
        technology="small_hydro",
        fuel_code="F01050000",
        capacity_w=2_000_000,
        area=owner.area,
        zone=owner.zone,
        commissioned="2020-05-01",
    )


def _refused_calls(simulation: Simulation, keys: Keyring) -> None:
    """Seal requests by one who may not: recorded as rejected."""
    area, time_ms = AREAS[0], simulation.clock()
    sender = Sender(simulation.network, area, keys.signer("metering"))
    calls = [sender.call("record", "seal", {}, time_ms) for _ in range(REFUSED_CALLS)]
    simulation.commit_all(area, time_ms + 1_000, time_ms + 10_000, calls)
    # The metering centre's own door counts its nonces itself.
    simulation._markets[area]._certificates._metering = Sender(simulation.network, area, keys.signer("metering"))
