"""The contract `participant`: who takes part, and with which key. Runs on the governance channel.

`register`, by a registrar, in this order; the code of a refusal in quotes:
1. The account is a name of `docs/format.md` section 1 ("account-name") that nobody has, operators included
   ("account-taken").
2. The area is an administrative code of 6, 9 or 12 digits, GB/T 2260 and GB/T 10114 ("area"); the kind is a lower-case
   word other than `operator` ("kind").
3. Roles are sorted and unique, and each is one that a registrar may grant by parameter ("roles"): the roles of the
   institutions that run the network come from genesis alone.
4. The information hash is 32 bytes of lower-case hex ("information-hash"): the commitment `real_name_record` of
   `docs/format.md` section 10 to the real-name record, which stays off-chain with its salt.
5. The public key is a canonical Ed25519 point of prime order ("public-key") that no account has ("key-taken").
   Libraries disagree on small-order and mixed-order keys; such a key never becomes an account's.
6. Who registers holds the private key: `possession` is its signature over `gridproof/possession/v1\\n` ‖
   JCS({account, public_key}) ("possession"). Without it a stranger's key could be registered under one's own name.
   The message names no network, so that a key can be prepared before the network exists; being bound to one account
   name it is of no use to anyone else.
7. The account is known on governance at once, and on the other channels as they import `participant.registered`
   (`docs/format.md` section 8), whose data is a `chain.contract.Account`.

Table `participants`: a row is a version of a participant; the last row of an account is the current one.

Sources: P1, "Transaction user identity authentication" (hash of the user information and public key on the chain);
`docs/format.md` sections 1 and 8.
"""

import re

import msgspec
from nacl import bindings

from chain import jcs
from chain.contract import Account, Arguments, Call, Contract, Method
from chain.errors import ParseError
from chain.fields import OptionalName, Title
from chain.imports import REGISTERED
from chain.schema import Column, Schema
from chain.text import check_name, from_hex
from chain.transaction import is_signature

POSSESSION_CONTEXT = b"gridproof/possession/v1\n"

_AREA = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,2}")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
_OPERATOR = "operator"


class AreaChannel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which channel is the market of an area."""

    area: str
    """Administrative code."""
    channel: str


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the network decided at genesis."""

    areas: tuple[AreaChannel, ...] = ()
    """Area → channel, once and for all; empty: any area may be registered."""

    grantable_roles: tuple[str, ...] = ("aggregator", "member", "retailer")
    """Roles that a registrar may give (rule 3)."""


class Register(Arguments, frozen=True, kw_only=True):
    """Arguments of `register`."""

    account: str
    area: str
    """Administrative code of the market area."""
    information_hash: str
    """Salted hash of the real-name record, 32 bytes, hex."""
    kind: str
    """`generator`, `consumer`, `prosumer`, `retailer`, `aggregator`, …"""
    name_en: Title
    name_zh: Title
    possession: str
    """Rule 6, 64 bytes, hex."""
    public_key: str
    """Ed25519, 32 bytes, hex."""
    roles: tuple[str, ...] = ("member",)
    voltage: OptionalName = ""
    """Connection voltage class, for instance `10kV`; "" where none."""
    zone: OptionalName = ""
    """Grid zone inside the area; "" where none."""


PARTICIPANTS = Schema(
    table="participants",
    columns=(
        Column("account", "text"),
        Column("kind", "text"),
        Column("area", "text", "administrative code, GB/T 2260"),
        Column("zone", "text", "grid zone, empty: none"),
        Column("voltage", "text", "connection voltage class, empty: none"),
        Column("name_zh", "text"),
        Column("name_en", "text"),
        Column("public_key", "text", "Ed25519, hex"),
        Column("information_hash", "text", "salted SHA-256 of the real-name record, hex"),
        Column("roles", "text", "sorted, comma-separated"),
        Column("status", "text", "active|suspended|revoked"),
        Column("time", "time", "ms UTC, block time"),
    ),
)

CODES = (
    "account-name",
    "account-taken",
    "area",
    "kind",
    "roles",
    "information-hash",
    "public-key",
    "key-taken",
    "possession",
)

_KEYS = "key"
"""State space: public key → account."""


def possession_message(account: str, public_key: str) -> bytes:
    """What the holder of the key signs (rule 6)."""
    return POSSESSION_CONTEXT + jcs.encode({"account": account, "public_key": public_key})


def _genesis(call: Call) -> None:
    """Operators' keys are taken from the start (rule 5)."""
    for account_id, account in call.accounts():
        call.put(_KEYS, account.public_key, account_id)


def _register(call: Call, arguments: Register) -> None:
    """Rules 1–7."""
    _check_account(call, arguments.account)
    _check_description(call, arguments)
    _check_key(call, arguments)
    account = Account(
        account=arguments.account,
        area=arguments.area,
        kind=arguments.kind,
        public_key=arguments.public_key,
        roles=arguments.roles,
        voltage=arguments.voltage,
        zone=arguments.zone,
    )
    call.register_account(account)
    call.put(_KEYS, account.public_key, account.account)
    call.event(REGISTERED, {**msgspec.structs.asdict(account), "roles": list(account.roles)})
    call.write(PARTICIPANTS, _row(arguments, call.time_ms))


def _check_account(call: Call, account: str) -> None:
    """Rule 1."""
    try:
        check_name(account, "account")
    except ParseError as error:
        call.reject("account-name", error.sentence)
    if call.account(account) is not None:
        call.reject("account-taken", f"{account} is registered already")


def _check_description(call: Call, arguments: Register) -> None:
    """Rules 2–4."""
    if not _AREA.fullmatch(arguments.area):
        call.reject("area", f"{arguments.area!r} is not an administrative code of 6, 9 or 12 digits")
    known = call.parameters.areas
    if known and all(arguments.area != one.area for one in known):
        call.reject("area", f"the network has no market for area {arguments.area}")
    if arguments.kind == _OPERATOR or not _KIND.fullmatch(arguments.kind):
        call.reject("kind", f"{arguments.kind!r} is not a kind of participant")
    roles = arguments.roles
    if not roles or list(roles) != sorted(set(roles)):
        call.reject("roles", "roles must be present, sorted and unique")
    for role in roles:
        if role not in call.parameters.grantable_roles:
            call.reject("roles", f"a registrar may not grant the role {role!r}")
    _bytes_of(call, "information-hash", arguments.information_hash, 32)


def _check_key(call: Call, arguments: Register) -> None:
    """Rules 5 and 6."""
    public_key = _bytes_of(call, "public-key", arguments.public_key, 32)
    if not bindings.crypto_core_ed25519_is_valid_point(public_key):
        call.reject("public-key", "not a canonical Ed25519 point of prime order")
    holder = call.get(_KEYS, arguments.public_key)
    if holder is not None:
        call.reject("key-taken", f"the key is that of {holder}")
    possession = _bytes_of(call, "possession", arguments.possession, 64)
    if not is_signature(possession, possession_message(arguments.account, arguments.public_key), public_key):
        call.reject("possession", "the possession proof is not a signature by the new key over this account and key")


def _bytes_of(call: Call, code: str, text: str, length: int) -> bytes:
    try:
        return from_hex(text, length, code)
    except ParseError as error:
        call.reject(code, error.sentence)


def _row(arguments: Register, time_ms: int) -> tuple[str | int, ...]:
    return (
        arguments.account,
        arguments.kind,
        arguments.area,
        arguments.zone,
        arguments.voltage,
        arguments.name_zh,
        arguments.name_en,
        arguments.public_key,
        arguments.information_hash,
        ",".join(arguments.roles),
        "active",
        time_ms,
    )


CONTRACT = Contract(
    name="participant",
    version=1,
    parameters=Parameters,
    methods=(Method("register", _register, Register, ("registrar",), CODES),),
    tables=(PARTICIPANTS,),
    genesis=_genesis,
    sources=("chain.contracts.participant", "chain.fields"),
)
