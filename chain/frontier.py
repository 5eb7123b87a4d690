"""The right edge of a growing RFC 6962 tree: its root at any moment in the memory of a few hashes.

A log that is being written needs roots, not proofs. It keeps the roots of the complete subtrees that its size, written
in binary, is made of (the compact range of C2SP tlog and of Trillian): at most 64 hashes, whatever the size.
`chain.merkle.Tree` keeps all hashes, for whoever proves.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from struct import iter_unpack
from typing import Protocol

from chain.errors import ProofError
from chain.limits import LIMITS
from chain.merkle import EMPTY_ROOT, HASH_BYTES, node_hash

_PAIR = f"{2 * HASH_BYTES}s"


class Rooted(Protocol):
    """A log with a root at its size and at the one that its validators signed last."""

    @property
    def size(self) -> int: ...

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` leaves, of all if None."""
        ...


class Frontier:
    """Size and peaks of a log; appending is the only change."""

    __slots__ = ("_peaks", "_root", "_size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """An empty log, or one with the `peaks` of another; `ProofError` where they are not those of `size` leaves."""
        self._size = size
        self._peaks = list(peaks)
        self._root: bytes | None = None
        if not 0 <= size < 1 << LIMITS.proof_hashes_max or len(self._peaks) != size.bit_count():
            raise ProofError("proof-length", f"{len(self._peaks)} peaks are not those of {size} leaves")
        if any(type(peak) is not bytes or len(peak) != HASH_BYTES for peak in self._peaks):
            raise ProofError("proof-hash", f"a peak is not {HASH_BYTES} bytes")

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, the largest (leftmost) first."""
        return tuple(self._peaks)

    def copy(self) -> "Frontier":
        """One that grows on its own."""
        return Frontier(self._size, self._peaks)

    def append(self, data: bytes) -> None:
        """Add the leaf that holds `data`."""
        self.extend((data,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many leaves; nothing is added when one of them is no bytes."""
        self._extend(b"".join([sha256(b"\x00" + data).digest() for data in leaves]))

    def root(self) -> bytes:
        """Root of all leaves."""
        if self._root is None:
            self._root = self._fold()
        return self._root

    def _fold(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            root = node_hash(peak, root)
        return root

    def extend_levels(self, levels: Sequence[bytes]) -> None:
        """Add the leaves of another tree, whose nodes are known (`chain.merkle.levels_of`).

        As far as they are nodes of this tree too they are not hashed again: subtrees of 2**l leaves are, where the
        size is a multiple of 2**l.
        """
        count = len(levels[0]) // HASH_BYTES
        highest = len(levels) - 1
        level = min((self._size & -self._size).bit_length() - 1, highest) if self._size else highest
        self._extend(levels[level], level)
        for lower in range(level - 1, -1, -1):
            if count >> lower & 1:
                self._extend(levels[lower][-HASH_BYTES:], lower)

    def _extend(self, hashes: bytes, level: int = 0) -> None:
        """Add subtrees of 2**level leaves to a size that is a multiple of it.

        Level by level: the peak of a level, then its new nodes; in pairs they are the new nodes one level up.
        """
        size, self._root = self._size >> level, None
        self._size += len(hashes) // HASH_BYTES << level
        kept: list[bytes] = []
        if len(hashes) == HASH_BYTES:
            # One leaf, the common case of a row: as a counter carries.
            while size & 1:
                hashes = sha256(b"\x01" + self._peaks.pop() + hashes).digest()
                size >>= 1
            self._peaks.append(hashes)
            return
        while hashes:
            if size & 1:
                hashes = self._peaks.pop() + hashes
            if len(hashes) // HASH_BYTES & 1:
                kept.append(hashes[-HASH_BYTES:])
                hashes = hashes[:-HASH_BYTES]
            hashes = b"".join([sha256(b"\x01" + pair).digest() for (pair,) in iter_unpack(_PAIR, hashes)])
            size >>= 1
        self._peaks.extend(reversed(kept))
