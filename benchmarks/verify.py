"""Verifying a whole export: entries executed again per second, beside bare signature verification."""

import tempfile
from pathlib import Path

from nacl.signing import SigningKey

from benchmarks import Row, median_of, row, seconds
from chain.export import export_network, seal_all
from chain.record import open_record
from chain.verify import verify_export
from sample_data import SAMPLE_FILES, read_inputs
from sample_data.network_setup import REGULATOR, Keyring, MarketSettings, SimulatedClock
from sample_data.simulation import Simulation

_VERIFICATIONS = 2_000
_RUNS = 3


def run() -> list[Row]:
    """A simulated day of the sample region: made, opened, verified."""
    with tempfile.TemporaryDirectory() as name:
        export = Path(name) / "export"
        made = seconds(lambda: _simulate(Path(name) / "ledger", export))
        policy = (export / "policy" / "0").read_bytes()
        record = open_record(export, policy, "policy")
        entries = sum(channel.tree.size for channel in record.channels.values())
        opened = median_of(lambda: open_record(export, policy, "policy"), _RUNS)
        verified = median_of(lambda: verify_export(export, policy, "policy"), _RUNS)
    bare = _VERIFICATIONS / median_of(_bare)
    return [
        row("verify", entries / verified, "entries/s", "bare PyNaCl verifications/s", bare),
        row("open-record", entries / opened, "entries/s", "bare PyNaCl verifications/s", bare),
        row("simulate", entries / made, "entries/s", "bare PyNaCl verifications/s", bare),
    ]


def _simulate(ledger: Path, export: Path) -> None:
    keys, clock = Keyring(b"benchmark"), SimulatedClock(0)
    simulation = Simulation(ledger, read_inputs(*SAMPLE_FILES), MarketSettings(days=1), keys, clock)
    with simulation.network as network:
        simulation.run_day(0, lambda what, done, total: None)
        seal_all(network, keys.signer(REGULATOR), clock.advance(clock() + 1_000))
        export_network(network, export)


def _bare() -> None:
    key = SigningKey(bytes(32))
    message = bytes(419)
    signature = key.sign(message).signature
    for _ in range(_VERIFICATIONS):
        key.verify_key.verify(message, signature)
