"""A market area with an open session, and short names for what its members do."""

from typing import Any

import msgspec

from chain.contract import Account
from chain.contracts.auction import CONTRACT, session_id
from chain.entry import Receipt
from chain.units import HOUR_MS
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, member

OPEN_MS = GENESIS_MS + HOUR_MS
SESSION = session_id("350100", OPEN_MS)
MINUTE_MS = 60_000

SELLERS, BUYERS = ("s1", "s2", "s3"), ("b1", "b2", "b3")
STRANGER = "from-350200"

Order = tuple[int, int] | tuple[int, int, int | None]
"""(price, quantity) or (price, quantity, limit)."""


def minute(number: float, session: int = 0) -> int:
    """Block time of a minute of the `session`-th session."""
    return OPEN_MS + session * HOUR_MS + round(number * MINUTE_MS)


class Market:
    """One area; blocks are cut at the times that the test names."""

    def __init__(self, members: tuple[Account, ...] = (), **parameters: Any) -> None:
        everyone = [
            *(member(account) for account in (*SELLERS, *BUYERS)),
            msgspec.structs.replace(member(STRANGER), area="350200"),
            member("onlooker", ("retailer",)),
            *members,
        ]
        self.world = World(
            [CONTRACT],
            {"centre": ("provincial_centre",)},
            everyone,
            parameters={"auction": {"area": "350100", **parameters}},
        )

    def declare(
        self,
        account: str,
        side: str,
        *orders: Order,
        at: float,
        session: str = SESSION,
        salt: str | None = None,
        rows: tuple[tuple[Any, ...], ...] | None = None,
    ) -> Receipt:
        """The receipt of one declaration in a block at minute `at`."""
        if rows is None:
            rows = tuple((side, order[0], order[2] if len(order) > 2 else None, order[1], salt) for order in orders)
        transaction = self.world.transaction(account, "auction", "declare", {"session": session}, rows)
        (outcome,) = self.world.block(transaction, at_ms=minute(at)).outcomes
        assert outcome.receipt is not None, outcome.dropped
        return outcome.receipt

    def entry_of(self, number: int) -> int:
        """The log's entry of the `number`-th declaration, counted by the rows submitted."""
        found = [entry for entry, _ in self.world.pending("orders_submitted")]
        return found[number]

    def advance(self, at: float) -> None:
        self.world.advance(minute(at))

    def records(self, table: str) -> list[dict[str, Any]]:
        return self.world.records(table)

    def session(self) -> Any:
        """The running session as the state holds it; None once it is settled."""
        return self.world.replica.state.get("auction.session", SESSION)

    def spread_e8(self) -> int:
        """What the balancing account holds."""
        return int(self.world.replica.state.get("auction.balancing", "spread_e8") or "0")


def picked(records: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Some columns of some records."""
    return [tuple(record[name] for name in names) for record in records]
