"""What a stranger wrote reaches a terminal as text, never as something that rewrites the screen."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from portal.cli import application
from portal.commands.check import _print
from queries import Verdict
from queries.errors import EvidenceError, QueriesError, QueryError
from queries.evidence.verdict import ProvenEntry, ProvenRow
from tests.queries.asked_export import asked_export

HOSTILE = {
    "the escape character": "\x1b",
    "a bidirectional override": "\u202e",
    "a line separator": "\u2028",
    "a line break": "\n",
    "a carriage return": "\r",
    "an eight-bit control": "\x9b",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_errors_quote_it_escaped(name: str) -> None:
    bad = HOSTILE[name]
    for error in (QueriesError("x", f"a{bad}b", f"c{bad}d"), EvidenceError("x", f"a{bad}b"), QueryError("x", bad)):
        assert bad not in str(error)
        assert bad not in error.sentence
        assert bad not in error.where


@pytest.mark.parametrize("name", HOSTILE)
def test_a_verdict_shows_it_escaped(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    bad = HOSTILE[name]
    text = f"a{bad}b"
    row = ProvenRow(text, text, 1, 0, {}, (), "written", "accepted", text, text, 0, 2, "sealed", text)
    entry = ProvenEntry("c", 1, "block", 0, text)
    verdict = Verdict(text, "self-asserted", "", 1, "", 0, (text,), 0, "embedded", 1, 1, 1, (row,), (entry,))
    _print(verdict)
    shown = capsys.readouterr().out
    assert bad not in shown.replace("\n", "") if bad != "\n" else "a\nb" not in shown


def test_what_parquet_cannot_hold_ends_with_2_and_a_sentence(tmp_path: Path) -> None:
    written = ["--format", "parquet", "-o", str(tmp_path / "x.parquet")]
    command = ["sql", str(asked_export().folder), "SELECT INTERVAL 1 DAY AS x", *written]
    found = CliRunner().invoke(application(frozenset({"sql"})), command)
    assert (found.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "cast the column to VARCHAR" in found.stderr


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_shows_it_escaped(name: str) -> None:
    bad = HOSTILE[name]
    query = f"SELECT 'a' || chr({ord(bad)}) || 'b' AS \"h{bad}h\", 1.5::DOUBLE AS \"d{bad}d\""
    found = CliRunner().invoke(application(frozenset({"sql"})), ["sql", str(asked_export().folder), query])
    assert found.exit_code == 0, found.output
    assert bad == "\n" or bad not in found.output
