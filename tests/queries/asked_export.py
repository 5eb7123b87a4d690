"""The little market of `tests.sample_export`, with a rejected batch of orders on the record as well.

Simulated once per process, never changed. Tests that damage an export take a copy.
"""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chain.contracts.auction_tables import ORDERS_SUBMITTED
from chain.export import export_network, seal_all
from chain.founding import NetworkConfig, derive_keys
from chain.ledger_keys import NetworkKeys
from chain.record import open_record
from queries.cache import SegmentCache
from queries.export import Export
from sample_data.network_setup import Keyring, MarketSettings, SimulatedClock
from sample_data.simulation import Simulation
from tests.sample_export import AREAS, NETWORK, little_inputs, run_hours

AREA = AREAS[0]
REJECTED_ORDERS = 3
SECRET = b"the keys of the asked export"


@dataclass(frozen=True, slots=True)
class AskedExport:
    """Shared: look, do not touch."""

    folder: Path
    policy: bytes
    keys: NetworkKeys
    """With these a test is the corrupt quorum itself."""


@cache
def asked_export() -> AskedExport:
    """Two sealed days of one market; the first call makes it."""
    folder = Path(tempfile.mkdtemp(prefix="gridproof-asked-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    keys, clock = Keyring(SECRET), SimulatedClock(0)
    simulation = Simulation(folder / "ledger", little_inputs(), MarketSettings(network=NETWORK), keys, clock)
    run_hours(simulation, range(4))
    rejected_orders(simulation)
    run_hours(simulation, range(4, 5))
    with simulation.network as network:
        seal_all(network, keys.signer("regulator"), clock.advance(clock() + 1_000))
        export_network(network, folder / "export")
        policy = network.policy.text
    derived = derive_keys(NetworkConfig(NETWORK, dict.fromkeys(AREAS, ""), 0, ()), keys.seed)
    return AskedExport(folder / "export", policy, derived)


def rejected_orders(simulation: Simulation) -> None:
    """A batch for a session that does not exist: on the record, without effect."""
    sender = simulation._markets[AREA]._senders[f"{AREA[5:]}-member-0"]
    rows = [("ask", 30_000 + 10 * number, None, 1_000 * (number + 1), None) for number in range(REJECTED_ORDERS)]
    lines = ORDERS_SUBMITTED.encode_lines(rows)
    time_ms = simulation.clock() + 1_000
    simulation.commit(AREA, time_ms, [sender.call("auction", "declare", {"session": "no-such"}, time_ms, lines)])


@cache
def opened() -> Export:
    """The asked export, opened under the reader's policy; shared by every test that only asks."""
    asked = asked_export()
    cache = SegmentCache(asked.folder.parent / "cache")
    export = Export(open_record(asked.folder, asked.policy, "policy"), cache)
    atexit.register(export.close)
    return export
