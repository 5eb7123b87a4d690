"""Results as files.

1. **JSON**: `{"columns", "notes", "rows", "status"}`. Decimals and sums are strings, and so is every BIGINT column that
   leaves ±(2⁵³−1), whole columns at a time; times are ISO 8601 in UTC; bytes are hex.
2. **CSV**: UTF-8 with a byte order mark, RFC 4180 (CRLF, quotes doubled), for spreadsheets. A text cell or heading that
   begins with `=`, `+`, `-`, `@`, their full-width forms, tab or a line break gets an apostrophe in front, since a
   spreadsheet would run it as a formula; numbers are written as they are. Empty is null, `""` the empty text. Parquet
   and JSON keep text as is.
3. **Parquet**: types as they are; status and notes as JSON in the metadata `gridproof.status`.
4. A file appears whole or not at all.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from chain.durable import replace_file
from queries.errors import QueryError
from queries.status import Status

STATUS_KEY = "gridproof.status"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')
_SAFE_INTEGER = 2**53 - 1
_ENCODER = msgspec.json.Encoder()


def to_dict(table: pa.Table, types: tuple[str, ...], status: Status, notes: tuple[str, ...]) -> dict[str, Any]:
    """Rule 1."""
    columns = [_json_column(column) for column in table.columns]
    return {
        "columns": [{"name": name, "type": kind} for name, kind in zip(table.column_names, types, strict=True)],
        "notes": list(notes),
        "rows": [list(row) for row in zip(*columns, strict=True)],
        "status": status.to_dict(),
    }


def json_text(value: Any) -> str:
    """Compact JSON."""
    return _ENCODER.encode(value).decode()


def write_csv(table: pa.Table, path: Path) -> Path:
    """Rule 2."""
    return write_file(path, csv_bytes(table))


def csv_bytes(table: pa.Table) -> bytes:
    """Rule 2, in memory."""
    columns = [_csv_column(column) for column in table.columns]
    lines = [",".join(_field(_defused(name)) for name in table.column_names)]
    lines += [",".join(_field(cell) for cell in row) for row in zip(*columns, strict=True)]
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode()


def write_parquet(table: pa.Table, status: Status, notes: tuple[str, ...], path: Path) -> Path:
    """Rule 3. Raises `QueryError` for a type that Parquet does not know."""
    content = _ENCODER.encode({**status.to_dict(), "notes": list(notes)})
    sink = pa.BufferOutputStream()
    try:
        pq.write_table(table.replace_schema_metadata({STATUS_KEY: content}), sink, compression="zstd")
    except pa.ArrowException as error:
        sentence = f"Parquet cannot hold this result: {error}; cast the column to VARCHAR"
        raise QueryError("parquet", sentence) from None
    return write_file(path, sink.getvalue().to_pybytes())


def write_file(path: Path, data: bytes) -> Path:
    """Rule 4."""
    replace_file(path, data)
    return path


def _json_column(column: pa.ChunkedArray) -> list[Any]:
    values = column.to_pylist()
    if pa.types.is_integer(column.type) and any(value is not None and abs(value) > _SAFE_INTEGER for value in values):
        return [None if value is None else str(value) for value in values]
    return [json_value(value) for value in values]


def json_value(value: Any) -> Any:
    """One value as rule 1 says."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) <= _SAFE_INTEGER else str(value)
        case float():
            return value if value - value == 0 else str(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            return _iso(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytes():
            return value.hex()
        case list() | tuple():
            return [json_value(item) for item in value]
        case dict():
            return {str(key): json_value(item) for key, item in value.items()}
    return str(value)


def _iso(value: datetime) -> str:
    """UTC as `Z`; a time without a zone is a wall clock and stays without one."""
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _csv_column(column: pa.ChunkedArray) -> list[str | None]:
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    is_text = not (is_number or pa.types.is_boolean(kind) or pa.types.is_temporal(kind))
    return [_csv_cell(value, is_text) for value in column.to_pylist()]


def _field(cell: str | None) -> str:
    """RFC 4180; null is an empty field, the empty text a quoted one."""
    if cell is None:
        return ""
    if not cell or _QUOTED.search(cell):
        doubled = cell.replace('"', '""')
        return f'"{doubled}"'
    return cell


def _csv_cell(value: Any, is_text: bool) -> str | None:
    if value is None:
        return None
    shown = json_value(value)
    text = shown if isinstance(shown, str) else json_text(shown)
    return _defused(text) if is_text else text


def _defused(text: str) -> str:
    """Rule 2: what a spreadsheet would run becomes text that it shows."""
    return f"'{text}" if text.startswith(_FORMULA) else text
