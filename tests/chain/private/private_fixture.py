"""Accounts, a private record and a source of bytes that is the same on every run, for the tests of `chain.private`."""

from collections.abc import Callable
from hashlib import sha256

from chain.private.record import PrivateRecord, make_record
from chain.private.sealed import Reader
from chain.transaction import Signer

SUBJECT = "min-jiang-hydro"
VALUES = {
    "bank_account": "6222-0210-0123-4567",
    "contact": {"name": "林小明", "phone": "+86 591 8765 4321"},
    "legal_representative": "陈Wéi Secretive",
    "turnover_fen": 987_654_321_012,
}


def source(seed: str = "a test") -> Callable[[int], bytes]:
    """Bytes that never repeat within one source."""
    count = 0

    def draw(length: int) -> bytes:
        nonlocal count
        count += 1
        blocks = (sha256(f"{seed}/{count}/{block}".encode()).digest() for block in range(-(-length // 32)))
        return b"".join(blocks)[:length]

    return draw


def signer(account: str) -> Signer:
    return Signer(account, sha256(f"key of {account}".encode()).digest())


def reader(account: str) -> Reader:
    return Reader(account, signer(account).public_key)


def record(subject: str = SUBJECT) -> PrivateRecord:
    return make_record(subject, VALUES, source(subject))
