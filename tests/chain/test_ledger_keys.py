"""The key file of a ledger folder keeps what it was given, for its owner alone, and never loses a key."""

import os
import stat
from pathlib import Path

import pytest

from chain.errors import ChainError, LedgerError, SecretFileError
from chain.layout import KEYS
from chain.ledger_keys import KeyFile, lock_folder
from chain.note import COSIGNATURE_V1, ED25519, SigningKey
from chain.policy import encode_policy, parse_policy
from tests.chain.little_network import keys, seed_of


@pytest.fixture
def held(tmp_path: Path) -> KeyFile:
    return KeyFile.create(tmp_path, "little", keys())


def test_what_it_was_given_is_there_again(held: KeyFile, tmp_path: Path) -> None:
    again = KeyFile.read(tmp_path)
    log = SigningKey("gridproof/little/governance", ED25519, keys().logs["governance"])
    assert again.log_key(log.verifier_key) == held.log_key(log.verifier_key) == log
    assert again.name == "little"


def test_a_validator_may_have_several_keys_and_the_policy_says_which(held: KeyFile, tmp_path: Path) -> None:
    newer = held.hold_validator("regulator", seed_of("newer"))
    older = SigningKey("gridproof/little/validator/regulator", COSIGNATURE_V1, keys().validators["regulator"])
    log = SigningKey("gridproof/little/beacon", ED25519, keys().logs["beacon"]).verifier_key
    again = KeyFile.read(tmp_path)
    for verifier in (older.verifier_key, newer):
        policy = parse_policy(encode_policy([log], {"regulator": verifier}, 1))
        assert again.validators_of(policy)["regulator"].verifier_key == verifier


def test_a_key_that_is_held_twice_is_kept_once(held: KeyFile, tmp_path: Path) -> None:
    first = held.hold_log("area-9", seed_of("area-9"))
    before = (tmp_path / KEYS).read_bytes()
    assert held.hold_log("area-9", seed_of("area-9")) == first
    assert (tmp_path / KEYS).read_bytes() == before


def test_it_stays_its_owners_after_every_change(held: KeyFile, tmp_path: Path) -> None:
    held.hold_validator("newcomer", seed_of("newcomer"))
    assert stat.S_IMODE((tmp_path / KEYS).stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [KEYS]


def test_a_change_that_somebody_else_made_is_not_overwritten(held: KeyFile, tmp_path: Path) -> None:
    KeyFile.read(tmp_path).hold_validator("theirs", seed_of("theirs"))
    with pytest.raises(SecretFileError, match="changed the file meanwhile"):
        held.hold_validator("ours", seed_of("ours"))
    with pytest.raises(LedgerError):
        held.log_key(SigningKey("gridproof/little/ours", ED25519, seed_of("ours")).verifier_key)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65])
def test_a_name_that_is_none_is_refused(name: str, held: KeyFile, tmp_path: Path) -> None:
    before = (tmp_path / KEYS).read_bytes()
    for hold in (held.hold_validator, held.hold_log):
        with pytest.raises(ChainError):
            hold(name, seed_of("x"))
    assert (tmp_path / KEYS).read_bytes() == before


BAD: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "another shape": b'{"logs":{}}',
    "an unknown member": b'{"extra":1,"logs":{},"name":"little","validators":{}}',
    "one seed, not a list": b'{"logs":{"beacon":"%s"},"name":"little","validators":{}}' % (b"12" * 32),
    "no hex": b'{"logs":{"beacon":["xy"]},"name":"little","validators":{}}',
    "a short seed": b'{"logs":{"beacon":["12"]},"name":"little","validators":{}}',
    "a seed with a blank in it": b'{"logs":{"beacon":["%s "]},"name":"little","validators":{}}' % (b"12" * 31 + b"1"),
    "blanks beside a seed": b'{"logs":{"beacon":["%s  "]},"name":"little","validators":{}}' % (b"12" * 32),
    "a seed in capitals": b'{"logs":{"beacon":["%s"]},"name":"little","validators":{}}' % (b"AB" * 32),
    "no name": b'{"logs":{},"name":"a b","validators":{}}',
    "a log that is a path": b'{"logs":{"../x":[]},"name":"little","validators":{}}',
    "no UTF-8": b'{"logs":{},"name":"\xff","validators":{}}',
    "nested without end": b'{"logs":' + b"[" * 100_000,
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_a_file_that_is_none_is_refused_with_our_own_error(data: bytes, held: KeyFile, tmp_path: Path) -> None:
    (tmp_path / KEYS).write_bytes(data)
    with pytest.raises(LedgerError) as refused:
        KeyFile.read(tmp_path)
    assert (refused.value.code, refused.value.where) == ("key-file", str(tmp_path / KEYS))


def test_no_seed_is_told(held: KeyFile, tmp_path: Path) -> None:
    seed = seed_of("secret")
    held.hold_validator("regulator", seed)
    content = (tmp_path / KEYS).read_text()
    (tmp_path / KEYS).write_text(content.replace(seed.hex(), seed.hex()[:-2] + "zz"))
    with pytest.raises(ChainError) as refused:
        KeyFile.read(tmp_path)
    assert seed.hex()[:16] not in str(refused.value) and seed.hex()[:16] not in repr(held)


def test_what_is_no_folder_is_refused_with_our_own_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder, create in ((file, True), (file / "below", True), (tmp_path / ("x" * 300), True), (file, False)):
        with pytest.raises(LedgerError) as refused:
            lock_folder(folder, create=create)
        assert refused.value.code in ("folder", "no-ledger")


@pytest.mark.parametrize("there", [True, False], ids=["it was there, open to all", "it was not there"])
def test_a_new_ledger_folder_is_its_owners(there: bool, tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    if there:
        folder.mkdir()
        folder.chmod(0o777)
    os.close(lock_folder(folder, create=True))
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_is_locked_once(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path, create=True)
    (tmp_path / KEYS).touch()
    with pytest.raises(LedgerError) as refused:
        lock_folder(tmp_path, create=False)
    assert refused.value.code == "locked"
    os.close(lock)
    os.close(lock_folder(tmp_path, create=False))
