"""Keystores: one password opens one file, and nothing else does."""

import json
import traceback
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings
from nacl.exceptions import RuntimeError as SodiumError

from chain import jcs
from chain.errors import IdentityError, KeystoreError, ParseError, PasswordError
from chain.identity import keystore as module
from chain.identity.keystore import (
    DEFAULT_COST,
    MINIMUM_COST,
    KdfCost,
    change_password,
    check_password,
    decrypt_keystore,
    encrypt_keystore,
    new_signer,
    parse_keystore,
)
from chain.identity.limits import IDENTITY_LIMITS
from chain.transaction import Signer

PAGE = Path(__file__).resolve().parents[3] / "docs" / "format.md"
PASSWORD = "闽江 correct horse battery"
SIGNER = Signer("min-jiang-hydro", bytes(range(32)))
TINY = KdfCost(1, 8_192)
"""The least that Argon2id can do: files that only a test makes, and that open in no time."""


def counting() -> Callable[[int], bytes]:
    """Bytes that differ each time, and are the same in every run."""
    drawn = [0]

    def draw(count: int) -> bytes:
        drawn[0] += 1
        return sha256(b"drawn %d" % drawn[0]).digest()[:count]

    return draw


def by_hand(cost: KdfCost = TINY, password: str = PASSWORD, seed: bytes = SIGNER.seed, **changed: Any) -> bytes:
    """A keystore made as docs/format.md section 11 says, without the code under test."""
    salt, nonce = bytes(16), bytes(24)
    content: dict[str, Any] = {
        "account": SIGNER.account,
        "cipher": {"name": "xsalsa20-poly1305", "nonce": nonce.hex()},
        "format": "gridproof-keystore/1",
        "kdf": {
            "memlimit_bytes": cost.memlimit_bytes,
            "name": "argon2id",
            "opslimit": cost.opslimit,
            "salt": salt.hex(),
            "version": "1.3",
        },
        "public_key": SIGNER.public_key,
        **changed,
    }
    header = sha256(b"gridproof/keystore/v1\n" + jcs.encode(content)).digest()
    key = bindings.crypto_pwhash_alg(32, password.encode(), salt, cost.opslimit, cost.memlimit_bytes, 2)
    content["cipher"]["ciphertext"] = bindings.crypto_secretbox(header + seed, nonce, key).hex()
    return jcs.encode(content)


WEAK = by_hand()


def changed(data: bytes, path: str, value: Any) -> bytes:
    """The file with one member set to something else."""
    content = json.loads(data)
    place = content
    *parents, last = path.split(".")
    for name in parents:
        place = place[name]
    place[last] = value
    return jcs.encode(content)


def refusal(call: Callable[[], object]) -> IdentityError:
    with pytest.raises(IdentityError) as caught:
        call()
    return caught.value


def test_a_password_opens_what_it_closed() -> None:
    data = encrypt_keystore(SIGNER, PASSWORD, counting(), MINIMUM_COST)
    assert decrypt_keystore(data, PASSWORD) == SIGNER
    found = parse_keystore(data)
    assert (found.account, found.public_key, found.cost) == (SIGNER.account, SIGNER.public_key, MINIMUM_COST)
    assert not found.weak
    assert jcs.encode(jcs.decode(data)) == data


def test_a_file_made_by_the_page_alone_opens_and_says_that_it_is_weak() -> None:
    assert decrypt_keystore(WEAK, PASSWORD) == SIGNER
    assert parse_keystore(WEAK).weak


def test_the_vector_of_the_page_is_what_we_write() -> None:
    data = encrypt_keystore(SIGNER, PASSWORD, bytes, MINIMUM_COST)
    assert data == by_hand(MINIMUM_COST)
    assert f"\n{json.loads(data)['cipher']['ciphertext']}\n" in PAGE.read_text(encoding="utf-8")


def test_nothing_in_the_file_is_the_key_or_the_password() -> None:
    data = encrypt_keystore(SIGNER, PASSWORD, counting(), MINIMUM_COST)
    assert SIGNER.seed.hex().encode() not in data
    assert b"battery" not in data


def test_a_password_typed_on_another_keyboard_is_the_same_password() -> None:
    data = by_hand(password="Caf\u00e9 au lait, s'il vous plaît")
    assert decrypt_keystore(data, "Cafe\u0301 au lait, s'il vous plai\u0302t") == SIGNER


def test_every_changed_bit_is_refused() -> None:
    for bit in range(8 * len(WEAK)):
        data = bytearray(WEAK)
        data[bit // 8] ^= 1 << bit % 8
        refusal(lambda found=bytes(data): decrypt_keystore(found, PASSWORD))  # type: ignore[misc]


@given(st.integers(0, len(WEAK) - 1), st.integers(0, 255))
def test_every_changed_byte_is_refused(place: int, byte: int) -> None:
    data = WEAK[:place] + bytes([byte]) + WEAK[place + 1 :]
    if data != WEAK:
        refusal(lambda: decrypt_keystore(data, PASSWORD))


@given(st.integers(0, len(WEAK) - 1))
def test_every_truncated_file_is_refused(length: int) -> None:
    refusal(lambda: decrypt_keystore(WEAK[:length], PASSWORD))


@settings(max_examples=300)
@given(st.binary(max_size=400) | st.builds(lambda a, b: WEAK[:a] + WEAK[b:], *[st.integers(0, len(WEAK))] * 2))
def test_any_bytes_are_a_keystore_or_our_own_error(data: bytes) -> None:
    if data != WEAK:
        refusal(lambda: decrypt_keystore(data, PASSWORD))


LEAVES = st.none() | st.booleans() | st.integers(-5, 2**53 - 1) | st.text(max_size=8)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))


@given(JSON, st.sampled_from(["", "account", "cipher", "cipher.name", "format", "kdf", "kdf.opslimit", "public_key"]))
def test_any_json_in_any_place_is_our_own_error(value: Any, path: str) -> None:
    data = changed(WEAK, path, value) if path else jcs.encode(value)
    if data != WEAK:
        refusal(lambda: decrypt_keystore(data, PASSWORD))


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "truncated"),
    "cut off": (WEAK[:-40], "truncated"),
    "a line end": (WEAK + b"\n", "truncated"),
    "too long": (WEAK[:-1] + b" " * 4_096 + b"}", "length"),
    "white space": (b" " + WEAK, "not-canonical"),
    "no JSON": (b"{]}", "json"),
    "bytes that are no text": (b'{"account":"\xff"}', "json"),
    "deep": (b'{"a":' * 200 + b"1" + b"}" * 200, "json-depth"),
    "another file": (b'{"format":"gridproof-evidence/1"}', "format"),
    "no format": (b"{}", "format"),
    "the next version": (changed(WEAK, "format", "gridproof-keystore/2"), "version"),
    "an unknown derivation": (changed(WEAK, "kdf", {"name": "scrypt", "n": 16_384}), "kdf"),
    "another Argon2": (changed(WEAK, "kdf.name", "argon2i"), "kdf"),
    "an older Argon2": (changed(WEAK, "kdf.version", "1.0"), "kdf"),
    "an unknown cipher": (changed(WEAK, "cipher", {"name": "aes-128-ecb"}), "cipher"),
    "another member": (changed(WEAK, "note", "mine"), "json-shape"),
    "a number for a text": (changed(WEAK, "account", 1), "json-shape"),
    "no name": (changed(WEAK, "account", "../x"), "json-shape"),
    "a short salt": (changed(WEAK, "kdf.salt", "00"), "json-shape"),
    "capital digits": (changed(WEAK, "cipher.ciphertext", "A" * 160), "json-shape"),
    "no pass": (changed(WEAK, "kdf.opslimit", 0), "kdf-bounds"),
    "fewer than no pass": (changed(WEAK, "kdf.opslimit", -1), "kdf-bounds"),
    "hardly memory": (changed(WEAK, "kdf.memlimit_bytes", 1_024), "kdf-bounds"),
    "half a KiB": (changed(WEAK, "kdf.memlimit_bytes", 8_193), "kdf-bounds"),
    "all memory": (changed(WEAK, "kdf.memlimit_bytes", 2**42), "kdf-cost"),
    "a KiB too much": (changed(WEAK, "kdf.memlimit_bytes", 2**29 + 1_024), "kdf-cost"),
    "all day": (changed(WEAK, "kdf.opslimit", 2**32 - 1), "kdf-cost"),
    "a pass too many": (changed(WEAK, "kdf.opslimit", 9), "kdf-cost"),
    "another salt": (changed(WEAK, "kdf.salt", "11" * 16), "wrong-password"),
    "another nonce": (changed(WEAK, "cipher.nonce", "11" * 24), "wrong-password"),
    "another ciphertext": (changed(WEAK, "cipher.ciphertext", "11" * 80), "wrong-password"),
    "a weaker derivation": (changed(WEAK, "kdf.opslimit", 2), "wrong-password"),
    "another account": (changed(WEAK, "account", "someone-else"), "header"),
    "another public key": (changed(WEAK, "public_key", "11" * 32), "header"),
    "another key than the public one": (by_hand(seed=bytes(32)), "key"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_does_not_hold_is_refused(data: bytes, code: str) -> None:
    error = refusal(lambda: decrypt_keystore(data, PASSWORD))
    assert error.code == code
    assert PASSWORD not in str(error)
    assert SIGNER.seed.hex() not in str(error)


def test_a_hostile_cost_is_refused_before_anything_is_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> bytes:
        raise AssertionError("derived")

    monkeypatch.setattr(bindings, "crypto_pwhash_alg", never)
    for name in ("all memory", "all day", "a KiB too much", "a pass too many"):
        assert refusal(lambda data=REFUSED[name][0]: decrypt_keystore(data, PASSWORD)).code == "kdf-cost"  # type: ignore[misc]


def test_a_machine_without_the_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise SodiumError("Unexpected failure in key derivation")

    monkeypatch.setattr(bindings, "crypto_pwhash_alg", fail)
    assert refusal(lambda: decrypt_keystore(WEAK, PASSWORD)).code == "kdf-memory"


@pytest.mark.parametrize("password", ["", "wrong horse battery", PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper()])
def test_a_wrong_password_opens_nothing(password: str) -> None:
    error = refusal(lambda: decrypt_keystore(WEAK, password))
    assert isinstance(error, PasswordError)
    assert error.code == "wrong-password"


COSTS: dict[str, tuple[KdfCost, str]] = {
    "too few passes": (KdfCost(1, DEFAULT_COST.memlimit_bytes), "kdf-weak"),
    "too little memory": (KdfCost(3, IDENTITY_LIMITS.memlimit_bytes_min - 1_024), "kdf-weak"),
    "too many passes": (KdfCost(9, IDENTITY_LIMITS.memlimit_bytes_min), "kdf-cost"),
    "too much memory": (KdfCost(2, IDENTITY_LIMITS.memlimit_bytes_max + 1_024), "kdf-cost"),
    "half a KiB": (KdfCost(2, IDENTITY_LIMITS.memlimit_bytes_min + 1), "kdf-bounds"),
}


@pytest.mark.parametrize(("cost", "code"), COSTS.values(), ids=COSTS.keys())
def test_no_file_is_written_that_is_weak_or_that_we_would_not_read(cost: KdfCost, code: str) -> None:
    assert refusal(lambda: encrypt_keystore(SIGNER, PASSWORD, counting(), cost)).code == code


PASSWORDS: dict[str, tuple[str, str]] = {
    "none": ("", "password-short"),
    "eleven": ("elevenchars", "password-short"),
    "short once composed": ("e\u0301" * 11, "password-short"),
    "a tab": ("twelve\tcharacters", "password-characters"),
    "a line end": ("twelve characters\n", "password-characters"),
    "NUL": ("twelve\0characters", "password-characters"),
    "writing backwards": ("twelve\u202echaracters", "password-characters"),
    "half a character": ("twelve characters \ud800", "password-characters"),
    "a code point of Unicode 15": ("twelve characters \U00011f00", "password-characters"),
    "too many characters": ("x" * 1_025, "password-long"),
    "too many bytes": ("闽" * 400, "password-long"),
}


@pytest.mark.parametrize(("password", "code"), PASSWORDS.values(), ids=PASSWORDS.keys())
def test_a_password_that_protects_nothing_is_refused(password: str, code: str) -> None:
    error = refusal(lambda: encrypt_keystore(SIGNER, password, counting(), MINIMUM_COST))
    assert (type(error), error.code) == (PasswordError, code)
    assert not password or password not in str(error)


@given(st.text())
def test_the_policy_only_ever_refuses_with_its_own_error(password: str) -> None:
    try:
        normal = check_password(password)
    except PasswordError:
        return
    assert check_password(normal) == normal


def test_F02_after_a_change_the_old_password_is_refused_and_the_key_is_the_same() -> None:
    new = "an altogether different sentence"
    data = encrypt_keystore(SIGNER, PASSWORD, counting(), MINIMUM_COST)
    after = change_password(data, PASSWORD, new, counting())
    assert decrypt_keystore(after, new) == SIGNER
    assert refusal(lambda: decrypt_keystore(after, PASSWORD)).code == "wrong-password"
    assert parse_keystore(after) == parse_keystore(data)


def test_F02_a_changed_file_shares_neither_salt_nor_nonce_with_the_old_one() -> None:
    draw = counting()
    data = encrypt_keystore(SIGNER, PASSWORD, draw, MINIMUM_COST)
    after = json.loads(change_password(data, PASSWORD, "an altogether different sentence", draw))
    before = json.loads(data)
    assert before["kdf"]["salt"] != after["kdf"]["salt"]
    assert before["cipher"]["nonce"] != after["cipher"]["nonce"]


def test_F02_a_weak_file_is_mended_by_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEFAULT_COST", MINIMUM_COST)
    assert not parse_keystore(change_password(WEAK, PASSWORD, "an altogether different sentence", counting())).weak


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("wrong horse battery", "an altogether different sentence", "wrong-password"),
        (PASSWORD, "short", "password-short"),
        (PASSWORD, PASSWORD, "password-same"),
    ],
)
def test_F02_a_change_needs_the_old_password_and_a_good_new_one(old: str, new: str, code: str) -> None:
    assert refusal(lambda: change_password(WEAK, old, new, counting())).code == code


def test_a_new_key_is_what_the_source_of_randomness_gave() -> None:
    signer = new_signer("a-plant", lambda count: bytes(range(count)))
    assert signer == Signer("a-plant", bytes(range(32)))
    with pytest.raises(ParseError):
        new_signer("no name", counting())


@pytest.mark.parametrize("drawn", [b"", b"short", bytes(33), "x" * 32, None])
def test_a_broken_source_of_randomness_makes_no_key(drawn: Any) -> None:
    error = refusal(lambda: new_signer("a-plant", lambda count: drawn))
    assert (type(error), error.code) == (KeystoreError, "random")


def test_no_secret_is_in_a_repr_or_a_traceback_sentence() -> None:
    signer = decrypt_keystore(WEAK, PASSWORD)
    assert SIGNER.seed.hex() not in repr(signer)
    assert repr(SIGNER.seed)[2:-1] not in repr(signer)
    wrong = "battery staple".upper()
    error = refusal(lambda: decrypt_keystore(WEAK, wrong))
    told = "".join(traceback.format_exception(error))
    assert wrong not in told
    assert error.__suppress_context__
