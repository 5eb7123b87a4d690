"""When tables are sealed: on an operator's request, and at the end of each settlement day."""

import pytest

from chain.contracts.roles import OPERATORS
from chain.entry import Seal, Trigger, parse_entry
from chain.errors import LimitError
from chain.units import DAY_MS, HOUR_MS, settlement_day_end
from tests.chain.contracts.auction_fixture import Market
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, member

DAY_END_MS = GENESIS_MS + 16 * HOUR_MS


def world() -> World:
    roles = {role.replace("_", "-"): (role,) for role in OPERATORS}
    return World([], {**roles, "issuer": ("issuing_body",)}, [member("alice"), member("bob", ("aggregator",))])


@pytest.mark.parametrize("operator", [role.replace("_", "-") for role in OPERATORS])
def test_each_operator_may_ask_for_a_seal(operator: str) -> None:
    assert world().call(operator, "record", "seal").code == "ok"


@pytest.mark.parametrize("account", ["issuer", "alice", "bob"])
def test_nobody_else_may(account: str) -> None:
    assert world().call(account, "record", "seal").code == "forbidden"


def test_a_request_takes_no_arguments() -> None:
    assert world().call("regulator", "record", "seal", {"table": "trades"}).code == "bad-arguments"


def test_a_request_seals_every_table_with_unsealed_rows_in_its_block() -> None:
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (100, 10), at=1)
    market.declare("b1", "bid", (120, 10), at=2)
    market.advance(15)
    block = market.world.block(market.world.transaction("centre", "record", "seal", {}))
    seals = [entry for entry in map(parse_entry, block.entries) if isinstance(entry, Seal)]
    assert [(seal.table, seal.rows_count) for seal in seals] == [("orders_submitted", 2), ("rounds", 1), ("trades", 1)]


def test_a_rejected_request_seals_nothing() -> None:
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (100, 10), at=1)
    block = market.world.block(market.world.transaction("s1", "record", "seal", {}))
    assert block.segments == ()


def test_the_day_ends_at_16_utc_and_the_next_trigger_a_day_later() -> None:
    one = world()
    assert one.replica.next_due_ms == settlement_day_end(GENESIS_MS) == DAY_END_MS
    one.advance(DAY_END_MS - 1)
    assert one.replica.next_due_ms == DAY_END_MS
    block = one.block(at_ms=DAY_END_MS)
    (trigger,) = [entry for entry in map(parse_entry, block.entries) if isinstance(entry, Trigger)]
    assert (trigger.contract, trigger.method, trigger.key, trigger.due) == ("record", "day", "day", DAY_END_MS)
    assert one.replica.next_due_ms == DAY_END_MS + DAY_MS


def test_idle_days_fire_one_trigger() -> None:
    one = world()
    block = one.block(at_ms=DAY_END_MS + 5 * DAY_MS + 1)
    assert block.triggers == 1
    assert one.replica.next_due_ms == DAY_END_MS + 6 * DAY_MS


def test_the_end_of_the_day_seals_what_that_day_wrote() -> None:
    market = Market()
    market.advance(0)
    market.declare("s1", "ask", (100, 10), at=1)
    market.world.advance(DAY_END_MS)
    assert all(table.pending_count == 0 for table in market.world.replica.tables.values())
    assert len(market.records("orders_submitted")) == 1
    assert len(market.records("sessions")) == 15


CUTS = {
    "as many transactions as there could ever be": ({"transactions_per_block_max": 1_000_000}, False),
    "one transaction more than a segment has room for": ({"transactions_per_block_max": 91}, False),
    "as many as there is room for": ({"transactions_per_block_max": 90, "segment_rows_max": 1_000_000}, True),
    "the defaults": ({}, True),
}


@pytest.mark.parametrize(("cut", "is_taken"), CUTS.values(), ids=CUTS.keys())
def test_a_block_cannot_seal_more_rows_than_a_reader_decodes(cut: dict[str, int], is_taken: bool) -> None:
    if is_taken:
        World([], {}, parameters={"record": cut})
        return
    with pytest.raises(LimitError) as caught:
        World([], {}, parameters={"record": cut})
    assert (caught.value.code, caught.value.where) == ("block-rows", "transactions_per_block_max")
