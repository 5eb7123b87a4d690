"""`gridproof simulate`: run the market on the sample region or on anyone's own data, and export the record."""

import json
import secrets
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from chain.errors import ExportError
from chain.export import export_network, seal_all
from chain.progress import Progress
from chain.trust import pin_policy
from portal.commands.progress import progress_bars
from sample_data import SAMPLE_FILES, Inputs, read_inputs
from sample_data.network_setup import REGULATOR, Keyring, MarketSettings, Pricing, SimulatedClock
from sample_data.simulation import Simulation, SimulationSummary

_SEAL_AFTER_MS = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a simulation puts what it makes."""

    export: Path
    ledger: Path | None = None
    """Keep the ledger folder here; None: it is removed when the export is written."""
    daily: Path | None = None
    """Also export after each day into this folder."""

    @property
    def policy(self) -> Path:
        """The policy beside the export."""
        return self.export.parent / f"{self.export.name}.policy"

    @property
    def notes(self) -> Path:
        """What was run, beside the export."""
        return self.export.parent / f"{self.export.name}.simulation.json"


def simulate(
    out: Annotated[Path, typer.Option(help="The folder to write the export to; it must not exist.")],
    days: Annotated[
        int | None, typer.Option(min=1, help="How many settlement days to run; all of them if not given.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Makes everything reproducible, keys included: who knows the seed can sign as this network. "
            "Without it the keys are drawn by the operating system.",
        ),
    ] = None,
    participants: Annotated[Path | None, typer.Option(help="Your participants (CSV or Parquet).")] = None,
    plants: Annotated[Path | None, typer.Option(help="Your plants (CSV or Parquet).")] = None,
    profiles: Annotated[Path | None, typer.Option(help="Your meter data (CSV or Parquet).")] = None,
    pricing: Annotated[Pricing, typer.Option(help="How trades are priced.")] = "midpoint",
    lambda_bp: Annotated[int, typer.Option(min=0, max=10_000, help="λ in basis points; P1's 0.05 is 500.")] = 500,
    network: Annotated[str, typer.Option(help="Name of the network.")] = "fujian-simulated",
    ledger: Annotated[Path | None, typer.Option(help="Keep the ledger, keys included, in this new folder.")] = None,
    daily: Annotated[
        Path | None, typer.Option(help="Also export after each day, to DAILY/day-1, DAILY/day-2, …")
    ] = None,
) -> None:
    """Run the market and write an export: `gridproof simulate --days 2 --out week`.

    Without files of your own the sample region is used: 215 participants in two market areas of a Fujian-like region,
    a week, hourly. Give all three files for your own data; sample_data/README.md explains every column and unit.
    Since it makes the validators' keys, it writes the policy beside the export and pins it in your trust store.
    """
    files = _files(participants, plants, profiles)
    place = Place(out, ledger, daily)
    require_free(place)
    inputs = read_inputs(*files)
    settings = MarketSettings(
        network=network, seed=1 if seed is None else seed, days=days, pricing=pricing, lambda_bp=lambda_bp
    )
    for note in inputs.notes:
        sys.stderr.write(f"{note}\n")
    for default in inputs.defaults_used:
        sys.stderr.write(f"{default.table}: {default.column}: {default.rows} rows use the default {default.value}\n")
    with progress_bars() as progress:
        summary = run_simulation(place, inputs, settings, secret_of(seed), progress, pins=seed is None)
    _write_notes(place, files, inputs, settings, seed)
    if seed is not None:
        sys.stderr.write(f"keys are derived from seed {seed}: fit for tests, not for trust, so nothing is pinned\n")
    sys.stdout.write(
        f"{place.export}: {summary.hours} hours in {summary.areas} areas, {summary.transactions:,} transactions\n"
        f"{place.policy}: the policy{', pinned in your trust store' if seed is None else ''}\n"
        f"next: gridproof verify {place.export}{'' if seed is None else f' --policy {place.policy}'}\n"
    )


def secret_of(seed: int | None) -> bytes:
    """What all keys are derived from: drawn by the operating system, or the seed that the caller chose."""
    return secrets.token_bytes(32) if seed is None else b"seed %d" % seed


def require_free(place: Place) -> None:
    """Fail before the work, not after it."""
    named = [path for path in (place.export, place.policy, place.notes, place.ledger, place.daily) if path is not None]
    if not place.export.name or len({path.absolute() for path in named}) < len(named):
        raise ExportError("places", "the export, ledger and daily exports need places of their own", str(place.export))
    for path in named:
        if path.is_symlink() or path.exists():
            raise ExportError("exists", "something is there already; nothing is ever overwritten", str(path))
    parent = place.export.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise ExportError("not-writable", f"cannot write here: {error.strerror}", str(parent.absolute())) from None


def run_simulation(
    place: Place, inputs: Inputs, settings: MarketSettings, secret: bytes, progress: Progress, *, pins: bool
) -> SimulationSummary:
    """Simulate, export, write the policy beside the export and, with keys that nobody else can make, pin it."""
    keys, clock = Keyring(secret), SimulatedClock(0)
    folder = place.ledger or Path(tempfile.mkdtemp(prefix=f".{place.export.name}.ledger.", dir=place.export.parent))
    try:
        simulation = Simulation(folder, inputs, settings, keys, clock)
        with simulation.network as network:
            for day in range(simulation.days):
                simulation.run_day(day, progress)
                if place.daily is not None:
                    seal_all(network, keys.signer(REGULATOR), clock.advance(clock() + _SEAL_AFTER_MS))
                    export_network(network, place.daily / f"day-{day + 1}")
            simulation.run_certificates(simulation.days - 1)
            seal_all(network, keys.signer(REGULATOR), clock.advance(clock() + _SEAL_AFTER_MS))
            export_network(network, place.export, progress)
            policy = network.policy.text
        place.policy.write_bytes(policy)
        if pins:
            pin_policy(settings.network, policy)
        return simulation.summary()
    finally:
        if place.ledger is None:
            shutil.rmtree(folder, ignore_errors=True)


def _files(participants: Path | None, plants: Path | None, profiles: Path | None) -> tuple[Path, Path, Path]:
    if participants is not None and plants is not None and profiles is not None:
        return participants, plants, profiles
    if participants is None and plants is None and profiles is None:
        return SAMPLE_FILES
    raise typer.BadParameter("give all three of --participants, --plants and --profiles, or none")


def _write_notes(
    place: Place, files: tuple[Path, Path, Path], inputs: Inputs, settings: MarketSettings, seed: int | None
) -> None:
    """What the export was made from, named defaults included."""
    content = {
        "inputs": [{"file": file.name, "sha256": sha256(file.read_bytes()).hexdigest()} for file in files],
        "settings": asdict(settings),
        "keys": "drawn by the operating system" if seed is None else f"derived from seed {seed}",
        "defaults_used": [asdict(default) for default in inputs.defaults_used],
        "notes": list(inputs.notes),
    }
    place.notes.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
