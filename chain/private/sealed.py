"""A private record encrypted to named readers: the file `gridproof-sealed/1`.

    {"ciphertext", "format", "information_hash", "readers": [{"account","box","public_key"}…], "subject", "version"}

1. The record is encrypted once, XSalsa20-Poly1305 under a content key of 32 random bytes, used for this file only:
   `ciphertext` = nonce (24) ‖ crypto_secretbox_easy(SHA-256(rest of the file) ‖ padded record), hex. The rest of the
   file is JCS of all members but `ciphertext`: so subject, hash, version, readers and boxes are authenticated.
2. The record's bytes are padded (ISO 7816-4) to a multiple of `PADDING_BYTES`: lengths of values do not show.
3. Per reader, sorted by account, `box` = crypto_box_seal of the content key, hex. A reader's X25519 key is derived from
   the Ed25519 key of their account on the record (crypto_sign_ed25519_pk_to_curve25519): no second key to register,
   and whoever can sign as a reader can read as one.
4. Opening recomputes everything: the box by the reader's key, the ciphertext, the hash of rule 1, the record's own
   rules, subject, and `information_hash`. XSalsa20-Poly1305 does not commit to its key; the last comparison does.
5. `grant` and `withdraw` are done by a reader. Each draws a new content key and counts `version` up; the salts stay,
   for the commitment is on the record.
6. Nothing here says who wrote a file: whoever knows the whole record, a reader or a former one, can write one. What
   speaks for the content is its `information_hash`, when that is on the record. Who does not know the record cannot
   slip a reader into the list, or take one out, without every reader noticing.

A reader whose account key is rotated must be granted anew; the old key still opens what was sealed to it. Withdrawing
closes the file that is kept from now on: it cannot take back what a reader has read or copied, older versions included.

Sources: libsodium's sealed boxes and Ed25519-to-Curve25519; Thormarker, "On using the same key pair for Ed25519 and an
X25519 based KEM" (2021), for one key in both roles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError

from chain import jcs
from chain.errors import LimitError, ParseError, PrivateError, SignatureError
from chain.limits import LIMITS
from chain.outside import RandomBytes
from chain.private.record import PrivateRecord, decode_quietly, encode_record, information_hash, parse_record
from chain.text import check_name, from_hex

FORMAT = "gridproof-sealed/1"

PADDING_BYTES = 1_024

_KEY_BYTES = 32
_NONCE_BYTES = 24
_TAG_BYTES = 16
_DIGEST_BYTES = 32
_BOX_BYTES = 2 * _KEY_BYTES + _TAG_BYTES
"""Ephemeral key, content key, tag."""


@dataclass(frozen=True, slots=True)
class Reader:
    """To whom a record is sealed; `SignatureError` for a key that is none."""

    account: str
    public_key: str
    """Ed25519, 32 bytes, hex, as it stands on the record."""

    def __post_init__(self) -> None:
        check_name(self.account, "reader")
        _curve_public_key(self)


class _Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    account: str
    box: str
    public_key: str


class _Rest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All members but the ciphertext: what rule 1 authenticates."""

    format: str
    information_hash: str
    readers: tuple[_Box, ...]
    subject: str
    version: int


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ciphertext: str
    format: str
    information_hash: str
    readers: tuple[_Box, ...]
    subject: str
    version: int


_DECODER = jcs.TypedDecoder(_Sealed)


@dataclass(frozen=True, slots=True)
class SealedHeader:
    """What anyone sees of a sealed file; true only once a reader has opened it."""

    subject: str
    information_hash: str
    version: int
    readers: tuple[Reader, ...]


def seal(record: PrivateRecord, readers: Sequence[Reader], random: RandomBytes, version: int = 1) -> bytes:
    """Rules 1–3; `LimitError` or `ParseError` for no readers, too many, or one twice."""
    ordered = sorted(readers, key=lambda reader: reader.account)
    _check_readers(ordered)
    content_key = random(_KEY_BYTES)
    boxes = tuple(_Box(one.account, _seal_box(content_key, one, random).hex(), one.public_key) for one in ordered)
    rest = _Rest(FORMAT, information_hash(record), boxes, record.subject, _check_version(version))
    message = _digest(rest) + bindings.sodium_pad(encode_record(record), PADDING_BYTES)
    nonce = random(_NONCE_BYTES)
    ciphertext = nonce + bindings.crypto_secretbox_easy(message, nonce, content_key)
    return jcs.encode(_Sealed(ciphertext.hex(), *msgspec.structs.astuple(rest)))


def read_header(data: bytes, where: str = "sealed file") -> SealedHeader:
    """The open part of a sealed file; `ParseError`, `LimitError` or `SignatureError` where it is malformed."""
    return _header(_parse(data, where))


def open_sealed(data: bytes, seed: bytes, where: str = "sealed file") -> PrivateRecord:
    """Rule 4 for the reader whose account key has this seed; `PrivateError` where it does not open."""
    sealed = _parse(data, where)
    content_key = _open_box(sealed, seed, where)
    raw = bytes.fromhex(sealed.ciphertext)
    try:
        message = bindings.crypto_secretbox_open_easy(raw[_NONCE_BYTES:], raw[:_NONCE_BYTES], content_key)
    except CryptoError:
        raise PrivateError("ciphertext", "it was changed, or belongs to another file", where) from None
    if message[:_DIGEST_BYTES] != _digest(_rest(sealed)):
        raise PrivateError("header", "subject, hash, version or readers are not those that were sealed", where)
    record = parse_record(_unpadded(message[_DIGEST_BYTES:], where), where)
    if record.subject != sealed.subject or information_hash(record) != sealed.information_hash:
        raise PrivateError("information-hash", "what was sealed is not what subject and hash say", where)
    return record


def grant(data: bytes, seed: bytes, reader: Reader, random: RandomBytes) -> bytes:
    """Rule 5: the file with one more reader, or with a reader's new key; `seed` is that of a reader."""
    header = read_header(data)
    record = open_sealed(data, seed, header.subject)
    if reader in header.readers:
        raise PrivateError("already-reader", f"{reader.account} reads it already, with this key", header.subject)
    others = [one for one in header.readers if one.account != reader.account]
    return seal(record, [*others, reader], random, header.version + 1)


def withdraw(data: bytes, seed: bytes, account: str, random: RandomBytes) -> bytes:
    """Rule 5: the file without that reader; `seed` is that of a reader."""
    header = read_header(data)
    record = open_sealed(data, seed, header.subject)
    others = [one for one in header.readers if one.account != account]
    if len(others) == len(header.readers):
        raise PrivateError("not-a-reader", f"{account} is none of its readers: {_names(header)}", header.subject)
    if not others:
        raise PrivateError("last-reader", f"{account} is the last reader: erase the record instead", header.subject)
    return seal(record, others, random, header.version + 1)


def _parse(data: bytes, where: str) -> _Sealed:
    """Shape, lengths and order of a sealed file, before any key is used."""
    sealed = decode_quietly(_DECODER, data, "a sealed file", where)
    if sealed.format != FORMAT:
        raise ParseError("sealed-format", f"the format is not {FORMAT}", where)
    check_name(sealed.subject, f"{where}: subject")
    from_hex(sealed.information_hash, 32, f"{where}: information_hash")
    _check_version(sealed.version)
    for position, one in enumerate(sealed.readers):
        from_hex(one.box, _BOX_BYTES, f"{where}: box {position}")
    _check_readers(_header(sealed).readers)
    ciphertext = from_hex(sealed.ciphertext, len(sealed.ciphertext) // 2, f"{where}: ciphertext")
    padded_bytes = len(ciphertext) - _NONCE_BYTES - _TAG_BYTES - _DIGEST_BYTES
    if padded_bytes <= 0 or padded_bytes % PADDING_BYTES:
        raise ParseError("sealed-length", "the ciphertext is cut off or too long", where)
    return sealed


def _check_readers(readers: Sequence[Reader]) -> None:
    """Rule 3: some, not too many, sorted, each account and each key once."""
    if not 1 <= len(readers) <= LIMITS.private_readers_max:
        raise LimitError("private-readers", f"a record is sealed to 1 to {LIMITS.private_readers_max} readers")
    accounts = [reader.account for reader in readers]
    if accounts != sorted(set(accounts)) or len({reader.public_key for reader in readers}) != len(readers):
        raise ParseError("private-readers", "readers are sorted by account, each account and each key once")


def _check_version(version: int) -> int:
    if not 1 <= version <= LIMITS.json_integer_max:
        raise ParseError("sealed-version", "a version counts up from 1")
    return version


def _curve_public_key(reader: Reader) -> bytes:
    """Rule 3. Only points of prime order: for others anyone could know the shared secret."""
    key = from_hex(reader.public_key, _KEY_BYTES, reader.account)
    if not bindings.crypto_core_ed25519_is_valid_point(key):
        raise SignatureError("public-key", "not a canonical Ed25519 point of prime order", reader.account)
    return bytes(bindings.crypto_sign_ed25519_pk_to_curve25519(key))


def _seal_box(content_key: bytes, reader: Reader, random: RandomBytes) -> bytes:
    """crypto_box_seal with an ephemeral key from `random`; libsodium's own call would draw it itself."""
    theirs, secret = _curve_public_key(reader), random(_KEY_BYTES)
    ephemeral = bytes(bindings.crypto_scalarmult_base(secret))
    nonce = bindings.crypto_generichash_blake2b_salt_personal(ephemeral + theirs, digest_size=_NONCE_BYTES)
    return ephemeral + bytes(bindings.crypto_box(content_key, nonce, theirs, secret))


def _open_box(sealed: _Sealed, seed: bytes, where: str) -> bytes:
    """The content key, for a reader's seed."""
    public, secret = bindings.crypto_sign_seed_keypair(seed)
    mine = next((one for one in sealed.readers if one.public_key == public.hex()), None)
    if mine is None:
        names = _names(_header(sealed))
        raise PrivateError("not-a-reader", f"the key {public.hex()} is none of its readers': {names}", where)
    curve_secret = bindings.crypto_sign_ed25519_sk_to_curve25519(secret)
    curve_public = bindings.crypto_sign_ed25519_pk_to_curve25519(public)
    try:
        return bytes(bindings.crypto_box_seal_open(bytes.fromhex(mine.box), curve_public, curve_secret))
    except CryptoError:
        raise PrivateError("box", f"the box of {mine.account} was changed, or is not for that key", where) from None


def _unpadded(padded: bytes, where: str) -> bytes:
    """Rule 2, undone."""
    try:
        return bytes(bindings.sodium_unpad(padded, PADDING_BYTES))
    except (CryptoError, ValueError):
        raise ParseError("sealed-padding", "the padding is not ISO 7816-4", where) from None


def _header(sealed: _Sealed) -> SealedHeader:
    readers = tuple(Reader(one.account, one.public_key) for one in sealed.readers)
    return SealedHeader(sealed.subject, sealed.information_hash, sealed.version, readers)


def _rest(sealed: _Sealed) -> _Rest:
    return _Rest(sealed.format, sealed.information_hash, sealed.readers, sealed.subject, sealed.version)


def _digest(rest: _Rest) -> bytes:
    return sha256(jcs.encode(rest)).digest()


def _names(header: SealedHeader) -> str:
    return ", ".join(reader.account for reader in header.readers)
