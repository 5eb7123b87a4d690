"""What the governance channel tells the other channels (`docs/format.md` section 8).

1. Accounts: `participant.registered` and `participant.changed`; their data is the account as it is from then on.
2. Parameters: `alliance.parameters`, for one channel and contract from a height on.
3. Retirement: `alliance.retired`; from the block that imports it on the channel takes nothing new, and it ends once
   nothing is open there.

A channel heeds what concerns it and passes over the rest. The events come from accepted entries of governance, so their
data has the shape that its contracts give them; a record that somebody forged may say anything, hence the checks.
"""

from typing import Any, TypeVar

import msgspec

from chain.contract import Account
from chain.entry import Event
from chain.errors import LedgerError
from chain.fields import I53, Name
from chain.text import from_hex

GOVERNANCE = "governance"

REGISTERED = "participant.registered"
CHANGED = "participant.changed"
PARAMETERS = "alliance.parameters"
RETIRED = "alliance.retired"

ACCOUNT_EVENTS = (REGISTERED, CHANGED)
TOLD_EVENTS = (*ACCOUNT_EVENTS, PARAMETERS, RETIRED)
"""Events of governance that other channels import."""

_Told = TypeVar("_Told", bound=msgspec.Struct)


class ParameterChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rule 2."""

    channel: Name
    contract: Name
    height: I53
    """First block that runs with them; where the channel learns of it later, the block that imports it."""
    parameters: dict[str, Any]
    """All of the contract's parameters, defaults written out."""


class Retirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rule 3."""

    channel: Name


def told_account(event: Event) -> Account:
    """Rule 1; `LedgerError` or `ParseError` where the event tells of no account."""
    account = _told(event, Account)
    from_hex(account.public_key, 32, f"{event.name}: {account.account}")
    return account


def told_parameters(event: Event) -> ParameterChange:
    """Rule 2; `LedgerError` where the event tells of none."""
    return _told(event, ParameterChange)


def told_retirement(event: Event) -> Retirement:
    """Rule 3; `LedgerError` where the event tells of none."""
    return _told(event, Retirement)


def _told(event: Event, kind: type[_Told]) -> _Told:
    try:
        return msgspec.convert(event.data, kind)
    except msgspec.ValidationError as error:
        raise LedgerError("import", f"not what it should tell: {error}", event.name) from None
