"""A channel's state: what its contracts remember (`docs/format.md` section 4).

1. A key is `space/id`, both ASCII, neither with `/`. A value is immutable: a frozen Struct, tuple, string or number.
2. Contracts see the state through an `Overlay`; only an accepted call's overlay is applied.
3. `state_root` covers every key and value, in key order, between sentinels.
4. What a root has hashed once is kept: the next one hashes what was written since and the nodes above it. Keys that
   are new or gone move all leaves behind them; then the nodes behind the first of them are hashed again.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from struct import iter_unpack
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chain import jcs
from chain.errors import LedgerError
from chain.merkle import HASH_BYTES

_ABSENT = object()
_FIRST, _LAST = (sha256(b"\x00" + sentinel).digest() for sentinel in (b"\x00", b"\x03"))
_PAIR_BYTES = 2 * HASH_BYTES

_Hashes: TypeAlias = npt.NDArray[np.uint8]


def state_leaf(space: str, key: str, value: bytes) -> bytes:
    """Hash of the leaf of `space/key` whose value's canonical JSON is `value`."""
    return sha256(b"\x00\x02" + f"{space}/{key}".encode("ascii") + b"\x00" + sha256(value).digest()).digest()


class State:
    """Mutable map of spaces; mutated only through `Overlay.apply`."""

    __slots__ = ("_hashed", "_nodes", "_spaces", "_written")

    def __init__(self) -> None:
        self._spaces: dict[str, dict[str, Any]] = {}
        self._written: dict[str, set[str]] = {}
        """Space → ids written or removed since the last root."""
        self._hashed: dict[str, _SpaceLeaves] = {}
        """Space → its leaves as they were at the last root."""
        self._nodes = _Nodes()

    def get(self, space: str, key: str) -> Any:
        """The value, or None where there is none."""
        values = self._spaces.get(space)
        return None if values is None else values.get(key)

    def items(self, space: str) -> list[tuple[str, Any]]:
        """All (id, value) of one space, by id."""
        return sorted(self._spaces.get(space, {}).items())

    def spaces(self) -> list[str]:
        """All spaces that hold something, sorted."""
        return sorted(self._spaces)

    def count(self, space: str | None = None) -> int:
        """How many keys there are, or how many in one space."""
        if space is not None:
            return len(self._spaces.get(space, ()))
        return sum(len(values) for values in self._spaces.values())

    def put(self, space: str, key: str, value: Any) -> None:
        """Set one value; for the replica's own bookkeeping and `Overlay.apply`."""
        values = self._spaces.get(space)
        if values is None:
            values = self._spaces[space] = {}
        values[key] = value
        written = self._written.get(space)
        if written is None:
            written = self._written[space] = set()
        written.add(key)

    def delete(self, space: str, key: str) -> None:
        """Remove one value, and the space with its last one."""
        values = self._spaces.get(space)
        if values is not None and values.pop(key, _ABSENT) is not _ABSENT:
            self._written.setdefault(space, set()).add(key)
            if not values:
                del self._spaces[space]

    def load(self, space: str, keys: Sequence[str], values: Sequence[Any], leaves: bytes | bytearray) -> None:
        """A whole space that is not there yet: ids in ascending order (`LedgerError` otherwise), their values, their
        leaf hashes end to end.
        """
        if any("/" in key for key in keys) or any(first >= second for first, second in pairwise(keys)):
            raise LedgerError("state-key", "keys are not in order, each once and without '/'", space)
        self._spaces[space] = dict(zip(keys, values, strict=True))
        self._hashed[space] = _SpaceLeaves(list(keys), bytearray(leaves))
        self._nodes.forget()

    def root(self) -> bytes:
        """Rules 3 and 4."""
        if self._written or not self._nodes.is_settled:
            self._nodes.settle(*self._settle())
        return self._nodes.root()

    def _settle(self) -> tuple[list[bytes | bytearray], list[int], int]:
        """(all leaf hashes in pieces, changed leaves, the first leaf from which on they have moved or are new)."""
        pieces: list[bytes | bytearray] = [_FIRST]
        changed: list[int] = []
        moved, start = -1, 1
        # `space/` is no beginning of another `space/`: spaces in this order, ids in theirs, are keys in byte order.
        for space in sorted(self._hashed.keys() | self._written.keys(), key=lambda name: f"{name}/"):
            leaves = self._hashed.get(space) or _SpaceLeaves([], bytearray())
            written = self._written.get(space)
            if written:
                rewritten, shifted = leaves.settle(space, self._spaces.get(space, {}), written)
                changed += [start + position for position in rewritten]
                if shifted >= 0 and moved < 0:
                    moved = start + shifted
            if leaves.keys:
                self._hashed[space] = leaves
                pieces.append(leaves.hashes)
                start += len(leaves.keys)
            else:
                self._hashed.pop(space, None)
        self._written.clear()
        return [*pieces, _LAST], changed, moved


class _SpaceLeaves:
    """The leaves of one space: ids in order, hashes end to end."""

    __slots__ = ("hashes", "keys")

    def __init__(self, keys: list[str], hashes: bytearray) -> None:
        self.keys = keys
        self.hashes = hashes

    def settle(self, space: str, values: dict[str, Any], written: set[str]) -> tuple[list[int], int]:
        """Hash what was written: positions rewritten, in order, and the first that is new or gone (−1: none)."""
        changed: list[int] = []
        edits: list[tuple[int, str, bytes]] = []
        for key in sorted(written):
            position = bisect_left(self.keys, key)
            known = position < len(self.keys) and self.keys[position] == key
            value = values.get(key, _ABSENT)
            leaf = b"" if value is _ABSENT else state_leaf(space, key, jcs.encode(value))
            if known and leaf:
                self.hashes[position * HASH_BYTES : (position + 1) * HASH_BYTES] = leaf
                changed.append(position)
            elif known or leaf:
                edits.append((position, key, leaf))
        if not edits:
            return changed, -1
        self._splice(edits)
        return [position for position in changed if position < edits[0][0]], edits[0][0]

    def _splice(self, edits: list[tuple[int, str, bytes]]) -> None:
        """Put in and take out leaves; an edit without a hash takes out. Positions are those before any of them."""
        keys: list[str] = []
        pieces: list[bytes | bytearray] = []
        done = 0
        for position, key, leaf in edits:
            keys += self.keys[done:position]
            pieces.append(self.hashes[done * HASH_BYTES : position * HASH_BYTES])
            done = position
            if leaf:
                keys.append(key)
                pieces.append(leaf)
            else:
                done += 1
        keys += self.keys[done:]
        pieces.append(self.hashes[done * HASH_BYTES :])
        self.keys, self.hashes = keys, bytearray(b"").join(pieces)


class _Nodes:
    """All nodes of a tree whose leaves may change; `_levels[0]` are the leaves, a node without a sibling moves up."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: list[_Hashes] = []

    @property
    def is_settled(self) -> bool:
        """Whether there is a root."""
        return bool(self._levels)

    def root(self) -> bytes:
        return self._levels[-1].tobytes()

    def forget(self) -> None:
        """Everything has changed."""
        self._levels = []

    def settle(self, leaves: Sequence[bytes | bytearray], changed: list[int], moved: int) -> None:
        """Take new leaves: those at `changed` are others, from `moved` on (−1: nowhere) all may be."""
        if not self._levels:
            changed, moved = [], 0
        below = _hashes(b"".join(leaves))
        first = moved if moved >= 0 else len(below)
        rows = np.array(changed, np.int64)
        levels = [below]
        while len(below) > 1:
            number = len(levels)
            level = self._levels[number] if number < len(self._levels) else _hashes(b"")
            first >>= 1
            rows = np.unique(rows >> 1)
            rows = rows[rows < first]
            tail = _hashes(_parents(below[2 * first :].tobytes()))
            level = np.concatenate((level[:first], tail))
            # Both children of a node before `first` are there.
            level[rows] = _hashes(_parents(below[: 2 * first].reshape(-1, _PAIR_BYTES)[rows].tobytes()))
            levels.append(level)
            below = level
        self._levels = levels


def _hashes(joined: bytes) -> _Hashes:
    """Hashes end to end, a row each."""
    return np.frombuffer(joined, np.uint8).reshape(-1, HASH_BYTES)


def _parents(children: bytes) -> bytes:
    """Hashes of the nodes over consecutive pairs; one left over moves up as it is."""
    paired = len(children) // _PAIR_BYTES * _PAIR_BYTES
    pairs = iter_unpack(f"{_PAIR_BYTES}s", children[:paired])
    return b"".join([sha256(b"\x01" + pair).digest() for (pair,) in pairs]) + children[paired:]


class Overlay:
    """One call's uncommitted writes over a state."""

    __slots__ = ("_state", "_writes")

    def __init__(self, state: State) -> None:
        self._state = state
        self._writes: dict[tuple[str, str], Any] = {}

    def get(self, space: str, key: str) -> Any:
        if self._writes:
            value = self._writes.get((space, key), _ABSENT)
            if value is not _ABSENT:
                return value
        return self._state.get(space, key)

    def put(self, space: str, key: str, value: Any) -> None:
        self._writes[(space, key)] = value

    def delete(self, space: str, key: str) -> None:
        self._writes[(space, key)] = None

    def items(self, space: str) -> Iterator[tuple[str, Any]]:
        """All (id, value) of one space as this call sees it, by id."""
        values = dict(self._state.items(space))
        for (written_space, key), value in self._writes.items():
            if written_space == space:
                values[key] = value
        return ((key, value) for key, value in sorted(values.items()) if value is not None)

    def apply(self) -> None:
        """Make the writes part of the state."""
        for (space, key), value in self._writes.items():
            if value is None:
                self._state.delete(space, key)
            else:
                self._state.put(space, key, value)
