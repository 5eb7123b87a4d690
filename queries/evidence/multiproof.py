"""One proof for many leaves of one RFC 6962 tree: what their inclusion proofs share is said once.

1. Walk the tree from its root. A subtree without a proven leaf contributes its root, one node; a single proven leaf
   contributes nothing; any other subtree of n leaves is walked left, then right, split at the largest power of two
   below n.
2. The proof is these nodes in the order of the walk, 32 bytes each, end to end.
3. The checker walks the same way with the same sizes and must use up the nodes exactly.

For one leaf these are the nodes of its RFC 6962 inclusion proof, from the top down.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from chain.errors import ProofError
from chain.limits import LIMITS
from chain.merkle import HASH_BYTES, Tree, node_hash


def prove_many(tree: Tree, indexes: Sequence[int]) -> bytes:
    """Rules 1 and 2 for these leaves of the whole `tree`."""
    wanted = sorted(set(indexes))
    if not wanted or not 0 <= wanted[0] <= wanted[-1] < tree.size:
        raise ProofError("proof-range", f"no such leaves in a tree of {tree.size}")
    return b"".join(_nodes(tree, wanted, 0, tree.size))


def root_of_many(size: int, hashes: Mapping[int, bytes], nodes: bytes) -> bytes:
    """Rule 3: the root to which these leaf hashes (by index) and nodes lead in a tree of `size` leaves."""
    wanted = sorted(hashes)
    if not wanted or not 0 <= wanted[0] <= wanted[-1] < size or size >> LIMITS.proof_hashes_max:
        raise ProofError("proof-range", f"leaves outside a tree of {size}")
    if len(nodes) % HASH_BYTES:
        raise ProofError("proof-hash", f"nodes are not a multiple of {HASH_BYTES} bytes")
    waiting = iter([nodes[at : at + HASH_BYTES] for at in range(0, len(nodes), HASH_BYTES)])
    root = _fold(wanted, hashes, waiting, 0, size)
    if next(waiting, None) is not None:
        raise ProofError("proof-length", "the proof has more nodes than it needs")
    return root


def _nodes(tree: Tree, wanted: Sequence[int], low: int, high: int) -> Iterator[bytes]:
    first, end = bisect_left(wanted, low), bisect_left(wanted, high)
    if first == end:
        yield _range_root(tree, low, high)
    elif high - low > 1:
        middle = _middle(low, high)
        yield from _nodes(tree, wanted, low, middle)
        yield from _nodes(tree, wanted, middle, high)


def _fold(wanted: Sequence[int], hashes: Mapping[int, bytes], waiting: Iterator[bytes], low: int, high: int) -> bytes:
    if bisect_left(wanted, low) == bisect_left(wanted, high):
        node = next(waiting, None)
        if node is None:
            raise ProofError("proof-length", "the proof has fewer nodes than it needs")
        return node
    if high - low == 1:
        return hashes[low]
    middle = _middle(low, high)
    left = _fold(wanted, hashes, waiting, low, middle)
    return node_hash(left, _fold(wanted, hashes, waiting, middle, high))


def _middle(low: int, high: int) -> int:
    """Where RFC 6962 splits: the largest power of two below the width."""
    return low + (1 << (high - low - 1).bit_length() - 1)


def _range_root(tree: Tree, low: int, high: int) -> bytes:
    """Root over the leaves [low, high), which the walk has cut as RFC 6962 does: complete, or at the right edge."""
    width = high - low
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return tree.subtree(level, low >> level)
    middle = _middle(low, high)
    return node_hash(_range_root(tree, low, middle), _range_root(tree, middle, high))
