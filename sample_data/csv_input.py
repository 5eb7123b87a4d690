"""A user's CSV table, read strictly and answered kindly: every command that takes a table reads it here.

Understood: a UTF-8 BOM; comma, semicolon or tab (found in the header); quoted fields; CRLF; decimal commas where
the comma is not the delimiter; column names in any case and order; blank lines and empty spreadsheet rows.

Refused, each as `file:line: field: problem`:

1. a file that cannot be read, is empty, is UTF-16, or has lines that are not UTF-8 (named one by one);
2. a broken quotation, or a row with more or fewer fields than the header;
3. a header with a duplicate, or without a required column;
4. a cell that is empty in a required column, not of its kind, or outside its column's range;
5. decimals that are written with a point on one line and with a comma on another.

Unknown columns are a warning. All problems are counted, the first 20 by line are kept, nothing is half-read: the
caller gets every row typed, or an `InputError`. A caller that checks further collects in the same `Problems`:

    problems = Problems()
    table = read_table(path, COLUMNS, problems)      # rows with a problem are left out
    for line, name in zip(table.lines, table.columns["participant"], strict=True):
        if name not in known:
            problems.add(table.file, line, "participant", f"{name!r} is not in participants.csv")
    problems.raise_if_any()
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sample_data.csv_cells import CellError, Kind, parse_whole, parser
from sample_data.csv_split import Cells, decode, split
from sample_data.problems import InputError, Problem, Problems
from sample_data.records import INPUT_LIMITS

__all__ = [
    "Column",
    "InputError",
    "Problem",
    "Problems",
    "Table",
    "read_table",
    "report_duplicates",
]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a table may or must have."""

    name: str
    """Its header, lower case."""
    kind: Kind
    """What its cells are: see `sample_data.csv_cells`."""
    required: bool = True
    """False: the column may be missing and a cell may be empty; both read as None."""
    choices: tuple[str, ...] = ()
    """The words of a `choice`."""
    minimum: int | Decimal | None = None
    """Smallest number allowed."""
    maximum: int | Decimal | None = None
    """Largest number allowed."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose every row is typed."""

    file: str
    """The file's name as the user gave it, for messages."""
    columns: dict[str, list[Any]]
    """Per declared column its values: str, int, Decimal, int milliseconds, or None where optional and empty."""
    lines: list[int]
    """Per row the line of the file on which it starts, from 1."""
    missing: tuple[str, ...]
    """Optional columns that the file does not have."""
    warnings: tuple[str, ...]
    """Sentences that a person should see, unknown columns for instance."""


def read_table(path: str | Path, columns: Sequence[Column], problems: Problems | None = None) -> Table:
    """Read one table. Without `problems` any problem raises `InputError`; with it, problems are added there and
    the returned table holds the sound rows, so that a caller can report several files at once."""
    collector = Problems() if problems is None else problems
    table = _Reader(str(path), columns, collector).read(Path(path))
    if problems is None:
        collector.raise_if_any()
    return table


def report_duplicates(table: Table, key: Sequence[str], problems: Problems) -> None:
    """Add a problem for every row whose `key` columns repeat those of an earlier row."""
    seen: dict[tuple[Any, ...], int] = {}
    for line, values in zip(table.lines, zip(*(table.columns[name] for name in key), strict=True), strict=True):
        earlier = seen.setdefault(values, line)
        if earlier != line:
            shown = ", ".join(str(value) for value in values)
            problems.add(table.file, line, "+".join(key), f"{shown} is already on line {earlier}")


class _Reader:
    """One reading of one file: the rows that turn out bad, and where problems go."""

    def __init__(self, file: str, columns: Sequence[Column], problems: Problems) -> None:
        self.file = file
        self.columns = columns
        self.problems = problems
        self.bad: set[int] = set()

    def read(self, path: Path) -> Table:
        """Rules 1 to 5 of the module, in that order."""
        empty = Table(self.file, {column.name: [] for column in self.columns}, [], (), ())
        text = decode(path, self.file, self.problems)
        if text is None:
            return empty
        cells = split(text, [column.name for column in self.columns], self.file, self.problems)
        if cells is None:
            return empty
        if not self._header_is_sound(cells):
            return empty
        places = {name: index for index, name in enumerate(cells.header)}
        values: dict[str, list[Any]] = {}
        for column in self.columns:
            if column.name in places:
                values[column.name] = self._typed(column, cells.columns[places[column.name]], cells)
            else:
                values[column.name] = [None] * len(cells.lines)
        self._check_decimal_marks(cells, places)
        known = {column.name for column in self.columns}
        warnings = tuple(
            f"{self.file}:{cells.header_line}: {name or '(no name)'}: unknown column, not used"
            for name in cells.header
            if name not in known
        )
        missing = tuple(column.name for column in self.columns if column.name not in places)
        lines = cells.lines
        if self.bad:
            kept = [index for index in range(len(lines)) if index not in self.bad]
            values = {name: [items[index] for index in kept] for name, items in values.items()}
            lines = [lines[index] for index in kept]
        return Table(self.file, values, lines, missing, warnings[: INPUT_LIMITS.problems_shown_max])

    def _header_is_sound(self, cells: Cells) -> bool:
        """Rule 3."""
        before = self.problems.total
        seen: set[str] = set()
        for name in cells.header:
            if name and name in seen:
                self.problems.add(self.file, cells.header_line, name, "this column is in the header twice")
            seen.add(name)
        for column in self.columns:
            if column.required and column.name not in cells.header:
                found = ", ".join(cells.header)[:200]
                sentence = f"this column is missing; the header has {found}"
                self.problems.add(self.file, cells.header_line, column.name, sentence)
        return self.problems.total == before

    def _typed(self, column: Column, cells: list[str], table: Cells) -> list[Any]:
        """Rule 4 for one column: its values; rows with a problem become `bad`."""
        filled = cells if column.required else [cell for cell in cells if cell]
        whole = parse_whole(column.kind, filled, column.choices)
        if whole is None:
            parse = parser(column.kind, column.choices, table.delimiter == ",")
            values = self._one_by_one(column, cells, table.lines, parse)
        elif len(filled) == len(cells):
            values = whole
        else:
            following = iter(whole)
            values = [next(following) if cell else None for cell in cells]
        if column.minimum is not None or column.maximum is not None:
            self._check_range(column, values, table.lines)
        return values

    def _one_by_one(
        self, column: Column, cells: Sequence[str], lines: Sequence[int], parse: Callable[[str], Any]
    ) -> list[Any]:
        values: list[Any] = []
        known: dict[str, Any] = {}  # columns repeat themselves: every distinct cell is parsed once
        for index, cell in enumerate(cells):
            value = known.get(cell)
            if value is None and (cell or column.required):
                try:
                    if not cell:
                        raise CellError("is empty")
                    value = known[cell] = parse(cell)
                except CellError as error:
                    self._reject(index, lines[index], column.name, str(error))
            values.append(value)
        return values

    def _check_range(self, column: Column, values: Sequence[Any], lines: Sequence[int]) -> None:
        low, high = column.minimum, column.maximum
        present = [value for value in values if value is not None]
        if not present or ((low is None or min(present) >= low) and (high is None or max(present) <= high)):
            return
        for index, value in enumerate(values):
            if value is not None and low is not None and value < low:
                self._reject(index, lines[index], column.name, f"{value} is less than {low}")
            elif value is not None and high is not None and value > high:
                self._reject(index, lines[index], column.name, f"{value} is more than {high}")

    def _check_decimal_marks(self, cells: Cells, places: dict[str, int]) -> None:
        """Rule 5: a file that writes both `1.5` and `1,5` may mean thousands by one of them."""
        if cells.delimiter == ",":
            return
        first: dict[str, int] = {}
        for column in self.columns:
            if column.kind == "decimal" and column.name in places:
                written = cells.columns[places[column.name]]
                for mark in ".,":
                    index = next((index for index, cell in enumerate(written) if mark in cell), None)
                    if index is not None:
                        first[mark] = min(cells.lines[index], first.get(mark, cells.lines[index]))
        if len(first) == 2:
            mark, other = sorted(first, key=lambda item: (first[item], item), reverse=True)
            sentence = f"writes decimals with {mark!r}, line {first[other]} with {other!r}"
            self.problems.add(self.file, first[mark], "", sentence)

    def _reject(self, index: int, line: int, field: str, sentence: str) -> None:
        self.bad.add(index)
        self.problems.add(self.file, line, field, sentence)
