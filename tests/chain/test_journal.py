"""The write-ahead log: what it acknowledged is there, the rest is cut off, damage is never mended in silence."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import LedgerError
from chain.journal import Journal

RECORDS = [b"first", b"\x00" * 40, b"third \xff record"]
MAGIC_BYTES, HEAD_BYTES = 8, 12


def filled(folder: Path, records: list[bytes] = RECORDS) -> Path:
    path = folder / "area" / "journal"
    with Journal(path) as journal:
        for record in records:
            journal.append(record)
    return path


def read(path: Path) -> list[bytes]:
    with Journal(path) as journal:
        return list(journal.records())


def test_records_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    path = filled(tmp_path)
    assert read(path) == RECORDS
    with Journal(path) as journal:
        journal.append(b"fourth")
        assert list(journal.records()) == [*RECORDS, b"fourth"]
    assert read(path) == [*RECORDS, b"fourth"]


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=6))
def test_any_records_come_back(tmp_path_factory: pytest.TempPathFactory, records: list[bytes]) -> None:
    assert read(filled(tmp_path_factory.mktemp("journal"), records)) == records


def test_a_record_torn_at_any_byte_is_cut_off_and_the_next_one_takes_its_place(tmp_path: Path) -> None:
    whole = filled(tmp_path).read_bytes()
    start = len(whole) - len(RECORDS[-1]) - HEAD_BYTES
    for end in range(start, len(whole)):
        path = tmp_path / f"torn-{end}"
        path.write_bytes(whole[:end])
        assert read(path) == RECORDS[:-1]
        assert path.stat().st_size == start
        with Journal(path) as journal:
            journal.append(b"instead")
        assert read(path) == [*RECORDS[:-1], b"instead"]


def test_a_last_record_whose_payload_never_reached_the_disk_is_cut_off(tmp_path: Path) -> None:
    """The file had grown already: zeros, or something older, stand where the payload was to come."""
    whole = filled(tmp_path).read_bytes()
    payload_start = len(whole) - len(RECORDS[-1])
    for kept in range(len(RECORDS[-1])):
        for filler in (b"\x00", b"\xaa"):
            path = tmp_path / f"half-{kept}-{filler.hex()}"
            missing = len(RECORDS[-1]) - kept
            path.write_bytes(whole[: payload_start + kept] + filler * missing)
            assert read(path) == RECORDS[:-1]


@pytest.mark.parametrize("count", [1, 7, 8, 11, 12, 13, 24, 4096])
def test_zeros_after_the_last_record_are_cut_off(tmp_path: Path, count: int) -> None:
    path = filled(tmp_path)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"\x00" * count)
    assert read(path) == RECORDS
    assert path.stat().st_size == size


def test_every_byte_damaged_before_the_last_record_is_an_error_and_nothing_is_cut_off(tmp_path: Path) -> None:
    whole = filled(tmp_path).read_bytes()
    last = len(whole) - len(RECORDS[-1]) - HEAD_BYTES
    path = tmp_path / "damaged"
    for index in range(last):
        for mask in (0x01, 0x80):
            damaged = bytearray(whole)
            damaged[index] ^= mask
            path.write_bytes(damaged)
            with pytest.raises(LedgerError) as caught:
                Journal(path)
            assert caught.value.code == "journal"
            assert path.read_bytes() == damaged


def test_a_damaged_head_of_the_last_record_is_an_error_too(tmp_path: Path) -> None:
    whole = filled(tmp_path).read_bytes()
    last = len(whole) - len(RECORDS[-1]) - HEAD_BYTES
    path = tmp_path / "damaged"
    for index in range(last, last + HEAD_BYTES):
        damaged = bytearray(whole)
        damaged[index] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(LedgerError):
            Journal(path)


@pytest.mark.parametrize(
    "content",
    [b"GPJRNL1\n", b"GPJRNL3\n", b"PK\x03\x04 something else", b"gp", b"\x00" * 8, b"GPJRNL2\r"],
    ids=ascii,
)
def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal"
    path.write_bytes(content)
    with pytest.raises(LedgerError) as caught:
        Journal(path)
    assert (caught.value.code, caught.value.where) == ("journal", str(path))
    assert path.read_bytes() == content


@pytest.mark.parametrize("written", range(MAGIC_BYTES))
def test_a_journal_torn_while_it_began_begins_again(tmp_path: Path, written: int) -> None:
    whole = filled(tmp_path, []).read_bytes()
    path = tmp_path / "torn"
    path.write_bytes(whole[:written])
    assert read(path) == []
    assert path.read_bytes() == whole


@pytest.mark.parametrize("partial", [0, 1, 13, 30])
def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, partial: int) -> None:
    path = filled(tmp_path)
    before = path.read_bytes()
    really = os.pwrite
    calls: list[int] = []

    def fills_up(file: int, data: bytes, offset: int) -> int:
        calls.append(len(data))
        if len(calls) == 1 and partial:
            return really(file, data[:partial], offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Journal(path) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", fills_up)
            with pytest.raises(LedgerError) as caught:
                journal.append(b"a record that does not fit on the disk")
        assert (caught.value.code, caught.value.where) == ("disk", str(path))
        assert path.read_bytes() == before
        assert list(journal.records()) == RECORDS
        journal.append(b"after somebody made room")
    assert read(path) == [*RECORDS, b"after somebody made room"]


def test_what_could_not_be_synced_is_not_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)

    def fails(file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Journal(path) as journal:
        monkeypatch.setattr(os, "fdatasync", fails)
        with pytest.raises(LedgerError):
            journal.append(b"lost")
        assert list(journal.records()) == RECORDS
    assert read(path) == RECORDS


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really: Callable[[int, bytes, int], int] = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda file, data, offset: really(file, data[:3], offset))
        path = filled(tmp_path, [b"written in many pieces"])
    assert read(path) == [b"written in many pieces"]


def test_an_append_is_on_disk_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)
    synced: list[bytes] = []
    monkeypatch.setattr(os, "fdatasync", lambda file: synced.append(path.read_bytes()))
    with Journal(path) as journal:
        journal.append(b"fourth")
    assert len(synced) == 1
    assert synced[0].rstrip(b"\x00").endswith(b"fourth")


def test_an_empty_record_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal, pytest.raises(LedgerError):
        journal.append(b"")


def test_a_journal_that_cannot_be_opened_is_our_own_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "journal", tmp_path / "folder"):
        with pytest.raises(LedgerError) as caught:
            Journal(path)
        assert caught.value.code == "disk"


SECTOR = 512
LONG = [b"first", bytes(range(256)) * 5, b"third"]


@pytest.mark.parametrize("shift", [0, 1, 5, 11, 12, 13])
def test_a_last_record_of_which_only_some_sectors_were_written_is_cut_off(tmp_path: Path, shift: int) -> None:
    """A crash in the middle of a sync: the disk may have written any of the sectors, the others are zeros still."""
    first = b"x" * (SECTOR - MAGIC_BYTES - HEAD_BYTES - shift)
    whole = filled(tmp_path, [first, b"y" * 2_000]).read_bytes()
    start = MAGIC_BYTES + HEAD_BYTES + len(first)
    sectors = range(start // SECTOR, len(whole) // SECTOR + 1)
    for written in range(2 ** len(sectors) - 1):
        torn = bytearray(whole) + bytes(4_096)
        for number, sector in enumerate(sectors):
            if not written >> number & 1:
                low, high = max(sector * SECTOR, start), min((sector + 1) * SECTOR, len(whole))
                torn[low:high] = bytes(high - low)
        path = tmp_path / f"torn-{written}"
        path.write_bytes(torn)
        # What was not written may have been zeros anyway: then it is all there.
        is_whole = torn.startswith(whole)
        assert len(read(path)) == 1 + is_whole, written
        assert path.read_bytes() == (whole if is_whole else whole[:start])


def test_a_record_whose_head_was_zeroed_among_others_is_damage(tmp_path: Path) -> None:
    whole = filled(tmp_path, LONG).read_bytes()
    start = MAGIC_BYTES + HEAD_BYTES + len(LONG[0])
    path = tmp_path / "damaged"
    for length in (HEAD_BYTES, HEAD_BYTES + 100, HEAD_BYTES + len(LONG[1])):
        damaged = bytearray(whole) + bytes(4_096)
        damaged[start : start + length] = bytes(length)
        path.write_bytes(damaged)
        with pytest.raises(LedgerError, match=f"damaged at byte {start}"):
            Journal(path)
        assert path.read_bytes() == damaged


def test_zeros_stand_ahead_of_the_records_while_it_is_open_and_go_when_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.append(b"a record")
        end = journal.end
        assert path.stat().st_size > end + 10_000
        shutil.copyfile(path, tmp_path / "killed")
    assert path.stat().st_size == end
    for copy in (path, tmp_path / "killed"):
        assert read(copy) == [b"a record"]


def test_a_disk_with_room_for_a_record_but_not_for_zeros_takes_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.pwrite

    def small(file: int, data: bytes, offset: int) -> int:
        if offset + len(data) > 2_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really(file, data, offset)

    monkeypatch.setattr(os, "pwrite", small)
    with Journal(tmp_path / "journal") as journal:
        journal.append(b"x" * 1_000)
        with pytest.raises(LedgerError, match="No space left"):
            journal.append(b"y" * 1_000)
        journal.append(b"z")
    assert read(tmp_path / "journal") == [b"x" * 1_000, b"z"]


@pytest.mark.parametrize("start", [0, MAGIC_BYTES])
def test_records_can_be_read_from_a_place_on(tmp_path: Path, start: int) -> None:
    with Journal(filled(tmp_path)) as journal:
        places = list(journal.records_at(start))
        assert [payload for _, payload in places] == RECORDS
        for number, (offset, _) in enumerate(places):
            assert list(journal.records(offset)) == RECORDS[number:]
