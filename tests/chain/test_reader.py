"""Reading a stranger's folder: regular files only, at derived paths only, and every failure names the file."""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from chain import reader
from chain.errors import ExportError
from chain.limits import LIMITS
from chain.reader import ExportReader, decode_vkey
from chain.tiles import encode_entry_bundle, entries_path

MANIFEST: dict[str, Any] = {
    "channels": ["area-350100", "governance"],
    "format": "gridproof-export/1",
    "network": "fujian",
    "profile": "regulator",
    "withheld": [],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    export = tmp_path / "export"
    (export / "policy").mkdir(parents=True)
    (export / "manifest.json").write_bytes(rfc8785.dumps(MANIFEST))
    (export / "policy" / "0").write_bytes(b"quorum q\n")
    return export


def failure(act: Callable[[], object]) -> ExportError:
    with pytest.raises(ExportError) as caught:
        act()
    return caught.value


def test_a_file_is_read_as_it_is(folder: Path) -> None:
    export = ExportReader(folder)
    assert export.read("policy/0") == b"quorum q\n"
    assert export.manifest().channels == ("area-350100", "governance")
    assert export.files() == ["manifest.json", "policy/0"]


def test_a_folder_that_is_no_export_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "half" / "manifest.json").mkdir(parents=True)
    for name in ("nothing", "file", "empty", "half"):
        error = failure(lambda name=name: ExportReader(tmp_path / name))  # type: ignore[misc]
        assert (error.code, error.where) == ("no-export", str(tmp_path / name))


def _link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


STRANGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link to another file": (_link, "unreadable"),
    "a dangling link": (_dangling_link, "unreadable"),
    "a link to itself": (_loop, "unreadable"),
    "a pipe": (os.mkfifo, "not-a-file"),
    "a folder": (os.mkdir, "not-a-file"),
}


@pytest.mark.parametrize(("make", "code"), STRANGE.values(), ids=STRANGE)
def test_what_is_no_regular_file_is_refused(folder: Path, make: Callable[[Path], object], code: str) -> None:
    make(folder / "policy" / "1")
    open_before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    error = failure(lambda: ExportReader(folder).read("policy/1"))
    assert (error.code, error.where) == (code, "policy/1")
    if open_before:
        assert len(os.listdir("/proc/self/fd")) == open_before


@pytest.mark.parametrize("make", [_link, _dangling_link, _loop, os.mkfifo], ids=lambda make: make.__name__)
def test_what_is_no_regular_file_does_not_go_unseen(folder: Path, make: Callable[[Path], object]) -> None:
    make(folder / "policy" / "1")
    error = failure(ExportReader(folder).files)
    assert (error.code, error.where) == ("not-a-file", "policy/1")


def test_a_link_inside_the_export_is_refused_too(folder: Path) -> None:
    (folder / "policy" / "0").rename(folder / "policy" / "real")
    (folder / "policy" / "0").symlink_to("real")
    assert failure(lambda: ExportReader(folder).read("policy/0")).code == "unreadable"


def test_no_folder_on_the_way_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "0").write_bytes(b"another policy")
    (folder / "policy" / "0").unlink()
    (folder / "policy").rmdir()
    (folder / "policy").symlink_to(tmp_path / "elsewhere")
    error = failure(lambda: ExportReader(folder).read("policy/0"))
    assert (error.code, error.where) == ("unreadable", "policy/0")
    assert failure(ExportReader(folder).files).where == "policy"


def test_a_manifest_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / "manifest.json").rename(folder / "real")
    (folder / "manifest.json").symlink_to("real")
    error = failure(lambda: ExportReader(folder).manifest())
    assert (error.code, error.where) == ("unreadable", "manifest.json")


@pytest.mark.parametrize("path", ["policy/7", "nothing/checkpoint", "policy/0/deeper"])
def test_a_missing_file_is_named(folder: Path, path: str) -> None:
    error = failure(lambda: ExportReader(folder).read(path))
    assert error.code in ("missing", "unreadable")
    assert error.where == path


def test_a_file_past_the_limit_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LIMITS", replace(LIMITS, policy_bytes_max=9))
    export = ExportReader(folder)
    assert export.read("policy/0") == b"quorum q\n"
    (folder / "policy" / "0").write_bytes(b"quorum q\n#")
    error = failure(lambda: export.read("policy/0"))
    assert (error.code, error.where) == ("too-large", "policy/0")


def test_a_folder_that_cannot_be_listed_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name == "policy":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return really(path)

    export = ExportReader(folder)
    monkeypatch.setattr(Path, "iterdir", iterdir)
    error = failure(export.files)
    assert error.code == "unreadable"
    assert error.where.endswith("policy")


BAD_MANIFESTS: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"PAR1",
    "no object": b"[]",
    "white space": b" " + rfc8785.dumps(MANIFEST),
    "a newline after": rfc8785.dumps(MANIFEST) + b"\n",
    "bytes that are not UTF-8": rfc8785.dumps(MANIFEST).replace(b"fujian", b"fu\xffian"),
    "a member missing": rfc8785.dumps({"channels": [], "format": "gridproof-export/1"}),
    "a member too many": rfc8785.dumps({**MANIFEST, "more": 1}),
    "another format": rfc8785.dumps({**MANIFEST, "format": "gridproof-export/2"}),
    "channels that are a text": rfc8785.dumps({**MANIFEST, "channels": "governance"}),
    "a channel that is a number": rfc8785.dumps({**MANIFEST, "channels": [1]}),
    "a channel above the folder": rfc8785.dumps({**MANIFEST, "channels": ["../x"]}),
    "a channel that is a path": rfc8785.dumps({**MANIFEST, "channels": ["/etc"]}),
    "a channel that is a dot": rfc8785.dumps({**MANIFEST, "channels": [".."]}),
    "a channel without a name": rfc8785.dumps({**MANIFEST, "channels": [""]}),
    "a channel with a newline": rfc8785.dumps({**MANIFEST, "channels": ["a\n"]}),
    "a channel called beacon": rfc8785.dumps({**MANIFEST, "channels": ["beacon"]}),
    "a channel called policy": rfc8785.dumps({**MANIFEST, "channels": ["policy"]}),
    "channels out of order": rfc8785.dumps({**MANIFEST, "channels": ["governance", "area-350100"]}),
    "a channel twice": rfc8785.dumps({**MANIFEST, "channels": ["governance", "governance"]}),
    "no profile": rfc8785.dumps({name: value for name, value in MANIFEST.items() if name != "profile"}),
    "a profile that is none": rfc8785.dumps({**MANIFEST, "profile": "everybody"}),
    "withheld channels that are a text": rfc8785.dumps({**MANIFEST, "withheld": "area-350200"}),
    "a withheld channel above the folder": rfc8785.dumps({**MANIFEST, "withheld": ["../x"]}),
    "a withheld channel called beacon": rfc8785.dumps({**MANIFEST, "withheld": ["beacon"]}),
    "withheld channels out of order": rfc8785.dumps({**MANIFEST, "withheld": ["b", "a"]}),
    "a network above the folder": rfc8785.dumps({**MANIFEST, "network": ".."}),
    "a network that is a path": rfc8785.dumps({**MANIFEST, "network": "a/../../b"}),
    "100,000 unclosed lists": b"[" * 100_000,
}


@pytest.mark.parametrize("data", BAD_MANIFESTS.values(), ids=BAD_MANIFESTS)
def test_a_bad_manifest_is_our_own_error(folder: Path, data: bytes) -> None:
    (folder / "manifest.json").write_bytes(data)
    assert failure(lambda: ExportReader(folder).manifest()).where.startswith("manifest.json")


def bundle(folder: Path, count: int, width: int, data: bytes | None = None) -> None:
    path = folder / "area-350100" / entries_path(0, width)
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = [b"entry %d" % number for number in range(count)]
    path.write_bytes(encode_entry_bundle(entries) if data is None else data)


def test_entries_come_from_their_bundles(folder: Path) -> None:
    bundle(folder, 3, 3)
    assert ExportReader(folder).entries("area-350100", 3) == [b"entry 0", b"entry 1", b"entry 2"]
    assert ExportReader(folder).entries("area-350100", 0) == []


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\xff\xff", b"\x00\x01a", b"\x00\x01a" * 4, b"\x00\x01a\x00\x01b\x00\x09c"]
)
def test_a_bundle_that_does_not_hold_its_entries_is_named(folder: Path, data: bytes) -> None:
    bundle(folder, 3, 3, data)
    error = failure(lambda: ExportReader(folder).entries("area-350100", 3))
    assert error.where == "area-350100/tile/entries/000.p/3"


def test_a_missing_bundle_is_named(folder: Path) -> None:
    bundle(folder, 3, 3)
    assert failure(lambda: ExportReader(folder).entries("area-350100", 4)).where == "area-350100/tile/entries/000.p/4"


@pytest.mark.parametrize("data", [b"", b"key", b"key\nkey\n", b"k\xc3\xa9y\n", b"\nkey", b"key\n\n"])
def test_a_vkey_file_is_one_line(data: bytes) -> None:
    error = failure(lambda: decode_vkey(data, "beacon/vkey"))
    assert (error.code, error.where) == ("vkey", "beacon/vkey")
    assert decode_vkey(b"name+00+AA\n", "beacon/vkey") == "name+00+AA"


def test_folders_nested_without_end_are_refused(folder: Path) -> None:
    deep = folder
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    assert failure(ExportReader(folder).files).code == "too-deep"


SIZES = {
    "manifest.json": LIMITS.entry_bytes_max,
    "policy/0": LIMITS.policy_bytes_max,
    "beacon/checkpoint": LIMITS.note_bytes_max,
    "beacon/vkey": LIMITS.note_bytes_max,
    "area-350100/tile/0/000": 256 * (LIMITS.entry_bytes_max + 2),
}


@pytest.mark.parametrize("name", SIZES)
def test_each_kind_of_file_has_its_own_limit(name: str, folder: Path) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as sparse:
        sparse.truncate(SIZES[name] + 1)
    error = failure(lambda: ExportReader(folder).read(name))
    assert (error.code, error.where) == ("too-large", name)
