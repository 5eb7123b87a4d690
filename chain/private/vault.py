"""The vault: a folder with one sealed file per subject, on the disk of whoever keeps it for the readers.

    <subject>.sealed     the newest sealed file (`chain.private.sealed`)
    <subject>.erased     a tombstone: canonical JSON {format, information_hash, subject, time}, nothing personal
    lock                 held while a process uses the vault

1. The folder is ours and closed to everyone else (0700), its files are 0600 and no symbolic links; names are made from
   checked names only, and a file is believed to be about the subject that it itself names.
2. One process at a time.
3. A file is replaced as a whole: written beside, synced, renamed, the folder synced. An error (a full disk) leaves the
   file that was there; leftovers of a killed process are removed when the vault is opened next.
4. A file replaces another only with a higher version; a new subject begins anywhere.
5. `erase` first writes the tombstone, then overwrites the sealed file, removes it, and syncs. A kill in between is
   finished when the vault is opened next. An erased subject takes no new file: a new record is a new account's.
6. What is replaced or removed is overwritten first, as well as the disk allows: journalling and copy-on-write file
   systems, flash and backups may keep old blocks. They hold ciphertext only, to keys of readers that were named in it.

Once the salts are gone the hash on the record opens nothing any more; the record itself stays as it is, and verifies.
"""

import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import msgspec

from chain import jcs
from chain.calendar import utc_text
from chain.durable import PARTIAL, replace_file, sync_path
from chain.errors import ChainError, LimitError, ParseError, PrivateError, SignatureError
from chain.fields import Moment
from chain.limits import LIMITS
from chain.private.sealed import SealedHeader, read_header
from chain.text import check_name, from_hex

FORMAT = "gridproof-erased/1"

LOCK = "lock"
_SEALED = ".sealed"
_ERASED = ".erased"
_OWN = 0o600


class _Erased(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    information_hash: str
    subject: str
    time: Moment


_ERASED_DECODER = jcs.TypedDecoder(_Erased)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an erased record."""

    subject: str
    information_hash: str
    """What it opened; "" where its file was damaged."""
    time_ms: int
    """When it was erased, as the caller's clock said."""


class Vault:
    """See the module's docstring. Use it in a `with`; raises `PrivateError`."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Open the vault in `folder`, made first with `create`, and finish what a kill left (rules 1–3, 5)."""
        self.folder = folder
        if not create and not os.path.lexists(folder):
            raise PrivateError("no-vault", "there is no such folder", str(folder))
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _locked(folder)
        except OSError as error:
            raise _disk_error("cannot open", folder, error) from None
        try:
            self._finish()
        except OSError as error:
            self.close()
            raise _disk_error("cannot open", folder, error) from None
        except ChainError:
            self.close()
            raise

    def __enter__(self) -> "Vault":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another process in."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def subjects(self) -> tuple[str, ...]:
        """Whose sealed files are here, sorted; erased ones are not."""
        return tuple(sorted(path.name.removesuffix(_SEALED) for path in self.folder.glob(f"*{_SEALED}")))

    def tombstone(self, subject: str) -> Tombstone | None:
        """What is left of an erased subject; None: it was not erased here."""
        path = self._path(subject, _ERASED)
        data = _read(path)
        return None if data is None else _parse_tombstone(data, subject, str(path))

    def read(self, subject: str) -> bytes:
        """The sealed file of `subject`, whose header names it; `PrivateError` where there is none, or no more."""
        data = self._sealed(subject)
        if data is None:
            self._require_not_erased(subject)
            raise PrivateError("no-record", f"the vault has no sealed record of {subject}", str(self.folder))
        return data

    def put(self, data: bytes) -> SealedHeader:
        """Keep a sealed file under the subject that it names (rules 3 and 4)."""
        header = read_header(data)
        self._require_not_erased(header.subject)
        path = self._path(header.subject, _SEALED)
        before = self._sealed(header.subject)
        newest = 0 if before is None else read_header(before).version
        if header.version <= newest:
            sentence = f"version {header.version} is no newer than {newest}, which is here"
            raise PrivateError("version", sentence, str(path))
        self._replace(path, data)
        return header

    def erase(self, subject: str, time_ms: int) -> Tombstone:
        """Rule 5. Done already: the tombstone that is there."""
        done = self.tombstone(subject)
        if done is not None:
            return done
        data = jcs.encode(_Erased(FORMAT, self._hash_of(subject), subject, time_ms))
        tombstone = _parse_tombstone(data, subject, "tombstone")
        self._replace(self._path(subject, _ERASED), data)
        try:
            _destroy(self._path(subject, _SEALED))
            sync_path(self.folder)
        except OSError as error:
            raise _disk_error("is marked as erased, its file is still there", self.folder / subject, error) from None
        return tombstone

    def _sealed(self, subject: str) -> bytes | None:
        """Rule 1: the file, if it is there and about that subject. A marked one counts as gone (rule 5)."""
        path = self._path(subject, _SEALED)
        if self._path(subject, _ERASED).is_file():
            return None
        data = _read(path)
        # File systems that take A for a would hand out another's record.
        if data is not None and read_header(data, str(path)).subject != subject:
            raise PrivateError("subject", "the file is about another subject", str(path))
        return data

    def _hash_of(self, subject: str) -> str:
        """The hash that a subject's file commits to; "" where it is damaged: that too can be erased."""
        try:
            return read_header(self.read(subject)).information_hash
        except (ParseError, LimitError, SignatureError):
            return ""

    def _require_not_erased(self, subject: str) -> None:
        found = self.tombstone(subject)
        if found is not None:
            sentence = f"{subject} was erased at {utc_text(found.time_ms)}; hash {found.information_hash} opens no more"
            raise PrivateError("erased", sentence, str(self.folder))

    def _path(self, subject: str, suffix: str) -> Path:
        """Rule 1: the only place where a path is made."""
        return self.folder / f"{check_name(subject, 'subject')}{suffix}"

    def _replace(self, path: Path, data: bytes) -> None:
        """Rules 3 and 6."""
        try:
            old = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC) if path.is_file() else -1
            try:
                replace_file(path, data, _OWN)
                _overwrite(old)
            finally:
                if old >= 0:
                    os.close(old)
        except OSError as error:
            raise _disk_error("cannot write", path, error) from None

    def _finish(self) -> None:
        """Rules 3 and 5: remove what a killed process left half done."""
        left = [path for kind in (_SEALED, _ERASED) for path in sorted(self.folder.glob(f"*{kind}.*{PARTIAL}"))]
        left += [path for path in map(self._marked, sorted(self.folder.glob(f"*{_ERASED}"))) if path is not None]
        for path in left:
            _destroy(path)
        if left:
            sync_path(self.folder)

    def _marked(self, tombstone: Path) -> Path | None:
        """The sealed file that a tombstone says is erased. One that is damaged destroys nothing; reading names it."""
        subject = tombstone.name.removesuffix(_ERASED)
        path = tombstone.with_name(f"{subject}{_SEALED}")
        try:
            return path if path.exists() and self.tombstone(subject) is not None else None
        except ChainError:
            return None


def _locked(folder: Path) -> int:
    """Rules 1 and 2: the lock's file descriptor."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        sentence = "a vault is a folder of yours that is closed to everyone else (chmod 700)"
        raise PrivateError("vault-open", sentence, str(folder))
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _OWN)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise PrivateError("locked", "another process uses this vault", str(folder)) from None
    return lock


def _read(path: Path) -> bytes | None:
    """A file of the vault, bounded; None where there is none."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _disk_error("cannot read", path, error) from None
    with os.fdopen(file, "rb") as source:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise PrivateError("vault-file", "not a file", str(path))
        return source.read(LIMITS.private_file_bytes_max + 1)


def _destroy(path: Path) -> None:
    """Rule 6: overwrite and remove."""
    file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _overwrite(file)
    finally:
        os.close(file)
    path.unlink()


def _overwrite(file: int) -> None:
    """Zeros over all of an open file, best effort (rule 6): removing it is what counts."""
    if file < 0:
        return
    try:
        size = os.fstat(file).st_size
        written = 0
        while written < size:
            written += os.pwrite(file, bytes(min(size - written, 1 << 16)), written)
        os.fsync(file)
    except OSError:
        return


def _parse_tombstone(data: bytes, subject: str, where: str) -> Tombstone:
    erased = _ERASED_DECODER.decode(data, where)
    if erased.information_hash:
        from_hex(erased.information_hash, 32, f"{where}: information_hash")
    if (erased.format, erased.subject) != (FORMAT, subject):
        raise ParseError("tombstone", f"not a {FORMAT} of {subject}", where)
    return Tombstone(erased.subject, erased.information_hash, erased.time)


def _disk_error(what: str, path: Path, error: OSError) -> PrivateError:
    return PrivateError("disk", f"{what}: {error.strerror}", str(path))
