"""What a contract is, and what it may touch.

1. A contract is a value: name, version, parameters, methods, triggers, tables. One contract is one
   file, or one family of files whose names begin with its own (`alliance.py`, `alliance_voting.py`, …).
2. Its methods are functions of (`Call`, arguments). They see time, state, parameters and the caller only through the
   `Call`; no clock, no randomness, no file, no float.
3. A method names the roles that may call it. `("anyone",)` means every registered account.
4. A refusal is `call.reject(code, detail)`: the receipt says so and nothing but the nonce changes. Codes are declared,
   so that the error catalogue is complete.
5. A trigger runs at the first block whose time has reached its due time, without a person. It may schedule others, due
   no earlier than itself; scheduling what is scheduled already does nothing. One that is refused (rule 4) is on the
   record as rejected and is not run again: a trigger that must go on does not refuse.
6. Rows are written in order; they are the entry's rows of that table.
"""

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NoReturn

import msgspec

from chain.entry import Event, Operator
from chain.errors import ChainError, LedgerError, RejectError
from chain.limits import LIMITS
from chain.schema import Row, Schema
from chain.state import Overlay
from chain.text import check_name, from_hex


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account as every channel knows it: an operator from genesis or a participant imported from governance."""

    account: str
    area: str
    """Administrative code of its market area, "" for operators."""
    kind: str
    """`operator` or the participant's kind (`generator`, `consumer`, `prosumer`, …)."""
    public_key: str
    roles: tuple[str, ...]
    voltage: str
    """Connection voltage class, "" where none."""
    zone: str
    """Grid zone inside the area, "" where none."""
    organisation: str = ""
    """The organisation it acts for; "" where a participant acts for itself."""
    status: Literal["active", "suspended", "revoked"] = "active"
    """Only an active account's calls are accepted; the others' are on the record as rejected, their batches dropped."""


ACCOUNTS = "account"
"""State space of accounts, id = account."""

OPERATOR = "operator"
"""Kind of the accounts that act for an institution."""

RESTRICTED_UNTIL = "conduct.restricted"
"""State space of accounts whose permissions this channel has taken back for a while: account → until, ms, exclusive."""

POLICY = "policy"
"""State space of the newest policy's text, on governance; its one id is `CURRENT`."""
CURRENT = "current"


def operator_account(operator: Operator) -> Account:
    """The account that genesis gives to an operator; `ParseError` for a key that is none."""
    from_hex(operator.public_key, 32, f"genesis.operators.{operator.account}")
    return Account(
        account=operator.account,
        area="",
        kind=OPERATOR,
        organisation=operator.organisation,
        public_key=operator.public_key,
        roles=operator.roles,
        voltage="",
        zone="",
    )


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every method's arguments; fields in key order."""


class NoArguments(Arguments, frozen=True):
    """A method that takes none."""


@dataclass(frozen=True, slots=True)
class Method:
    """A signed call."""

    name: str
    run: Callable[["Call", Any], None]
    arguments: type[Arguments]
    callers: tuple[str, ...]
    """Roles that may call it; `anyone` for every registered account."""
    codes: tuple[str, ...] = ()
    """Codes with which it may reject, beside the general ones of `chain.execution`."""
    batch: Schema | None = None
    """Schema of its rows, kept verbatim in this `…_submitted` table."""


@dataclass(frozen=True, slots=True)
class TriggerMethod:
    """An unsigned call that falls due; `run` gets the key it was scheduled with."""

    name: str
    run: Callable[["Call", str], None]


@dataclass(frozen=True, slots=True)
class Space:
    """A state space of a contract and the type of its values, so that a stored state reads back as it was."""

    name: str
    """`name` itself and every `name:<key>`: what a contract keeps per session, for instance."""
    type: Any


@dataclass(frozen=True)
class Contract:
    """Rule 1."""

    name: str
    version: int
    parameters: type[msgspec.Struct]
    methods: tuple[Method, ...] = ()
    triggers: tuple[TriggerMethod, ...] = ()
    tables: tuple[Schema, ...] = ()
    """Every table it writes, the `…_submitted` ones included."""
    spaces: tuple[Space, ...] = ()
    """Every state space that its calls put values into; tests hold it to that."""
    check_parameters: Callable[[Any], None] | None = None
    """What of its parameters no type can say: `LimitError` where they could not work, its place the parameter. Judged
    at genesis, where a file founds a network, and before a vote changes them."""
    genesis: Callable[["Call"], None] | None = None
    """Runs once when the genesis entry is executed: first triggers, opening balances."""
    after_rejection: Callable[["Call", str], None] | None = None
    """Runs after any transaction of the channel was recorded as rejected, with its code: may keep count and schedule,
    writes no rows and does not refuse."""
    has_open_positions: Callable[["Call"], bool] | None = None
    """Whether something runs that must come to its end before the channel may: a retiring channel waits for it."""
    sources: tuple[str, ...] = ()
    """Modules whose source text is its code."""

    def __post_init__(self) -> None:
        # A dot would let two contracts share a state space: `a.b` + `c`, `a` + `b.c`.
        if "." in check_name(self.name, "contract"):
            raise LedgerError("contract-name", "a contract's name has no dot", self.name)

    @cached_property
    def written_tables(self) -> frozenset[str]:
        """Tables that its calls write, without those that keep batches verbatim."""
        submitted = {method.batch.table for method in self.methods if method.batch is not None}
        return frozenset(schema.table for schema in self.tables) - submitted

    def space_type(self, space: str) -> Any:
        """Type of the values in `space`; `LedgerError` where the contract declares none."""
        name = space.partition(":")[0]
        for known in self.spaces:
            if known.name == name:
                return known.type
        raise LedgerError("space", f"{self.name} declares no state space {name!r}", self.name)

    @cached_property
    def _methods(self) -> dict[str, Method]:
        return {method.name: method for method in self.methods}

    def method(self, name: str) -> Method | None:
        return self._methods.get(name)

    def trigger(self, name: str) -> TriggerMethod | None:
        return next((trigger for trigger in self.triggers if trigger.name == name), None)


class Call(msgspec.Struct, eq=False):
    """One execution of a method or trigger: everything that a contract can see and do (rule 2)."""

    contract: str
    channel: str
    time_ms: int
    """Time of the block."""
    entry: int
    """Index of the entry that this call will be."""
    parameters: Any
    """The contract's parameters, of its own type."""
    overlay: Overlay
    tables: frozenset[str] = frozenset()
    """Tables that the contract writes itself: its own, without the `…_submitted` ones."""
    caller: Account | None = None
    """None in triggers and at genesis."""
    rows: Sequence[Row] = ()
    """A batch's rows."""
    columns: Sequence[Sequence[Any]] = ()
    """The same by column."""
    rows_root: str = ""
    due_ms: int = 0
    """When a trigger fell due."""
    is_retiring: bool = False
    """The channel takes no more transactions and ends once nothing is open: begin nothing new."""
    events: list[Event] = []
    written: dict[str, list[Row]] = {}
    scheduled: list[tuple[int, str, str, str]] = []
    """(due, contract, key, method)"""
    seals: bool = False

    def get(self, space: str, key: str) -> Any:
        """A state value of this contract's `space`, or None."""
        return self.overlay.get(f"{self.contract}.{space}", key)

    def put(self, space: str, key: str, value: Any) -> None:
        """Set a state value. `LedgerError` for a key that the state's tree could not hold unambiguously."""
        if "/" in key or not key.isascii() or "/" in space:
            raise LedgerError("state-key", f"{space!r}, {key!r}: a key is ASCII without '/'", self.contract)
        self.overlay.put(f"{self.contract}.{space}", key, value)

    def delete(self, space: str, key: str) -> None:
        self.overlay.delete(f"{self.contract}.{space}", key)

    def read(self, contract: str, space: str, key: str) -> Any:
        """A state value of another contract of this channel, or None."""
        return self.overlay.get(f"{contract}.{space}", key)

    def items(self, space: str) -> Iterator[tuple[str, Any]]:
        """All (id, value) of this contract's `space`, by id."""
        return self.overlay.items(f"{self.contract}.{space}")

    def account(self, account: str) -> Account | None:
        """Any registered account."""
        found: Account | None = self.overlay.get(ACCOUNTS, account)
        return found

    def accounts(self) -> Iterator[tuple[str, Account]]:
        """All registered accounts, by id."""
        return self.overlay.items(ACCOUNTS)

    def register_account(self, account: Account) -> None:
        """Make a new account known to this channel at once, as an import does on the others.

        Only for the contract that registers participants: it has checked key and roles, and reports the account in
        the event by which the other channels import it.
        """
        if self.account(account.account) is not None:
            raise LedgerError("account-taken", "the account is known already", account.account)
        self.overlay.put(ACCOUNTS, account.account, account)

    def change_account(self, account: Account) -> None:
        """The account as it is from now on, on this channel at once: as `register_account`, for one that is known."""
        if self.account(account.account) is None:
            raise LedgerError("account-unknown", "there is no such account to change", account.account)
        self.overlay.put(ACCOUNTS, account.account, account)

    @property
    def policy(self) -> str:
        """Text of the newest policy on the record (governance only)."""
        text: str | None = self.overlay.get(POLICY, CURRENT)
        if text is None:
            raise LedgerError("no-policy", "only governance keeps the policy", self.channel)
        return text

    def change_policy(self, text: str) -> None:
        """Make `text` the newest policy. Only for the contract that has checked it and reports it in an event."""
        self.overlay.put(POLICY, CURRENT, text)

    @property
    def account_id(self) -> str:
        """The caller's account (methods only)."""
        if self.caller is None:
            raise LedgerError("no-caller", "a trigger has no caller", self.contract)
        return self.caller.account

    def reject(self, code: str, detail: str) -> NoReturn:
        """Rule 4."""
        raise RejectError(code, detail)

    def event(self, name: str, data: Mapping[str, Any]) -> None:
        if len(self.events) >= LIMITS.events_per_receipt_max:
            raise RejectError("too-many-events", f"more than {LIMITS.events_per_receipt_max} events")
        self.events.append(Event(data=dict(sorted(data.items())), name=name))

    def write(self, table: Schema, *rows: Row) -> None:
        """Rule 6. Decimal columns take int."""
        if table.table not in self.tables:
            raise LedgerError("foreign-table", f"{table.table} is no table that {self.contract} writes", table.table)
        self.written.setdefault(table.table, []).extend(rows)

    def schedule(self, due_ms: int, method: str, key: str) -> None:
        """Rule 5."""
        if due_ms < self.due_ms:
            raise LedgerError("trigger-order", "a trigger may not schedule one that is due before itself", method)
        self.scheduled.append((due_ms, self.contract, key, method))

    def seal(self) -> None:
        """Seal every table at the end of this block."""
        self.seals = True


@cache
def code_sha256(sources: tuple[str, ...]) -> str:
    """SHA-256 (hex) over `name\\n`, length, source bytes of each module, line ends as LF."""
    digest = sha256()
    for name in sources:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ChainError("contract-source", f"module {name} has no source file", name)
        text = Path(spec.origin).read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name}\n{len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()
