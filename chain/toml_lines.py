"""Where in a TOML text each key stands: what `tomllib` does not tell.

The text has been read by `tomllib` already, so it is valid TOML; this walks over it once more and notes for every key
and every item of an array its line and column, from 1, by its path: `("channel", 1, "area")` is the member `area` of
the second table of the array `channel`. Dotted keys, inline tables, arrays of tables and arrays over several lines have
the paths that their values have in what `tomllib` returns.

Source: TOML 1.0.0.
"""

import re
from typing import NamedTuple

from chain.limits import LIMITS

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """From 1."""

    line: int
    column: int


_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t]+")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_LONG_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}#]+(?: [0-9][^\s,\]}#]*)?")
"""Numbers, booleans, dates; a date and its time may be parted by one space."""
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def places_of(text: str) -> dict[Path, Place]:
    """Place of every key, table and array item of a valid TOML document; the first, where a table stands twice."""
    return _Walk(text).document()


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._line_start = 0
        self._arrays: dict[Path, int] = {}
        """Array of tables → how many there are so far."""
        self.places: dict[Path, Place] = {}

    def document(self) -> dict[Path, Place]:
        table: Path = ()
        self._skip(_BLANK_LINES)
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._header(2)
            elif self._text.startswith("[", self._at):
                table = self._header(1)
            else:
                self._pair(table)
            self._skip(_BLANK_LINES)
        return self.places

    def _header(self, brackets: int) -> Path:
        place = self._place()
        self._advance(brackets)
        keys = self._dotted_key()
        self._advance(brackets)
        *above, last = keys
        path = self._newest((), above)
        self._note_each(path, len(above), place)
        path = (*path, last)
        if brackets == 2:
            number = self._arrays.get(path, 0)
            self._arrays[path] = number + 1
            self.places.setdefault(path, place)
            path = (*path, number)
        elif path in self._arrays:
            path = (*path, self._arrays[path] - 1)
        self.places.setdefault(path, place)
        return path

    def _newest(self, start: Path, keys: list[str]) -> Path:
        """The path of a table named by keys: through arrays of tables it means their newest one."""
        path = start
        for key in keys:
            path = (*path, key)
            if path in self._arrays:
                path = (*path, self._arrays[path] - 1)
        return path

    def _note_each(self, path: Path, count: int, place: Place) -> None:
        """Tables that are named on the way."""
        for length in range(max(0, len(path) - count), min(len(path), LIMITS.config_places_depth_max)):
            self.places.setdefault(path[: length + 1], place)

    def _pair(self, table: Path) -> None:
        place = self._place()
        keys = self._dotted_key()
        path = (*table, *keys)
        self._note_each(path, len(keys), place)
        self._advance(1)
        self._skip(_BLANK)
        self._value(path)

    def _dotted_key(self) -> list[str]:
        """The parts of a key; behind it stands `=` or `]`."""
        keys: list[str] = []
        while True:
            self._skip(_BLANK)
            keys.append(self._simple_key())
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return keys
            self._advance(1)

    def _simple_key(self) -> str:
        first = self._text[self._at : self._at + 1]
        if first == '"':
            return _ESCAPE.sub(_unescaped, self._take(_BASIC)[1:-1])
        return self._take(_LITERAL)[1:-1] if first == "'" else self._take(_BARE)

    def _value(self, path: Path) -> None:
        text, at = self._text, self._at
        if text.startswith("[", at):
            self._array(path)
        elif text.startswith("{", at):
            self._inline_table(path)
        elif text.startswith('"""', at):
            self._take(_LONG_BASIC)
        elif text.startswith("'''", at):
            self._take(_LONG_LITERAL)
        elif text.startswith(('"', "'"), at):
            self._take(_BASIC if text[at] == '"' else _LITERAL)
        else:
            self._take(_SCALAR)

    def _array(self, path: Path) -> None:
        self._advance(1)
        self._skip(_BLANK_LINES)
        number = 0
        while self._at < len(self._text) and self._text[self._at] != "]":
            self.places[(*path, number)] = self._place()
            self._value((*path, number))
            number += 1
            self._skip(_BLANK_LINES)
            if self._text.startswith(",", self._at):
                self._advance(1)
                self._skip(_BLANK_LINES)
        self._advance(1)

    def _inline_table(self, path: Path) -> None:
        self._advance(1)
        self._skip(_BLANK_LINES)
        while self._at < len(self._text) and self._text[self._at] != "}":
            self._pair(path)
            self._skip(_BLANK_LINES)
            if self._text.startswith(",", self._at):
                self._advance(1)
                self._skip(_BLANK_LINES)
        self._advance(1)

    def _place(self) -> Place:
        return Place(self._line, self._at - self._line_start + 1)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None or match.end() == self._at:
            # Only for a text that `tomllib` would have refused: nothing is noted any more.
            self._at = len(self._text)
            return ""
        self._advance(match.end() - self._at)
        return match.group()

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._advance(match.end() - self._at)

    def _advance(self, count: int) -> None:
        start, self._at = self._at, self._at + count
        lines = self._text.count("\n", start, self._at)
        if lines:
            self._line += lines
            self._line_start = self._text.rindex("\n", start, self._at) + 1


def _unescaped(match: re.Match[str]) -> str:
    escape = match.group(1)
    return chr(int(escape[1:], 16)) if escape[0] in "uU" else _ESCAPES.get(escape, escape)
