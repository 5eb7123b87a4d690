"""The checks of rule 11 hold on a sound session and name whatever is lost, doubled or invented."""

from typing import Any

import pytest

from chain.market import end_status, end_violations, energy_violations, money_violations

DECLARED: Any = {"b": 5, "s": 3, "t": 4}
LEFT: Any = {"b": 0, "s": 0, "t": 2}
TRADES: Any = [("b", "s", 3), ("b", "t", 2)]
ENDS: Any = [("b", "filled"), ("s", "filled"), ("t", "partly_filled")]

LOST_ENERGY: dict[str, tuple[Any, Any, Any]] = {
    "more left than was not sold": (DECLARED, LEFT | {"t": 3}, TRADES),
    "less left": (DECLARED, LEFT | {"t": 1}, TRADES),
    "an order without a remainder": (DECLARED, {"b": 0, "s": 0}, TRADES),
    "a remainder without an order": (DECLARED, LEFT | {"x": 0}, TRADES),
    "a trade left out": (DECLARED, LEFT, TRADES[:1]),
    "a trade twice": (DECLARED, LEFT, TRADES + TRADES[:1]),
    "a trade with a stranger": (DECLARED, LEFT, [*TRADES, ("x", "t", 1)]),
    "a trade of nothing": (DECLARED, LEFT, [*TRADES, ("b", "t", 0)]),
    "a trade that gives back": (DECLARED, LEFT, [("b", "s", 3), ("b", "t", 3), ("b", "t", -1)]),
}
LOST_ENDS: dict[str, Any] = {
    "an order lost": ENDS[:2],
    "an order that ends twice": [*ENDS, ("t", "returned")],
    "an order that ends twice alike": [*ENDS, ENDS[0]],
    "a stranger": [*ENDS, ("x", "returned")],
    "filled though some is left": [*ENDS[:2], ("t", "filled")],
    "returned though some was sold": [*ENDS[:2], ("t", "returned")],
    "withdrawn though all was sold": [("b", "withdrawn"), *ENDS[1:]],
    "a word that is no end": [("b", "gone"), *ENDS[1:]],
}


def test_a_sound_session_has_no_violation() -> None:
    assert energy_violations(DECLARED, LEFT, TRADES) == ()
    assert end_violations(DECLARED, LEFT, ENDS) == ()
    assert money_violations(1_000, 900, 60, 30, 10) == ()
    assert money_violations(-(10**30), -(10**30) - 5, 3, 2) == ()


@pytest.mark.parametrize("name", LOST_ENERGY)
def test_energy_that_is_lost_doubled_or_invented_is_named(name: str) -> None:
    found = energy_violations(*LOST_ENERGY[name])
    assert found and {item.rule for item in found} == {"energy"}


@pytest.mark.parametrize("name", LOST_ENDS)
def test_an_order_without_exactly_one_fitting_end_is_named(name: str) -> None:
    found = end_violations(DECLARED, LEFT, LOST_ENDS[name])
    assert found and {item.rule for item in found} == {"ends"}


def test_money_that_does_not_balance_is_named() -> None:
    assert money_violations(1_000, 900, 60, 30)[0].expected == "990"
    assert money_violations(1_000, 1_000, 10, -10)[0].where == "spread"
    assert money_violations(1_000, 1_010, -10, 0)[0].where == "fees"


@pytest.mark.parametrize(
    ("declared", "remaining", "cause", "expected"),
    [
        (5, 0, "close", "filled"),
        (5, 0, "withdrawal", "filled"),
        (5, 2, "close", "partly_filled"),
        (5, 2, "withdrawal", "partly_filled"),
        (5, 5, "close", "returned"),
        (5, 5, "suspension", "returned"),
        (5, 5, "withdrawal", "withdrawn"),
        (5, 5, "unrevealed", "unrevealed"),
    ],
)
def test_an_order_ends_by_what_it_traded_and_then_by_what_took_it_off(
    declared: int, remaining: int, cause: Any, expected: str
) -> None:
    status = end_status(declared, remaining, cause)
    assert status == expected
    assert end_violations({"o": declared}, {"o": remaining}, [("o", status)]) == ()
