"""What is wrong with a user's files, as `file:line: field: problem`."""

from collections.abc import Sequence
from typing import NamedTuple

from sample_data.records import INPUT_LIMITS


class Problem(NamedTuple):
    """One thing wrong with a file."""

    file: str
    line: int
    """From 1; 0 = the file as a whole."""
    field: str
    """The column, or "" for a whole line or file."""
    problem: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.problem}" if self.field else f"{place}: {self.problem}"


class InputError(Exception):
    """Input that cannot be used: `problems` holds the first by line, `total` counts all. Exit code 2."""

    def __init__(self, problems: Sequence[Problem], total: int) -> None:
        self.problems = list(problems)
        self.total = total
        lines = [str(problem) for problem in self.problems]
        if total > len(lines):
            lines.append(f"… and {total - len(lines):,} more problems")
        super().__init__("\n".join(lines))


class Problems:
    """Collects problems of any number of files; memory stays bounded however many there are."""

    def __init__(self) -> None:
        self._held: list[Problem] = []
        self._files: dict[str, int] = {}
        self.total = 0

    def add(self, file: str, line: int, field: str, problem: str) -> None:
        """Note one problem."""
        self._files.setdefault(file, len(self._files))
        self._held.append(Problem(file, line, field, problem))
        self.total += 1
        if len(self._held) > INPUT_LIMITS.problems_held_max:
            self._held = self.first()

    def first(self) -> list[Problem]:
        """The first by file (in order of appearance) and line."""
        ordered = sorted(self._held, key=lambda item: (self._files[item.file], item.line))
        return ordered[: INPUT_LIMITS.problems_shown_max]

    def raise_if_any(self) -> None:
        """Raise `InputError` when there is a problem."""
        if self.total:
            raise InputError(self.first(), self.total)
