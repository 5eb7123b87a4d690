"""One Merkle proof for many leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import ProofError
from chain.merkle import EMPTY_ROOT, Tree, leaf_hash
from queries.evidence.multiproof import prove_many, root_of_many


def tree_of(size: int) -> Tree:
    tree = Tree()
    tree.extend(b"leaf %d" % number for number in range(size))
    return tree


def hashes(indexes: set[int]) -> dict[int, bytes]:
    return {index: leaf_hash(b"leaf %d" % index) for index in indexes}


@given(st.data(), st.integers(1, 300))
def test_any_set_of_leaves_of_any_tree_leads_to_its_root(data: st.DataObject, size: int) -> None:
    tree = tree_of(size)
    indexes = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=40))
    nodes = prove_many(tree, sorted(indexes))
    assert root_of_many(size, hashes(indexes), nodes) == tree.root()


@given(st.integers(1, 200), st.data())
def test_one_leaf_is_proven_by_its_rfc_6962_path_from_the_top_down(size: int, data: st.DataObject) -> None:
    tree, index = tree_of(size), data.draw(st.integers(0, size - 1))
    nodes = prove_many(tree, [index])
    found = sorted(nodes[at : at + 32] for at in range(0, len(nodes), 32))
    assert found == sorted(tree.inclusion_proof(index))


def test_all_leaves_need_no_node() -> None:
    assert prove_many(tree_of(77), range(77)) == b""


@given(st.integers(2, 200), st.data())
def test_a_changed_node_leaf_or_place_leads_elsewhere(size: int, data: st.DataObject) -> None:
    tree = tree_of(size)
    indexes = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=8))
    nodes, known = prove_many(tree, sorted(indexes)), hashes(indexes)
    at = data.draw(st.integers(0, max(0, len(nodes) - 1)))
    if nodes:
        changed = nodes[:at] + bytes([nodes[at] ^ 1]) + nodes[at + 1 :]
        assert root_of_many(size, known, changed) != tree.root()
    first = min(indexes)
    assert root_of_many(size, {**known, first: leaf_hash(b"another")}, nodes) != tree.root()


BAD: dict[str, tuple[int, dict[int, bytes], bytes]] = {
    "no leaf": (8, {}, b""),
    "a leaf outside": (8, hashes({8}), b""),
    "a negative place": (8, {-1: leaf_hash(b"")}, b""),
    "half a node": (8, hashes({3}), prove_many(tree_of(8), [3])[:-1]),
    "a node too few": (8, hashes({3}), prove_many(tree_of(8), [3])[:-32]),
    "a node too many": (8, hashes({3}), prove_many(tree_of(8), [3]) + bytes(32)),
    "no tree": (0, hashes({0}), b""),
    "a tree beyond all bounds": (2**65, hashes({0}), b""),
}


@pytest.mark.parametrize("name", BAD)
def test_a_proof_of_another_length_or_range_is_refused(name: str) -> None:
    with pytest.raises(ProofError):
        root_of_many(*BAD[name])


@pytest.mark.parametrize("indexes", [[], [8], [-1]])
def test_only_leaves_that_are_there_are_proven(indexes: list[int]) -> None:
    with pytest.raises(ProofError):
        prove_many(tree_of(8), indexes)
    assert tree_of(0).root() == EMPTY_ROOT
