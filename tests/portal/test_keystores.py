"""A keystore that a command opens: what is asked in which order, and that every error names the file."""

from pathlib import Path

import pytest

from chain.errors import ChainError
from chain.identity.keystore import MINIMUM_COST, encrypt_keystore
from chain.identity.limits import IDENTITY_LIMITS
from chain.secret_file import create_secret_file
from chain.transaction import Signer
from portal.commands.keystores import open_keystore

SIGNER = Signer("fz-factory", bytes(range(32)))
PASSWORD = "a sentence of some length"
KEYSTORE = encrypt_keystore(SIGNER, PASSWORD, bytes, MINIMUM_COST)


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    create_secret_file(path, f"{PASSWORD}\n".encode())
    return path


def test_a_keystore_opens_with_its_password(tmp_path: Path, password: Path) -> None:
    create_secret_file(tmp_path / "key", KEYSTORE)
    assert open_keystore(tmp_path / "key", password) == SIGNER


BAD: dict[str, bytes] = {
    "another password": encrypt_keystore(SIGNER, "quite another sentence", bytes, MINIMUM_COST),
    "no keystore": b"{}",
    "torn": KEYSTORE[:-1],
    "another account in it": KEYSTORE.replace(b"fz-factory", b"fz-factorx"),
    "too long": b" " * (IDENTITY_LIMITS.keystore_bytes_max + 1),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_a_keystore_that_does_not_open_is_named_once(data: bytes, tmp_path: Path, password: Path) -> None:
    path = tmp_path / "key"
    create_secret_file(path, data)
    with pytest.raises(ChainError) as caught:
        open_keystore(path, password)
    assert caught.value.where.startswith(str(path))
    assert str(caught.value).count(str(path)) == 1
    assert PASSWORD not in str(caught.value)


def test_no_password_is_asked_for_what_is_no_keystore(tmp_path: Path) -> None:
    create_secret_file(tmp_path / "key", b"{}")
    with pytest.raises(ChainError) as caught:
        open_keystore(tmp_path / "key", tmp_path / "no such file")
    assert caught.value.where.startswith(str(tmp_path / "key"))
