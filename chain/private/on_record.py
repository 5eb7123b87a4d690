"""What a verified export says about private data: a subject's information hashes, and a reader's newest key.

1. Both are in the versions of an account (`chain.participants_on_record`).
2. A record is sealed to active accounts only: a key that was revoked may be in other hands.
3. The schema of the table is the export's: values of other kinds than those of `participants` are refused.
"""

from dataclasses import dataclass

from chain.errors import AccountError, ExportError, ParseError, PrivateError
from chain.imports import GOVERNANCE
from chain.participants_on_record import TABLE, AccountVersion, account_versions, registered_identity
from chain.private.sealed import Reader
from chain.record import Record
from chain.text import from_hex

_TIME_END_MS = 253_402_300_800_000
"""The first moment of the year 10000, UTC."""


@dataclass(frozen=True, slots=True)
class RecordedHash:
    """An information hash as the record has it."""

    information_hash: str
    """Empty where that version of the account has none."""
    entry: int
    """Of the governance log: the transaction that wrote the row."""
    position: int
    """Row of that entry."""
    time_ms: int
    """Block time of that row."""


def recorded_hashes(record: Record, subject: str) -> tuple[RecordedHash, ...]:
    """Rule 1: one per row of the account, oldest first; `AccountError` where it has none."""
    versions = account_versions(record, subject)
    if not versions:
        raise AccountError("no-account", f"{subject} is in no row of the table {TABLE}", GOVERNANCE)
    for one in versions:
        _check_kinds(one)
    return tuple(RecordedHash(one.identity.information_hash, one.entry, one.position, one.time_ms) for one in versions)


def reader_on_record(record: Record, account: str) -> Reader:
    """Rules 1 and 2; `AccountError` for an account that is unknown, `PrivateError` for one that is not active."""
    found = registered_identity(record, account)
    if found.status != "active":
        raise PrivateError("reader-status", f"the account is {found.status}", account)
    _check_hex(found.public_key, "public_key")
    return Reader(account, found.public_key)


def _check_kinds(version: AccountVersion) -> None:
    """Rule 3; a time is one of the years 1970 to 9999."""
    if type(version.time_ms) is not int or not 0 <= version.time_ms < _TIME_END_MS:
        raise ExportError("column", f"no time of a block in column time of {TABLE}", GOVERNANCE)
    if version.identity.information_hash != "":
        _check_hex(version.identity.information_hash, "information_hash")


def _check_hex(value: object, column: str) -> None:
    """Rule 3: 32 bytes."""
    try:
        if isinstance(value, str):
            from_hex(value, 32, column)
            return
    except ParseError:
        pass
    raise ExportError("column", f"no 32 bytes of hex in column {column} of {TABLE}", GOVERNANCE)
