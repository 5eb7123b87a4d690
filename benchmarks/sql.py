"""Verified SQL: what a query costs beside plain DuckDB on the same Parquet files, and what opening an export costs.

The record holds `BATCHES` signed batches of `ORDERS` orders. The baseline reads the same cached files with a DuckDB of
its own and all its defaults, in the same run. Opening cold reads, hashes, parses and copies every file and hashes every
log entry; opening again finds them unchanged.
"""

import statistics
import tempfile
from itertools import count
from pathlib import Path

import duckdb

from benchmarks import Row, median_of, row, seconds
from benchmarks._network import quoting_network
from chain.export import export_network, seal_all
from chain.record import open_record
from queries.cache import SegmentCache
from queries.export import Export
from sample_data.network_setup import REGULATOR, Keyring

BATCHES = 1_000
ORDERS = 1_000
_BLOCK = 50
_ROUNDS = 15

QUERIES = {
    "count": "SELECT count(*) FROM orders_submitted",
    "group by": "SELECT price_fen_per_mwh, sum(quantity_wh), count(*) FROM orders_submitted GROUP BY 1 ORDER BY 1",
    "range": "SELECT count(*), sum(quantity_wh) FROM orders_submitted WHERE price_fen_per_mwh BETWEEN 30000 AND 30100",
    "point": "SELECT side, quantity_wh FROM orders_submitted WHERE entry = 500 AND position = 7",
}


def run() -> list[Row]:
    """Rows of this benchmark."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        policy = _export(folder)
        numbers = count()
        cold = median_of(lambda: _open(folder, policy, f"cold-{next(numbers)}").close())
        again = median_of(lambda: _open(folder, policy, "warm").close())
        rows = [
            row("sql: open, cold", BATCHES * ORDERS / cold, "rows/s"),
            row("sql: open again, unchanged", again, "s"),
        ]
        with _open(folder, policy, "warm") as export:
            rows += [_beside(export, name, query) for name, query in QUERIES.items()]
    return rows


def _export(folder: Path) -> bytes:
    """A sealed export; its policy."""
    quoting = quoting_network(folder / "ledger", 100)
    with quoting.network as network:
        signed = quoting.declarations(BATCHES, ORDERS)
        quoting.commit([signed[start : start + _BLOCK] for start in range(0, BATCHES, _BLOCK)])
        clock = quoting.clock
        seal_all(network, Keyring(b"benchmark").signer(REGULATOR), clock.advance(clock() + 1))
        export_network(network, folder / "export")
        return network.policy.text


def _open(folder: Path, policy: bytes, cache: str) -> Export:
    return Export(open_record(folder / "export", policy, "policy"), SegmentCache(folder / cache))


def _beside(export: Export, name: str, query: str) -> Row:
    """One query verified and plain, in turn, so that both meet the same machine."""
    plain = duckdb.connect()
    plain.read_parquet([str(path) for path in export.files_of("orders_submitted")]).create_view("orders_submitted")
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(_ROUNDS + 1):
        ours.append(seconds(lambda: export.sql(query).arrow()))
        theirs.append(seconds(lambda: plain.sql(query).to_arrow_table()))
    plain.close()
    measured = statistics.median(ours[1:]) * 1e3, statistics.median(theirs[1:]) * 1e3
    return row(f"sql: {name}", measured[0], "ms", "plain DuckDB on the same files", measured[1])
