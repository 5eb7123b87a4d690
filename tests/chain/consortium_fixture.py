"""Governance as a `Consortium` reads it: a genesis with two areas, and entries that report what was decided."""

from typing import Any

import msgspec

from chain.consortium import Consortium
from chain.entry import Event, Receipt, Trigger, encode_entry
from tests.chain.contract_fixture import CONTRACT
from tests.chain.contracts.replica_fixture import World

LISTED = [
    {"area": "350100", "channel": "area-1", "openness": "public"},
    {"area": "350200", "channel": "area-2", "openness": "managers"},
]
GENESIS = World([CONTRACT], {}).replica.genesis


def genesis(channels: object = LISTED, faults: int = GENESIS.faults) -> bytes:
    """The governance genesis of a network with these channels."""
    parameters = {**GENESIS.parameters, "alliance": {"channels": channels, "faults": faults}}
    return encode_entry(msgspec.structs.replace(GENESIS, channel="governance", governance="", parameters=parameters))


def told(*events: tuple[str, Any], status: Any = "accepted") -> bytes:
    """An entry whose receipt reports these events."""
    receipt = Receipt("ok", "", tuple(Event(data, name) for name, data in events), status, ())
    return encode_entry(Trigger("alliance", 1, "key", "trigger", "tell", receipt))


def channel(name: str, openness: str = "public", **members: object) -> tuple[str, Any]:
    data = {"area": "350300", "channel": name, "genesis_hash": "ab" * 32, "log": "a line", "openness": openness}
    return "alliance.channel", {**data, **members}


def policy(number: int, text: str = "") -> tuple[str, Any]:
    return "alliance.policy", {"number": number, "text": text or f"policy {number}\n"}


def retired(name: str) -> tuple[str, Any]:
    return "alliance.retired", {"channel": name}


def read(*entries: bytes) -> Consortium:
    consortium = Consortium()
    consortium.extend([genesis(), *entries])
    return consortium
