"""The page of arguments is the one that the contracts give."""

from pathlib import Path

from chain.contracts.methods_page import page

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "methods.md"


def test_the_page_of_methods_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page()


def test_every_action_and_method_has_its_heading_and_every_argument_its_type() -> None:
    text = page()
    assert "## `participant.register`" in text and "### `admit-validator`" in text
    assert "|  |" not in text
    assert "| `threshold` | integer |" in text
