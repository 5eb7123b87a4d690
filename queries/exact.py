"""Answers as Arrow tables that keep every digit.

1. HUGEINT and UHUGEINT (what SUM of BIGINT gives) become DECIMAL(38,0), bit for bit; a value of more than 38 digits is
   refused, never rounded.
2. A type that Arrow's consumers cannot read exactly (BIGNUM, BIT, a HUGEINT or BOOLEAN inside a list or struct) is
   refused with the cast that helps.
3. Time zones are written `UTC`; UUID and JSON become text, BOOLEAN Arrow's plain bool.
4. A column name that comes twice gets `_1`, `_2` … behind it, since data frames need distinct names.
5. A time outside the years 1 to 9999, infinity among them, is refused: neither Python nor JSON can write it.
6. DOUBLE and FLOAT columns are delivered as they are and named in a note: they are rounded, and no money.
"""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from queries.errors import DigitLossError

_DECIMAL = pa.decimal128(38, 0)
_DIGITS_MAX = 10**38
_VALUE_BYTES = 16
_DAY_S = 86_400
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_FIRST_DAY = (date(1, 1, 1) - date(1970, 1, 1)).days
_END_DAY = (date(9999, 12, 31) - date(1970, 1, 1)).days + 1


def exact_table(table: pa.Table) -> pa.Table:
    """Rules 1–5. Raises `DigitLossError`."""
    columns = [_exact(table.column(i), table.schema.field(i).name) for i in range(table.num_columns)]
    fields = [pa.field(name, column.type) for name, column in zip(_distinct(table), columns, strict=True)]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def rounding_notes(table: pa.Table) -> tuple[str, ...]:
    """Rule 6."""
    return tuple(
        f"column {field.name} is {field.type}: rounded to about 16 digits, not exact"
        for field in table.schema
        if pa.types.is_floating(field.type)
    )


def _distinct(table: pa.Table) -> list[str]:
    """Rule 4."""
    names: dict[str, None] = {}
    for name in table.column_names:
        number, distinct = 0, name
        while distinct in names:
            number += 1
            distinct = f"{name}_{number}"
        names[distinct] = None
    return list(names)


def _exact(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    kind = column.type
    opaque = getattr(kind, "type_name", "")
    if opaque in ("hugeint", "uhugeint"):
        return pa.chunked_array([_decimals(chunk, name, opaque == "hugeint") for chunk in column.chunks], _DECIMAL)
    if isinstance(kind, pa.Bool8Type):
        return pa.chunked_array([chunk.storage.cast(pa.bool_()) for chunk in column.chunks], pa.bool_())
    if isinstance(kind, pa.JsonType):
        return pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
    if isinstance(kind, pa.UuidType):
        texts = [None if value is None else str(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())], pa.string())
    if _is_opaque(kind):
        raise DigitLossError("type", f"column {name} has a type that others cannot read exactly: cast it to VARCHAR")
    _require_times(column, name)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return column.cast(pa.timestamp(kind.unit, "UTC"))
    return column


def _is_opaque(kind: pa.DataType) -> bool:
    """Rule 2, inside nested types too."""
    if isinstance(kind, pa.BaseExtensionType):
        return True
    return any(_is_opaque(kind.field(i).type) for i in range(kind.num_fields))


def _require_times(column: pa.ChunkedArray, name: str) -> None:
    """Rule 5."""
    kind = column.type
    if pa.types.is_date32(kind) or pa.types.is_timestamp(kind):
        per_day = 1 if pa.types.is_date32(kind) else _DAY_S * _PER_SECOND[kind.unit]
        whole = column.cast(pa.int32() if pa.types.is_date32(kind) else pa.int64())
        bounds = pc.min_max(whole).as_py()
        inside = bounds["max"] is None or _FIRST_DAY * per_day <= bounds["min"] <= bounds["max"] < _END_DAY * per_day
    elif pa.types.is_nested(kind):
        # Only Python's own reading of the values tells what lies under a null, in an unused member of a union.
        inside = _readable(column)
    else:
        return
    if not inside:
        raise DigitLossError(
            "time", f"column {name} holds a time outside the years 1 to 9999, or infinity: cast it to VARCHAR"
        )


def _readable(column: pa.ChunkedArray) -> bool:
    if not _has_times(column.type):
        return True
    try:
        for chunk in column.chunks:
            chunk.to_pylist()
    except (OverflowError, ValueError):
        return False
    return True


def _has_times(kind: pa.DataType) -> bool:
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return True
    return any(_has_times(kind.field(i).type) for i in range(kind.num_fields))


def _decimals(chunk: pa.Array, name: str, signed: bool) -> pa.Array:
    """Rule 1: DuckDB's 16 bytes little-endian are those of decimal128."""
    storage = chunk.storage
    data = storage.buffers()[1]
    if not signed and data is not None:
        # From 2^127 on an unsigned value would read as a negative one; it has 39 digits.
        highest = bytes(memoryview(data))[_VALUE_BYTES * storage.offset + _VALUE_BYTES - 1 :: _VALUE_BYTES]
        if any(byte > 0x7F and value.is_valid for byte, value in zip(highest, storage, strict=False)):
            raise _too_long(name)
    found = pa.Array.from_buffers(_DECIMAL, len(storage), storage.buffers(), storage.null_count, storage.offset)
    bounds = pc.min_max(found.cast(pa.decimal256(76, 0))).as_py()
    if bounds["max"] is not None and max(abs(int(bounds["min"])), abs(int(bounds["max"]))) >= _DIGITS_MAX:
        raise _too_long(name)
    return found


def _too_long(name: str) -> DigitLossError:
    sentence = f"column {name} holds a number of more than 38 digits: cast it to VARCHAR"
    return DigitLossError("digits", sentence)
