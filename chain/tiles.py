"""A log as static files: hash tiles and entry bundles (C2SP tlog-tiles). Pure functions, no file is touched.

    tile/<L>/<N>[.p/<W>]        level L: up to 256 hashes; the i-th is the root of 256**L leaves from
                                (N * 256 + i) * 256**L on
    tile/entries/<N>[.p/<W>]    up to 256 entries, each behind its length in two bytes, big-endian

N is written in groups of three digits, all but the last behind an `x`: 1234067 is `x001/x234/067`. `.p/<W>`
marks a tile of only W entries, 1 to 255, at the right edge; there is no empty tile. Level L of a log of `size`
entries has `size // 256**L` hashes, so the highest level is the last with at least one.

Rules of the parsers: exact form, one spelling per path, exact lengths, nothing left over.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from chain.errors import ParseError
from chain.limits import LIMITS
from chain.merkle import HASH_BYTES, Tree

TILE_WIDTH: Final = 256
"""Hashes of a full tile, entries of a full bundle."""

ENTRIES_LEVEL: Final = -1
"""What `parse_tile_path` gives as the level of an entry bundle."""

_TILE_HEIGHT = 8
_LEVEL_MAX = 63
_INDEX_MAX = 2**56 - 1
_LENGTH_BYTES = 2
_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?",
    re.ASCII,
)


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Path of a hash tile below the log's folder."""
    if type(level) is not int or not 0 <= level <= _LEVEL_MAX:
        raise ParseError("tile-level", f"{level!r} is no tile level from 0 to {_LEVEL_MAX}")
    return f"tile/{level}/{_spell(index, width)}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Path of an entry bundle below the log's folder."""
    return f"tile/entries/{_spell(index, width)}"


def parse_tile_path(path: str) -> tuple[int, int, int]:
    """(level, index, width) of a tile; the level of an entry bundle is ENTRIES_LEVEL."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise ParseError("tile-path", "no path of a tile", path)
    level_text, index_text, width_text = match.groups()
    level = ENTRIES_LEVEL if level_text == "entries" else int(level_text)
    index = int(index_text.replace("x", "").replace("/", ""))
    width = int(width_text) if width_text else TILE_WIDTH
    if index > _INDEX_MAX or f"{_prefix(level)}{_spell(index, width)}" != path:
        raise ParseError("tile-path", "not the one spelling of a tile's path", path)
    return level, index, width


def tiles_of(tree: Tree, size: int) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every hash tile of the log's first `size` entries, level by level from the leaves."""
    for level, index, width in _hash_tiles(size):
        first = index * TILE_WIDTH
        yield tile_path(level, index, width), tree.subtrees(level * _TILE_HEIGHT, first, first + width)


def entry_bundles(entries: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every entry bundle of a log with these entries."""
    for index, width in _row_of_tiles(len(entries)):
        first = index * TILE_WIDTH
        yield entries_path(index, width), encode_entry_bundle(entries[first : first + width])


def encode_entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Content of one bundle."""
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise ParseError("bundle-count", f"{len(entries)} entries, not 1 to {TILE_WIDTH}")
    for number, entry in enumerate(entries):
        if len(entry) > LIMITS.entry_bytes_max:
            sentence = f"{len(entry)} bytes, more than {LIMITS.entry_bytes_max}"
            raise ParseError("bundle-length", sentence, f"entry {number} of the bundle")
    return b"".join([len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries])


def parse_entry_bundle(data: bytes, count: int) -> list[bytes]:
    """The `count` entries of a bundle, which must fill it exactly."""
    if type(count) is not int or not 1 <= count <= TILE_WIDTH:
        raise ParseError("bundle-count", f"{count!r} is no number of entries from 1 to {TILE_WIDTH}")
    entries: list[bytes] = []
    offset = 0
    for number in range(count):
        start = offset + _LENGTH_BYTES
        end = start + int.from_bytes(data[offset:start], "big")
        if end > len(data) or start > len(data):
            raise ParseError("bundle-truncated", f"the bundle ends within it, at {len(data)} bytes", f"entry {number}")
        entries.append(bytes(data[start:end]))
        offset = end
    if offset != len(data):
        raise ParseError("bundle-rest", f"{len(data) - offset} bytes behind the last of {count} entries")
    return entries


def expected_paths(size: int) -> Iterator[tuple[str, int | None]]:
    """(path, bytes) of every file below `tile/` of a log of `size` entries; None: a bundle, of any length."""
    for level, index, width in _hash_tiles(size):
        yield tile_path(level, index, width), width * HASH_BYTES
    for index, width in _row_of_tiles(size):
        yield entries_path(index, width), None


def _hash_tiles(size: int) -> Iterator[tuple[int, int, int]]:
    level = 0
    while count := size >> level * _TILE_HEIGHT:
        for index, width in _row_of_tiles(count):
            yield level, index, width
        level += 1


def _row_of_tiles(count: int) -> Iterator[tuple[int, int]]:
    """(index, width) of the tiles that hold `count` hashes or entries."""
    for index in range(count // TILE_WIDTH):
        yield index, TILE_WIDTH
    if count % TILE_WIDTH:
        yield count // TILE_WIDTH, count % TILE_WIDTH


def _prefix(level: int) -> str:
    return "tile/entries/" if level == ENTRIES_LEVEL else f"tile/{level}/"


def _spell(index: int, width: int) -> str:
    if type(index) is not int or not 0 <= index <= _INDEX_MAX:
        raise ParseError("tile-index", f"{index!r} is no index of a tile")
    if type(width) is not int or not 1 <= width <= TILE_WIDTH:
        raise ParseError("tile-width", f"{width!r} is no width from 1 to {TILE_WIDTH}")
    spelled = f"{index % 1000:03}"
    while index := index // 1000:
        spelled = f"x{index % 1000:03}/{spelled}"
    return spelled if width == TILE_WIDTH else f"{spelled}.p/{width}"
