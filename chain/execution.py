"""Admission and execution of one call: pure functions of (state, transaction).

Admission, in this order; a failure is an `AdmissionError` (dropped and counted, never recorded):
1. at most `transaction_bytes_max` long, addressed to this network and channel, names and text in form;
2. by an account that this channel knows;
3. numbered previous + 1;
4. signed by the account's key;
5. with rows that hash to `rows_root`, in canonical form, of the method's schema; none where the method takes none; and
   rows only of a caller whom rule 8 lets pass: they are kept verbatim whatever comes of the call, and who may not call
   would fill the record with them.

Execution, in this order; a failure is a rejected receipt with the code in quotes:
6. not past `valid_until` ("expired");
7. the contract ("unknown-contract"), its version ("contract-version") and method ("unknown-method") exist;
8. the caller is active ("inactive"), not restricted on this channel ("restricted"), and holds a role that may call it
   ("forbidden"); with rows it is not even admitted, by rule 5 under the same codes;
9. a batch method has rows ("rows-missing"), arguments have the method's shape ("bad-arguments");
10. the contract accepts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chain import jcs
from chain.contract import ACCOUNTS, RESTRICTED_UNTIL, Account, Call, Contract, Method
from chain.entry import ARGUMENTS_DEPTH, Body, Receipt
from chain.errors import AdmissionError, ParseError, RejectError
from chain.limits import LIMITS
from chain.schema import Schema
from chain.signature_work import Checked, row_levels
from chain.state import Overlay, State
from chain.tables import EntryRows, entry_rows, row_tree
from chain.text import check_name, check_text
from chain.transaction import SignedTransaction, verify_signature

NONCES = "nonce"
"""State space of the last nonce per account."""

ANYONE = "anyone"

UNCHECKED = Checked("")

GENERAL_CODES = {
    "expired": "the block's time is past valid_until",
    "unknown-contract": "no such contract on this channel",
    "contract-version": "the arguments are written for another version of the contract",
    "unknown-method": "the contract has no such method",
    "inactive": "the caller's account is suspended or revoked",
    "restricted": "the channel has taken back the caller's permissions for a while",
    "forbidden": "the caller holds none of the roles that may call the method",
    "rows-missing": "the method takes a batch of rows and got none",
    "bad-arguments": "the arguments do not have the method's shape",
    "too-many-events": "the call would report more events than a receipt carries",
    "entry-size": "the entry would be larger than the log allows",
}
"""Codes of rules 6–10 that any method may give."""


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """A transaction that will be on the record, whatever its outcome."""

    transaction: SignedTransaction
    caller: Account
    method: Method | None
    submitted: EntryRows | None
    """A batch's rows, which its `…_submitted` table keeps verbatim whatever the outcome; None without a batch."""


@dataclass(frozen=True, slots=True)
class Address:
    """Which log a transaction must name."""

    network: str
    channel: str


def admit(
    transaction: SignedTransaction,
    address: Address,
    state: State,
    contracts: Mapping[str, Contract],
    time_ms: int,
    checked: Checked = UNCHECKED,
) -> Admitted:
    """Rules 1–5. `time_ms`: of the block; `checked`: what `chain.signatures` has found out already."""
    body = transaction.body
    if transaction.wire_bytes > LIMITS.transaction_bytes_max:
        raise AdmissionError("size", f"more than {LIMITS.transaction_bytes_max} bytes", body.account)
    if body.network != address.network or body.channel != address.channel:
        raise AdmissionError("address", "addressed to another network or channel", body.account)
    caller: Account | None = state.get(ACCOUNTS, body.account)
    if caller is None:
        raise AdmissionError("unknown-account", "this channel knows no such account", body.account)
    last = state.get(NONCES, body.account) or 0
    if body.nonce != last + 1:
        raise AdmissionError("nonce", f"nonce {body.nonce}, expected {last + 1}", body.account)
    if checked.key != caller.public_key:
        verify_signature(transaction, bytes.fromhex(caller.public_key))
    contract = contracts.get(body.contract)
    method = contract.method(body.method) if contract is not None else None
    _check_free_form(body, method)
    if method is not None and (transaction.rows or body.rows_count):
        try:
            _require_permission(caller, method, body, state.get(RESTRICTED_UNTIL, body.account), time_ms)
        except RejectError as error:
            raise AdmissionError(error.code, error.sentence, body.account) from None
    submitted = _admit_rows(transaction, method, checked.row_levels)
    return Admitted(transaction, caller, method, submitted)


def _check_free_form(body: Body, method: Method | None) -> None:
    """Rule 1 where rules 1–5 have compared nothing: a verifier and the embedded deployment come without a wire."""
    try:
        if method is None:
            check_name(body.contract, "contract")
            check_name(body.method, "method")
        if not _is_plain(body.arguments):
            jcs.check_value(body.arguments, "arguments", ARGUMENTS_DEPTH, check_text)
    except ParseError as error:
        raise AdmissionError("malformed", error.sentence, error.where) from None


def _is_plain(arguments: dict[str, Any]) -> bool:
    """Whether nothing but short printable ASCII and small integers is in there, the common case: nothing to judge."""
    for key, value in arguments.items():
        if type(value) is str:
            if len(value) > LIMITS.text_bytes_max or not (value.isascii() and value.isprintable()):
                return False
        elif type(value) is not int or not -LIMITS.json_integer_max <= value <= LIMITS.json_integer_max:
            return False
        if not key.isascii():
            return False
    return True


def _admit_rows(transaction: SignedTransaction, method: Method | None, levels: Sequence[bytes]) -> EntryRows | None:
    """Rule 5."""
    body = transaction.body
    if not transaction.rows:
        if body.rows_count or body.rows_root:
            raise AdmissionError("rows", "the rows of the batch are missing", body.account)
        return None
    if method is None or method.batch is None:
        raise AdmissionError("rows", "rows for a method that takes none", body.account)
    if body.rows_count > LIMITS.rows_per_batch_max:
        raise AdmissionError("rows", f"more than {LIMITS.rows_per_batch_max} rows", body.account)
    if not transaction.rows.endswith(b"\n"):
        raise AdmissionError("rows", "the last row has no end", body.account)
    tree = row_tree(levels or row_levels(transaction.rows))
    if tree.size != body.rows_count or tree.root != body.rows_root:
        raise AdmissionError("rows", "the rows do not hash to rows_root", body.account)
    try:
        rows, columns = method.batch.decode_columns(transaction.rows)
    except ParseError as error:
        raise AdmissionError("rows", error.sentence, error.where) from None
    return EntryRows(method.batch.table, rows, tree, columns)


def execute(admitted: Admitted, call: Call, contracts: Mapping[str, Contract]) -> None:
    """Rules 6–10: fills `call`, or raises `RejectError`."""
    body = admitted.transaction.body
    if call.time_ms > body.valid_until:
        raise RejectError("expired", f"block time {call.time_ms} is past valid_until {body.valid_until}")
    contract = contracts.get(body.contract)
    if contract is None:
        raise RejectError("unknown-contract", body.contract)
    if body.schema != contract.version:
        raise RejectError("contract-version", f"version {body.schema}, the channel runs {contract.version}")
    method = admitted.method
    if method is None:
        raise RejectError("unknown-method", f"{body.contract}.{body.method}")
    _require_permission(admitted.caller, method, body, call.overlay.get(RESTRICTED_UNTIL, body.account), call.time_ms)
    if method.batch is not None and admitted.submitted is None:
        raise RejectError("rows-missing", f"{body.contract}.{body.method} takes a batch of rows")
    method.run(call, _arguments(method, body))


def _require_permission(caller: Account, method: Method, body: Body, until: int | None, time_ms: int) -> None:
    """Rule 8; `until`: when a restriction of the caller ends."""
    if caller.status != "active":
        raise RejectError("inactive", f"account {body.account} is {caller.status}")
    if until is not None and time_ms < until:
        raise RejectError("restricted", f"account {body.account} is restricted on this channel until {until}")
    if ANYONE not in method.callers and not set(method.callers) & set(caller.roles):
        raise RejectError("forbidden", f"{body.contract}.{body.method} is for {', '.join(method.callers)}")


def _arguments(method: Method, body: Body) -> Any:
    try:
        return msgspec.convert(body.arguments, method.arguments)
    except msgspec.ValidationError:
        # Not the library's sentence: the receipt is on the record, and the sentence is another in another version.
        raise RejectError("bad-arguments", f"not the arguments of {body.contract}.{body.method}") from None


def open_call(contract: Contract, parameters: Any, channel: str, state: State, time_ms: int, entry: int) -> Call:
    """A fresh call of `contract` on an overlay of `state`."""
    return Call(
        contract=contract.name,
        channel=channel,
        time_ms=time_ms,
        entry=entry,
        parameters=parameters,
        overlay=Overlay(state),
        tables=contract.written_tables,
    )


def run_call(
    call: Call, action: Callable[[], None], submitted: EntryRows | None, schemas: Mapping[str, Schema]
) -> tuple[Receipt, list[EntryRows]]:
    """Run `action`, which works on `call`: the receipt, and the rows that the entry writes, by table."""
    written = [] if submitted is None else [submitted]
    try:
        action()
    except RejectError as error:
        return rejected(error.code, error.sentence, written), written
    for table, rows in call.written.items():
        written.append(entry_rows(schemas[table], rows))
    if len(written) > 1:
        written.sort(key=lambda rows: rows.table)
    tables = tuple([rows.written for rows in written])
    return Receipt(code="ok", detail="", events=tuple(call.events), status="accepted", tables=tables), written


def rejected(code: str, detail: str, written: Sequence[EntryRows]) -> Receipt:
    """A refusal; a batch's rows stay on the record."""
    detail = detail[: LIMITS.detail_characters_max]
    tables = tuple(rows.written for rows in written)
    return Receipt(code=code, detail=detail, events=(), status="rejected", tables=tables)
