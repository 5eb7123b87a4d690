"""Auction rule 11: nothing is lost. Every check recomputes from rows and returns what does not hold.

1. Energy: every trade's energy left one bid and one ask; no order gave more than it declared; what an order did
   not trade is what remains of it. So energy sold = energy bought = energy of the trades.
2. Money: paid by buyers = received by sellers + network fees + spread + residue of rounding to whole fen.
3. Ends: every order of a closed session has exactly one end: `filled`, `partly_filled`, `returned` (nobody took
   it, or the round was suspended), `withdrawn` by its member, or `unrevealed` (sealed, never opened).
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

EndStatus: TypeAlias = Literal["filled", "partly_filled", "returned", "withdrawn", "unrevealed"]
EndCause: TypeAlias = Literal["close", "suspension", "withdrawal", "unrevealed"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that does not balance."""

    rule: str
    """`energy`, `money` or `ends`."""
    where: str
    """The order, or the sum."""
    expected: str
    found: str


def end_status(declared_wh: int, remaining_wh: int, cause: EndCause) -> EndStatus:
    """How an order ended that declared and has left so much, when `cause` took it off the book. What it traded
    comes first: an order that traded a part and was then withdrawn is partly filled."""
    if remaining_wh == 0 and declared_wh > 0:
        return "filled"
    if remaining_wh < declared_wh:
        return "partly_filled"
    if cause == "unrevealed":
        return "unrevealed"
    return "withdrawn" if cause == "withdrawal" else "returned"


def energy_violations(
    declared_wh: Mapping[Hashable, int],
    remaining_wh: Mapping[Hashable, int],
    trades: Iterable[tuple[Hashable, Hashable, int]],
) -> tuple[Violation, ...]:
    """Rule 1. Orders by any key, (entry, row) for instance; trades as (bid, ask, energy)."""
    violations: list[Violation] = []
    sold: dict[Hashable, int] = dict.fromkeys(declared_wh, 0)
    for number, (bid, ask, quantity) in enumerate(trades):
        if quantity <= 0:
            violations.append(Violation("energy", f"trade {number}", "> 0", str(quantity)))
        for order in (bid, ask):
            if order not in sold:
                violations.append(Violation("energy", f"trade {number}", "an order of the session", str(order)))
            else:
                sold[order] += quantity
    violations.extend(
        Violation("energy", str(order), "an order of the session", "remaining energy alone")
        for order in remaining_wh
        if order not in declared_wh
    )
    for order, declared in declared_wh.items():
        left = declared - sold[order]
        if order not in remaining_wh or left < 0 or remaining_wh[order] != left:
            found = str(remaining_wh.get(order, "none")) if left >= 0 else f"sold {sold[order]}"
            violations.append(Violation("energy", str(order), f"{max(left, 0)} Wh left of {declared}", found))
    return tuple(violations)


def money_violations(
    paid_e8: int,
    received_e8: int,
    fees_e8: int,
    spread_e8: int,
    residue_e8: int = 0,
) -> tuple[Violation, ...]:
    """Rule 2. `paid_e8`: all that leaves buyers, their share of fees included; `received_e8`: what reaches sellers
    after their share of fees; `fees_e8`: both shares; `residue_e8`: of rounding statements to whole fen."""
    violations: list[Violation] = []
    right = received_e8 + fees_e8 + spread_e8 + residue_e8
    if paid_e8 != right:
        violations.append(Violation("money", "paid = received + fees + spread + residue", str(right), str(paid_e8)))
    for name, value in (("fees", fees_e8), ("spread", spread_e8)):
        if value < 0:
            violations.append(Violation("money", name, ">= 0", str(value)))
    return tuple(violations)


def end_violations(
    declared_wh: Mapping[Hashable, int],
    remaining_wh: Mapping[Hashable, int],
    ends: Iterable[tuple[Hashable, str]],
) -> tuple[Violation, ...]:
    """Rule 3, for a closed session: `ends` are (order, status) as recorded."""
    violations: list[Violation] = []
    seen: dict[Hashable, str] = {}
    for order, status in ends:
        if order in seen:
            violations.append(Violation("ends", str(order), f"one end, {seen[order]}", f"another, {status}"))
        if order not in declared_wh:
            violations.append(Violation("ends", str(order), "an order of the session", status))
        seen.setdefault(order, status)
    for order, declared in declared_wh.items():
        status = seen.get(order, "none: lost")
        allowed = _allowed_ends(declared, remaining_wh.get(order, declared))
        if status not in allowed:
            violations.append(Violation("ends", str(order), " or ".join(allowed), status))
    return tuple(violations)


def _allowed_ends(declared_wh: int, remaining_wh: int) -> tuple[EndStatus, ...]:
    if remaining_wh == 0:
        return ("filled",)
    return ("partly_filled",) if remaining_wh < declared_wh else ("returned", "withdrawn", "unrevealed")
