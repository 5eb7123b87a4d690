"""T4 as a record: 10,000 orders under one signature, taken, replayed, and again in a batch that is rejected.

Made once per process, never changed.
"""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chain.contracts.auction import session_id
from chain.contracts.auction_tables import ORDERS_SUBMITTED
from chain.export import export_network, seal_all
from chain.record import Record, open_record
from chain.replica import Outcome
from chain.row_proof import RowRoot
from chain.seals import SealedSegment, check_segment_file
from chain.units import HOUR_MS, MINUTE_MS
from queries.evidence.build import build_evidence
from sample_data.network_setup import Keyring, MarketSettings, SimulatedClock
from sample_data.simulation import Simulation
from tests.sample_export import AREAS, NETWORK, little_inputs

AREA = AREAS[0]
ORDERS = 10_000
SOLD = 5_000
"""Of these orders, by the one bid on the other side."""
ORDER_WH = 1_000
SELLER, BUYER = f"{AREA[5:]}-member-0", f"{AREA[5:]}-member-2"


@dataclass(frozen=True, slots=True)
class OrderBatch:
    """Shared: look, do not touch."""

    folder: Path
    policy: bytes
    record: Record
    entry: int
    """The batch that was accepted."""
    rejected: int
    """The same rows, for a session that does not exist."""
    replayed: Outcome
    """What became of the very same transaction, handed in again."""


@cache
def order_batch() -> OrderBatch:
    folder = Path(tempfile.mkdtemp(prefix="gridproof-batch-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    keys, clock = Keyring(b"the keys of the order batch"), SimulatedClock(0)
    simulation = Simulation(folder / "ledger", little_inputs(), MarketSettings(network=NETWORK), keys, clock)
    open_ms = simulation.inputs.hours[0] - HOUR_MS
    market, network = simulation._markets[AREA], simulation.network
    market._advance(open_ms)
    session, time_ms = {"session": session_id(AREA[5:], open_ms)}, open_ms + MINUTE_MS
    seller, buyer = market._senders[SELLER], market._senders[BUYER]
    asks = ORDERS_SUBMITTED.encode_lines([("ask", 30_000, None, ORDER_WH, None) for _ in range(ORDERS)])
    bid = ORDERS_SUBMITTED.encode_lines([("bid", 50_000, None, SOLD * ORDER_WH, None)])
    sent = seller.call("auction", "declare", session, time_ms, asks)
    first = simulation.commit(AREA, time_ms, [sent, buyer.call("auction", "declare", session, time_ms, bid)])
    again = network.commit(AREA, clock.advance(time_ms + 1_000), [sent])
    wrong = seller.call("auction", "declare", {"session": "no-such"}, time_ms, asks)
    second = simulation.commit(AREA, time_ms + 2_000, [wrong])
    market._advance(open_ms + HOUR_MS)
    network.beacon(clock())
    with network:
        seal_all(network, keys.signer("regulator"), clock.advance(clock() + 1_000))
        export_network(network, folder / "export")
        policy = network.policy.text
    entry, rejected = first.outcomes[0].entry, second.outcomes[0].entry
    assert entry is not None
    assert rejected is not None
    record = open_record(folder / "export", policy, "policy")
    return OrderBatch(folder / "export", policy, record, entry, rejected, again.outcomes[0])


def prove(table: str, entry: int, row: int, root: RowRoot) -> bytes:
    """Evidence for one row of the area."""
    return build_evidence(order_batch().record, [(table, AREA, entry, row)], _read, root)


def _read(record: Record, segment: SealedSegment) -> bytes:
    return check_segment_file(record.reader, segment)
