"""Organisations of the alliance and their directories. Runs as part of the contract `alliance`.

Organisations, in this order; the code of a refusal in quotes:
1. The name of one that is admitted is free ("organisation-taken"), the one above it is there ("unknown-organisation"),
   its roles are sorted and unique ("roles"). It begins as an observer.
2. One that is removed is there ("unknown-organisation"), runs no validator ("organisation-validator"), has none below
   it ("organisation-parent") and no account that is not revoked ("organisation-accounts"). Its directories go with it.

Directories:
3. They are kept by who acts for the organisation, as registrar or in the council; while it runs no validator, by any
   registrar ("other-organisation"). The organisation is there ("unknown-organisation"); roles are sorted and
   unique, at least one, and each is one of the organisation's ("roles"): whoever keeps its address book cannot give
   more than the alliance gave the organisation.
4. At most `directories_max` of an organisation have roles ("directories-max"). To map one again replaces its roles; to
   unmap one that has none is refused ("unknown-directory"). Accounts keep the roles that they were given
   (`chain.contracts.participant`); the mapping says what a registrar may give from now on.
"""

from collections.abc import Callable, Sequence
from functools import partial

from chain.contract import Arguments, Call
from chain.contracts.alliance_actions import AdmitOrganisation, RemoveOrganisation
from chain.contracts.alliance_events import report_organisation
from chain.contracts.alliance_state import (
    ALLIANCE_LIMITS,
    DIRECTORY,
    ORGANISATION,
    Directory,
    Organisation,
    Roles,
    directory_key,
    find_directory,
    find_organisation,
)
from chain.contracts.alliance_tables import write_directory, write_organisation
from chain.contracts.roles import COUNCIL, REGISTRAR
from chain.fields import Name, Title

Effect = Callable[[], None]
"""What a judged action does: it cannot refuse any more."""

MAP_CODES = ("unknown-organisation", "other-organisation", "roles", "directories-max")
UNMAP_CODES = ("unknown-organisation", "other-organisation", "unknown-directory")
KEEPERS = (COUNCIL, REGISTRAR)
"""Roles that may keep directories."""
REVOKED = "revoked"


class MapDirectory(Arguments, frozen=True):
    """Arguments of `map_directory`."""

    directory: Title
    """As the organisation calls it, for instance the path of an LDAP or OIDC group."""
    organisation: Name
    roles: Roles


class UnmapDirectory(Arguments, frozen=True):
    """Arguments of `unmap_directory`."""

    directory: Title
    organisation: Name


def require_organisation(call: Call, organisation: str) -> Organisation:
    """The member of that name; a refusal otherwise."""
    found = find_organisation(call, organisation)
    if found is None:
        call.reject("unknown-organisation", f"the alliance has no organisation {organisation}")
    return found


def put_organisation(call: Call, organisation: Organisation) -> None:
    """An organisation as it is from now on."""
    call.put(ORGANISATION, organisation.organisation, organisation)
    report_organisation(call, organisation, "active")
    write_organisation(call, organisation, "active")


def judge_admission(call: Call, action: AdmitOrganisation) -> Effect:
    """Rule 1."""
    if find_organisation(call, action.organisation) is not None:
        call.reject("organisation-taken", f"{action.organisation} is a member already")
    if action.parent:
        require_organisation(call, action.parent)
    _check_roles(call, action.roles)
    organisation = Organisation(
        name_en=action.name_en,
        name_zh=action.name_zh,
        organisation=action.organisation,
        parent=action.parent,
        roles=action.roles,
    )
    return partial(put_organisation, call, organisation)


def judge_removal(call: Call, action: RemoveOrganisation) -> Effect:
    """Rule 2."""
    organisation = require_organisation(call, action.organisation)
    if organisation.validator:
        call.reject("organisation-validator", f"it runs the validator {organisation.validator}")
    for name, other in call.items(ORGANISATION):
        if other.parent == action.organisation:
            call.reject("organisation-parent", f"{name} stands below it")
    for name, account in call.accounts():
        if account.organisation == action.organisation and account.status != REVOKED:
            call.reject("organisation-accounts", f"account {name} acts for it")
    return partial(_remove, call, organisation)


def map_directory(call: Call, arguments: MapDirectory) -> None:
    """Rules 3 and 4."""
    organisation = _keep(call, arguments.organisation)
    if not arguments.roles:
        call.reject("roles", "a directory without roles is one to unmap")
    _check_roles(call, arguments.roles)
    for role in arguments.roles:
        if role not in organisation.roles:
            call.reject("roles", f"accounts of {organisation.organisation} may not hold the role {role}")
    known = find_directory(call, arguments.organisation, arguments.directory)
    if known is None and len(_directories_of(call, arguments.organisation)) >= ALLIANCE_LIMITS.directories_max:
        sentence = f"{arguments.organisation} has {ALLIANCE_LIMITS.directories_max} directories already"
        call.reject("directories-max", sentence)
    directory = Directory(arguments.directory, arguments.organisation, arguments.roles)
    call.put(DIRECTORY, directory_key(arguments.organisation, arguments.directory), directory)
    write_directory(call, directory, is_mapped=True)


def unmap_directory(call: Call, arguments: UnmapDirectory) -> None:
    """Rules 3 and 4."""
    _keep(call, arguments.organisation)
    known = find_directory(call, arguments.organisation, arguments.directory)
    if known is None:
        call.reject("unknown-directory", f"the directory gives no roles in {arguments.organisation}")
    _unmap(call, known)


def _keep(call: Call, name: str) -> Organisation:
    """Rule 3: an organisation whose directories the caller may keep."""
    organisation = require_organisation(call, name)
    caller = call.account(call.account_id)
    is_own = caller is not None and caller.organisation == name
    is_registrar = caller is not None and REGISTRAR in caller.roles
    if not is_own and (not is_registrar or organisation.validator):
        call.reject("other-organisation", f"directories of {name} are for those who act for it")
    return organisation


def _remove(call: Call, organisation: Organisation) -> None:
    for directory in _directories_of(call, organisation.organisation):
        _unmap(call, directory)
    call.delete(ORGANISATION, organisation.organisation)
    report_organisation(call, organisation, "removed")
    write_organisation(call, organisation, "removed")


def _unmap(call: Call, directory: Directory) -> None:
    call.delete(DIRECTORY, directory_key(directory.organisation, directory.directory))
    write_directory(call, directory, is_mapped=False)


def _directories_of(call: Call, organisation: str) -> list[Directory]:
    return [directory for _, directory in call.items(DIRECTORY) if directory.organisation == organisation]


def _check_roles(call: Call, roles: Sequence[str]) -> None:
    if list(roles) != sorted(set(roles)):
        call.reject("roles", "roles must be sorted and unique")
