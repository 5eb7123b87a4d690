"""Evidence that does not hold: every member changed, and every lie that a forger would tell."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from chain import jcs
from chain.founding import NetworkConfig, derive_keys
from chain.imports import GOVERNANCE
from chain.layout import BEACON, origin, validator_name
from chain.merkle import Tree, leaf_hash
from chain.note import COSIGNATURE_V1, ED25519, SigningKey
from chain.policy import encode_policy
from queries import EvidenceError, check
from queries.evidence.document import (
    FORMAT,
    BeaconPart,
    ChannelPart,
    Document,
    EntryPart,
    encode_document,
    encode_nodes,
)
from queries.evidence.multiproof import prove_many
from sample_data.network_setup import Keyring
from tests.chain.tamper.forgery import Forgery
from tests.queries.asked_export import AREA, asked_export, opened
from tests.sample_export import AREAS, NETWORK

Json = dict[str, Any]


@cache
def genuine() -> bytes:
    """A trade, an order and a block: every member of the format is there."""
    export = opened()
    rows = export.sql("SELECT channel, entry, position FROM trades ORDER BY ALL LIMIT 2").rows()
    orders = export.sql("SELECT channel, entry, position FROM orders WHERE status = 'rejected' LIMIT 1").rows()
    places = [("trades", *row) for row in rows] + [("orders_submitted", *row) for row in orders]
    return export.evidence([*places, ("", AREA, 5, -1)])


def document_of() -> Json:
    """A fresh copy, to change."""
    found: Json = json.loads(genuine())
    return found


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every member that holds no other."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def lists(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, list):
        yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from lists(item, (*path, key))


def at(document: Json, path: tuple[str | int, ...]) -> Any:
    found: Any = document
    for key in path:
        found = found[key]
    return found


def changed(path: tuple[str | int, ...], value: Any) -> bytes:
    document = document_of()
    at(document, path[:-1])[path[-1]] = value
    return jcs.encode(document)


def others(value: Any) -> Iterator[Any]:
    """Values near to `value`, of its own type and of another."""
    if isinstance(value, int):
        yield from (value + 1, value - 1, value + 2**20, str(value))
        return
    for place in sorted({0, len(value) // 3, len(value) // 2, len(value) - 1}):
        if 0 <= place < len(value):
            flipped = "A" if value[place] != "A" else "B"
            yield value[:place] + flipped + value[place + 1 :]
    yield from (f"{value}\n", f" {value}", f"{value}A", value[:-1], "", 0)


def refusal(data: bytes, policy: bytes | None) -> EvidenceError:
    with pytest.raises(EvidenceError) as caught:
        check(data, policy)
    return caught.value


def accepted(data: bytes, policy: bytes | None) -> bool:
    try:
        check(data, policy)
    except EvidenceError as error:
        assert error.code
        return False
    return True


@pytest.mark.parametrize("whose", ["the reader's policy", "no policy"])
def test_every_member_changed_in_every_way_is_refused(whose: str) -> None:
    policy = asked_export().policy if whose == "the reader's policy" else None
    document = document_of()
    tried = [(path, other) for path, value in leaves(document) for other in others(value) if other != value]
    assert len(tried) > 300
    assert [(path, other) for path, other in tried if accepted(changed(path, other), policy)] == []


def test_every_list_with_a_member_more_or_less_or_turned_around_is_refused() -> None:
    document = document_of()
    tried = [(path, other) for path in lists(document) for other in rearranged(at(document, path))]
    assert [(path, other) for path, other in tried if accepted(changed(path, other), asked_export().policy)] == []


def rearranged(items: list[Any]) -> Iterator[list[Any]]:
    for other in ([], items[1:], items[:-1], [*items, *items[-1:]], items[::-1]):
        if other != items:
            yield other


def edit(change: Callable[[Json], object]) -> bytes:
    document = document_of()
    change(document)
    return jcs.encode(document)


def area(document: Json) -> Json:
    return next(channel for channel in document["channels"] if channel["channel"] == AREA)


def table(document: Json, name: str) -> Json:
    return next(part for part in area(document)["tables"] if json.loads(part["schema"])["table"] == name)


def claim_written(document: Json) -> None:
    """Present a rejected batch's row as one of a table that contracts write."""
    orders = table(document, "orders_submitted")
    schema = json.loads(orders["schema"])
    schema["table"] = "orders"
    orders["schema"] = jcs.encode(schema).decode()


def rename_columns(document: Json) -> None:
    trades = table(document, "trades")
    one, other = '"name":"buyer"', '"name":"seller"'
    trades["schema"] = trades["schema"].replace(one, "?").replace(other, one).replace("?", other)


def swap_channels(document: Json) -> None:
    area(document)["channel"] = "area-350200"


def leave_out_block(document: Json) -> None:
    part = area(document)
    part["entries"] = [entry for entry in part["entries"] if '"kind":"block"' not in entry["data"]]


def add_entry(document: Json) -> None:
    part = area(document)
    part["entries"].append({"data": part["entries"][-1]["data"], "index": part["entries"][-1]["index"] + 1})


def raise_price(document: Json) -> None:
    row = table(document, "trades")["rows"][0]
    values = json.loads(row["data"])
    values[9] += 1
    row["data"] = jcs.encode(values).decode()


def exchange_rows(document: Json) -> None:
    rows = table(document, "trades")["rows"]
    rows[0]["data"], rows[1]["data"] = rows[1]["data"], rows[0]["data"]


LIES: dict[str, Callable[[Json], object]] = {
    "another price": raise_price,
    "two rows exchanged": exchange_rows,
    "two columns renamed": rename_columns,
    "a rejected order as a written one": claim_written,
    "another channel": swap_channels,
    "another network": lambda document: document.update(network="other"),
    "no governance": lambda document: document.update(
        channels=[part for part in document["channels"] if part["channel"] != "governance"]
    ),
    "no block": leave_out_block,
    "an entry too many": add_entry,
    "a table twice": lambda document: area(document)["tables"].append(area(document)["tables"][-1]),
    "a channel twice": lambda document: document["channels"].append(document["channels"][-1]),
    "no beacon": lambda document: document.pop("beacon"),
    "a member that we do not know": lambda document: document.update(note="trust me"),
    "another format": lambda document: document.update(format="gridproof-evidence/2"),
    "nothing at all": lambda document: document.update(channels=[document["channels"][-1]]),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused_with_a_reason(name: str) -> None:
    error = refusal(edit(LIES[name]), asked_export().policy)
    assert error.code
    assert error.sentence


NOT_EVIDENCE: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda data: b"",
    "not JSON": lambda data: b"PAR1",
    "a list": lambda data: b"[]",
    "an empty object": lambda data: b"{}",
    "no UTF-8": lambda data: b'{"format":"\xff"}',
    "white space": lambda data: data + b"\n",
    "pretty": lambda data: json.dumps(json.loads(data), indent=1).encode(),
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "a duplicate key": lambda data: data[:-1] + b',"policy":""}',
    "deep nesting": lambda data: b"[" * 100_000,
    "cut": lambda data: data[: len(data) // 2],
}


@pytest.mark.parametrize("name", NOT_EVIDENCE)
def test_what_is_no_evidence_is_refused_by_our_own_error(name: str) -> None:
    assert refusal(NOT_EVIDENCE[name](genuine()), asked_export().policy).code


def test_a_flipped_bit_anywhere_is_refused() -> None:
    data, policy = genuine(), asked_export().policy
    flipped = (data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :] for place in range(0, len(data), 61))
    assert [place for place, other in enumerate(flipped) if accepted(other, policy)] == []


BEYOND = 2**53 - 1
TIMES: dict[str, Callable[[Forgery], None]] = {
    "of the last round": lambda forged: forged.edit(BEACON, len(forged.entries[BEACON]) - 1, late),
    "of a block": lambda forged: forged.edit(AREA, forged.find(AREA, lambda entry: entry["kind"] == "block"), late),
}


def late(value: Json) -> None:
    value["time"] = BEYOND


@pytest.mark.parametrize("name", TIMES)
def test_a_time_that_no_calendar_writes_is_refused_even_when_its_signers_vouch_for_it(name: str) -> None:
    asked = asked_export()
    forged = Forgery(asked.folder)
    TIMES[name](forged)
    forged.repin_blindly()
    index = forged.find(AREA, lambda entry: entry["kind"] == "block")
    beacon, log = (Tree() for _ in range(2))
    beacon.extend_hashes(leaf_hash(data) for data in forged.entries[BEACON])
    log.extend_hashes(leaf_hash(data) for data in forged.entries[AREA])
    governance = Tree()
    governance.extend_hashes(leaf_hash(data) for data in forged.entries[GOVERNANCE])
    last = len(forged.entries[BEACON]) - 1
    parts = (
        ChannelPart((index,), (), AREA, (entry_part(forged, AREA, index),), encode_nodes(prove_many(log, [index])), ()),
        ChannelPart(
            (), (), GOVERNANCE, (entry_part(forged, GOVERNANCE, 0),), encode_nodes(prove_many(governance, [0])), ()
        ),
    )
    note = forged.checkpoint(BEACON, asked.keys).decode()
    part = BeaconPart(note, forged.entries[BEACON][last].decode(), encode_nodes(prove_many(beacon, [last])))
    policy = forged.policies[-1].decode()
    document = Document(part, tuple(sorted(parts, key=lambda p: p.channel)), FORMAT, NETWORK, policy)
    found = refusal(encode_document(document), None)
    assert "time" in str(found), found


def entry_part(forged: Forgery, channel: str, index: int) -> EntryPart:
    return EntryPart(forged.entries[channel][index].decode(), index)


def test_another_readers_policy_does_not_trust_it() -> None:
    policy = asked_export().policy
    assert refusal(genuine(), policy.replace(b"group validators 3", b"group validators 4")).code == "policy"
    assert refusal(genuine(), b"").code == "policy"


def test_evidence_signed_with_other_keys_is_refused() -> None:
    keys = derive_keys(NetworkConfig(NETWORK, dict.fromkeys(AREAS, ""), 0, ()), Keyring(b"a forger's keys").seed)
    logs = [SigningKey(origin(NETWORK, log), ED25519, seed).verifier_key for log, seed in keys.logs.items()]
    validators = {
        name: SigningKey(validator_name(NETWORK, name), COSIGNATURE_V1, seed).verifier_key
        for name, seed in keys.validators.items()
    }
    others_policy = encode_policy(logs, validators, 3)
    assert refusal(genuine(), others_policy).code == "policy"
    assert refusal(changed(("policy",), others_policy.decode()), others_policy).code == "unknown-key"


def test_a_policy_weaker_than_the_one_on_the_record_is_refused() -> None:
    weak = document_of()
    weak["policy"] = weak["policy"].replace("group validators 3", "group validators 2")
    assert refusal(jcs.encode(weak), None).code == "policy"
