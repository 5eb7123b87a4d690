"""A user's Parquet table, read as strictly as CSV: every value becomes the cell that a CSV would have held.

1. The file can be read and does not have too many rows.
2. Required columns are there, none twice; unknown ones are a warning.
3. Text, integers, floats, decimals, dates and timestamps are understood; other types are refused by column. A
   timestamp without a zone is refused: nobody can know when it was.
4. From there the rules of `sample_data.csv_cells` hold, NaN and null included.

Problems name `file:row: field`, rows counted from 1.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sample_data.csv_cells import CellError, parse_whole, parser
from sample_data.csv_input import Column, Table
from sample_data.problems import Problems
from sample_data.records import INPUT_LIMITS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAMAGE = (OSError, pa.ArrowException, ValueError, OverflowError)
"""What a damaged file makes Arrow raise."""
_PER_MICROSECOND = {"s": (1_000_000, 1), "ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}


def read_parquet_table(path: Path, columns: Sequence[Column], problems: Problems) -> Table:
    """Read one table; problems are added to `problems`, the table holds the sound rows."""
    file = str(path)
    empty = Table(file, {column.name: [] for column in columns}, [], (), ())
    loaded = _load(path, file, columns, problems)
    if loaded is None:
        return empty
    names, data = loaded
    bad: set[int] = set()
    values: dict[str, list[Any]] = {}
    for column in columns:
        if column.name not in names:
            values[column.name] = [None] * data.num_rows
            continue
        try:
            cells = _cells(data.column(column.name))
        except _DAMAGE as error:
            problems.add(file, 0, column.name, _sentence(error))
            return empty
        if cells is None:
            problems.add(file, 0, column.name, f"type {data.column(column.name).type} is not understood")
            return empty
        values[column.name] = _typed(column, cells, file, problems, bad)
    kept = [index for index in range(data.num_rows) if index not in bad]
    known = {column.name for column in columns}
    return Table(
        file,
        {name: [items[index] for index in kept] for name, items in values.items()} if bad else values,
        [index + 1 for index in kept],
        tuple(column.name for column in columns if column.name not in names),
        tuple(f"{file}: {name}: unknown column, not used" for name in names if name not in known),
    )


def _load(path: Path, file: str, columns: Sequence[Column], problems: Problems) -> tuple[list[str], Any] | None:
    """Rules 1 and 2: every name of the file, and the known columns under their names; no other is decoded."""
    try:
        with pq.ParquetFile(path) as source:
            if source.metadata.num_rows > INPUT_LIMITS.rows_max:
                problems.add(file, 0, "", f"has {source.metadata.num_rows:,} rows, more than {INPUT_LIMITS.rows_max:,}")
                return None
            written = source.schema_arrow.names
            names = [name.strip().lower() for name in written]
            if not _header_is_sound(names, columns, file, problems):
                return None
            known = {names.index(column.name): column.name for column in columns if column.name in names}
            data = source.read([written[index] for index in known])
            data.validate(full=True)
            return names, data.select([written[index] for index in known]).rename_columns(list(known.values()))
    except _DAMAGE as error:
        problems.add(file, 0, "", _sentence(error))
        return None


def _sentence(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be read as Parquet: {reason.splitlines()[0] if reason else 'damaged'}"


def _header_is_sound(names: Sequence[str], columns: Sequence[Column], file: str, problems: Problems) -> bool:
    """Rule 2."""
    before = problems.total
    for name in sorted(name for name, count in Counter(names).items() if count > 1):
        problems.add(file, 0, name, "this column is there twice")
    for column in columns:
        if column.required and column.name not in names:
            problems.add(file, 0, column.name, f"this column is missing; there are {', '.join(names)[:200]}")
    return problems.total == before


def _cells(column: Any) -> list[str] | None:
    """Rule 3: each value as a CSV would write it, null as an empty cell; None for a type that is not understood."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return [(value or "").strip() for value in column.to_pylist()]
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return ["" if value is None else str(value) for value in column.to_pylist()]
    if pa.types.is_decimal(kind):
        return ["" if value is None else format(value, "f") for value in column.to_pylist()]
    if pa.types.is_date(kind):
        return [_day(value) for value in column.cast(pa.date32()).cast(pa.int32()).to_pylist()]
    if pa.types.is_timestamp(kind):
        return [_moment(value, kind.unit, kind.tz) for value in column.cast(pa.int64()).to_pylist()]
    return None


def _day(value: int | None) -> str:
    """A calendar day; the bare number of days where the calendar ends."""
    try:
        return "" if value is None else (_EPOCH + timedelta(days=value)).date().isoformat()
    except OverflowError:
        return f"{value} days"


def _moment(value: int | None, unit: str, zone: str | None) -> str:
    """Milliseconds for an exact time with a zone; else ISO 8601, about which the cell parser says what is wrong."""
    if value is None:
        return ""
    times, parts = _PER_MICROSECOND[unit]
    microseconds, rest = divmod(value * times, parts)
    if zone is not None and microseconds % 1_000 == 0 and rest == 0:
        return str(microseconds // 1_000)
    try:
        text = (_EPOCH + timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    except OverflowError:
        return f"{value} {unit}"
    return f"{text}{rest or ''}{'' if zone is None else 'Z'}"


def _typed(column: Column, cells: list[str], file: str, problems: Problems, bad: set[int]) -> list[Any]:
    """Rule 4 for one column: its values; rows with a problem are added to `bad`."""
    whole = parse_whole(column.kind, cells, column.choices) if all(cells) else None
    values = _one_by_one(column, cells, file, problems, bad) if whole is None else whole
    low, high = column.minimum, column.maximum
    for index, value in enumerate(values):
        if value is not None and low is not None and value < low:
            problems.add(file, index + 1, column.name, f"{value} is less than {low}")
            bad.add(index)
        elif value is not None and high is not None and value > high:
            problems.add(file, index + 1, column.name, f"{value} is more than {high}")
            bad.add(index)
    return values


def _one_by_one(column: Column, cells: list[str], file: str, problems: Problems, bad: set[int]) -> list[Any]:
    parse = parser(column.kind, column.choices, comma_is_delimiter=True)
    values: list[Any] = []
    for index, cell in enumerate(cells):
        value = None
        if cell or column.required:
            try:
                if not cell:
                    raise CellError("is empty")
                value = parse(cell)
            except CellError as error:
                problems.add(file, index + 1, column.name, str(error))
                bad.add(index)
        values.append(value)
    return values
