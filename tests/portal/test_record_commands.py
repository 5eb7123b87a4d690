"""`simulate`, `verify` and `replay` as their user meets them: what they print, how they end, what they leave behind."""

import json
from pathlib import Path

import pytest

from chain.trust import pin_policy
from tests.portal.command_line import Run
from tests.sample_export import NETWORK, copy_of, sample_export

PARTICIPANTS = """\ufeffparticipant;cost_fen_per_mwh;willingness_fen_per_mwh;strategy
sun;30000,0;45000;ladder
fab;30000;48000;cost_plus
"""
PLANTS = "plant,owner,technology,capacity_w\nsun-1,sun,solar_pv,3000000\n"
PROFILES = "time,participant,generation_wh,load_wh\n" + "".join(
    f"2026-11-02T{hour:02d}:00+08:00,sun,{900_000 + 1_000 * hour},0\n"
    f"2026-11-02T{hour:02d}:00+08:00,fab,0,{500_000 + 9_000 * hour}\n"
    for hour in range(24)
)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "trusted.policy"
    path.write_bytes(sample_export().policy)
    return path


def inputs(folder: Path, profiles: str = PROFILES) -> list[str | Path]:
    """Options that name a reader's own three files."""
    words: list[str | Path] = []
    for name, text in (("participants", PARTICIPANTS), ("plants", PLANTS), ("profiles", profiles)):
        path = folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        words += [f"--{name}", path]
    return words


def test_verify_exits_0_under_a_given_policy(run: Run, policy: Path) -> None:
    code, out, _ = run("verify", sample_export().export, "--policy", policy, "--strict")
    assert code == 0
    assert "everything holds" in out
    assert "trusted by the policy that you handed in" in out
    assert "one trust domain" in out


def test_verify_exits_0_under_a_pinned_policy(run: Run) -> None:
    pin_policy(NETWORK, sample_export().policy)
    code, out, _ = run("verify", sample_export().export, "--strict")
    assert code == 0
    assert "pinned earlier" in out


def test_verify_without_a_policy_says_self_asserted_and_is_no_verification(run: Run) -> None:
    code, out, _ = run("verify", sample_export().export)
    assert code == 0
    assert "self-asserted" in out
    code, _, err = run("verify", sample_export().export, "--strict")
    assert code == 1
    assert "self-asserted" in err


def test_verify_tells_a_program_the_same(run: Run, policy: Path) -> None:
    code, out, _ = run("verify", sample_export().export, "--policy", policy, "--json")
    summary = json.loads(out)
    assert code == 0
    assert (summary["holds"], summary["signers"], summary["deployment"]) == (True, "policy", "embedded")
    assert [channel["channel"] for channel in summary["channels"]] == ["governance", "area-350100", "area-350200"]
    assert sum(channel["rejected"] for channel in summary["channels"]) > 0


def test_verify_names_the_file_of_a_changed_byte(run: Run, policy: Path, tmp_path: Path) -> None:
    export = copy_of(sample_export().export, tmp_path / "changed")
    path = next((export / "area-350100" / "tables" / "trades").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    code, _, err = run("verify", export, "--policy", policy)
    assert code == 1
    assert f"area-350100/tables/trades/{path.name}" in err
    code, out, _ = run("verify", export, "--policy", policy, "--json")
    found = json.loads(out)
    assert code == 1
    assert (found["holds"], found["error"]["where"]) == (False, f"area-350100/tables/trades/{path.name}")


def test_verify_since_shows_that_the_newer_export_only_appended(run: Run, policy: Path) -> None:
    sample = sample_export()
    code, out, _ = run("verify", sample.export, "--since", sample.older, "--policy", policy)
    assert code == 0
    assert "extends the older export" in out
    code, _, err = run("verify", sample.older, "--since", sample.export, "--policy", policy)
    assert code == 1
    assert "the older export has" in err


def test_verify_refuses_an_export_that_is_older_than_the_reader_wants(run: Run, policy: Path) -> None:
    words: list[str | Path] = ["verify", sample_export().export, "--policy", policy, "--signed-since"]
    assert run(*words, "2026-11-01T00:00+08:00")[0] == 0
    code, _, err = run(*words, "2026-12-01T00:00:00+08:00")
    assert code == 1
    assert "before 2026-11-30T16:00:00Z" in err
    assert run(*words, "2026-12-01T00:00")[0] == 2


@pytest.mark.parametrize("words", [["replay"], ["sql", "SELECT 1"]], ids=lambda words: words[0])
def test_every_door_refuses_an_export_that_is_older_than_the_reader_wants(
    words: list[str], run: Run, policy: Path
) -> None:
    given: list[str | Path] = [words[0], sample_export().export, *words[1:], "--policy", policy, "--signed-since"]
    assert run(*given, "2026-11-01T00:00+08:00")[0] == 0
    code, out, err = run(*given, "2026-12-01T00:00:00+08:00")
    assert (code, out) == (1, "")
    assert "stale" in err and "before 2026-11-30T16:00:00Z" in err
    assert run(*given, "2026-12-01T00:00")[0] == 2


@pytest.mark.parametrize("words", [["verify", "nowhere"], ["replay", "nowhere"], ["verify", "."]])
def test_what_is_no_export_is_a_sentence(run: Run, words: list[str], tmp_path: Path) -> None:
    code, _, err = run(words[0], tmp_path / words[1])
    assert code == 1
    assert "no such folder" in err or "no export of gridproof" in err
    assert "Traceback" not in err


def test_replay_says_how_many_sessions_come_out_bit_for_bit(run: Run, policy: Path) -> None:
    code, out, _ = run("replay", sample_export().export, "--policy", policy)
    assert code == 0
    counted = next(line for line in out.splitlines() if "bit for bit" in line)
    assert counted.split()[0] == counted.split()[2] != "0"


def test_replay_without_a_policy_is_no_verification(run: Run, policy: Path) -> None:
    code, out, err = run("replay", sample_export().export, "--strict")
    assert code == 1
    assert "bit for bit" in out
    assert "self-asserted" in err
    assert run("replay", sample_export().export, "--strict", "--policy", policy)[0] == 0


def test_replay_of_one_session_shows_its_rounds(run: Run, policy: Path) -> None:
    _, out, _ = run("replay", sample_export().export, "--policy", policy, "--json")
    sessions = json.loads(out)["sessions"]
    traded = next(one for one in sessions if any(step["trades"] for step in one["rounds"]))
    assert all(one["exact"] for one in sessions)
    code, out, _ = run("replay", sample_export().export, "--policy", policy, "--session", traded["session"])
    assert code == 0
    assert f"round {len(traded['rounds'])}:" in out


def test_replay_refuses_tables_that_are_not_as_sealed(run: Run, policy: Path, tmp_path: Path) -> None:
    export = copy_of(sample_export().export, tmp_path / "changed")
    path = next((export / "area-350100" / "tables" / "trades").iterdir())
    path.write_bytes(b"forged")
    code, _, err = run("replay", export, "--policy", policy)
    assert code == 1
    assert path.name in err


def test_replay_of_an_unknown_session_is_a_sentence(run: Run, policy: Path) -> None:
    code, _, err = run("replay", sample_export().export, "--policy", policy, "--session", "350100-1999010100")
    assert code == 1
    assert "350100-1999010100" in err


def test_simulate_runs_the_market_on_a_readers_own_data(run: Run, tmp_path: Path) -> None:
    code, out, err = run("simulate", "--out", tmp_path / "own", *inputs(tmp_path))
    assert code == 0
    assert "gridproof verify" in out
    assert "use the default" in err
    notes = json.loads((tmp_path / "own.simulation.json").read_text(encoding="utf-8"))
    assert {default["column"] for default in notes["defaults_used"]} >= {"area", "zone", "voltage"}
    assert notes["keys"] == "drawn by the operating system"
    code, out, _ = run("verify", tmp_path / "own", "--strict")
    assert code == 0, "simulate pins the policy whose keys it made"


def test_the_same_seed_gives_the_same_bytes_and_says_what_its_keys_are_worth(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        code, _, err = run("simulate", "--out", tmp_path / name, "--seed", "7", *inputs(tmp_path))
        assert code == 0
        assert "not for trust" in err
    assert run("verify", tmp_path / "one", "--strict")[0] == 1, "keys that a stranger can make are not pinned"
    assert run("verify", tmp_path / "one", "--strict", "--policy", tmp_path / "one.policy")[0] == 0
    files = [sorted(p.relative_to(tmp_path / n) for p in (tmp_path / n).rglob("*")) for n in ("one", "two")]
    assert files[0] == files[1]
    different = [
        path
        for path in files[0]
        if (tmp_path / "one" / path).is_file()
        and (tmp_path / "one" / path).read_bytes() != (tmp_path / "two" / path).read_bytes()
    ]
    assert different == []


def test_simulate_lists_what_is_wrong_in_a_file_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    bad = (
        "time,participant,generation_wh,load_wh\n"
        "2026-11-02T00:00,sun,1,1\n"
        "2026-11-02T01:00+08:00,sun,-5,NaN\n"
        "2026-11-02T02:00+08:00,nobody,1,1\n"
    )
    words = inputs(tmp_path, bad)
    before = sorted(tmp_path.iterdir())
    code, out, err = run("simulate", "--out", tmp_path / "own", *words)
    assert (code, out) == (2, "")
    for problem in ("profiles.csv:2: time:", "profiles.csv:3: generation_wh:", "profiles.csv:3: load_wh:"):
        assert problem in err
    assert sorted(tmp_path.iterdir()) == before


def test_simulate_never_overwrites(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis.txt").write_text("three years of work")
    code, _, err = run("simulate", "--out", tmp_path / "own", *inputs(tmp_path))
    assert code == 1
    assert "nothing is ever overwritten" in err
    assert (tmp_path / "own" / "thesis.txt").read_text() == "three years of work"


def test_simulate_says_where_it_cannot_write(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = run("simulate", "--out", tmp_path / "file" / "own", *inputs(tmp_path))
    assert code == 1
    assert "cannot write here" in err


def test_simulate_wants_all_three_files_or_none(run: Run, tmp_path: Path) -> None:
    code, _, err = run("simulate", "--out", tmp_path / "own", *inputs(tmp_path)[:2])
    assert code == 2
    assert "give all three" in err


def test_demo_with_fresh_removes_nothing_but_an_export(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("three years of work")
    code, _, err = run("demo", "--out", tmp_path / "home", "--fresh", "--no-browser")
    assert code == 1
    assert "no export of gridproof" in err
    assert (tmp_path / "home" / "thesis.txt").exists()


def test_demo_with_fresh_puts_the_old_export_aside(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_of(sample_export().export, tmp_path / "week")
    (tmp_path / "week.policy").write_bytes(b"mine")
    served: list[Path] = []
    monkeypatch.setattr("portal.commands.demo.serve", lambda out, *_, **__: served.append(out))
    code, out, _ = run("demo", "--out", tmp_path / "week", "--fresh", "--days", "1", "--no-browser")
    assert (code, served) == (0, [tmp_path / "week"])
    assert (tmp_path / "week.1" / "manifest.json").exists()
    assert (tmp_path / "week.1.policy").read_bytes() == b"mine"
    assert "pinned earlier" in out


def test_demo_of_a_strangers_export_says_that_it_vouches_for_itself(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_of(sample_export().export, tmp_path / "handed-over")
    monkeypatch.setattr("portal.commands.demo.serve", lambda *_, **__: None)
    code, out, _ = run("demo", "--out", tmp_path / "handed-over", "--no-browser")
    assert code == 0
    assert "self-asserted" in out
    assert "not verified" in out


@pytest.mark.parametrize("out", [".", "/", ""])
def test_simulate_needs_a_name_for_its_export(run: Run, out: str) -> None:
    code, _, err = run("simulate", "--out", out, "--days", "1")
    assert code == 1
    assert "Traceback" not in err


def test_simulate_finds_places_that_collide_before_the_work(run: Run, tmp_path: Path) -> None:
    code, _, err = run("simulate", "--out", tmp_path / "x", "--daily", tmp_path / "x", *inputs(tmp_path))
    assert code == 1
    assert "places of their own" in err
