"""Every error that `queries` raises.

    QueriesError               code, where, sentence
    ├── QueryError             a query that cannot be answered, with its place in the text and near names
    │   ├── RefusedError       a statement, function or relation that the sandbox does not let through
    │   ├── QueryLimitError    a named limit of `queries.limits` was passed, or somebody cancelled
    │   └── DigitLossError     a conversion that would lose a digit
    ├── CacheError             the reader's own cache folder cannot be used
    └── EvidenceError          evidence that cannot be made, or that does not hold

Whoever hands over a wrong export meets `chain.errors` as everywhere; a traceback of DuckDB leaves this package never.
"""

from chain.unicode14 import quoted


class QueriesError(Exception):
    """`code`: stable, for programs. `where`: file, field or row. `sentence`: for a person."""

    def __init__(self, code: str, sentence: str, where: str = "") -> None:
        # Sentences and places may quote a stranger's bytes.
        sentence, where = quoted(sentence), quoted(where)
        super().__init__(f"{where}: {sentence}" if where else sentence)
        self.code = code
        self.where = where
        self.sentence = sentence


class QueryError(QueriesError):
    """A query that cannot be answered.

    `line` and `column` count from 1 and are 0 where the place is unknown; `suggestions` are near names, best first.
    """

    def __init__(
        self, code: str, sentence: str, line: int = 0, column: int = 0, suggestions: tuple[str, ...] = ()
    ) -> None:
        hint = f"; did you mean {', '.join(suggestions)}?" if suggestions else ""
        super().__init__(code, f"{sentence}{hint}", f"line {line}, column {column}" if line else "")
        self.line = line
        self.column = column
        self.suggestions = suggestions


class RefusedError(QueryError):
    """A statement, function or relation that the sandbox does not let through."""


class QueryLimitError(QueryError):
    """A named limit of `queries.limits` was passed, or somebody cancelled."""


class DigitLossError(QueryError):
    """A conversion that would lose a digit."""


class CacheError(QueriesError):
    """The reader's own cache folder cannot be used."""


class EvidenceError(QueriesError):
    """Evidence that cannot be made, or that does not hold."""
