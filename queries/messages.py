"""DuckDB's errors in our words: a sentence, the place in the query, near names. Never its traceback."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from queries.errors import QueryError, QueryLimitError
from queries.limits import QUERY_LIMITS

_LINE = re.compile(r"^LINE (\d+): ?(.*)\n( *)\^", re.MULTILINE)
_UNKNOWN = re.compile(
    r"(?:Referenced column|Table with name|Scalar Function with name|Column with name|Referenced table|"
    r"Table Function with name|Aggregate Function with name)"
    r' "?([^"\s!]+)"?'
)
_PREFIX = re.compile(r"\A([A-Za-z ]+) Error: ")
_HINTS = re.compile(r"\n+\s*(Did you mean|Candidate |LINE \d+:|Launch the database).*", re.DOTALL)

_CODES = {
    "Parser": "syntax",
    "Catalog": "unknown-name",
    "Binder": "unknown-name",
    "Conversion": "conversion",
    "Out of Range": "out-of-range",
    "Permission": "refused",
}
"""DuckDB's kind of error → our code; any other is `query`."""


def near_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Known names that look like `name`, best first."""
    folded = {item.lower(): item for item in sorted(known, reverse=True)}
    close = get_close_matches(name.lower(), list(folded), n=QUERY_LIMITS.suggestions_max, cutoff=0.6)
    return tuple(folded[item] for item in close)


def place_of(text: str, node: dict[str, Any], offset: int) -> tuple[int, int]:
    """(line, column) from 1 of a node of the syntax tree of `text[offset:]`; (0, 0) where DuckDB gives none."""
    location = node.get("query_location")
    if not isinstance(location, int) or offset < 0:
        return 0, 0
    # DuckDB counts bytes of UTF-8.
    before = text[:offset] + text[offset:].encode()[:location].decode(errors="replace")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def explain_error(error: Exception, text: str, known: Collection[str]) -> QueryError:
    """The error to raise instead; `known` are the names that suggestions may come from.

    What breaks while rows stream arrives as an error of Arrow with DuckDB's text: the text decides.
    """
    message = str(error)
    prefix = _PREFIX.match(message)
    kind = prefix.group(1) if prefix else ""
    if kind == "INTERRUPT":
        return QueryLimitError("cancelled", "the query was cancelled")
    if kind == "Out of Memory":
        sentence = f"the query needs more than the {QUERY_LIMITS.memory_mb} MB of memory that it may use"
        return QueryLimitError("memory", sentence)
    line, column = _place(message, text)
    sentence = " ".join(_HINTS.sub("", _PREFIX.sub("", message, count=1)).split()).rstrip("!.")
    unknown = _UNKNOWN.search(message)
    suggestions = near_names(unknown.group(1), known) if unknown else ()
    code = _CODES.get(kind, "query")
    return QueryError(code, sentence or "the query cannot be answered", line, column, suggestions)


def _place(message: str, text: str) -> tuple[int, int]:
    """Line and column from 1. DuckDB shows long lines in part: what it shows is found in the text again."""
    match = _LINE.search(message)
    if match is None:
        return 0, 0
    number, shown = int(match.group(1)), match.group(2)
    inside = _characters(shown, len(match.group(3)) - len(f"LINE {number}: "))
    lines = text.split("\n")
    excerpt = shown.removeprefix("...").removesuffix("...")
    if number <= len(lines) and shown.startswith("...") and excerpt in lines[number - 1]:
        inside += lines[number - 1].index(excerpt) - len("...")
    return number, max(inside, 0) + 1


def _characters(text: str, cells: int) -> int:
    """How many characters of `text` fill so many cells of a terminal: a Chinese character fills two."""
    for count, character in enumerate(text):
        if cells <= 0:
            return count
        cells -= 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return len(text)
