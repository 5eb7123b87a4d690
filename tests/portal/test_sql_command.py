"""`gridproof sql` and `gridproof check`, as a user runs them."""

import json
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from chain.errors import ExportError
from portal.cli import application
from queries.limits import QUERY_LIMITS
from tests.queries.asked_export import AREA, asked_export
from tests.sample_export import copy_of

TRADES = "SELECT * FROM trades ORDER BY channel, entry, position LIMIT 2"


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "trusted.policy"
    path.write_bytes(asked_export().policy)
    return str(path)


def run(command: str, *arguments: str, text: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(application(frozenset({command})), [command, *arguments], input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def sql(*arguments: str, text: str | None = None) -> tuple[int, str, str]:
    return run("sql", str(asked_export().folder), *arguments, text=text)


def test_a_table_is_followed_by_whose_word_it_is(policy: str) -> None:
    code, shown, _ = sql(TRADES, "--policy", policy)
    assert code == 0
    assert "2 rows" in shown
    assert "Complete and verified inputs" in shown
    assert "one trust domain" in shown
    code, shown, _ = sql(TRADES)
    assert code == 0
    assert "self-asserted" in shown
    assert "not verified" in shown


def test_rows_too_wide_to_stand_side_by_side_stand_upright() -> None:
    code, shown, _ = sql(TRADES)
    assert code == 0
    assert "row 0\n" in shown and "row 1\n" in shown
    assert any(line.startswith("  quantity_wh ") for line in shown.splitlines())
    code, shown, _ = sql("SELECT entry, position FROM trades LIMIT 2")
    assert code == 0 and "row 0" not in shown


def test_evidence_overwrites_nothing_and_says_how_to_check_it(tmp_path: Path) -> None:
    path = tmp_path / "trades.json"
    code, _, told = sql(TRADES, "--evidence", str(path))
    assert code == 0 and f"To check it: gridproof check {path}" in told
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        sql("SELECT 1", "--evidence", str(path))
    assert path.read_bytes() == before


def test_strict_refuses_signers_that_only_the_export_names(policy: str) -> None:
    assert sql(TRADES, "--strict")[0] == 1
    assert sql(TRADES, "--strict", "--policy", policy)[0] == 0


def test_json_carries_rows_and_status(policy: str) -> None:
    code, shown, _ = sql(TRADES, "--json", "--policy", policy)
    content = json.loads(shown)
    assert (code, len(content["rows"]), content["status"]["signers"]) == (0, 2, "policy")


def test_csv_goes_out_and_its_status_to_standard_error() -> None:
    code, shown, beside = sql("SELECT 1 AS a", "--format", "csv")
    assert (code, shown) == (0, "\ufeffa\n1\n")
    assert "self-asserted" in beside


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "table"])
def test_every_format_goes_into_a_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"answer.{kind}"
    assert sql("SELECT 7 AS a", "--format", kind, "-o", str(path))[0] == 0
    shown = str(pl.read_parquet(path)) if kind == "parquet" else path.read_text("utf-8")
    assert "7" in shown


def test_a_query_comes_from_a_file_or_from_standard_input(tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("SELECT 41 + 1 AS answer", encoding="utf-8")
    assert "42" in sql(str(tmp_path / "q.sql"))[1]
    assert "42" in sql("-", text="SELECT 41 + 1 AS answer")[1]


WRONG: dict[str, tuple[str, ...]] = {
    "syntax": ("SELEC 1",),
    "a name": ("SELECT * FROM tradez",),
    "a statement": ("DROP VIEW trades",),
    "a file": ("SELECT * FROM read_csv('/etc/passwd')",),
    "a missing file of SQL": ("missing.sql",),
    "parquet without a file": ("SELECT 1", "--format", "parquet"),
    "evidence of rows without coordinates": ("SELECT session FROM trades", "--evidence", "unwritten.json"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_query_ends_with_2_and_a_sentence(name: str) -> None:
    code, shown, beside = sql(*WRONG[name])
    assert (code, shown) == (2, "")
    assert beside.startswith("gridproof: ")
    assert beside.count("\n") == 1
    assert not Path("unwritten.json").exists()


def evidence(tmp_path: Path, query: str = TRADES) -> str:
    path = tmp_path / "evidence.json"
    assert sql(query, "--evidence", str(path), "--format", "csv")[0] == 0
    return str(path)


def test_evidence_is_checked_without_the_export(policy: str, tmp_path: Path) -> None:
    path = evidence(tmp_path)
    code, shown, _ = run("check", path, "--policy", policy, "--strict")
    assert code == 0
    assert shown.count("was written by an accepted call that fell due, signed by nobody; was sealed by entry") == 2
    assert "quantity_wh: " in shown
    assert "trusted by the policy that you handed in" in shown
    assert "one trust domain" in shown
    assert "not that there are no others" in shown


def test_an_entry_is_shown_with_its_content(policy: str, tmp_path: Path) -> None:
    path = evidence(tmp_path, f"SELECT channel, entry FROM blocks WHERE channel = '{AREA}' LIMIT 1")
    code, shown, _ = run("check", path, "--policy", policy)
    assert code == 0
    assert '"kind":"block"' in shown


def test_evidence_without_a_policy_is_self_asserted(tmp_path: Path) -> None:
    path = evidence(tmp_path)
    code, shown, _ = run("check", path, "--json")
    assert (code, json.loads(shown)["signers"], json.loads(shown)["verified"]) == (0, "self-asserted", False)
    assert run("check", path, "--strict")[0] == 1


def test_a_pinned_policy_is_found_and_another_is_an_error(
    tmp_path: Path, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, trust = evidence(tmp_path), tmp_path / "trust" / "little-fujian"
    monkeypatch.setenv("GRIDPROOF_TRUST", str(trust.parent))
    trust.mkdir(parents=True)
    (trust / f"{'0' * 64}.policy").write_bytes(b"another")
    code, _, beside = run("check", path)
    assert code == 1
    assert "pinned another policy" in beside
    digest = json.loads(run("check", path, "--policy", policy, "--json")[1])["policy_sha256"]
    (trust / f"{digest}.policy").write_bytes(asked_export().policy)
    assert json.loads(run("check", path, "--json", "--strict")[1])["signers"] == "pinned"


def test_evidence_that_is_older_than_the_reader_wants_is_refused(tmp_path: Path, policy: str) -> None:
    path = evidence(tmp_path)
    assert run("check", path, "--policy", policy, "--signed-since", "2026-11-01T00:00+08:00")[0] == 0
    code, _, beside = run("check", path, "--policy", policy, "--signed-since", "2026-12-01T00:00+08:00")
    assert code == 1
    assert "stale" in beside


def test_a_pin_that_was_changed_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, trust = evidence(tmp_path), tmp_path / "trust" / "little-fujian"
    monkeypatch.setenv("GRIDPROOF_TRUST", str(trust.parent))
    trust.mkdir(parents=True)
    (trust / f"{sha256(asked_export().policy).hexdigest()}.policy").write_bytes(b"another")
    code, _, beside = run("check", path)
    assert code == 1
    assert "not the one that its name says" in beside


def test_changed_evidence_does_not_hold(tmp_path: Path, policy: str) -> None:
    path = Path(evidence(tmp_path))
    path.write_text(path.read_text("utf-8").replace("little-fujian", "little-fujien", 1), encoding="utf-8")
    code, _, beside = run("check", str(path), "--policy", policy)
    assert code == 1
    assert "does not hold" in beside
    code, shown, _ = run("check", str(path), "--policy", policy, "--json")
    assert (code, json.loads(shown)["holds"]) == (1, False)


def test_no_more_of_a_file_is_read_than_evidence_has() -> None:
    code, _, beside = run("check", "/dev/zero")
    assert code == 1
    assert str(QUERY_LIMITS.evidence_bytes_max) in beside


def test_files_that_cannot_be_read_end_with_2(tmp_path: Path) -> None:
    path = evidence(tmp_path)
    assert run("check", str(tmp_path / "missing.json"))[0] == 2
    assert run("check", path, "--policy", str(tmp_path / "missing.policy"))[0] == 2


def test_a_damaged_export_is_not_asked(tmp_path: Path) -> None:
    export = copy_of(asked_export().folder, tmp_path / "export")
    segment = next((export / AREA / "tables" / "trades").glob("*.parquet"))
    segment.write_bytes(segment.read_bytes()[:-1])
    with pytest.raises(ExportError, match=segment.name):
        run("sql", str(export), "SELECT 1")
