"""Files that hold secrets, read and written so that they stay one's own.

1. What is read is a regular file, by its own name and not through a symbolic link ("symlink", "not-a-file"), owned by
   whoever runs this ("foreign-owner"), closed to group and others ("permissions"), of bounded length ("length"). All
   of it is asked of the open file, not of its name: nothing can be swapped in between.
2. A new file is made with mode 0600 where nothing was ("exists"), and is on the disk when the call returns.
3. An existing file is replaced whole: written beside, forced to the disk, renamed. A power cut leaves the old or the
   new one. Not if it is no longer the one that was read ("changed"): another change came first.
"""

import errno
import os
import stat
from pathlib import Path
from typing import NoReturn

from chain.durable import create_file, sync_path, written_beside
from chain.errors import SecretFileError

_OWN = 0o600
_OTHERS = 0o077


def read_secret_file(path: Path, bytes_max: int) -> bytes:
    """Rule 1; `SecretFileError` otherwise."""
    data = _beginning(path, bytes_max + 1)
    if len(data) > bytes_max:
        raise SecretFileError("length", f"more than {bytes_max} bytes", str(path))
    return data


def create_secret_file(path: Path, data: bytes) -> None:
    """Rule 2; `SecretFileError` otherwise, and then no file is there."""
    try:
        create_file(path, data, _OWN)
    except OSError as error:
        _refuse(error, path)


def replace_secret_file(path: Path, read: bytes, data: bytes) -> None:
    """Rule 3: `data` for the file whose content was `read`; `SecretFileError` otherwise, and then the old one stays."""
    try:
        with written_beside(path, data, _OWN) as beside:
            # As late as can be: what comes between this and the renaming would be lost.
            if _beginning(path, len(read) + 1) != read:
                sentence = "somebody else changed the file meanwhile: nothing was written"
                raise SecretFileError("changed", sentence, str(path))
            os.replace(beside, path)
            sync_path(path.parent)
    except OSError as error:
        _refuse(error, path)


def _beginning(path: Path, count: int) -> bytes:
    """The first `count` bytes of a file that is as rule 1 wants it."""
    try:
        # Not blocking: a pipe would keep us waiting for its writer.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        _refuse(error, path)
    try:
        _check_own(os.fstat(file), path)
        with os.fdopen(file, "rb", closefd=False) as opened:
            return opened.read(count)
    except OSError as error:
        _refuse(error, path)
    finally:
        os.close(file)


def _check_own(found: os.stat_result, path: Path) -> None:
    """Rule 1 of the open file."""
    if not stat.S_ISREG(found.st_mode):
        raise SecretFileError("not-a-file", "not a regular file", str(path))
    if found.st_uid != os.geteuid():
        raise SecretFileError("foreign-owner", "the file belongs to another user, who could change it", str(path))
    if found.st_mode & _OTHERS:
        sentence = f"others on this machine can read or change it (mode {found.st_mode & 0o777:03o}): chmod 600 {path}"
        raise SecretFileError("permissions", sentence, str(path))


def _refuse(error: OSError, path: Path) -> NoReturn:
    """What the operating system refused, in our words."""
    match error.errno:
        case errno.EEXIST:
            code, sentence = "exists", "something is there already; nothing is ever overwritten"
        case errno.ENOENT:
            code, sentence = "no-file", "there is no such file or folder"
        case errno.ELOOP | errno.EMLINK:
            code, sentence = "symlink", "a symbolic link: name the file itself"
        case errno.ENOSPC | errno.EDQUOT:
            code, sentence = "disk-full", "the disk is full: nothing was changed"
        case _:
            code, sentence = "file", f"cannot be used: {error.strerror}"
    raise SecretFileError(code, sentence, str(path)) from None
