"""Rules that several methods of the contract `participant` share; the code of a refusal in quotes.

Keys
1. A public key is a canonical Ed25519 point of prime order ("public-key"). Libraries disagree on small-order and
   mixed-order keys; such a key never becomes an account's.
2. It is new: no account has it, had it, or was to get it by a recovery ("key-taken"). A key that was lost, rotated away
   or revoked is never anybody's again.
3. Its owner holds the private key: `possession` is its signature over `gridproof/possession/v1\\n` ‖
   JCS({account, public_key}) ("possession"). Without it a stranger's key could be taken under one's own name. The
   message names no network, so that a key can be prepared before the network exists; being bound to one account and
   one key, and the key to one use, it cannot be played again.

Organisations
4. An organisation exists in the alliance ("organisation"). The kind `operator`, which `conduct` exempts, needs one and
   an institution's role ("kind"): a company's own traders are participants like others.
5. Roles are given one by one or by a directory of the organisation ("directory"), by exactly one of the two; they are
   present, sorted, unique, and each is one that its organisation's accounts may hold or anyone may ("roles"). Roles by
   a directory are those of its mapping at that moment. There are at most `roles_max` of the alliance ("roles").
6. An organisation that runs a validator is master of its accounts: only who acts for it registers an account into it,
   changes one, or moves one in or out ("other-organisation"). Otherwise a registrar could make itself accounts of the
   other organisations, and their votes. While it runs none, registrars do this for it; the vote that admits its
   validator accepts who acts for it when it is proposed (`alliance_policy` 1).
7. Whoever holds no role of a registrar acts only for the own organisation ("other-organisation").
8. Nobody takes a vote away alone: an account with the role `council` of an organisation that runs a validator is
   suspended, reinstated or revoked only by who acts for that organisation ("council-member"). The others have the
   quorum for it: `remove-validator` of the alliance. One exception: where the organisation has no active account with
   that role left, the regulator reinstates one that it had; otherwise its voice would be lost for good.

Description
9. The area is one of the market's ("area"), and "" for an operator. The kind is a lower-case word ("kind").
10. An information hash is 32 bytes of lower-case hex ("information-hash").
"""

import re

from nacl import bindings

from chain import jcs
from chain.contract import OPERATOR, Account, Call
from chain.contracts.alliance_state import ALLIANCE_LIMITS, channel_of_area, find_directory, find_organisation
from chain.contracts.participant_state import KEYS
from chain.contracts.quorum import validator_of
from chain.contracts.roles import COUNCIL, INSTITUTIONS, REGISTRAR
from chain.errors import ParseError
from chain.text import from_hex
from chain.transaction import is_signature

POSSESSION_CONTEXT = b"gridproof/possession/v1\n"

KEY_CODES = ("public-key", "key-taken", "possession")
ROLE_CODES = ("kind", "organisation", "directory", "roles", "other-organisation")

_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")


def possession_message(account: str, public_key: str) -> bytes:
    """What the holder of the key signs (rule 3)."""
    return POSSESSION_CONTEXT + jcs.encode({"account": account, "public_key": public_key})


def take_key(call: Call, account: str, public_key: str, possession: str) -> None:
    """Rules 1–3; from here on the key is this account's, for good."""
    point = bytes_of(call, "public-key", public_key, 32)
    if not bindings.crypto_core_ed25519_is_valid_point(point):
        call.reject("public-key", "not a canonical Ed25519 point of prime order")
    holder = call.get(KEYS, public_key)
    if holder is not None:
        call.reject("key-taken", f"the key is or was that of {holder}")
    signature = bytes_of(call, "possession", possession, 64)
    if not is_signature(signature, possession_message(account, public_key), point):
        call.reject("possession", "the possession proof is not a signature by the new key over this account and key")
    call.put(KEYS, public_key, account)


def granted_roles(call: Call, organisation: str, kind: str, directory: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    """Rules 4 and 5, and the kind of rule 9: the roles that the account holds."""
    if not _KIND.fullmatch(kind):
        call.reject("kind", f"{kind!r} is not a kind of participant")
    known = find_organisation(call, organisation) if organisation else None
    if organisation and known is None:
        call.reject("organisation", f"the alliance has no organisation {organisation}")
    if kind == OPERATOR and known is None:
        call.reject("kind", "an operator acts for an organisation")
    if bool(directory) == bool(roles):
        call.reject("roles", "either roles or a directory of the organisation gives them: exactly one")
    if directory:
        mapping = find_directory(call, organisation, directory)
        if mapping is None:
            call.reject("directory", f"the organisation {organisation!r} has no directory {directory!r} with roles")
        roles = mapping.roles
    if list(roles) != sorted(set(roles)) or len(roles) > ALLIANCE_LIMITS.roles_max:
        call.reject("roles", f"roles must be sorted, unique and at most {ALLIANCE_LIMITS.roles_max}")
    allowed = {*call.parameters.grantable_roles, *(known.roles if known is not None else ())}
    for role in roles:
        if role not in allowed:
            call.reject("roles", f"an account of organisation {organisation!r} may not hold the role {role!r}")
    if kind == OPERATOR and not set(roles) & set(INSTITUTIONS):
        call.reject("kind", "an operator holds a role of an institution")
    return roles


def require_master(call: Call, *organisations: str) -> None:
    """Rules 6 and 7."""
    caller = caller_of(call)
    for organisation in organisations:
        is_own = organisation != "" and organisation == caller.organisation
        if not is_own and (REGISTRAR not in caller.roles or validator_of(call, organisation)):
            sentence = f"accounts of organisation {organisation!r} are for those who act for it"
            call.reject("other-organisation", sentence)


def require_proposer(call: Call, account: Account) -> None:
    """Rule 7 for a recovery: who is neither registrar nor of an organisation with a vote helps its own alone."""
    caller = caller_of(call)
    is_own = account.organisation != "" and account.organisation == caller.organisation
    if not is_own and REGISTRAR not in caller.roles and not validator_of(call, caller.organisation):
        call.reject("other-organisation", f"{caller.account} proposes recoveries for {caller.organisation!r} alone")


def require_no_vote(call: Call, account: Account) -> None:
    """Rule 8."""
    is_own = account.organisation == caller_of(call).organisation
    if COUNCIL in account.roles and not is_own and validator_of(call, account.organisation):
        sentence = f"{account.account} votes for {account.organisation}: no other organisation takes that away alone"
        call.reject("council-member", sentence)


def has_active_council(call: Call, organisation: str) -> bool:
    """Rule 8: whether anybody can still vote for the organisation, and so change its accounts."""
    return any(
        account.organisation == organisation and account.status == "active" and COUNCIL in account.roles
        for _, account in call.accounts()
    )


def check_area(call: Call, area: str, kind: str) -> None:
    """Rule 9."""
    if kind == OPERATOR:
        if area:
            call.reject("area", "an operator belongs to no market area")
    elif channel_of_area(call, area) is None:
        call.reject("area", f"the network has no market for area {area!r}")


def check_information_hash(call: Call, information_hash: str) -> None:
    """Rule 10."""
    bytes_of(call, "information-hash", information_hash, 32)


def bytes_of(call: Call, code: str, text: str, length: int) -> bytes:
    """Bytes from hex, or the refusal `code`."""
    try:
        return from_hex(text, length, code)
    except ParseError:
        call.reject(code, f"not {length} bytes of lower-case hex")


def caller_of(call: Call) -> Account:
    """The caller (methods only)."""
    _ = call.account_id
    assert call.caller is not None  # noqa: S101 - the line above has refused that
    return call.caller
