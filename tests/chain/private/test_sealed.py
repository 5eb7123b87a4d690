"""Sealed records: readable by named readers only, re-keyed on every change, and no byte of the file can be changed."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from chain import jcs
from chain.errors import ChainError, LimitError, PrivateError, SignatureError
from chain.limits import LIMITS
from chain.private.record import encode_record, information_hash, make_record
from chain.private.sealed import PADDING_BYTES, Reader, grant, open_sealed, read_header, seal, withdraw
from tests.chain.private.private_fixture import SUBJECT, VALUES, reader, record, signer, source
from tests.private_scan import assert_nowhere

RECORD = record()
OWNER, REGISTRAR, REGULATOR = (signer(name) for name in (SUBJECT, "registrar", "regulator"))
STRANGER = signer("stranger")
SEALED = seal(RECORD, [reader("registrar"), reader(SUBJECT)], source())
OTHER = seal(record("fz-factory-01"), [reader("registrar"), reader(SUBJECT)], source("other"))
SECRETS = [VALUES, *(one.salt for one in RECORD.fields), OWNER.seed, REGISTRAR.seed]


def changed(**members: Any) -> bytes:
    return jcs.encode({**jcs.decode(SEALED), **members})


def of(data: bytes, member: str) -> Any:
    return jcs.decode(data)[member]


READERS = of(SEALED, "readers")
CIPHERTEXT = of(SEALED, "ciphertext")
SMALL_ORDER = "01" + "00" * 31

BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"\0" * 100, "json"),
    "cut off": (SEALED[:-1], "json"),
    "cut off in the middle": (SEALED[: len(SEALED) // 2], "json"),
    "white space": (b" " + SEALED, "not-canonical"),
    "a member too many": (changed(more=1), "json-shape"),
    "another format": (changed(format="gridproof-sealed/2"), "sealed-format"),
    "a subject that is no name": (changed(subject="../../etc/passwd"), "name"),
    "a hash of 31 bytes": (changed(information_hash="00" * 31), "hex"),
    "version 0": (changed(version=0), "sealed-version"),
    "a version that browsers garble": (changed(version=2**53), "sealed-version"),
    "a version that is true": (changed(version=True), "json-shape"),
    "no readers": (changed(readers=[]), "private-readers"),
    "too many readers": (changed(readers=READERS * 40), "private-readers"),
    "a reader twice": (changed(readers=[READERS[0], READERS[0]]), "private-readers"),
    "readers out of order": (changed(readers=READERS[::-1]), "private-readers"),
    "a key under two names": (changed(readers=[READERS[0], {**READERS[0], "account": "z"}]), "private-readers"),
    "a key of small order": (changed(readers=[{**READERS[0], "public_key": SMALL_ORDER}]), "public-key"),
    "a key of 31 bytes": (changed(readers=[{**READERS[0], "public_key": "00" * 31}]), "hex"),
    "a box cut off": (changed(readers=[{**READERS[0], "box": READERS[0]["box"][:-2]}]), "hex"),
    "no ciphertext": (changed(ciphertext=""), "sealed-length"),
    "half a byte": (changed(ciphertext=CIPHERTEXT[:-1]), "hex"),
    "a ciphertext cut off": (changed(ciphertext=CIPHERTEXT[:-2]), "sealed-length"),
    "a ciphertext cut off by a block": (changed(ciphertext=CIPHERTEXT[: -2 * PADDING_BYTES]), "sealed-length"),
    "a file too long": (b" " * (LIMITS.private_file_bytes_max + 1), "private-bytes"),
}

SWAPPED: dict[str, tuple[bytes, str]] = {
    "another subject": (changed(subject="fz-factory-01"), "header"),
    "another hash": (changed(information_hash=of(OTHER, "information_hash")), "header"),
    "another version": (changed(version=2), "header"),
    "a reader left out": (changed(readers=READERS[:1]), "header"),
    "a reader under another name": (changed(readers=[READERS[0], {**READERS[1], "account": "z"}]), "header"),
    "a reader slipped in": (
        changed(readers=[*READERS, {**READERS[0], "account": "z", "public_key": STRANGER.public_key}]),
        "header",
    ),
    "another reader's box changed": (changed(readers=[READERS[0], {**READERS[1], "box": "00" * 80}]), "header"),
    "the ciphertext of another subject": (changed(ciphertext=of(OTHER, "ciphertext")), "ciphertext"),
    "the readers of another subject": (changed(readers=of(OTHER, "readers")), "ciphertext"),
    "two boxes swapped": (
        changed(readers=[{**one, "box": other["box"]} for one, other in zip(READERS, READERS[::-1], strict=True)]),
        "box",
    ),
}


def test_B3_only_named_readers_read_sealed_fields_and_each_change_is_a_new_key() -> None:
    for named in (OWNER, REGISTRAR):
        assert open_sealed(SEALED, named.seed) == RECORD
    for other in (STRANGER, REGULATOR):
        with pytest.raises(PrivateError) as caught:
            open_sealed(SEALED, other.seed)
        assert caught.value.code == "not-a-reader"
    granted = grant(SEALED, OWNER.seed, reader("regulator"), source("grant"))
    assert open_sealed(granted, REGULATOR.seed) == RECORD
    withdrawn = withdraw(granted, OWNER.seed, "registrar", source("withdraw"))
    with pytest.raises(PrivateError):
        open_sealed(withdrawn, REGISTRAR.seed)
    # The salts stay, since the hash is on the record; every key and every byte of the ciphertext is another.
    assert open_sealed(withdrawn, REGULATOR.seed) == RECORD
    assert [read_header(data).version for data in (SEALED, granted, withdrawn)] == [1, 2, 3]
    assert len({content_key(data, OWNER.seed) for data in (SEALED, granted, withdrawn)}) == 3


def content_key(data: bytes, seed: bytes) -> bytes:
    """As libsodium's own call opens the box."""
    public, secret = bindings.crypto_sign_seed_keypair(seed)
    box = next(one["box"] for one in of(data, "readers") if one["public_key"] == public.hex())
    keys = bindings.crypto_sign_ed25519_pk_to_curve25519(public), bindings.crypto_sign_ed25519_sk_to_curve25519(secret)
    return bytes(bindings.crypto_box_seal_open(bytes.fromhex(box), *keys))


def test_a_file_opens_by_hand_as_the_page_says() -> None:
    content = jcs.decode(SEALED)
    ciphertext = bytes.fromhex(content.pop("ciphertext"))
    message = SecretBox(content_key(SEALED, REGISTRAR.seed)).decrypt(ciphertext)
    assert message[:32] == sha256(jcs.encode(content)).digest()
    plain, _, padding = message[32:].rpartition(b"\x80")
    assert (len(message) - 32) % 1_024 == 0
    assert set(padding) <= {0}
    assert plain == encode_record(RECORD)


NAMES = ["a", "b", "c", "d"]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=8))
def test_after_any_changes_exactly_the_readers_named_last_open_the_file(
    changes: list[tuple[bool, str, str]],
) -> None:
    data, named, version, draw = seal(RECORD, [reader("a")], source()), {"a"}, 1, source("changes")
    for grants, by, whom in changes:
        allowed = by in named and (whom not in named if grants else whom in named and len(named) > 1)
        try:
            seed = signer(by).seed
            data = grant(data, seed, reader(whom), draw) if grants else withdraw(data, seed, whom, draw)
        except PrivateError:
            assert not allowed
            continue
        assert allowed
        named, version = named ^ {whom}, version + 1
    assert {one.account for one in read_header(data).readers} == named
    assert read_header(data).version == version
    for name in NAMES:
        if name in named:
            assert open_sealed(data, signer(name).seed) == RECORD
        else:
            with pytest.raises(PrivateError):
                open_sealed(data, signer(name).seed)


def test_the_key_that_was_withdrawn_does_not_open_the_new_ciphertext() -> None:
    withdrawn = withdraw(SEALED, OWNER.seed, "registrar", source("withdraw"))
    old, new = content_key(SEALED, REGISTRAR.seed), bytes.fromhex(of(withdrawn, "ciphertext"))
    with pytest.raises(CryptoError):
        bindings.crypto_secretbox_open_easy(new[24:], new[:24], old)


def test_nothing_private_is_in_a_sealed_file() -> None:
    assert_nowhere([*SECRETS, list(VALUES)], [SEALED])


def test_the_length_of_a_value_does_not_show() -> None:
    lengths = {
        len(seal(make_record(SUBJECT, {"name": "x" * n}, source()), [reader("registrar")], source()))
        for n in (1, 99, 700)
    }
    assert len(lengths) == 1


def test_the_same_record_readers_and_randomness_give_the_same_file() -> None:
    assert seal(RECORD, [reader(SUBJECT), reader("registrar")], source()) == SEALED


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_are_no_sealed_file_are_refused(name: str) -> None:
    data, code = BAD[name]
    for function in (read_header, lambda given: open_sealed(given, REGISTRAR.seed)):
        with pytest.raises(ChainError) as caught:
            function(data)
        assert caught.value.code == code
        assert_nowhere(SECRETS, [str(caught.value)])


@pytest.mark.parametrize("name", SWAPPED)
def test_a_file_put_together_from_others_does_not_open(name: str) -> None:
    data, code = SWAPPED[name]
    # "min-jiang-hydro" stands first among the readers.
    with pytest.raises(PrivateError) as caught:
        open_sealed(data, OWNER.seed)
    assert caught.value.code == code
    assert_nowhere(SECRETS, [str(caught.value)])


@given(st.data())
def test_no_byte_of_a_sealed_file_can_be_changed(data: st.DataObject) -> None:
    damaged = bytearray(SEALED)
    damaged[data.draw(st.integers(0, len(SEALED) - 1))] ^= data.draw(st.integers(1, 255))
    for named in (OWNER, REGISTRAR):
        with pytest.raises(ChainError):
            open_sealed(bytes(damaged), named.seed)


def test_a_record_sealed_under_a_hash_that_is_not_its_own_does_not_open() -> None:
    key = bytes([7]) * 32
    content = jcs.decode(seal(RECORD, [reader("registrar")], lambda length: key[:length]))
    del content["ciphertext"]
    content["information_hash"] = "00" * 32
    message = sha256(jcs.encode(content)).digest() + bindings.sodium_pad(encode_record(RECORD), PADDING_BYTES)
    content["ciphertext"] = (bytes(24) + bindings.crypto_secretbox_easy(message, bytes(24), key)).hex()
    with pytest.raises(PrivateError) as caught:
        open_sealed(jcs.encode(content), REGISTRAR.seed)
    assert caught.value.code == "information-hash"


def test_a_rotated_key_is_granted_anew_and_the_old_one_opens_what_was_sealed_to_it() -> None:
    rotated = Reader("registrar", signer("registrar, second key").public_key)
    with pytest.raises(PrivateError):
        open_sealed(SEALED, signer("registrar, second key").seed)
    renewed = grant(SEALED, OWNER.seed, rotated, source("rotation"))
    assert open_sealed(renewed, signer("registrar, second key").seed) == RECORD
    with pytest.raises(PrivateError):
        open_sealed(renewed, REGISTRAR.seed)
    assert open_sealed(SEALED, REGISTRAR.seed) == RECORD


def test_only_a_reader_grants_and_withdraws() -> None:
    with pytest.raises(PrivateError, match="none of its readers"):
        grant(SEALED, STRANGER.seed, reader("stranger"), source())
    with pytest.raises(PrivateError, match="none of its readers"):
        withdraw(SEALED, STRANGER.seed, "registrar", source())


def test_grants_and_withdrawals_that_change_nothing_are_refused() -> None:
    with pytest.raises(PrivateError) as caught:
        grant(SEALED, OWNER.seed, reader("registrar"), source())
    assert caught.value.code == "already-reader"
    with pytest.raises(PrivateError) as caught:
        withdraw(SEALED, OWNER.seed, "regulator", source())
    assert caught.value.code == "not-a-reader"


def test_the_last_reader_is_not_withdrawn() -> None:
    alone = withdraw(SEALED, OWNER.seed, "registrar", source())
    with pytest.raises(PrivateError) as caught:
        withdraw(alone, OWNER.seed, SUBJECT, source())
    assert caught.value.code == "last-reader"


@pytest.mark.parametrize("key", [SMALL_ORDER, "00" * 32, "ff" * 32, "02" + "00" * 31])
def test_a_reader_has_a_key_of_prime_order(key: str) -> None:
    with pytest.raises(SignatureError):
        Reader("registrar", key)


def test_the_largest_record_with_the_most_readers_fits_into_a_file() -> None:
    values = {f"{n:02}{'n' * 62}": ["x" * 1_000] * 8 for n in range(LIMITS.private_fields_max)}
    made = make_record("s" * 64, values, source())
    readers = [reader(f"{n:02}{'r' * 62}") for n in range(LIMITS.private_readers_max)]
    data = seal(made, readers, source())
    assert len(data) < LIMITS.private_file_bytes_max
    assert information_hash(open_sealed(data, signer(readers[-1].account).seed)) == information_hash(made)
    with pytest.raises(LimitError):
        grant(data, signer(readers[0].account).seed, reader("z"), source())
