"""RFC 6962 trees: published vectors, an independent implementation, the recursive definition, and mutations."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations_with_replacement

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import ProofError
from chain.merkle import (
    EMPTY_ROOT,
    Tree,
    leaf_hash,
    node_hash,
    root_of,
    root_of_hashes,
    verify_consistency,
    verify_inclusion,
)

CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The eight leaves of the Certificate Transparency reference tests."""

CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Their published roots, by size."""

LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
NODE_2_4 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
NODE_4_6 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
NODE_4_8 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
NODE_6_8 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"

CT_INCLUSION = {
    (0, 1): [],
    (0, 8): [LEAF_1, NODE_2_4, NODE_4_8],
    (5, 8): [LEAF_4, NODE_6_8, CT_ROOTS[4]],
    (2, 3): [CT_ROOTS[2]],
    (1, 5): [CT_ROOTS[1], NODE_2_4, LEAF_4],
}
CT_CONSISTENCY = {
    (1, 1): [],
    (1, 8): [LEAF_1, NODE_2_4, NODE_4_8],
    (6, 8): [NODE_4_6, NODE_6_8, CT_ROOTS[4]],
    (2, 5): [NODE_2_4, LEAF_4],
}

LEAVES_MAX = 40


def leaves_of(count: int) -> list[bytes]:
    return [b"leaf %d" % number for number in range(count)]


def tree_of(leaves: Sequence[bytes]) -> Tree:
    tree = Tree()
    tree.extend(leaves)
    return tree


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 2.1, word by word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


def defined_subproof(first: int, leaves: Sequence[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 2.1.2, word by word; `known`: the verifier has the root of the first leaves."""
    if first == len(leaves):
        return [] if known else [defined_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if first <= split:
        return [*defined_subproof(first, leaves[:split], known=known), defined_root(leaves[split:])]
    return [*defined_subproof(first - split, leaves[split:], known=False), defined_root(leaves[:split])]


def turns(index: int, size: int) -> str:
    """Left or right at every node from the root down to leaf `index`: what a proof binds."""
    path = ""
    while size > 1:
        split = 1 << (size - 1).bit_length() - 1
        path += "L" if index < split else "R"
        index, size = (index, split) if index < split else (index - split, size - split)
    return path


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert tree_of(CT_LEAVES).root(size).hex() == CT_ROOTS[size]
    assert root_of(CT_LEAVES[:size]).hex() == CT_ROOTS[size]


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int) -> None:
    proof = tree_of(CT_LEAVES).inclusion_proof(index, size)
    assert [node.hex() for node in proof] == CT_INCLUSION[index, size]


@pytest.mark.parametrize(("first", "second"), CT_CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(first: int, second: int) -> None:
    proof = tree_of(CT_LEAVES).consistency_proof(first, second)
    assert [node.hex() for node in proof] == CT_CONSISTENCY[first, second]


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_all_ways_to_a_root_agree_with_the_definition(leaves: list[bytes]) -> None:
    root = defined_root(leaves)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    one_by_one = Tree()
    for number, leaf in enumerate(leaves):
        assert one_by_one.append(leaf) == number
    assert one_by_one.root() == root
    assert tree_of(leaves).root() == root_of(iter(leaves)) == root_of_hashes(hashes) == root
    assert one_by_one.size == len(one_by_one) == len(leaves)


STEPS = st.sampled_from(["append", "extend", "extend_hashes", "read"])


@given(st.lists(st.tuples(STEPS, st.integers(0, 20))))
def test_leaves_come_singly_and_in_bulk_with_readers_in_between(steps: list[tuple[str, int]]) -> None:
    tree, data = Tree(), list[bytes]()
    for how, count in steps:
        fresh = [b"%d" % (len(data) + number) for number in range(0 if how == "read" else count)]
        if how == "extend":
            tree.extend(iter(fresh))
        elif how == "extend_hashes":
            tree.extend_hashes(leaf_hash(leaf) for leaf in fresh)
        elif how == "append":
            assert [tree.append(leaf) for leaf in fresh] == [len(data) + number for number in range(count)]
        else:
            assert tree.root() == defined_root(data)
        data += fresh
    for size in range(len(data) + 1):
        assert tree.root(size) == defined_root(data[:size])


def test_one_thread_may_append_while_others_read() -> None:
    leaves = leaves_of(3000)
    expected, tree = tree_of(leaves), Tree()

    def read(_: int) -> None:
        while (size := tree.size) < len(leaves):
            if size:
                verify_inclusion(
                    leaves[size - 1], size - 1, size, tree.inclusion_proof(size - 1, size), tree.root(size)
                )
            assert tree.root(size) == expected.root(size)

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read, number) for number in range(3)]
        for leaf in leaves:
            tree.append(leaf)
        for reader in readers:
            reader.result()
    assert tree.root() == expected.root()


def test_an_independent_implementation_gives_the_same_roots_and_proofs() -> None:
    rng = random.Random(6962)
    for _ in range(12):
        leaves = [rng.randbytes(rng.randrange(60)) for _ in range(rng.randrange(1, 300))]
        ours, theirs = tree_of(leaves), pymerkle.InmemoryTree(algorithm="sha256")
        for leaf in leaves:
            theirs.append_entry(leaf)
        for _ in range(40):
            size = rng.randrange(1, len(leaves) + 1)
            index = rng.randrange(size)
            assert theirs.get_root(size) == ours.root(size)
            # They count leaves from 1 and begin each path with the hash that a verifier of ours has already.
            assert theirs.prove_inclusion(index + 1, size).path[1:] == ours.inclusion_proof(index, size)


def test_consistency_proofs_are_those_of_the_definition() -> None:
    # The independent implementation chooses other nodes here, so the oracle is RFC 6962 itself.
    leaves = leaves_of(LEAVES_MAX)
    tree = tree_of(leaves)
    for first, second in combinations_with_replacement(range(1, LEAVES_MAX + 1), 2):
        assert tree.consistency_proof(first, second) == defined_subproof(first, leaves[:second], known=True)


def test_every_leaf_proves_its_inclusion_at_every_size() -> None:
    leaves = leaves_of(LEAVES_MAX)
    tree = tree_of(leaves)
    for size in range(1, LEAVES_MAX + 1):
        for index in range(size):
            verify_inclusion(leaves[index], index, size, tree.inclusion_proof(index, size), tree.root(size))


def test_every_pair_of_sizes_proves_its_consistency() -> None:
    tree = tree_of(leaves_of(LEAVES_MAX))
    for first, second in combinations_with_replacement(range(LEAVES_MAX + 1), 2):
        proof = tree.consistency_proof(first, second)
        verify_consistency(first, second, proof, tree.root(first), tree.root(second))


places = st.integers(1, 300).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))
BIG = tree_of(leaves_of(300))


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


def mutations(proof: list[bytes], bit: int) -> list[list[bytes]]:
    """Every node with one bit flipped, left out, doubled, replaced; neighbours swapped; one node too many."""
    changed = [[*proof, bytes(32)], [bytes(32), *proof]]
    for at, node in enumerate(proof):
        before, after = proof[:at], proof[at + 1 :]
        changed += [[*before, flipped(node, bit), *after], before + after, [*before, node, node, *after]]
        changed += [[*before, bytes(32), *after]]
        if after and after[0] != node:
            changed += [[*before, after[0], node, *after[1:]]]
    return changed


@given(places, st.integers(0, 255))
def test_a_changed_inclusion_proof_leaf_or_root_is_refused(place: tuple[int, int], bit: int) -> None:
    index, size = place
    leaf, proof, root = b"leaf %d" % index, BIG.inclusion_proof(index, size), BIG.root(size)
    for changed in mutations(proof, bit):
        with pytest.raises(ProofError):
            verify_inclusion(leaf, index, size, changed, root)
    with pytest.raises(ProofError):
        verify_inclusion(leaf, index, size, proof, flipped(root, bit))
    with pytest.raises(ProofError):
        verify_inclusion(flipped(leaf, bit), index, size, proof, root)


@settings(max_examples=40)
@given(places)
def test_a_wrong_index_or_size_is_refused_unless_the_path_stays_the_same(place: tuple[int, int]) -> None:
    index, size = place
    leaf, proof, root = b"leaf %d" % index, BIG.inclusion_proof(index, size), BIG.root(size)
    claims = [(other, size) for other in range(size)] + [(index, other) for other in range(index + 1, 301)]
    for other_index, other_size in claims:
        if turns(other_index, other_size) == turns(index, size):
            verify_inclusion(leaf, other_index, other_size, proof, root)
        else:
            with pytest.raises(ProofError):
                verify_inclusion(leaf, other_index, other_size, proof, root)
    assert {other for other, _ in claims[:size] if turns(other, size) == turns(index, size)} == {index}


@given(places, st.integers(0, 255))
def test_a_changed_consistency_proof_or_root_is_refused(place: tuple[int, int], bit: int) -> None:
    first, second = place[0] + 1, place[1]
    proof = BIG.consistency_proof(first, second)
    first_root, second_root = BIG.root(first), BIG.root(second)
    for changed in mutations(proof, bit):
        with pytest.raises(ProofError):
            verify_consistency(first, second, changed, first_root, second_root)
    with pytest.raises(ProofError):
        verify_consistency(first, second, proof, flipped(first_root, bit), second_root)
    with pytest.raises(ProofError):
        verify_consistency(first, second, proof, first_root, flipped(second_root, bit))


@given(places, st.data())
def test_a_rewritten_history_has_no_consistency_proof(place: tuple[int, int], data: st.DataObject) -> None:
    first, second = place[0] + 1, place[1]
    leaves = leaves_of(second)
    leaves[data.draw(st.integers(0, first - 1))] = b"rewritten"
    rewritten = tree_of(leaves)
    with pytest.raises(ProofError):
        verify_consistency(
            first, second, rewritten.consistency_proof(first, second), BIG.root(first), rewritten.root(second)
        )


def test_complete_subtrees_are_the_roots_of_their_leaves() -> None:
    leaves = leaves_of(LEAVES_MAX)
    tree = tree_of(leaves)
    for level in range(6):
        count = LEAVES_MAX >> level
        roots = [defined_root(leaves[at << level : at + 1 << level]) for at in range(count)]
        assert [tree.subtree(level, at) for at in range(count)] == roots
        assert tree.subtrees(level, 0, count) == b"".join(roots)
