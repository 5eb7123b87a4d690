"""Signed batches of 1,000 orders: verified, executed, hashed, journalled, synced, cosigned, sealed as Parquet."""

import tempfile
from functools import partial
from pathlib import Path
from statistics import median

import polars as pl

from benchmarks import RUNS, Row, median_of, row, seconds
from benchmarks._network import Quoting, quoting_network
from chain.contracts.auction_tables import ORDERS_SUBMITTED
from chain.export import seal_all
from chain.transaction import SignedTransaction
from sample_data.network_setup import REGULATOR, Keyring

BATCHES = 100
ORDERS = 1_000
_BLOCK = 10


def run() -> list[Row]:
    """Orders per second from signed batch to sealed Parquet file; beside it, only writing the same rows as Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        committed = BATCHES * ORDERS / _commit_seconds(Path(folder))
        plain = BATCHES * ORDERS / _parquet_seconds(Path(folder))
    return [row("commit-batch", committed, "orders/s", "rows/s as plain Parquet with Polars", plain)]


def _commit_seconds(folder: Path) -> float:
    quoting = quoting_network(folder / "ledger", 100)
    times = []
    with quoting.network:
        for _ in range(RUNS + 1):
            signed = quoting.declarations(BATCHES, ORDERS)
            blocks = [signed[start : start + _BLOCK] for start in range(0, BATCHES, _BLOCK)]
            times.append(seconds(partial(_commit_and_seal, quoting, blocks)))
    return median(times[1:])


def _commit_and_seal(quoting: Quoting, blocks: list[list[SignedTransaction]]) -> None:
    quoting.commit(blocks)
    clock = quoting.clock
    seal_all(quoting.network, Keyring(b"benchmark").signer(REGULATOR), clock.advance(clock() + 1))


def _parquet_seconds(folder: Path) -> float:
    rows = [("bid", 30_000 + n % 997, None if n % 3 else 30_997, 1_000 + n % 89, None) for n in range(BATCHES * ORDERS)]
    names = [column.name for column in ORDERS_SUBMITTED.columns]
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return median_of(lambda: pl.DataFrame(columns).write_parquet(folder / "plain.parquet", compression="zstd"))
