"""Opening a network whose area has 1,000,000 entries: snapshot and tail, beside reading its journal once.

`GRIDPROOF_BENCH_ENTRIES` makes it shorter; a million takes a quarter of an hour to write.
"""

import os
from pathlib import Path
from statistics import median

from benchmarks import Row, row, seconds
from benchmarks._long_channel import in_a_process, long_channel
from chain.network import Network

ENTRIES = 1_000_000
_RUNS = 3


def entries() -> int:
    """How long the channel is."""
    return int(os.environ.get("GRIDPROOF_BENCH_ENTRIES", ENTRIES))


def run() -> list[Row]:
    """Seconds; each opening in a process of its own."""
    with long_channel(entries()) as folder:
        opened = median(in_a_process(_open_seconds, folder) for _ in range(_RUNS))
        read = median(seconds(lambda: _read_all(folder)) for _ in range(_RUNS))
    return [row(f"restart {entries():,} entries", opened, "s", "reading its files once", read)]


def _open_seconds(folder: Path) -> float:
    return seconds(lambda: Network.open(folder, lambda: 2**42).close())


def _read_all(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            path.read_bytes()
