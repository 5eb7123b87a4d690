"""`gridproof keys …`, as a participant runs it."""

import getpass
import json
import os
import select
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chain.contracts.participant_rules import possession_message
from chain.errors import ChainError, ChallengeError, CredentialError, PasswordError, SecretFileError
from chain.identity.challenge import ChallengeBook, RegisteredIdentity
from chain.identity.keystore import MINIMUM_COST, decrypt_keystore, encrypt_keystore
from chain.jcs import encode
from chain.secret_file import create_secret_file
from chain.transaction import Signer, is_signature
from chain.trust import pin_policy
from portal.cli import application
from sample_data.network_setup import Keyring
from tests.queries.asked_export import SECRET, asked_export, opened

ACCOUNT = "350100-member-1"
PASSWORD = "a sentence that is long enough"
NEW = "another sentence that is long enough"
CHEAP = ("--memory-mib", "19", "--passes", "2")
ORIGIN = "https://login.example"


def keys(*arguments: str | Path, text: str | bytes | None = None) -> tuple[int, str, str]:
    words = ["keys", *map(str, arguments)]
    result = CliRunner().invoke(application(frozenset({"keys"})), words, input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def refusal(*arguments: str | Path, text: str | bytes | None = None) -> ChainError:
    with pytest.raises(ChainError) as caught:
        keys(*arguments, text=text)
    assert PASSWORD not in str(caught.value)
    return caught.value


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with password files."""
    create_secret_file(tmp_path / "pw", f"{PASSWORD}\n".encode())
    create_secret_file(tmp_path / "new", NEW.encode())
    return tmp_path


@pytest.fixture
def file(home: Path) -> Path:
    """The keystore of a participant of the sample export."""
    signer = Keyring(SECRET).signer(ACCOUNT)
    create_secret_file(home / "key.json", encrypt_keystore(signer, PASSWORD, os.urandom, MINIMUM_COST))
    return home / "key.json"


@pytest.fixture
def credential(home: Path) -> Path:
    assert keys("credential", asked_export().folder, ACCOUNT, home / "credential.json")[0] == 0
    return home / "credential.json"


def test_F01_a_new_key_is_private_and_shows_what_a_registrar_needs(home: Path) -> None:
    path = home / "plant.json"
    code, shown, about = keys("create", "a-plant", path, "--password-file", home / "pw", *CHEAP)
    assert (code, stat.S_IMODE(path.stat().st_mode)) == (0, 0o600)
    signer = decrypt_keystore(path.read_bytes(), PASSWORD)
    assert signer.public_key in shown
    assert "readable by you alone" in about
    assert json.loads(keys("show", path, "--json")[1]) == {
        "account": "a-plant",
        "memory_mib": 19,
        "passes": 2,
        "public_key": signer.public_key,
        "weak": False,
    }
    code, shown, _ = keys("possession", path, "--password-file", home / "pw")
    told = json.loads(shown)
    assert (code, told["account"], told["public_key"]) == (0, "a-plant", signer.public_key)
    message, key = possession_message("a-plant", signer.public_key), bytes.fromhex(signer.public_key)
    assert is_signature(bytes.fromhex(told["possession"]), message, key)


def test_two_keys_are_never_the_same(home: Path) -> None:
    shown = [
        keys("create", "a-plant", home / name, "--password-file", home / "pw", *CHEAP, "--json")[1] for name in "ab"
    ]
    assert len({json.loads(line)["public_key"] for line in shown}) == 2


def test_nothing_is_overwritten(file: Path, home: Path, credential: Path) -> None:
    before = file.read_bytes()
    assert refusal("create", ACCOUNT, file, "--password-file", home / "pw").code == "exists"
    assert file.read_bytes() == before
    assert refusal("credential", asked_export().folder, ACCOUNT, credential).code == "exists"
    (home / "link").symlink_to(home / "nowhere")
    assert refusal("create", ACCOUNT, home / "link", "--password-file", home / "pw").code == "exists"
    assert refusal("credential", asked_export().folder, ACCOUNT, home / "link").code == "exists"


def test_F02_after_a_change_the_old_password_is_refused(file: Path, home: Path) -> None:
    words = ("password", file, "--password-file", home / "pw", "--new-password-file", home / "new")
    assert keys(*words)[0] == 0
    assert refusal("possession", file, "--password-file", home / "pw").code == "wrong-password"
    code, shown, _ = keys("possession", file, "--password-file", home / "new")
    assert (code, json.loads(shown)["public_key"]) == (0, Keyring(SECRET).signer(ACCOUNT).public_key)
    assert refusal(*words).code == "wrong-password"


@pytest.mark.parametrize("which", ["key.json", "pw"])
def test_files_that_others_can_read_are_refused_with_the_cure(file: Path, home: Path, which: str) -> None:
    (home / which).chmod(0o640)
    error = refusal("possession", file, "--password-file", home / "pw")
    assert (type(error), error.code) == (SecretFileError, "permissions")
    assert f"chmod 600 {home / which}" in str(error)


PASSWORD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "password-short"),
    "short": (b"short\n", "password-short"),
    "two lines": (b"a sentence that is long\nenough\n", "password-file"),
    "no text": (b"\xff\xfe long enough for a password", "password-file"),
    "too long": (b"x" * 5_000, "length"),
}


@pytest.mark.parametrize(("content", "code"), PASSWORD_FILES.values(), ids=PASSWORD_FILES.keys())
def test_a_password_file_that_holds_no_good_password_makes_no_key(home: Path, content: bytes, code: str) -> None:
    create_secret_file(home / "bad", content)
    assert refusal("create", "a-plant", home / "new.json", "--password-file", home / "bad").code == code
    assert not (home / "new.json").exists()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Says what the person at the terminal types."""
    waiting: list[str] = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt: waiting.pop(0))
    yield lambda *passwords: waiting.extend(passwords)
    assert waiting == [], "everything typed was asked for"


def test_a_new_password_is_asked_for_twice(home: Path, typed: Callable[..., None]) -> None:
    typed(PASSWORD, PASSWORD)
    assert keys("create", "a-plant", home / "k.json", *CHEAP)[0] == 0
    assert decrypt_keystore((home / "k.json").read_bytes(), PASSWORD).account == "a-plant"
    typed(PASSWORD, NEW)
    assert refusal("create", "a-plant", home / "other.json", *CHEAP).code == "password-differs"
    assert not (home / "other.json").exists()


def test_a_bad_new_password_is_not_asked_for_again(home: Path, typed: Callable[..., None]) -> None:
    typed("short")
    assert refusal("create", "a-plant", home / "k.json", *CHEAP).code == "password-short"


def test_a_wrong_old_password_is_told_before_a_new_one_is_asked_for(file: Path, typed: Callable[..., None]) -> None:
    typed("not the right sentence")
    assert refusal("password", file).code == "wrong-password"
    typed(PASSWORD, NEW, NEW)
    assert keys("password", file)[0] == 0
    assert decrypt_keystore(file.read_bytes(), NEW).account == ACCOUNT


def test_nobody_at_the_terminal_ends_in_a_sentence(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", ended)
    error = refusal("possession", file)
    assert (type(error), error.code) == (PasswordError, "no-password")


_RUN = "import sys; sys.argv = ['gridproof', *sys.argv[1:]]; from portal.cli import main; main()"
_AT_TERMINAL = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); {_RUN}"


def test_without_a_terminal_no_password_is_read(file: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _RUN, "keys", "possession", str(file)],
        check=False, capture_output=True, text=True, input=f"{PASSWORD}\n", start_new_session=True,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("gridproof: there is no terminal") and "--password-file" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_password_typed_at_a_terminal_is_not_shown(file: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", _AT_TERMINAL, "keys", "possession", str(file)]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, close_fds=True
    ) as process:
        os.close(theirs)
        seen = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                read = os.read(ours, 4_096)
            except OSError:
                break
            if not read:
                break
            if b"Password:" not in seen and b"Password:" in seen + read:
                os.write(ours, f"{PASSWORD}\n".encode())
            seen += read
    os.close(ours)
    assert process.returncode == 0, seen
    assert b"possession" in seen
    assert PASSWORD.encode() not in seen


def book(now_ms: list[int], network: str | None = None) -> ChallengeBook:
    return ChallengeBook(ORIGIN, network or opened().record.network_id, 60_000, os.urandom, lambda: now_ms[0])


def registered() -> RegisteredIdentity:
    """What the chain has of the account."""
    asked = "SELECT public_key, information_hash, status FROM participants WHERE account = ?"
    ((key, information_hash, status),) = opened().sql(asked, [ACCOUNT]).rows()
    return RegisteredIdentity(ACCOUNT, key, information_hash, status)


def test_T3_a_participant_logs_in_with_keystore_and_credential(file: Path, home: Path, credential: Path) -> None:
    now_ms = [1_794_000_000_000]
    service = book(now_ms)

    def answered(keystore: Path = file, *words: str | Path) -> bytes:
        challenge = encode(service.issue(ACCOUNT)).decode() + "\n"
        named = ("--password-file", home / "pw", "--origin", ORIGIN)
        given = words or ("--credential", credential)
        code, shown, told = keys("answer", keystore, "-", *named, *given, text=challenge)
        assert (code, ORIGIN in told, ACCOUNT in told) == (0, True, True)
        return shown.strip().encode()

    def code_of(response: bytes, identity: RegisteredIdentity) -> str:
        with pytest.raises(ChallengeError) as caught:
            service.accept(response, identity)
        return caught.value.code

    response = answered()
    assert service.accept(response, registered()) == ACCOUNT
    assert code_of(response, registered()) == "replayed"
    stranger = home / "stranger.json"
    signer = Signer(ACCOUNT, sha256(b"a stranger").digest())
    create_secret_file(stranger, encrypt_keystore(signer, PASSWORD, os.urandom, MINIMUM_COST))
    known = ("--information-hash", registered().information_hash)
    assert code_of(answered(stranger, *known), registered()) == "wrong-key"
    assert code_of(answered(), replace(registered(), status="revoked")) == "revoked"
    late = answered()
    now_ms[0] += 60_000
    assert code_of(late, registered()) == "stale"


def test_a_challenge_is_shown_in_words_without_a_key(home: Path) -> None:
    challenge = book([1_794_000_000_000]).issue(ACCOUNT)
    (home / "challenge.json").write_bytes(encode(challenge))
    code, shown, _ = keys("challenge", home / "challenge.json")
    assert code == 0
    assert f"origin: {ORIGIN}\n" in shown
    assert "expires: 2026-11-06T21:21:00Z\n" in shown
    assert json.loads(keys("challenge", home / "challenge.json", "--json")[1])["account"] == ACCOUNT


CHALLENGES: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "somebody else's": ({"account": "350100-member-2"}, (), "wrong-account"),
    "another service's": ({}, ("--origin", "https://login.example.evil"), "wrong-origin"),
    "an origin that is none": ({}, ("--origin", "login.example"), "origin"),
    "another network's": ({"network": "00" * 32}, ("--credential", "credential.json"), "wrong-network"),
    "two hashes": ({}, ("--credential", "credential.json", "--information-hash", "00" * 32), "two-hashes"),
    "a hash that is none": ({}, ("--information-hash", "00"), "hex"),
    "another version": ({"format": "gridproof-challenge/2"}, (), "format"),
    "a member too many": ({"x": 1}, (), "json-shape"),
}


@pytest.mark.parametrize(("edit", "words", "code"), CHALLENGES.values(), ids=CHALLENGES.keys())
def test_a_challenge_that_should_not_be_signed_is_not(
    file: Path, home: Path, credential: Path, edit: dict[str, Any], words: tuple[str, ...], code: str
) -> None:
    content = {**json.loads(encode(book([1_794_000_000_000]).issue(ACCOUNT))), **edit}
    given = [str(home / word) if word == "credential.json" else word for word in words]
    error = refusal("answer", file, "-", "--password-file", home / "pw", *given, text=encode(content))
    assert error.code == code


def test_a_credential_of_another_key_is_not_signed_with(home: Path, credential: Path) -> None:
    stranger = home / "stranger.json"
    create_secret_file(stranger, encrypt_keystore(Signer(ACCOUNT, bytes(32)), PASSWORD, os.urandom, MINIMUM_COST))
    challenge = encode(book([1_794_000_000_000]).issue(ACCOUNT))
    words = ("answer", stranger, "-", "--password-file", home / "pw", "--credential", credential)
    error = refusal(*words, text=challenge)
    assert (type(error), error.code) == (CredentialError, "public-key")


def test_a_credential_is_checked_offline_and_says_whose_word_it_is(home: Path, credential: Path) -> None:
    (home / "trusted.policy").write_bytes(asked_export().policy)
    code, shown, _ = keys("credential-check", credential, "--policy", home / "trusted.policy", "--strict")
    assert code == 0
    assert f"account: {ACCOUNT}\n" in shown
    assert "Status active as of" in shown
    assert "trusted by the policy that you handed in" in shown
    told = json.loads(keys("credential-check", credential, "--json")[1])
    assert (told["holds"], told["verified"], told["signers"]) == (True, False, "self-asserted")
    assert keys("credential-check", credential, "--strict")[0] == 1
    assert keys("credential-check", credential, "--signed-since", "2036-01-01T00:00+08:00")[0] == 1


def test_a_credential_is_judged_by_a_policy_that_was_pinned(
    home: Path, credential: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDPROOF_TRUST", str(home / "trust"))
    pin_policy(opened().record.network, asked_export().policy)
    told = json.loads(keys("credential-check", credential, "--json", "--strict")[1])
    assert (told["signers"], told["verified"]) == ("pinned", True)


def test_a_credential_that_does_not_hold_ends_with_1_and_a_sentence(home: Path, credential: Path) -> None:
    content = json.loads(credential.read_bytes())
    bad = home / "bad.json"
    bad.write_bytes(encode({**content, "public_key": "00" * 32}))
    code, shown, told = keys("credential-check", bad)
    assert (code, shown) == (1, "")
    assert f"{bad} does not hold: {ACCOUNT}: the public-key in front is not the one on the record" in told
    code, shown, _ = keys("credential-check", bad, "--json")
    assert (code, json.loads(shown)["error"]["code"]) == (1, "public-key")
    bad.write_bytes(b"{}")
    assert keys("credential-check", bad)[0] == 1


def test_strict_writes_no_credential_that_only_the_export_vouches_for(home: Path) -> None:
    out = home / "credential.json"
    assert keys("credential", asked_export().folder, ACCOUNT, out, "--strict")[0] == 1
    assert not out.exists()
    assert refusal("credential", asked_export().folder, "regulator", out).code == "no-participant"
    (home / "trusted.policy").write_bytes(asked_export().policy)
    words = ("credential", asked_export().folder, ACCOUNT, out, "--strict", "--policy", home / "trusted.policy")
    assert json.loads(keys(*words, "--json")[1])["verified"] is True
    assert out.exists()
