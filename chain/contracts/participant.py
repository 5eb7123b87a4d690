"""The contract `participant`: who takes part, for whom, and with which key. Runs on the governance channel.

Beginning. `register`, by a registrar or the council, in this order; the code of a refusal in quotes, rules of keys,
organisations and descriptions in `chain.contracts.participant_rules`:
1. The account is a name of `docs/format.md` section 1 ("account-name") that nobody has, operators included
   ("account-taken").
2. Area, kind, organisation, roles: `participant_rules` 4–7 and 9. Roles of the institutions come from genesis or from
   an organisation of the alliance, never from a registrar alone.
3. The information hash ("information-hash") commits to the real-name record, which stays off the record and which the
   caller has vetted: `information_by` says who. The key keeps `participant_rules` 1–3. Names may be empty: a natural
   person's name stays in the private record.
4. The entry is the account's deposit number (`chain.identity.deposit`). The account is known on governance at once, on
   the other channels as they import `participant.registered`, and every later version as `participant.changed`
   (`docs/format.md` section 8): until then they go by what they know.

Keys
5. `rotate`, by the account itself, signed with the old key: the new one is its key from the next call on.
   Who has lost the key is helped by `chain.contracts.participant_recovery`.

Roles
6. `change_roles`, and `reassign` (organisation, area, kind, connection, roles), by a registrar or the council: of an
   account that is not revoked ("unknown-account", "status"), `participant_rules` 4–7 and 9, for the organisation that
   it leaves and the one that it joins.

Status
7. `suspend`: an active account other than the regulator's own ("self"): who could end it would be suspended.
   `reinstate`: a suspended one. Both by the regulator; "unknown-account", "status", `participant_rules` 8.
8. `revoke`, for good: by the account itself; by a registrar or the council (`participant_rules` 6 and 7); by the
   regulator (8). Others: "not-owner". Pending recoveries are void, so nobody revokes themselves while one waits
   ("recovery-waits"): who has stolen the key would end it by that. Nothing brings a revoked account or its keys back.

Private data: `chain.contracts.participant_information`.

Table `participants`: a row is a version of an account; the last row of an account is the current one.

Sources: P1, "Transaction user identity authentication" (hash of the user information and public key on the chain);
F01, F02, F04, F05, T3, T7; `docs/format.md` sections 1, 8 and 12; who may do what: `docs/roles.md`.
"""

import msgspec

from chain.contract import Account, Call, Contract, Method, Space, TriggerMethod
from chain.contracts.participant_information import erase_information, grant_reader, update_information, withdraw_reader
from chain.contracts.participant_recovery import (
    EXPIRE,
    approve_recovery,
    expire_recovery,
    propose_recovery,
    void_recoveries,
)
from chain.contracts.participant_rules import (
    KEY_CODES,
    ROLE_CODES,
    caller_of,
    check_area,
    check_information_hash,
    granted_roles,
    has_active_council,
    possession_message,
    require_master,
    require_no_vote,
    take_key,
)
from chain.contracts.participant_state import (
    ACCOUNT_RECOVERIES,
    COUNCILS,
    IDENTITIES,
    INFORMATION_READERS,
    KEYS,
    PARTICIPANT,
    PARTICIPANTS,
    READERS,
    RECOVERIES,
    ApproveRecovery,
    ChangeRoles,
    Erase,
    Identity,
    Judge,
    Parameters,
    ProposeRecovery,
    Reader,
    Reassign,
    Recovery,
    Register,
    Rotate,
    UpdateInformation,
    check_parameters,
    identity_of,
    known_account,
    pending_recoveries,
    record_account,
    standing_account,
)
from chain.contracts.roles import COUNCIL, REGISTRAR, REGULATOR
from chain.errors import ParseError
from chain.text import check_name

__all__ = ["CONTRACT", "possession_message"]


def _genesis(call: Call) -> None:
    """Operators' keys are taken from the start; their names and organisations stand in genesis."""
    for account_id, account in call.accounts():
        call.put(KEYS, account.public_key, account_id)
        call.put(IDENTITIES, account_id, Identity())


def _register(call: Call, arguments: Register) -> None:
    """Rules 1–4."""
    _check_account(call, arguments.account)
    check_area(call, arguments.area, arguments.kind)
    roles = granted_roles(call, arguments.organisation, arguments.kind, arguments.directory, arguments.roles)
    require_master(call, arguments.organisation)
    check_information_hash(call, arguments.information_hash)
    take_key(call, arguments.account, arguments.public_key, arguments.possession)
    account = Account(
        account=arguments.account,
        area=arguments.area,
        kind=arguments.kind,
        organisation=arguments.organisation,
        public_key=arguments.public_key,
        roles=roles,
        voltage=arguments.voltage,
        zone=arguments.zone,
    )
    identity = Identity(
        deposit_entry=call.entry,
        directory=arguments.directory,
        information_by=call.account_id,
        information_hash=arguments.information_hash,
        name_en=arguments.name_en,
        name_zh=arguments.name_zh,
    )
    record_account(call, account, identity, "register")


def _check_account(call: Call, account: str) -> None:
    """Rule 1."""
    try:
        check_name(account, "account")
    except ParseError:
        call.reject("account-name", "not a name that an account can have")
    if call.account(account) is not None:
        call.reject("account-taken", f"{account} is registered already")


def _rotate(call: Call, arguments: Rotate) -> None:
    """Rule 5."""
    caller = caller_of(call)
    take_key(call, caller.account, arguments.public_key, arguments.possession)
    account = msgspec.structs.replace(caller, public_key=arguments.public_key)
    record_account(call, account, identity_of(call, caller.account), "rotate")


def _change_roles(call: Call, arguments: ChangeRoles) -> None:
    """Rule 6."""
    account = standing_account(call, arguments.account)
    require_master(call, account.organisation)
    roles = granted_roles(call, account.organisation, account.kind, arguments.directory, arguments.roles)
    identity = msgspec.structs.replace(identity_of(call, account.account), directory=arguments.directory)
    changed = msgspec.structs.replace(account, roles=roles)
    record_account(call, changed, identity, "change_roles", arguments.reason)


def _reassign(call: Call, arguments: Reassign) -> None:
    """Rule 6."""
    account = standing_account(call, arguments.account)
    check_area(call, arguments.area, arguments.kind)
    roles = granted_roles(call, arguments.organisation, arguments.kind, arguments.directory, arguments.roles)
    require_master(call, account.organisation, arguments.organisation)
    identity = msgspec.structs.replace(identity_of(call, account.account), directory=arguments.directory)
    changed = msgspec.structs.replace(
        account,
        area=arguments.area,
        kind=arguments.kind,
        organisation=arguments.organisation,
        roles=roles,
        voltage=arguments.voltage,
        zone=arguments.zone,
    )
    record_account(call, changed, identity, "reassign", arguments.reason)


def _suspend(call: Call, arguments: Judge) -> None:
    """Rule 7."""
    account = known_account(call, arguments.account)
    if account.account == call.account_id:
        call.reject("self", "nobody suspends their own account: who could end it?")
    if account.status != "active":
        call.reject("status", f"{account.account} is {account.status}")
    require_no_vote(call, account)
    suspended = msgspec.structs.replace(account, status="suspended")
    record_account(call, suspended, identity_of(call, account.account), "suspend", arguments.reason)


def _reinstate(call: Call, arguments: Judge) -> None:
    """Rule 7."""
    account = known_account(call, arguments.account)
    if account.status != "suspended":
        call.reject("status", f"{account.account} is {account.status}")
    if has_active_council(call, account.organisation):
        require_no_vote(call, account)
    active = msgspec.structs.replace(account, status="active")
    record_account(call, active, identity_of(call, account.account), "reinstate", arguments.reason)


def _revoke(call: Call, arguments: Judge) -> None:
    """Rule 8."""
    account = known_account(call, arguments.account)
    caller = caller_of(call)
    if account.account != caller.account:
        if REGULATOR in caller.roles:
            require_no_vote(call, account)
        elif REGISTRAR in caller.roles or COUNCIL in caller.roles:
            require_master(call, account.organisation)
        else:
            call.reject("not-owner", f"{caller.account} may revoke itself alone")
    elif pending_recoveries(call, account.account):
        call.reject("recovery-waits", "a recovery of this account waits: the others may revoke it, its key may not")
    if account.status == "revoked":
        call.reject("status", f"{account.account} is revoked already")
    void_recoveries(call, account.account)
    revoked = msgspec.structs.replace(account, status="revoked")
    record_account(call, revoked, identity_of(call, account.account), "revoke", arguments.reason)


_STANDING = ("unknown-account", "status")
_MANAGERS = (COUNCIL, REGISTRAR)

CONTRACT = Contract(
    name=PARTICIPANT,
    version=1,
    parameters=Parameters,
    methods=(
        Method(
            "approve_recovery",
            approve_recovery,
            ApproveRecovery,
            (COUNCIL,),
            ("no-recovery", "no-validator", "approved-already", *_STANDING),
        ),
        Method("change_roles", _change_roles, ChangeRoles, _MANAGERS, (*_STANDING, *ROLE_CODES)),
        Method(
            "erase_information",
            erase_information,
            Erase,
            ("anyone",),
            ("unknown-account", "not-owner", "no-information"),
        ),
        Method(
            "grant_reader",
            grant_reader,
            Reader,
            ("anyone",),
            (*_STANDING, "not-owner", "reader", "no-information", "granted", "readers-full"),
        ),
        Method(
            "propose_recovery",
            propose_recovery,
            ProposeRecovery,
            _MANAGERS,
            (*_STANDING, "other-organisation", "information-hash", "erased", *KEY_CODES),
        ),
        Method("reassign", _reassign, Reassign, _MANAGERS, (*_STANDING, "area", *ROLE_CODES)),
        Method(
            "register",
            _register,
            Register,
            _MANAGERS,
            ("account-name", "account-taken", "area", *ROLE_CODES, "information-hash", *KEY_CODES),
        ),
        Method("reinstate", _reinstate, Judge, (REGULATOR,), (*_STANDING, "council-member")),
        Method(
            "revoke",
            _revoke,
            Judge,
            ("anyone",),
            (*_STANDING, "council-member", "other-organisation", "not-owner", "recovery-waits"),
        ),
        Method("rotate", _rotate, Rotate, ("anyone",), KEY_CODES),
        Method("suspend", _suspend, Judge, (REGULATOR,), (*_STANDING, "self", "council-member")),
        Method(
            "update_information", update_information, UpdateInformation, ("anyone",), ("information-hash", "erased")
        ),
        Method("withdraw_reader", withdraw_reader, Reader, ("anyone",), (*_STANDING, "not-owner", "not-granted")),
    ),
    triggers=(TriggerMethod(EXPIRE, expire_recovery),),
    tables=(ACCOUNT_RECOVERIES, INFORMATION_READERS, PARTICIPANTS),
    spaces=(
        Space(COUNCILS, int),
        Space(IDENTITIES, Identity),
        Space(KEYS, str),
        Space(READERS, int),
        Space(RECOVERIES, Recovery),
    ),
    check_parameters=check_parameters,
    genesis=_genesis,
    sources=(
        "chain.contracts.alliance_state",
        "chain.contracts.participant",
        "chain.contracts.participant_information",
        "chain.contracts.participant_recovery",
        "chain.contracts.participant_rules",
        "chain.contracts.participant_state",
        "chain.contracts.quorum",
        "chain.contracts.roles",
        "chain.fields",
        "chain.imports",
    ),
)
