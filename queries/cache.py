"""The reader's private, content-addressed copy of every segment: the only files that a query reads.

1. `$XDG_CACHE_HOME/gridproof` (else `~/.cache/gridproof`), a real folder that belongs to the reader, mode 0700.
2. A segment's file is read once; its SHA-256 is compared with its seal; those very bytes, in memory, are decoded to
   the last page (`chain.parquet.count_rows`: whoever seals a damaged file himself meets Arrow's reader before an
   engine's) and written to `segments/<sha256>.parquet`, mode 0400. No second read, so no race.
3. A copy, never a hard link: whoever owns the original could later change the shared inode in place.
4. A cached file is believed while device, inode, size and both time stamps are those that were seen when it was
   written or hashed here; otherwise it is hashed again, and replaced when it is wrong.
5. An original is believed unchanged on the same terms, unless it had changed less than `settled_ms` before it was
   hashed. That spares hashing an unchanged export; were it wrong, queries would still read the copy of rule 2.

What an export says about itself never enters the index.
"""

import contextlib
import hashlib
import os
import stat
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from chain.errors import ExportError
from chain.parquet import count_rows
from chain.progress import Progress, no_progress
from chain.record import Record
from chain.schema import Schema
from chain.seals import SealedSegment, check_segment_file
from queries.errors import CacheError
from queries.limits import QUERY_LIMITS

_HASH_THREADS = 2
_PRIVATE = 0o700


def cache_folder() -> Path:
    """Rule 1."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "gridproof"


class _Index(msgspec.Struct, forbid_unknown_fields=True):
    """What was hashed, by the state of its file."""

    originals: dict[str, str]
    """State of an export's file → SHA-256."""
    copies: dict[str, str]
    """SHA-256 and `schema_sha256` → state of the cached file."""


class SegmentCache:
    """See the module's docstring. One process writes the index at a time; a lost update costs a hash."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder()
        self.segments = self.folder / "segments"
        self.spill = self.folder / "spill"
        for part in (self.folder, self.segments, self.spill):
            _private_folder(part)
        self._index_path = self.folder / "segments.index"
        self._index = self._read_index()
        self._changed = False

    def admit_all(self, record: Record, progress: Progress = no_progress) -> dict[str, dict[str, list[Path]]]:
        """Table → channel → cached files in order, for every segment of `record`. Raises `ChainError`."""
        work = [
            (channel, segment, channel.schemas[table])
            for channel in record.channels.values()
            for table, segments in channel.segments.items()
            for segment in segments
        ]
        with ThreadPoolExecutor(_HASH_THREADS) as pool:
            paths = pool.map(lambda item: self._admit(record, item[1], item[2]), work)
            found: dict[str, dict[str, list[Path]]] = {}
            for done, ((channel, segment, _), path) in enumerate(zip(work, paths, strict=True), 1):
                found.setdefault(segment.seal.table, {}).setdefault(channel.channel, []).append(path)
                progress("table files", done, len(work))
        self._write_index()
        return found

    def read(self, record: Record, segment: SealedSegment) -> bytes:
        """A segment's bytes, hashed again: from the cache, else from the export."""
        try:
            data = self._path(segment).read_bytes()
        except OSError:
            return check_segment_file(record.reader, segment)
        if _sha256(data) != segment.seal.sha256:
            return check_segment_file(record.reader, segment)
        return data

    def _path(self, segment: SealedSegment) -> Path:
        return self.segments / f"{segment.seal.sha256}.parquet"

    def _admit(self, record: Record, segment: SealedSegment, schema: Schema) -> Path:
        """Rules 2–5 for one segment."""
        path = self._path(segment)
        original = _state(record.reader.folder / segment.path)
        if self._index.originals.get(original) == segment.seal.sha256 and self._is_cached(path, segment, schema):
            return path
        read_at_ms = time.time_ns() // 1_000_000
        data = check_segment_file(record.reader, segment)
        _check_parquet(data, segment, schema)
        if not self._is_cached(path, segment, schema):
            self._store(path, data, f"{segment.seal.sha256} {schema.sha256}")
        if _is_settled(record.reader.folder / segment.path, original, read_at_ms):
            self._index.originals[original] = segment.seal.sha256
            self._changed = True
        return path

    def _is_cached(self, path: Path, segment: SealedSegment, schema: Schema) -> bool:
        """Rule 4. A copy is only taken for a schema that it was parsed against."""
        key = f"{segment.seal.sha256} {schema.sha256}"
        state = _state(path)
        if not state or key not in self._index.copies:
            return False
        if self._index.copies[key] == state:
            return True
        if _sha256(path.read_bytes()) != segment.seal.sha256:
            return False
        self._index.copies[key] = state
        self._changed = True
        return True

    def _store(self, path: Path, data: bytes, key: str) -> None:
        """Rules 2 and 3; another process may store the same bytes at the same time."""
        try:
            file, partial = tempfile.mkstemp(dir=self.segments, suffix=".partial")
            with os.fdopen(file, "wb") as sink:
                sink.write(data)
                os.fchmod(sink.fileno(), stat.S_IRUSR)
            os.replace(partial, path)
        except OSError as error:
            raise CacheError("cache-write", f"cannot write the cache: {error.strerror}", str(path)) from None
        self._index.copies[key] = _state(path)
        self._changed = True

    def _read_index(self) -> _Index:
        """The index; a missing or damaged one is an empty one."""
        try:
            return msgspec.json.decode(self._index_path.read_bytes(), type=_Index)
        except (OSError, msgspec.DecodeError, ValueError):
            return _Index(originals={}, copies={})

    def _write_index(self) -> None:
        if not self._changed:
            return
        for entries in (self._index.originals, self._index.copies):
            for key in list(entries)[: max(0, len(entries) - QUERY_LIMITS.cache_index_files_max)]:
                del entries[key]
        # The index only spares work: without room for it, the next opening hashes again.
        with contextlib.suppress(OSError):
            file, partial = tempfile.mkstemp(dir=self.folder, suffix=".partial")
            with os.fdopen(file, "wb") as sink:
                sink.write(msgspec.json.encode(self._index))
            os.replace(partial, self._index_path)
            self._changed = False


def _private_folder(folder: Path) -> None:
    """Rule 1."""
    try:
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise CacheError("cache-folder", "not a folder of yours; links are not followed", str(folder))
        if status.st_mode & 0o077:
            folder.chmod(_PRIVATE)
    except OSError as error:
        raise CacheError("cache-folder", f"cannot be used as a cache: {error.strerror}", str(folder)) from None


def _check_parquet(data: bytes, segment: SealedSegment, schema: Schema) -> None:
    """Columns and row count are those that schema and seal say; only called on bytes that the seal vouches for."""
    rows = count_rows(schema, data, segment.path)
    if rows != segment.seal.rows_count:
        sentence = f"{rows} rows, its seal (entry {segment.entry}) says {segment.seal.rows_count}"
        raise ExportError("parquet-rows", sentence, segment.path)


def _state(path: Path) -> str:
    """What changes when a file does: device, inode, size, time of change of content and of anything; "" if absent."""
    try:
        status = path.lstat()
    except OSError:
        return ""
    if not stat.S_ISREG(status.st_mode):
        return ""
    parts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return "-".join(str(part) for part in parts)


def _is_settled(path: Path, before: str, read_at_ms: int) -> bool:
    """Rule 5: unchanged while it was read, and for a while before."""
    if not before or _state(path) != before:
        return False
    changed_ms = int(before.rsplit("-", 1)[1]) // 1_000_000
    return read_at_ms - changed_ms > QUERY_LIMITS.settled_ms


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
