"""Answers to SQL as people read them: every digit, null told apart from empty text, times in UTC+8."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from portal.ui import numbers
from portal.ui.html import tag
from portal.ui.tables import Cell, Column, kept_together
from queries.output import json_text, json_value

_TEXT_CHARACTERS_MAX = 500
"""Of one cell; downloads have all of it."""


def headings(table: pa.Table) -> list[Column]:
    """Names as the question gave them; numbers stand to the right."""
    return [Column(field.name, "number" if _is_number(field.type) else "text") for field in table.schema]


def cells(table: pa.Table) -> list[tuple[Cell, ...]]:
    """Row by row."""
    columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind))


def _cell(value: Any) -> Cell:
    if value is None:
        return tag("span", "NULL", cls="gp-null")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return kept_together(value.isoformat(" "))
        return kept_together(f"{numbers.local(value).replace(tzinfo=None).isoformat(' ')} UTC+8")
    shown = json_value(value)
    text = shown if isinstance(shown, str) else json_text(shown)
    return kept_together(text if len(text) <= _TEXT_CHARACTERS_MAX else text[:_TEXT_CHARACTERS_MAX] + "…")
