"""Files, and the folders that name them, are forced to the disk; a failure to do so is not swallowed."""

import errno
import os
from pathlib import Path

import pytest

from chain.durable import sync_path, sync_tree


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(device, inode) of what was synced."""
    seen: list[tuple[int, int]] = []

    def fsync(file: int) -> None:
        stat = os.fstat(file)
        seen.append((stat.st_dev, stat.st_ino))

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
