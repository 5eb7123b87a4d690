"""Table schemas and their rows (`docs/format.md` section 5).

1. A row is the canonical JSON array of its values in schema order.
2. `int` and `time` lie within ±(2⁵³−1); `decimal` (money, sums) is a decimal-integer string; `text` passes
   `chain.text.check_text`.
3. A null stands only where the column allows it.
4. Many rows travel as lines: each row followed by a newline. Canonical JSON holds no raw newline, so lines and
   rows correspond one to one.

In Python a decimal value is an `int`; only its JSON form is a string.
"""

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

import msgspec

from chain import jcs
from chain.errors import ParseError
from chain.fields import I53, DecimalText
from chain.text import check_table_name, check_text

Row = tuple[Any, ...]
ColumnType = Literal["int", "decimal", "text", "bool", "time"]

RESERVED_COLUMNS = ("entry", "position")
"""A row's coordinates, which every table carries beside its own columns."""

_PYTHON_TYPES: dict[str, Any] = {"int": I53, "decimal": DecimalText, "text": str, "bool": bool, "time": I53}


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of a table."""

    name: str
    type: ColumnType
    unit: str = ""
    """Unit or code list of the values, for people; "" where there is none."""
    null: bool = False


class SortedColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column whose values every segment indexes in order, so that a range can be proven complete."""

    column: str
    sums: tuple[str, ...] = ()
    """Columns whose running sums and counts the index's leaves carry."""


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A table's name, columns and the columns that carry a sorted index."""

    table: str
    columns: tuple[Column, ...]
    sorted: tuple[SortedColumn, ...] = ()
    """Columns with a sorted index per segment; at most two on a high-volume table."""
    version: int = 1

    def check(self) -> None:
        """`ParseError` unless names are valid, unique, unreserved and indexed columns exist."""
        check_table_name(self.table, "table")
        names = [check_table_name(column.name, self.table) for column in self.columns]
        if not names or len(set(names)) != len(names) or set(names) & set(RESERVED_COLUMNS):
            raise ParseError("schema", "columns must be present, unique and none of entry, position", self.table)
        if not {name for index in self.sorted for name in (index.column, *index.sums)} <= set(names):
            raise ParseError("schema", "a sorted index names no column", self.table)

    @cached_property
    def canonical(self) -> bytes:
        """Canonical JSON of the schema."""
        return jcs.encode(self)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON, hex."""
        return sha256(self.canonical).hexdigest()

    @cached_property
    def _decimals(self) -> tuple[int, ...]:
        return tuple(i for i, column in enumerate(self.columns) if column.type == "decimal")

    @cached_property
    def _text(self) -> tuple[int, ...]:
        return tuple(i for i, column in enumerate(self.columns) if column.type == "text")

    @cached_property
    def _decoder(self) -> "msgspec.json.Decoder[Any]":
        kinds = tuple(
            _PYTHON_TYPES[column.type] | None if column.null else _PYTHON_TYPES[column.type] for column in self.columns
        )
        return msgspec.json.Decoder(tuple.__class_getitem__(kinds))

    def encode_lines(self, rows: Sequence[Row]) -> bytes:
        """Rule 4 form of `rows`, which must already be of the schema's types (decimals as int)."""
        if not rows:
            return b""
        return jcs.encode_lines([self._outward(row) for row in rows] if self._decimals else rows)

    def encode_row(self, row: Row) -> bytes:
        """Rule 1 form of one row of the schema's types."""
        return jcs.encode(self._outward(row) if self._decimals else row)

    def decode_lines(self, lines: bytes, where: str = "") -> list[Row]:
        """The rows that `lines` encode canonically; `ParseError` names table and row otherwise."""
        return self.decode_columns(lines, where)[0]

    def decode_columns(self, lines: bytes, where: str = "") -> tuple[list[Row], list[tuple[Any, ...]]]:
        """As `decode_lines`: the rows, and the same by column."""
        where = where or self.table
        if not lines:
            return [], [() for _ in self.columns]
        try:
            rows: list[Row] = self._decoder.decode_lines(lines)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise ParseError("row", f"not rows of {self.table}: {error}", where) from None
        if jcs.encode_lines(rows) != lines:
            raise ParseError("row", "rows are not in canonical form, one per line", where)
        columns = list(zip(*rows, strict=True))
        for column in self._text:
            self._check_texts(columns[column], column, where)
        if self._decimals:
            for column in self._decimals:
                columns[column] = tuple(None if value is None else int(value) for value in columns[column])
            rows = list(zip(*columns, strict=True))
        return rows, columns

    def _check_texts(self, values: Sequence[str | None], column: int, where: str) -> None:
        # Distinct values first: most text columns repeat a few codes and accounts over many rows.
        name = self.columns[column].name
        for value in dict.fromkeys(values):
            if value is None:
                continue
            try:
                check_text(value, name)
            except ParseError as error:
                raise ParseError(error.code, error.sentence, f"{where}[{values.index(value)}].{name}") from None

    def _outward(self, row: Row) -> Row:
        values = list(row)
        for column in self._decimals:
            if values[column] is not None:
                values[column] = str(values[column])
        return tuple(values)


def parse_schema(value: object, where: str) -> Schema:
    """A schema from decoded JSON that has every member; `ParseError` otherwise."""
    try:
        schema = msgspec.convert(value, Schema)
    except msgspec.ValidationError as error:
        raise ParseError("schema", str(error), where) from None
    schema.check()
    if jcs.encode(value) != schema.canonical:
        raise ParseError("schema", "members are missing", where)
    return schema
