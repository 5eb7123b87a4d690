"""What a query answered: rows, and what they rest on.

1. No digit is lost on the way out. Polars gets Decimal and Int64; pandas gets nullable Int64 and Arrow-backed decimals
   (its own float64 is used for DOUBLE only); Python gets `int` for whole decimals, since arithmetic on `Decimal`
   rounds at 28 digits, and `Decimal` for the others.
2. Status and notes travel with the rows: into JSON, into Parquet's metadata, to the screen.
3. Rows that carry `channel, entry` and, for a table, `position` can become evidence (`queries.evidence`).
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import polars as pl
import pyarrow as pa

from queries import output
from queries.catalogue import ENTRY_EVIDENCE
from queries.errors import DigitLossError, EvidenceError
from queries.status import Status

if TYPE_CHECKING:
    from queries.export import Export

COORDINATES = ("channel", "entry", "position")
"""Columns that say where a row of a table stands; an entry of a log has the first two."""
TABLE_COLUMN = "table_name"
"""A text column of this name says which table a row's coordinates are of."""

_PANDAS: dict[pa.DataType, Any] = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


class Result:
    """See the module's docstring."""

    def __init__(
        self,
        table: pa.Table,
        types: tuple[str, ...],
        status: Status,
        notes: tuple[str, ...],
        truncated: bool,
        elapsed_s: float,
        export: "Export",
        evidence_of: frozenset[str],
    ) -> None:
        self.types = types
        """DuckDB's type of each column."""
        self.status = status
        self.notes = notes
        """What a reader must know beside the status: rounded columns, a cut result."""
        self.truncated = truncated
        self.elapsed_s = elapsed_s
        """Seconds in the engine."""
        self._table = table
        self._export = export
        self._evidence_of = evidence_of

    @property
    def columns(self) -> list[str]:
        """Names, in order."""
        return list(self._table.column_names)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows())

    def arrow(self) -> pa.Table:
        """As an Arrow table: int64, decimal128, timestamp with zone UTC."""
        return self._table

    def pl(self) -> pl.DataFrame:
        """As a Polars data frame. Raises `DigitLossError` for a type that Polars cannot hold."""
        try:
            frame = pl.from_arrow(self._table)
        except (pl.exceptions.PolarsError, pa.ArrowException, ValueError, TypeError) as error:
            raise DigitLossError("polars", f"Polars cannot hold this result: {error}; cast the column") from None
        return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()

    def df(self) -> pd.DataFrame:
        """As a pandas data frame (rule 1). Raises `DigitLossError` for a type that pandas cannot hold."""
        try:
            return self._table.to_pandas(types_mapper=_pandas_type, date_as_object=False)
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise DigitLossError("pandas", f"pandas cannot hold this result: {error}; cast the column") from None

    def rows(self) -> list[tuple[Any, ...]]:
        """As Python values (rule 1)."""
        columns = [_python_values(column) for column in self._table.columns]
        return list(zip(*columns, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Columns, rows as JSON has them, status and notes."""
        return output.to_dict(self._table, self.types, self.status, self.notes)

    def json(self) -> str:
        """`to_dict` as JSON text: money, sums and decimals as strings, times as ISO 8601, UTC."""
        return output.json_text(self.to_dict())

    def csv(self, path: Path | str) -> Path:
        """Write CSV for a spreadsheet; see `queries.output` for what it does to text that looks like a formula."""
        return output.write_csv(self._table, Path(path))

    def parquet(self, path: Path | str) -> Path:
        """Write Parquet, every type kept, the status in its metadata under `gridproof.status`."""
        return output.write_parquet(self._table, self.status, self.notes, Path(path))

    def evidence(self, rows: int | Iterable[int] | Literal["all"] = "all") -> bytes:
        """Evidence (`gridproof-evidence/1`) for these rows by their index. Raises `EvidenceError`."""
        return self._export.evidence(self._coordinates(rows))

    def write_evidence(self, path: Path | str, rows: int | Iterable[int] | Literal["all"] = "all") -> Path:
        """Write `evidence` to a file, for `gridproof check`."""
        return output.write_file(Path(path), self.evidence(rows))

    def _coordinates(self, rows: int | Iterable[int] | Literal["all"]) -> list[tuple[str, str, int, int]]:
        """(table, channel, entry, position) of each row; of a log entry the table is "" and the position −1."""
        count = len(self)
        wanted = range(count) if rows == "all" else [rows] if isinstance(rows, int) else list(rows)
        outside = [index for index in wanted if not isinstance(index, int) or not 0 <= index < count]
        if outside:
            raise EvidenceError("no-row", f"the result has {count} rows, there is no row {outside[0]}")
        if not wanted:
            raise EvidenceError("no-row", "the result has no row to prove")
        channels, entries = (self._coordinate_values(name) for name in COORDINATES[:2])
        tables = self._tables(count)
        positions = self._coordinate_values(COORDINATES[2]) if any(tables) else [-1] * count
        found = []
        for index in wanted:
            channel, entry = channels[index], entries[index]
            position = positions[index] if tables[index] else -1
            if not isinstance(channel, str) or not isinstance(entry, int) or not isinstance(position, int):
                raise EvidenceError("coordinates", "channel, entry and position are not those of a row", f"row {index}")
            found.append((tables[index], channel, entry, position))
        return found

    def _coordinate_values(self, name: str) -> list[Any]:
        if self.columns.count(name) != 1:
            needed = "channel and entry, and for a table's row position"
            raise EvidenceError("coordinates", f"evidence needs the columns {needed}: {name} is missing")
        return _python_values(self._table.column(name))

    def _tables(self, count: int) -> list[str]:
        """Whose rows these are: the column `table_name`, else the one table or log that the query reads."""
        if TABLE_COLUMN in self.columns:
            return [str(value) for value in self._coordinate_values(TABLE_COLUMN)]
        candidates = sorted(self._evidence_of)
        if len(candidates) != 1:
            names = ", ".join(candidates) or "none that has evidence"
            sentence = f"which table the rows are of is not clear ({names}): select its name as {TABLE_COLUMN}"
            raise EvidenceError("table", sentence)
        return ["" if candidates[0] == ENTRY_EVIDENCE else candidates[0]] * count


def _pandas_type(kind: pa.DataType) -> Any:
    """Rule 1; None leaves the type to pandas (text, floats, times)."""
    if pa.types.is_decimal(kind) or pa.types.is_nested(kind):
        return pd.ArrowDtype(kind)
    return _PANDAS.get(kind)


def _python_values(column: pa.ChunkedArray) -> list[Any]:
    values: list[Any] = column.to_pylist()
    if pa.types.is_decimal(column.type) and column.type.scale == 0:
        return [None if value is None else int(value) for value in values]
    return [_whole(value) for value in values] if pa.types.is_nested(column.type) else values


def _whole(value: Any) -> Any:
    """Rule 1 inside lists and structs."""
    if isinstance(value, Decimal) and value == value.to_integral_value() and value.as_tuple().exponent == 0:
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return value
