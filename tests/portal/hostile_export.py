"""A small export whose every name tries to be more than a name: HTML, Markdown, Plotly's tags, Streamlit's directives.

What the record allows as text, the pages must show letter by letter.
"""

import atexit
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from chain.export import export_network, seal_all
from sample_data.network_setup import Keyring, MarketSettings, SimulatedClock
from sample_data.records import Inputs
from sample_data.simulation import Simulation
from tests.sample_export import little_inputs, run_hours

NETWORK = "hostile-fujian"
AREA = "area-350100"

SCRIPT_NAME = """<script>document.title="taken"</script><img src=x onerror="document.title='taken'">"""
MARKDOWN_NAME = "**粗体** [链接](javascript:alert(1)) :red[红] $x^2$ {0} <b>b</b>"

_HOURS = 5


@dataclass(frozen=True, slots=True)
class HostileExport:
    """Shared by all tests: look, do not touch."""

    export: Path
    policy: Path


@cache
def hostile_export() -> HostileExport:
    """The export, made at the first call."""
    folder = Path(tempfile.mkdtemp(prefix="gridproof-hostile-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    keys, clock = Keyring(b"the keys of the hostile export"), SimulatedClock(0)
    simulation = Simulation(folder / "ledger", _hostile_inputs(), MarketSettings(network=NETWORK), keys, clock)
    run_hours(simulation, range(_HOURS))
    # Then an hour for which nobody quotes.
    simulation._markets[AREA].finish(simulation.inputs.hours[_HOURS - 1])
    with simulation.network as network:
        seal_all(network, keys.signer("regulator"), clock.advance(clock() + 1_000))
        export_network(network, folder / "export")
        policy = folder / "policy"
        policy.write_bytes(network.policy.text)
    return HostileExport(folder / "export", policy)


def _hostile_inputs() -> Inputs:
    inputs = little_inputs()
    names = {"name_en": SCRIPT_NAME, "name_zh": MARKDOWN_NAME}
    return replace(
        inputs,
        participants=tuple(replace(member, **names) for member in inputs.participants),
        plants=tuple(replace(plant, **names) for plant in inputs.plants),
    )
