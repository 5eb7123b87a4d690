"""A write-ahead log: records that survive a kill at any moment.

1. File: 8 bytes magic, then records `length u32 ‖ crc32 u32 ‖ payload`, big-endian.
2. `append` returns only after fdatasync: what it acknowledged is still there after a crash.
3. On opening, an incomplete or damaged record that reaches the end of the file was never acknowledged: it is cut off.
   Damage before the end is not ours to repair: `LedgerError`.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from zlib import crc32

from chain.errors import LedgerError

_MAGIC = b"GPJRNL1\n"
_HEAD = 8


class Journal:
    """See the module's docstring."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        is_new = not path.exists() or path.stat().st_size < len(_MAGIC)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if is_new:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, _MAGIC, 0)
            os.fsync(self._file)
            _sync_folder(path.parent)
        self._end = self._recovered_end()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, payload: bytes) -> None:
        """Rule 2. After an error (a full disk) the file still ends with the last acknowledged record."""
        record = len(payload).to_bytes(4, "big") + crc32(payload).to_bytes(4, "big") + payload
        try:
            written = 0
            while written < len(record):
                written += os.pwrite(self._file, record[written:], self._end + written)
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

    def _recovered_end(self) -> int:
        """Rule 3."""
        size = os.fstat(self._file).st_size
        if os.pread(self._file, len(_MAGIC), 0) != _MAGIC:
            raise LedgerError("journal", "this is no journal of gridproof", str(self.path))
        offset = len(_MAGIC)
        while offset < size:
            head = os.pread(self._file, _HEAD, offset)
            end = offset + _HEAD + int.from_bytes(head[:4], "big")
            if len(head) < _HEAD or end > size:
                break
            payload = os.pread(self._file, end - offset - _HEAD, offset + _HEAD)
            if crc32(payload) != int.from_bytes(head[4:], "big"):
                if end < size:
                    raise LedgerError("journal", f"damaged at byte {offset}", str(self.path))
                break
            offset = end
        if offset < size:
            os.ftruncate(self._file, offset)
            os.fsync(self._file)
        return offset


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
