"""A channel that is retired while a session runs: nobody's order or money is lost with it."""

import pytest

from chain.entry import Event
from chain.errors import LedgerError
from chain.imports import RETIRED
from chain.replica import CommittedBlock
from tests.chain.contract_fixture import CONTRACT as NOTES
from tests.chain.contracts.auction_fixture import SESSION, Market, minute, picked
from tests.chain.contracts.replica_fixture import AREA_CHANNEL, GENESIS_MS, World, member, signer

RETIREMENT = Event(data={"channel": AREA_CHANNEL}, name=RETIRED)


def retire(market: Market, at: float) -> CommittedBlock:
    """The block that imports the retirement; a member tries to declare in it."""
    orders = (("bid", 300, None, 10, None),)
    call = market.world.transaction("b3", "auction", "declare", {"session": SESSION}, orders)
    block = market.world.block(call, at_ms=minute(at), imports=[RETIREMENT])
    (outcome,) = block.outcomes
    assert outcome.dropped is not None and outcome.dropped.code == "retired"
    return block


def declared() -> Market:
    market = Market()
    market.advance(0)
    assert market.declare("b1", "bid", (400, 10), at=1).code == "ok"
    assert market.declare("s1", "ask", (300, 4), at=2).code == "ok"
    return market


@pytest.mark.parametrize("at", [5, 15, 22], ids=["while declaring", "at the first round", "between rounds"])
def test_an_open_session_is_played_and_settled_before_the_channel_ends(at: float) -> None:
    market = declared()
    retire(market, at)
    for minutes in range(round(at) + 1, 50):
        assert not market.world.replica.is_closed
        market.advance(minutes)
    market.advance(50)
    assert market.world.replica.is_closed
    assert picked(market.records("settlements"), "account", "side", "traded_wh") == [("b1", "bid", 4), ("s1", "ask", 4)]
    assert [row["status"] for row in market.records("order_results")] == ["partly_filled", "filled"]
    assert [row["status"] for row in market.records("sessions")] == ["traded"]
    with pytest.raises(LedgerError, match="retired"):
        market.advance(51)


def test_a_retiring_channel_opens_no_session_and_schedules_none() -> None:
    market = declared()
    market.advance(48)
    retire(market, 49)
    market.advance(65)
    assert market.world.replica.is_closed
    assert market.world.replica.state.items("auction.session") == []
    assert [row["session"] for row in market.records("sessions")] == [SESSION]


def test_a_channel_without_an_open_session_ends_at_once_even_where_one_falls_due_in_that_block() -> None:
    market = Market()
    block = market.world.block(at_ms=minute(0), imports=[RETIREMENT])
    assert market.world.replica.is_closed and block.triggers == 1
    assert block.block.state_root != ""
    assert market.records("sessions") == []


def test_every_block_of_a_retiring_channel_seals_what_is_unsealed() -> None:
    market = declared()
    assert [segment.seal.table for segment in retire(market, 5).segments] == ["orders_submitted"]
    assert market.world.pending("orders_submitted") == []
    assert market.world.replica.is_retiring and not market.world.replica.is_closed


def test_a_last_block_leaves_no_trigger_behind_that_is_due() -> None:
    world = World(
        [NOTES],
        {"regulator": ("regulator",)},
        [member("alice")],
        parameters={"notes": {}, "record": {"triggers_per_block_max": 1}},
    )
    for key in ("a", "b"):
        due = {"due": GENESIS_MS + 60_000, "key": key}
        scheduled = signer("regulator").transaction(
            network=world.replica.address.network,
            channel=world.replica.address.channel,
            nonce=world.replica.nonce("regulator") + 1,
            contract="notes",
            method="schedule",
            arguments=due,
            valid_until=2**53 - 1,
            schema=NOTES.version,
        )
        assert world.block(scheduled).outcomes[0].receipt is not None
    world.block(at_ms=GENESIS_MS + 60_000, imports=[RETIREMENT])
    assert not world.replica.is_closed
    world.block()
    assert world.replica.is_closed
    assert world.column("fired", "key") == ["a", "b"]
