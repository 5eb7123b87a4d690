"""The scan finds a private value that was planted, in every form and place, and says where without repeating it."""

import gzip
import io
import json
import urllib.parse
import zipfile
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from chain import jcs
from chain.tiles import entry_bundles
from tests.private_scan import assert_nowhere, scalars

VALUE = '林小明 "Secret" Ltd'
RAW = VALUE.encode()

FORMS: dict[str, bytes] = {
    "UTF-8": RAW,
    "other case": VALUE.upper().encode(),
    "UTF-16, little end first": VALUE.encode("utf-16-le"),
    "UTF-16, big end first": VALUE.encode("utf-16-be"),
    "UTF-16 in other case": VALUE.swapcase().encode("utf-16-le"),
    "UTF-16 at an odd byte": b"\x01" + VALUE.encode("utf-16-le"),
    "JSON": jcs.encode({"name": VALUE}),
    "JSON in ASCII": json.dumps([VALUE]).encode(),
    "percent-encoding": urllib.parse.quote(VALUE).encode(),
    "hex": RAW.hex().encode(),
    "hex in capitals": RAW.hex().upper().encode(),
    "hex of UTF-16": VALUE.encode("utf-16-le").hex().encode(),
    "base64": b64encode(RAW),
    "base64 one byte in": b64encode(b"x" + RAW + b"y"),
    "base64 two bytes in": b64encode(b"xx" + RAW + b"yyy"),
    "base64 for addresses": urlsafe_b64encode(RAW),
    "unsalted SHA-256": sha256(RAW).digest(),
    "unsalted SHA-256 in hex": sha256(RAW).hexdigest().encode(),
    "unsalted SHA-256 in base64": b64encode(sha256(RAW).digest()),
}


def around(found: bytes) -> bytes:
    """Even on both sides, so that UTF-16 stays where it is."""
    return b"ab" * 50 + found + b"cd" * 50


def parquet(value: str | bytes | int) -> bytes:
    sink = io.BytesIO()
    pl.DataFrame({"name": ["nothing", "here"] * 500 + ["x"], "held": [None] * 1_000 + [value]}).write_parquet(sink)
    return sink.getvalue()


def zipped() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.parquet", parquet(VALUE))
    return sink.getvalue()


def bundle() -> bytes:
    entries = [jcs.encode({"kind": "genesis"}), jcs.encode({"kind": "transaction", "body": [{"name": VALUE}]})]
    return next(data for _, data in entry_bundles(entries))


PLACES: dict[str, Callable[[Path], object]] = {
    "a file": lambda folder: (folder / "log.txt").write_bytes(RAW),
    "a file deep down": lambda folder: ((folder / "a" / "b").mkdir(parents=True), (folder / "a/b/c").write_bytes(RAW)),
    "a file's name": lambda folder: (folder / "林小明 'Secret' Ltd".replace("'", '"')).write_bytes(b""),
    "a folder's name": lambda folder: (folder / VALUE).mkdir(),
    "a link's target": lambda folder: (folder / "link").symlink_to(VALUE),
    "a Parquet cell": lambda folder: (folder / "t.parquet").write_bytes(parquet(VALUE)),
    "a Parquet cell of bytes": lambda folder: (folder / "t.parquet").write_bytes(parquet(RAW)),
    "a Parquet file by another name": lambda folder: (folder / "cache-7f").write_bytes(parquet(VALUE)),
    "a gzip file": lambda folder: (folder / "log.gz").write_bytes(gzip.compress(RAW * 3, mtime=0)),
    "a Parquet file in a zip file": lambda folder: (folder / "all.zip").write_bytes(zipped()),
    "an entry": lambda folder: (
        (folder / "tile/entries").mkdir(parents=True),
        (folder / "tile/entries/000").write_bytes(bundle()),
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_planted_value_is_found_in_every_form_and_not_repeated(form: str, tmp_path: Path) -> None:
    (tmp_path / "planted").write_bytes(around(FORMS[form]))
    with pytest.raises(AssertionError, match="planted: value 2 as ") as caught:
        assert_nowhere(["nowhere to be found", VALUE], tmp_path)
    assert "Secret" not in str(caught.value)
    with pytest.raises(AssertionError, match="text 1: value 1 as "):
        assert_nowhere([VALUE], [b"nothing here", around(FORMS[form])])


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_value_is_found_in_every_place(place: str, tmp_path: Path) -> None:
    assert_nowhere([VALUE], tmp_path)
    PLACES[place](tmp_path)
    with pytest.raises(AssertionError, match="value 1 as"):
        assert_nowhere([VALUE], tmp_path)


def test_numbers_salts_and_the_parts_of_an_object_are_searched_for(tmp_path: Path) -> None:
    salt = sha256(b"salt").digest()
    secrets = {"list": [7_654_321, {"inner": "inner words"}], "flag": True, "none": None, "salt": salt}
    assert list(scalars(secrets)) == ["7654321", "inner words", salt]
    (tmp_path / "numbers.parquet").write_bytes(parquet(7_654_321))
    with pytest.raises(AssertionError, match="column held"):
        assert_nowhere([secrets], tmp_path)
    for planted in (b"inner words", salt, salt.hex().encode(), b64encode(salt)):
        with pytest.raises(AssertionError):
            assert_nowhere([secrets], [around(planted)])


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    for number, (form, data) in enumerate(FORMS.items()):
        (tmp_path / f"{number}").write_bytes(data + form.encode())
    for number, place in enumerate(PLACES.values()):
        (tmp_path / f"place-{number}").mkdir()
        place(tmp_path / f"place-{number}")
    assert_nowhere(["nowhere to be found", 1_234_567_890, sha256(b"other").digest()], tmp_path)


@pytest.mark.parametrize("values", [[], [None, True], [{}], ["abc"], [99], [b"abc"]])
def test_a_search_that_could_say_nothing_is_refused(values: list[object]) -> None:
    with pytest.raises((AssertionError, ValueError)):
        assert_nowhere(values, ["text"])


def test_a_folder_that_is_not_there_is_no_clean_folder(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no folder"):
        assert_nowhere([VALUE], tmp_path / "missing")


@pytest.mark.parametrize(
    "name, data",
    [
        ("broken.gz", gzip.compress(RAW, mtime=0)[:-9]),
        ("broken.parquet", parquet(VALUE)[:-100]),
        ("tile/entries/000", b"\x00\x05{abc}"),
    ],
)
def test_what_cannot_be_unpacked_does_not_pass_for_searched(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(AssertionError, match="cannot be unpacked"):
        assert_nowhere([VALUE], tmp_path)
