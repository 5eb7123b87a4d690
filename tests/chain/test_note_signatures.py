"""Signatures and cosignatures that do not hold, and keys that an attacker would choose (RFC 8032, libsodium)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import ParseError, SignatureError
from chain.note import (
    COSIGNATURE_V1,
    ED25519,
    Checkpoint,
    Note,
    Signature,
    SigningKey,
    VerifierKey,
    encode_checkpoint,
    verify_cosignature,
    verify_signature,
)

LOG = SigningKey("gridproof/demo/north", ED25519, bytes(range(32)))
VALIDATOR = SigningKey("gridproof/demo/validator/regulator", COSIGNATURE_V1, bytes(range(32, 64)))
TEXT = encode_checkpoint(Checkpoint("gridproof/demo/north", 5, bytes(range(32))))
TIME_S = 1_700_000_000
SIGNED = Note(TEXT, (LOG.sign(TEXT), VALIDATOR.cosign(TEXT, TIME_S)))


@pytest.mark.parametrize(
    ("code", "signature", "key"),
    [
        pytest.param("signature-key", replace(SIGNED.signatures[0], name="other"), LOG, id="another name"),
        pytest.param("signature-key", replace(SIGNED.signatures[0], key_id=bytes(4)), LOG, id="another key id"),
        pytest.param("signature-length", replace(SIGNED.signatures[0], payload=bytes(63)), LOG, id="63 bytes"),
        pytest.param("signature-length", replace(SIGNED.signatures[0], payload=bytes(72)), LOG, id="72 bytes"),
        pytest.param("signature-invalid", replace(SIGNED.signatures[0], payload=bytes(64)), LOG, id="zeros"),
        pytest.param("key-algorithm", SIGNED.signatures[1], VALIDATOR, id="a validator's for a log's"),
    ],
)
def test_a_log_signature_that_does_not_hold_is_refused(code: str, signature: Signature, key: SigningKey) -> None:
    with pytest.raises(SignatureError) as caught:
        verify_signature(TEXT, signature, key.verifier_key)
    assert caught.value.code == code


COSIGNED = SIGNED.signatures[1]


@pytest.mark.parametrize(
    ("code", "signature", "key"),
    [
        pytest.param("signature-length", replace(COSIGNED, payload=COSIGNED.payload[8:]), VALIDATOR, id="no time"),
        pytest.param(
            "signature-length", replace(COSIGNED, payload=COSIGNED.payload + b"\0"), VALIDATOR, id="a byte more"
        ),
        pytest.param(
            "signature-invalid",
            replace(COSIGNED, payload=bytes(8) + COSIGNED.payload[8:]),
            VALIDATOR,
            id="another time",
        ),
        pytest.param(
            "cosignature-time",
            replace(COSIGNED, payload=b"\x80" + bytes(7) + COSIGNED.payload[8:]),
            VALIDATOR,
            id="a time of 2**63",
        ),
        pytest.param("key-algorithm", SIGNED.signatures[0], LOG, id="a log's for a validator's"),
    ],
)
def test_a_cosignature_that_does_not_hold_is_refused(code: str, signature: Signature, key: SigningKey) -> None:
    with pytest.raises(SignatureError) as caught:
        verify_cosignature(TEXT, signature, key.verifier_key)
    assert caught.value.code == code


def test_a_key_signs_only_as_what_it_is() -> None:
    with pytest.raises(SignatureError):
        VALIDATOR.sign(TEXT)
    with pytest.raises(SignatureError):
        LOG.cosign(TEXT, TIME_S)
    for time_s in (-1, 2**63, True, 1.5):
        with pytest.raises(SignatureError):
            VALIDATOR.cosign(TEXT, time_s)  # type: ignore[arg-type]
    for text in (b"", b"no newline", b"\xff\n", b"tab\t\n"):
        with pytest.raises(ParseError):
            LOG.sign(text)
    with pytest.raises(SignatureError):
        SigningKey("short", ED25519, bytes(31))


P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
# y of a point of order 8; with its negative, ±1 and 0 these are all points whose order divides 8.
ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SIGN_BIT = 1 << 255

SMALL_ORDER = [
    pytest.param(y | sign, id=f"{label}{', sign bit' if sign else ''}")
    for sign in (0, SIGN_BIT)
    for y, label in (
        (1, "neutral element"),
        (P - 1, "order 2"),
        (0, "order 4"),
        (ORDER_8, "order 8"),
        (P - ORDER_8, "order 8, negative"),
        (P, "order 4, not canonical"),
        (P + 1, "neutral element, not canonical"),
    )
]


@pytest.mark.parametrize("encoded", SMALL_ORDER)
def test_a_small_order_key_signs_nothing(encoded: int) -> None:
    """With R the key or the neutral element and S = 0, the bare equation holds for some texts or for all."""
    point = encoded.to_bytes(32, "little")
    key = VerifierKey("weak", ED25519, point)
    for r in (point, (1).to_bytes(32, "little")):
        for text in (b"%d\n" % number for number in range(16)):
            with pytest.raises(SignatureError):
                verify_signature(text, Signature("weak", key.key_id, r + bytes(32)), key)


@pytest.mark.parametrize(
    "y",
    [
        pytest.param(P + 3, id="y = 3, not canonical"),
        pytest.param(2**255 - 1, id="the largest"),
        pytest.param(2, id="no point of the curve"),
        pytest.param(7, id="no point of the curve either"),
    ],
)
def test_a_key_that_is_no_canonical_point_verifies_nothing(y: int) -> None:
    key = VerifierKey("odd", ED25519, y.to_bytes(32, "little"))
    with pytest.raises(SignatureError):
        verify_signature(TEXT, Signature("odd", key.key_id, SIGNED.signatures[0].payload), key)


@pytest.mark.parametrize("multiple", range(1, 16))
def test_a_signature_with_s_beyond_the_group_order_is_refused(multiple: int) -> None:
    good = SIGNED.signatures[0]
    s = int.from_bytes(good.payload[32:], "little") + multiple * ORDER
    if s >= 2**256:
        s -= ORDER
    malleable = replace(good, payload=good.payload[:32] + s.to_bytes(32, "little"))
    with pytest.raises(SignatureError):
        verify_signature(TEXT, malleable, LOG.verifier_key)


@given(st.integers(0, 63), st.integers(1, 255))
def test_a_changed_signature_is_refused(at: int, mask: int) -> None:
    payload = bytearray(SIGNED.signatures[0].payload)
    payload[at] ^= mask
    with pytest.raises(SignatureError):
        verify_signature(TEXT, replace(SIGNED.signatures[0], payload=bytes(payload)), LOG.verifier_key)
