"""The history reads back as the sequence of its entries, from whichever segments it lies in."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import LedgerError
from chain.history import History, Place, first_block
from chain.layout import journal_path

CHANNEL = "area"
BLOCKS = [(b"genesis", b"block 0"), (b"a", b"b", b"block 1"), (b"block 2",), (b"c", b"block 3")]


def filled(folder: Path, new_segment_before: tuple[int, ...] = ()) -> list[bytes]:
    """A history of `BLOCKS`; its entries."""
    history = History(folder, CHANNEL)
    for number, block in enumerate(BLOCKS):
        if number in new_segment_before:
            history.begin_segment()
        history.append(block, {1: b"rows\n"} if number == 1 else {})
    history.close()
    return [data for block in BLOCKS for data in block]


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.lists(st.binary(max_size=5), min_size=1, max_size=4), st.sampled_from("-sr")), max_size=8),
    st.integers(-30, 30),
    st.integers(-30, 30),
)
def test_entries_read_as_a_list_would_whatever_the_segments_and_restarts(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[tuple[list[bytes], str]], start: int, stop: int
) -> None:
    folder = tmp_path_factory.mktemp("history")
    history, model = History(folder, CHANNEL), list[bytes]()
    for entries, then in blocks:
        history.append(tuple(entries), {})
        model += entries
        if then == "s":
            history.begin_segment()
            history.begin_segment()
        elif then == "r":
            history.close()
            history = History(folder, CHANNEL)
        assert history[start:stop] == model[start:stop]
        assert history[len(model) // 2] == model[len(model) // 2]
    assert (len(history), list(history), history[-1:]) == (len(model), model, model[-1:])
    with pytest.raises(IndexError):
        history[len(model)]
    history.close()


@pytest.mark.parametrize("rotated", [(), (1,), (2, 3)])
def test_blocks_come_with_their_rows_and_place(tmp_path: Path, rotated: tuple[int, ...]) -> None:
    filled(tmp_path, rotated)
    history = History(tmp_path, CHANNEL)
    for start in range(len(history) + 1):
        found = list(history.blocks(start))
        assert [block.entries for block in found] == BLOCKS[len(BLOCKS) - len(found) :]
        assert all(block.end > start for block in found)
        assert [history.block_at(block.place) for block in found] == found
    assert [dict(block.rows) for block in history.blocks(0)] == [{}, {1: b"rows\n"}, {}, {}]
    history.close()


def test_a_segment_is_named_by_its_first_entry_and_none_is_taken_away(tmp_path: Path) -> None:
    filled(tmp_path, (1, 3))
    found = sorted(path.name for path in (tmp_path / CHANNEL).iterdir())
    assert found == ["journal", "journal-000000000002", "journal-000000000006"]


def test_a_missing_segment_is_named_where_it_is_missed(tmp_path: Path) -> None:
    entries = filled(tmp_path, (1, 3))
    (tmp_path / journal_path(CHANNEL, 2)).unlink()
    history = History(tmp_path, CHANNEL)
    assert history[6:] == entries[6:]
    with pytest.raises(LedgerError, match="entries from 2 to 6 are missing"):
        list(history)
    history.close()


def test_damage_in_an_old_segment_is_met_when_it_is_read_not_before(tmp_path: Path) -> None:
    entries = filled(tmp_path, (3,))
    path = tmp_path / journal_path(CHANNEL)
    whole = path.read_bytes()
    for index in range(8, len(whole)):
        damaged = bytearray(whole)
        damaged[index] ^= 0x20
        path.write_bytes(damaged)
        history = History(tmp_path, CHANNEL)
        assert history[6:] == entries[6:]
        with pytest.raises(LedgerError) as caught:
            list(history)
        assert caught.value.code == "journal"
        history.close()


def test_zeros_that_a_killed_process_left_behind_an_old_segment_do_no_harm(tmp_path: Path) -> None:
    entries = filled(tmp_path, (3,))
    path = tmp_path / journal_path(CHANNEL)
    path.write_bytes(path.read_bytes() + bytes(5_000))
    history = History(tmp_path, CHANNEL)
    assert list(history) == entries
    history.close()


@pytest.mark.parametrize("place", [Place(0, 9, 0), Place(0, 10**9, 0), Place(5, 8, 5), Place(6, 8, 6)])
def test_a_place_where_nothing_lies_is_an_error(tmp_path: Path, place: Place) -> None:
    filled(tmp_path)
    history = History(tmp_path, CHANNEL)
    with pytest.raises(LedgerError):
        history.block_at(place)
    with pytest.raises(LedgerError):
        list(history.blocks(len(history) + 1))
    history.close()


def test_the_first_block_is_read_without_opening_anything(tmp_path: Path) -> None:
    assert first_block(tmp_path, CHANNEL) is None
    assert list(tmp_path.iterdir()) == []
    filled(tmp_path)
    found = first_block(tmp_path, CHANNEL)
    assert found is not None and found.entries == BLOCKS[0]


def test_a_first_block_that_was_torn_was_never_there(tmp_path: Path) -> None:
    history = History(tmp_path, CHANNEL)
    history.append(BLOCKS[0], {})
    history.close()
    path = tmp_path / journal_path(CHANNEL)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert first_block(tmp_path, CHANNEL) is None, length
    for length in (8, 20, len(whole) - 1):
        path.write_bytes(whole[:length] + bytes(1_000))
        assert first_block(tmp_path, CHANNEL) is None, length


def test_a_segment_that_cannot_begin_leaves_the_present_one_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path)
    history = History(tmp_path, CHANNEL)

    def fails(path: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("chain.journal.sync_path", fails)
        with pytest.raises(LedgerError, match="Input/output error"):
            history.begin_segment()
    history.append((b"after",), {})
    history.close()
    again = History(tmp_path, CHANNEL)
    assert again[-1] == b"after"
    again.close()
