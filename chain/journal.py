"""A write-ahead log: records that survive a kill at any moment.

1. File: 8 bytes magic, then records `head ‖ payload`, head = `length u32 ‖ crc32(payload) u32 ‖ crc32(both) u32`,
   big-endian. The head has a checksum of its own: with a damaged length nothing could tell a torn last record from
   acknowledged ones that follow. No payload is empty, so that zeros are no record.
2. `append` returns only after fdatasync: what it acknowledged is still there after a crash.
3. The file is filled with zeros ahead of the records, so that a sync writes data alone and no length or map of the
   file (a third of the time for a block of 30 KB). Closing cuts the zeros off; a killed process leaves them.
4. On opening, a last record of which a crash kept only parts was never acknowledged: it is cut off. The parts are
   whole sectors, the others are zeros still, or the file ends within it. Its head may be such a part; then nothing
   says how long it was, and whole records behind it would show that it is not the last.
   Any other damage is not ours to repair: `LedgerError`.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from zlib import crc32

from chain.durable import sync_path
from chain.errors import LedgerError

MAGIC = b"GPJRNL2\n"
_HEAD = 12
_CHUNK = 1 << 20
_SECTOR = 512
"""What a disk writes whole or not at all."""
_AHEAD_MIN, _AHEAD_MAX = 1 << 16, 1 << 24
"""Bytes of zeros at a time: as many as there are records, within these."""
_RECORD_MAX = (1 << 29) - 1
_HEAD_START = re.compile(rb"\x00(?!\x00{11})|[\x01-\x1f]")
"""How a head begins: `_RECORD_MAX` keeps its first byte below every byte of JSON text."""


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
            self._filled = os.fstat(self._file).st_size
            self._end = self._recovered_end()
        except OSError as error:
            self._release()
            raise LedgerError("disk", f"cannot open: {error.strerror}", str(path)) from error
        except LedgerError:
            self._release()
            raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def end(self) -> int:
        """Where the next record will begin."""
        return self._end

    def append(self, payload: bytes) -> None:
        """Rule 2. After an error (a full disk) the file still ends with the last acknowledged record."""
        if not 0 < len(payload) <= _RECORD_MAX:
            raise LedgerError("journal", f"a record has 1 to {_RECORD_MAX} bytes, not {len(payload)}", str(self.path))
        head = _head_of(payload)
        end = self._end + len(head) + len(payload)
        try:
            if end > self._filled:
                self._fill(end)
            self._write(head + payload, self._end)
            os.fdatasync(self._file)
        except OSError as error:
            self._cut()
            raise LedgerError("disk", f"cannot write: {error.strerror}", str(self.path)) from error
        self._end = end
        self._filled = max(self._filled, end)

    def records(self, start: int = 0) -> Iterator[bytes]:
        """Every record's payload, in order, from the one at byte `start` on (0: the first)."""
        for _, payload in self.records_at(start):
            yield payload

    def records_at(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """As `records`, each with the byte at which it begins; `LedgerError` at one that is damaged."""
        return read_records(self.path, start, self._end)

    def close(self) -> None:
        """Release the file, without the zeros ahead (rule 3)."""
        if self._file >= 0 and self._filled > self._end:
            self._cut()
        self._release()

    def _release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, data: bytes, offset: int) -> None:
        """All of `data`, however little the system takes at a time."""
        written = os.pwrite(self._file, data, offset)
        while written < len(data):
            written += os.pwrite(self._file, data[written:], offset + written)

    def _fill(self, end: int) -> None:
        """Rule 3, beyond `end`. A disk without room for zeros may have room for the record: that is tried next."""
        ahead = min(max(self._end, _AHEAD_MIN), _AHEAD_MAX)
        try:
            for offset in range(self._filled, end + ahead, _CHUNK):
                self._write(bytes(min(_CHUNK, end + ahead - offset)), offset)
        except OSError:
            os.ftruncate(self._file, self._filled)
        else:
            self._filled = end + ahead

    def _cut(self) -> None:
        """Nothing behind the last acknowledged record."""
        try:
            os.ftruncate(self._file, self._end)
        except OSError as error:
            raise LedgerError("disk", f"cannot cut: {error.strerror}", str(self.path)) from error
        self._filled = self._end

    def _begin(self) -> None:
        """Write the magic into a new file, or into one that was torn while it was written."""
        begun = os.pread(self._file, len(MAGIC), 0)
        if len(begun) < len(MAGIC) and begun == MAGIC[: len(begun)]:
            self._write(MAGIC, 0)
            os.fsync(self._file)
            sync_path(self.path.parent)

    def _recovered_end(self) -> int:
        """Rule 4."""
        if os.pread(self._file, len(MAGIC), 0) != MAGIC:
            raise LedgerError("journal", "this is no journal of gridproof", str(self.path))
        offset = len(MAGIC)
        while offset < self._filled:
            end = self._end_of_record(offset)
            if end is None:
                if not self._is_zero(offset):
                    os.ftruncate(self._file, offset)
                    os.fsync(self._file)
                    self._filled = offset
                break
            offset = end
        return offset

    def _end_of_record(self, offset: int) -> int | None:
        """Where the record at `offset` ends; None where it was torn or none begins (rule 4)."""
        head = os.pread(self._file, _HEAD, offset)
        if len(head) < _HEAD:
            return None
        end = offset + _HEAD + int.from_bytes(head[:4], "big")
        if crc32(head[:8]) != int.from_bytes(head[8:], "big") or end == offset + _HEAD:
            if _lacks_a_sector(head, offset) and not self._holds_records(offset + 1):
                return None
            raise LedgerError("journal", f"damaged at byte {offset}", str(self.path))
        if end > self._filled:
            return None
        payload = os.pread(self._file, end - offset - _HEAD, offset + _HEAD)
        if head == _head_of(payload):
            return end
        if not self._is_zero(end):
            raise LedgerError("journal", f"damaged at byte {offset}", str(self.path))
        return None

    def _is_zero(self, offset: int) -> bool:
        """Whether nothing but zeros follows."""
        return not any(any(os.pread(self._file, _CHUNK, at)) for at in range(offset, self._filled, _CHUNK))

    def _holds_records(self, offset: int) -> bool:
        """Whether a whole record begins anywhere behind `offset`."""
        if self._is_zero(offset):
            return False
        rest = os.pread(self._file, self._filled - offset, offset)
        for match in _HEAD_START.finditer(rest):
            head = rest[match.start() : match.start() + _HEAD]
            if crc32(head[:8]) == int.from_bytes(head[8:], "big"):
                start = match.start() + _HEAD
                if head == _head_of(rest[start : start + int.from_bytes(head[:4], "big")]):
                    return True
        return False


def read_records(path: Path, start: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """(byte at which it begins, payload) of each record from byte `start` (0: the first) to `end`, in order.

    Without `end` the file is one that is no longer written: it ends with a record, or with zeros behind it (rule 3).
    `LedgerError` at the first record that is damaged.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise LedgerError("journal", "this is no journal of gridproof", str(path))
            offset = file.seek(start or len(MAGIC))
            while (end is None or offset < end) and (head := file.read(_HEAD)):
                if end is None and not any(head) and not any(file.read()):
                    return
                is_head = crc32(head[:8]) == int.from_bytes(head[8:], "big")
                payload = file.read(int.from_bytes(head[:4], "big")) if is_head else b""
                if not payload or head != _head_of(payload):
                    raise LedgerError("journal", f"damaged at byte {offset}", str(path))
                yield offset, payload
                offset += _HEAD + len(payload)
    except OSError as error:
        raise LedgerError("disk", f"cannot read: {error.strerror}", str(path)) from error


def _lacks_a_sector(head: bytes, offset: int) -> bool:
    """Whether a sector's part of the head at `offset` is zero, as it was before the record was written."""
    first = -offset % _SECTOR
    parts = (head[:first], head[first:]) if 0 < first < len(head) else (head,)
    return any(not any(part) for part in parts)


def _head_of(payload: bytes) -> bytes:
    """Rule 1."""
    head = len(payload).to_bytes(4, "big") + crc32(payload).to_bytes(4, "big")
    return head + crc32(head).to_bytes(4, "big")
