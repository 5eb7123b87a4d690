"""The vault: ours alone, one process at a time, replaced as a whole, and what is erased stays erased."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chain import jcs
from chain.errors import ChainError, PrivateError
from chain.limits import LIMITS
from chain.private import vault as vault_module
from chain.private.record import information_hash
from chain.private.sealed import grant, open_sealed, seal
from chain.private.vault import Vault
from tests.chain.private.private_fixture import SUBJECT, VALUES, reader, record, signer, source
from tests.private_scan import assert_nowhere

RECORD = record()
SEED = signer("registrar").seed
FIRST = seal(RECORD, [reader("registrar")], source())
SECOND = grant(FIRST, SEED, reader("regulator"), source("second"))
NOW_MS = 1_763_812_800_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Vault(tmp_path / "vault", create=True) as vault:
        vault.put(FIRST)
    return tmp_path / "vault"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_put_is_read_and_replaced_by_the_next_version(folder: Path) -> None:
    with Vault(folder) as vault:
        assert vault.read(SUBJECT) == FIRST
        vault.put(SECOND)
        assert vault.read(SUBJECT) == SECOND
        assert vault.subjects() == (SUBJECT,)
    assert files(folder) == ["lock", f"{SUBJECT}.sealed"]


def test_folder_and_files_are_closed_to_everyone_else(folder: Path) -> None:
    with Vault(folder) as vault:
        vault.erase(SUBJECT, NOW_MS)
        vault.put(seal(record("fz-factory-01"), [reader("registrar")], source()))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_B3_an_erased_record_is_gone_and_says_so(folder: Path) -> None:
    with Vault(folder) as vault:
        left = vault.erase(SUBJECT, NOW_MS)
        assert (left.subject, left.information_hash, left.time_ms) == (SUBJECT, information_hash(RECORD), NOW_MS)
        with pytest.raises(PrivateError) as caught:
            vault.read(SUBJECT)
        assert caught.value.code == "erased"
        assert left.information_hash in str(caught.value)
        assert vault.subjects() == ()
    assert files(folder) == ["lock", f"{SUBJECT}.erased"]
    ciphertext = bytes.fromhex(jcs.decode(FIRST)["ciphertext"])
    assert_nowhere([VALUES, *(one.salt for one in RECORD.fields), ciphertext[:64], "ciphertext"], folder)


def test_erasing_again_says_when_it_was_erased(folder: Path) -> None:
    with Vault(folder) as vault:
        first = vault.erase(SUBJECT, NOW_MS)
        assert vault.erase(SUBJECT, NOW_MS + 1_000) == first


def test_an_erased_subject_takes_no_new_record(folder: Path) -> None:
    with Vault(folder) as vault:
        vault.erase(SUBJECT, NOW_MS)
        with pytest.raises(PrivateError) as caught:
            vault.put(SECOND)
        assert caught.value.code == "erased"


def test_what_is_erased_or_replaced_is_overwritten_before_it_is_let_go(folder: Path, tmp_path: Path) -> None:
    # A second name keeps the blocks reachable, as a disk's free list would.
    for step in ("replace", "erase"):
        link = tmp_path / step
        os.link(folder / f"{SUBJECT}.sealed", link)
        with Vault(folder) as vault:
            if step == "replace":
                vault.put(SECOND)
            else:
                vault.erase(SUBJECT, NOW_MS)
        assert set(link.read_bytes()) == {0}


def test_a_damaged_file_can_be_erased_too(folder: Path) -> None:
    (folder / f"{SUBJECT}.sealed").write_bytes(FIRST[:-100])
    with Vault(folder) as vault:
        with pytest.raises(ChainError):
            vault.read(SUBJECT)
        assert vault.erase(SUBJECT, NOW_MS).information_hash == ""
    with Vault(folder) as vault, pytest.raises(PrivateError):
        vault.read(SUBJECT)


@pytest.mark.parametrize("data", [FIRST, seal(RECORD, [reader("regulator")], source())])
def test_a_version_that_is_no_newer_replaces_nothing(folder: Path, data: bytes) -> None:
    with Vault(folder) as vault:
        with pytest.raises(PrivateError) as caught:
            vault.put(data)
        assert caught.value.code == "version"
        assert vault.read(SUBJECT) == FIRST


@pytest.mark.parametrize("subject", ["", ".", "..", "../up", "a/b", "a\0b", "a b", "-a", "闽江", "a" * 65])
def test_only_names_become_paths(folder: Path, subject: str) -> None:
    with Vault(folder) as vault:
        for call in (vault.read, vault.tombstone, lambda name: vault.erase(name, NOW_MS)):
            with pytest.raises(ChainError) as caught:
                call(subject)
            assert caught.value.code == "name"


def test_a_file_under_anothers_name_is_not_believed(folder: Path) -> None:
    (folder / f"{SUBJECT}.sealed").rename(folder / "fz-factory-01.sealed")
    with Vault(folder) as vault:
        for call in (vault.read, lambda name: vault.erase(name, NOW_MS)):
            with pytest.raises(PrivateError) as caught:
                call("fz-factory-01")
            assert caught.value.code == "subject"


def test_an_unknown_subject_is_not_there(folder: Path) -> None:
    with Vault(folder) as vault:
        for call in (vault.read, lambda name: vault.erase(name, NOW_MS)):
            with pytest.raises(PrivateError) as caught:
                call("nobody")
            assert caught.value.code == "no-record"


def test_a_vault_is_made_only_when_that_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(PrivateError) as caught:
        Vault(tmp_path / "mistyped")
    assert caught.value.code == "no-vault"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a file").touch()
    for create in (True, False):
        with pytest.raises(PrivateError):
            Vault(tmp_path / "a file", create=create)


def test_a_second_process_is_kept_out_until_the_first_is_done(folder: Path) -> None:
    code = f"from pathlib import Path\nfrom chain.private.vault import Vault\nVault(Path({str(folder)!r}))"
    root = Path(__file__).parents[3]
    with Vault(folder):
        kept_out = subprocess.run([sys.executable, "-c", code], cwd=root, check=False, capture_output=True, text=True)
    assert "another process uses this vault" in kept_out.stderr
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777, 0o710])
def test_a_folder_that_others_can_look_into_is_refused(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(PrivateError) as caught:
        Vault(folder)
    assert caught.value.code == "vault-open"


def test_a_link_to_a_folder_is_no_vault_and_a_link_to_a_file_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(PrivateError):
        Vault(tmp_path / "link")
    outside = tmp_path / "outside"
    (folder / f"{SUBJECT}.sealed").rename(outside)
    (folder / f"{SUBJECT}.sealed").symlink_to(outside)
    with Vault(folder) as vault:
        for call in (lambda: vault.read(SUBJECT), lambda: vault.put(SECOND), lambda: vault.erase(SUBJECT, NOW_MS)):
            with pytest.raises(PrivateError):
                call()
    assert outside.read_bytes() == FIRST


def test_a_pipe_in_the_place_of_a_file_is_refused_at_once(folder: Path) -> None:
    os.mkfifo(folder / "fz-factory-01.sealed")
    with Vault(folder) as vault, pytest.raises(PrivateError) as caught:
        vault.read("fz-factory-01")
    assert caught.value.code == "vault-file"


def test_a_file_of_any_size_is_read_no_further_than_the_limit(folder: Path) -> None:
    with (folder / "huge.sealed").open("wb") as sink:
        sink.truncate(2**40)
    with Vault(folder) as vault, pytest.raises(ChainError) as caught:
        vault.read("huge")
    assert caught.value.code == "private-bytes"
    assert LIMITS.private_file_bytes_max < 2**22


@pytest.mark.parametrize("step", ["sync", "rename"])
def test_a_disk_that_fails_leaves_the_file_that_was_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*given: Any, **named: Any) -> None:
        raise OSError(28, "No space left on device")

    with Vault(folder) as vault:
        with monkeypatch.context() as patch:
            patch.setattr(os, {"sync": "fsync", "rename": "replace"}[step], fail)
            for call in (lambda: vault.put(SECOND), lambda: vault.erase(SUBJECT, NOW_MS)):
                with pytest.raises(PrivateError) as caught:
                    call()
                assert caught.value.code == "disk"
                assert "No space left" in str(caught.value)
        assert vault.read(SUBJECT) == FIRST
        assert files(folder) == ["lock", f"{SUBJECT}.sealed"]
        vault.put(SECOND)


def test_a_full_disk_leaves_the_file_that_was_there_and_nothing_half_written(folder: Path) -> None:
    # The system's own limit on a file's size stands for the disk that is full in the middle of a write.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Vault(folder) as vault:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
            for call in (lambda: vault.put(SECOND), lambda: vault.erase(SUBJECT, NOW_MS)):
                with pytest.raises(PrivateError) as caught:
                    call()
                assert caught.value.code == "disk"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    with Vault(folder) as vault:
        assert open_sealed(vault.read(SUBJECT), SEED) == RECORD
    assert files(folder) == ["lock", f"{SUBJECT}.sealed"]


def test_what_a_killed_process_left_is_finished_when_the_vault_is_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / f"{SUBJECT}.sealed.0.partial").write_bytes(SECOND[:500])
    with monkeypatch.context() as patch, Vault(folder) as vault:
        assert files(folder) == ["lock", f"{SUBJECT}.sealed"]

        def killed(path: Path) -> None:
            raise KeyboardInterrupt

        patch.setattr(vault_module, "_destroy", killed)
        with pytest.raises(KeyboardInterrupt):
            vault.erase(SUBJECT, NOW_MS)
        assert files(folder) == ["lock", f"{SUBJECT}.erased", f"{SUBJECT}.sealed"]
        with pytest.raises(PrivateError, match="was erased"):
            vault.read(SUBJECT)
    with Vault(folder):
        assert files(folder) == ["lock", f"{SUBJECT}.erased"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"format":"gridproof-erased/2","information_hash":"","subject":"min-jiang-hydro","time":1}',
        b'{"format":"gridproof-erased/1","information_hash":"","subject":"another","time":1}',
        b'{"format":"gridproof-erased/1","information_hash":"00","subject":"min-jiang-hydro","time":1}',
        b'{"format":"gridproof-erased/1","information_hash":"","subject":"min-jiang-hydro","time":-1}',
    ],
)
def test_a_damaged_tombstone_still_closes_the_record_and_destroys_nothing(folder: Path, data: bytes) -> None:
    (folder / f"{SUBJECT}.erased").write_bytes(data)
    with Vault(folder) as vault:
        for call in (lambda: vault.read(SUBJECT), lambda: vault.put(SECOND)):
            with pytest.raises(ChainError):
                call()
    assert (folder / f"{SUBJECT}.sealed").read_bytes() == FIRST
