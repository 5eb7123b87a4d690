"""The identity deposit number (P1: what a user is given once the chain holds their identity).

1. It is the index of the accepted `participant.register` entry on the governance channel, as twelve digits, and two
   check digits by ISO/IEC 7064 MOD 97-10, which catch every single wrong digit and every swap of neighbours.
2. Entry 0 is the genesis: nobody's number.
3. ASCII digits only, exactly fourteen: one number, one spelling.
"""

import re

from chain.errors import DepositNumberError
from chain.identity.limits import IDENTITY_LIMITS

_ENTRY_DIGITS = 12
_SHAPE = re.compile(r"[0-9]{14}")
_MODULUS = 97


def deposit_number(entry: int) -> str:
    """The number of the registration at `entry` of governance; `DepositNumberError` for an index that cannot be one."""
    if not 1 <= entry <= IDENTITY_LIMITS.deposit_entry_max:
        raise DepositNumberError("deposit-number-entry", f"entry {entry} is not that of a registration")
    check = _MODULUS + 1 - entry * 100 % _MODULUS
    return f"{entry:0{_ENTRY_DIGITS}d}{check:02d}"


def parse_deposit_number(text: str) -> int:
    """The entry of a number; `DepositNumberError` unless rules 1–3 hold."""
    if not _SHAPE.fullmatch(text):
        raise DepositNumberError("deposit-number-shape", "an identity deposit number has fourteen digits")
    entry = int(text[:_ENTRY_DIGITS])
    if deposit_number(entry) != text:
        raise DepositNumberError("deposit-number-check-digits", f"{text}: the check digits are wrong, so a digit is")
    return entry
