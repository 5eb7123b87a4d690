"""Files that hold secrets: private from the first byte, never half there."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.errors import SecretFileError
from chain.secret_file import create_secret_file, read_secret_file, replace_secret_file

MAX = 100


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    create_secret_file(path, b"secret")
    return path


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(SecretFileError) as caught:
        call()
    return caught.value.code


def test_a_new_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    for number, umask in enumerate((0, 0o777)):
        path = tmp_path / f"key-{number}"
        before = os.umask(umask)
        try:
            create_secret_file(path, b"secret")
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert read_secret_file(path, MAX) == b"secret"


def test_nothing_is_overwritten(file: Path, tmp_path: Path) -> None:
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "elsewhere")
    for path in (file, dangling, tmp_path):
        assert code_of(lambda path=path: create_secret_file(path, b"other")) == "exists"  # type: ignore[misc]
    assert file.read_bytes() == b"secret"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777])
def test_a_file_that_others_can_reach_is_refused_with_the_cure(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(SecretFileError) as caught:
        read_secret_file(file, MAX)
    assert caught.value.code == "permissions"
    assert f"chmod 600 {file}" in caught.value.sentence
    file.chmod(0o600)
    assert read_secret_file(file, MAX) == b"secret"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_only_its_owner_can_reach_is_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_secret_file(file, MAX) == b"secret"


def test_a_file_of_somebody_else_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert code_of(lambda: read_secret_file(file, MAX)) == "foreign-owner"


def test_what_is_no_regular_file_of_that_name_is_refused_without_waiting(file: Path, tmp_path: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(file)
    os.mkfifo(pipe, 0o600)
    assert code_of(lambda: read_secret_file(link, MAX)) == "symlink"
    assert code_of(lambda: read_secret_file(pipe, MAX)) == "not-a-file"
    assert code_of(lambda: read_secret_file(tmp_path, MAX)) == "not-a-file"
    assert code_of(lambda: read_secret_file(tmp_path / "none", MAX)) == "no-file"
    assert code_of(lambda: read_secret_file(file / "below", MAX)) == "file"


def test_a_long_file_is_refused_before_all_of_it_is_read(file: Path) -> None:
    file.write_bytes(b"x" * MAX)
    assert len(read_secret_file(file, MAX)) == MAX
    file.write_bytes(b"x" * (MAX + 1))
    assert code_of(lambda: read_secret_file(file, MAX)) == "length"


def test_a_replaced_file_is_private_and_leaves_nothing_beside_it(file: Path) -> None:
    replace_secret_file(file, b"secret", b"another")
    assert file.read_bytes() == b"another"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_changed_meanwhile_is_not_replaced(file: Path) -> None:
    for found in (b"newest", b"s", b"a longer one"):
        file.write_bytes(found)
        assert code_of(lambda: replace_secret_file(file, b"secret", b"another")) == "changed"
        assert file.read_bytes() == found
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("step", ["fsync", "replace", "fchmod"])
def test_when_the_disk_fails_the_old_file_is_whole(file: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, full)
        assert code_of(lambda: replace_secret_file(file, b"secret", b"another")) == "disk-full"
    assert file.read_bytes() == b"secret"
    assert list(file.parent.iterdir()) == [file]


def test_when_the_disk_fails_no_new_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert code_of(lambda: create_secret_file(tmp_path / "key", b"secret")) == "disk-full"
    assert list(tmp_path.iterdir()) == []
    assert code_of(lambda: create_secret_file(tmp_path / "none" / "key", b"secret")) == "no-file"
