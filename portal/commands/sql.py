"""`gridproof sql EXPORT QUERY`: ask a verified export.

1. The answer goes to standard output or to `-o FILE`; whose signatures it rests on is said beside it, always: under the
   table, inside JSON and Parquet, on standard error for CSV.
2. Exit codes: 0 answered · 1 the export does not hold or is stale, a limit was passed, or `--strict` and nobody but the
   export vouches for its signers · 2 the query is wrong, and nothing was written.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import queries
from chain.text import printable
from portal.commands.files import require_free, write_new
from portal.commands.options import Policy, SignedSince, Strict, bound_s, require_strict
from portal.commands.progress import progress_bars
from portal.commands.trusted import how_to_check, policy_for
from queries.errors import QueryLimitError
from queries.output import csv_bytes, json_value, write_file
from queries.status import trust_sentences

_ROWS_SHOWN_MAX = 200
_COLUMN_WIDTH_MIN = 8
"""Characters a column needs on average, lest its words be broken letter by letter."""
_EXIT_INPUT = 2

Format = Literal["table", "csv", "json", "parquet"]


def sql(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The folder that was handed over.")],
    query: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="The query, or a file that ends in .sql, or - for standard input."),
    ],
    policy: Policy = None,
    answer_format: Annotated[Format, typer.Option("--format", help="How to give the answer.")] = "table",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the answer there; parquet needs it.")
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Evidence for the rows, a new file; they need channel, entry, position."),
    ] = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Answer a query over an export. Every file is compared with its seal before the query sees it.

    Relations: one per table of the record (trades, orders_submitted, sessions, …), the logs (entries, blocks,
    transactions, …), views (orders, prices, certificate_life, …). To look around: SHOW TABLES, DESCRIBE trades,
    SELECT * FROM relations, SELECT * FROM relation_columns. Units: mwh(wh), cny(e8), local_time(time).
    """
    chosen: Format = "json" if as_json else answer_format
    if chosen == "parquet" and output is None:
        _refuse("--format parquet needs -o FILE")
    text = _query_text(query)
    if evidence is not None:
        require_free(evidence)
    given = policy_for(export, policy)
    with progress_bars(shown=chosen == "table" and sys.stderr.isatty()) as progress:
        opened = queries.open(export, given, progress, bound_s(signed_since))
    with opened:
        try:
            result = opened.sql(text)
            proof = result.evidence() if evidence is not None else b""
        except QueryLimitError:
            raise
        except (queries.QueryError, queries.EvidenceError) as error:
            _refuse(str(error))
        try:
            _give(result, chosen, output)
        except queries.QueryError as error:
            _refuse(str(error))
        if evidence is not None:
            write_new(evidence, proof)
            lines = how_to_check("check", evidence, export, policy, opened.record)
            sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))
    require_strict(strict, result.status.verified)


def _query_text(query: str) -> str:
    if query == "-":
        return sys.stdin.read()
    if query.endswith(".sql"):
        try:
            return Path(query).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            _refuse(f"{query}: cannot be read: {error}")
    return query


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"gridproof: {sentence}\n")
    raise typer.Exit(_EXIT_INPUT)


def _give(result: queries.Result, chosen: Format, output: Path | None) -> None:
    """Rule 1."""
    notes = [*result.notes, result.status.inputs, *trust_sentences(result.status)]
    if chosen == "table":
        _print(result, output, notes)
        return
    if chosen == "json" and output is None:
        sys.stdout.write(result.json() + "\n")
        return
    if chosen == "csv" and output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(csv_bytes(result.arrow()))
    elif output is not None and chosen == "csv":
        result.csv(output)
    elif output is not None and chosen == "parquet":
        result.parquet(output)
    elif output is not None:
        write_file(output, f"{result.json()}\n".encode())
    sys.stderr.write("".join(f"{printable(line)}\n" for line in notes))


def _print(result: queries.Result, output: Path | None, notes: list[str]) -> None:
    """A table for a person, at most `_ROWS_SHOWN_MAX` rows of it on a screen."""
    rows = result.rows()
    shown = rows if output is not None else rows[:_ROWS_SHOWN_MAX]
    table = Table(box=SIMPLE)
    for name, kind in zip(result.columns, result.types, strict=True):
        is_number = kind.startswith(("DECIMAL", "HUGEINT", "BIGINT", "INTEGER", "DOUBLE"))
        table.add_column(escape(_shown(name)), justify="right" if is_number else "left", overflow="fold")
    for row in shown:
        table.add_row(*("" if value is None else escape(_shown(str(json_value(value)))) for value in row))
    if len(shown) < len(rows):
        notes = [f"the first {len(shown):,} of {len(rows):,} rows; -o FILE with --format csv writes all", *notes]
    if output is None:
        console = Console()
        notes = [f"{len(rows):,} rows in {result.elapsed_s:.3f} s", *notes]
        if len(result.columns) * _COLUMN_WIDTH_MIN > console.width:
            _print_upright(console, result.columns, shown)
            _lines(console, None, notes)
        else:
            _lines(console, table, notes)
    else:
        with output.open("w", encoding="utf-8") as sink:
            _lines(Console(file=sink, width=1_000), table, notes)


def _print_upright(console: Console, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows that are too wide to stand side by side: a line per value."""
    width = max(map(len, columns))
    for number, row in enumerate(rows):
        console.print(f"row {number}", highlight=False, markup=False)
        for name, value in zip(columns, row, strict=True):
            text = "" if value is None else _shown(str(json_value(value)))
            console.print(f"  {_shown(name):<{width}}  {text}", highlight=False, markup=False, soft_wrap=True)


def _shown(text: str) -> str:
    """A stranger's text as a cell: its lines stay lines (EXPLAIN draws with them), all else that moves is escaped."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _lines(console: Console, table: Table | None, notes: list[str]) -> None:
    if table is not None:
        console.print(table)
    for line in notes:
        console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
