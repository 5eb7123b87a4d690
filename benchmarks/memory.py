"""Memory of a process that opens a network, by the number of its entries: bounded by the state, not by the history."""

from pathlib import Path

from benchmarks import Row, row
from benchmarks._long_channel import in_a_process, long_channel, peak_mib
from benchmarks.restart import entries
from chain.network import Network


def run() -> list[Row]:
    """Peak resident MiB after opening, beside the same process before it."""
    rows = []
    for size in (size for size in (10_000, 100_000, 1_000_000) if size <= entries()):
        with long_channel(size) as folder:
            before, after = in_a_process(_nothing, folder), in_a_process(_open, folder)
            rows.append(row(f"memory {size:,} entries", after, "MiB", "the imports alone", before))
    return rows


def _open(folder: Path) -> float:
    with Network.open(folder, lambda: 2**42):
        return peak_mib()


def _nothing(_: Path) -> float:
    return peak_mib()
