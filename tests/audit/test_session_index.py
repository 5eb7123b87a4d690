"""What replays share, and that a hostile record meets a sentence, whatever part of it is malformed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from audit import SessionReplay, index_sessions, replay_session
from chain import jcs
from chain.entry import Block, Event, Receipt, Trigger, encode_entry
from chain.errors import ChainError
from chain.imports import GOVERNANCE
from chain.record import Record
from tests.audit.test_replay import AREA, entries_of, record, traded_session, with_entries

Break = Callable[[], Record]


def with_parameters(value: Any) -> Break:
    return lambda: with_entries({}, parameters={**record().channels[AREA].genesis.parameters, "auction": value})


def parameters(**members: Any) -> Break:
    return with_parameters({**record().channels[AREA].genesis.parameters["auction"], **members})


def without_parameters() -> Record:
    return with_entries({}, parameters={})


def without_contract() -> Record:
    codes = record().channels[AREA].genesis.contracts
    return with_entries({}, contracts=tuple(code for code in codes if code.name != "auction"))


def without_schemas() -> Record:
    channel = record().channels[AREA]
    schemas = {name: schema for name, schema in channel.schemas.items() if name != "trades"}
    return replace(record(), channels={**record().channels, AREA: replace(channel, schemas=schemas)})


def block_with(**members: Any) -> Record:
    """The last block of the session with other members."""
    entries = record().channels[AREA].entries
    last = entries_of(traded_session())[-1][0]
    block = next(n for n in range(last, len(entries)) if b'"kind":"block"' in entries[n])
    return with_entries({block: {**jcs.decode(entries[block]), **members}})


def operator_key(key: str) -> Break:
    operators = record().channels[AREA].genesis.operators
    return lambda: with_entries({}, operators=(msgspec.structs.replace(operators[0], public_key=key), *operators[1:]))


def told(data: dict[str, Any]) -> Break:
    """Governance tells of an account in its second entry."""

    def build() -> Record:
        governance = record().channels[GOVERNANCE]
        receipt = Receipt("ok", "", (Event(data, "participant.changed"),), "accepted", ())
        entry = encode_entry(Trigger("participant", 0, "k", "trigger", "m", receipt))
        entries = [governance.entries[0], entry, *governance.entries[2:]]
        return replace(record(), channels={**record().channels, GOVERNANCE: replace(governance, entries=entries)})

    return build


ACCOUNT = {"account": "a", "area": "", "kind": "k", "public_key": "00" * 32, "roles": [], "voltage": "", "zone": ""}

REFUSED: dict[str, Break] = {
    "no parameters": without_parameters,
    "parameters that are a number": with_parameters(7),
    "parameters that are a list": with_parameters([]),
    "an unknown parameter": parameters(unknown=1),
    "an area that is a number": parameters(area=350100),
    "rounds of no length": parameters(round_minutes=0),
    "a negative first opening": parameters(first_open_ms=-3_600_000),
    "a number beyond every limit": parameters(orders_per_side_max=2**62),
    "no contract": without_contract,
    "no schema of a table": without_schemas,
    "a beacon round that does not exist": lambda: block_with(beacon_round=10**6),
    "a beacon round before the first": lambda: block_with(beacon_round=-7),
    "a time before that of the block before": lambda: block_with(time=0),
    "an operator's key that is none": operator_key("key"),
    "an account of another shape": told({"account": 7}),
    "an account without members": told({}),
    "an account whose key is none": told({**ACCOUNT, "public_key": "zz"}),
    "an account of unknown status": told({**ACCOUNT, "status": "gone"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_record_is_a_sentence(name: str) -> None:
    forged = REFUSED[name]()
    with pytest.raises(ChainError) as caught:
        for session in index_sessions(forged, AREA).entries:
            replay_session(forged, AREA, session)
    assert caught.value.sentence


def test_a_malformed_record_can_still_be_indexed() -> None:
    """A site on it opens; the replay is what says why it cannot be made."""
    for name in ("no parameters", "parameters that are a list", "no contract"):
        assert index_sessions(REFUSED[name](), AREA).entries, name


@pytest.mark.parametrize("method", ["round", "close", "settle"])
def test_a_trigger_of_a_session_that_never_opened_differs(method: str) -> None:
    number, entry = next(item for item in entries_of(traded_session()) if item[1].get("method") == method)
    for key in ("350100-2026110207", "no-such", "", "é/"):
        forged = with_entries({number: {**entry, "key": key}})
        if key not in index_sessions(forged, AREA).entries:
            continue
        replay = replay_session(forged, AREA, key)
        assert [difference.path for difference in replay.differences] == ["trigger", "receipt"], key
        assert replay.steps == () and not replay.is_settled


def test_an_index_of_another_record_is_not_believed() -> None:
    session = traded_session()
    number, entry = next(item for item in entries_of(session) if item[1].get("method") == "settle")
    forged = with_entries({number: {**entry, "due": entry["due"] + 1}})
    assert not replay_session(forged, AREA, session, index_sessions(record(), AREA)).exact


def rotated(session: str, after: str) -> SessionReplay:
    """A member's key changes in a governance entry that is imported by the block of the session's first `after`."""
    channel, governance = record().channels[AREA], record().channels[GOVERNANCE]
    member = next(entry["body"]["account"] for _, entry in entries_of(session) if entry["kind"] == "transaction")
    data = {**ACCOUNT, "account": member, "area": AREA.removeprefix("area-"), "kind": "producer", "roles": ["member"]}
    receipt = Receipt("ok", "", (Event({**data, "public_key": "11" * 32}, "participant.changed"),), "accepted", ())
    entry = encode_entry(Trigger("participant", 0, "k", "trigger", "m", receipt))
    size = len(governance.entries)
    blocks = index_sessions(record(), AREA).blocks
    first = next(number for number, found in entries_of(session) if after in (found["kind"], found.get("method")))
    position = blocks.position(first)
    at = blocks.blocks[position].beacon_round + 1
    leaves = list(record().leaves)
    leaves.insert(at, leaves[at - 1])
    for number in range(at, len(leaves)):
        heads = [
            msgspec.structs.replace(h, size=size + 1 if h.channel == GOVERNANCE else h.size)
            for h in leaves[number].heads
        ]
        leaves[number] = msgspec.structs.replace(leaves[number], heads=tuple(heads), round=number)
    entries = list(channel.entries)
    for number, block in list(zip(blocks.closings, blocks.blocks, strict=True))[position:]:
        later: Block = msgspec.structs.replace(block, beacon_round=block.beacon_round + 1)
        entries[number] = encode_entry(later)
    channels = {
        **record().channels,
        AREA: replace(channel, entries=entries),
        GOVERNANCE: replace(governance, entries=[*governance.entries, entry]),
    }
    return replay_session(replace(record(), channels=channels, leaves=leaves), AREA, session)


def test_a_key_that_changes_later_does_not_make_an_earlier_signature_false() -> None:
    assert rotated(traded_session(), "settle").differences == ()


def test_a_key_that_changed_before_makes_a_signature_by_the_old_one_false() -> None:
    first = rotated(traded_session(), "transaction").differences[0]
    assert (first.path, first.recorded) == ("receipt", "accepted")
    assert "not by the account's key" in first.recomputed
