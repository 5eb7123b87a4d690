"""Merkle trees as RFC 6962 section 2.1 defines them, the one construction used everywhere.

    MTH({})     = SHA-256("")
    MTH({d})    = SHA-256(00 || d)
    MTH(D[n])   = SHA-256(01 || MTH(D[0:k]) || MTH(D[k:n])), k = the largest power of two below n

Rules of the two verify functions, in the order in which they are enforced:

1. Sizes and indexes are integers (no bool), 0 <= size < 2**64, index < size, first_size <= second_size.
2. A leaf is bytes; roots and every node of a proof are exactly 32 bytes; a proof is a list or tuple.
3. A proof has exactly the length that its sizes demand: nothing missing, nothing left over.
4. Recompute, then compare: with one root for inclusion, with both for consistency.

Empty trees and equal sizes. RFC 9162 2.1.4 defines consistency for 0 < first_size < second_size only.
Here the proof is empty when first_size is 0 (every tree extends the empty tree; first_root must be
EMPTY_ROOT) and when the sizes are equal (the roots must be equal). A tree of size 0 has EMPTY_ROOT.

A proof binds the *path*, not the size: leaf 0 is reached by the same turns in trees of 3 and of 4 leaves, so
one proof and one root fit both sizes. Take size and root together from one signed checkpoint.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from struct import Struct, iter_unpack

from chain.errors import ProofError
from chain.limits import LIMITS

HASH_BYTES = 32
"""Bytes of a SHA-256."""

EMPTY_ROOT = sha256(b"").digest()
"""Root of a tree without leaves."""

_PAIR_BYTES = 2 * HASH_BYTES
_CHUNK_BYTES = 2_048 * HASH_BYTES
"""Nodes hashed at a time: few enough that they stay in the processor's cache."""

_hash_at = Struct(f"{HASH_BYTES}s").unpack_from


def leaf_hash(data: bytes) -> bytes:
    """Hash of the leaf that holds `data`."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of the node over two children."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Root over raw leaf data."""
    return _reduce(b"".join([sha256(b"\x00" + data).digest() for data in leaves]))


def levels_of(hashes: bytes) -> list[bytes]:
    """Over leaf hashes end to end: at index l the roots of the complete subtrees of 2**l leaves, end to end."""
    levels = [hashes]
    while len(levels[-1]) >= _PAIR_BYTES:
        below = levels[-1]
        levels.append(_parents(below[: len(below) // _PAIR_BYTES * _PAIR_BYTES]))
    return levels


def root_of_hashes(hashes: Sequence[bytes]) -> bytes:
    """Root over leaf hashes of 32 bytes each."""
    _require_hashes(hashes, "hashes")
    return _reduce(b"".join(hashes))


class Tree:
    """An append-only tree in memory: 64 bytes per leaf, proofs at the current and every earlier size.

    `_levels[l]` holds the hashes of the complete subtrees of 2**l leaves, end to end; what is not complete (the
    right edge) is folded together when somebody asks. Appending never rewrites a byte. Nodes above the leaves
    are hashed when a root or a proof first needs them: a level at a time costs less than one by one.
    One thread may append while others read.
    """

    __slots__ = ("_levels", "_settled_bytes")

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]
        self._settled_bytes = 0

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0]) // HASH_BYTES

    def __len__(self) -> int:
        return self.size

    def append(self, data: bytes) -> int:
        """Add the leaf that holds `data`; its index."""
        leaves = self._levels[0]
        leaves += sha256(b"\x00" + data).digest()
        return len(leaves) // HASH_BYTES - 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many leaves; nothing is added when one of them is no bytes."""
        self._levels[0] += b"".join([sha256(b"\x00" + data).digest() for data in leaves])

    def extend_hashes(self, hashes: Iterable[bytes]) -> None:
        """Add many leaves by their hashes; nothing is added when one of them is no hash."""
        checked = list(hashes)
        _require_hashes(checked, "leaf hashes")
        self._levels[0] += b"".join(checked)

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` leaves (all of them by default)."""
        size = self._resolve(size)
        self._settle()
        return self._range_root(0, size) if size else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        """Hash of leaf `index`."""
        return self.subtree(0, index)

    def subtree(self, level: int, index: int) -> bytes:
        """Root of the complete subtree over the leaves [index * 2**level, (index + 1) * 2**level)."""
        return self.subtrees(level, index, index + 1)

    def subtrees(self, level: int, first: int, end: int) -> bytes:
        """Roots, end to end, of the complete subtrees `first` to `end` (exclusive) of 2**level leaves."""
        for name, value in (("level", level), ("first", first), ("end", end)):
            _require_integer(value, name)
        if first > end or end > self.size >> level:
            raise _bad("range", f"no complete subtrees {first} to {end} at level {level} in {self.size} leaves")
        if first == end:
            return b""
        self._settle()
        return bytes(self._levels[level][first * HASH_BYTES : end * HASH_BYTES])

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of leaf `index` in the tree of `size` leaves, deepest node first (RFC 6962 2.1.1)."""
        size = self._resolve(size)
        _require_integer(index, "index")
        if index >= size:
            raise _bad("range", f"leaf {index} is not in a tree of {size} leaves")
        self._settle()
        proof: list[bytes] = []
        node, complete = index, size
        for height, level in enumerate(self._levels[: (size - 1).bit_length()]):
            sibling = node ^ 1
            if sibling < complete:
                proof += _hash_at(level, sibling * HASH_BYTES)
            elif sibling << height < size:
                proof.append(self._range_root(sibling << height, size))
            node >>= 1
            complete >>= 1
        return proof

    def consistency_proof(self, first_size: int, second_size: int | None = None) -> list[bytes]:
        """Nodes which show that the tree of `second_size` extends that of `first_size` (RFC 6962 2.1.2)."""
        second_size = self._resolve(second_size)
        _require_integer(first_size, "first size")
        if first_size > second_size:
            raise _bad("range", f"first size {first_size} is beyond second size {second_size}")
        if first_size in (0, second_size):
            return []
        self._settle()
        low, high = 0, second_size
        proof: list[bytes] = []
        while first_size != high:
            middle = low + (1 << (high - low - 1).bit_length() - 1)
            if first_size <= middle:
                proof.append(self._range_root(middle, high))
                high = middle
            else:
                proof.append(self._range_root(low, middle))
                low = middle
        if low:
            proof.append(self._range_root(low, high))
        return proof[::-1]

    def _resolve(self, size: int | None) -> int:
        if size is None:
            return self.size
        _require_integer(size, "size")
        if size > self.size:
            raise _bad("range", f"size {size} is beyond the {self.size} leaves of this tree")
        return size

    def _range_root(self, low: int, high: int) -> bytes:
        """Root over the leaves [low, high); `low` is a multiple of a power of two >= high - low."""
        width = high - low
        root = b""
        while width:
            level = (width & -width).bit_length() - 1
            (node,) = _hash_at(self._levels[level], ((high >> level) - 1) * HASH_BYTES)
            root = sha256(b"\x01" + node + root).digest() if root else node
            width &= width - 1
        return root

    def _settle(self) -> None:
        """Hash the nodes over all pairs that have become complete, from the leaves up.

        Every node is written to its own place, so that two readers who settle at once write the same bytes.
        """
        size_bytes = len(self._levels[0])
        if size_bytes == self._settled_bytes:
            return
        height = 0
        while end := (size_bytes // HASH_BYTES >> height + 1) * HASH_BYTES:
            if height + 1 == len(self._levels):
                self._levels.append(bytearray())
            children, parents = self._levels[height], self._levels[height + 1]
            for start in range(len(parents), end, _CHUNK_BYTES):
                stop = min(start + _CHUNK_BYTES, end)
                parents[start:stop] = _parents(bytes(children[2 * start : 2 * stop]))
            height += 1
        self._settled_bytes = size_bytes


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `ProofError` unless `proof` leads from leaf `index`, which holds `leaf`, to `root` of `size` leaves.

    The path is `inner` nodes up to where it meets the tree's right edge, then one left sibling per set bit.
    """
    if type(leaf) is not bytes:
        raise _bad("type", "a leaf is bytes")
    _require_integer(index, "index")
    _require_integer(size, "size")
    if index >= size:
        raise _bad("range", f"leaf {index} is not in a tree of {size} leaves")
    _require_proof(proof)
    _require_hash(root, "root")
    inner = (index ^ (size - 1)).bit_length()
    expected = inner + (index >> inner).bit_count()
    if len(proof) != expected:
        raise _bad("length", f"leaf {index} of {size} needs {expected} nodes, the proof has {len(proof)}")
    node = leaf_hash(leaf)
    for level, sibling in enumerate(proof):
        on_the_right = level >= inner or index >> level & 1
        node = node_hash(sibling, node) if on_the_right else node_hash(node, sibling)
    if node != root:
        raise _bad("root", f"leaf {index} of {size} leads to root {node.hex()}, not {root.hex()}")


def verify_consistency(
    first_size: int, second_size: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Raise `ProofError` unless the tree of `second_size` leaves keeps the first `first_size` as they were.

    The steps are those of RFC 9162 2.1.4.2; the module docstring says what holds for size 0 and equal sizes.
    """
    _require_integer(first_size, "first size")
    _require_integer(second_size, "second size")
    if first_size > second_size:
        raise _bad("range", f"first size {first_size} is beyond second size {second_size}")
    _require_proof(proof)
    _require_hash(first_root, "first root")
    _require_hash(second_root, "second root")
    for size, root in ((first_size, first_root), (second_size, second_root)):
        if size == 0 and root != EMPTY_ROOT:
            raise _bad("root", f"a tree without leaves has root {EMPTY_ROOT.hex()}, not {root.hex()}")
    if first_size in (0, second_size):
        if proof:
            raise _bad("length", f"from {first_size} to {second_size} needs no node, the proof has {len(proof)}")
        if first_size == second_size and first_root != second_root:
            raise _bad("root", f"two roots for {first_size} leaves: {first_root.hex()} and {second_root.hex()}")
        return
    first, second = _fold_consistency(first_size, second_size, proof, first_root)
    if first != first_root:
        raise _bad("root", f"the proof leads to first root {first.hex()}, not {first_root.hex()}")
    if second != second_root:
        raise _bad("root", f"the proof leads to second root {second.hex()}, not {second_root.hex()}")


def _fold_consistency(
    first_size: int, second_size: int, proof: Sequence[bytes], first_root: bytes
) -> tuple[bytes, bytes]:
    """Both roots as the proof has them (RFC 9162 2.1.4.2, steps 2 to 6)."""
    is_power_of_two = first_size & (first_size - 1) == 0
    path = [first_root, *proof] if is_power_of_two else list(proof)
    if not path or (is_power_of_two and not proof):
        raise _bad("length", f"from {first_size} to {second_size} the proof has no node")
    first_node, second_node = first_size - 1, second_size - 1
    while first_node & 1:
        first_node >>= 1
        second_node >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if second_node == 0:
            raise _bad("length", f"from {first_size} to {second_size} the proof of {len(proof)} nodes is too long")
        if first_node & 1 or first_node == second_node:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while first_node and not first_node & 1:
                first_node >>= 1
                second_node >>= 1
        else:
            second = node_hash(second, sibling)
        first_node >>= 1
        second_node >>= 1
    if second_node:
        raise _bad("length", f"from {first_size} to {second_size} the proof of {len(proof)} nodes is too short")
    return first, second


def _parents(children: bytes) -> bytes:
    """Hashes of the nodes over consecutive pairs."""
    return b"".join([sha256(b"\x01" + pair).digest() for (pair,) in iter_unpack(f"{_PAIR_BYTES}s", children)])


def _reduce(hashes: bytes) -> bytes:
    """Root over leaf hashes, end to end: level by level, a node without a sibling moves up as it is."""
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > HASH_BYTES:
        paired = len(hashes) // _PAIR_BYTES * _PAIR_BYTES
        hashes = _parents(hashes[:paired]) + hashes[paired:]
    return hashes


def _require_integer(value: int, name: str) -> None:
    if type(value) is not int:
        raise _bad("type", f"{name} is no integer: {value!r}")
    if value < 0 or value >> LIMITS.proof_hashes_max:
        raise _bad("range", f"{name} {value} is not from 0 to 2**{LIMITS.proof_hashes_max} - 1")


def _require_hash(value: bytes, name: str) -> None:
    if type(value) is not bytes or len(value) != HASH_BYTES:
        raise _bad("hash", f"{name} is not {HASH_BYTES} bytes")


def _require_hashes(values: Sequence[bytes], name: str) -> None:
    # Whole sequences at once: this stands before every root over a batch.
    if not set(map(type, values)) <= {bytes} or not set(map(len, values)) <= {HASH_BYTES}:
        raise _bad("hash", f"one of the {name} is not {HASH_BYTES} bytes")


def _require_proof(proof: Sequence[bytes]) -> None:
    if not isinstance(proof, list | tuple):
        raise _bad("type", "a proof is a list of hashes")
    if len(proof) > 2 * LIMITS.proof_hashes_max:
        raise _bad("length", f"the proof has {len(proof)} nodes, more than any tree needs")
    _require_hashes(proof, "nodes of the proof")


def _bad(code: str, sentence: str) -> ProofError:
    return ProofError(f"proof-{code}", sentence)
