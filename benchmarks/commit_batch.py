"""Signed batches of 10,000 orders: verified, executed, hashed, journalled, synced, cosigned, sealed as Parquet.

Signatures and the hashes of rows are checked ahead in another process, as by an operator who is in a hurry.
"""

import tempfile
from functools import partial
from pathlib import Path
from statistics import median

import polars as pl

from benchmarks import RUNS, Row, row, seconds
from benchmarks._network import Quoting, quoting_network
from chain.contracts.auction_tables import ORDERS_SUBMITTED
from chain.export import seal_all
from chain.transaction import SignedTransaction
from sample_data.network_setup import REGULATOR, Keyring

BATCHES = 20
ORDERS = 10_000
_BLOCK = 2
_PROCESSES = 2


def run() -> list[Row]:
    """Orders per second from signed batch to sealed Parquet file; beside it, only writing the same rows as Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        quoting = quoting_network(Path(folder) / "ledger", 100)
        committing, writing = [], []
        with quoting.network:
            quoting.network.use_processes(_PROCESSES)
            plain = _plain_parquet(Path(folder))
            for _ in range(RUNS + 1):
                signed = quoting.declarations(BATCHES, ORDERS)
                blocks = [signed[start : start + _BLOCK] for start in range(0, BATCHES, _BLOCK)]
                writing.append(seconds(plain))
                committing.append(seconds(partial(_commit_and_seal, quoting, blocks)))
    committed, written = (BATCHES * ORDERS / median(times[1:]) for times in (committing, writing))
    return [row("commit-batch", committed, "orders/s", "rows/s as plain Parquet with Polars", written)]


def _commit_and_seal(quoting: Quoting, blocks: list[list[SignedTransaction]]) -> None:
    quoting.commit(blocks)
    clock = quoting.clock
    seal_all(quoting.network, Keyring(b"benchmark").signer(REGULATOR), clock.advance(clock() + 1))


def _plain_parquet(folder: Path) -> partial[None]:
    rows = [("bid", 30_000 + n % 997, None if n % 3 else 30_997, 1_000 + n % 89, None) for n in range(BATCHES * ORDERS)]
    names = [column.name for column in ORDERS_SUBMITTED.columns]
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return partial(_write_parquet, columns, folder / "plain.parquet")


def _write_parquet(columns: dict[str, tuple[object, ...]], path: Path) -> None:
    pl.DataFrame(columns).write_parquet(path, compression="zstd")
