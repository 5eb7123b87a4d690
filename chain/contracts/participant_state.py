"""What the contract `participant` remembers, takes and writes: parameters, state, arguments, tables.

State spaces: `key` (public key → the account that it is or was of), `identity` (account → `Identity`), `recovery` (new
public key → `Recovery`), `reader:<account>` (reader → when granted, ms UTC), `council` (organisation → entry that last
changed who votes for it). The account itself is `chain.contract.Account`, which every channel knows.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from chain.contract import Account, Arguments, Call
from chain.contracts.alliance_state import ALLIANCE_LIMITS
from chain.contracts.roles import COUNCIL, INSTITUTIONS
from chain.errors import LimitError
from chain.fields import Name, OptionalName, Role, Title
from chain.imports import CHANGED, REGISTERED
from chain.limits import LIMITS
from chain.schema import Column, Schema
from chain.units import DAY_MS

KEYS = "key"
IDENTITIES = "identity"
RECOVERIES = "recovery"
READERS = "reader"
"""State spaces; of the last, one per account."""
COUNCILS = "council"
"""State space: organisation → the last entry that made one of its accounts with the role `council` another one."""
PARTICIPANT = "participant"
"""The contract's name."""

RECOVERY_EVENT = "participant.recovery"
READER_EVENT = "participant.reader"

_PersonName = Annotated[str, msgspec.Meta(max_length=LIMITS.title_characters_max)]


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network decided."""

    grantable_roles: Annotated[tuple[Role, ...], msgspec.Meta(max_length=ALLIANCE_LIMITS.roles_max)] = (
        "aggregator",
        "member",
        "retailer",
    )
    """Roles that anyone may hold, whatever its organisation: sorted, unique, none of an institution's."""
    recovery_ms: Annotated[int, msgspec.Meta(ge=1, le=366 * DAY_MS)] = 7 * DAY_MS
    """How long a proposed recovery may be approved."""


def check_parameters(parameters: Parameters) -> None:
    """`LimitError` for roles out of order, or that only the alliance gives: votes and registers hang on them."""
    roles = parameters.grantable_roles
    if list(roles) != sorted(set(roles)):
        raise LimitError("grantable-roles", "roles must be sorted and unique", "grantable_roles")
    for role in roles:
        if role in INSTITUTIONS:
            raise LimitError("grantable-roles", f"{role} is held through an organisation only", "grantable_roles")


class Identity(msgspec.Struct, frozen=True):
    """What is known of an account beside `chain.contract.Account`."""

    deposit_entry: int = 0
    """Governance entry of its registration (`chain.identity.deposit`); 0: an operator of genesis."""
    directory: str = ""
    """Directory of its organisation that its roles came from; "": given one by one."""
    information_hash: str = ""
    """Newest commitment to its private record; "": none, or erased."""
    information_by: str = ""
    """Account that vetted what the hash commits to; "": nobody, it is the account's own word (or there is no hash)."""
    is_erased: bool = False
    """Its private record was erased, for good."""
    name_en: str = ""
    name_zh: str = ""


class Recovery(msgspec.Struct, frozen=True):
    """A new key for somebody who has lost theirs, waiting for approval."""

    account: str
    approvals: tuple[tuple[str, int], ...]
    """(organisation, entry of its approval), sorted."""
    expires: int
    """Exclusive, ms UTC."""
    information_hash: str
    """"": the one on the record stays."""
    information_by: str
    """Who vetted the new hash by proposing it; "": the account itself did."""
    organisation: str
    """For which it was proposed."""


class Register(Arguments, frozen=True, kw_only=True):
    """Arguments of `register`."""

    account: str
    area: str
    """Administrative code of the market area; "" for an operator that belongs to none."""
    directory: str = ""
    """Directory of the organisation whose mapping gives the roles; "": `roles` does."""
    information_hash: str
    """`chain.private.record.information_hash` of the real-name record, 32 bytes, hex."""
    kind: str
    """`generator`, `consumer`, `prosumer`, `retailer`, `aggregator`, …; `operator` for an organisation's own."""
    name_en: _PersonName = ""
    """Of an organisation or a plant; a natural person's name stays in the private record."""
    name_zh: _PersonName = ""
    organisation: OptionalName = ""
    """Whom it acts for; "": itself."""
    possession: str
    """Signature by the new key, 64 bytes, hex."""
    public_key: str
    """Ed25519, 32 bytes, hex."""
    roles: tuple[str, ...] = ()
    voltage: OptionalName = ""
    """Connection voltage class, for instance `10kV`; "" where none."""
    zone: OptionalName = ""
    """Grid zone inside the area; "" where none."""


class Rotate(Arguments, frozen=True):
    """Arguments of `rotate`."""

    possession: str
    public_key: str


class ChangeRoles(Arguments, frozen=True, kw_only=True):
    """Arguments of `change_roles`."""

    account: Name
    directory: str = ""
    reason: Title
    roles: tuple[str, ...] = ()


class Reassign(Arguments, frozen=True, kw_only=True):
    """Arguments of `reassign`: all that is said anew."""

    account: Name
    area: str
    directory: str = ""
    kind: str
    organisation: OptionalName = ""
    reason: Title
    roles: tuple[str, ...] = ()
    voltage: OptionalName = ""
    zone: OptionalName = ""


class Judge(Arguments, frozen=True):
    """Arguments of `suspend`, `reinstate` and `revoke`."""

    account: Name
    reason: Title


class ProposeRecovery(Arguments, frozen=True, kw_only=True):
    """Arguments of `propose_recovery`."""

    account: Name
    information_hash: str = ""
    """Of a real-name record that was vetted anew; "": the one on the record stays."""
    possession: str
    public_key: str


class ApproveRecovery(Arguments, frozen=True):
    """Arguments of `approve_recovery`: the key too, so that nobody approves another than they looked at."""

    account: Name
    public_key: str


class UpdateInformation(Arguments, frozen=True):
    """Arguments of `update_information`."""

    information_hash: str


class Reader(Arguments, frozen=True):
    """Arguments of `grant_reader` and `withdraw_reader`."""

    account: Name
    reader: Name


class Erase(Arguments, frozen=True):
    """Arguments of `erase_information`."""

    account: Name


PARTICIPANTS = Schema(
    table="participants",
    columns=(
        Column("account", "text"),
        Column("kind", "text"),
        Column("organisation", "text", "empty: acts for itself"),
        Column("directory", "text", "of the organisation, where the roles come from it"),
        Column("area", "text", "administrative code, GB/T 2260; empty: none"),
        Column("zone", "text", "grid zone, empty: none"),
        Column("voltage", "text", "connection voltage class, empty: none"),
        Column("name_zh", "text", "empty: not on the record"),
        Column("name_en", "text", "empty: not on the record"),
        Column("public_key", "text", "Ed25519, hex"),
        Column("information_hash", "text", "of the private record, hex; empty: none or erased"),
        Column("information_by", "text", "account that vetted it; empty: the account's own word, or no hash"),
        Column("roles", "text", "sorted, comma-separated"),
        Column("status", "text", "active|suspended|revoked"),
        Column("change", "text", "the method that made this version"),
        Column("reason", "text", "as given, empty: none"),
        Column("time", "time", "ms UTC, block time"),
    ),
)
"""A row is a version of an account; the last row of an account is the current one."""

INFORMATION_READERS = Schema(
    table="information_readers",
    columns=(
        Column("account", "text"),
        Column("reader", "text"),
        Column("status", "text", "granted|withdrawn"),
        Column("time", "time", "ms UTC, block time"),
    ),
)
"""A row per grant and withdrawal; the last row of (account, reader) is the current one."""

ACCOUNT_RECOVERIES = Schema(
    table="account_recoveries",
    columns=(
        Column("account", "text"),
        Column("public_key", "text", "Ed25519, hex: the new one"),
        Column("status", "text", "proposed|approved|carried_out|expired|void"),
        Column("organisation", "text", "whose account called, empty: nobody"),
        Column("expires", "time", "ms UTC, exclusive"),
        Column("time", "time", "ms UTC, block time"),
    ),
)
"""A row per step of a recovery."""

RecoveryStatus = Literal["proposed", "approved", "carried_out", "expired", "void"]


def identity_of(call: Call, account: str) -> Identity:
    """What is known of an account beside the account itself."""
    found: Identity | None = call.get(IDENTITIES, account)
    return found or Identity()


def known_account(call: Call, account: str) -> Account:
    """An account that governance knows, or the refusal "unknown-account"."""
    found = call.account(account)
    if found is None:
        call.reject("unknown-account", f"there is no account {account}")
    return found


def standing_account(call: Call, account: str) -> Account:
    """An account that is not revoked, or the refusals "unknown-account", "status"."""
    found = known_account(call, account)
    if found.status == "revoked":
        call.reject("status", f"{account} is revoked, for good")
    return found


def record_account(call: Call, account: Account, identity: Identity, change: str, reason: str = "") -> None:
    """Make this version of the account the one in force: state, event for the other channels, row."""
    before = call.account(account.account)
    if change == "register":
        call.register_account(account)
    else:
        call.change_account(account)
    if before != account:
        for version in (before, account):
            if version is not None and COUNCIL in version.roles and version.organisation:
                call.put(COUNCILS, version.organisation, call.entry)
    call.put(IDENTITIES, account.account, identity)
    call.event(REGISTERED if change == "register" else CHANGED, account_data(account))
    call.write(PARTICIPANTS, _row(account, identity, change, reason, call.time_ms))


def council_changed(call: Call, organisation: str) -> int:
    """The last entry that changed who votes for an organisation, for any contract of governance; 0: genesis."""
    return int(call.read(PARTICIPANT, COUNCILS, organisation) or 0)


def account_data(account: Account) -> dict[str, Any]:
    """The account as events tell of it."""
    return {**msgspec.structs.asdict(account), "roles": list(account.roles)}


def record_recovery(call: Call, public_key: str, recovery: Recovery, status: RecoveryStatus) -> None:
    """A step of a recovery, on the record."""
    organisation = call.caller.organisation if call.caller is not None else ""
    row = (recovery.account, public_key, status, organisation, recovery.expires, call.time_ms)
    call.write(ACCOUNT_RECOVERIES, row)
    if status != "void":
        # Of those that become void there may be more than a receipt has room for; the cause has its own event.
        data = {"account": recovery.account, "organisation": organisation, "public_key": public_key, "status": status}
        call.event(RECOVERY_EVENT, data)


def pending_recoveries(call: Call, account: str) -> Sequence[tuple[str, Recovery]]:
    """(public key, recovery) of the recoveries of an account that wait for approval."""
    return [(key, recovery) for key, recovery in call.items(RECOVERIES) if recovery.account == account]


def _row(account: Account, identity: Identity, change: str, reason: str, time_ms: int) -> tuple[str | int, ...]:
    return (
        account.account,
        account.kind,
        account.organisation,
        identity.directory,
        account.area,
        account.zone,
        account.voltage,
        identity.name_zh,
        identity.name_en,
        account.public_key,
        identity.information_hash,
        identity.information_by,
        ",".join(account.roles),
        account.status,
        change,
        reason,
        time_ms,
    )
