"""Entries: canonical bytes of exactly the members that the format lists."""

import contextlib
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from chain import jcs
from chain.entry import (
    BeaconLeaf,
    Block,
    Body,
    CatalogueLeaf,
    Genesis,
    Seal,
    Transaction,
    Trigger,
    check_body,
    encode_entry,
    parse_beacon_leaf,
    parse_entry,
)
from chain.errors import ParseError
from chain.limits import LIMITS

HASH = "ab" * 32
ENCODER = {"library": "polars", "settings": "level=3", "version": "2.1.0"}
RECEIPT = {
    "code": "ok",
    "detail": "",
    "events": [{"data": {"session": "350100-2026110209"}, "name": "session.opened"}],
    "status": "accepted",
    "tables": [{"rows_count": 1, "rows_root": HASH, "table": "rounds"}],
}
BODY = {
    "account": "minjiang-solar",
    "arguments": {"session": "350100-2026110209"},
    "channel": "area-350100",
    "contract": "auction",
    "method": "declare",
    "network": HASH,
    "nonce": 1,
    "rows_count": 2,
    "rows_root": HASH,
    "schema": 1,
    "valid_until": 1_793_577_600_000,
}
ENTRIES: dict[str, dict[str, Any]] = {
    "genesis": {
        "channel": "area-350100",
        "contracts": [{"code_sha256": HASH, "name": "record", "version": 1}],
        "deployment": "embedded",
        "encoder": ENCODER,
        "faults": 1,
        "format": "gridproof/1",
        "governance": HASH,
        "kind": "genesis",
        "name": "fujian",
        "operators": [
            {
                "account": "regulator",
                "name_en": "R",
                "name_zh": "监管",
                "organisation": "grid-company",
                "public_key": HASH,
                "roles": ["regulator"],
            }
        ],
        "parameters": {"record": {}},
        "policy": "quorum q\n",
        "release": "gridproof 0.1.0",
        "schemas": [{"columns": [], "sorted": [], "table": "t", "version": 1}],
        "time": 1_793_577_600_000,
    },
    "transaction": {"body": BODY, "kind": "transaction", "receipt": RECEIPT, "signature": "cd" * 64},
    "trigger": {
        "contract": "record",
        "due": 1_793_577_600_000,
        "key": "day",
        "kind": "trigger",
        "method": "day",
        "receipt": RECEIPT,
    },
    "seal": {
        "encoder": ENCODER,
        "end": 9,
        "first": 0,
        "keyword_index": [
            {"analyzer": "zh-1", "columns": ["body"], "root": HASH, "terms_count": 3, "vocabulary_sha256": HASH}
        ],
        "kind": "seal",
        "rows_count": 3,
        "rows_root": HASH,
        "schema_sha256": HASH,
        "sha256": HASH,
        "sorted_indexes": [{"column": "price", "root": HASH, "sums": [], "version": "1"}],
        "table": "trades",
    },
    "block": {
        "beacon_round": -1,
        "catalogue_root": HASH,
        "count": 2,
        "first": 0,
        "height": 0,
        "kind": "block",
        "previous": HASH,
        "state_keys": 2,
        "state_root": "",
        "time": 1_793_577_600_000,
    },
}
TYPES = {"genesis": Genesis, "transaction": Transaction, "trigger": Trigger, "seal": Seal, "block": Block}
BEACON = {
    "heads": [{"channel": "area-1", "closed": False, "height": 3, "root": HASH, "size": 9}],
    "policy_sha256": HASH,
    "round": 0,
    "time": 1_793_577_600_000,
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_an_entry_survives_the_round_trip_in_the_bytes_of_rfc_8785(kind: str) -> None:
    data = rfc8785.dumps(ENTRIES[kind])
    entry = parse_entry(data)
    assert type(entry) is TYPES[kind]
    assert encode_entry(entry) == data


def test_a_beacon_leaf_survives_the_round_trip() -> None:
    data = rfc8785.dumps(BEACON)
    assert encode_entry(parse_beacon_leaf(data)) == data


@pytest.mark.parametrize(
    "record",
    [*TYPES.values(), Body, BeaconLeaf, CatalogueLeaf],
    ids=lambda record: record.__name__,
)
def test_fields_stand_in_key_order(record: type[msgspec.Struct]) -> None:
    assert list(record.__struct_fields__) == sorted(record.__struct_fields__)


def every_member() -> list[tuple[str, tuple[str, ...]]]:
    """(kind, path) of every member of every entry above, nested ones included."""
    found: list[tuple[str, tuple[str, ...]]] = []

    def walk(kind: str, value: Any, path: tuple[str, ...]) -> None:
        for name, inner in value.items():
            found.append((kind, (*path, name)))
            if isinstance(inner, dict) and name not in ("arguments", "parameters"):
                walk(kind, inner, (*path, name))

    for kind, entry in ENTRIES.items():
        walk(kind, entry, ())
    return found


def changed(kind: str, path: tuple[str, ...], change: Any) -> bytes:
    """The entry with `change(container, name)` done at `path`."""
    entry: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(ENTRIES[kind]))
    container = entry
    for name in path[:-1]:
        container = container[name]
    change(container, path[-1])
    return rfc8785.dumps(entry)


@pytest.mark.parametrize(("kind", "path"), every_member(), ids=lambda value: ".".join(value) if value else "")
def test_a_missing_member_is_refused(kind: str, path: tuple[str, ...]) -> None:
    with pytest.raises(ParseError):
        parse_entry(changed(kind, path, lambda container, name: container.pop(name)))


@pytest.mark.parametrize(("kind", "path"), every_member(), ids=lambda value: ".".join(value) if value else "")
def test_a_member_of_another_type_is_refused(kind: str, path: tuple[str, ...]) -> None:
    with pytest.raises(ParseError):
        parse_entry(changed(kind, path, lambda container, name: container.update({name: None})))


@pytest.mark.parametrize(("kind", "path"), every_member(), ids=lambda value: ".".join(value) if value else "")
def test_an_unknown_member_is_refused(kind: str, path: tuple[str, ...]) -> None:
    with pytest.raises(ParseError):
        parse_entry(changed(kind, path, lambda container, name: container.update({f"{name}_more": 1})))


INTEGERS = [(kind, path) for kind, path in every_member() if path[-1] in ("nonce", "time", "due", "end", "rows_count")]


@pytest.mark.parametrize("number", ["9007199254740992", "-9007199254740992", "1.0", "-0", "1" * 5_000, '"1"', "true"])
@pytest.mark.parametrize(("kind", "path"), INTEGERS, ids=lambda value: ".".join(value) if value else "")
def test_an_integer_keeps_to_53_bits(kind: str, path: tuple[str, ...], number: str) -> None:
    marked = changed(kind, path, lambda container, name: container.update({name: 1_234_567_891}))
    with pytest.raises(ParseError):
        parse_entry(marked.replace(b"1234567891", number.encode()))


BAD: dict[str, bytes] = {
    "nothing": b"",
    "no object": b"[]",
    "no kind": b"{}",
    "a kind that is no text": b'{"kind":1}',
    "an unknown kind": b'{"kind":"note"}',
    "a kind of other case": rfc8785.dumps({**ENTRIES["block"], "kind": "Block"}),
    "a kind with the members of another": rfc8785.dumps({**ENTRIES["block"], "kind": "seal"}),
    "a kind twice": rfc8785.dumps(ENTRIES["block"]).replace(b'"kind":"block"', b'"kind":"block","kind":"block"'),
    "white space": rfc8785.dumps(ENTRIES["block"]).replace(b":", b": "),
    "a newline after": rfc8785.dumps(ENTRIES["block"]) + b"\n",
    "another deployment": rfc8785.dumps({**ENTRIES["genesis"], "deployment": "cloud"}),
    "another status": rfc8785.dumps({**ENTRIES["trigger"], "receipt": {**RECEIPT, "status": "maybe"}}),
    "100,000 unclosed lists": b'{"kind":' + b"[" * 100_000,
    "a parameter that is a float": rfc8785.dumps(ENTRIES["genesis"]).replace(b'"record":{}', b'"record":{"a":1.5}'),
    "an argument of 30 digits": rfc8785.dumps(
        {**ENTRIES["transaction"], "body": {**BODY, "arguments": {"a": 7}}}
    ).replace(b'"a":7', b'"a":' + b"7" * 30),
    "an event with a key beyond ASCII": rfc8785.dumps(
        {**ENTRIES["trigger"], "receipt": {**RECEIPT, "events": [{"data": {"é": 1}, "name": "n"}]}}
    ),
    "bytes that are not UTF-8": rfc8785.dumps(ENTRIES["block"]).replace(b"block", b"bl\xffck"),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_what_is_no_entry_is_our_own_error(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_entry(data, "area-1 entry 7")
    assert caught.value.where.startswith("area-1 entry 7")


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("kind", "build", "allowed"),
    [
        ("transaction", lambda value: {"body": {**BODY, "arguments": {"a": value}}}, LIMITS.json_depth_max - 3),
        ("trigger", lambda value: {"receipt": {**RECEIPT, "events": [{"data": {"a": value}, "name": "n"}]}}, 11),
        ("genesis", lambda value: {"parameters": {"a": value}}, LIMITS.json_depth_max - 2),
    ],
)
def test_the_depth_of_nesting_counts_from_the_entry(kind: str, build: Any, allowed: int) -> None:
    parse_entry(jcs.encode({**ENTRIES[kind], **build(nested(allowed))}))
    with pytest.raises(ParseError) as caught:
        parse_entry(jcs.encode({**ENTRIES[kind], **build(nested(allowed + 1))}))
    assert caught.value.code == "json-depth"


def test_the_size_limit_holds_to_the_byte() -> None:
    room = LIMITS.entry_bytes_max - len(rfc8785.dumps({**ENTRIES["trigger"], "key": ""}))
    data = rfc8785.dumps({**ENTRIES["trigger"], "key": "x" * room})
    entry = parse_entry(data)
    assert len(encode_entry(entry)) == LIMITS.entry_bytes_max
    larger = rfc8785.dumps({**ENTRIES["trigger"], "key": "x" * (room + 1)})
    with pytest.raises(ParseError) as caught:
        parse_entry(larger)
    assert caught.value.code == "entry-size"
    with pytest.raises(ParseError) as caught:
        encode_entry(msgspec.structs.replace(entry, key="x" * (room + 1)))
    assert caught.value.code == "entry-size"
    with pytest.raises(ParseError):
        parse_beacon_leaf(b"[" * (LIMITS.entry_bytes_max + 1))


@given(st.sampled_from(sorted(ENTRIES)), st.data())
def test_one_byte_changed_is_another_entry_or_our_own_error(kind: str, data: st.DataObject) -> None:
    encoded = bytearray(rfc8785.dumps(ENTRIES[kind]))
    index = data.draw(st.integers(0, len(encoded) - 1))
    encoded[index] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ParseError):
        assert encode_entry(parse_entry(bytes(encoded))) == bytes(encoded)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_our_own_error(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_entry(data)
    with pytest.raises(ParseError):
        parse_beacon_leaf(data)


BAD_BODIES: dict[str, dict[str, Any]] = {
    "an account that is a path": {"account": "../x"},
    "a channel with a blank": {"channel": "area 1"},
    "a contract with a direction override": {"contract": "\u202eauction"},
    "a method with a newline": {"method": "declare\n"},
    "an empty method": {"method": ""},
    "a network in upper case": {"network": HASH.upper()},
    "a network that is too short": {"network": HASH[2:]},
    "a rows root that is no hash": {"rows_root": "0"},
    "an argument with a control character": {"arguments": {"a": ["\x01"]}},
    "an argument that is not NFC": {"arguments": {"a": {"b": "e\u0301"}}},
    "an argument that is a float": {"arguments": {"a": 1.5}},
    "an argument beyond 53 bits": {"arguments": {"a": 2**53}},
    "an argument with a key beyond ASCII": {"arguments": {"é": 1}},
}


@pytest.mark.parametrize("change", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_has_names_hashes_and_text_in_order(change: dict[str, Any]) -> None:
    with pytest.raises(ParseError):
        check_body(msgspec.convert({**BODY, **change}, Body))
    check_body(msgspec.convert({**BODY, "rows_count": 0, "rows_root": ""}, Body))


@pytest.mark.parametrize("kind", ["transaction", "trigger"])
def test_a_receipt_carries_as_many_events_as_the_limit_says(kind: str) -> None:
    event = {"data": {}, "name": "session.opened"}
    for count in (LIMITS.events_per_receipt_max, LIMITS.events_per_receipt_max + 1):
        entry = {**ENTRIES[kind], "receipt": {**RECEIPT, "events": [event] * count}}
        with contextlib.nullcontext() if count == 32 else pytest.raises(ParseError, match=r"receipt\.events"):
            parse_entry(jcs.encode(entry))
