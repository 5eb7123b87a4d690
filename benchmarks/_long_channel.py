"""A channel with many entries, for the benchmarks of restart and memory: made once per size, sealed now and then."""

import resource
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from benchmarks._certificates import Trading
from benchmarks._network import AREA, blocks_of, quoting_network
from chain.processes import without_main
from sample_data.network_setup import REGULATOR, Keyring, Sender

_SEALED_EVERY = 50_000
_TAIL = 2_000
_BUNDLES = 4_000
_AT_A_TIME = 1_000


@contextmanager
def long_channel(entries: int) -> Iterator[Path]:
    """Folder of a closed network whose area has `entries` entries, 1,000 to 2,000 behind its newest snapshot."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger"
        _make(ledger, entries)
        yield ledger


def _make(folder: Path, entries: int) -> None:
    quoting = quoting_network(folder, 200)
    with quoting.network as network:
        network.use_processes(2)
        trading = Trading(quoting, min(_BUNDLES, entries // 2))
        regulator = Sender(network, AREA, Keyring(b"benchmark").signer(REGULATOR))
        log = network.channels[AREA].entries
        sealed_at = len(log)
        while len(log) < entries:
            quoting.commit(blocks_of(trading.transfers(min(_AT_A_TIME, entries - len(log)))))
            if len(log) - sealed_at >= _SEALED_EVERY or sealed_at < entries - _TAIL <= len(log):
                quoting.commit([[regulator.call("record", "seal", {}, quoting.clock())]])
                sealed_at = len(log)


def in_a_process(function: Callable[[Path], float], folder: Path) -> float:
    """What `function` gives in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, without_main():
        return pool.submit(function, folder).result()


def peak_mib() -> float:
    """Most memory that this process ever held."""
    status = Path("/proc/self/status")
    if status.exists():
        # `ru_maxrss` would count what the parent held when it started this process.
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
