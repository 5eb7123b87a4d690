"""A private key under a password: the file `gridproof-keystore/1` (`docs/format.md` section 11). Pure, from bytes.

Reading, in this order; the code of a refusal in quotes:
1. At most `keystore_bytes_max` bytes ("length"), that end as an object does ("truncated"), canonical JSON ("json" and
   the other codes of `chain.jcs`) with `format` of this release ("format", "version").
2. Key derivation and cipher are the known ones ("kdf", "cipher"), the members these and no other ("json-shape").
3. The parameters lie within what Argon2id can do ("kdf-bounds") and at or below our maxima ("kdf-cost"): a hostile
   file takes neither all memory nor all day. Below our minima the file opens, and `Keystore.weak` says so: refusing
   would not strengthen it, a new password does.
4. The password opens the box ("wrong-password": wrong, or salt, nonce or ciphertext were changed; nobody can tell).
5. The plaintext is SHA-256 over the header, the rest of the file, and the seed: a header that was changed is refused
   ("header"), and so is a seed whose public key is not the header's ("key").

Writing: the password passes the policy, the parameters lie between minimum and maximum ("kdf-weak", "kdf-cost").

Password policy: 12 code points or more, a passphrase is fine; NFC, so that it does not depend on the keyboard that
typed it; no control or format characters, none newer than Unicode 14.0 (their normal form may yet change). No rule
about kinds of characters: it would make passwords shorter, not stronger (NIST SP 800-63B).

Sources: RFC 9106 (Argon2id), libsodium (`crypto_pwhash`, `crypto_secretbox`), NIST SP 800-63B, RFC 8032.
"""

import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as SodiumError

from chain import jcs
from chain.errors import KeystoreError, ParseError, PasswordError
from chain.fields import Name
from chain.identity.limits import IDENTITY_LIMITS
from chain.outside import RandomBytes
from chain.text import check_name
from chain.transaction import Signer
from chain.unicode14 import is_allowed

FORMAT = "gridproof-keystore/1"
HEADER_CONTEXT = b"gridproof/keystore/v1\n"

_FAMILY = "gridproof-keystore/"
_KDF = ("argon2id", "1.3")
_CIPHER = "xsalsa20-poly1305"
_SEED_BYTES = 32
_KIB = 1_024


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Cipher(_Part, frozen=True):
    ciphertext: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{160}\Z")]
    """Tag, then header hash and seed: 16 + 32 + 32 bytes."""
    name: str
    nonce: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{48}\Z")]


class _Kdf(_Part, frozen=True):
    memlimit_bytes: int
    name: str
    opslimit: int
    salt: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    version: str


class _File(_Part, frozen=True):
    account: Name
    cipher: _Cipher
    format: str
    kdf: _Kdf
    public_key: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


@dataclass(frozen=True, slots=True)
class KdfCost:
    """What one guess at the password costs whoever tries it."""

    opslimit: int = 3
    """Passes over the memory."""
    memlimit_bytes: int = 256 * 2**20
    """Memory, whole KiB."""

    @property
    def weak(self) -> bool:
        """Whether it is below what a new file must have."""
        limits = IDENTITY_LIMITS
        return self.opslimit < limits.opslimit_min or self.memlimit_bytes < limits.memlimit_bytes_min


DEFAULT_COST = KdfCost()
"""libsodium's `MODERATE`: some 0.7 s, more than the second choice of RFC 9106."""

MINIMUM_COST = KdfCost(IDENTITY_LIMITS.opslimit_min, IDENTITY_LIMITS.memlimit_bytes_min)


@dataclass(frozen=True, slots=True)
class Keystore:
    """What a file says of itself. Nothing of it is authentic until the password has opened it."""

    account: str
    public_key: str
    """Ed25519, hex."""
    cost: KdfCost

    @property
    def weak(self) -> bool:
        """Whether the file protects the key less than a new one would: change the password to mend it."""
        return self.cost.weak


def new_signer(account: str, random: RandomBytes) -> Signer:
    """A new key for `account`; `ParseError` unless that is a name."""
    return Signer(check_name(account, "account"), _draw(random, _SEED_BYTES))


def check_password(password: str) -> str:
    """The password as it is used, in NFC; `PasswordError` unless the policy lets it protect a new file."""
    normal = _normal(password)
    if len(normal) < IDENTITY_LIMITS.password_characters_min:
        sentence = f"a password has {IDENTITY_LIMITS.password_characters_min} characters or more; a sentence is fine"
        raise PasswordError("password-short", sentence)
    return normal


def encrypt_keystore(signer: Signer, password: str, random: RandomBytes, cost: KdfCost = DEFAULT_COST) -> bytes:
    """The file for a key. `KeystoreError` for a cost out of bounds, `PasswordError` for a password that is too weak."""
    secret = check_password(password)
    check_name(signer.account, "account")
    if cost.weak:
        raise KeystoreError("kdf-weak", f"a new file costs at least {_told(MINIMUM_COST)} a guess, not {_told(cost)}")
    _check_cost(cost)
    salt = _draw(random, bindings.crypto_pwhash_SALTBYTES)
    nonce = _draw(random, bindings.crypto_secretbox_NONCEBYTES)
    parameters = {"memlimit_bytes": cost.memlimit_bytes, "opslimit": cost.opslimit, "salt": salt.hex()}
    content: dict[str, Any] = {
        "account": signer.account,
        "cipher": {"name": _CIPHER, "nonce": nonce.hex()},
        "format": FORMAT,
        "kdf": {"name": _KDF[0], "version": _KDF[1], **parameters},
        "public_key": signer.public_key,
    }
    box = bindings.crypto_secretbox(_header_hash(content) + signer.seed, nonce, _derive(secret, salt, cost))
    content["cipher"]["ciphertext"] = box.hex()
    return jcs.encode(content)


def parse_keystore(data: bytes) -> Keystore:
    """Rules 1–3, without the password; `KeystoreError` otherwise."""
    file = _parse(data)
    return Keystore(file.account, file.public_key, KdfCost(file.kdf.opslimit, file.kdf.memlimit_bytes))


def decrypt_keystore(data: bytes, password: str) -> Signer:
    """The key in a file; `PasswordError` for a wrong password, `KeystoreError` for a file that does not hold."""
    secret = _normal(password)
    file = _parse(data)
    cost = KdfCost(file.kdf.opslimit, file.kdf.memlimit_bytes)
    key = _derive(secret, bytes.fromhex(file.kdf.salt), cost)
    try:
        plaintext = bindings.crypto_secretbox_open(
            bytes.fromhex(file.cipher.ciphertext), bytes.fromhex(file.cipher.nonce), key
        )
    except CryptoError:
        raise PasswordError("wrong-password", "the password is wrong, or the file was changed") from None
    content = msgspec.to_builtins(file)
    del content["cipher"]["ciphertext"]
    if plaintext[:_SEED_BYTES] != _header_hash(content):
        raise KeystoreError("header", "account, public key or parameters were changed since the file was written")
    signer = Signer(file.account, plaintext[_SEED_BYTES:])
    if signer.public_key != file.public_key:
        raise KeystoreError("key", "the private key in it is not that of its public key")
    return signer


def change_password(data: bytes, old: str, new: str, random: RandomBytes) -> bytes:
    """The same key under another password, salt and nonce; a file that was weak gets the default cost."""
    signer = decrypt_keystore(data, old)
    if check_password(new) == _normal(old):
        raise PasswordError("password-same", "the new password is the old one")
    cost = parse_keystore(data).cost
    return encrypt_keystore(signer, new, random, DEFAULT_COST if cost.weak else cost)


def _parse(data: bytes) -> _File:
    """Rules 1–3."""
    if len(data) > IDENTITY_LIMITS.keystore_bytes_max:
        raise KeystoreError("length", f"more than {IDENTITY_LIMITS.keystore_bytes_max} bytes: not a keystore")
    if not data.endswith(b"}"):
        raise KeystoreError("truncated", "the file does not end where a keystore ends: it was cut off or changed")
    try:
        content = jcs.decode(data, "keystore")
        _check_names(content)
        file = msgspec.convert(content, _File)
    except ParseError as error:
        raise KeystoreError(error.code, error.sentence) from None
    except msgspec.ValidationError as error:
        raise KeystoreError("json-shape", f"not the members of a keystore: {error}") from None
    _check_cost(KdfCost(file.kdf.opslimit, file.kdf.memlimit_bytes))
    return file


def _check_names(content: Any) -> None:
    """Format, key derivation and cipher, before anything that depends on them: the next version's file says so."""
    found = _member(content, "format")
    if found != FORMAT:
        if isinstance(found, str) and found.startswith(_FAMILY):
            raise KeystoreError("version", f"format {found[:64]!r}: this release reads {FORMAT!r}")
        raise KeystoreError("format", "not a keystore")
    kdf = _member(content, "kdf")
    if (_member(kdf, "name"), _member(kdf, "version")) != _KDF:
        raise KeystoreError("kdf", f"an unknown key derivation: this release knows {' '.join(_KDF)}")
    if _member(_member(content, "cipher"), "name") != _CIPHER:
        raise KeystoreError("cipher", f"an unknown cipher: this release knows {_CIPHER}")


def _member(content: Any, name: str) -> Any:
    return content.get(name) if isinstance(content, dict) else None


def _check_cost(cost: KdfCost) -> None:
    """Rule 3."""
    least = bindings.crypto_pwhash_argon2id_MEMLIMIT_MIN
    if cost.opslimit < 1 or cost.memlimit_bytes < least or cost.memlimit_bytes % _KIB:
        raise KeystoreError("kdf-bounds", f"Argon2id cannot run with {_told(cost)}: at least 1 pass over whole KiB")
    limits = IDENTITY_LIMITS
    if cost.opslimit > limits.opslimit_max or cost.memlimit_bytes > limits.memlimit_bytes_max:
        most = KdfCost(limits.opslimit_max, limits.memlimit_bytes_max)
        raise KeystoreError("kdf-cost", f"it asks for {_told(cost)}, more than {_told(most)}: refused unopened")


def _told(cost: KdfCost) -> str:
    return f"{cost.opslimit} passes over {cost.memlimit_bytes} bytes"


def _normal(password: str) -> str:
    """NFC of a password that could be one. The sentence of a refusal says nothing about the characters it has."""
    # Length first: normalising and looking up take time.
    if len(password) > IDENTITY_LIMITS.password_bytes_max:
        raise PasswordError("password-long", f"a password has at most {IDENTITY_LIMITS.password_bytes_max} bytes")
    if not all(is_allowed(ord(character)) for character in password):
        sentence = "a password has no control or format characters, and none newer than Unicode 14.0"
        raise PasswordError("password-characters", sentence)
    normal = unicodedata.normalize("NFC", password)
    if len(normal.encode("utf-8")) > IDENTITY_LIMITS.password_bytes_max:
        raise PasswordError("password-long", f"a password has at most {IDENTITY_LIMITS.password_bytes_max} bytes")
    return normal


def _derive(secret: str, salt: bytes, cost: KdfCost) -> bytes:
    """The key of the box."""
    try:
        key: bytes = bindings.crypto_pwhash_alg(
            bindings.crypto_secretbox_KEYBYTES,
            secret.encode("utf-8"),
            salt,
            cost.opslimit,
            cost.memlimit_bytes,
            bindings.crypto_pwhash_ALG_ARGON2ID13,
        )
    except (SodiumError, MemoryError):
        raise KeystoreError("kdf-memory", f"this machine has no memory for {_told(cost)}: close something") from None
    return key


def _header_hash(content: dict[str, Any]) -> bytes:
    """Over everything in the file but the ciphertext."""
    return sha256(HEADER_CONTEXT + jcs.encode(content)).digest()


def _draw(random: RandomBytes, count: int) -> bytes:
    drawn = random(count)
    if not isinstance(drawn, bytes) or len(drawn) != count:
        raise KeystoreError("random", f"the source of randomness did not give {count} bytes")
    return drawn
