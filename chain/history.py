"""The blocks of one channel on disk: a journal in segments, read as the sequence of its entries.

1. A block is one record: its entries and the lines of its batches. When `append` returns, it is durable.
2. `begin_segment` closes the journal and begins the next, named by the entry that will be its first: what lies before
   a snapshot need not be scanned to open the channel. No segment is ever deleted: together they are the record.
3. Entries are read from disk; memory holds a list of segments and one place.
4. Segments follow each other without a gap; a record that is damaged is a `LedgerError` wherever it is met.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import msgspec

from chain.errors import LedgerError
from chain.journal import MAGIC, Journal, read_records
from chain.layout import JOURNAL, journal_path, numbers_of


class _Record(msgspec.Struct, frozen=True, array_like=True):
    """A block as journalled."""

    entries: tuple[bytes, ...]
    rows: dict[int, bytes]


_DECODER = msgspec.msgpack.Decoder(_Record)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block lies."""

    segment: int
    """First entry of its journal segment."""
    offset: int
    """Byte of its record."""
    first: int
    """Index of its first entry."""


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block as it is on disk."""

    place: Place
    entries: tuple[bytes, ...]
    rows: Mapping[int, bytes]
    """Entry index → lines of its batch."""

    @property
    def end(self) -> int:
        """Size of the log after it."""
        return self.place.first + len(self.entries)


class History(Sequence[bytes]):
    """See the module's docstring."""

    def __init__(self, folder: Path, channel: str) -> None:
        self._folder = folder
        self._channel = channel
        self._segments = [0, *numbers_of(_names(folder / channel), JOURNAL)]
        self._journal = Journal(folder / journal_path(channel, self._segments[-1]))
        self._size = self._segments[-1]
        self._last = self._read = Place(self._size, 0, self._size)
        try:
            for block in self._blocks_of(self._segments[-1], self._last):
                self._size, self._last = block.end, block.place
        except LedgerError:
            self.close()
            raise

    @property
    def last(self) -> Place:
        """Of the last block, if this process has written or read it."""
        return self._last

    def append(self, entries: tuple[bytes, ...], rows: Mapping[int, bytes]) -> None:
        """Rule 1."""
        place = Place(self._segments[-1], self._journal.end, self._size)
        self._journal.append(msgspec.msgpack.encode(_Record(entries, dict(rows))))
        self._last = place
        self._size += len(entries)

    def begin_segment(self) -> None:
        """Rule 2; does nothing where the present segment is empty still."""
        if self._size != self._segments[-1]:
            path = self._folder / journal_path(self._channel, self._size)
            try:
                journal = Journal(path)
            except LedgerError:
                # Left there it would be taken for the newest segment, while blocks go on in the present one.
                path.unlink(missing_ok=True)
                raise
            self._journal.close()
            self._journal = journal
            self._segments.append(self._size)

    def blocks(self, start: int) -> Iterator[StoredBlock]:
        """The blocks from the one that holds entry `start` on."""
        if not 0 <= start <= self._size:
            raise LedgerError("entry", f"entry {start} of a log of {self._size}", self._channel)
        position = bisect_right(self._segments, start) - 1
        for number in range(position, len(self._segments)):
            first = self._segments[number]
            place = Place(first, 0, first)
            if self._read.segment == first and self._read.first <= start:
                place = self._read
            for block in self._blocks_of(first, place):
                place = block.place
                if block.end > start:
                    self._read = place
                    yield block
                first = block.end
            if number + 1 < len(self._segments) and first != self._segments[number + 1]:
                sentence = f"the entries from {first} to {self._segments[number + 1]} are missing"
                raise LedgerError("journal", sentence, self._channel)

    def block_at(self, place: Place) -> StoredBlock:
        """The one block that lies there; `LedgerError` where none does."""
        if place.segment in self._segments:
            for block in self._blocks_of(place.segment, place):
                return block
        raise LedgerError("journal", f"there is no block at {place}", self._channel)

    def _blocks_of(self, segment: int, start: Place) -> Iterator[StoredBlock]:
        path = self._folder / journal_path(self._channel, segment)
        end = self._journal.end if segment == self._segments[-1] else None
        first = start.first
        for offset, payload in read_records(path, start.offset, end):
            record = _decode(payload, path)
            yield StoredBlock(Place(segment, offset, first), record.entries, record.rows)
            first += len(record.entries)

    def close(self) -> None:
        """Release the journal."""
        self._journal.close()

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks(0):
            yield from block.entries

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            start, stop, step = index.indices(self._size)
            if step != 1:
                raise ValueError("entries are read in order")
            return self._run(start, stop)
        if not -self._size <= index < self._size:
            raise IndexError(f"entry {index} of a log of {self._size}")
        return self._run(index % self._size, index % self._size + 1)[0]

    def _run(self, start: int, stop: int) -> list[bytes]:
        found: list[bytes] = []
        if start < stop:
            for block in self.blocks(start):
                first = block.place.first
                found += block.entries[max(start - first, 0) : stop - first]
                if block.end >= stop:
                    break
        return found


def first_block(folder: Path, channel: str) -> StoredBlock | None:
    """Block 0 as it is on disk, without opening the channel; None where there is none (yet)."""
    path = folder / journal_path(channel)
    if not path.is_file() or path.stat().st_size <= len(MAGIC):
        return None
    try:
        payload = next((payload for _, payload in read_records(path)), None)
    except LedgerError:
        # Torn while it was written, perhaps: what recovery leaves of it decides.
        with Journal(path) as journal:
            payload = next(journal.records(), None)
    if payload is None:
        return None
    record = _decode(payload, path)
    return StoredBlock(Place(0, 0, 0), record.entries, record.rows)


def _decode(payload: bytes, path: Path) -> _Record:
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise LedgerError("journal", f"not a journal of blocks: {error}", str(path)) from None


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LedgerError("disk", f"cannot read: {error.strerror}", str(folder)) from error
