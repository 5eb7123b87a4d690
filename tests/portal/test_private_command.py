"""`gridproof private …` as its users meet it: what it prints, how it ends, what it leaves, and what it never says."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import typer

from chain import jcs
from chain.identity.keystore import MINIMUM_COST, encrypt_keystore
from chain.limits import LIMITS
from chain.private.disclosure import disclose, encode_disclosure
from chain.private.on_record import recorded_hashes
from chain.private.record import information_hash, make_record
from chain.private.sealed import open_sealed
from chain.record import open_record
from tests.chain.private.private_fixture import SUBJECT, VALUES, reader, record, signer, source
from tests.chain.private.recorded_export import OTHER_SUBJECT, add_rows, recorded_export
from tests.portal.command_line import Run
from tests.private_scan import assert_nowhere
from tests.sample_export import copy_of

PASSWORD = "a long enough sentence"
FIELDS = 'bank_account = "6222-0210-0123-4567"\nturnover_fen = 987654321012\n[contact]\nname = "林小明"\n'
SECRETS = ["6222-0210-0123-4567", 987_654_321_012, "林小明"]


@pytest.fixture
def run(run: Run) -> Run:
    """One `gridproof private`."""
    return partial(run, "private")


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    path = tmp_path / "fields.toml"
    path.write_text(FIELDS, encoding="utf-8")
    return path


@pytest.fixture
def key(tmp_path: Path) -> Callable[[str], list[str | Path]]:
    """The options that open something with an account's key."""

    def options(account: str) -> list[str | Path]:
        for name, data in (
            (f"{account}.keystore", encrypt_keystore(signer(account), PASSWORD, source(), MINIMUM_COST)),
            ("password", PASSWORD.encode() + b"\n"),
        ):
            (tmp_path / name).touch(mode=0o600)
            (tmp_path / name).write_bytes(data)
        return ["--key", tmp_path / f"{account}.keystore", "--password-file", tmp_path / "password"]

    return options


def spelt(account: str) -> str:
    return f"{account}={reader(account).public_key}"


def sealed(run: Run, fields: Path, vault: Path, *readers: str) -> dict[str, object]:
    named = [word for account in readers for word in ("--reader", spelt(account))]
    code, out, err = run("seal", fields, "--subject", SUBJECT, *named, "--vault", vault, "--json")
    assert code == 0, err
    found: dict[str, object] = json.loads(out)
    return found


def test_B3_a_record_is_sealed_opened_granted_withdrawn_and_erased(
    run: Run, fields: Path, vault: Path, key: Callable[[str], list[str | Path]], tmp_path: Path
) -> None:
    said = sealed(run, fields, vault, SUBJECT)
    assert (said["readers"], said["version"]) == ([SUBJECT], 1)
    code, out, _ = run("open", SUBJECT, "--vault", vault, *key(SUBJECT))
    opened = json.loads(out)
    assert code == 0
    assert opened["information_hash"] == said["information_hash"]
    assert opened["fields"]["contact"] == {"name": "林小明"}

    code, out, err = run("open", SUBJECT, "--vault", vault, *key("registrar"))
    assert (code, out) == (1, "")
    assert "none of its readers" in err

    others: list[str] = []
    code, out, err = run("grant", SUBJECT, "--reader", spelt("registrar"), "--vault", vault, *key(SUBJECT))
    assert code == 0
    assert f"version 2, readable by {SUBJECT}, registrar" in out
    others += [out, err]
    code, out, _ = run("open", SUBJECT, "--field", "contact", "--vault", vault, *key("registrar"))
    assert (code, list(json.loads(out)["fields"])) == (0, ["contact"])

    code, out, err = run("withdraw", SUBJECT, "--reader", "registrar", "--vault", vault, *key(SUBJECT))
    assert code == 0
    others += [out, err]
    code, out, err = run("open", SUBJECT, "--vault", vault, *key("registrar"))
    assert (code, out) == (1, "")
    others.append(err)

    code, out, err = run("erase", SUBJECT, "--vault", vault, "--yes", "--json")
    assert code == 0
    assert json.loads(out)["information_hash"] == said["information_hash"]
    others += [out, err]
    code, out, err = run("open", SUBJECT, "--vault", vault, *key(SUBJECT))
    assert (code, out) == (1, "")
    assert "was erased" in err
    others.append(err)
    assert_nowhere(SECRETS, others)
    assert_nowhere([*SECRETS, PASSWORD], vault)


def test_a_reader_with_a_new_key_is_told_who_can_mend_it(
    run: Run, fields: Path, vault: Path, key: Callable[[str], list[str | Path]]
) -> None:
    words = ["--reader", f"{SUBJECT}={signer('registrar').public_key}", "--vault", vault]
    assert run("seal", fields, "--subject", SUBJECT, *words)[0] == 0
    code, out, err = run("open", SUBJECT, "--vault", vault, *key(SUBJECT))
    assert (code, out) == (1, "")
    assert f"sealed to another key of {SUBJECT}: ask a reader for `gridproof private grant`" in err


def test_sealing_says_the_hash_and_keeps_nothing_in_clear(run: Run, fields: Path, vault: Path) -> None:
    code, out, err = run("seal", fields, "--subject", SUBJECT, "--reader", spelt(SUBJECT), "--vault", vault)
    assert code == 0
    assert f"{SUBJECT}: version 1, readable by {SUBJECT}" in out
    assert_nowhere(SECRETS, vault)
    assert_nowhere(SECRETS, [out, err])


def test_a_json_file_seals_as_a_toml_file_does(run: Run, vault: Path, tmp_path: Path) -> None:
    path = tmp_path / "fields.json"
    path.write_text(json.dumps(VALUES), encoding="utf-8-sig")
    sealed(run, path, vault, SUBJECT)
    opened = open_sealed((vault / f"{SUBJECT}.sealed").read_bytes(), signer(SUBJECT).seed)
    assert opened.values == VALUES


def test_a_record_is_replaced_only_when_that_is_asked_for(run: Run, fields: Path, vault: Path) -> None:
    first = sealed(run, fields, vault, SUBJECT)
    again = ["seal", fields, "--subject", SUBJECT, "--reader", spelt(SUBJECT), "--vault", vault, "--json"]
    code, _, err = run(*again)
    assert code == 1
    assert "--replace" in err
    code, out, _ = run(*again, "--replace")
    assert code == 0
    assert json.loads(out)["version"] == 2
    assert json.loads(out)["information_hash"] != first["information_hash"]


def test_readers_keys_are_looked_up_on_the_record(run: Run, fields: Path, vault: Path) -> None:
    sample = recorded_export()
    named = ["--reader", SUBJECT, "--reader", "registrar", "--export", sample.export]
    words = ["seal", fields, "--subject", SUBJECT, *named, "--vault", vault]
    code, out, err = run(*words, "--policy", sample.policy)
    assert (code, err) == (0, "")
    assert f"readable by {SUBJECT}, registrar" in out


def test_A7_an_old_export_names_no_reader_where_the_caller_asks_for_a_newer_one(
    run: Run, fields: Path, vault: Path, key: Callable[[str], list[str | Path]]
) -> None:
    sample = recorded_export()
    looked_up = ["--reader", "registrar", "--export", sample.export, "--policy", sample.policy]
    since = ["--signed-since", "2999-01-01T00:00+00:00"]
    code, out, err = run("seal", fields, "--subject", SUBJECT, *looked_up, "--vault", vault, *since)
    assert (code, out) == (1, "")
    assert "signed before" in err or "stale" in err or "older" in err, err
    sealed(run, fields, vault, SUBJECT)
    code, out, err = run("grant", SUBJECT, *looked_up, "--vault", vault, *key(SUBJECT), *since)
    assert (code, out) == (1, "")
    since[1] = "2000-01-01T00:00+00:00"
    assert run("grant", SUBJECT, *looked_up, "--vault", vault, *key(SUBJECT), *since)[0] == 0


def test_nothing_is_sealed_to_keys_that_only_the_export_vouches_for(
    run: Run, fields: Path, vault: Path, key: Callable[[str], list[str | Path]]
) -> None:
    looked_up = ["--reader", "registrar", "--export", recorded_export().export]
    code, out, err = run("seal", fields, "--subject", SUBJECT, *looked_up, "--vault", vault)
    assert (code, out) == (1, "")
    assert "on this export's word alone" in err and "--policy" in err and "ACCOUNT=KEY" in err
    assert not vault.exists()

    sealed(run, fields, vault, SUBJECT)
    before = (vault / f"{SUBJECT}.sealed").read_bytes()
    code, out, err = run("grant", SUBJECT, *looked_up, "--vault", vault, *key(SUBJECT))
    assert (code, out) == (1, "")
    assert "on this export's word alone" in err
    assert (vault / f"{SUBJECT}.sealed").read_bytes() == before
    code, out, err = run(
        "grant", SUBJECT, *looked_up, "--policy", recorded_export().policy, "--vault", vault, *key(SUBJECT)
    )
    assert code == 0, err
    assert f"readable by {SUBJECT}, registrar" in out


READERS: dict[str, tuple[list[str], str]] = {
    "no key and no export": (["--reader", "registrar"], "--export"),
    "a key of 31 bytes": (["--reader", f"registrar={'00' * 31}"], "hexadecimal"),
    "a key of small order": (["--reader", f"registrar=01{'00' * 31}"], "prime order"),
    "a name that is none": (["--reader", f"../x={reader('registrar').public_key}"], "not a name"),
    "one reader twice": (["--reader", spelt("registrar"), "--reader", spelt("registrar")], "once"),
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_without_a_good_key_is_refused_and_nothing_is_written(
    name: str, run: Run, fields: Path, vault: Path
) -> None:
    words, said = READERS[name]
    code, _, err = run("seal", fields, "--subject", SUBJECT, *words, "--vault", vault)
    assert code == 1
    assert said in err
    assert not list(vault.glob("*.sealed"))


FILES: dict[str, tuple[str, bytes, str]] = {
    "no JSON": ("f.json", b'{"name": "Secret words",\n}', "f.json:2: not JSON"),
    "a key twice": ("f.json", b'{"name": "Secret words", "name": "Secret words"}', "not JSON"),
    "a list": ("f.json", b'["Secret words"]', "not JSON"),
    "not UTF-8": ("f.json", b'{"name": "Secret words\xff"}', "not JSON"),
    "nested without end": ("f.json", b"[" * 100_000, "not JSON"),
    "no TOML": ("f.toml", b'name = "Secret words"\nother = Secret words', "f.toml:2: not TOML"),
    "a TOML key twice": ("f.toml", b'name = "Secret words"\nname = "Secret words"', "not TOML"),
    "a date": ("f.toml", b"Secret-words = 2026-11-22", "Secret-words"),
    "a float": ("f.toml", b'[name]\n"Secret words" = 0.5', "name"),
    "a name that is none": ("f.toml", b'"Secret words" = 1', "field 0"),
    "no fields": ("f.toml", b"", "1 to 64 fields"),
    "another kind of file": ("f.csv", b"Secret words", ".json or .toml"),
    "a file too long": ("f.json", b" " * (LIMITS.private_file_bytes_max + 1), "more than"),
    "a value too long": ("f.json", json.dumps({"name": ["Secret words"] * 1_000}).encode(), "8192 bytes"),
    "a control character": ("f.json", b'{"name": "Secret words\\u001b"}', "name"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_sealed_is_named_by_line_or_field_and_not_quoted(
    name: str, run: Run, vault: Path, tmp_path: Path
) -> None:
    file, data, said = FILES[name]
    (tmp_path / file).write_bytes(data)
    code, out, err = run("seal", tmp_path / file, "--subject", SUBJECT, "--reader", spelt(SUBJECT), "--vault", vault)
    assert (code, out) == (2, "")
    assert err.startswith(str(tmp_path / file))
    assert err.count(file) == 1
    assert said in err
    assert_nowhere(["Secret words"], [err])
    assert not vault.exists()


def test_F14_a_disclosed_field_is_checked_against_the_record(
    run: Run, key: Callable[[str], list[str | Path]], vault: Path, tmp_path: Path
) -> None:
    sample, shown = recorded_export(), tmp_path / "shown.json"
    shown.write_bytes(encode_disclosure(disclose(record(), ["legal_representative"])))
    code, out, _ = run("check", shown, sample.export, "--policy", sample.policy, "--strict")
    assert code == 0
    assert f'legal_representative: "{VALUES["legal_representative"]}"' in out
    assert "1 of 4 fields" in out
    assert "account's newest" in out
    hidden = {name: value for name, value in VALUES.items() if name != "legal_representative"}
    assert_nowhere([hidden], [out, shown.read_bytes()])

    code, out, _ = run("check", shown, sample.export, "--policy", sample.policy, "--json")
    verdict = json.loads(out)
    assert verdict["fields"] == {"legal_representative": VALUES["legal_representative"]}
    (row,) = recorded_hashes(open_record(sample.export, sample.policy.read_bytes(), "policy"), SUBJECT)
    assert (verdict["table"], verdict["entry"], verdict["current"]) == ("participants", row.entry, True)
    assert verdict["information_hash"] == information_hash(record())
    assert (verdict["holds"], verdict["verified"]) == (True, True)


def test_a_disclosure_from_the_vault_is_written_once_and_for_its_owner(
    run: Run, fields: Path, key: Callable[[str], list[str | Path]], vault: Path, tmp_path: Path
) -> None:
    sealed(run, fields, vault, SUBJECT)
    shown = tmp_path / "shown.json"
    words = ["disclose", SUBJECT, "--field", "bank_account", "--out", shown, "--vault", vault, *key(SUBJECT)]
    code, out, err = run(*words)
    assert code == 0
    assert_nowhere(SECRETS, [out, err])
    assert shown.stat().st_mode & 0o777 == 0o600
    assert_nowhere(SECRETS[1:], [shown.read_bytes()])
    code, _, err = run(*words)
    assert code == 1
    code, _, err = run(*words[:3], "no_such", *words[4:])
    assert code == 1
    assert "no_such" in err
    # Its hash never went on the record.
    code, out, err = run("check", shown, recorded_export().export)
    assert code == 1
    assert "does not hold" in err


def test_a_disclosure_that_does_not_hold_exits_1_and_says_why(run: Run, tmp_path: Path) -> None:
    sample, shown = recorded_export(), tmp_path / "shown.json"
    good = encode_disclosure(disclose(record(), ["contact"]))
    forged = {
        "another value": good.replace("林小明".encode(), "林大明".encode()),
        "another subject": good.replace(SUBJECT.encode(), OTHER_SUBJECT.encode()),
        "another record": encode_disclosure(disclose(make_record(SUBJECT, VALUES, source("x")), ["contact"])),
        "an unknown subject": good.replace(SUBJECT.encode(), b"nobody"),
        "cut off": good[:-1],
        "another format": jcs.encode({**jcs.decode(good), "format": "gridproof-disclosure/9"}),
    }
    for data in forged.values():
        shown.write_bytes(data)
        code, out, err = run("check", shown, sample.export, "--policy", sample.policy)
        assert (code, out) == (1, "")
        assert "does not hold" in err
        assert_nowhere([VALUES], [err])
        code, out, _ = run("check", shown, sample.export, "--policy", sample.policy, "--json")
        assert (code, json.loads(out)["holds"]) == (1, False)


def test_a_good_disclosure_against_an_export_that_is_not_does_not_hold(run: Run, tmp_path: Path) -> None:
    sample, shown = recorded_export(), tmp_path / "shown.json"
    shown.write_bytes(encode_disclosure(disclose(record(), ["contact"])))
    export = copy_of(sample.export, tmp_path / "copy")
    (path,) = export.glob("governance/tables/participants/*.parquet")
    path.write_bytes(path.read_bytes() + b"\0")
    code, _, err = run("check", shown, export, "--policy", sample.policy)
    assert code == 1
    assert "participants" in err


def test_without_a_policy_the_check_says_so_and_strict_exits_1(run: Run, tmp_path: Path) -> None:
    sample, shown = recorded_export(), tmp_path / "shown.json"
    shown.write_bytes(encode_disclosure(disclose(record(), ["contact"])))
    code, out, _ = run("check", shown, sample.export)
    assert code == 0
    assert "self-asserted" in out
    code, _, err = run("check", shown, sample.export, "--strict")
    assert code == 1
    assert "self-asserted" in err
    code, _, err = run("check", shown, sample.export, "--signed-since", "2999-01-01T00:00+00:00")
    assert code == 1
    assert "stale" in err


def test_it_is_said_when_a_later_row_has_another_hash_or_none(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, shown = recorded_export(), tmp_path / "shown.json"
    shown.write_bytes(encode_disclosure(disclose(record(), ["contact"])))
    for later in ("ab" * 32, ""):
        with monkeypatch.context() as patch:
            add_rows(patch, {"information_hash": later})
            code, out, _ = run("check", shown, sample.export, "--policy", sample.policy)
        assert code == 0
        assert "which a later row has replaced" in out


def test_a_subject_that_never_committed_to_anything_shows_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, shown = recorded_export(), tmp_path / "shown.json"
    shown.write_bytes(encode_disclosure(disclose(record(), ["contact"])))
    add_rows(monkeypatch, {"information_hash": ""}, instead=True)
    code, _, err = run("check", shown, sample.export, "--policy", sample.policy)
    assert code == 1
    assert "no row of the account has an information hash" in err


def test_a_file_that_is_not_there_exits_2(run: Run, tmp_path: Path) -> None:
    code, _, err = run("check", tmp_path / "none.json", recorded_export().export)
    assert code == 2
    assert "none.json" in err


@pytest.mark.parametrize("command", ["open", "grant", "withdraw", "disclose", "erase"])
def test_a_vault_that_is_not_there_is_not_made(
    command: str, run: Run, vault: Path, tmp_path: Path, key: Callable[[str], list[str | Path]]
) -> None:
    options: dict[str, list[str | Path]] = {
        "open": [],
        "grant": ["--reader", spelt("registrar")],
        "withdraw": ["--reader", "registrar"],
        "disclose": ["--field", "contact", "--out", tmp_path / "shown.json"],
        "erase": ["--yes"],
    }
    opened = [] if command == "erase" else key(SUBJECT)
    code, _, err = run(command, SUBJECT, *options[command], "--vault", vault, *opened)
    assert code == 1
    assert "no such folder" in err
    assert not vault.exists()


def test_erasing_is_asked_for_once_more(
    run: Run, fields: Path, vault: Path, monkeypatch: pytest.MonkeyPatch, key: Callable[[str], list[str | Path]]
) -> None:
    sealed(run, fields, vault, SUBJECT)
    monkeypatch.setattr("typer.confirm", _no)
    code, _, _ = run("erase", SUBJECT, "--vault", vault)
    assert code == 1
    code, _, _ = run("open", SUBJECT, "--vault", vault, *key(SUBJECT))
    assert code == 0


def _no(question: str, *, abort: bool, err: bool) -> None:
    assert SUBJECT in question
    assert abort
    raise typer.Abort
