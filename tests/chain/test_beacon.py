"""The beacon: every round sees the whole picture, and nothing in it goes back."""

from hashlib import sha256
from typing import Any

import msgspec
import pytest

from chain.beacon import GovernanceFeed, check_import, check_registered, check_round, governance_size
from chain.entry import BeaconLeaf, Event, Genesis, Head
from chain.errors import ChainError, ParseError
from chain.limits import LIMITS
from tests.chain.consortium_fixture import channel, policy, read, retired, told
from tests.chain.contract_fixture import CONTRACT
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, member

ROOT, OTHER = "ab" * 32, "cd" * 32


def head(channel: str = "area-1", height: int = 3, size: int = 9, root: str = ROOT, closed: bool = False) -> Head:
    return Head(channel=channel, closed=closed, height=height, root=root, size=size)


def leaf(number: int, *heads: Head, time: int = GENESIS_MS) -> BeaconLeaf:
    return BeaconLeaf(heads=heads, policy_sha256=ROOT, round=number, time=time)


BEFORE = leaf(0, head(), head("governance"))

GOOD = {
    "nothing new": leaf(1, head(), head("governance")),
    "a channel that grew": leaf(1, head(height=4, size=12, root=OTHER), head("governance")),
    "a channel that began": leaf(1, head(), head("area-2"), head("governance")),
    "a channel that closed": leaf(1, head(closed=True), head("governance")),
    "a later time": leaf(1, head(), head("governance"), time=GENESIS_MS + 1),
}
BAD = {
    "beacon-round": {
        "the same round": leaf(0, head(), head("governance")),
        "a round skipped": leaf(2, head(), head("governance")),
        "a negative round": leaf(-1, head(), head("governance")),
    },
    "beacon-heads": {
        "heads out of order": leaf(1, head("governance"), head()),
        "a head twice": leaf(1, head(), head(), head("governance")),
    },
    "beacon-time": {"an earlier time": leaf(1, head(), head("governance"), time=GENESIS_MS - 1)},
    "beacon-dropped": {
        "a channel dropped": leaf(1, head("governance")),
        "a channel renamed": leaf(1, head("area-9"), head("governance")),
        "no channel left": leaf(1),
    },
    "beacon-shrunk": {
        "a smaller log": leaf(1, head(size=8), head("governance")),
        "a lower height": leaf(1, head(height=2, size=12), head("governance")),
    },
    "beacon-fork": {"another root at the same size": leaf(1, head(root=OTHER), head("governance"))},
}
BAD_CASES = [(code, following) for code, cases in BAD.items() for following in cases.values()]
BAD_NAMES = [name for cases in BAD.values() for name in cases]


@pytest.mark.parametrize("following", GOOD.values(), ids=GOOD)
def test_a_round_may_follow(following: BeaconLeaf) -> None:
    check_round(BEFORE, following, "beacon entry 1")


@pytest.mark.parametrize(("code", "following"), BAD_CASES, ids=BAD_NAMES)
def test_a_round_that_takes_something_back_is_refused(code: str, following: BeaconLeaf) -> None:
    with pytest.raises(ParseError) as caught:
        check_round(BEFORE, following, "beacon entry 1")
    assert (caught.value.code, caught.value.where) == (code, "beacon entry 1")


def test_the_first_round_is_round_0() -> None:
    check_round(None, BEFORE, "beacon entry 0")
    for number in (-1, 1):
        with pytest.raises(ParseError):
            check_round(None, leaf(number, head()), "beacon entry 0")


@pytest.mark.parametrize("after", [head(size=10, height=4, closed=True), head(), head(root=OTHER, closed=True)])
def test_a_closed_channel_stays_as_it_is(after: Head) -> None:
    closed = leaf(0, head(closed=True))
    check_round(closed, leaf(1, head(closed=True)), "beacon entry 1")
    with pytest.raises(ParseError) as caught:
        check_round(closed, leaf(1, after), "beacon entry 1")
    assert caught.value.code == "beacon-shrunk"


def genesis(channel: str) -> Genesis:
    return msgspec.structs.replace(World([CONTRACT], {}).replica.genesis, channel=channel)


AREA, GOVERNANCE = genesis("area-1"), genesis("governance")
ROUNDS = [leaf(n, head("governance", size=5 + n, height=n), time=GENESIS_MS + 10 * n) for n in range(4)]


@pytest.mark.parametrize(
    ("beacon_round", "time_ms", "good"),
    [
        (-1, GENESIS_MS, True),
        (0, GENESIS_MS, True),
        (3, GENESIS_MS + 30, True),
        (3, GENESIS_MS + 99, True),
        (3, GENESIS_MS + 29, False),
        (4, GENESIS_MS + 99, False),
        (-2, GENESIS_MS + 99, False),
    ],
)
def test_a_block_imports_through_a_round_that_exists_and_is_not_later(
    beacon_round: int, time_ms: int, good: bool
) -> None:
    if good:
        check_import(AREA, ROUNDS, beacon_round, time_ms, "area-1 block 1")
        return
    with pytest.raises(ParseError) as caught:
        check_import(AREA, ROUNDS, beacon_round, time_ms, "area-1 block 1")
    assert (caught.value.code, caught.value.where) == ("beacon-import", "area-1 block 1")


def test_governance_imports_nothing() -> None:
    check_import(GOVERNANCE, ROUNDS, -1, GENESIS_MS, "governance block 1")
    with pytest.raises(ParseError):
        check_import(GOVERNANCE, ROUNDS, 0, GENESIS_MS, "governance block 1")


def test_imports_lag_no_further_behind_than_the_limit() -> None:
    lag = LIMITS.beacon_lag_rounds_max
    rounds = [leaf(n, head("governance"), time=GENESIS_MS + n) for n in range(lag + 2)]
    check_import(AREA, rounds, 0, GENESIS_MS + lag, "block")
    check_import(AREA, rounds, 1, GENESIS_MS + lag + 1, "block")
    with pytest.raises(ParseError):
        check_import(AREA, rounds, 0, GENESIS_MS + lag + 1, "block")


def test_the_size_of_governance_is_that_of_the_round() -> None:
    assert [governance_size(ROUNDS, n) for n in (-1, 0, 3)] == [0, 5, 8]
    assert governance_size([leaf(0, head())], 0) == 0


def entries_of(*outcomes: tuple[str, str]) -> list[bytes]:
    """Entries with one event each: (status, event name)."""
    entries = []
    for number, (status, name) in enumerate(outcomes):
        data: dict[str, Any] = msgspec.to_builtins(member(f"member-{number}"))
        receipt = {"code": "ok", "detail": "", "events": [{"data": data, "name": name}], "status": status, "tables": []}
        entry = {"contract": "p", "due": 1, "key": "k", "kind": "trigger", "method": "m", "receipt": receipt}
        entries.append(msgspec.json.encode(entry, order="sorted"))
    return entries


def names(events: list[Event]) -> list[str]:
    return [event.data["account"] for event in events]


def test_the_feed_tells_of_accounts_in_the_order_of_the_record() -> None:
    feed = GovernanceFeed()
    registered = "participant.registered"
    feed.extend(entries_of(("accepted", registered), ("accepted", "noted"), ("rejected", registered)))
    feed.extend(entries_of(*[("accepted", registered)] * 5)[3:])
    assert names(feed.between(0, 9)) == ["member-0", "member-3", "member-4"]
    assert names(feed.between(0, 3)) == ["member-0"]
    assert names(feed.between(1, 4)) == ["member-3"]
    assert feed.between(4, 4) == []


DECIDED = read(told(channel("area-3")), told(policy(1, "the next\n")), told(retired("area-1")))
"""Sizes 1 to 4: two areas, a third one, another policy, one area retired."""


def pinned(number: int, size: int, *areas: str, text: str, closed: tuple[str, ...] = ()) -> BeaconLeaf:
    """A round that pins governance at that size, these areas and a policy."""
    heads = (*(head(area, closed=area in closed) for area in areas), head("governance", size=size))
    return BeaconLeaf(heads, sha256(text.encode()).hexdigest(), number, GENESIS_MS + number)


TEXT, NEXT = DECIDED.policy_at(1)[1], "the next\n"
TWO, THREE = ("area-1", "area-2"), ("area-1", "area-2", "area-3")
STORY = [
    pinned(0, 1, *TWO, text=TEXT),
    pinned(1, 2, *THREE, text=TEXT),
    pinned(2, 3, *THREE, text=NEXT),
    pinned(3, 4, *THREE, text=NEXT),
    pinned(4, 4, *THREE, text=NEXT, closed=("area-1",)),
]


def test_rounds_name_the_channels_and_the_policy_that_governance_had_decided() -> None:
    check_registered(STORY, DECIDED)


VOID = read(told(channel("area-3")), told(retired("area-3")), told(retired("area-1")))
"""Sizes 1 to 4: a third area is created, and retired before a round pins it, unless one does at size 2."""


def test_a_channel_that_is_retired_before_any_round_pins_it_is_none() -> None:
    check_registered([pinned(0, 1, *TWO, text=TEXT), *(pinned(n, n + 2, *TWO, text=TEXT) for n in (1, 2))], VOID)


def test_a_channel_that_a_round_has_pinned_stays_whatever_comes() -> None:
    check_registered([pinned(n, n + 1, *(THREE if n else TWO), text=TEXT) for n in range(4)], VOID)


VOID_UNTRUE = {
    "left out while it is open": [pinned(0, 1, *TWO, text=TEXT), pinned(1, 2, *TWO, text=TEXT)],
    "pinned first when it is retired": [pinned(0, 1, *TWO, text=TEXT), pinned(1, 3, *THREE, text=TEXT)],
    "dropped when it is retired": [pinned(0, 2, *THREE, text=TEXT), pinned(1, 3, *TWO, text=TEXT)],
    "an old one dropped when it is retired": [pinned(0, 3, *TWO, text=TEXT), pinned(1, 4, "area-2", text=TEXT)],
}


@pytest.mark.parametrize("rounds", VOID_UNTRUE.values(), ids=VOID_UNTRUE)
def test_no_other_channel_may_be_missing_or_be_there(rounds: list[BeaconLeaf]) -> None:
    with pytest.raises(ParseError) as caught:
        check_registered(rounds, VOID)
    assert (caught.value.code, caught.value.where) == ("beacon-channels", "beacon entry 1")


UNTRUE = {
    "a channel before it is created": (0, pinned(0, 1, *THREE, text=TEXT), "beacon-channels", "area-1, area-2, gov"),
    "a new channel left out": (1, pinned(1, 2, *TWO, text=TEXT), "beacon-channels", "area-1, area-2, area-3"),
    "a channel that nobody registered": (1, pinned(1, 2, *THREE, "area-4", text=TEXT), "beacon-channels", "area-4"),
    "a retired channel left out": (4, pinned(4, 4, "area-2", "area-3", text=NEXT), "beacon-channels", "registered"),
    "a policy before it is decided": (1, pinned(1, 2, *THREE, text=NEXT), "beacon-policy", "policy 0 of governance"),
    "a policy after it is replaced": (2, pinned(2, 3, *THREE, text=TEXT), "beacon-policy", "policy 1 of governance"),
    "a policy that nobody decided": (3, pinned(3, 4, *THREE, text="x"), "beacon-policy", "policy 1 of governance"),
    "closed before it is retired": (
        2, pinned(2, 3, *THREE, text=NEXT, closed=("area-1",)), "beacon-closed", "area-1 is closed"
    ),
    "another one closed": (4, pinned(4, 4, *THREE, text=NEXT, closed=("area-2",)), "beacon-closed", "area-2 is closed"),
    "no governance": (0, leaf(0, head("area-1"), head("area-2")), "consortium", "asked about size 0"),
}  # fmt: skip


@pytest.mark.parametrize(("number", "wrong", "code", "words"), UNTRUE.values(), ids=UNTRUE)
def test_a_round_that_says_otherwise_is_refused(number: int, wrong: BeaconLeaf, code: str, words: str) -> None:
    with pytest.raises(ChainError) as caught:
        check_registered([*STORY[:number], wrong, *STORY[number + 1 :]], DECIDED)
    assert caught.value.code == code
    assert words in caught.value.sentence, caught.value.sentence


def test_governance_is_never_closed() -> None:
    heads = (head("area-1"), head("area-2"), head("governance", size=1, closed=True))
    with pytest.raises(ParseError) as caught:
        check_registered([BeaconLeaf(heads, sha256(TEXT.encode()).hexdigest(), 0, GENESIS_MS)], DECIDED)
    assert (caught.value.code, caught.value.where) == ("beacon-closed", "beacon entry 0")
