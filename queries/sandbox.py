"""What an analyst's SQL may be: decided on DuckDB's own syntax tree, before anything runs.

In this order; a violation is a `RefusedError` that names the place:
1. The text is no larger or deeper than `queries.shape` allows, and DuckDB parses it as exactly one statement.
2. The statement is a query (SELECT, WITH, VALUES, FROM, DESCRIBE, SHOW TABLES, SUMMARIZE) or EXPLAIN of one.
3. The tree holds known node types only: a release of DuckDB that invents one (as 2.0 did with INSERT inside WITH) is
   refused until someone has thought about it.
4. A relation is one of the export's, or a name that WITH defines; nothing else, so no file, no catalogue of the engine.
   WITH defines no name of that catalogue either: outside its scope the name would be the engine's.
5. A function in FROM is on a short list of pure ones.
6. A function anywhere else is none that reads settings, variables or files, waits, or runs SQL.

This is the first wall. The second is the engine's own (`queries.engine`): no external access but the cached files, no
extensions, configuration locked, a read-only transaction.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import duckdb
import msgspec

from queries.errors import RefusedError
from queries.limits import QUERY_LIMITS
from queries.messages import explain_error, near_names, place_of
from queries.shape import require_shape

QUERY_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE", "STATEMENT_NODE"})
RELATION_TYPES = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "EMPTY_FROM", "PIVOT", "SHOW_REF"}
)
SHOW_TYPES = frozenset({"DESCRIBE", "SUMMARY"})

TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"})
"""Rule 5."""

REFUSED_FUNCTIONS = frozenset(
    {
        "create_sort_key",
        "current_connection_id",
        "current_query",
        "current_setting",
        "currval",
        "getenv",
        "getvariable",
        "json_execute_serialized_sql",
        "json_serialize_plan",
        "nextval",
        "query",
        "query_table",
        "set_config",
        "setseed",
        "sleep",
        "sleep_ms",
    }
)
"""Rule 6, with these beginnings."""

_REFUSED_PREFIXES = ("duckdb_", "parquet_", "pg_", "pragma_", "read_", "sniff_", "write_")
_CATALOGUE_PREFIXES = ("duckdb_", "information_schema", "pg_", "pragma_", "sqlite_")
"""Rule 4: how the names of the engine's own relations begin."""
_WITH_NAME = re.compile(r"[^\W\d]\w{0,62}")
_EXPLAIN = re.compile(r"\s*explain(\s+analyze)?\b(?!\s*\()", re.IGNORECASE)
_SERIALIZE = "SELECT json_serialize_sql(CAST(? AS VARCHAR), skip_default := true, skip_null := true)"


@dataclass(frozen=True, slots=True)
class CheckedQuery:
    """A query that may run."""

    text: str
    """The one statement, as it was written."""
    relations: frozenset[str]
    """Relations of the export that it names."""


def check_query(engine: duckdb.DuckDBPyConnection, text: str, relations: Collection[str]) -> CheckedQuery:
    """Rules 1–6 for `text` over an export with these relations. Raises `QueryError`."""
    require_shape(text)
    statement, query = _one_statement(engine, text)
    tree = _tree(engine, query)
    defined = frozenset(str(name).lower() for name in _defined_names(tree))
    for name in sorted(defined):
        if not _is_with_name(name):
            raise RefusedError("relation", f"{name!r} cannot be the name of a WITH", *_place_of_name(text, name))
    rules = _Rules(text, query, relations, defined)
    for node in _nodes(tree):
        rules.check(node)
    return CheckedQuery(statement, frozenset(rules.used))


def _one_statement(engine: duckdb.DuckDBPyConnection, text: str) -> tuple[str, str]:
    """Rules 1 and 2: (the statement, the query in it: without EXPLAIN)."""
    try:
        statements = engine.extract_statements(text)
    except duckdb.Error as error:
        raise explain_error(error, text, ()) from None
    if len(statements) != 1:
        raise RefusedError("one-statement", f"one statement at a time, here are {len(statements)}")
    statement = statements[0]
    if statement.type == duckdb.StatementType.EXPLAIN:
        match = _EXPLAIN.match(statement.query)
        if match is None:
            raise RefusedError("explain", "write EXPLAIN or EXPLAIN ANALYZE directly before the query, without options")
        return statement.query, statement.query[match.end() :]
    if statement.type == duckdb.StatementType.MULTI:
        raise RefusedError("pivot", "a PIVOT needs its values written out: PIVOT … ON column IN (…)")
    if statement.type != duckdb.StatementType.SELECT:
        kind = str(statement.type).rsplit(".", 1)[-1]
        raise RefusedError("statement", f"{kind} is no query: the record can only be read")
    return statement.query, statement.query


def _tree(engine: duckdb.DuckDBPyConnection, query: str) -> Any:
    """DuckDB's own tree of the query."""
    try:
        row = engine.execute(_SERIALIZE, [query]).fetchone()
        tree = msgspec.json.decode(row[0] if row else "{}")
    except duckdb.Error as error:
        raise explain_error(error, query, ()) from None
    except (msgspec.DecodeError, RecursionError):
        raise RefusedError("query-depth", "the query is nested too deep") from None
    if not isinstance(tree, dict) or tree.get("error") or len(tree.get("statements", ())) != 1:
        message = tree.get("error_message", "") if isinstance(tree, dict) else ""
        raise RefusedError("statement", f"this is no query: {message}")
    return tree["statements"][0]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the tree, at most `query_nodes_max`."""
    waiting, seen = [tree], 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            seen += 1
            if seen > QUERY_LIMITS.query_nodes_max:
                raise RefusedError("query-size", f"more than {QUERY_LIMITS.query_nodes_max} parts of a query")
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _defined_names(tree: Any) -> Iterator[Any]:
    """Names that WITH defines, anywhere."""
    for node in _nodes(tree):
        for entry in node.get("map", ()) if isinstance(node.get("map"), list) else ():
            if isinstance(entry, dict) and "key" in entry:
                yield entry["key"]


def _place_of_name(text: str, name: str) -> tuple[int, int]:
    """Where `name` first stands in the text; (0, 0) where it is written in another way."""
    at = text.lower().find(name)
    return (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) if at >= 0 else (0, 0)


def _is_with_name(name: str) -> bool:
    """Rule 4: neither a file nor a name of the engine's catalogue."""
    return bool(_WITH_NAME.fullmatch(name)) and not name.startswith(_REFUSED_PREFIXES + _CATALOGUE_PREFIXES)


class _Rules:
    """Rules 3–6, node by node; `used` collects the relations."""

    def __init__(self, text: str, query: str, relations: Collection[str], defined: frozenset[str]) -> None:
        self.used: set[str] = set()
        self._text = text
        self._offset = text.find(query)
        self._relations = relations
        self._defined = defined

    def check(self, node: dict[str, Any]) -> None:
        kind = node.get("type")
        if not isinstance(kind, str):
            return
        if kind.endswith("_NODE") and kind not in QUERY_NODES:
            name = kind.removesuffix("_NODE").removesuffix("_QUERY")
            self._refuse("statement", f"{name} is no query: the record can only be read", node)
        for part in ("from_table", "source", *(("left", "right") if kind == "JOIN" else ())):
            child = node.get(part)
            if isinstance(child, dict) and "class" not in child and child.get("type") not in RELATION_TYPES:
                self._refuse("relation", f"{child.get('type')} is no relation that the sandbox knows", child)
        match kind:
            case "BASE_TABLE":
                self._table(node)
            case "SHOW_REF":
                self._show(node)
            case "TABLE_FUNCTION":
                self._table_function(node)
            case _ if "function_name" in node:
                self._function(node)

    def _table(self, node: dict[str, Any]) -> None:
        """Rule 4."""
        name = str(node.get("table_name", "")).lower()
        path = [str(part).lower() for part in node.get("qualified_name", {}).get("path", [name])]
        if "at_clause" in node:
            self._refuse("at", "AT is not available here", node)
        if path[:-1] not in ([], ["main"]):
            self._refuse("relation", f"there is no relation {'.'.join(path)} in this export", node)
        if name in self._relations:
            self.used.add(name)
        elif name not in self._defined:
            hints = near_names(name, self._relations)
            self._refuse("relation", f"there is no relation {name!r} in this export", node, hints)
        elif not _is_with_name(name):
            self._refuse("relation", f"{name!r} cannot be the name of a WITH", node)

    def _show(self, node: dict[str, Any]) -> None:
        """Rule 2: DESCRIBE, SUMMARIZE, and SHOW TABLES; not the engine's databases or settings."""
        if node.get("show_type") not in SHOW_TYPES and str(node.get("table_name", "")).strip('"') != "tables":
            self._refuse("show", "only SHOW TABLES, DESCRIBE and SUMMARIZE are available here", node)

    def _table_function(self, node: dict[str, Any]) -> None:
        """Rule 5."""
        name = str(node.get("function", {}).get("function_name", "")).lower()
        if name not in TABLE_FUNCTIONS:
            self._refuse("function", f"the function {name} is not available in FROM", node)

    def _function(self, node: dict[str, Any]) -> None:
        """Rule 6."""
        name = str(node.get("function_name", "")).lower()
        if name in REFUSED_FUNCTIONS or name.startswith(_REFUSED_PREFIXES):
            self._refuse("function", f"the function {name} is not available here", node)

    def _refuse(self, code: str, sentence: str, node: dict[str, Any], suggestions: tuple[str, ...] = ()) -> NoReturn:
        line, column = place_of(self._text, node, self._offset)
        raise RefusedError(code, sentence, line, column, suggestions)
