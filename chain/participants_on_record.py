"""Who an account is, as a verified export has it now: the `participants` table of governance, and genesis.

1. A row of the table is a version of an account, the last row is the current one. Its files are compared with their
   seals before they are parsed; that signatures and logs hold is `chain.record.open_record`'s.
2. An operator of genesis that has no row there is as genesis says: that key, active, no private record.
"""

from dataclasses import dataclass
from typing import Any, get_args

from chain.errors import AccountError, ExportError
from chain.identity.challenge import RegisteredIdentity, Standing
from chain.imports import GOVERNANCE
from chain.parquet import decode_parquet
from chain.record import Record
from chain.seals import check_segment_file

TABLE = "participants"


@dataclass(frozen=True, slots=True)
class AccountVersion:
    """A row of the table."""

    identity: RegisteredIdentity
    """What it says."""
    entry: int
    """Of the governance log: the transaction that wrote the row."""
    position: int
    """Row of that entry."""
    time_ms: int
    """Block time of that row."""


def registered_identity(record: Record, account: str) -> RegisteredIdentity:
    """Rules 1 and 2: what a login is compared with (`chain.identity.challenge`). `AccountError` for an unknown one."""
    versions = account_versions(record, account)
    if versions:
        return versions[-1].identity
    operators = record.channels[GOVERNANCE].genesis.operators
    found = next((operator for operator in operators if operator.account == account), None)
    if found is None:
        raise AccountError("no-account", f"no account {account} is on this record", GOVERNANCE)
    return RegisteredIdentity(account, found.public_key, "", "active")


def account_versions(record: Record, account: str) -> tuple[AccountVersion, ...]:
    """Rule 1: every row of an account, oldest first; none for one that has no row."""
    channel = record.channels[GOVERNANCE]
    schema = channel.schemas.get(TABLE)
    if schema is None:
        raise ExportError("no-table", f"this record has no table {TABLE}", GOVERNANCE)
    names = [column.name for column in schema.columns]
    missing = {"account", "information_hash", "public_key", "status", "time"} - set(names)
    if missing:
        raise ExportError("no-column", f"its table {TABLE} lacks {', '.join(sorted(missing))}", GOVERNANCE)
    found = []
    for segment in channel.segments[TABLE]:
        data = check_segment_file(record.reader, segment)
        for entry, position, values in zip(*decode_parquet(schema, data, segment.path), strict=True):
            row = dict(zip(names, values, strict=True))
            if row["account"] == account:
                found.append(AccountVersion(_identity(row, segment.path), entry, position, row["time"]))
    return tuple(found)


def _identity(row: dict[str, Any], where: str) -> RegisteredIdentity:
    status: Standing | None = next((one for one in get_args(Standing) if one == row["status"]), None)
    if status is None:
        raise ExportError("status", f"the status of {row['account']} is none that this release knows", where)
    return RegisteredIdentity(row["account"], row["public_key"], row["information_hash"], status)
