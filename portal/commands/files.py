"""Files that a command is handed, and new ones that it writes.

Of the former no more is read than their parser takes, however long they are; the latter overwrite nothing.
"""

import errno
import os
import re
import sys
from pathlib import Path
from typing import NoReturn

import typer

from chain.text import printable


def read_bounded(path: Path, bytes_max: int) -> bytes:
    """A file's bytes, at most one beyond the limit, so that the parser behind says that it was passed; `OSError`."""
    with path.open("rb") as source:
        return source.read(bytes_max + 1)


_CHECKED_BY = {
    "gridproof-challenge/1": ("a login challenge", "gridproof keys challenge"),
    "gridproof-credential/1": ("a credential", "gridproof keys credential-check"),
    "gridproof-disclosure/1": ("a disclosure", "gridproof private check"),
    "gridproof-evidence/1": ("evidence", "gridproof check"),
}
_FORMAT = re.compile(rb'"format":"(gridproof-[a-z]+/1)"')


def read_kind(path: Path, bytes_max: int, kind: str) -> bytes:
    """The bytes of a file of the format `kind`; exit code 2 for no file, and for one that another command checks.

    What is no file of ours at all is left to the parser behind.
    """
    try:
        data = read_bounded(path, bytes_max)
    except IsADirectoryError:
        _wrong_use(f"{path}: it is a folder, not a file: an export is checked by `gridproof verify`")
    except OSError as error:
        _wrong_use(f"{path}: {(error.strerror or str(error)).lower()}")
    # A credential holds whole evidence: the last format is its own, for members are sorted.
    found = _FORMAT.findall(data)[-1].decode() if _FORMAT.search(data) else kind
    if found != kind and found in _CHECKED_BY:
        what, command = _CHECKED_BY[found]
        _wrong_use(f"{path}: it is {what}: that is for `{command}`")
    return data


def _wrong_use(sentence: str) -> NoReturn:
    sys.stderr.write(f"gridproof: {printable(sentence)}\n")
    raise typer.Exit(2)


def write_new(path: Path, data: bytes) -> None:
    """Whole or not at all, and only where nothing was; `OSError`."""
    with path.open("xb") as opened:
        try:
            opened.write(data)
            opened.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise


def require_free(path: Path) -> None:
    """Before long work: that nothing is there yet; `FileExistsError`."""
    if path.is_symlink() or path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def read_given(path: Path, bytes_max: int) -> bytes:
    """The same, where `-` is standard input."""
    return sys.stdin.buffer.read(bytes_max + 1) if str(path) == "-" else read_bounded(path, bytes_max)
