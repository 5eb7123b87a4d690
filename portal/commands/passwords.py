"""Where commands get passwords from: the terminal, without showing them, or a file that only its owner can read.

Never from the command line, which every user of the machine can list, nor from the environment, which is inherited.
"""

import getpass
import warnings
from pathlib import Path

from chain.errors import PasswordError
from chain.identity.keystore import check_password
from chain.identity.limits import IDENTITY_LIMITS
from chain.secret_file import read_secret_file

_OPTION = "--password-file"


def given_password(file: Path | None, prompt: str = "Password") -> str:
    """A password that is already somebody's; `PasswordError` where there is none."""
    return _ask(prompt) if file is None else _from_file(file)


def chosen_password(file: Path | None, option: str = _OPTION) -> str:
    """A new file's password, typed twice or from the file of `option`; `PasswordError` unless it may protect one."""
    if file is not None:
        return check_password(_from_file(file))
    password = check_password(_ask("New password", option))
    if _ask("New password, again", option) != password:
        raise PasswordError("password-differs", "the two passwords differ: nothing was written")
    return password


def _ask(prompt: str, option: str = _OPTION) -> str:
    try:
        with warnings.catch_warnings():
            # Where the terminal cannot be kept from showing it, `getpass` only warns.
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(f"{prompt}: ")
    except getpass.GetPassWarning:
        sentence = f"there is no terminal to ask for the password on without showing it: give {option}"
        raise PasswordError("no-terminal", sentence) from None
    except (EOFError, UnicodeDecodeError):
        raise PasswordError("no-password", "no password was typed") from None


def _from_file(path: Path) -> str:
    """The file's one line."""
    data = read_secret_file(path, IDENTITY_LIMITS.password_file_bytes_max)
    try:
        text = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise PasswordError("password-file", "a password file is one line of UTF-8", str(path)) from None
    if "\n" in text:
        raise PasswordError("password-file", "a password file is one line, this one has more", str(path))
    return text
