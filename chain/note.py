"""Signed notes, verifier keys, checkpoints and cosignatures: who signed which tree.

Sources: C2SP signed-note, tlog-checkpoint, tlog-cosignature; RFC 8032. PyNaCl (libsodium) is the one
signature verifier: it refuses small-order and non-canonical keys and signatures.

Rules of the parsers, in the order in which they are enforced:

1. A note is at most `note_bytes_max` bytes of UTF-8 without ASCII control characters other than newline.
2. The last empty line parts text from signatures. The text ends in a newline, which belongs to it.
3. Then 1 to `note_signatures_max` lines `EM DASH, space, name, space, base64(key id || payload), newline`.
4. A name is not empty, has no Unicode space and no plus. Base64 is canonical: re-encoded, it is the same.
5. A verifier key is `name+<key id: 8 lower-case hex>+base64(algorithm || public key)`: a known algorithm,
   32 bytes of key, and the key id that SHA-256(name || newline || algorithm || key) begins with.
6. A checkpoint is exactly three lines: origin (not empty), size (decimal, no leading zero, below 2**63),
   root (base64 of 32 bytes). Extension lines are refused: nobody audits them.

Whether a signature by an unknown key is ignored is the policy's business, not the parser's.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey as NaclSigningKey
from nacl.signing import VerifyKey as NaclVerifyKey

from chain.errors import ParseError, SignatureError
from chain.limits import LIMITS

ED25519: Final = 0x01
"""Signature type of a log: Ed25519 over the note text."""

COSIGNATURE_V1: Final = 0x04
"""Signature type of a validator: Ed25519 over time and note text."""

ALGORITHMS: Final = (ED25519, COSIGNATURE_V1)
"""The signature types that this package knows."""

_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_SIGNATURE_BYTES = 64
_TIME_BYTES = 8
_INT64_MAX = 2**63 - 1
_SIGNATURE_PREFIX = "\N{EM DASH} "
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name under which it signs (C2SP signed-note, "verifier keys")."""

    name: str
    """Key name; of a log: its origin."""
    algorithm: int
    """ED25519 or COSIGNATURE_V1."""
    public_key: bytes
    """32 bytes, RFC 8032."""
    key_id: bytes = field(init=False, repr=False, compare=False)
    """4 bytes that, with the name, tell which key made a signature."""

    def __post_init__(self) -> None:
        _require_name(self.name)
        if type(self.algorithm) is not int or self.algorithm not in ALGORITHMS:
            raise ParseError("key-algorithm", f"unknown signature type {self.algorithm!r}", self.name)
        if type(self.public_key) is not bytes or len(self.public_key) != _KEY_BYTES:
            raise ParseError("key-length", f"the public key is not {_KEY_BYTES} bytes", self.name)
        material = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public_key
        object.__setattr__(self, "key_id", sha256(material).digest()[:_KEY_ID_BYTES])

    @classmethod
    def parse(cls, line: str) -> "VerifierKey":
        """Read `name+hex+base64`, without a newline."""
        # Base64 may hold plus signs, a name may not: the first two plus signs part the line.
        parts = line.split("+", 2)
        if len(parts) != 3:
            raise ParseError("key-form", "a verifier key is name+id+base64")
        name, key_id, encoded = parts
        _require_name(name)
        if not _KEY_ID.fullmatch(key_id):
            raise ParseError("key-id", "the key id is not 8 lower-case hex digits", name)
        material = _decode_base64(encoded, "key", name)
        if not material:
            raise ParseError("key-length", "the key is empty", name)
        key = cls(name, material[0], material[1:])
        if key.key_id.hex() != key_id:
            raise ParseError("key-id", f"the key id is {key_id}, but name and key give {key.key_id.hex()}", name)
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encode_base64(bytes([self.algorithm]) + self.public_key)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note."""

    name: str
    """Key name."""
    key_id: bytes
    """4 bytes."""
    payload: bytes
    """What the signature type defines, at least 1 byte: a signature, or time and signature."""


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures, in the order of the lines."""

    text: bytes
    """UTF-8, ends in a newline."""
    signatures: tuple[Signature, ...]
    """At least one."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the text of a note as tlog-checkpoint defines it."""

    origin: str
    """Which log."""
    size: int
    """Number of leaves, 0 to 2**63 - 1."""
    root: bytes
    """32 bytes, RFC 6962."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key. Whoever holds the seed can sign: keep it off the record, off logs and off `repr`."""

    name: str
    """Key name."""
    algorithm: int
    """ED25519 (a log) or COSIGNATURE_V1 (a validator)."""
    seed: bytes = field(repr=False)
    """32 bytes, RFC 8032."""
    verifier_key: VerifierKey = field(init=False, compare=False)
    """The public half."""
    _key: NaclSigningKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if type(self.seed) is not bytes or len(self.seed) != _KEY_BYTES:
            raise SignatureError("key-length", f"the seed is not {_KEY_BYTES} bytes", self.name)
        key = NaclSigningKey(self.seed)
        object.__setattr__(self, "_key", key)
        object.__setattr__(self, "verifier_key", VerifierKey(self.name, self.algorithm, bytes(key.verify_key)))

    def sign(self, text: bytes) -> Signature:
        """Sign the note text as a log does (type 01)."""
        self._require(ED25519)
        _require_text(text)
        return Signature(self.name, self.verifier_key.key_id, self._key.sign(text).signature)

    def cosign(self, text: bytes, time_s: int) -> Signature:
        """Cosign the note text at `time_s` (seconds since 1970) as a validator does (type 04)."""
        self._require(COSIGNATURE_V1)
        _require_text(text)
        if type(time_s) is not int or not 0 <= time_s <= _INT64_MAX:
            raise SignatureError("cosignature-time", f"{time_s!r} is no time in seconds", self.name)
        signature = self._key.sign(_cosigned_message(text, time_s)).signature
        return Signature(self.name, self.verifier_key.key_id, time_s.to_bytes(_TIME_BYTES, "big") + signature)

    def _require(self, algorithm: int) -> None:
        if self.algorithm != algorithm:
            raise SignatureError("key-algorithm", f"a key of type {self.algorithm} does not sign type {algorithm}")


def parse_note(data: bytes) -> Note:
    """Read a signed note; `encode_note` gives the same bytes back."""
    if len(data) > LIMITS.note_bytes_max:
        raise ParseError("note-length", f"{len(data)} bytes, more than {LIMITS.note_bytes_max}")
    decoded = _decode_text(data)
    text, gap, tail = decoded.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise ParseError("note-form", "a note is a text, an empty line and signature lines that end in a newline")
    lines = tail[:-1].split("\n")
    if len(lines) > LIMITS.note_signatures_max:
        raise ParseError("note-signatures", f"{len(lines)} signatures, more than {LIMITS.note_signatures_max}")
    signatures = tuple(_parse_signature(line, f"signature {number}") for number, line in enumerate(lines, 1))
    return Note(f"{text}\n".encode(), signatures)


def encode_note(note: Note) -> bytes:
    """Write a signed note; refuses what `parse_note` would not give back."""
    lines = (
        f"{_SIGNATURE_PREFIX}{signature.name} {_encode_base64(signature.key_id + signature.payload)}\n"
        for signature in note.signatures
    )
    data = note.text + b"\n" + "".join(lines).encode("utf-8", "surrogatepass")
    if parse_note(data) != note:
        raise ParseError("note-form", "text or signatures cannot be written as a note")
    return data


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Read a note text of exactly three lines: origin, size, root."""
    lines = _decode_text(text).split("\n")
    if len(lines) != 4 or lines[3]:
        raise ParseError("checkpoint-form", "a checkpoint is three lines: origin, size, root")
    origin, size_text, root_text = lines[:3]
    if not origin:
        raise ParseError("checkpoint-origin", "the origin is empty", "line 1")
    if not _SIZE.fullmatch(size_text) or int(size_text) > _INT64_MAX:
        raise ParseError("checkpoint-size", "the size is no plain decimal number below 2**63", "line 2")
    root = _decode_base64(root_text, "checkpoint", "line 3")
    if len(root) != sha256().digest_size:
        raise ParseError("checkpoint-root", "the root is not 32 bytes", "line 3")
    return Checkpoint(origin, int(size_text), root)


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Write the note text; refuses what `parse_checkpoint` would not give back."""
    lines = (checkpoint.origin, str(checkpoint.size), _encode_base64(checkpoint.root), "")
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    if parse_checkpoint(text) != checkpoint:
        raise ParseError("checkpoint-form", "origin, size or root cannot be written as a checkpoint")
    return text


def verify_signature(text: bytes, signature: Signature, key: VerifierKey) -> None:
    """Raise `SignatureError` unless `signature` (type 01) over the note text is by `key`."""
    _require_made_by(signature, key, ED25519, _SIGNATURE_BYTES)
    _verify(text, signature.payload, key)


def verify_cosignature(text: bytes, signature: Signature, key: VerifierKey) -> int:
    """The time in seconds at which `key` cosigned the note text (type 04); `SignatureError` if it did not."""
    _require_made_by(signature, key, COSIGNATURE_V1, _TIME_BYTES + _SIGNATURE_BYTES)
    time_s = int.from_bytes(signature.payload[:_TIME_BYTES], "big")
    if time_s > LIMITS.time_ms_max // 1000:
        raise SignatureError("cosignature-time", "the time is beyond the year 9999", key.name)
    _verify(_cosigned_message(text, time_s), signature.payload[_TIME_BYTES:], key)
    return time_s


def _parse_signature(line: str, where: str) -> Signature:
    if not line.startswith(_SIGNATURE_PREFIX):
        raise ParseError("note-signature", "a signature line begins with an em dash and a space", where)
    name, space, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    if not space:
        raise ParseError("note-signature", "a signature line is a name, a space and base64", where)
    _require_name(name, where)
    content = _decode_base64(encoded, "note", where)
    if len(content) <= _KEY_ID_BYTES:
        raise ParseError("note-signature", f"{len(content)} bytes hold no key id and signature", where)
    return Signature(name, content[:_KEY_ID_BYTES], content[_KEY_ID_BYTES:])


def _require_made_by(signature: Signature, key: VerifierKey, algorithm: int, payload_bytes: int) -> None:
    if key.algorithm != algorithm:
        raise SignatureError("key-algorithm", f"the key is of type {key.algorithm}, not {algorithm}", key.name)
    if (signature.name, signature.key_id) != (key.name, key.key_id):
        raise SignatureError("signature-key", f"the signature is by {signature.name}, not by this key", key.name)
    if len(signature.payload) != payload_bytes:
        raise SignatureError("signature-length", f"{len(signature.payload)} bytes, not {payload_bytes}", key.name)


def _verify(message: bytes, signature: bytes, key: VerifierKey) -> None:
    try:
        NaclVerifyKey(key.public_key).verify(message, signature)
    except CryptoError as error:
        raise SignatureError("signature-invalid", "the signature does not hold", key.name) from error


def _cosigned_message(text: bytes, time_s: int) -> bytes:
    return b"cosignature/v1\ntime %d\n%b" % (time_s, text)


def _require_text(text: bytes) -> None:
    if not _decode_text(text).endswith("\n"):
        raise ParseError("note-form", "a note text ends in a newline")


def _require_name(name: str, where: str = "") -> None:
    if not name or "+" in name or any(char.isspace() or char < " " for char in name):
        raise ParseError("key-name", "a key name is not empty and has no space, plus or control character", where)
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ParseError("key-name", "a key name is UTF-8", where) from error


def _decode_text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ParseError("note-utf8", "not UTF-8", f"byte {error.start}") from error
    if _CONTROL.search(text):
        raise ParseError("note-control", "a control character other than newline")
    return text


def _encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode_base64(text: str, what: str, where: str) -> bytes:
    """Strict: the one canonical spelling, so that no byte of a note can change and mean the same."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParseError(f"{what}-base64", "not base64", where) from error
    if _encode_base64(data) != text:
        raise ParseError(f"{what}-base64", "base64 that is not canonical", where)
    return data
