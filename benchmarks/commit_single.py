"""Single-signature transactions: verified, executed, hashed, journalled, synced, cosigned, in blocks of 50."""

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from nacl.signing import SigningKey

from benchmarks import RUNS, Row, median_of, row, seconds
from benchmarks._network import quoting_network

TRANSACTIONS = 4_000
_BLOCK = 50
_VERIFICATIONS = 4_000
_SYNCS = 200


def run() -> list[Row]:
    """Committed per second ÷ bare PyNaCl verifications per second, on one core, in turn: both see the same machine."""
    with tempfile.TemporaryDirectory() as folder:
        committed, bare = _in_turn(Path(folder))
        synced = _SYNCS / median_of(_synced_appends(Path(folder)))
    return [
        row("commit-single", committed, "transactions/s", "bare PyNaCl verifications/s", bare),
        row("commit-single blocks", committed / _BLOCK, "blocks/s", "4 KiB append + fdatasync/s", synced),
    ]


def _in_turn(folder: Path) -> tuple[float, float]:
    """(declarations of one order committed per second, bare verifications per second), medians."""
    quoting = quoting_network(folder / "ledger", 200)
    verify = _bare_verifications()
    committing, verifying = [], []
    with quoting.network:
        for _ in range(RUNS + 1):
            signed = quoting.declarations(TRANSACTIONS, 1)
            blocks = [signed[start : start + _BLOCK] for start in range(0, TRANSACTIONS, _BLOCK)]
            verifying.append(seconds(verify))
            committing.append(seconds(partial(quoting.commit, blocks)))
    return TRANSACTIONS / median(committing[1:]), _VERIFICATIONS / median(verifying[1:])


def _bare_verifications() -> Callable[[], None]:
    key = SigningKey(bytes(32))
    message = bytes(419)
    signature = key.sign(message).signature
    verify = key.verify_key.verify

    def action() -> None:
        for _ in range(_VERIFICATIONS):
            verify(message, signature)

    return action


def _synced_appends(folder: Path) -> Callable[[], None]:
    """What the disk allows."""

    def action() -> None:
        with (folder / "appends").open("wb", buffering=0) as file:
            for _ in range(_SYNCS):
                file.write(bytes(4096))
                os.fdatasync(file.fileno())

    return action
