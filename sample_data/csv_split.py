"""A CSV file's bytes to a header and columns of cells, each row with the line on which it starts.

Two ways to the same answer: a file without quotation marks whose rows all have the header's width is split in
whole columns; any other goes through the `csv` module, which knows quotations, and names every row that is wrong.
"""

import contextlib
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from sample_data.problems import Problems
from sample_data.records import INPUT_LIMITS

_DELIMITERS: Final = (",", ";", "\t")
_CHUNK_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of text."""

    delimiter: str
    """Comma, semicolon or tab."""
    header: list[str]
    """Column names, stripped, lower case."""
    header_line: int
    """Where the header stands, from 1."""
    columns: list[list[str]]
    """Per header column its cells, stripped."""
    lines: list[int]
    """Per row the line of the file on which it starts."""


def decode(path: Path, file: str, problems: Problems) -> str | None:
    """The file's text, or None with every reason in `problems`."""
    try:
        with path.open("rb") as stream:
            # In chunks: memory is taken for as many bytes as are asked for, were the file empty.
            chunks = iter(lambda: stream.read(_CHUNK_BYTES), b"")
            data = b"".join(islice(chunks, INPUT_LIMITS.file_bytes_max // _CHUNK_BYTES + 1))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        problems.add(file, 0, "", f"cannot be read: {reason}")
        return None
    if len(data) > INPUT_LIMITS.file_bytes_max:
        problems.add(file, 0, "", f"has more than {INPUT_LIMITS.file_bytes_max:,} bytes")
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add(file, 0, "", "is UTF-16 (a spreadsheet's “Unicode text”): save it as CSV UTF-8")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        for number, line in enumerate(data.splitlines(), start=1):
            _report_encoding(line, number, file, problems)
        return None


def split(text: str, expected: Sequence[str], file: str, problems: Problems) -> Cells | None:
    """The table of cells; rows that do not fit the header are left out and reported."""
    header_line = next((line for line in io.StringIO(text) if line.strip()), "")
    if not header_line:
        problems.add(file, 0, "", "the file is empty: it needs a header line and rows")
        return None
    delimiter = _delimiter(header_line, expected)
    cells = _split_whole(text, delimiter)
    if cells is None:
        cells = _split_by_row(text, delimiter, file, problems)
    if len(cells.lines) > INPUT_LIMITS.rows_max:
        problems.add(file, 0, "", f"has {len(cells.lines):,} rows, more than {INPUT_LIMITS.rows_max:,}")
        return None
    return cells


def _report_encoding(line: bytes, number: int, file: str, problems: Problems) -> None:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        hint = ""
        with contextlib.suppress(UnicodeDecodeError):
            hint = f"; as GB18030 it reads {line.decode('gb18030')[:40]!r}"
        byte = line[error.start]
        problems.add(file, number, "", f"byte {error.start + 1} (0x{byte:02x}) is not UTF-8{hint}: save as UTF-8")


def _delimiter(header_line: str, expected: Sequence[str]) -> str:
    """The delimiter under which the header names most of the expected columns, then has most fields."""

    def score(delimiter: str) -> tuple[int, int]:
        fields = [field.strip().strip('"').strip().casefold() for field in header_line.split(delimiter)]
        return sum(field in expected for field in fields), len(fields)

    return max(_DELIMITERS, key=score)


def _split_whole(text: str, delimiter: str) -> Cells | None:
    """Columns by slicing; None when the file has quotations, blank lines or rows of another width."""
    body = text.replace("\r\n", "\n").removesuffix("\n")
    if '"' in body or "\r" in body:
        return None
    lines = body.split("\n")
    width = lines[0].count(delimiter) + 1
    separators = (width - 1) * len(lines)
    if body.count(delimiter) != separators or any(line.count(delimiter) != width - 1 for line in lines):
        return None
    flat = [cell.strip() for cell in body.replace("\n", delimiter).split(delimiter)]
    columns = [flat[index::width] for index in range(width)]
    if not any(column[0] for column in columns) or _blank_rows(columns):
        return None
    header = [column[0].casefold() for column in columns]
    return Cells(delimiter, header, 1, [column[1:] for column in columns], list(range(2, len(lines) + 1)))


def _blank_rows(columns: Sequence[Sequence[str]]) -> bool:
    """Whether a row is all empty cells: what spreadsheets leave below a table."""
    if all(columns[0]):
        return False
    return any(not any(cells) for cells in zip(*columns, strict=True))


def _split_by_row(text: str, delimiter: str, file: str, problems: Problems) -> Cells:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    start = header_line = 1
    try:
        for record in reader:
            row = [cell.strip() for cell in record]
            if not any(row):
                pass
            elif not header:
                header, header_line = row, start
            elif len(row) == len(header):
                rows.append(row)
                lines.append(start)
            else:
                problems.add(file, start, "", f"has {len(row)} fields, the header has {len(header)}")
            start = reader.line_num + 1
    except csv.Error as error:
        problems.add(file, start, "", f"is not a CSV record that starts here: {error}")
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in header]
    return Cells(delimiter, [name.casefold() for name in header], header_line, columns, lines)
