"""The right edge of a tree gives the roots of the whole tree, however it grew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import ProofError
from chain.frontier import Frontier
from chain.merkle import EMPTY_ROOT, Tree, leaf_hash, levels_of


@given(st.lists(st.integers(0, 70), max_size=8))
def test_its_root_is_that_of_the_whole_tree_however_many_leaves_come_at_a_time(batches: list[int]) -> None:
    frontier, tree = Frontier(), Tree()
    for count in batches:
        leaves = [b"leaf %d" % (tree.size + number) for number in range(count)]
        frontier.extend(leaves)
        tree.extend(leaves)
        assert (frontier.size, frontier.root()) == (tree.size, tree.root())


@given(st.integers(0, 300), st.integers(0, 40))
def test_it_goes_on_from_size_and_peaks_alone(first: int, more: int) -> None:
    frontier, tree = Frontier(), Tree()
    frontier.extend(b"%d" % n for n in range(first))
    again = Frontier(frontier.size, frontier.peaks)
    copy = frontier.copy()
    for number in range(first, first + more):
        again.append(b"%d" % number)
    tree.extend(b"%d" % n for n in range(first + more))
    assert again.root() == tree.root()
    assert copy.root() == frontier.root() == tree.root(first)


@given(st.lists(st.integers(0, 40), max_size=8))
def test_whole_trees_are_added_by_their_nodes(batches: list[int]) -> None:
    frontier, tree = Frontier(), Tree()
    for count in batches:
        hashes = [leaf_hash(b"leaf %d" % (tree.size + number)) for number in range(count)]
        frontier.extend_levels(levels_of(b"".join(hashes)))
        tree.extend_hashes(hashes)
        assert (frontier.size, frontier.root()) == (tree.size, tree.root())


def test_an_empty_one_has_the_empty_root_and_no_peaks() -> None:
    assert (Frontier().root(), Frontier().peaks) == (EMPTY_ROOT, ())


@pytest.mark.parametrize(
    ("size", "peaks"),
    [(3, [bytes(32)]), (0, [bytes(32)]), (1, []), (-1, [bytes(32)] * 64), (1, [bytes(31)]), (1 << 64, [bytes(32)])],
)
def test_peaks_that_are_not_those_of_the_size_are_refused(size: int, peaks: list[bytes]) -> None:
    with pytest.raises(ProofError):
        Frontier(size, peaks)
