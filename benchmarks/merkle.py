"""Merkle tree: appending, the root after an append, inclusion proofs; `pymerkle` beside it in the same run.

`pymerkle` is built at a tenth of our size, since it needs so much longer: its names say so. Our tree hashes a leaf
when it is appended and the nodes above it when somebody asks; `pymerkle` hashes them at once. So beside it stands
appending with the root at the end, when no work is left for later. The floor under that is the time of the hashes
alone: each leaf, and one node per leaf.
"""

import random
from hashlib import sha256

import pymerkle

from benchmarks import Row, median_of, row
from chain.merkle import Tree

LEAVES = 1_000_000
LEAVES_PEER = 100_000
PROOFS = 20_000
PROOFS_PEER = 2_000
ROOTS = 2_000

PEER = f"pymerkle, {LEAVES_PEER:,} leaves"


def run() -> list[Row]:
    """Rows of this benchmark; medians of five after one warm-up."""
    leaves = [b"leaf %d" % number for number in range(LEAVES)]
    tree, peer = Tree(), pymerkle.InmemoryTree(algorithm="sha256")
    tree.extend(leaves)
    for leaf in leaves[:LEAVES_PEER]:
        peer.append_entry(leaf)
    return [*_append(leaves), _root(tree, peer), _prove(tree, peer)]


def _append(leaves: list[bytes]) -> list[Row]:
    def ours() -> Tree:
        tree = Tree()
        for leaf in leaves:
            tree.append(leaf)
        return tree

    def peer() -> None:
        tree = pymerkle.InmemoryTree(algorithm="sha256")
        for leaf in leaves[:LEAVES_PEER]:
            tree.append_entry(leaf)

    def leaf_hashes() -> None:
        for leaf in leaves[:LEAVES_PEER]:
            sha256(leaf).digest()

    def all_hashes() -> None:
        for leaf in leaves[:LEAVES_PEER]:
            sha256(leaf).digest()
            sha256(_NODE).digest()

    with_root = LEAVES / median_of(lambda: ours().root())
    return [
        row(
            "merkle: append",
            LEAVES / median_of(ours),
            "leaves/s",
            "bare SHA-256 of the leaf",
            LEAVES_PEER / median_of(leaf_hashes),
        ),
        row("merkle: append, then the root", with_root, "leaves/s", PEER, LEAVES_PEER / median_of(peer)),
        row(
            "merkle: append, then the root",
            with_root,
            "leaves/s",
            "bare SHA-256 of leaf and node",
            LEAVES_PEER / median_of(all_hashes),
        ),
    ]


def _root(tree: Tree, peer: "pymerkle.InmemoryTree") -> Row:
    def ours() -> None:
        for _ in range(ROOTS):
            tree.append(b"one more")
            tree.root()

    def theirs() -> None:
        for _ in range(ROOTS):
            peer.append_entry(b"one more")
            peer.get_root()

    microseconds = 1e6 / ROOTS
    name = f"merkle: append and root at {LEAVES:,} leaves"
    return row(name, median_of(ours) * microseconds, "µs", PEER, median_of(theirs) * microseconds)


def _prove(tree: Tree, peer: "pymerkle.InmemoryTree") -> Row:
    rng = random.Random(6962)
    indexes = [rng.randrange(LEAVES) for _ in range(PROOFS)]
    indexes_peer = [rng.randrange(LEAVES_PEER) for _ in range(PROOFS_PEER)]

    def ours() -> None:
        for index in indexes:
            tree.inclusion_proof(index)

    def theirs() -> None:
        for index in indexes_peer:
            peer.prove_inclusion(index + 1)

    name = f"merkle: inclusion proofs at {LEAVES:,} leaves"
    return row(name, PROOFS / median_of(ours), "proofs/s", PEER, PROOFS_PEER / median_of(theirs))


_NODE = b"\x01" + bytes(64)
