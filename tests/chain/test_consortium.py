"""What governance has decided about policies and channels, at every size of its log."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.consortium import ChannelInfo, Consortium
from chain.errors import ChainError, LedgerError
from chain.limits import LIMITS
from tests.chain.consortium_fixture import GENESIS, LISTED, channel, genesis, policy, read, retired, told


def test_it_begins_with_what_genesis_says() -> None:
    consortium = read()
    assert consortium.policy_at(1) == (0, GENESIS.policy)
    assert consortium.channels_at(1) == {
        "area-1": ChannelInfo("350100", "area-1", "public", "", "", 0, None),
        "area-2": ChannelInfo("350200", "area-2", "managers", "", "", 0, None),
    }


def test_a_decision_holds_for_sizes_beyond_its_entry() -> None:
    consortium = read(told(), told(policy(1), channel("area-3")), told(policy(2)))
    assert [consortium.policy_at(size)[0] for size in (1, 2, 3, 4)] == [0, 0, 1, 2]
    assert consortium.policy_at(4)[1] == "policy 2\n"
    assert ["area-3" in consortium.channels_at(size) for size in (1, 2, 3, 4)] == [False, False, True, True]
    assert consortium.channels_at(3)["area-3"].created == 2


def test_only_openness_changes_and_retirement_is_remembered() -> None:
    consortium = read(told(channel("area-3")), told(channel("area-3", "members")), told(retired("area-3")))
    found = [consortium.channels_at(size)["area-3"] for size in (2, 3, 4)]
    assert [(info.openness, info.created, info.retired) for info in found] == [
        ("public", 1, None),
        ("members", 1, None),
        ("members", 1, 3),
    ]


def test_a_channel_of_genesis_may_change_its_openness_as_well() -> None:
    change = channel("area-1", "managers", area="350100", genesis_hash="", log="")
    assert read(told(change)).channels_at(2)["area-1"].openness == "managers"


def test_what_was_rejected_decides_nothing() -> None:
    consortium = read(told(policy(1), channel("area-3"), retired("area-1"), status="rejected"))
    assert consortium.policy_at(2)[0] == 0
    assert sorted(consortium.channels_at(2)) == ["area-1", "area-2"]
    assert consortium.channels_at(2)["area-1"].retired is None


def test_as_many_channels_as_a_policy_has_room_for_and_no_more() -> None:
    room = LIMITS.policy_members_max - 2 - len(LISTED)
    full = [told(*(channel(f"new-{n}") for n in range(first, min(first + 32, room)))) for first in range(0, room, 32)]
    consortium = read(*full, told(channel("new-0", "members")))
    assert len(consortium.channels_at(consortium.size)) == LIMITS.policy_members_max - 2
    with pytest.raises(LedgerError, match="more than 62 channels"):
        read(*full, told(channel("one-more")))
    with pytest.raises(LedgerError, match="more than 62 channels"):
        Consortium().extend([genesis([{**LISTED[0], "channel": f"area-{n}"} for n in range(63)])])


def test_memory_grows_with_what_was_read_and_not_with_its_square() -> None:
    openness = ("public", "members")
    logs = [
        [genesis(), *(told(*(channel(f"new-{n}", openness[turn % 2]) for n in range(30))) for turn in range(turns))]
        for turns in (50, 200)
    ]
    taken = []
    for entries in logs:
        tracemalloc.start()
        consortium = Consortium()
        consortium.extend(entries)
        taken.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert taken[1] < 6 * taken[0]
    assert taken[1] < 4 * sum(map(len, logs[1]))


BAD = {
    "a policy number skipped": told(policy(2)),
    "policy 0 again": told(policy(0)),
    "a policy twice": told(policy(1), policy(1)),
    "a policy without text": told(("alliance.policy", {"number": 1})),
    "a policy with more": told(("alliance.policy", {"extra": 1, "number": 1, "text": ""})),
    "a channel called governance": told(channel("governance")),
    "a channel with the name of a folder": told(channel("beacon")),
    "a channel that is a path": told(channel("../area")),
    "an openness that is none": told(channel("area-3", "secret")),
    "another area": told(channel("area-3"), channel("area-3", area="350400")),
    "another genesis": told(channel("area-3"), channel("area-3", genesis_hash="cd" * 32)),
    "another log": told(channel("area-3"), channel("area-3", log="another line")),
    "a retired channel that nobody knows": told(retired("area-9")),
    "a channel retired twice": told(retired("area-1"), retired("area-1")),
    "governance retired": told(retired("governance")),
    "retirement without a channel": told(("alliance.retired", {})),
}


@pytest.mark.parametrize("entry", BAD.values(), ids=BAD)
def test_a_decision_that_no_contract_makes_is_refused_with_its_entry(entry: bytes) -> None:
    with pytest.raises(ChainError) as caught:
        read(told(), entry)
    assert caught.value.where.startswith("governance entry 2: alliance.")


BAD_GENESIS: dict[str, object] = {
    "no list": "area-1",
    "no openness": [{"area": "350100", "channel": "area-1"}],
    "a channel twice": [LISTED[0], LISTED[0]],
    "governance": [{**LISTED[0], "channel": "governance"}],
    "a reserved name": [{**LISTED[0], "channel": "policy"}],
    "an openness that is none": [{**LISTED[0], "openness": ""}],
}


def test_an_alliance_that_judges_policies_by_another_f_is_refused() -> None:
    with pytest.raises(LedgerError, match=r"parameters\.alliance\.faults: the alliance's f is not that of genesis"):
        Consortium().extend([genesis(faults=0)])


@pytest.mark.parametrize("channels", BAD_GENESIS.values(), ids=BAD_GENESIS)
def test_a_genesis_that_lists_no_channels_properly_is_refused(channels: object) -> None:
    with pytest.raises(ChainError) as caught:
        Consortium().extend([genesis(channels)])
    assert caught.value.where.startswith("governance entry 0: parameters.alliance.channels")


def test_a_log_that_begins_with_something_else_is_refused() -> None:
    with pytest.raises(LedgerError, match="does not begin with a genesis entry"):
        Consortium().extend([told()])


@pytest.mark.parametrize("size", [-1, 0, 3])
def test_nobody_knows_what_lies_beyond_what_was_read(size: int) -> None:
    consortium = read(told())
    for ask in (consortium.policy_at, consortium.channels_at):
        with pytest.raises(LedgerError):
            ask(size)


@given(st.lists(st.sampled_from(["nothing", "policy", "channel"]), max_size=12), st.data())
def test_the_past_never_changes_however_the_log_is_handed_in(kinds: list[str], data: st.DataObject) -> None:
    entries, policies = [genesis()], 0
    for number, kind in enumerate(kinds):
        policies += kind == "policy"
        events = {"nothing": [], "policy": [policy(policies)], "channel": [channel(f"new-{number}")]}[kind]
        entries.append(told(*events))
    whole, grown = Consortium(), Consortium()
    whole.extend(entries)
    for size in range(1, len(entries) + 1):
        grown.extend(entries[grown.size : size])
        asked = data.draw(st.integers(1, size))
        assert grown.policy_at(asked) == whole.policy_at(asked)
        assert grown.channels_at(asked) == whole.channels_at(asked)
        assert whole.policy_at(size)[0] == kinds[: size - 1].count("policy")
        assert len(whole.channels_at(size)) == 2 + kinds[: size - 1].count("channel")
