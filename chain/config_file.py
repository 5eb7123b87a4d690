"""A configuration file, read table by table: what is wrong with it is noted with line and column, and reading goes on.

A value that is not of its kind is noted and stands for its default, so that one mistake is told once.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS
from chain.contracts.participant_state import Parameters as Participation
from chain.errors import ConfigError, ParseError
from chain.execution import ANYONE
from chain.fields import AREA_PATTERN
from chain.limits import LIMITS
from chain.near import near
from chain.text import check_name, check_text, printable
from chain.toml_lines import Path, Place
from chain.units import DAY_MS, HOUR_MS, MINUTE_MS

_AREA = re.compile(AREA_PATTERN)
_KEY = re.compile(r"[A-Za-z0-9_-]+")
_DAYS_TO_1970 = 719_163
"""Ordinal of 1970-01-01 in the calendar of years from 1 on."""

_Choice = TypeVar("_Choice", bound=str)

_WORDS: Mapping[type, str] = {bool: "a truth value", dict: "a table", int: "an integer", list: "an array", str: "text"}

ROLES = frozenset(
    {
        role
        for contract in (*GOVERNANCE_CONTRACTS, *AREA_CONTRACTS)
        for method in contract.methods
        for role in method.callers
    }
    | set(Participation().grantable_roles)
) - {ANYONE}
"""Roles that some method of some contract is for, and those that anyone may hold."""


def known_type(value: object) -> bool:
    """Whether it is none of TOML's dates and times."""
    return isinstance(value, tuple(_WORDS))


class ConfigFile:
    """The problems of one file."""

    def __init__(self, source: str, places: Mapping[Path, Place]) -> None:
        self._source = source
        self._places = places
        self._problems: dict[Path, tuple[Place, ConfigError]] = {}
        self._total = 0

    def problem(self, code: str, path: Path, sentence: str) -> None:
        """Note one; of a value and what is in it the first is told."""
        if not any(path[: length + 1] in self._problems for length in range(len(path))):
            self._total += 1
            if len(self._problems) < LIMITS.config_problems_max:
                place = self._place(path)
                where = f"{self._source}:{place.line}:{place.column}"
                self._problems[path] = (
                    place,
                    ConfigError(code, sentence, f"{where}: {_spelled(path)}" if path else where),
                )

    def is_bad(self, path: Path) -> bool:
        """Whether there is a problem with the value at `path`, or with what is in it."""
        return any(noted[: len(path)] == path for noted in self._problems)

    def check_text(self, path: Path, text: str) -> None:
        """Text that the record takes."""
        try:
            check_text(text, "")
        except ParseError as error:
            self.problem("text", path, error.sentence)

    def raise_if_any(self) -> None:
        """`ConfigError` where something was noted, in the order of the file."""
        if self._problems:
            problems = tuple(error for _, error in sorted(self._problems.values(), key=lambda noted: noted[0]))
            told = f"{self._total} problems" if self._total > 1 else problems[0].sentence
            raise ConfigError("config", told, self._source, problems)

    def _place(self, path: Path) -> Place:
        """Of the key, or of the nearest one above it that stands in the file."""
        while path and path not in self._places:
            path = path[:-1]
        return self._places.get(path, Place(1, 1))


class Table:
    """One table, read key by key; `finish` names the keys that nobody asked for."""

    def __init__(self, file: ConfigFile, path: Path, content: Mapping[str, Any]) -> None:
        self.file = file
        self.content = content
        self._path = path
        self._asked: set[str] = set()

    def problem(self, code: str, path: Path, sentence: str) -> None:
        """Note a problem of this table."""
        self.file.problem(code, (*self._path, *path), sentence)

    def is_bad(self, key: str) -> bool:
        """Whether the value at `key` has a problem already."""
        return self.file.is_bad((*self._path, key))

    def finish(self) -> None:
        """Every key must have been asked for."""
        for key in self.content:
            if key not in self._asked:
                self.problem("unknown-key", (key,), f"there is no such key here{near(key, self._asked)}")

    def table(self, key: str) -> "Table":
        """A table that must be there."""
        return Table(self.file, (*self._path, key), self._take(key, dict, None) or {})

    def optional_table(self, key: str) -> "Table":
        """A table that may be left out, and is empty then."""
        return Table(self.file, (*self._path, key), self._take(key, dict, {}))

    def tables(self, key: str, *, needed: bool = True) -> list["Table"]:
        """An array of tables, `[[key]]`."""
        found = self._take(key, list, None if needed else []) or []
        if not all(isinstance(one, dict) for one in found):
            self.problem("type", (key,), f"write each as a table of its own, under [[{key}]]")
            return []
        return [Table(self.file, (*self._path, key, number), one) for number, one in enumerate(found)]

    def text(self, key: str, default: str | None = None) -> str:
        """Any text; without a default it must be there."""
        return str(self._take(key, str, default) or "")

    def integer(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """From `least` to `most`."""
        found = self._take(key, int, default)
        if found is None or not least <= found <= most:
            if found is not None:
                self.problem("range", (key,), f"{found}: from {least} to {most}")
            return least
        return int(found)

    def name(self, key: str, default: str | None = None) -> str:
        """A name of `docs/format.md` section 1; "" only where that is the default."""
        found = self.text(key, default)
        if found != (default or ""):
            self.checked(key, check_name)
        elif found == "" and default is None and isinstance(self.content.get(key), str):
            self.problem("name", (key,), "a name is not empty")
        return found

    def title(self, key: str, default: str | None = None) -> str:
        """What people call something."""
        found = self.text(key, default)
        if not 0 < len(found) <= LIMITS.title_characters_max and key in self.content:
            self.problem("title", (key,), f"1 to {LIMITS.title_characters_max} characters")
        return found

    def choice(self, key: str, options: tuple[_Choice, ...], default: _Choice) -> _Choice:
        """One of `options`."""
        found = self.text(key, default)
        for option in options:
            if option == found:
                return option
        self.problem("choice", (key,), f"{found!r}{near(found, options)}")
        return default

    def area(self, key: str) -> str:
        """An administrative code, GB/T 2260 and GB/T 10114."""
        found = self.text(key)
        if not _AREA.fullmatch(found):
            self.problem("area", (key,), f"{found!r} is not an administrative code of 6, 9 or 12 digits, as text")
        return found

    def roles(self, key: str) -> tuple[str, ...]:
        """An array of roles, in any order; each must be one of `ROLES`."""
        found = self._take(key, list, [])
        for number, role in enumerate(found):
            if not isinstance(role, str):
                self.problem("type", (key, number), f"a role is text, this is {_kind_of(role)}")
            elif role not in ROLES:
                self.problem("unknown-role", (key, number), f"{role!r} is no role{near(role, ROLES)}")
            elif role in found[:number]:
                self.problem("taken", (key, number), f"{role} stands there twice")
        return tuple(sorted({role for role in found if isinstance(role, str)}))

    def moment(self, key: str) -> int:
        """A date and time with its offset from UTC, whole milliseconds; ms since 1970 UTC."""
        self._asked.add(key)
        value = self.content.get(key)
        example = "for instance 2026-11-02T00:00:00+08:00"
        if value is None:
            self.problem("missing", (key,), f"the time of block 0 is missing, {example}")
        elif not hasattr(value, "utcoffset") or not hasattr(value, "toordinal") or value.utcoffset() is None:
            self.problem("type", (key,), f"a date and time with its offset from UTC, {example}")
        elif value.microsecond % 1000:
            self.problem("type", (key,), "whole milliseconds")
        else:
            offset = value.utcoffset()
            clock_ms = value.hour * HOUR_MS + value.minute * MINUTE_MS + value.second * 1000 + value.microsecond // 1000
            days = value.toordinal() - _DAYS_TO_1970 - offset.days
            time_ms: int = days * DAY_MS + clock_ms - offset.seconds * 1000
            if 0 <= time_ms <= LIMITS.time_ms_max:
                return time_ms
            self.problem("range", (key,), "from 1970 to 9999")
        return 0

    def checked(self, key: str, check: Callable[[object, str], object]) -> None:
        """A rule of `chain` for the text at `key`, if it is there."""
        try:
            check(self.content.get(key), key)
        except ParseError as error:
            if isinstance(self.content.get(key), str):
                self.problem(error.code, (key,), error.sentence)

    def require_new(self, key: str, value: str, taken: Mapping[str, object]) -> None:
        """Nobody before has the value."""
        if value and value in taken:
            self.problem("taken", (key,), f"{printable(str(self.content.get(key, value)))} is taken already")

    def require_known(self, key: str, names: Collection[str], what: str, would: str) -> None:
        """What the value refers to is there."""
        found = self.content.get(key, "")
        if isinstance(found, str) and found and found not in names:
            self.problem(f"unknown-{what}", (key,), f"{found!r} is no {what}{near(found, names)} ({would})")

    def _take(self, key: str, kind: type, default: Any) -> Any:
        """The value, if it is of `kind`; else the default, None where that is a problem that has been noted."""
        self._asked.add(key)
        if key not in self.content:
            if default is None:
                self.problem("missing", (key,), f"{key} is missing: {_WORDS[kind]}")
            return default
        value = self.content[key]
        # A truth value is an integer to Python.
        if type(value) is not kind:
            self.problem("type", (key,), f"{_WORDS[kind]} stands here, not {_kind_of(value)}")
            return default
        return value


def _kind_of(value: object) -> str:
    return _WORDS.get(type(value), "a number with a fraction" if isinstance(value, str) else "a date or time")


def _spelled(path: Path) -> str:
    """`channel[1].area`, as people write it."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _KEY.fullmatch(part) else repr(part))
    return text
