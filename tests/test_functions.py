"""`docs/functions.md` lists every row that the papers name, and what shows it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/functions.md").read_text(encoding="utf-8")
EXPECTED = [
    f"{letter}{number}" for letter, last in (("F", 36), ("T", 17), ("B", 10), ("A", 6)) for number in range(1, last + 1)
]
ROWS = {
    row: (state.strip(), set(re.findall(r"`(test_\w+)`", shown)))
    for row, _, state, _, shown in re.findall(r"^\| ([FTBA]\d+) \|(.*?)\|(.*?)\|(.*?)\|(.*?)\|$", PAGE, re.MULTILINE)
}
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
}


def test_every_row_of_the_papers_is_listed_once() -> None:
    listed = re.findall(r"^\| ([FTBA]\d+) \|", PAGE, re.MULTILINE)
    assert sorted(re.sub(r"([A-Z])0", r"\1", row) for row in listed) == sorted(EXPECTED)


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_row_is_shown_by_tests_or_not_claimed(row: str) -> None:
    state, shown = ROWS[row]
    assert re.match(r"works|in part|not yet", state)
    assert bool(shown) == (state != "not yet")
    assert shown - TESTS == set(), "no such test"


def test_no_test_is_named_after_a_row_that_claims_nothing() -> None:
    idle = {row for row, (state, _) in ROWS.items() if state == "not yet"}
    named = {row for name in TESTS for row in re.findall(r"(?<=_)[FTBA]\d+(?=_)", name)}
    assert named & idle == set()
