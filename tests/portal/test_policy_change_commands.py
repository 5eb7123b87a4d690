"""`verify` and `check` as a reader meets them whose record changes policies and withholds channels."""

import json
from pathlib import Path

import pytest

import queries
from chain.trust import pin_policy
from tests.chain.alliance_export import NEW, alliance_export
from tests.chain.little_alliance import NAME, PRIVATE
from tests.chain.little_network import AREA
from tests.portal.test_record_commands import Run, run

__all__ = ["run"]


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The policy that the reader was given at the beginning."""
    path = tmp_path / "first.policy"
    path.write_bytes(alliance_export().policies[0])
    return path


@pytest.fixture
def old_evidence(tmp_path: Path) -> Path:
    path = tmp_path / "old.json"
    with queries.open(alliance_export().first) as opened:
        path.write_bytes(opened.sql("SELECT * FROM organisations LIMIT 1").evidence())
    return path


def test_a_reader_of_the_first_policy_is_told_what_changed_and_by_whom(run: Run, first: Path) -> None:
    code, out, _ = run("verify", alliance_export().whole, "--policy", first, "--strict")
    assert code == 0
    assert "Policy 3 (auditor, dispatcher, national-centre, provincial-centre, regulator) is in force" in out
    assert "handed over by auditor, dispatcher" in out
    assert "Your policy is policy 0 of this record" in out and "gridproof verify --pin" in out


def test_pinning_the_newest_retires_the_others(run: Run, first: Path) -> None:
    sample = alliance_export()
    code, out, _ = run("verify", sample.whole, "--policy", first, "--pin")
    assert code == 0
    assert "pinned: " in out and "policies before it are retired" in out
    code, out, _ = run("verify", sample.whole, "--strict")
    assert code == 0
    assert "Your policy is" not in out
    code, _, err = run("verify", sample.first)
    assert code == 1
    assert "signed under a policy that was retired" in err


def test_a_pinned_reader_follows_and_pins_anew(run: Run, tmp_path: Path) -> None:
    sample = alliance_export()
    pin_policy(NAME, sample.policies[0])
    code, out, _ = run("verify", sample.whole, "--pin", "--json")
    summary = json.loads(out)
    assert code == 0
    assert (summary["signers"], summary["trusted_policy"]) == ("pinned", 0)
    assert Path(summary["pinned"]).read_bytes() == sample.policies[-1]
    assert len(list((tmp_path / "trust" / NAME).glob("*.retired"))) == 3


def test_nothing_is_pinned_on_a_records_own_word(run: Run, tmp_path: Path) -> None:
    code, _, err = run("verify", alliance_export().whole, "--pin")
    assert code == 1
    assert "nothing is pinned" in err and "--policy" in err
    assert not (tmp_path / "trust").exists()


def test_nothing_is_pinned_where_something_does_not_hold(run: Run, first: Path, tmp_path: Path) -> None:
    code, _, _ = run(
        "verify", alliance_export().whole, "--policy", first, "--pin", "--signed-since", "2200-01-01T00:00Z"
    )
    assert code == 1
    assert not (tmp_path / "trust").exists()


def test_what_is_withheld_is_named_and_not_called_verified(run: Run, first: Path) -> None:
    code, out, _ = run("verify", alliance_export().public, "--policy", first)
    assert code == 0
    assert "everything that is here holds" in out
    assert f"Withheld: {AREA} (members), {PRIVATE} (managers), {NEW} (managers)" in out


def test_a_program_is_told_the_same(run: Run, first: Path) -> None:
    code, out, _ = run("verify", alliance_export().member, "--policy", first, "--json")
    summary = json.loads(out)
    assert code == 0
    assert summary["profile"] == "member"
    assert [(channel["channel"], channel["openness"]) for channel in summary["withheld"]] == [
        (PRIVATE, "managers"),
        (NEW, "managers"),
    ]
    assert [policy["number"] for policy in summary["policies"]] == [0, 1, 2, 3]
    assert summary["policies"][1]["arriving"] == summary["policies"][1]["validators"]
    assert "auditor" not in summary["policies"][1]["retiring"]
    assert summary["survives"] == {"forks": 2, "silence": 1}
    assert (summary["trusted_policy"], summary["pinned"]) == (0, None)


def test_since_reaches_back_over_a_change_of_policy(run: Run, tmp_path: Path) -> None:
    sample = alliance_export()
    newest = tmp_path / "newest.policy"
    newest.write_bytes(sample.policies[-1])
    code, out, _ = run("verify", sample.whole, "--policy", newest, "--since", sample.first)
    assert code == 0
    assert "extends the older export" in out


def test_old_evidence_counts_beside_a_newer_export_only(run: Run, old_evidence: Path, first: Path) -> None:
    sample = alliance_export()
    assert run("verify", sample.whole, "--policy", first, "--pin")[0] == 0
    code, _, err = run("check", old_evidence, "--strict")
    assert code == 1
    assert "signed under a policy that was retired" in err and "--record" in err
    code, out, _ = run("check", old_evidence, "--record", sample.whole, "--strict")
    assert code == 0
    assert "which was replaced by" in out
    code, out, _ = run("check", old_evidence, "--record", sample.public, "--json", "--strict")
    assert code == 0
    assert json.loads(out)["replaced_by"] is not None


def test_new_evidence_counts_beside_an_export_for_a_reader_of_an_old_policy(
    run: Run, first: Path, tmp_path: Path
) -> None:
    sample = alliance_export()
    path = tmp_path / "new.json"
    with queries.open(sample.whole) as opened:
        path.write_bytes(opened.sql("SELECT * FROM organisations LIMIT 1").evidence())
    code, _, err = run("check", path, "--policy", first)
    assert code == 1
    assert "--record" in err
    assert run("check", path, "--policy", first, "--record", sample.whole, "--strict")[0] == 0


def test_a_record_that_does_not_hold_is_named(run: Run, old_evidence: Path, first: Path, tmp_path: Path) -> None:
    code, _, err = run("check", old_evidence, "--policy", first, "--record", tmp_path)
    assert code == 1
    assert str(tmp_path) in err
