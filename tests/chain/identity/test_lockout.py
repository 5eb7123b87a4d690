"""Lock-out after repeated failures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import ChallengeError
from chain.identity.lockout import LockOut

WINDOW_MS, LOCK_MS, FAILURES = 10_000, 30_000, 3


class Door:
    """A lock-out with a clock that a test sets."""

    def __init__(self, accounts_max: int = 100) -> None:
        self.now = 1_000_000
        self.lock = LockOut(lambda: self.now, FAILURES, WINDOW_MS, LOCK_MS, accounts_max)

    def fail(self, account: str = "a", times: int = 1) -> None:
        for _ in range(times):
            self.lock.failed(account)

    def code(self, account: str = "a") -> str:
        try:
            self.lock.require_open(account)
        except ChallengeError as error:
            return error.code
        return "open"


def test_the_last_failure_allowed_locks_the_account_and_no_other() -> None:
    door = Door()
    door.fail(times=FAILURES - 1)
    assert door.code() == "open"
    door.fail()
    assert (door.code(), door.code("b")) == ("locked-out", "open")


def test_the_sentence_says_how_long_to_wait() -> None:
    door = Door()
    door.fail(times=FAILURES)
    door.now += 1
    with pytest.raises(ChallengeError, match="try again in 30 s"):
        door.lock.require_open("a")


def test_a_lock_ends_and_then_begins_with_a_clean_sheet() -> None:
    door = Door()
    door.fail(times=FAILURES)
    door.now += LOCK_MS - 1
    assert door.code() == "locked-out"
    door.now += 1
    assert door.code() == "open"
    door.fail(times=FAILURES - 1)
    assert door.code() == "open"


def test_failures_far_apart_lock_nobody() -> None:
    door = Door()
    for _ in range(20):
        door.fail()
        door.now += WINDOW_MS // (FAILURES - 1) + 1
        assert door.code() == "open"


def test_a_success_forgets_the_failures_before_it() -> None:
    door = Door()
    door.fail(times=FAILURES - 1)
    door.lock.succeeded("a")
    door.fail(times=FAILURES - 1)
    assert door.code() == "open"


def test_a_clock_that_jumps_back_locks_nobody_for_longer() -> None:
    door = Door()
    door.fail(times=FAILURES)
    door.now -= 900_000
    assert door.code() == "locked-out"
    door.now += LOCK_MS
    assert door.code() == "open"


def test_a_flood_of_names_frees_nobody_who_is_locked_out() -> None:
    door = Door(accounts_max=4)
    door.fail(times=FAILURES)
    for number in range(50):
        door.fail(f"invented-{number}", times=FAILURES - 1)
    assert (door.code(), len(door.lock)) == ("locked-out", 4)


def test_when_every_place_is_locked_everyone_waits() -> None:
    door = Door(accounts_max=2)
    door.fail("a", FAILURES)
    door.fail("b", FAILURES)
    assert door.code("c") == "too-many"
    with pytest.raises(ChallengeError):
        door.fail("c")
    door.now += LOCK_MS
    assert door.code("c") == "open"
    door.fail("c")
    assert len(door.lock) == 1


def test_asking_takes_no_place() -> None:
    door = Door(accounts_max=2)
    door.fail("a")
    for number in range(10):
        assert door.code(f"asked-{number}") == "open"
    assert len(door.lock) == 1


@pytest.mark.parametrize("place", range(4))
def test_a_bound_below_one_is_refused(place: int) -> None:
    bounds = [1, 1, 1, 1]
    bounds[place] = 0
    with pytest.raises(ChallengeError):
        LockOut(lambda: 0, *bounds)


STEPS = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(-5_000, 5_000), st.sampled_from("fso")), max_size=60)


@given(STEPS)
def test_whatever_happens_memory_is_bounded_and_every_lock_ends(steps: list[tuple[str, int, str]]) -> None:
    door = Door(accounts_max=3)
    for account, move_ms, step in steps:
        door.now += move_ms
        try:
            {"f": door.lock.failed, "s": door.lock.succeeded, "o": door.lock.require_open}[step](account)
        except ChallengeError as error:
            assert error.code in {"locked-out", "too-many"}
        assert len(door.lock) <= 3
    for account in "abcdef":
        door.code(account)
    door.now += LOCK_MS
    assert {door.code(account) for account in "abcdef"} == {"open"}
