"""Files, and the folders that name them, are forced to the disk; a failure to do so is not swallowed."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.durable import create_file, make_folders, replace_file, sync_path, sync_tree


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(device, inode) of what was synced."""
    seen: list[tuple[int, int]] = []

    def fsync(file: int) -> None:
        found = os.fstat(file)
        seen.append((found.st_dev, found.st_ino))

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


def identity(path: Path) -> tuple[int, int]:
    return path.stat().st_dev, path.stat().st_ino


def test_a_tree_is_synced_with_every_file_and_folder_in_it_once(tmp_path: Path, synced: list[tuple[int, int]]) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for number in range(40):
        (tmp_path / "a" / "b" / str(number)).write_bytes(b"x")
    (tmp_path / "empty").touch()
    sync_tree(tmp_path)
    assert sorted(synced) == sorted(identity(path) for path in (tmp_path, *tmp_path.rglob("*")))


def test_one_path_is_a_file_or_a_folder(tmp_path: Path, synced: list[tuple[int, int]]) -> None:
    file = tmp_path / "file"
    file.touch()
    sync_path(file)
    sync_path(tmp_path)
    assert synced == [identity(file), identity(tmp_path)]


def test_a_replaced_file_is_synced_before_its_name_and_then_the_folder(
    tmp_path: Path, synced: list[tuple[int, int]]
) -> None:
    file = tmp_path / "file"
    for data in (b"old", b"new"):
        synced.clear()
        replace_file(file, data)
        assert file.read_bytes() == data
        assert synced == [identity(file), identity(tmp_path)]
    assert list(tmp_path.iterdir()) == [file]


def test_a_created_file_never_takes_the_place_of_another(tmp_path: Path, synced: list[tuple[int, int]]) -> None:
    file = tmp_path / "file"
    create_file(file, b"mine")
    assert synced == [identity(file), identity(tmp_path)]
    with pytest.raises(FileExistsError):
        create_file(file, b"another")
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize("write", [create_file, replace_file])
def test_a_mode_is_exact_and_without_one_the_umask_decides(tmp_path: Path, write: Callable[..., None]) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "own", b"x", 0o600)
        write(tmp_path / "usual", b"x")
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("own", "usual")] == [0o600, 0o640]


def test_what_a_killed_writer_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "file.0.partial").write_bytes(b"half")
    replace_file(tmp_path / "file", b"whole")
    assert (tmp_path / "file").read_bytes() == b"whole"
    assert (tmp_path / "file.0.partial").read_bytes() == b"half"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space"):
        replace_file(tmp_path / "file", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]


def test_every_new_folder_is_synced_in_the_one_that_holds_it(tmp_path: Path, synced: list[tuple[int, int]]) -> None:
    make_folders(tmp_path / "a" / "b")
    assert synced == [identity(tmp_path), identity(tmp_path / "a")]
    make_folders(tmp_path / "a" / "b")
    assert len(synced) == 2


def test_a_disk_that_fails_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "file").touch()
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output error"):
        sync_tree(tmp_path)


def test_what_was_opened_is_closed_again(tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        sync_tree(tmp_path)
    assert len(os.listdir("/dev/fd")) == before
