"""Transactions: a signature covers every byte, and the wire has one spelling."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey, VerifyKey

from chain import jcs
from chain.errors import AdmissionError, ChainError, ParseError
from chain.limits import LIMITS
from chain.merkle import leaf_hash, node_hash
from chain.schema import Column, Schema
from chain.transaction import (
    CONTEXT,
    SignedTransaction,
    Signer,
    is_signature,
    parse_transaction,
    row_hashes,
    rows_root,
    verify_signature,
)

NETWORK = "ab" * 32
ALICE = Signer("alice", bytes(range(32)))
BOB = Signer("bob", bytes(range(1, 33)))
ALICE_KEY = bytes.fromhex(ALICE.public_key)
TABLE = Schema("orders", (Column("side", "text"), Column("price", "int")))


def made(**changes: Any) -> SignedTransaction:
    call: dict[str, Any] = {
        "network": NETWORK,
        "channel": "area-1",
        "nonce": 1,
        "contract": "auction",
        "method": "declare",
        "arguments": {"session": "1-2026110209"},
        "valid_until": 1_793_577_600_000,
    }
    return ALICE.transaction(**{**call, **changes})


def test_a_signer_does_not_show_its_seed() -> None:
    assert repr(ALICE) == f"Signer(account={ALICE.account!r})"
    assert str(ALICE.seed) not in f"{ALICE} {[ALICE]!r}"


def test_the_signature_is_ed25519_over_the_context_and_the_canonical_body() -> None:
    transaction = made()
    assert transaction.body_bytes == jcs.encode(transaction.body)
    message = b"gridproof/transaction/v1\n" + transaction.body_bytes
    assert SigningKey(ALICE.seed).sign(message).signature.hex() == transaction.signature
    VerifyKey(ALICE_KEY).verify(message, bytes.fromhex(transaction.signature))
    verify_signature(transaction, ALICE_KEY)


def test_the_public_test_vector_of_rfc_8032_holds() -> None:
    signer = Signer("v", bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    assert signer.public_key == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert signer.sign_bytes(b"\x72") == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_another_key_did_not_sign_it() -> None:
    with pytest.raises(AdmissionError) as caught:
        verify_signature(made(), bytes.fromhex(BOB.public_key))
    assert (caught.value.code, caught.value.where) == ("signature", "alice")


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": 2},
        {"channel": "area-2"},
        {"network": "cd" * 32},
        {"contract": "record"},
        {"method": "withdraw"},
        {"arguments": {}},
        {"valid_until": 1},
        {"schema": 2},
        {"rows": b'["bid",1]\n'},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_signature_is_for_one_body(change: dict[str, Any]) -> None:
    other = made(**change)
    with pytest.raises(AdmissionError):
        verify_signature(SignedTransaction(other.body, other.body_bytes, made().signature), ALICE_KEY)


def test_a_signature_for_another_purpose_is_none() -> None:
    transaction = made()
    for message in (transaction.body_bytes, b"gridproof/transaction/v2\n" + transaction.body_bytes):
        forged = SignedTransaction(transaction.body, transaction.body_bytes, ALICE.sign_bytes(message))
        with pytest.raises(AdmissionError):
            verify_signature(forged, ALICE_KEY)


@pytest.mark.parametrize(
    "signature",
    ["", "00", "00" * 63, "00" * 65, "AB" * 64, "é" * 128, " " * 128, "0" * 127 + "\n", "zz" * 64],
    ids=ascii,
)
def test_a_signature_that_is_not_64_bytes_of_lower_case_hex_is_our_own_error(signature: str) -> None:
    transaction = made()
    with pytest.raises(AdmissionError) as caught:
        verify_signature(SignedTransaction(transaction.body, transaction.body_bytes, signature), ALICE_KEY)
    assert caught.value.code == "malformed"


def test_a_signature_in_upper_case_is_no_second_spelling() -> None:
    transaction = made()
    shouted = SignedTransaction(transaction.body, transaction.body_bytes, transaction.signature.upper())
    with pytest.raises(AdmissionError):
        verify_signature(shouted, ALICE_KEY)
    with pytest.raises(ParseError):
        parse_transaction(shouted.wire())


def test_s_plus_the_order_of_the_group_is_no_second_signature() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    signature = bytes.fromhex(made().signature)
    s = int.from_bytes(signature[32:], "little") + order
    malleable = signature[:32] + s.to_bytes(32, "little")
    assert is_signature(signature, CONTEXT + made().body_bytes, ALICE_KEY)
    assert not is_signature(malleable, CONTEXT + made().body_bytes, ALICE_KEY)


SMALL_ORDER_KEYS = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]


@pytest.mark.parametrize("key", SMALL_ORDER_KEYS)
def test_a_key_of_small_order_verifies_nothing(key: str) -> None:
    identity = bytes.fromhex(SMALL_ORDER_KEYS[0])
    for r in (identity, bytes.fromhex(key)):
        assert not is_signature(r + bytes(32), b"message", bytes.fromhex(key))


@pytest.mark.parametrize("key", [b"", b"\x00" * 31, b"\x00" * 33])
def test_a_key_of_another_length_verifies_nothing(key: bytes) -> None:
    assert not is_signature(bytes(64), b"message", key)


def test_the_wire_form_survives_the_round_trip() -> None:
    rows = TABLE.encode_lines([("bid", 1), ("bid", 2)])
    transaction = made(rows=rows)
    assert parse_transaction(transaction.wire(), rows) == transaction
    assert transaction.wire() == jcs.encode(
        {"body": jcs.decode(transaction.body_bytes), "signature": transaction.signature}
    )


def test_every_single_byte_changed_on_the_wire_breaks_form_or_signature() -> None:
    wire = made().wire()
    for index in range(len(wire)):
        for mask in (0x01, 0x20, 0x80):
            changed = wire[:index] + bytes([wire[index] ^ mask]) + wire[index + 1 :]
            with pytest.raises(ChainError):
                verify_signature(parse_transaction(changed), ALICE_KEY)


def test_every_byte_left_out_or_doubled_breaks_form_or_signature() -> None:
    wire = made().wire()
    for index in range(len(wire)):
        for changed in (wire[:index] + wire[index + 1 :], wire[: index + 1] + wire[index:]):
            if changed != wire:
                with pytest.raises(ChainError):
                    verify_signature(parse_transaction(changed), ALICE_KEY)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_our_own_error(data: bytes) -> None:
    for wire in (data, b'{"body":' + data + b',"signature":"' + b"00" * 64 + b'"}'):
        with pytest.raises(ParseError):
            parse_transaction(wire)


def around(body: bytes) -> bytes:
    return b'{"body":' + body + b',"signature":"' + made().signature.encode() + b'"}'


BODY = made().body_bytes
BAD_WIRES: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" " + made().wire(),
    "a newline after": made().wire() + b"\n",
    "members in another order": b'{"signature":"' + made().signature.encode() + b'","body":' + BODY + b"}",
    "a third member": made().wire()[:-1] + b',"zone":1}',
    "no body": around(b""),
    "a body that is null": around(b"null"),
    "a body with a blank": around(BODY.replace(b'"nonce":1', b'"nonce": 1')),
    "a body with a member twice": around(BODY.replace(b'"nonce":1', b'"nonce":1,"nonce":1')),
    "a body with a member too many": around(BODY.replace(b'"nonce":1', b'"nonce":1,"nonce2":1')),
    "a body without a nonce": around(BODY.replace(b'"nonce":1,', b"")),
    "a nonce that is a float": around(BODY.replace(b'"nonce":1', b'"nonce":1.0')),
    "a nonce beyond 53 bits": around(BODY.replace(b'"nonce":1', b'"nonce":9007199254740992')),
    "a nonce of 5,000 digits": around(BODY.replace(b'"nonce":1', b'"nonce":' + b"1" * 5_000)),
    "an argument that is a float": around(BODY.replace(b'"1-2026110209"', b"1.5")),
    "an argument of 30 digits": around(BODY.replace(b'"1-2026110209"', b"1" * 30)),
    "an argument nested 15 deep": around(BODY.replace(b'"1-2026110209"', b"[" * 15 + b"]" * 15)),
    "an argument nested 900 deep": around(BODY.replace(b'"1-2026110209"', b"[" * 900 + b"]" * 900)),
    "an argument with a control character": around(BODY.replace(b"1-2026110209", b"\\u0001")),
    "an argument with a direction override": around(BODY.replace(b"1-2026110209", "\u202e".encode())),
    "an argument that is not NFC": around(BODY.replace(b"1-2026110209", "e\u0301".encode())),
    "an argument longer than 1,024 bytes": around(BODY.replace(b"1-2026110209", b"a" * 1_025)),
    "a lone surrogate": around(BODY.replace(b"1-2026110209", b"\\ud800")),
    "a method that is no name": around(BODY.replace(b'"declare"', b'"de clare"')),
    "a contract with control characters": around(BODY.replace(b'"auction"', b'"auction\\n"')),
    "a network that is no hash": around(BODY.replace(NETWORK.encode(), b"xyz")),
    "a signature in upper case": made().wire().replace(made().signature.encode(), b"AB" * 64),
    "a signature beyond ASCII": made().wire().replace(made().signature.encode(), b"\xc3" * 128),
    "a signature that is too short": made().wire().replace(made().signature.encode(), b"ab" * 63),
    "100,000 unclosed lists": around(b"[" * 50_000),
}


@pytest.mark.parametrize("wire", BAD_WIRES.values(), ids=BAD_WIRES)
def test_a_bad_wire_form_is_our_own_error(wire: bytes) -> None:
    with pytest.raises(ParseError):
        parse_transaction(wire)


def test_rows_are_hashed_one_by_one() -> None:
    rows = TABLE.encode_lines([("bid", 1), ("bid", 2), ("bid", 3)])
    leaves = [leaf_hash(b'["bid",%d]' % price) for price in (1, 2, 3)]
    assert row_hashes(rows) == leaves
    assert rows_root(leaves) == node_hash(node_hash(leaves[0], leaves[1]), leaves[2]).hex()
    body = made(rows=rows).body
    assert (body.rows_count, body.rows_root) == (3, rows_root(leaves))
    assert (made().body.rows_count, made().body.rows_root) == (0, "")


def test_the_transaction_on_the_wire_leaves_room_for_its_receipt() -> None:
    assert LIMITS.transaction_bytes_max + 4 * LIMITS.detail_characters_max < LIMITS.entry_bytes_max


def test_the_size_limit_holds_to_the_byte() -> None:
    room = LIMITS.transaction_bytes_max - len(made(arguments={"notes": ["a" * 1_000] * 56, "rest": ""}).wire())
    largest = made(arguments={"notes": ["a" * 1_000] * 56, "rest": "b" * room})
    assert len(largest.wire()) == LIMITS.transaction_bytes_max
    assert parse_transaction(largest.wire()) == largest
    with pytest.raises(ParseError):
        parse_transaction(made(arguments={"notes": ["a" * 1_000] * 56, "rest": "b" * (room + 1)}).wire())
