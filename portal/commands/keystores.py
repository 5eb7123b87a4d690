"""A command's key: a keystore file of `gridproof keys`, opened by its password for this one call.

1. Who else can read the file, and whether it is a keystore at all, is found before a password is asked for.
2. Every error names the file; none says a word of what is in it.
"""

from pathlib import Path

from chain.errors import KeystoreError, PasswordError
from chain.identity.keystore import Keystore, decrypt_keystore, parse_keystore
from chain.identity.limits import IDENTITY_LIMITS
from chain.secret_file import read_secret_file
from chain.transaction import Signer
from portal.commands.passwords import given_password


def read_keystore(path: Path) -> bytes:
    """The file's bytes, of bounded length, readable by nobody else."""
    return read_secret_file(path, IDENTITY_LIMITS.keystore_bytes_max)


def open_keystore(path: Path, password_file: Path | None) -> Signer:
    """The account and its key."""
    data = read_keystore(path)
    parsed_keystore(path, data)
    return unlock(path, data, given_password(password_file))


def parsed_keystore(path: Path, data: bytes) -> Keystore:
    """What was read from `path`, as it says of itself."""
    try:
        return parse_keystore(data)
    except KeystoreError as error:
        raise error.at(str(path)) from None


def unlock(path: Path, data: bytes, password: str) -> Signer:
    """What was read from `path`, opened."""
    try:
        return decrypt_keystore(data, password)
    except (KeystoreError, PasswordError) as error:
        raise error.at(str(path)) from None
