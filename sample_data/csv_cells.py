"""One CSV cell to one typed value, and a whole column at a time.

Kinds and what they accept (everything else is a sentence about that cell):

1. `text`: any printable characters, brought to NFC.
2. `integer`: `-12`, `+12`; a fraction of one or two zeros (`12.0`, `12,00`: what spreadsheets and data frames
   make of integers). Three zeros (`1.000`) are refused: nobody can know whether that is one or a thousand.
3. `decimal`: `1.5`, `-0.25`, `1e-3`; `1,5` where the delimiter is not the comma. An exact `Decimal`.
4. `time`: integer milliseconds since 1970 UTC, or ISO 8601 with a zone (`2026-11-02T10:00:00+08:00`, `…Z`).
5. `choice`: one of the column's words, upper or lower case.

NaN, infinity, thousands separators, digits outside ASCII and numbers past the digit limit are refused. A whole
column is tested with one regular expression first, so a well-formed file never visits its cells one by one.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, Literal

import numpy as np

Kind = Literal["text", "integer", "decimal", "time", "choice"]

DIGITS_MAX: Final = 36
"""Digits of a number. Money on the record has at most 37; a longer cell is a mistake, not a value."""
TEXT_CHARACTERS_MAX: Final = 1_024
"""Characters of a text cell."""
TIME_MS_MAX: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, UTC."""

_INTEGERS = re.compile(r"(?:[+-]?[0-9]{1,36}\n)*")
_DECIMALS = re.compile(r"(?:[+-]?[0-9]{1,36}(?:\.[0-9]{1,36})?\n)*")
_ISO_TIMES = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,3})?)?\n)*")
_INTEGER = re.compile(r"([+-]?[0-9]{1,36})(?:[.,]0{1,2})?")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,36}(?:[.,][0-9]{1,36})?(?:[eE][+-]?[0-9]{1,2})?")
_NUMBER_LIKE = re.compile(r"[+-]?[0-9][0-9., '\u00a0\u202f]*")
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_ZONE = re.compile(r"(?:Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)$")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class CellError(Exception):
    """One cell that is not of its column's kind; the message is the sentence."""


def parse_text(cell: str) -> str:
    """Printable text in NFC: names that look the same are the same."""
    text = unicodedata.normalize("NFC", cell)
    if len(text) > TEXT_CHARACTERS_MAX:
        raise CellError(f"longer than {TEXT_CHARACTERS_MAX} characters")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs", "Cn", "Co"):
            raise CellError(f"contains the unprintable character U+{ord(character):04X}")
    return text


def parse_integer(cell: str, comma_is_delimiter: bool) -> int:
    """An integer of any sign."""
    match = _INTEGER.fullmatch(cell)
    if match is None or (comma_is_delimiter and "," in cell):
        raise CellError(_why_not_a_number(cell, "an integer"))
    return int(match.group(1))


def parse_decimal(cell: str, comma_is_delimiter: bool) -> Decimal:
    """An exact decimal."""
    if not _DECIMAL.fullmatch(cell) or (comma_is_delimiter and "," in cell):
        raise CellError(_why_not_a_number(cell, "a number"))
    return Decimal(cell.replace(",", "."))


def parse_time(cell: str) -> int:
    """Milliseconds since 1970-01-01T00:00:00Z, exact: a finer time is refused, not rounded."""
    if _INTEGER.fullmatch(cell):
        value = parse_integer(cell, comma_is_delimiter=True)
    else:
        match = _TIME.fullmatch(cell)
        if match is None:
            raise CellError(f"{_shown(cell)} is neither integer milliseconds nor ISO 8601 with a zone")
        year, month, day, hour, minute, second, fraction, zone = match.groups()
        if zone is None:
            raise CellError(f"{_shown(cell)} has no time zone: write +08:00 or Z")
        milliseconds = (fraction or "").ljust(3, "0")
        if milliseconds[3:].strip("0"):
            raise CellError(f"{_shown(cell)} is finer than a millisecond")
        try:
            moment = datetime(
                int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=_zone(zone)
            )
            value = (moment - _EPOCH) // _MILLISECOND + int(milliseconds[:3])
        except (ValueError, OverflowError):
            raise CellError(f"{_shown(cell)} is no moment of the calendar") from None
    if not 0 <= value <= TIME_MS_MAX:
        raise CellError(f"{_shown(cell)} lies outside the years 1970 to 9999")
    return value


def parse_choice(cell: str, choices: Sequence[str]) -> str:
    """The column's own spelling of the word."""
    for choice in choices:
        if cell.casefold() == choice.casefold():
            return choice
    raise CellError(f"{_shown(cell)} is not one of {', '.join(choices)}")


def parser(kind: Kind, choices: Sequence[str], comma_is_delimiter: bool) -> Callable[[str], Any]:
    """The cell parser of a column."""
    if kind == "text":
        return parse_text
    if kind == "integer":
        return lambda cell: parse_integer(cell, comma_is_delimiter)
    if kind == "decimal":
        return lambda cell: parse_decimal(cell, comma_is_delimiter)
    if kind == "time":
        return parse_time
    return lambda cell: parse_choice(cell, choices)


def parse_whole(kind: Kind, cells: Sequence[str], choices: Sequence[str]) -> list[Any] | None:
    """A column of plain cells in one pass; None where cells must be looked at one by one."""
    if kind == "choice":
        return list(cells) if set(choices).issuperset(cells) else None
    joined = "\n".join(cells) + "\n" if cells else ""
    if joined.count("\n") != len(cells):  # a quoted cell holds a line break
        return None
    if kind == "integer":
        return list(map(int, cells)) if _INTEGERS.fullmatch(joined) else None
    if kind == "decimal":
        return list(map(Decimal, cells)) if _DECIMALS.fullmatch(joined) else None
    if kind == "time":
        return _whole_times(joined, cells)
    printable = joined.replace("\n", "").isprintable() and unicodedata.is_normalized("NFC", joined)
    sized = all(cells) and max(map(len, cells), default=0) <= TEXT_CHARACTERS_MAX
    return list(cells) if printable and sized else None


def _whole_times(joined: str, cells: Sequence[str]) -> list[int] | None:
    """Times that are all plain integers, or all ISO 8601 in one zone."""
    if _INTEGERS.fullmatch(joined):
        values = list(map(int, cells))
        return values if not values or (min(values) >= 0 and max(values) <= TIME_MS_MAX) else None
    zone = _ZONE.search(cells[0])
    if zone is None or joined.count(zone.group() + "\n") != len(cells):
        return None
    local = joined.replace(zone.group() + "\n", "\n")
    if not _ISO_TIMES.fullmatch(local):
        return None
    try:
        offset_ms = (_zone(zone.group()).utcoffset(None)) // _MILLISECOND
        moments = np.array(local.split("\n")[:-1], dtype="datetime64[ms]").astype(np.int64) - offset_ms
    except ValueError:
        return None
    if moments.min() < 0 or moments.max() > TIME_MS_MAX:
        return None
    times: list[int] = moments.tolist()
    return times


def _zone(text: str) -> timezone:
    if text in "Zz":
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "").ljust(4, "0")
    if int(digits[2:]) > 59:
        raise ValueError("minutes of the zone")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def _why_not_a_number(cell: str, wanted: str) -> str:
    shown = _shown(cell)
    if sum(character.isdigit() for character in cell) > DIGITS_MAX:
        return f"{shown} has more than {DIGITS_MAX} digits"
    if _EXPONENT.fullmatch(cell):
        return f"{shown} was shortened to powers of ten by a spreadsheet: write all digits"
    if _NUMBER_LIKE.fullmatch(cell) and re.search(r"[., '\u00a0\u202f][0-9]{3}(?![0-9])", cell):
        return f"{shown} is ambiguous: write numbers without thousands separators"
    return f"{shown} is not {wanted}"


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:37] + "…")
