"""The state: its root by hand, and calls that see their own writes before anyone else does."""

from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.contract import Account
from chain.errors import LedgerError
from chain.state import Overlay, State, state_leaf

keys = st.tuples(st.sampled_from(["a", "a.b", "nonce", "ab"]), st.text("abc:._-0", min_size=1, max_size=3))
values = st.none() | st.integers(0, 3) | st.text("xyz", max_size=2)


def leaf(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def entry(key: str, value: bytes) -> bytes:
    return leaf(b"\x02" + key.encode() + b"\x00" + sha256(value).digest())


FIRST, LAST = leaf(b"\x00"), leaf(b"\x03")


def test_the_root_of_nothing_is_two_sentinels() -> None:
    assert State().root() == node(FIRST, LAST)


def test_the_root_of_one_key_is_as_the_format_says() -> None:
    state = State()
    state.put("nonce", "alice", 7)
    assert state.root() == node(node(FIRST, entry("nonce/alice", b"7")), LAST)


def test_the_root_of_two_keys_is_in_key_order() -> None:
    state = State()
    state.put("nonce", "b", "乙")
    state.put("account", "z", (1, None, True))
    first, second = entry("account/z", b"[1,null,true]"), entry("nonce/b", '"乙"'.encode())
    assert state.root() == node(node(FIRST, first), node(second, LAST))


def test_a_key_that_begins_another_comes_first() -> None:
    state = State()
    for key in ("ab", "a", "a-"):
        state.put("s", key, 0)
    a, a_, ab = (entry(f"s/{key}", b"0") for key in ("a", "a-", "ab"))
    assert state.root() == node(node(node(FIRST, a), node(a_, ab)), LAST)


def test_a_record_counts_as_its_canonical_json() -> None:
    account = Account("a", "350100", "prosumer", "00" * 32, ("member",), "10kV", "z")
    first, second = State(), State()
    first.put("account", "a", account)
    second.put("account", "a", msgspec.to_builtins(account))
    assert first.root() == second.root()


def test_a_removed_key_leaves_no_trace() -> None:
    state = State()
    empty = state.root()
    state.put("s", "k", 1)
    state.delete("s", "k")
    state.delete("s", "k")
    state.delete("t", "k")
    assert state.root() == empty
    assert (state.get("s", "k"), state.items("s")) == (None, [])


@given(st.dictionaries(keys, st.integers(0, 9), max_size=8), st.randoms())
def test_the_root_does_not_depend_on_the_order_of_writes(content: dict[tuple[str, str], int], random: Any) -> None:
    shuffled = list(content.items())
    random.shuffle(shuffled)
    first, second = State(), State()
    for (space, key), value in content.items():
        first.put(space, key, value)
    for (space, key), value in shuffled:
        second.put(space, key, value)
    assert first.root() == second.root()


@given(st.dictionaries(keys, st.integers(0, 9), max_size=5), st.lists(st.tuples(keys, values), max_size=8))
def test_an_overlay_is_a_map_that_touches_the_state_only_when_applied(
    content: dict[tuple[str, str], int], writes: list[tuple[tuple[str, str], Any]]
) -> None:
    state = State()
    for (space, key), value in content.items():
        state.put(space, key, value)
    before = state.root()
    overlay, model = Overlay(state), dict[tuple[str, str], Any](content)
    for (space, key), value in writes:
        if value is None:
            overlay.delete(space, key)
            model.pop((space, key), None)
        else:
            overlay.put(space, key, value)
            model[(space, key)] = value
    spaces = {space for space, _ in (*content, *(key for key, _ in writes))}
    expected = {space: sorted((k, v) for (s, k), v in model.items() if s == space) for space in spaces}
    assert {space: list(overlay.items(space)) for space in spaces} == expected
    assert all(overlay.get(space, key) == model.get((space, key)) for (space, key), _ in writes)
    assert state.root() == before
    overlay.apply()
    assert {space: state.items(space) for space in spaces} == expected


def fresh(content: dict[tuple[str, str], Any]) -> State:
    state = State()
    for (space, key), value in content.items():
        state.put(space, key, value)
    return state


@given(st.lists(st.tuples(keys, st.none() | st.integers(0, 9), st.booleans()), max_size=40))
def test_a_root_after_any_changes_is_that_of_a_state_made_at_once(
    changes: list[tuple[tuple[str, str], int | None, bool]],
) -> None:
    state, model = State(), dict[tuple[str, str], Any]()
    for (space, key), value, looks in changes:
        if value is None:
            state.delete(space, key)
            model.pop((space, key), None)
        else:
            state.put(space, key, value)
            model[(space, key)] = value
        if looks:
            assert (state.root(), state.count()) == (fresh(model).root(), len(model))
    assert state.root() == state.root() == fresh(model).root()


def test_many_keys_changed_here_and_there_give_the_root_of_a_state_made_at_once() -> None:
    model: dict[tuple[str, str], Any] = {("s", f"{number:04d}"): 0 for number in range(1_001)}
    state = fresh(model)
    state.root()
    for turn, step in enumerate((1, 7, 100, 1_000), 1):
        for number in range(turn, 1_001, step):
            model["s", f"{number:04d}"] = turn
            state.put("s", f"{number:04d}", turn)
        assert state.root() == fresh(model).root()
    for number in (0, 500, 1_000):
        del model["s", f"{number:04d}"]
        state.delete("s", f"{number:04d}")
        model["s", f"{number:04d}x"] = 1
        state.put("s", f"{number:04d}x", 1)
        assert state.root() == fresh(model).root()


@given(st.dictionaries(keys, st.integers(0, 9), max_size=8), keys)
def test_a_loaded_space_has_the_root_of_a_written_one_and_goes_on(
    content: dict[tuple[str, str], int], other: tuple[str, str]
) -> None:
    written, loaded = fresh(content), State()
    for space in written.spaces():
        items = written.items(space)
        leaves = b"".join(state_leaf(space, key, b"%d" % value) for key, value in items)
        loaded.load(space, [key for key, _ in items], [value for _, value in items], leaves)
    assert (loaded.root(), loaded.count()) == (written.root(), len(content))
    for state in (written, loaded):
        state.put(*other, 77)
    assert loaded.root() == written.root()


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"], ["a/b"]])
def test_ids_out_of_order_doubled_or_with_a_slash_are_not_loaded(ids: list[str]) -> None:
    with pytest.raises(LedgerError):
        State().load("s", ids, [0] * len(ids), bytes(32 * len(ids)))
