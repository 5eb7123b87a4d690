"""The transactions of `commit-single`, their signatures checked ahead in two other processes, on all cores."""

import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import RUNS, Row, row, seconds
from benchmarks._certificates import Trading
from benchmarks._network import bare_verifications, blocks_of, on_one_core, quoting_network

TRANSACTIONS = 4_000
_BUNDLES = 4_000
_PROCESSES = 2


def run() -> list[Row]:
    """Committed per second on all cores ÷ bare PyNaCl verifications per second on one, in turn."""
    verify = bare_verifications(TRANSACTIONS // 4)
    committing, verifying = [], []
    with tempfile.TemporaryDirectory() as folder:
        quoting = quoting_network(Path(folder) / "ledger", 200)
        with quoting.network:
            trading = Trading(quoting, _BUNDLES)
            quoting.network.use_processes(_PROCESSES)
            for _ in range(RUNS + 1):
                blocks = blocks_of(trading.transfers(TRANSACTIONS))
                with on_one_core():
                    before = seconds(verify)
                committing.append(seconds(partial(quoting.commit, blocks)))
                with on_one_core():
                    verifying.append(2 * (before + seconds(verify)))
    rate, bare = TRANSACTIONS / median(committing[1:]), TRANSACTIONS / median(verifying[1:])
    return [row("commit-single-pool", rate, "transactions/s", "bare PyNaCl verifications/s on one core", bare)]
