"""The reader's private copies: what is read once, believed on which terms, and never reached by a later change."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import queries.cache as module
from chain.errors import ExportError
from chain.record import Record, open_record
from queries.cache import SegmentCache, cache_folder
from queries.errors import CacheError
from tests.chain.tamper.forgery import Forgery
from tests.queries.asked_export import AREA, asked_export
from tests.sample_export import copy_of


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return copy_of(asked_export().folder, tmp_path / "export")


@pytest.fixture
def cache(tmp_path: Path) -> SegmentCache:
    return SegmentCache(tmp_path / "cache")


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Paths of the export's files that were read and hashed."""
    read: list[str] = []
    original = module.check_segment_file

    def counting(reader: object, segment: object) -> bytes:
        read.append(segment.path)  # type: ignore[attr-defined]
        return original(reader, segment)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "check_segment_file", counting)
    yield read


def record_of(export: Path) -> Record:
    return open_record(export, asked_export().policy, "policy")


def trades_file(export: Path) -> Path:
    return sorted((export / AREA / "tables" / "trades").glob("*.parquet"))[0]


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUERY_LIMITS", replace(module.QUERY_LIMITS, settled_ms=100))


def settle(export: Path) -> None:
    """Wait until the files have not changed for a while: `ctime` cannot be set back."""
    newest = max(path.lstat().st_ctime for path in export.rglob("*") if path.is_file())
    while time.time() - newest <= 2 * module.QUERY_LIMITS.settled_ms / 1000:
        time.sleep(0.02)


def test_the_cache_is_the_readers_own_folder(cache: SegmentCache) -> None:
    for folder in (cache.folder, cache.segments, cache.spill):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_cache_lies_where_xdg_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "gridproof"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "gridproof"


def test_a_cache_folder_that_others_may_enter_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o777)
    SegmentCache(tmp_path / "cache")
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["link", "file"])
def test_a_cache_folder_that_is_no_folder_is_refused(what: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    if what == "link":
        (tmp_path / "cache").symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "cache").write_text("")
    with pytest.raises(CacheError):
        SegmentCache(tmp_path / "cache")


def test_a_change_of_the_original_in_place_does_not_reach_its_copy(export: Path, cache: SegmentCache) -> None:
    cached = cache.admit_all(record_of(export))["trades"][AREA][0]
    before, original = cached.read_bytes(), trades_file(export)
    assert cached.stat().st_ino != original.stat().st_ino
    with original.open("r+b") as file:
        file.write(b"XXXX")
    assert cached.read_bytes() == before
    assert stat.S_IMODE(cached.stat().st_mode) == 0o400


def test_a_changed_original_is_found_at_the_next_opening(export: Path, cache: SegmentCache) -> None:
    settle(export)
    record = record_of(export)
    cache.admit_all(record)
    original = trades_file(export)
    times = original.stat()
    data = bytearray(original.read_bytes())
    data[len(data) // 2] ^= 1
    original.write_bytes(data)
    os.utime(original, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(ExportError) as caught:
        SegmentCache(cache.folder).admit_all(record)
    assert caught.value.where == original.relative_to(export).as_posix()


def test_a_missing_original_is_found_though_its_copy_is_cached(export: Path, cache: SegmentCache) -> None:
    settle(export)
    record = record_of(export)
    cache.admit_all(record)
    trades_file(export).unlink()
    with pytest.raises(ExportError):
        SegmentCache(cache.folder).admit_all(record)


def test_an_unchanged_export_is_not_hashed_again(export: Path, cache: SegmentCache, hashed: list[str]) -> None:
    settle(export)
    record = record_of(export)
    cache.admit_all(record)
    assert hashed
    hashed.clear()
    SegmentCache(cache.folder).admit_all(record)
    assert hashed == []


def test_a_file_that_changed_a_moment_ago_is_hashed_again(
    export: Path, cache: SegmentCache, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUERY_LIMITS", replace(module.QUERY_LIMITS, settled_ms=3_600_000))
    record = record_of(export)
    cache.admit_all(record)
    first = sorted(hashed)
    hashed.clear()
    SegmentCache(cache.folder).admit_all(record)
    assert sorted(hashed) == first


def test_a_damaged_copy_is_replaced(export: Path, cache: SegmentCache) -> None:
    settle(export)
    record = record_of(export)
    cached = cache.admit_all(record)["trades"][AREA][0]
    good = cached.read_bytes()
    cached.chmod(0o600)
    cached.write_bytes(good[:-1] + b"X")
    again = SegmentCache(cache.folder).admit_all(record)["trades"][AREA][0]
    assert again.read_bytes() == good


def test_a_damaged_index_costs_hashes_and_nothing_else(export: Path, cache: SegmentCache, hashed: list[str]) -> None:
    settle(export)
    record = record_of(export)
    cache.admit_all(record)
    count = len(hashed)
    (cache.folder / "segments.index").write_bytes(b"{}")
    hashed.clear()
    SegmentCache(cache.folder).admit_all(record)
    assert len(hashed) == count


def test_a_segment_is_read_with_its_hash_compared_again(export: Path, cache: SegmentCache) -> None:
    record = record_of(export)
    cached = cache.admit_all(record)["trades"][AREA][0]
    segment = record.channels[AREA].segments["trades"][0]
    good = cached.read_bytes()
    cached.chmod(0o600)
    cached.write_bytes(b"PAR1")
    assert cache.read(record, segment) == good
    cached.unlink()
    assert cache.read(record, segment) == good


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda data: b"",
    "no Parquet": lambda data: b"PAR1" * 40,
    "a footer of a thousand bytes cut": lambda data: data[:-1_000],
    "a first page of noise": lambda data: data[:4] + b"\xff" * 64 + data[68:],
    "a footer of noise": lambda data: data[:-400] + bytes(range(256)) + data[-144:],
    "twice": lambda data: data + data[:-12],
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_that_its_forger_sealed_himself_reaches_no_engine(
    name: str, tmp_path: Path, cache: SegmentCache
) -> None:
    asked = asked_export()
    forged = Forgery(asked.folder)
    path = forged.segment(AREA, "trades")
    forged.reseal(AREA, "trades", DAMAGE[name](forged.files[path]))
    forged.relink()
    record = open_record(forged.write(tmp_path / "forged", asked.keys), None, "self-asserted")
    with pytest.raises(ExportError) as caught:
        cache.admit_all(record)
    assert caught.value.where == path
    assert not cache._path(record.channels[AREA].segments["trades"][0]).exists()
