"""Sessions replayed with the parameters and permissions that were in force, when governance changed them on the way.

A little market runs four hours. Between the first and the second the alliance votes new pricing and λ for one area,
which it learns of in the middle of the second session; a member is restricted by the regulator in the third.
"""

import atexit
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from audit import SessionReplay, index_sessions, replay_session
from chain import jcs
from chain.contracts.auction import session_id
from chain.contracts.auction_state import Parameters
from chain.entry import Transaction, Trigger, parse_entry
from chain.errors import ChainError
from chain.export import export_network, seal_all
from chain.imports import GOVERNANCE, PARAMETERS
from chain.record import Record, open_record
from chain.units import HOUR_MS, MINUTE_MS
from sample_data.network_setup import Keyring, MarketSettings, Sender, SimulatedClock
from sample_data.simulation import Simulation
from tests.sample_export import AREAS, little_inputs

AREA, OTHER_AREA = AREAS
COUNCIL = ("regulator", "dispatcher", "national-centre")
HOURS = 4


@cache
def record() -> Record:
    folder = Path(tempfile.mkdtemp(prefix="gridproof-terms-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    simulation = Simulation(folder / "ledger", little_inputs(), MarketSettings(), Keyring(b"terms"), SimulatedClock(0))
    with simulation.network as network:
        for hour in range(HOURS):
            open_ms = simulation.inputs.hours[hour] - HOUR_MS
            if hour == 1:
                _vote(simulation, open_ms - MINUTE_MS)
                # Ahead of the blocks that are cut next: those from minute 20 on learn of it, the opening does not.
                network.beacon(simulation.clock.advance(open_ms + 20 * MINUTE_MS))
            for area, market in simulation._markets.items():
                if hour == 2 and area == AREA:
                    _restrict(simulation, open_ms)
                market.run_hour(hour, open_ms)
            network.beacon(simulation.clock.advance(open_ms + 58 * MINUTE_MS))
        seal_all(network, simulation.keys.signer("regulator"), simulation.clock.advance(simulation.clock() + 1_000))
        export_network(network, folder / "export")
        policy = network.policy.text
    return open_record(folder / "export", policy, "policy")


def _vote(simulation: Simulation, time_ms: int) -> None:
    """Three organisations want pay as bid, a λ of 1 % and few triggers per block."""
    network, keys = simulation.network, simulation.keys
    senders = {account: Sender(network, GOVERNANCE, keys.signer(account)) for account in COUNCIL}
    auction = {
        **msgspec.to_builtins(network.channels[AREA].replica.parameters["auction"]),
        "lambda_bp": 100,
        "pricing": "pay_as_bid",
    }
    for contract, parameters in (("auction", auction), ("record", {"triggers_per_block_max": 2})):
        action = {
            "kind": "set-parameters",
            "channel": AREA,
            "contract": contract,
            "height": 0,
            "parameters": parameters,
        }
        proposer, *others = COUNCIL
        time_ms += 1
        proposal = senders[proposer].call("alliance", "propose", {"action": action}, time_ms)
        (outcome,) = simulation.commit(GOVERNANCE, time_ms, [proposal]).outcomes
        for other in others:
            time_ms += 1
            vote = senders[other].call("alliance", "vote", {"approve": True, "proposal": outcome.entry}, time_ms)
            (voted,) = simulation.commit(GOVERNANCE, time_ms, [vote]).outcomes
            assert voted.receipt is not None and voted.receipt.code == "ok", voted.receipt


def _restrict(simulation: Simulation, open_ms: int) -> None:
    """The first member of the area may not call for half a second; it calls nevertheless, without orders."""
    member = simulation.inputs.participants[0].account
    sender = Sender(simulation.network, AREA, simulation.keys.signer("regulator"))
    arguments = {"account": member, "reason": "under inspection", "until": open_ms + 500}
    (outcome,) = simulation.commit(AREA, open_ms - 1, [sender.call("conduct", "restrict", arguments, open_ms)]).outcomes
    assert outcome.receipt is not None and outcome.receipt.code == "ok", outcome.receipt
    market = simulation._markets[AREA]
    session = {"session": session_id(market._area_code, open_ms)}
    bare = market._senders[member].call("auction", "declare", session, open_ms)
    (refused,) = simulation.commit(AREA, open_ms + 100, [bare]).outcomes
    assert refused.receipt is not None and refused.receipt.code == "restricted", refused.receipt


def sessions(channel: str = AREA) -> list[SessionReplay]:
    index = index_sessions(record(), channel)
    return [replay_session(record(), channel, name, index) for name in index.entries]


def codes_of(channel: str) -> list[str]:
    """Codes of the channel's declarations."""
    entries = [parse_entry(data) for data in record().channels[channel].entries]
    return [
        entry.receipt.code for entry in entries if isinstance(entry, Transaction) and entry.body.method == "declare"
    ]


@pytest.mark.parametrize("channel", AREAS)
def test_every_session_comes_out_bit_for_bit_with_the_parameters_in_force(channel: str) -> None:
    assert [replay.differences for replay in sessions(channel)] == [()] * HOURS
    assert sum(step.outcome.totals.trades for replay in sessions(channel) for step in replay.steps) > 0


def test_the_session_that_was_open_keeps_its_terms_and_the_next_ones_have_the_new() -> None:
    assert [replay.parameters.pricing for replay in sessions()] == ["midpoint", "midpoint", "pay_as_bid", "pay_as_bid"]
    assert [replay.parameters.lambda_bp for replay in sessions()] == [500, 500, 100, 100]
    assert {step.market.lambda_bp for step in sessions()[1].steps} == {500}
    assert {step.market.lambda_bp for step in sessions()[2].steps} == {100}


def test_a_channel_that_the_vote_is_not_about_goes_on_as_before() -> None:
    assert {replay.parameters.pricing for replay in sessions(OTHER_AREA)} == {"midpoint"}


def test_a_declaration_of_a_restricted_member_is_rejected_in_the_replay_too() -> None:
    assert "restricted" in codes_of(AREA)
    assert "restricted" not in codes_of(OTHER_AREA)


def test_the_change_was_learnt_while_the_second_session_ran() -> None:
    index = index_sessions(record(), AREA)
    second = list(index.entries)[1]
    opened, *_, last = index.entries[second]
    ground = index.ground
    terms = [ground.parameters_at(index.blocks.position(entry)).pricing for entry in (opened, last)]
    assert terms == ["midpoint", "pay_as_bid"]
    assert [ground.triggers_max(index.blocks.position(entry)) for entry in (opened, last)] == [10_000, 2]


def forged(change: Any) -> Record:
    """The record with the votes' `alliance.parameters` events changed, as if governance had been signed that way."""
    governance = record().channels[GOVERNANCE]
    entries = list(governance.entries)
    for number, data in enumerate(entries):
        if PARAMETERS.encode() in data:
            entry = jcs.decode(data)
            for event in entry["receipt"]["events"]:
                if event["name"] == PARAMETERS and event["data"]["contract"] == "auction":
                    change(event["data"])
            entries[number] = jcs.encode(entry)
    channels = {**record().channels, GOVERNANCE: replace(governance, entries=entries)}
    return replace(record(), channels=channels)


def set_pricing(data: dict[str, Any]) -> None:
    data["parameters"]["pricing"] = "uniform"


def test_a_record_whose_governance_says_other_parameters_differs_where_they_would_hold() -> None:
    changed = forged(set_pricing)
    index = index_sessions(changed, AREA)
    replays = [replay_session(changed, AREA, name, index) for name in index.entries]
    assert [replay.exact for replay in replays[:2]] == [True, True]
    assert not all(replay.exact for replay in replays[2:])


def set_shape(data: dict[str, Any]) -> None:
    data["parameters"] = {"area": 7}


def set_contract(data: dict[str, Any]) -> None:
    data["contract"] = "futures"


def set_nonsense(data: dict[str, Any]) -> None:
    data["parameters"]["round_minutes"] = 0


def test_parameters_of_another_shape_are_a_sentence() -> None:
    changed = forged(set_shape)
    index = index_sessions(changed, AREA)
    with pytest.raises(ChainError) as caught:
        replay_session(changed, AREA, next(iter(index.entries)), index)
    assert caught.value.sentence


def test_parameters_of_a_contract_that_nobody_runs_are_passed_over() -> None:
    changed = forged(set_contract)
    index = index_sessions(changed, AREA)
    positions = [index.blocks.position(entries[0]) for entries in index.entries.values()]
    assert {index.ground.parameters_at(position).pricing for position in positions} == {"midpoint"}


def test_parameters_that_could_not_work_make_a_difference_and_no_crash() -> None:
    changed = forged(set_nonsense)
    index = index_sessions(changed, AREA)
    replays = [replay_session(changed, AREA, name, index) for name in index.entries]
    assert not all(replay.exact for replay in replays)


def test_genesis_parameters_are_those_of_a_channel_without_changes() -> None:
    genesis = record().channels[OTHER_AREA].genesis.parameters["auction"]
    index = index_sessions(record(), OTHER_AREA)
    assert index.ground.parameters_at(10**6) == msgspec.convert(genesis, Parameters)


def test_restrictions_are_read_from_accepted_calls_of_conduct_alone() -> None:
    index = index_sessions(record(), AREA)
    assert [one.until is None for one in index.restrictions] == [False, True]
    for one in index.restrictions:
        entry = parse_entry(record().channels[AREA].entries[one.entry])
        assert isinstance(entry, Transaction | Trigger) and entry.receipt.status == "accepted"
