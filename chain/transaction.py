"""A transaction as it travels, and its signature.

1. On the wire: canonical JSON `{"body":…,"signature":…}` and, beside it, the rows of a batch as lines.
2. The signature is Ed25519 (RFC 8032, libsodium's rules) over `gridproof/transaction/v1\\n` ‖ JCS(body).
3. One signature covers a batch by `rows_root`, `rows_count`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from nacl import bindings

from chain import jcs
from chain.entry import Body, Receipt, check_body
from chain.errors import AdmissionError, ParseError
from chain.limits import LIMITS
from chain.merkle import root_of_hashes
from chain.signature_work import is_signature
from chain.text import from_hex

__all__ = [
    "CONTEXT",
    "SignedTransaction",
    "Signer",
    "is_signature",
    "parse_transaction",
    "row_hashes",
    "rows_root",
    "transaction_entry",
    "verify_signature",
]

CONTEXT = b"gridproof/transaction/v1\n"

_PREFIX = b'{"body":'
_BETWEEN = b',"signature":"'
_SUFFIX = b'"}'
_RECEIPT = b',"kind":"transaction","receipt":'
_SIGNATURE_HEX = 128
_AROUND_BYTES = len(_PREFIX) + len(_BETWEEN) + _SIGNATURE_HEX + len(_SUFFIX)

_BODY = jcs.TypedDecoder(Body)


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction as its author hands it in."""

    body: Body
    body_bytes: bytes
    """JCS(body), what was signed."""
    signature: str
    """64 bytes, hex."""
    rows: bytes = b""
    """Rows of a batch as lines."""

    @property
    def wire_bytes(self) -> int:
        """Length of `wire()`."""
        return len(self.body_bytes) + _AROUND_BYTES

    def wire(self) -> bytes:
        """Rule 1, without the rows."""
        return _PREFIX + self.body_bytes + _BETWEEN + self.signature.encode("ascii") + _SUFFIX


def transaction_entry(transaction: SignedTransaction, receipt: Receipt) -> bytes:
    """The canonical `transaction` entry, assembled around the body's own bytes (keys stand in order)."""
    signature = transaction.signature.encode("ascii")
    return b"".join((_PREFIX, transaction.body_bytes, _RECEIPT, jcs.encode(receipt), _BETWEEN, signature, _SUFFIX))


def row_hashes(lines: bytes) -> list[bytes]:
    """Leaf hashes (RFC 6962) of the rows in `lines`, in order."""
    rows = lines.split(b"\n")
    rows.pop()
    return [sha256(b"\x00" + row).digest() for row in rows]


def rows_root(hashes: Sequence[bytes]) -> str:
    """Root over rows given by their leaf hashes, hex."""
    return root_of_hashes(hashes).hex()


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with the account it signs for."""

    account: str
    seed: bytes = field(repr=False)
    """32 bytes, RFC 8032. Whoever holds it can sign: it stays off logs and off `repr`."""

    _pair: tuple[bytes, bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Expanding the seed costs as much as a signature: once per signer, not once per message.
        object.__setattr__(self, "_pair", bindings.crypto_sign_seed_keypair(self.seed))

    @property
    def public_key(self) -> str:
        return bytes(self._pair[0]).hex()

    def sign_bytes(self, message: bytes) -> str:
        """Ed25519 signature, hex."""
        return bytes(bindings.crypto_sign(message, self._pair[1])[:64]).hex()

    def transaction(
        self,
        *,
        network: str,
        channel: str,
        nonce: int,
        contract: str,
        method: str,
        arguments: dict[str, Any],
        valid_until: int,
        schema: int = 1,
        rows: bytes = b"",
    ) -> SignedTransaction:
        """A signed call; `rows` are the lines of a batch (`Schema.encode_lines`)."""
        hashes = row_hashes(rows) if rows else []
        body = Body(
            account=self.account,
            arguments=arguments,
            channel=channel,
            contract=contract,
            method=method,
            network=network,
            nonce=nonce,
            rows_count=len(hashes),
            rows_root=rows_root(hashes) if rows else "",
            schema=schema,
            valid_until=valid_until,
        )
        body_bytes = jcs.encode(body)
        return SignedTransaction(body, body_bytes, self.sign_bytes(CONTEXT + body_bytes), rows)


def parse_transaction(data: bytes, rows: bytes = b"", where: str = "transaction") -> SignedTransaction:
    """Rule 1; `ParseError` otherwise. The signature is not verified here."""
    middle = len(data) - len(_BETWEEN) - _SIGNATURE_HEX - len(_SUFFIX)
    if (
        len(data) > LIMITS.transaction_bytes_max
        or middle < len(_PREFIX)
        or not (data.startswith(_PREFIX) and data.endswith(_SUFFIX))
        or data[middle : middle + len(_BETWEEN)] != _BETWEEN
    ):
        raise ParseError("transaction", 'not canonical {"body":…,"signature":…}', where)
    body_bytes = data[len(_PREFIX) : middle]
    body = _BODY.decode(body_bytes, where)
    check_body(body)
    signature = data[middle + len(_BETWEEN) : -len(_SUFFIX)].decode("ascii", "replace")
    from_hex(signature, 64, f"{where}.signature")
    return SignedTransaction(body, body_bytes, signature, rows)


def verify_signature(transaction: SignedTransaction, public_key: bytes) -> None:
    """Rule 2; `AdmissionError` unless `public_key` signed the body."""
    account = transaction.body.account
    try:
        signature = from_hex(transaction.signature, 64, "signature")
    except ParseError as error:
        raise AdmissionError("malformed", error.sentence, error.where) from None
    if not is_signature(signature, CONTEXT + transaction.body_bytes, public_key):
        raise AdmissionError("signature", "the signature is not by the account's key", account)
