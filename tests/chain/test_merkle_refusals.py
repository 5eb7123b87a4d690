"""What is no proof, no tree of that size or no hash is refused, each with its code."""

import pytest

from chain.errors import ProofError
from chain.merkle import EMPTY_ROOT, Tree, root_of_hashes, verify_consistency, verify_inclusion

BIG = Tree()
BIG.extend(b"leaf %d" % number for number in range(5))

H = bytes(32)
ROOT_1, ROOT_2 = BIG.root(1), BIG.root(2)


@pytest.mark.parametrize(
    ("code", "index", "size", "proof", "root"),
    [
        pytest.param("range", 0, 0, [], EMPTY_ROOT, id="nothing is in an empty tree"),
        pytest.param("range", 1, 1, [], ROOT_1, id="index equals size"),
        pytest.param("range", -1, 1, [], ROOT_1, id="negative index"),
        pytest.param("range", 0, -1, [], ROOT_1, id="negative size"),
        pytest.param("range", 0, 2**64, [H] * 64, ROOT_1, id="size beyond 64 bits"),
        pytest.param("type", False, 1, [], ROOT_1, id="a bool is no index"),
        pytest.param("type", 0, True, [], ROOT_1, id="a bool is no size"),
        pytest.param("type", 0.0, 1, [], ROOT_1, id="a float is no index"),
        pytest.param("type", "0", 1, [], ROOT_1, id="a text is no index"),
        pytest.param("type", 0, None, [], ROOT_1, id="no size"),
        pytest.param("type", 0, 2, H, ROOT_2, id="a proof that is one hash, not a list"),
        pytest.param("type", 0, 2, iter([H]), ROOT_2, id="a proof that is an iterator"),
        pytest.param("length", 0, 2, [H] * 129, ROOT_2, id="a proof that no tree needs"),
        pytest.param("length", 0, 1, [H], ROOT_1, id="one node too many"),
        pytest.param("length", 0, 2, [], ROOT_2, id="one node too few"),
        pytest.param("hash", 0, 2, [H[:31]], ROOT_2, id="a short node"),
        pytest.param("hash", 0, 2, [H + b"\0"], ROOT_2, id="a long node"),
        pytest.param("hash", 0, 2, [H.hex()], ROOT_2, id="a node in hex"),
        pytest.param("hash", 0, 1, [], ROOT_1[:31], id="a short root"),
        pytest.param("hash", 0, 1, [], ROOT_1.hex(), id="a root in hex"),
        pytest.param("root", 0, 1, [], H, id="another root"),
    ],
)
def test_what_is_no_inclusion_proof_is_refused(
    code: str, index: int, size: int, proof: list[bytes], root: bytes
) -> None:
    with pytest.raises(ProofError) as caught:
        verify_inclusion(b"leaf 0", index, size, proof, root)
    assert caught.value.code == f"proof-{code}"


@pytest.mark.parametrize(
    ("code", "first", "second", "proof", "first_root", "second_root"),
    [
        pytest.param("range", 2, 1, [], ROOT_2, ROOT_1, id="a log that shrinks"),
        pytest.param("range", -1, 1, [], EMPTY_ROOT, ROOT_1, id="negative first size"),
        pytest.param("type", True, 1, [], ROOT_1, ROOT_1, id="a bool is no size"),
        pytest.param("type", 1, 2.0, [BIG.leaf(1)], ROOT_1, ROOT_2, id="a float is no size"),
        pytest.param("root", 0, 1, [], ROOT_1, ROOT_1, id="an empty tree with another root"),
        pytest.param("root", 0, 0, [], EMPTY_ROOT, ROOT_1, id="an empty second tree with another root"),
        pytest.param("length", 0, 1, [H], EMPTY_ROOT, ROOT_1, id="from the empty tree with a node"),
        pytest.param("length", 1, 1, [H], ROOT_1, ROOT_1, id="equal sizes with a node"),
        pytest.param("root", 1, 1, [], ROOT_1, ROOT_2, id="equal sizes with two roots"),
        pytest.param("length", 1, 2, [], ROOT_1, ROOT_2, id="a missing node"),
        pytest.param("length", 3, 4, [], BIG.root(3), BIG.root(4), id="a missing path"),
        pytest.param("hash", 1, 2, [H[1:]], ROOT_1, ROOT_2, id="a short node"),
        pytest.param("hash", 1, 2, [BIG.leaf(1)], ROOT_1[1:], ROOT_2, id="a short first root"),
        pytest.param("hash", 1, 2, [BIG.leaf(1)], ROOT_1, ROOT_2[1:], id="a short second root"),
        pytest.param("type", 1, 2, {BIG.leaf(1)}, ROOT_1, ROOT_2, id="a proof that is a set"),
    ],
)
def test_what_is_no_consistency_proof_is_refused(
    code: str, first: int, second: int, proof: list[bytes], first_root: bytes, second_root: bytes
) -> None:
    with pytest.raises(ProofError) as caught:
        verify_consistency(first, second, proof, first_root, second_root)
    assert caught.value.code == f"proof-{code}"


def test_a_leaf_that_is_no_bytes_is_refused() -> None:
    for leaf in ("leaf 0", None, bytearray(b"leaf 0")):
        with pytest.raises(ProofError):
            verify_inclusion(leaf, 0, 1, [], ROOT_1)  # type: ignore[arg-type]


def test_a_tree_hands_out_only_what_it_has() -> None:
    tree = BIG
    for ask in (
        lambda: tree.root(6),
        lambda: tree.root(-1),
        lambda: tree.leaf(5),
        lambda: tree.subtree(1, 2),
        lambda: tree.subtree(9, 0),
        lambda: tree.subtree(-1, 0),
        lambda: tree.subtrees(0, 3, 2),
        lambda: tree.inclusion_proof(5),
        lambda: tree.inclusion_proof(3, 3),
        lambda: tree.inclusion_proof(True),
        lambda: tree.consistency_proof(4, 3),
        lambda: tree.consistency_proof(1, 6),
    ):
        with pytest.raises(ProofError):
            ask()


def test_a_bulk_with_one_bad_hash_adds_nothing() -> None:
    tree = Tree()
    tree.extend(b"leaf %d" % number for number in range(5))
    root = tree.root()
    for bad in (b"short", bytes(33), bytearray(32), "x" * 32):
        with pytest.raises(ProofError):
            tree.extend_hashes([bytes(32), bad])  # type: ignore[list-item]
    with pytest.raises(ProofError):
        root_of_hashes([b"short"])
    assert (tree.size, tree.root()) == (5, root)
