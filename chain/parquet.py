"""The pinned Parquet encoder: the same rows give the same bytes, so that validators and verifiers can reproduce them.

The encoder's library, version and settings are on the record (genesis, every seal). Bytes do not depend on the
number of threads; they do depend on the library's version, hence the exact pin.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from chain.entry import Encoder
from chain.errors import ExportError
from chain.limits import LIMITS
from chain.schema import Row, Schema

ENCODER = Encoder(
    library="polars", version="2.1.0", settings="compression=zstd,level=3,statistics=full,row_group=122880"
)
"""What genesis records for a network that this code starts."""

_TYPES: dict[str, pl.DataType] = {
    "int": pl.Int64(),
    "decimal": pl.Decimal(38, 0),
    "text": pl.String(),
    "bool": pl.Boolean(),
    "time": pl.Datetime("ms", "UTC"),
}

_FAILURES = (
    pl.exceptions.PolarsError,
    ArithmeticError,
    LookupError,
    MemoryError,
    OSError,
    TypeError,
    ValueError,
)
"""What a damaged file can make the libraries raise, beside Arrow's own error and a panic, which is no `Exception`."""

_BATCH_ROWS = 65_536
"""Rows decoded at a time."""

_THROUGH: dict[str, pl.DataType] = {"time": pl.Int64(), "decimal": pl.Int128()}
"""What integers become on the way. A decimal series made of integers at once refuses to mix small and large ones."""


def polars_schema(schema: Schema) -> pl.Schema:
    """Coordinates, then the schema's columns, as a Parquet file of that table has them."""
    columns: dict[str, pl.DataType] = {"entry": pl.Int64(), "position": pl.Int32()}
    return pl.Schema(columns | {column.name: _TYPES[column.type] for column in schema.columns})


Coordinates = Sequence[int] | npt.NDArray[np.int64] | npt.NDArray[np.int32]


def to_frame(schema: Schema, entries: Coordinates, positions: Coordinates, rows: Sequence[Row]) -> pl.DataFrame:
    """Rows with their coordinates as a data frame; no digit is lost (int64, Decimal, aware time)."""
    values = list(zip(*rows, strict=True)) if rows else [()] * len(schema.columns)
    return _frame_of(schema, entries, positions, values)


def _frame_of(
    schema: Schema, entries: Coordinates, positions: Coordinates, values: Sequence[Sequence[Any]]
) -> pl.DataFrame:
    kinds = polars_schema(schema)
    columns = [pl.Series("entry", entries, pl.Int64()), pl.Series("position", positions, pl.Int32())]
    for column, series in zip(schema.columns, values, strict=True):
        through = _THROUGH.get(column.type, _TYPES[column.type])
        columns.append(pl.Series(column.name, series, through).cast(kinds[column.name]))
    return pl.DataFrame(columns)


def encode_parquet(schema: Schema, entries: Coordinates, positions: Coordinates, rows: Sequence[Row]) -> bytes:
    """The segment file of these rows."""
    return _encode(to_frame(schema, entries, positions, rows))


def encode_columns(
    schema: Schema, entries: Coordinates, positions: Coordinates, values: Sequence[Sequence[Any]]
) -> bytes:
    """The segment file of rows that are given by column."""
    return _encode(_frame_of(schema, entries, positions, values))


def _encode(frame: pl.DataFrame) -> bytes:
    sink = io.BytesIO()
    frame.write_parquet(sink, compression="zstd", compression_level=3, statistics="full", row_group_size=122_880)
    return sink.getvalue()


def require_encoder(encoder: Encoder) -> None:
    """`ExportError` unless the installed library reproduces files written by `encoder`."""
    if encoder != ENCODER or pl.__version__ != encoder.version:
        raise ExportError(
            "encoder",
            f"the record was written by {encoder.library} {encoder.version} ({encoder.settings}); here is polars "
            f"{pl.__version__}: install that version to reproduce the files",
        )


def decode_parquet(schema: Schema, data: bytes, where: str) -> tuple[list[int], list[int], list[Row]]:
    """Entries, positions and rows of a segment file whose SHA-256 was compared with its seal before.

    Only a file that its seal vouches for is parsed; still, any failure of the parser becomes an `ExportError`.
    """
    frame = _read(schema, data, where)
    if frame.schema != polars_schema(schema):
        raise ExportError("parquet-schema", f"columns are {frame.schema}, the schema says otherwise", where)
    times = [column.name for column in schema.columns if column.type == "time"]
    frame = frame.with_columns(pl.col(name).to_physical() for name in times)
    money = {column.name for column in schema.columns if column.type == "decimal"}
    columns = [
        [None if value is None else int(value) for value in frame[column.name]]
        if column.name in money
        else frame[column.name].to_list()
        for column in schema.columns
    ]
    return frame["entry"].to_list(), frame["position"].to_list(), list(zip(*columns, strict=True))


def count_rows(schema: Schema, data: bytes, where: str) -> int:
    """Rows of a segment file, all of it decoded and thrown away again: what a query engine may be given.

    `ExportError` unless every page can be decoded, the columns are those of the schema, and footer and row groups
    count the rows that are there (an engine answers COUNT(*) from the footer). Needs the memory of one batch, and
    some milliseconds per file.
    """
    with _refusing(where):
        file = _opened(schema, data, where)
        stated = {file.metadata.num_rows, sum(file.metadata.row_group(n).num_rows for n in range(file.num_row_groups))}
        rows = 0
        for batch in file.iter_batches(_BATCH_ROWS):
            batch.validate(full=True)
            rows += batch.num_rows
    if stated != {rows}:
        raise ExportError("parquet-rows", f"{rows} rows, its footer states {sorted(stated)}", where)
    return rows


@cache
def _arrow_schema(schema: Schema) -> Any:
    """Names and types of a segment file's columns as Arrow reads them: those of a file without rows."""
    import pyarrow as pa
    from pyarrow import parquet

    return parquet.ParquetFile(pa.BufferReader(encode_parquet(schema, [], [], []))).schema_arrow


def _opened(schema: Schema, data: bytes, where: str) -> Any:
    """The file with its footer read and no page decoded: a few bytes can say that they are a billion rows."""
    import pyarrow as pa
    from pyarrow import parquet

    file = parquet.ParquetFile(pa.BufferReader(data))
    columns = file.schema_arrow
    # As Arrow sees them: polars would panic at names and time zones that are none.
    if not columns.equals(_arrow_schema(schema)):
        found = ", ".join(f"{column.name!a} {column.type}" for column in columns)
        raise ExportError("parquet-schema", f"columns are {found}; the schema says otherwise", where)
    rows = max(file.metadata.num_rows, sum(file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)))
    if rows > LIMITS.segment_rows_max:
        raise ExportError("parquet-rows", f"{rows} rows, at most {LIMITS.segment_rows_max} are read", where)
    return file


def _read(schema: Schema, data: bytes, where: str) -> pl.DataFrame:
    """All rows, whatever statistics say."""
    with _refusing(where):
        table = _opened(schema, data, where).read()
        table.validate(full=True)
        return pl.DataFrame(table)


@contextmanager
def _refusing(where: str) -> Iterator[None]:
    """Every failure of the parser becomes an `ExportError`.

    Arrow's reader, not that of polars: whoever seals a damaged file himself (a self-asserted export) could end the
    process with the latter, since there an allocation that fails aborts. Arrow's refuses.
    """
    import pyarrow as pa

    try:
        yield
    except (*_FAILURES, pa.ArrowException, pl.exceptions.PanicException) as error:
        raise ExportError("parquet", f"not a readable Parquet file: {error}", where) from None
