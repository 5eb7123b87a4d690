"""A write-ahead log: records that survive a kill at any moment.

1. File: 8 bytes magic, then records `head ‖ payload`, head = `length u32 ‖ crc32(payload) u32 ‖ crc32(both) u32`,
   big-endian. The head has a checksum of its own: with a damaged length nothing could tell a torn last record from
   acknowledged ones that follow. No payload is empty, so that zeros are no record.
2. `append` returns only after fdatasync: what it acknowledged is still there after a crash.
3. On opening, an incomplete or damaged record that reaches the end of the file was never acknowledged: it is cut off,
   and so are zeros up to the end, which a crash of the machine may leave where a record was to come.
   Damage before the end is not ours to repair: `LedgerError`.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from zlib import crc32

from chain.durable import sync_path
from chain.errors import LedgerError

_MAGIC = b"GPJRNL2\n"
_HEAD = 12
_CHUNK = 1 << 20


class Journal:
    """See the module's docstring."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerError("disk", f"cannot open: {error.strerror}", str(path)) from error
        try:
            self._begin()
            self._end = self._recovered_end()
        except OSError as error:
            self.close()
            raise LedgerError("disk", f"cannot open: {error.strerror}", str(path)) from error
        except LedgerError:
            self.close()
            raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, payload: bytes) -> None:
        """Rule 2. After an error (a full disk) the file still ends with the last acknowledged record."""
        if not payload:
            raise LedgerError("journal", "an empty record", str(self.path))
        record = _head_of(payload) + payload
        try:
            self._write(record, self._end)
            os.fdatasync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._end)
            raise LedgerError("disk", f"cannot write: {error.strerror}", str(self.path)) from error
        self._end += len(record)

    def records(self) -> Iterator[bytes]:
        """Every record's payload, in order."""
        offset = len(_MAGIC)
        while offset < self._end:
            length = int.from_bytes(os.pread(self._file, 4, offset), "big")
            yield os.pread(self._file, length, offset + _HEAD)
            offset += _HEAD + length

    def close(self) -> None:
        """Release the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, data: bytes, offset: int) -> None:
        """All of `data`, however little the system takes at a time."""
        written = 0
        while written < len(data):
            written += os.pwrite(self._file, data[written:], offset + written)

    def _begin(self) -> None:
        """Write the magic into a new file, or into one that was torn while it was written."""
        begun = os.pread(self._file, len(_MAGIC), 0)
        if len(begun) < len(_MAGIC) and begun == _MAGIC[: len(begun)]:
            self._write(_MAGIC, 0)
            os.fsync(self._file)
            sync_path(self.path.parent)

    def _recovered_end(self) -> int:
        """Rule 3."""
        size = os.fstat(self._file).st_size
        if os.pread(self._file, len(_MAGIC), 0) != _MAGIC:
            raise LedgerError("journal", "this is no journal of gridproof", str(self.path))
        offset = len(_MAGIC)
        while offset < size:
            end = self._end_of_record(offset, size)
            if end is None:
                os.ftruncate(self._file, offset)
                os.fsync(self._file)
                break
            offset = end
        return offset

    def _end_of_record(self, offset: int, size: int) -> int | None:
        """Where the record at `offset` ends; None where it was torn (rule 3)."""
        head = os.pread(self._file, _HEAD, offset)
        if len(head) < _HEAD or (not any(head) and self._is_zero(offset, size)):
            return None
        end = offset + _HEAD + int.from_bytes(head[:4], "big")
        if crc32(head[:8]) != int.from_bytes(head[8:], "big") or end == offset + _HEAD:
            raise LedgerError("journal", f"damaged at byte {offset}", str(self.path))
        if end > size:
            return None
        payload = os.pread(self._file, end - offset - _HEAD, offset + _HEAD)
        if head == _head_of(payload):
            return end
        if end < size and not self._is_zero(end, size):
            raise LedgerError("journal", f"damaged at byte {offset}", str(self.path))
        return None

    def _is_zero(self, offset: int, size: int) -> bool:
        """Whether nothing but zeros follows."""
        return not any(any(os.pread(self._file, _CHUNK, at)) for at in range(offset, size, _CHUNK))


def _head_of(payload: bytes) -> bytes:
    """Rule 1."""
    head = len(payload).to_bytes(4, "big") + crc32(payload).to_bytes(4, "big")
    return head + crc32(head).to_bytes(4, "big")
