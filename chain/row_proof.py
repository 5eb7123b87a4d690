"""What a row is proven to be: the root above it has a name, and the name says what the proof is worth.

1. `submitted`: the row lies under `body.rows_root`, which a transaction's author signed. Its table is the `…_submitted`
   one for which the receipt states that very root and count; whether the call was accepted is another question.
2. `written`: it lies under the `rows_root` that the receipt of an accepted call states for the table. What a rejected
   call states (its batch, kept verbatim) is never written.
3. `sealed`: it lies under the `rows_root` of a seal of the table.
4. An author's signature holds over the body as it stands in the entry, under a key that an entry of governance gives
   to the account: genesis to an operator, an accepted registration or change to a participant.

A path binds a place, not a size: the number of rows is taken from where the root is taken from.
"""

from collections.abc import Iterator
from typing import Literal

from chain import jcs
from chain.entry import Entry, Genesis, Transaction, Trigger, Written
from chain.errors import ProofError, SignatureError
from chain.imports import ACCOUNT_EVENTS
from chain.text import from_hex
from chain.transaction import CONTEXT, is_signature

RowRoot = Literal["sealed", "submitted", "written"]
"""Rules 1–3."""

ROW_ROOTS: tuple[RowRoot, ...] = ("sealed", "submitted", "written")

SUBMITTED = "_submitted"
"""End of the name of a table that keeps signed batches verbatim."""

_KEY_BYTES = 32
_SIGNATURE_BYTES = 64


def submitted_root(entry: Entry, table: str, where: str) -> Written:
    """Rule 1: root and count that the author of `entry` signed; `ProofError` otherwise."""
    stated = stated_root(entry, table, where)
    if not table.endswith(SUBMITTED):
        raise ProofError("submitted", f"rows of {table} are written by a contract, nobody signs them", where)
    signed = (entry.body.rows_count, entry.body.rows_root) if isinstance(entry, Transaction) else None
    if signed != (stated.rows_count, stated.rows_root):
        raise ProofError("submitted", "the rows are not those that the transaction signs", where)
    return stated


def written_root(entry: Entry, table: str, where: str) -> Written:
    """Rule 2: root and count that the accepted receipt of `entry` states; `ProofError` otherwise."""
    stated = stated_root(entry, table, where)
    if not isinstance(entry, Transaction | Trigger) or entry.receipt.status != "accepted":
        raise ProofError("rejected", "a rejected call writes nothing", where)
    return stated


def stated_root(entry: Entry, table: str, where: str) -> Written:
    """What the receipt of `entry` states for `table`, once, whatever became of the call; `ProofError` otherwise."""
    if not isinstance(entry, Transaction | Trigger):
        raise ProofError("writer", f"a {entry.kind} writes no rows", where)
    stated = [written for written in entry.receipt.tables if written.table == table]
    if len(stated) != 1:
        raise ProofError("writer", f"its receipt states no rows of {table}", where)
    return stated[0]


def given_keys(entry: Entry) -> Iterator[tuple[str, str]]:
    """Rule 4: (account, public key in hex) for every key that an entry of governance gives."""
    if isinstance(entry, Genesis):
        yield from ((operator.account, operator.public_key) for operator in entry.operators)
    elif isinstance(entry, Transaction | Trigger) and entry.receipt.status == "accepted":
        for event in entry.receipt.events:
            account, public_key = event.data.get("account"), event.data.get("public_key")
            if event.name in ACCOUNT_EVENTS and isinstance(account, str) and isinstance(public_key, str):
                yield account, public_key


def is_signed(entry: Transaction, public_key: str, where: str) -> bool:
    """Whether `public_key` (hex) signed the body of `entry`. `ParseError` where key or signature is none."""
    key = from_hex(public_key, _KEY_BYTES, f"{where}.public_key")
    signature = from_hex(entry.signature, _SIGNATURE_BYTES, f"{where}.signature")
    # Entries are canonical, so the body encoded again is what was signed, byte for byte.
    return is_signature(signature, CONTEXT + jcs.encode(entry.body), key)


def require_author(entry: Transaction, public_key: str, key_entry: Entry, where: str) -> None:
    """Rule 4; `SignatureError` unless the account's key, given by `key_entry` of governance, signed `entry`."""
    if (entry.body.account, public_key) not in given_keys(key_entry):
        raise SignatureError("author-key", f"governance does not give this key to {entry.body.account}", where)
    if not is_signed(entry, public_key, where):
        raise SignatureError("author", f"the signature is not by the key of {entry.body.account}", where)
