"""What a verified export says about private data: a subject's information hashes, and a reader's newest key.

1. The `participants` table of governance: a row is a version of an account, the last row is the current one. Its files
   are compared with their seals before they are parsed; that signatures and logs hold is `chain.record.open_record`'s.
2. An operator of genesis that has no row there has the key of genesis.
3. A record is sealed to active accounts only: a key that was revoked may be in other hands.
"""

from dataclasses import dataclass
from typing import Any

from chain.errors import PrivateError
from chain.imports import GOVERNANCE
from chain.parquet import decode_parquet
from chain.private.sealed import Reader
from chain.record import Record
from chain.seals import check_segment_file

TABLE = "participants"
_ACTIVE = "active"


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
    """Rule 1: one per row of the account, oldest first; `PrivateError` where it has none."""
    rows = _versions(record, subject)
    if not rows:
        raise PrivateError("no-account", f"{subject} is in no row of the table {TABLE}", GOVERNANCE)
    return tuple(RecordedHash(row["information_hash"], entry, position, row["time"]) for entry, position, row in rows)


def reader_on_record(record: Record, account: str) -> Reader:
    """Rules 2 and 3; `PrivateError` for an account that is unknown or not active."""
    rows = _versions(record, account)
    if rows:
        _, _, newest = rows[-1]
        if newest["status"] != _ACTIVE:
            raise PrivateError("reader-status", f"the account is {newest['status']}", account)
        return Reader(account, newest["public_key"])
    operators = record.channels[GOVERNANCE].genesis.operators
    found = next((operator for operator in operators if operator.account == account), None)
    if found is None:
        raise PrivateError("no-account", f"no account {account} is on this record", GOVERNANCE)
    return Reader(account, found.public_key)


def _versions(record: Record, account: str) -> list[tuple[int, int, dict[str, Any]]]:
    """Rule 1: (entry, position, row) of an account, oldest first."""
    channel = record.channels[GOVERNANCE]
    schema = channel.schemas.get(TABLE)
    if schema is None:
        raise PrivateError("no-table", f"this record has no table {TABLE}", GOVERNANCE)
    names = [column.name for column in schema.columns]
    missing = {"account", "information_hash", "public_key", "status", "time"} - set(names)
    if missing:
        raise PrivateError("no-column", f"its table {TABLE} lacks {', '.join(sorted(missing))}", GOVERNANCE)
    found = []
    for segment in channel.segments[TABLE]:
        data = check_segment_file(record.reader, segment)
        entries, positions, rows = decode_parquet(schema, data, segment.path)
        for entry, position, values in zip(entries, positions, rows, strict=True):
            row = dict(zip(names, values, strict=True))
            if row["account"] == account:
                found.append((entry, position, row))
    return found
