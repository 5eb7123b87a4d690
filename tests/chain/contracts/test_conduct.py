"""Conduct: who is restricted by rule, by whom, for how long, and that what is kept for it stays bounded."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.contract import RESTRICTED_UNTIL
from chain.contracts import conduct
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, member

MEMBER, OTHER, SUSPENDED = "member-1", "member-2", "suspended-1"
REGULATOR, METERING = "regulator", "metering"
SECOND = 1_000
WINDOW, PENALTY = 60 * SECOND, 300 * SECOND
RULE = {"rejected_max": 3, "restricted_ms": PENALTY, "window_ms": WINDOW, "restricted_ms_max": 10 * PENALTY}


def channel(**parameters: Any) -> World:
    suspended = msgspec.structs.replace(member(SUSPENDED), status="suspended")
    return World(
        [conduct.CONTRACT],
        {METERING: ("metering_operator",), REGULATOR: ("regulator",)},
        [member(MEMBER), member(OTHER), suspended],
        parameters={"conduct": {**RULE, **parameters}},
    )


def fail(world: World, account: str = MEMBER) -> str:
    """A call that the account may not make."""
    return world.call(account, "conduct", "lift", {"account": OTHER, "reason": "r"}).code


def restrict(world: World, until: int, account: str = MEMBER, by: str = REGULATOR) -> str:
    return world.call(by, "conduct", "restrict", {"account": account, "reason": "wash trades", "until": until}).code


def lift(world: World, account: str = MEMBER) -> str:
    return world.call(REGULATOR, "conduct", "lift", {"account": account, "reason": "mended"}).code


def restricted(world: World) -> dict[str, int]:
    return dict(world.replica.state.items(RESTRICTED_UNTIL))


def counted(world: World) -> dict[str, tuple[int, ...]]:
    return dict(world.replica.state.items("conduct.rejections"))


def test_F05_the_third_rejection_within_the_window_restricts_from_the_next_block_on() -> None:
    world = channel()
    assert [fail(world) for _ in range(3)] == ["forbidden"] * 3
    assert restricted(world) == {}
    assert fail(world) == "restricted"
    assert restricted(world) == {MEMBER: world.time_ms + PENALTY}
    assert counted(world) == {}
    assert fail(world, OTHER) == "forbidden"


def test_T7_a_restriction_ends_at_its_time() -> None:
    world = channel()
    for _ in range(4):
        fail(world)
    until = restricted(world)[MEMBER]
    world.advance(until - 1_000)
    world.block(world.transaction(MEMBER, "conduct", "lift", {}), at_ms=until - 1)
    assert fail(world) == "forbidden"
    assert restricted(world) == {}
    rows = [(row["account"], row["status"], row["by"], row["until"]) for row in world.records("restrictions")]
    assert rows == [(MEMBER, "restricted", "", until), (MEMBER, "lifted", "", until)]


def test_rejections_that_are_further_apart_than_the_window_do_not_restrict() -> None:
    world = channel()
    for _ in range(6):
        assert fail(world) == "forbidden"
        world.advance(world.time_ms + WINDOW // 2)
    assert restricted(world) == {}


def test_operators_are_exempt() -> None:
    world = channel()
    for _ in range(9):
        assert fail(world, METERING) == "forbidden"
    assert (restricted(world), counted(world)) == ({}, {})


def test_a_rejection_for_being_restricted_or_late_does_not_count() -> None:
    world = channel()
    world.block(*[world.transaction(MEMBER, "conduct", "lift", {}, ahead=number) for number in (1, 2, 3)])
    assert [fail(world) for _ in range(9)] == ["restricted"] * 9
    assert counted(world) == {}
    assert len(world.rows("restrictions")) == 1
    late = [world.transaction(OTHER, "conduct", "lift", {}, ahead=number, valid_until=1) for number in range(1, 9)]
    codes = {outcome.receipt.code for outcome in world.block(*late).outcomes if outcome.receipt is not None}
    assert codes == {"expired"}
    assert counted(world) == {}


def test_all_rejections_of_one_block_count_and_make_one_restriction() -> None:
    world = channel()
    world.block(*[world.transaction(MEMBER, "conduct", "lift", {}, ahead=number) for number in range(1, 8)])
    assert fail(world) == "restricted"
    assert world.column("restrictions", "status") == ["restricted"]


def test_what_is_counted_is_forgotten_when_the_window_has_passed() -> None:
    world = channel(rejected_max=50)
    for _ in range(5):
        fail(world)
    assert len(counted(world)[MEMBER]) == 5
    world.advance(world.time_ms + WINDOW)
    world.advance(world.time_ms + WINDOW)
    assert counted(world) == {}
    assert not [key for key, _ in world.replica.state.items("trigger") if ":conduct:" in key]


def test_a_suspended_account_that_goes_on_calling_is_counted_like_everybody() -> None:
    world = channel()
    assert [fail(world, SUSPENDED) for _ in range(3)] == ["inactive"] * 3
    world.advance(world.time_ms + SECOND)
    assert list(restricted(world)) == [SUSPENDED]


def test_the_regulator_restricts_and_lifts_on_the_record() -> None:
    world = channel()
    until = GENESIS_MS + PENALTY
    assert restrict(world, until) == "ok"
    assert fail(world) == "restricted"
    assert lift(world) == "ok"
    assert fail(world) == "forbidden"
    rows = [(row["status"], row["by"], row["reason"]) for row in world.records("restrictions")]
    assert rows == [("restricted", REGULATOR, "wash trades"), ("lifted", REGULATOR, "mended")]
    world.advance(until + SECOND)
    assert len(world.rows("restrictions")) == 2


def test_a_longer_restriction_by_the_regulator_outlives_the_shorter_one() -> None:
    world = channel()
    assert restrict(world, GENESIS_MS + PENALTY) == "ok"
    assert restrict(world, GENESIS_MS + 3 * PENALTY) == "ok"
    world.advance(GENESIS_MS + 2 * PENALTY)
    assert fail(world) == "restricted"
    world.advance(GENESIS_MS + 3 * PENALTY)
    assert fail(world) == "forbidden"
    assert world.column("restrictions", "status") == ["restricted", "restricted", "lifted"]


def test_a_rule_does_not_shorten_what_the_regulator_has_decided() -> None:
    world = channel()
    calls = [world.transaction(MEMBER, "conduct", "lift", {}, ahead=number) for number in (1, 2, 3)]
    arguments = {"account": MEMBER, "reason": "r", "until": GENESIS_MS + 9 * PENALTY}
    world.block(*calls, world.transaction(REGULATOR, "conduct", "restrict", arguments))
    world.advance(world.time_ms + SECOND)
    assert restricted(world) == {MEMBER: GENESIS_MS + 9 * PENALTY}


REFUSED = {
    "an account that nobody knows": ({"account": "nobody"}, "unknown-account"),
    "an operator": ({"account": METERING}, "operator"),
    "oneself": ({"account": REGULATOR}, "operator"),
    "a time that has passed": ({"until": GENESIS_MS}, "until"),
    "now": ({"until": GENESIS_MS + 2 * SECOND}, "until"),
    "for ever": ({"until": GENESIS_MS + 11 * PENALTY}, "until"),
    "without a reason": ({"reason": ""}, "bad-arguments"),
    "a name with a slash": ({"account": "a/b"}, "bad-arguments"),
    "a year beyond every calendar": ({"until": 2**53 - 1}, "bad-arguments"),
}


@pytest.mark.parametrize(("changes", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_restriction_is_rejected_with_its_code(changes: dict[str, Any], code: str) -> None:
    world = channel()
    arguments = {"account": MEMBER, "reason": "r", "until": GENESIS_MS + PENALTY, **changes}
    assert world.call(REGULATOR, "conduct", "restrict", arguments).code == code
    assert restricted(world) == {}


def test_who_is_not_restricted_cannot_be_lifted() -> None:
    world = channel()
    assert lift(world) == "not-restricted"
    assert lift(world, "nobody") == "not-restricted"


def test_only_a_regulator_restricts() -> None:
    world = channel()
    assert restrict(world, GENESIS_MS + PENALTY, by=MEMBER) == "forbidden"
    assert restrict(world, GENESIS_MS + PENALTY, by=METERING) == "forbidden"


STEPS = st.lists(
    st.tuples(st.sampled_from([MEMBER, OTHER]), st.integers(1, 45), st.integers(1, 4)), min_size=1, max_size=25
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_state_stays_bounded_and_nobody_is_restricted_for_less_than_the_rule_says(
    steps: list[tuple[str, int, int]],
) -> None:
    """Against a plain count over all rejections that the record shows."""
    world = channel()
    rejections: dict[str, list[int]] = {MEMBER: [], OTHER: []}
    for account, seconds, calls in steps:
        sent = [world.transaction(account, "conduct", "lift", {}, ahead=number) for number in range(1, calls + 1)]
        block = world.block(*sent, at_ms=world.time_ms + seconds * SECOND)
        codes = [outcome.receipt.code for outcome in block.outcomes if outcome.receipt is not None]
        due = len([time_ms for time_ms in rejections[account] if time_ms > world.time_ms - WINDOW])
        if codes[0] == "restricted":
            assert set(codes) == {"restricted"}
            rejections[account].clear()
        else:
            assert due < RULE["rejected_max"]
            rejections[account] += [world.time_ms] * len(codes)
        assert all(len(times) < RULE["rejected_max"] for times in counted(world).values())
    scheduled = [key for key, _ in world.replica.state.items("trigger") if ":conduct:" in key]
    assert len(scheduled) <= 2 * 4 * len(steps)
    world.advance(world.time_ms + 2 * WINDOW + PENALTY)
    world.advance(world.time_ms + 2 * WINDOW + PENALTY)
    assert (counted(world), restricted(world)) == ({}, {})
    assert not [key for key, _ in world.replica.state.items("trigger") if ":conduct:" in key]


def test_two_replicas_make_the_same_bytes() -> None:
    def run() -> list[bytes]:
        world = channel()
        for _ in range(5):
            fail(world)
        restrict(world, GENESIS_MS + PENALTY, OTHER)
        world.advance(world.time_ms + 2 * PENALTY)
        world.call(REGULATOR, "record", "seal")
        return world.entries

    assert run() == run()


def test_every_declared_code_is_shown_by_a_case() -> None:
    shown = {code for _, code in REFUSED.values()} | {"not-restricted"}
    assert {code for method in conduct.CONTRACT.methods for code in method.codes} <= shown
