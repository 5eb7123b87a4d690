"""`verify` and `check` as a reader meets them whose record changes policies and withholds channels."""

import json
import re
from pathlib import Path

import pytest

import queries
from chain import jcs
from chain.note import VerifierKey
from chain.policy import encode_policy, parse_policy
from chain.trust import pin_policy
from tests.chain.alliance_export import NEW, alliance_export
from tests.chain.little_alliance import NAME, PRIVATE
from tests.chain.little_network import AREA
from tests.portal.command_line import Run
from tests.sample_export import copy_of


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
    assert "gridproof verify --profile regulator" in out


@pytest.mark.parametrize(
    ("handed_over", "demanded", "withheld"),
    [
        ("whole", "regulator", ""),
        ("whole", "member", ""),
        ("whole", "public", ""),
        ("member", "regulator", f"{PRIVATE} (managers), {NEW} (managers)"),
        ("member", "member", ""),
        ("member", "public", ""),
        ("public", "regulator", f"{AREA} (members), {PRIVATE} (managers), {NEW} (managers)"),
        ("public", "member", f"{AREA} (members), {PRIVATE} (managers), {NEW} (managers)"),
        ("public", "public", ""),
    ],
)
def test_B9_a_reader_who_is_due_more_than_the_export_holds_refuses_it(
    handed_over: str, demanded: str, withheld: str, run: Run, first: Path
) -> None:
    words = ["verify", getattr(alliance_export(), handed_over), "--policy", first, "--profile", demanded]
    code, out, err = run(*words)
    if not withheld:
        assert code == 0, err
        return
    assert (code, out) == (1, "")
    assert f"of profile {handed_over}, less than {demanded}; it withholds {withheld}" in err


def test_an_export_that_holds_less_than_demanded_is_not_pinned_either(run: Run, first: Path, tmp_path: Path) -> None:
    words = ["verify", alliance_export().public, "--policy", first, "--pin", "--profile", "regulator", "--json"]
    code, out, _ = run(*words)
    assert (code, json.loads(out)["error"]["code"]) == (1, "profile")
    assert not (tmp_path / "trust").exists()


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


def test_proofs_are_made_and_checked_as_the_command_says_under_an_older_policy(
    run: Run, first: Path, tmp_path: Path
) -> None:
    sample, out_file = alliance_export(), tmp_path / "row.json"
    with queries.open(sample.whole) as opened:
        ((entry,),) = opened.sql("SELECT entry FROM organisations ORDER BY entry LIMIT 1").rows()
    words = ["governance", str(entry), "organisations", "0", out_file, "--policy", first]
    code, out, err = run("prove", sample.whole, *words)
    assert code == 0, err
    (line,) = (line for line in out.splitlines() if line.startswith("To check it: gridproof "))
    assert "--record" in line and "verify EXPORT --policy POLICY --pin" in out
    assert run(*line.removeprefix("To check it: gridproof ").split(), "--strict")[0] == 0
    code, _, err = run("check", out_file, "--policy", first)
    assert code == 1
    assert "your policy is older than the one in the file, or another: add --record EXPORT" in err
    before = out_file.read_bytes()
    assert run("prove", sample.whole, *words)[0] == 1
    assert out_file.read_bytes() == before


def test_a_flipped_byte_in_the_files_policy_is_called_a_change_of_the_file(
    run: Run, old_evidence: Path, first: Path
) -> None:
    content = json.loads(old_evidence.read_bytes())
    content["policy"] += "# mine\n"
    old_evidence.write_bytes(jcs.encode(content))
    code, _, err = run("check", old_evidence, "--policy", first)
    assert code == 1
    assert "neither yours nor one that yours was replaced by" in err and "it was changed" in err


def test_a_credential_counts_under_an_older_policy_beside_the_export_and_for_the_right_command(
    run: Run, first: Path, tmp_path: Path
) -> None:
    sample, made = alliance_export(), tmp_path / "auditor.credential"
    code, out, err = run("keys", "credential", sample.whole, "auditor", made, "--policy", first, "--strict")
    assert code == 0, err
    (line,) = (line for line in out.splitlines() if line.startswith("To check it: gridproof "))
    assert run(*line.removeprefix("To check it: gridproof ").split(), "--strict")[0] == 0
    code, _, err = run("keys", "credential-check", made, "--policy", first)
    assert code == 1 and "add --record EXPORT" in err
    code, _, err = run("check", made)
    assert code == 2 and "it is a credential: that is for `gridproof keys credential-check`" in err


def test_what_is_no_evidence_at_all_is_wrong_use(run: Run, old_evidence: Path, tmp_path: Path) -> None:
    code, out, err = run("check", tmp_path / "nothere.ev")
    assert (code, out) == (2, "") and "nothere.ev: no such file" in err and "Errno" not in err
    code, _, err = run("check", alliance_export().first)
    assert code == 2 and "gridproof verify" in err
    code, _, err = run("keys", "credential-check", old_evidence)
    assert code == 2 and "that is for `gridproof check`" in err
    code, _, err = run("private", "check", old_evidence, alliance_export().first)
    assert code == 2 and "that is for `gridproof check`" in err


def test_a_stray_file_is_refused_with_a_way_out(run: Run, first: Path, tmp_path: Path) -> None:
    export = copy_of(alliance_export().first, tmp_path / "copy")
    (export / ".DS_Store").write_bytes(b"")
    code, _, err = run("verify", export, "--policy", first)
    assert code == 1 and "if your own system put it there, remove it" in err


def test_a_checked_row_shows_dates_and_no_code_lists(run: Run, old_evidence: Path) -> None:
    code, out, _ = run("check", old_evidence)
    assert code == 0
    assert "ms UTC" not in out and "active|removed" not in out
    assert re.search(r"^  time: \d{4}-\d\d-\d\dT", out, re.MULTILINE)


def test_a_row_of_no_table_is_no_proof(run: Run, tmp_path: Path) -> None:
    code, out, err = run("prove", alliance_export().first, "governance", "0", "", "0", tmp_path / "o.ev")
    assert (code, out) == (2, "") and "TABLE is empty" in err
    assert not (tmp_path / "o.ev").exists()


def test_exports_in_the_wrong_order_are_asked_about(run: Run, first: Path) -> None:
    code, _, err = run("verify", alliance_export().first, "--policy", first, "--since", alliance_export().second)
    assert code == 1
    assert "did you swap the two?" in err


def test_a_policy_that_cannot_be_read_or_is_of_another_network_is_the_readers_mistake(
    run: Run, old_evidence: Path, tmp_path: Path
) -> None:
    whole = alliance_export().whole
    for words in (["verify", whole], ["check", old_evidence], ["sql", whole, "SELECT 1"]):
        code, out, err = run(*words, "--policy", tmp_path / "nope.policy")
        assert (code, out) == (2, ""), err
        assert "--policy: " in err and "cannot be read" in err and "does not hold" not in err
    reencoded = tmp_path / "named.policy"
    keys = parse_policy(alliance_export().policies[0])
    renamed = {
        name: VerifierKey(key.name.replace("/council/", "/fujian/"), key.algorithm, key.public_key)
        for name, key in keys.witnesses.items()
    }
    reencoded.write_bytes(encode_policy(keys.logs, renamed, len(renamed)))
    for words in (["verify", whole], ["check", old_evidence]):
        code, out, err = run(*words, "--policy", reencoded)
        assert (code, out) == (2, ""), err
        assert "your policy is for network fujian" in err


def test_a_record_that_does_not_hold_is_named(run: Run, old_evidence: Path, first: Path, tmp_path: Path) -> None:
    code, _, err = run("check", old_evidence, "--policy", first, "--record", tmp_path)
    assert code == 1
    assert str(tmp_path) in err
