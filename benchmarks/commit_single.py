"""Single-signature transactions: verified, executed, hashed, journalled, synced, cosigned, in blocks of 50.

The typical one: a member passes a published certificate on, one signature, no batch of rows; its entry has an event and
writes one row. `commit-single declare` is the dearest, a declaration whose one order is a batch of its own.

On one core, to which this process is bound; baseline and subject take turns, so that both see the same machine.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import RUNS, Row, median_of, row, seconds
from benchmarks._certificates import Trading
from benchmarks._network import Quoting, bare_verifications, blocks_of, on_one_core, quoting_network
from chain.transaction import SignedTransaction

TRANSACTIONS = 2_000
_BUNDLES = 4_000
_SYNCS = 200

Batch = Callable[[int], Sequence[SignedTransaction]]


def run() -> list[Row]:
    """Committed per second ÷ bare PyNaCl verifications per second, both on one core."""
    with tempfile.TemporaryDirectory() as folder, on_one_core():
        quoting = quoting_network(Path(folder) / "ledger", 200)
        with quoting.network:
            transfers, bare = _in_turn(quoting, Trading(quoting, _BUNDLES).transfers)
            declared, beside = _in_turn(quoting, partial(quoting.declarations, orders=1))
        synced = _SYNCS / median_of(_synced_appends(Path(folder)))
    verifications = "bare PyNaCl verifications/s"
    return [
        row("commit-single", transfers, "transactions/s", verifications, bare),
        row("commit-single declare", declared, "transactions/s", verifications, beside),
        row("commit-single blocks", transfers / 50, "blocks/s", "4 KiB append + fdatasync/s", synced),
    ]


def _in_turn(quoting: Quoting, made: Batch) -> tuple[float, float]:
    """(committed per second, bare verifications per second), medians."""
    verify = bare_verifications(TRANSACTIONS // 2)
    committing, verifying = [], []
    for _ in range(RUNS + 1):
        blocks = blocks_of(made(TRANSACTIONS))
        before = seconds(verify)
        committing.append(seconds(partial(quoting.commit, blocks)))
        verifying.append(before + seconds(verify))
    return TRANSACTIONS / median(committing[1:]), TRANSACTIONS / median(verifying[1:])


def _synced_appends(folder: Path) -> Callable[[], None]:
    """What the disk allows."""

    def action() -> None:
        with (folder / "appends").open("wb", buffering=0) as file:
            for _ in range(_SYNCS):
                file.write(bytes(4096))
                os.fdatasync(file.fileno())

    return action
