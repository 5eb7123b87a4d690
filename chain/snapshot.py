"""A channel's state on disk, so that a restart executes what came after it and not the whole history.

1. Taken right after a block with a state root: every row is sealed then, and what a replica knows is its state, the
   frontiers of the log and of each table's seals, and its place in the journal.
2. File: 8 bytes magic, then frames `length u32 ‖ msgpack`: the header, then pieces of the state in key order. A value
   is its canonical JSON; its contract says of which type it is (`chain.contract.Space`).
3. It is written beside its place, synced, renamed, the folder synced: there is no half snapshot. The last two are kept.
4. Nothing in it is believed. The block is read from the journal, `Replica.resume` recomputes the roots that it commits
   to, and the log's root meets what the validators have signed. One that does not hold is passed over: the one before,
   or execution from genesis, lead to the same state.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec

from chain import jcs
from chain.durable import sync_path
from chain.errors import LedgerError
from chain.frontier import Frontier
from chain.history import Place
from chain.layout import SNAPSHOT, numbers_of, snapshot_path
from chain.replica import Replica, Sealed
from chain.state import State, state_leaf
from chain.tables import SealedTable

KEPT = 2

_MAGIC = b"GPSNAP1\n"
_LENGTH = 4
_FRAME_KEYS = 4_096

_Natural = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class _Header(msgspec.Struct, frozen=True, array_like=True):
    segment: _Natural
    offset: _Natural
    first: _Natural
    peaks: tuple[bytes, ...]
    sealed_to: _Natural
    tables: tuple[SealedTable, ...]
    frames: _Natural


class _Frame(msgspec.Struct, frozen=True, array_like=True):
    space: str
    keys: tuple[str, ...]
    values: tuple[bytes, ...]


_HEADER = msgspec.msgpack.Decoder(_Header)
_FRAME = msgspec.msgpack.Decoder(_Frame)

TypeOf = Callable[[str], Any]
"""State space → type of its values; `LedgerError` for one that nobody declares."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """As read: parsed, not yet compared with anything."""

    place: Place
    """Of the block after which it was taken."""
    sealed: Sealed


def snapshots(folder: Path, channel: str) -> list[Path]:
    """Files of the snapshots of `channel`, the newest first."""
    try:
        names = os.listdir(folder / channel)
    except OSError as error:
        raise LedgerError("disk", f"cannot read: {error.strerror}", str(folder / channel)) from error
    return [folder / snapshot_path(channel, size) for size in numbers_of(names, SNAPSHOT)[::-1]]


def write_snapshot(folder: Path, replica: Replica, place: Place) -> None:
    """Rules 1–3. `place`: of the block that `replica` has just executed."""
    channel = replica.genesis.channel
    path = folder / snapshot_path(channel, replica.tree.size)
    partial = path.with_suffix(".partial")
    sealed = replica.sealed
    try:
        with partial.open("wb") as file:
            file.write(_MAGIC)
            for frame in _frames(sealed, place):
                data = msgspec.msgpack.encode(frame)
                file.write(len(data).to_bytes(_LENGTH, "big") + data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        sync_path(path.parent)
        for old in snapshots(folder, channel)[KEPT:]:
            old.unlink()
    except OSError as error:
        raise LedgerError("disk", f"cannot write: {error.strerror}", str(path)) from error


def read_snapshot(path: Path, type_of: TypeOf) -> Snapshot:
    """`LedgerError` where the file is none, or a value is not of the type that `type_of` its space gives."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise LedgerError("snapshot", "this is no snapshot of gridproof", str(path))
            header = _HEADER.decode(_next(file))
            state = State()
            _load(state, (_FRAME.decode(_next(file)) for _ in range(header.frames)), type_of)
            if file.read(1):
                raise LedgerError("snapshot", "something follows its last frame", str(path))
        before = Frontier(header.first, header.peaks)
    except OSError as error:
        raise LedgerError("disk", f"cannot read: {error.strerror}", str(path)) from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LedgerError("snapshot", f"damaged: {error}", str(path)) from None
    place = Place(header.segment, header.offset, header.first)
    return Snapshot(place, Sealed(before, header.sealed_to, header.tables, state))


def _frames(sealed: Sealed, place: Place) -> Iterator[msgspec.Struct]:
    runs = [
        (space, start) for space in sealed.state.spaces() for start in range(0, sealed.state.count(space), _FRAME_KEYS)
    ]
    before = sealed.before
    yield _Header(place.segment, place.offset, place.first, before.peaks, sealed.sealed_to, sealed.tables, len(runs))
    items: list[tuple[str, Any]] = []
    for space, start in runs:
        if start == 0:
            items = sealed.state.items(space)
        run = items[start : start + _FRAME_KEYS]
        yield _Frame(space, tuple(key for key, _ in run), tuple(jcs.encode(value) for _, value in run))


def _load(state: State, frames: Iterator[_Frame], type_of: TypeOf) -> None:
    """Spaces are gathered frame by frame; keys ascend, so that none stands twice."""
    space, keys, values, leaves = "", list[str](), list[Any](), bytearray()
    decode = msgspec.json.Decoder().decode
    for frame in frames:
        if frame.space != space:
            if keys:
                state.load(space, keys, values, leaves)
            if frame.space <= space or "/" in frame.space or not frame.space.isascii():
                raise LedgerError("snapshot", "its spaces are not in order", frame.space)
            space, keys, values, leaves = frame.space, [], [], bytearray()
            decode = msgspec.json.Decoder(type_of(space)).decode
        if len(frame.keys) != len(frame.values) or not frame.keys:
            raise LedgerError("snapshot", "a frame without a value for each key", space)
        keys += frame.keys
        values += map(decode, frame.values)
        leaves += b"".join([state_leaf(space, k, v) for k, v in zip(frame.keys, frame.values, strict=True)])
    if keys:
        state.load(space, keys, values, leaves)


def _next(file: BinaryIO) -> bytes:
    """The next frame's bytes; a file that ends within it fails to decode."""
    length = int.from_bytes(file.read(_LENGTH), "big")
    return file.read(min(length, os.fstat(file.fileno()).st_size))
