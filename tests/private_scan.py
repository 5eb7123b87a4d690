"""Searches everything that leaves the house for private values: not in clear, and in no form that anyone can undo.

1. A value is text, bytes, an integer, or a list or object of these; each scalar in it is searched for. Text and bytes
   of fewer than `SHORTEST` bytes, and integers of as few digits, are found everywhere by chance: they are refused.
2. Forms: UTF-8, UTF-16 (both orders), JSON with escapes, percent-encoding, hex, base64 (both alphabets, at each of its
   three offsets), and the unsalted SHA-256 as bytes, hex and base64, since who guesses the value can check that one.
   Upper and lower case are one, except in base64.
3. Places: the names and bytes of all files of a folder, symbolic links' targets not followed; the cells of Parquet
   files, which are compressed; gzip and zip members; every key and text of the entries in tile bundles; or texts.
"""

import gzip
import io
import json
import zipfile
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

SHORTEST = 4
_LENGTH_BYTES = 2


def assert_nowhere(values: Iterable[Any], place: Path | Iterable[str | bytes]) -> None:
    """`AssertionError` that says where, in which form and the how-manieth value; it does not repeat the value."""
    wanted = [(number, needle) for number, value in enumerate(values, 1) for needle in _needles(value)]
    assert wanted, "nothing to search for"
    found = sorted({f"{where}: value {number} as {form}" for where, number, form in _hits(wanted, place)})
    assert not found, "private values were found\n" + "\n".join(found)


def _hits(
    wanted: list[tuple[int, tuple[str, Callable[["Haystack"], bool]]]], place: Path | Iterable[str | bytes]
) -> Iterator[tuple[str, int, str]]:
    for where, data in _places(place):
        haystack = Haystack(data)
        for number, (form, is_in) in wanted:
            if is_in(haystack):
                yield where, number, form


class Haystack:
    """Bytes to search, as they are and with case folded under each encoding."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.folded = {"utf-8": data.decode("utf-8", "replace").casefold()}
        for encoding in ("utf-16-le", "utf-16-be"):
            # UTF-16 may begin at an odd byte.
            for start in (0, 1):
                self.folded[f"{encoding} from {start}"] = data[start:].decode(encoding, "replace").casefold()


def _needles(value: Any) -> Iterator[tuple[str, Callable[[Haystack], bool]]]:
    for scalar in scalars(value):
        if isinstance(scalar, str):
            yield from _text(scalar)
            yield from _bytes(scalar.encode())
        else:
            yield "bytes", _raw(scalar)
            yield from _bytes(scalar)


def scalars(value: Any) -> Iterator[str | bytes]:
    """Rule 1."""
    if isinstance(value, dict):
        for item in value.values():
            yield from scalars(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from scalars(item)
    elif value is not None and not isinstance(value, bool):
        scalar = value if isinstance(value, bytes) else str(value)
        if len(scalar.encode() if isinstance(scalar, str) else scalar) < SHORTEST:
            raise ValueError("a value this short is found by chance; plant a longer one")
        yield scalar


def _text(text: str) -> Iterator[tuple[str, Callable[[Haystack], bool]]]:
    folded = text.casefold()
    for encoding in ("utf-8", *(f"utf-16-{order} from {start}" for order in ("le", "be") for start in (0, 1))):
        yield encoding, _folded(encoding, folded)
    for name, escaped in (
        ("JSON", json.dumps(text, ensure_ascii=False)[1:-1]),
        ("JSON in ASCII", json.dumps(text)[1:-1]),
        ("percent-encoding", quote(text)),
        ("percent-encoding", quote(text, safe="")),
    ):
        if escaped != text:
            yield name, _folded("utf-8", escaped.casefold())


def _bytes(data: bytes) -> Iterator[tuple[str, Callable[[Haystack], bool]]]:
    yield "hex", _folded("utf-8", data.hex())
    yield "hex of UTF-16", _folded("utf-8", data.decode("utf-8", "replace").encode("utf-16-le").hex())
    digest = sha256(data).digest()
    yield "unsalted SHA-256", _raw(digest)
    yield "unsalted SHA-256 in hex", _folded("utf-8", digest.hex())
    for name, content in (("base64", data), ("unsalted SHA-256 in base64", digest)):
        for encode in (b64encode, urlsafe_b64encode):
            for offset in range(3):
                yield name, _raw(_base64(encode, content, offset))


def _base64(encode: Callable[[bytes], bytes], content: bytes, offset: int) -> bytes:
    """The characters that `content` alone determines when `offset` bytes stand before it."""
    first = (0, 2, 3)[offset]
    whole = encode(bytes(offset) + content)
    return whole[first : (offset + len(content)) * 8 // 6]


def _raw(needle: bytes) -> Callable[[Haystack], bool]:
    return lambda haystack: needle in haystack.data


def _folded(encoding: str, needle: str) -> Callable[[Haystack], bool]:
    return lambda haystack: needle in haystack.folded[encoding]


def _places(place: Path | Iterable[str | bytes]) -> Iterator[tuple[str, bytes]]:
    """Rule 3: (where, bytes)."""
    if not isinstance(place, Path):
        for number, text in enumerate(place):
            yield f"text {number}", text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        return
    assert place.is_dir(), f"{place} is no folder"
    for path in sorted(place.rglob("*")):
        where = path.relative_to(place).as_posix()
        yield f"{where} (name)", where.encode("utf-8", "surrogateescape")
        if path.is_symlink():
            yield f"{where} (target)", str(path.readlink()).encode()
        elif path.is_file():
            data = path.read_bytes()
            yield where, data
            try:
                yield from _within(where, data)
            except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, pl.exceptions.PolarsError) as error:
                # What cannot be unpacked has not been searched.
                raise AssertionError(f"{where} cannot be unpacked: {type(error).__name__}") from None


def _within(where: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """What a file holds that its bytes do not show."""
    if data.startswith(b"PAR1"):
        frame = pl.read_parquet(io.BytesIO(data))
        for name in frame.columns:
            cells = frame[name].to_list()
            yield f"{where} column {name}", "\n".join([name, *map(str, cells)]).encode()
            # The content of a cell may be bytes, which `str` would show escaped.
            yield from ((f"{where} column {name}", cell) for cell in cells if isinstance(cell, bytes))
    elif data.startswith(b"\x1f\x8b"):
        yield from _member(f"{where} (gzip)", gzip.decompress(data))
    elif zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from _member(f"{where} {name}", archive.read(name))
    elif "tile/entries/" in f"/{where}":
        for number, entry in enumerate(_entries(data)):
            yield f"{where} entry {number}", "\n".join(_strings(json.loads(entry))).encode("utf-8", "surrogatepass")


def _member(where: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield where, data
    yield from _within(where, data)


def _entries(bundle: bytes) -> Iterator[bytes]:
    """C2SP tlog-tiles: each entry behind its length."""
    offset = 0
    while offset < len(bundle):
        start = offset + _LENGTH_BYTES
        offset = start + int.from_bytes(bundle[offset:start], "big")
        yield bundle[start:offset]


def _strings(value: Any) -> Iterator[str]:
    """Every key and scalar of decoded JSON, as text."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    else:
        yield str(value)
