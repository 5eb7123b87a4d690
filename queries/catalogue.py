"""The relations of an export: what each row is, what each column means, in the database itself and for people.

Every relation has one file `sql/<kind>/<name>.sql`. Its first comment lines say `grain`, `source` and `evidence`; then
come the statement that makes it and a COMMENT ON for each column. Kinds, in the order in which they are made:

1. `macros`: units and times.
2. `tables`: sealed rows. The relation is made from the export's schema; the file only documents it, and a table that
   the export's genesis declares and no file knows is documented by its schema's units.
3. `log`: derived from the entries of the logs (`queries.derived` fills them).
4. `views`: made when every relation that they read exists, and the columns that they name.

`source` of a view are the relations that it reads; of a table its contract. `evidence` is the table whose row a row
with `channel, entry, position` is, `entry` for rows that are log entries, or `none`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from chain.schema import Schema

_FOLDER = Path(__file__).resolve().parent / "sql"
_HEADER = re.compile(r"^-- (grain|source|evidence): (.+)$", re.MULTILINE)
_COMMENTED = re.compile(r'COMMENT ON COLUMN \w+\."?(\w+)"? IS')
NO_EVIDENCE = "none"
ENTRY_EVIDENCE = "entry"
"""What a row is evidence of, where it is no row of a table: nothing, or an entry of a log."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One `.sql` file."""

    name: str
    kind: str
    grain: str
    source: tuple[str, ...]
    evidence: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation."""

    name: str
    type: str
    """DuckDB's."""
    comment: str
    """Meaning and unit."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that queries may name."""

    name: str
    kind: str
    """`table`, `log` or `view`."""
    grain: str
    source: tuple[str, ...]
    evidence: str
    columns: tuple[Column, ...]


@cache
def definitions(kind: str) -> Mapping[str, Definition]:
    """The files of one kind, by name."""
    found = {}
    for path in sorted((_FOLDER / kind).glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        header = dict(_HEADER.findall(text))
        found[path.stem] = Definition(
            name=path.stem,
            kind=kind,
            grain=header["grain"],
            source=tuple(part.strip() for part in header.get("source", "").split(",") if part.strip()),
            evidence=header.get("evidence", NO_EVIDENCE),
            text=text,
        )
    return found


def documented_columns(definition: Definition) -> list[str]:
    """Columns that a file comments on, in its order."""
    return _COMMENTED.findall(definition.text)


def make_macros(engine: duckdb.DuckDBPyConnection) -> None:
    """Kind 1."""
    for definition in definitions("macros").values():
        engine.execute(definition.text)


def make_log_tables(engine: duckdb.DuckDBPyConnection) -> None:
    """Kind 3, empty."""
    for definition in definitions("log").values():
        engine.execute(definition.text)
        _comment_relation(engine, "TABLE", definition.name, definition.grain)


def make_views(engine: duckdb.DuckDBPyConnection, present: Iterable[str]) -> list[str]:
    """Kind 4; the names of those that could be made."""
    known, made = set(present), []
    waiting = dict(definitions("views"))
    while ready := [name for name, view in waiting.items() if set(view.source) <= known]:
        for name in ready:
            view = waiting.pop(name)
            if _make_view(engine, view):
                known.add(name)
                made.append(name)
    return made


def _make_view(engine: duckdb.DuckDBPyConnection, view: Definition) -> bool:
    """Whether the columns that the view names exist: a record of another release may have others."""
    try:
        engine.execute(view.text)
    except (duckdb.BinderException, duckdb.CatalogException):
        return False
    _comment_relation(engine, "VIEW", view.name, view.grain)
    return True


def document_table(engine: duckdb.DuckDBPyConnection, schema: Schema, relation_kind: str) -> None:
    """Comments of a kind 2 relation: our file's where it knows exactly these columns, else the schema's units."""
    definition = definitions("tables").get(schema.table)
    names = ["channel", "entry", "position", *(column.name for column in schema.columns)]
    if definition is not None and documented_columns(definition) == names:
        engine.execute(definition.text)
        _comment_relation(engine, relation_kind, schema.table, definition.grain)
        return
    # Another release's columns: the units on the record are what is known of them.
    for column in schema.columns:
        _execute_comment(engine, f"COLUMN {_name(schema.table)}.{_name(column.name)}", column.unit)
    _comment_relation(engine, relation_kind, schema.table, f"rows of {schema.table}")


def describe(engine: duckdb.DuckDBPyConnection, kinds: Mapping[str, str]) -> tuple[Relation, ...]:
    """Every relation of `kinds` (name → kind) as the database has it, sorted by kind and name."""
    rows = engine.execute(
        "SELECT table_name, column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE NOT internal ORDER BY table_name, column_index"
    ).fetchall()
    columns: dict[str, list[Column]] = {}
    for table, name, kind, comment in rows:
        columns.setdefault(table, []).append(Column(name, kind, comment))
    order = ("table", "view", "log")
    names = sorted(kinds, key=lambda name: (order.index(kinds[name]), name))
    return tuple(_relation(name, kinds[name], tuple(columns[name])) for name in names)


def _relation(name: str, kind: str, columns: tuple[Column, ...]) -> Relation:
    folder = {"table": "tables", "log": "log", "view": "views"}[kind]
    definition = definitions(folder).get(name)
    if definition is None:
        return Relation(name, kind, f"rows of {name}", (), name, columns)
    return Relation(name, kind, definition.grain, definition.source, definition.evidence, columns)


def _comment_relation(engine: duckdb.DuckDBPyConnection, kind: str, name: str, comment: str) -> None:
    _execute_comment(engine, f"{kind} {_name(name)}", comment)


def _execute_comment(engine: duckdb.DuckDBPyConnection, target: str, comment: str) -> None:
    # COMMENT ON takes no bound parameter, so the text is quoted as SQL says: every quote doubled.
    quoted = comment.replace("'", "''")
    engine.execute(f"COMMENT ON {target} IS '{quoted}'")


def _name(name: str) -> str:
    """A quoted identifier; names come from schemas that `chain.schema` has checked, or from our own files."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
