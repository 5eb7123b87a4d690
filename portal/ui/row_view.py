"""Rows of any table as people read them: exact, in the units that the schema declares."""

from typing import Literal

from chain.schema import Column, Row, Schema
from portal.ui import numbers
from portal.ui.tables import Cell, kept_together
from portal.ui.tables import Column as Heading
from portal.ui.words import say

_NUMBERS = ("int", "decimal")
_KINDS: dict[str, Literal["number", "time"]] = {"int": "number", "decimal": "number", "time": "time"}


def row_columns(schema: Schema) -> list[Heading]:
    """A heading per column: its name and unit."""
    return [Heading(_heading(column), _KINDS.get(column.type, "text")) for column in schema.columns]


def row_cells(schema: Schema, row: Row) -> list[Cell]:
    """The row's values: integers grouped, times in UTC+8, null as a dash."""
    return [kept_together(_cell(column, value)) for column, value in zip(schema.columns, row, strict=True)]


def _heading(column: Column) -> str:
    if column.type == "time":
        return f"{column.name} (UTC+8)"
    return f"{column.name} ({column.unit})" if column.unit and column.type in _NUMBERS else column.name


def _cell(column: Column, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, int):
        return numbers.clock(value, seconds=True) if column.type == "time" else numbers.count(value)
    return str(value)
