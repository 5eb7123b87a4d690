"""Private data as the record sees it: one hash per account, and who may read what it commits to.

The data is off the record, sealed to its readers (`chain.private`); here is what was decided about it.

1. `update_information`, by the account itself: a new hash ("information-hash"), unless its record was erased
   ("erased": what was asked to be forgotten does not come back under this name). Nobody has vetted what it commits to:
   `information_by` is empty in this version and in all later ones, until a vetted hash replaces it (by a recovery).
2. `grant_reader` and `withdraw_reader`, by the account itself or a registrar ("not-owner"), for an account that is not
   revoked ("unknown-account", "status"). A reader is an active account other than the owner ("reader"), granted once
   ("granted"); there is something to read ("no-information"); with the owner there are at most
   `private_readers_max` ("readers-full").
   Who is withdrawn was granted before ("not-granted").
3. `erase_information`, by whose data it is, or by a registrar or the regulator on their request ("unknown-account",
   "not-owner"): nothing is to be erased twice ("no-information"). No later version has a hash, all readers are
   withdrawn. The old hash stays in the log; without salt and ciphertext, which the vault deletes, it says nothing.

A withdrawn reader keeps what they have read: the owner seals anew, to the others (`chain.private.sealed`).
"""

import msgspec

from chain.contract import Call
from chain.contracts.participant_rules import caller_of, check_information_hash
from chain.contracts.participant_state import (
    INFORMATION_READERS,
    READER_EVENT,
    READERS,
    Erase,
    Identity,
    Reader,
    UpdateInformation,
    identity_of,
    known_account,
    record_account,
    standing_account,
)
from chain.contracts.roles import REGISTRAR, REGULATOR
from chain.limits import LIMITS


def update_information(call: Call, arguments: UpdateInformation) -> None:
    """Rule 1."""
    check_information_hash(call, arguments.information_hash)
    caller = caller_of(call)
    known = identity_of(call, caller.account)
    require_not_erased(call, caller.account, known)
    identity = msgspec.structs.replace(known, information_by="", information_hash=arguments.information_hash)
    record_account(call, caller, identity, "update_information")


def require_not_erased(call: Call, account: str, identity: Identity) -> None:
    """Rules 1 and 3: after an erasure there is no other hash."""
    if identity.is_erased:
        call.reject("erased", f"the private record of {account} was erased")


def grant_reader(call: Call, arguments: Reader) -> None:
    """Rule 2."""
    _require_owner(call, arguments.account)
    reader = call.account(arguments.reader)
    if reader is None or reader.status != "active" or arguments.reader == arguments.account:
        call.reject("reader", f"{arguments.reader} is no other active account")
    if not identity_of(call, arguments.account).information_hash:
        call.reject("no-information", f"{arguments.account} has no private record")
    space = f"{READERS}:{arguments.account}"
    if call.get(space, arguments.reader) is not None:
        call.reject("granted", f"{arguments.reader} is a reader already")
    if 1 + sum(1 for _ in call.items(space)) >= LIMITS.private_readers_max:
        sentence = f"a private record has at most {LIMITS.private_readers_max} readers, its owner among them"
        call.reject("readers-full", sentence)
    call.put(space, arguments.reader, call.time_ms)
    call.write(INFORMATION_READERS, (arguments.account, arguments.reader, "granted", call.time_ms))
    _report(call, arguments, "granted")


def withdraw_reader(call: Call, arguments: Reader) -> None:
    """Rule 2."""
    _require_owner(call, arguments.account)
    if call.get(f"{READERS}:{arguments.account}", arguments.reader) is None:
        call.reject("not-granted", f"{arguments.reader} is no reader")
    _withdraw(call, arguments.account, arguments.reader)
    _report(call, arguments, "withdrawn")


def erase_information(call: Call, arguments: Erase) -> None:
    """Rule 3."""
    account = known_account(call, arguments.account)
    caller = caller_of(call)
    if caller.account != account.account and not {REGISTRAR, REGULATOR} & set(caller.roles):
        call.reject("not-owner", f"the private record is that of {account.account}")
    identity = identity_of(call, account.account)
    if not identity.information_hash:
        call.reject("no-information", f"{account.account} has no private record")
    for reader, _ in list(call.items(f"{READERS}:{account.account}")):
        _withdraw(call, account.account, reader)
    erased = msgspec.structs.replace(identity, information_by="", information_hash="", is_erased=True)
    record_account(call, account, erased, "erase_information")


def _require_owner(call: Call, account: str) -> None:
    """Rule 2."""
    caller = caller_of(call)
    if caller.account != account and REGISTRAR not in caller.roles:
        call.reject("not-owner", f"the private record is that of {account}")
    standing_account(call, account)


def _withdraw(call: Call, account: str, reader: str) -> None:
    call.delete(f"{READERS}:{account}", reader)
    call.write(INFORMATION_READERS, (account, reader, "withdrawn", call.time_ms))


def _report(call: Call, arguments: Reader, status: str) -> None:
    call.event(READER_EVENT, {"account": arguments.account, "reader": arguments.reader, "status": status})
