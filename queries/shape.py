"""How large and how deep the text of a query may be, decided before any parser sees it.

DuckDB's parser takes time and memory that grow with the square of what it must try again: 6,000 open brackets or minus
signs cost minutes and gigabytes. Its tokenizer takes one pass, so its tokens are counted first. In this order:
1. The text is at most `query_characters_max` long and can be written as UTF-8.
2. Brackets are nested at most `query_brackets_max` deep; in strings, quoted names and comments they do not count.
3. At most `query_operators_max` operators and opening brackets stand in a row.
4. There are at most `query_set_operations_max` words UNION, EXCEPT, INTERSECT.
5. There are at most `query_with_max` named subqueries: `AS (`, `AS MATERIALIZED (`; they are nested at most
   `query_with_depth_max` deep, since each level doubles what the parser tries.
"""

import re
from collections.abc import Iterator
from typing import NoReturn

import duckdb

from queries.errors import RefusedError
from queries.limits import QUERY_LIMITS

_OPENING = (b"(", b"[", b"{")
_CLOSING = (b")", b"]", b"}")
_ENDING = (*_CLOSING, b",", b";")
"""Before these an expression is complete: they end a run of operators."""
_SET_OPERATIONS = frozenset({b"union", b"except", b"intersect"})
_BEFORE_SUBQUERY = frozenset({b"not", b"materialized"})
"""What may stand between AS and the bracket."""
_WORD = re.compile(rb"\w+")


def require_shape(text: str) -> None:
    """Rules 1–5; a violation is a `RefusedError` with its place."""
    data = _encoded(text)
    run = operations = subqueries = 0
    opened: list[bool] = []
    after_as = False
    for offset, word, is_operator in _tokens(data):
        run = run + 1 if is_operator and word not in _ENDING else 0
        if word in _OPENING:
            opened.append(after_as)
        elif word in _CLOSING and opened:
            opened.pop()
        operations += word in _SET_OPERATIONS
        subqueries += after_as and word == b"("
        after_as = word == b"as" or (after_as and word in _BEFORE_SUBQUERY)
        if len(opened) > QUERY_LIMITS.query_brackets_max or sum(opened) > QUERY_LIMITS.query_with_depth_max:
            sentence = f"brackets are nested more than {QUERY_LIMITS.query_brackets_max} deep, "
            sentence += f"or named subqueries more than {QUERY_LIMITS.query_with_depth_max}"
            _refuse("query-depth", sentence, data, offset)
        if run > QUERY_LIMITS.query_operators_max:
            sentence = f"more than {QUERY_LIMITS.query_operators_max} operators in a row"
            _refuse("query-depth", sentence, data, offset)
        if operations > QUERY_LIMITS.query_set_operations_max:
            sentence = f"more than {QUERY_LIMITS.query_set_operations_max} times UNION, EXCEPT or INTERSECT"
            _refuse("query-size", sentence, data, offset)
        if subqueries > QUERY_LIMITS.query_with_max:
            sentence = f"more than {QUERY_LIMITS.query_with_max} named subqueries"
            _refuse("query-size", sentence, data, offset)


def _encoded(text: str) -> bytes:
    """Rule 1."""
    if len(text) > QUERY_LIMITS.query_characters_max:
        raise RefusedError("query-length", f"a query has at most {QUERY_LIMITS.query_characters_max} characters")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError("query-text", f"character {error.start + 1} cannot be written as UTF-8") from None


def _tokens(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """(byte offset, lower-case word or first byte, whether it is an operator or bracket), but strings and comments."""
    for offset, kind in duckdb.tokenize(data.decode()):
        if kind in (duckdb.token_type.string_const, duckdb.token_type.comment):
            continue
        match = _WORD.match(data, offset)
        word = match.group().lower() if match else data[offset : offset + 1]
        yield offset, word, kind == duckdb.token_type.operator


def _refuse(code: str, sentence: str, data: bytes, offset: int) -> NoReturn:
    before = data[:offset].decode(errors="replace")
    raise RefusedError(code, sentence, before.count("\n") + 1, len(before) - before.rfind("\n"))
