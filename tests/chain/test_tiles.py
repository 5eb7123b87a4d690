"""Tiles: the specification's examples, every hash in its place, and bytes or paths that are not exactly so."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import ParseError, ProofError
from chain.merkle import Tree, leaf_hash, root_of_hashes
from chain.tiles import (
    ENTRIES_LEVEL,
    encode_entry_bundle,
    entries_path,
    entry_bundles,
    expected_paths,
    parse_entry_bundle,
    parse_tile_path,
    tile_path,
    tiles_of,
)

LEAVES = 70_000
ENTRIES = [b"entry %d" % number for number in range(LEAVES)]
TREE = Tree()
TREE.extend(ENTRIES)

widths = st.integers(1, 256)
indexes = st.integers(0, 2**56 - 1)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("tile/0/x001/x234/067", (0, 1_234_067, 256)),
        ("tile/63/000.p/1", (63, 0, 1)),
        ("tile/1/999.p/255", (1, 999, 255)),
        ("tile/2/x001/000", (2, 1000, 256)),
        ("tile/entries/x001/000.p/17", (ENTRIES_LEVEL, 1000, 17)),
    ],
)
def test_paths_are_spelled_as_the_specification_says(path: str, parts: tuple[int, int, int]) -> None:
    level, index, width = parts
    written = entries_path(index, width) if level == ENTRIES_LEVEL else tile_path(level, index, width)
    assert (written, parse_tile_path(path)) == (path, parts)


@given(st.integers(0, 63), indexes, widths)
def test_a_path_survives_the_round_trip(level: int, index: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, index, width)) == (level, index, width)
    assert parse_tile_path(entries_path(index, width)) == (ENTRIES_LEVEL, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/001/000",
        "tile/0/x1/000",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.P/1",
        "tile/0/٠٠٠",
        "tile/0/../000",
        "tile/8/0/000",
        "tile/data/000",
        "tile/entries/x000/000",
        "tile/0/" + "x999/" * 10 + "999",
    ],
)
def test_what_is_no_path_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(ParseError):
        parse_tile_path(path)


@given(st.text("tile/0123.px_entries", max_size=20))
def test_any_text_is_a_path_in_one_spelling_or_refused(text: str) -> None:
    try:
        level, index, width = parse_tile_path(text)
    except ParseError:
        return
    assert text == (entries_path(index, width) if level == ENTRIES_LEVEL else tile_path(level, index, width))


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda: tile_path(64, 0), id="level 64"),
        pytest.param(lambda: tile_path(-1, 0), id="negative level"),
        pytest.param(lambda: tile_path(True, 0), id="a bool as level"),
        pytest.param(lambda: tile_path(0, -1), id="negative index"),
        pytest.param(lambda: tile_path(0, 2**56), id="index beyond any log"),
        pytest.param(lambda: tile_path(0, 0, 0), id="empty tile"),
        pytest.param(lambda: tile_path(0, 0, 257), id="too wide a tile"),
        pytest.param(lambda: entries_path(0, 0), id="empty bundle"),
    ],
)
def test_what_is_no_tile_has_no_path(write: Callable[[], str]) -> None:
    with pytest.raises(ParseError):
        write()


def test_the_example_of_the_specification_has_its_tiles() -> None:
    paths = [path for path, _ in tiles_of(TREE, LEAVES)]
    assert [path for path in paths if ".p/" in path] == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert sum(path.startswith("tile/0/") for path in paths) == 274
    assert [path for path, _ in tiles_of(TREE, 256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_of(TREE, 0)) == []


@settings(max_examples=20)
@given(st.sampled_from([1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537]) | st.integers(1, LEAVES))
def test_every_hash_of_a_tile_is_the_root_of_its_leaves(size: int) -> None:
    for path, content in tiles_of(TREE, size):
        level, index, width = parse_tile_path(path)
        assert len(content) == 32 * width
        hashes = [content[at : at + 32] for at in range(0, len(content), 32)]
        if level == 0:
            first = index * 256
            assert hashes == [leaf_hash(entry) for entry in ENTRIES[first : first + width]]
        else:
            below = index * 256
            children = (TREE.subtrees(8 * level - 8, at * 256, at * 256 + 256) for at in range(below, below + width))
            split = ([row[at : at + 32] for at in range(0, len(row), 32)] for row in children)
            assert hashes == [root_of_hashes(row) for row in split]


@settings(max_examples=20)
@given(st.integers(0, LEAVES))
def test_the_expected_files_are_those_that_are_written(size: int) -> None:
    written: dict[str, int | None] = {path: len(content) for path, content in tiles_of(TREE, size)}
    written |= dict.fromkeys((path for path, _ in entry_bundles(ENTRIES[:size])), None)
    expected = list(expected_paths(size))
    assert dict(expected) == written
    assert len(expected) == len(written)


def test_the_tiles_of_an_earlier_size_stay_the_same_but_for_the_right_edge() -> None:
    before, after = dict(tiles_of(TREE, 1000)), dict(tiles_of(TREE, LEAVES))
    assert all(after[path] == content for path, content in before.items() if ".p/" not in path)


def test_a_tree_has_no_tiles_for_a_size_that_it_has_not_reached() -> None:
    with pytest.raises(ProofError):
        list(tiles_of(TREE, LEAVES + 1))


@given(st.lists(st.binary(max_size=70), min_size=1, max_size=256))
def test_a_bundle_survives_the_round_trip(entries: list[bytes]) -> None:
    assert parse_entry_bundle(encode_entry_bundle(entries), len(entries)) == entries


def test_bundles_hold_all_entries_in_order() -> None:
    entries = ENTRIES[:600]
    found = [
        entry
        for path, content in entry_bundles(entries)
        for entry in parse_entry_bundle(content, parse_tile_path(path)[2])
    ]
    assert found == entries
    assert list(entry_bundles([])) == []


def test_the_longest_entry_fits_and_no_longer_one() -> None:
    assert parse_entry_bundle(encode_entry_bundle([b"x" * 65_535]), 1) == [b"x" * 65_535]
    for entries in ([b"", b"x" * 65_536], [], [b""] * 257):
        with pytest.raises(ParseError):
            encode_entry_bundle(entries)


@pytest.mark.parametrize(
    ("data", "count"),
    [
        pytest.param(b"", 1, id="nothing"),
        pytest.param(b"\0", 1, id="half a length"),
        pytest.param(b"\0\2a", 1, id="an entry cut short"),
        pytest.param(b"\0\1a", 2, id="one entry of two"),
        pytest.param(b"\0\1a\0", 2, id="half a second length"),
        pytest.param(b"\0\1a\0", 1, id="a byte behind the last entry"),
        pytest.param(b"\0\1a\0\1b", 1, id="an entry behind the last entry"),
        pytest.param(b"\0\1a", 0, id="a count of nothing"),
        pytest.param(b"\0\1a", -1, id="a negative count"),
        pytest.param(b"\0\1a", True, id="a bool as count"),
        pytest.param(b"\0\0" * 257, 257, id="more than a bundle holds"),
    ],
)
def test_a_malformed_bundle_is_refused(data: bytes, count: int) -> None:
    with pytest.raises(ParseError):
        parse_entry_bundle(data, count)
