"""An export, opened and verified, ready for questions.

1. Signatures, quorum, logs, seals and catalogue are checked by `chain.record.open_record`.
2. Every segment file is compared with its seal before any parser touches it, and only its private copy is queried
   (`queries.cache`).
3. A table `t` of the record is a relation `t`: channel, entry, position, then the schema's columns, over all channels.
4. Queries pass the sandbox (`queries.sandbox`), then run locked in (`queries.engine`).
"""

import threading
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType

import duckdb

from chain.errors import ExportError
from chain.parquet import to_frame
from chain.progress import Progress, no_progress
from chain.record import Record, open_record, require_signed_since
from chain.schema import Schema
from chain.trust import ReaderPolicy, reader_policy
from queries import catalogue, derived
from queries.cache import SegmentCache
from queries.engine import Engine, Parameters
from queries.errors import QueryError
from queries.evidence.build import build_evidence
from queries.exact import exact_table, rounding_notes
from queries.limits import QUERY_LIMITS
from queries.result import Result
from queries.sandbox import CheckedQuery, check_query
from queries.status import Status, status_of


class Export:
    """See the module's docstring. May be used from several threads; close it, or use it in a `with`."""

    def __init__(self, record: Record, cache: SegmentCache, progress: Progress = no_progress) -> None:
        self.record = record
        self.status: Status = status_of(record)
        self._cache = cache
        self._files = cache.admit_all(record, progress)
        self._engine = Engine(cache.spill)
        self._filled = False
        self._fill_lock = threading.Lock()
        kinds = self._attach()
        self.relations: tuple[catalogue.Relation, ...] = catalogue.describe(self._engine.connection, kinds)
        """What can be queried, with columns, units and evidence."""
        self._by_name = {relation.name: relation for relation in self.relations}
        # A query that was let through once is let through again; refusals are raised and not remembered.
        self._check = lru_cache(QUERY_LIMITS.checked_queries_max)(self._check_query)
        derived.fill(self._engine.connection, derived.light_rows(record))
        derived.fill(self._engine.connection, derived.catalogue_rows(self.relations))
        self._engine.lock([path for tables in self._files.values() for found in tables.values() for path in found])

    def __enter__(self) -> "Export":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def sql(
        self,
        query: str,
        parameters: Parameters = None,
        limit_rows: int = QUERY_LIMITS.rows_max,
        timeout_s: float = QUERY_LIMITS.timeout_s,
    ) -> Result:
        """The answer to one query. `parameters`: a list for `?` or `$1`, a dict for `$name`.

        At most `limit_rows` rows are kept; the result says when it was cut. Raises `QueryError`.
        """
        checked = self._check(query)
        bases = self._bases(checked)
        if bases & derived.ENTRY_RELATIONS:
            self._fill_entries()
        began = time.perf_counter()
        answer = self._engine.run(checked.text, parameters, limit_rows, timeout_s, self._names(checked))
        elapsed_s = time.perf_counter() - began
        table = exact_table(answer.table)
        notes = list(rounding_notes(table))
        if answer.truncated:
            notes.append(f"cut after {limit_rows} rows: there are more, and sums over these rows are not complete")
        evidence_of = frozenset(self._by_name[name].evidence for name in checked.relations) - {catalogue.NO_EVIDENCE}
        return Result(table, answer.types, self.status, tuple(notes), answer.truncated, elapsed_s, self, evidence_of)

    def evidence(self, coordinates: Sequence[tuple[str, str, int, int]]) -> bytes:
        """Evidence for rows by (table, channel, entry, position); table "" means the log entry itself.

        Raises `EvidenceError` where the record has no such row.
        """
        return build_evidence(self.record, coordinates, self._cache.read)

    def files_of(self, table: str) -> list[Path]:
        """The verified copies that a table is read from: for whoever wants to read them with another engine."""
        return [path for _, paths in sorted(self._files.get(table, {}).items()) for path in paths]

    def cancel(self) -> None:
        """Stop every query that runs on this export now; they raise `QueryLimitError`."""
        self._engine.cancel()

    def close(self) -> None:
        """Release memory; results stay usable."""
        self._engine.close()

    def _attach(self) -> dict[str, str]:
        """Rule 3: make every relation; name → kind."""
        engine = self._engine.connection
        catalogue.make_macros(engine)
        catalogue.make_log_tables(engine)
        kinds = dict.fromkeys(catalogue.definitions("log"), "log")
        for schema in self._schemas():
            if schema.table in kinds or schema.table in catalogue.definitions("views"):
                sentence = f"the record's table {schema.table!r} has the name of a derived relation"
                raise QueryError("table-name", sentence)
            self._attach_table(schema)
            kinds[schema.table] = "table"
        return kinds | dict.fromkeys(catalogue.make_views(engine, kinds), "view")

    def _schemas(self) -> list[Schema]:
        """Every table of the record; channels that share a table must agree about it."""
        found: dict[str, Schema] = {}
        for channel in self.record.channels.values():
            for table, schema in channel.schemas.items():
                if found.setdefault(table, schema) != schema:
                    raise QueryError("table-schema", f"the channels disagree about the columns of {table!r}")
        return [found[table] for table in sorted(found)]

    def _attach_table(self, schema: Schema) -> None:
        engine = self._engine.connection
        channels: Mapping[str, list[Path]] = self._files.get(schema.table, {})
        relation: duckdb.DuckDBPyRelation | None = None
        for channel, paths in sorted(channels.items()):
            constant = duckdb.ConstantExpression(channel).alias("channel")
            try:
                rows = engine.read_parquet([str(path) for path in paths]).select(constant, duckdb.StarExpression())
            except duckdb.Error as error:
                # A footer that its forger sealed himself, and that only Arrow's reader was content with.
                place = f"{channel} {schema.table}"
                raise ExportError("parquet", f"files that DuckDB cannot read: {error}", place) from None
            relation = rows if relation is None else relation.union(rows)
        if relation is not None:
            relation.create_view(schema.table)
        else:
            empty = engine.from_arrow(to_frame(schema, [], [], []).to_arrow())
            constant = duckdb.ConstantExpression("").alias("channel")
            empty.select(constant, duckdb.StarExpression()).create(schema.table)
        catalogue.document_table(engine, schema, "TABLE" if relation is None else "VIEW")

    def _bases(self, checked: CheckedQuery) -> set[str]:
        """Relations that the query reads, through views."""
        found, waiting = set(), set(checked.relations)
        while waiting:
            name = waiting.pop()
            found.add(name)
            if self._by_name[name].kind == "view":
                waiting |= set(self._by_name[name].source) - found
        return found

    def _check_query(self, text: str) -> CheckedQuery:
        return check_query(self._engine.connection.cursor(), text, self._by_name)

    def _names(self, checked: CheckedQuery) -> list[str]:
        """What a misspelt name may have meant: columns of the relations that the query reads, and relations."""
        columns = [column.name for name in checked.relations for column in self._by_name[name].columns]
        return [*dict.fromkeys(columns), *self._by_name]

    def _fill_entries(self) -> None:
        """Parse the logs once, when a query first needs them."""
        with self._fill_lock:
            if not self._filled:
                derived.fill(self._engine.connection, derived.entry_rows(self.record))
                self._filled = True


def open_export(
    path: Path | str,
    policy: Path | str | bytes | ReaderPolicy | None = None,
    progress: Progress = no_progress,
    signed_since_s: int | None = None,
) -> Export:
    """Open the export in folder `path`, judged by `policy`: a file, its bytes, what `chain.trust` found, or None for
    a policy pinned earlier.

    Without any policy of the reader's, results say `signers: self-asserted`. `signed_since_s`: refuse an export whose
    quorum signed before that time (seconds UTC).

    Raises `ChainError` for an export that does not hold, `QueriesError` for a cache that cannot be used.
    """
    folder = Path(path)
    if isinstance(policy, ReaderPolicy):
        trusted = policy
    elif isinstance(policy, bytes):
        trusted = ReaderPolicy(policy, "policy")
    else:
        trusted = reader_policy(folder, None if policy is None else Path(policy))
    record = open_record(folder, trusted.text, trusted.source, progress)
    require_signed_since(record.beacon, signed_since_s)
    return Export(record, SegmentCache(), progress)
