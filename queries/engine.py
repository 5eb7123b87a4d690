"""One DuckDB per export: in memory, reading nothing but the cached files, locked before anybody's query reaches it.

1. Python's variables are not relations; extensions are neither installed nor loaded.
2. Time zone is UTC, whatever the machine's: the same query gives the same answer everywhere.
3. After the relations are attached: the cached files are the only paths, external access is off, the configuration is
   locked (`lock`).
4. Every query runs in a read-only transaction of its own, with a deadline, and can be interrupted.
"""

import contextlib
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from queries.errors import QueryError, QueryLimitError
from queries.limits import QUERY_LIMITS
from queries.messages import explain_error

Parameters = Sequence[Any] | dict[str, Any] | None

_BATCH_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What DuckDB answered, exact types kept."""

    table: pa.Table
    types: tuple[str, ...]
    """DuckDB's type of each column."""
    truncated: bool
    """Whether there were more rows than asked for."""


class Engine:
    """See the module's docstring."""

    def __init__(self, spill: Path) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = duckdb.connect(
            ":memory:",
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
            },
        )
        settings: dict[str, Any] = {
            "arrow_lossless_conversion": True,
            "max_temp_directory_size": f"{QUERY_LIMITS.spill_mb}MB",
            "memory_limit": f"{QUERY_LIMITS.memory_mb}MB",
            "parquet_metadata_cache": True,
            "temp_directory": str(spill),
            "TimeZone": "UTC",
        }
        if QUERY_LIMITS.threads:
            settings["threads"] = QUERY_LIMITS.threads
        for name, value in settings.items():
            self._set(name, value)
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._lock = threading.Lock()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The engine's own connection; `QueryError` once it is closed."""
        if self._connection is None:
            raise QueryError("closed", "the export is closed: open it again to ask")
        return self._connection

    def lock(self, files: Sequence[Path]) -> None:
        """Rule 3."""
        self._set("allowed_paths", [str(path) for path in files])
        self._set("enable_external_access", False)
        self._set("lock_configuration", True)

    def run(
        self, text: str, parameters: Parameters, limit_rows: int, timeout_s: float, names: Collection[str] = ()
    ) -> Answer:
        """Rule 4: the answer to a query that the sandbox let through. Raises `QueryError`.

        `names` are the relations and columns that an error may suggest.
        """
        cursor = self.connection.cursor()
        with self._deadline(cursor, timeout_s) as timed_out:
            try:
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                relation = cursor.sql(text, params=parameters) if parameters else cursor.sql(text)
                types = tuple(str(kind) for kind in relation.types)
                return _collect(relation, types, limit_rows)
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                explained = self._explain(cursor, error, text, parameters, names)
                if explained.code == "cancelled" and timed_out.is_set():
                    raise QueryLimitError("timeout", f"stopped after {timeout_s:g} s") from None
                raise explained from None

    def cancel(self) -> None:
        """Interrupt every query that runs now."""
        with self._lock:
            for cursor in self._running:
                cursor.interrupt()

    def close(self) -> None:
        """Stop everything and give the memory back."""
        self.cancel()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _functions(self) -> list[str]:
        rows = self.connection.cursor().execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_name SIMILAR TO '[a-z_0-9]+'"
        )
        return [str(name) for (name,) in rows.fetchall()]

    def _set(self, name: str, value: Any) -> None:
        # Names are the constants above; DuckDB's SET takes its value as a parameter. GLOBAL: for every cursor.
        self.connection.execute(f"SET GLOBAL {name} = $1", [value])

    def _explain(
        self,
        cursor: duckdb.DuckDBPyConnection,
        error: Exception,
        text: str,
        parameters: Parameters,
        names: Collection[str],
    ) -> QueryError:
        """Our error. A relation's error carries no place: binding the same text as a statement gives it."""
        if isinstance(error, duckdb.BinderException | duckdb.CatalogException) and "LINE " not in str(error):
            with contextlib.suppress(duckdb.Error):
                cursor.execute("ROLLBACK")
            try:
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                cursor.execute(text, parameters) if parameters else cursor.execute(text)
            except duckdb.Error as again:
                error = again
        return explain_error(error, text, self._functions() if "Function with name" in str(error) else names)

    @contextlib.contextmanager
    def _deadline(self, cursor: duckdb.DuckDBPyConnection, timeout_s: float) -> Iterator[threading.Event]:
        timed_out = threading.Event()

        def stop() -> None:
            timed_out.set()
            cursor.interrupt()

        timer = threading.Timer(timeout_s, stop)
        timer.daemon = True
        with self._lock:
            self._running.add(cursor)
        timer.start()
        try:
            yield timed_out
        finally:
            timer.cancel()
            with self._lock:
                self._running.discard(cursor)
            cursor.close()


def _collect(relation: duckdb.DuckDBPyRelation, types: tuple[str, ...], limit_rows: int) -> Answer:
    """Rows up to the limit, batch by batch, so that a result that is too large is never held as a whole."""
    reader = relation.to_arrow_reader(_BATCH_ROWS)
    batches, rows = [], 0
    for batch in reader:
        batches.append(batch)
        rows += batch.num_rows
        if rows > limit_rows:
            break
    table = pa.Table.from_batches(batches, reader.schema)
    return Answer(table.slice(0, limit_rows), types, rows > limit_rows)
