"""A channel's state: what its contracts remember (`docs/format.md` section 4).

1. A key is `space/id`, both ASCII, the id without `/`. A value is immutable: a frozen Struct, tuple, string or number.
2. Contracts see the state through an `Overlay`; only an accepted call's overlay is applied.
3. `state_root` covers every key and value, in key order, between sentinels.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from chain import jcs
from chain.merkle import root_of

_ABSENT = object()


class State:
    """Mutable map of spaces; mutated only through `Overlay.apply`."""

    __slots__ = ("_spaces",)

    def __init__(self) -> None:
        self._spaces: dict[str, dict[str, Any]] = {}

    def get(self, space: str, key: str) -> Any:
        """The value, or None where there is none."""
        return self._spaces.get(space, {}).get(key)

    def items(self, space: str) -> list[tuple[str, Any]]:
        """All (id, value) of one space, by id."""
        return sorted(self._spaces.get(space, {}).items())

    def root(self) -> bytes:
        """Rule 3."""
        leaves = [
            b"\x02" + f"{space}/{key}".encode("ascii") + b"\x00" + sha256(jcs.encode(value)).digest()
            for space, values in self._spaces.items()
            for key, value in values.items()
        ]
        leaves.sort()
        return root_of([b"\x00", *leaves, b"\x03"])

    def count(self) -> int:
        """How many keys there are."""
        return sum(len(values) for values in self._spaces.values())

    def put(self, space: str, key: str, value: Any) -> None:
        """Set one value; for the replica's own bookkeeping and `Overlay.apply`."""
        self._spaces.setdefault(space, {})[key] = value

    def delete(self, space: str, key: str) -> None:
        """Remove one value, and the space with its last one."""
        values = self._spaces.get(space)
        if values is not None and values.pop(key, _ABSENT) is not _ABSENT and not values:
            del self._spaces[space]


class Overlay:
    """One call's uncommitted writes over a state."""

    __slots__ = ("_state", "_writes")

    def __init__(self, state: State) -> None:
        self._state = state
        self._writes: dict[tuple[str, str], Any] = {}

    def get(self, space: str, key: str) -> Any:
        value = self._writes.get((space, key), _ABSENT)
        if value is _ABSENT:
            return self._state.get(space, key)
        return value

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
