"""The entries of a channel's log and the leaves of the beacon (`docs/format.md` sections 3 and 7).

Records only: fields in key order, so that the encoder's order is the canonical one. Building and judging them is
the work of `chain.replica`. Those that a transaction needs one of each are in no cycle, and spare Python's collector
the way there (`gc=False`).
"""

from typing import Annotated, Any, Literal

import msgspec

from chain import jcs
from chain.errors import ParseError
from chain.fields import I53, Moment
from chain.limits import LIMITS
from chain.text import check_name, check_text, from_hex

FORMAT = "gridproof/1"


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Encoder(_Record, frozen=True):
    """The Parquet encoder whose bytes the seals commit to."""

    library: str
    settings: str
    version: str


class ContractCode(_Record, frozen=True):
    """A contract as installed at genesis."""

    code_sha256: str
    """SHA-256 over its sources, hex (`chain.contract.code_sha256`)."""
    name: str
    version: I53


class Operator(_Record, frozen=True):
    """An account of the institutions that run the network, present from genesis on every channel."""

    account: str
    name_en: str
    name_zh: str
    organisation: str
    """The organisation it acts for."""
    public_key: str
    """Ed25519, hex."""
    roles: tuple[str, ...]


class Genesis(_Record, frozen=True):
    """Leaf 0: everything that the meaning of later entries depends on."""

    channel: str
    contracts: tuple[ContractCode, ...]
    deployment: Literal["embedded", "nodes"]
    """`embedded`: the validators are keys in one process that share one execution, one trust domain."""
    encoder: Encoder
    faults: I53
    """f: how many validators may fork without two quorums disagreeing unnoticed."""
    format: str
    governance: str
    """Network id (hex) on every channel but governance, where it is ""."""
    kind: Literal["genesis"]
    name: str
    operators: tuple[Operator, ...]
    parameters: dict[str, Any]
    """Contract name → its parameters."""
    policy: str
    """Text of the first tlog-policy."""
    release: str
    """Of the code that wrote this entry: which one to install to execute the record again."""
    schemas: tuple[Any, ...]
    """Every table's schema, sorted by table; see `chain.schema.Schema`."""
    time: Moment
    """Milliseconds UTC."""


class Body(_Record, frozen=True, gc=False):
    """What an account signs."""

    account: str
    arguments: dict[str, Any]
    channel: str
    contract: str
    method: str
    network: str
    """Network id, hex."""
    nonce: I53
    """Previous + 1 per (account, channel), from 1."""
    rows_count: I53
    """Rows of a batch; 0 without one."""
    rows_root: str
    """Root over the rows of a batch, hex; "" without one."""
    schema: I53
    """Version of the contract that the arguments are written for."""
    valid_until: I53
    """Last block time, ms, at which this may be recorded as accepted."""


class Event(_Record, frozen=True, gc=False):
    """Something a contract reports."""

    data: dict[str, Any]
    name: str


class Written(_Record, frozen=True, gc=False):
    """Rows that one entry wrote to one table."""

    rows_count: I53
    rows_root: str
    table: str


class Receipt(_Record, frozen=True, gc=False):
    """The outcome of a transaction or trigger."""

    code: str
    """`ok`, or a code that the contract's method declares, or one of `chain.execution`."""
    detail: str
    events: Annotated[tuple[Event, ...], msgspec.Meta(max_length=LIMITS.events_per_receipt_max)]
    status: Literal["accepted", "rejected"]
    tables: tuple[Written, ...]


class Transaction(_Record, frozen=True):
    """A signed call with its receipt."""

    body: Body
    kind: Literal["transaction"]
    receipt: Receipt
    signature: str


class Trigger(_Record, frozen=True):
    """An unsigned contract call that fell due, with its receipt."""

    contract: str
    due: Moment
    key: str
    kind: Literal["trigger"]
    method: str
    receipt: Receipt


class SortedIndex(_Record, frozen=True):
    """Root of the sorted index of one column over one segment."""

    column: str
    root: str
    sums: tuple[str, ...]
    """Columns whose running sums and counts its leaves carry."""
    version: str
    """Of the key encoding."""


class KeywordIndex(_Record, frozen=True):
    """Roots of the keyword index over one segment of the `documents` table."""

    analyzer: str
    """Version of the analyzer that made the terms."""
    columns: tuple[str, ...]
    """Indexed text columns."""
    root: str
    terms_count: I53
    """Leaves of its tree."""
    vocabulary_sha256: str


class Seal(_Record, frozen=True):
    """Commits to one segment of one table."""

    encoder: Encoder
    end: I53
    first: I53
    keyword_index: tuple[KeywordIndex, ...]
    kind: Literal["seal"]
    rows_count: I53
    rows_root: str
    schema_sha256: str
    sha256: str
    """Of the segment's Parquet file, hex."""
    sorted_indexes: tuple[SortedIndex, ...]
    table: str


class Block(_Record, frozen=True):
    """Closes a block: all its entries happened at `time`."""

    beacon_round: I53
    catalogue_root: str
    count: I53
    first: I53
    height: I53
    kind: Literal["block"]
    previous: str
    state_keys: I53
    """Keys of the state, 0 in a block without seals: the tree under `state_root` has two more leaves."""
    state_root: str
    """Hex, "" in a block without seals."""
    time: Moment


class CatalogueLeaf(_Record, frozen=True):
    """One table as the catalogue commits to it."""

    rows_count: I53
    schema_sha256: str
    sealed_to: I53
    segments: I53
    segments_root: str
    table: str


class Head(_Record, frozen=True):
    """A channel as the beacon sees it."""

    channel: str
    closed: bool
    height: I53
    root: str
    size: I53


class BeaconLeaf(_Record, frozen=True):
    """The whole picture at one moment."""

    heads: tuple[Head, ...]
    policy_sha256: str
    round: I53
    time: Moment


Entry = Genesis | Transaction | Trigger | Seal | Block


class _Kind(msgspec.Struct):
    kind: str


_KIND = msgspec.json.Decoder(_Kind)
_DECODERS: dict[str, jcs.TypedDecoder[Any]] = {
    "genesis": jcs.TypedDecoder(Genesis),
    "transaction": jcs.TypedDecoder(Transaction),
    "trigger": jcs.TypedDecoder(Trigger),
    "seal": jcs.TypedDecoder(Seal),
    "block": jcs.TypedDecoder(Block),
}
_BEACON = jcs.TypedDecoder(BeaconLeaf)


def encode_entry(entry: msgspec.Struct, where: str = "entry") -> bytes:
    """Canonical bytes of an entry or beacon leaf; `ParseError` past the size limit."""
    data: bytes = jcs.encode(entry)
    if len(data) > LIMITS.entry_bytes_max:
        raise ParseError("entry-size", f"{len(data)} bytes, at most {LIMITS.entry_bytes_max} are allowed", where)
    return data


def parse_entry(data: bytes, where: str = "entry") -> Entry:
    """The entry that `data` canonically encodes; `ParseError` otherwise."""
    if len(data) > LIMITS.entry_bytes_max:
        raise ParseError("entry-size", f"{len(data)} bytes, at most {LIMITS.entry_bytes_max} are allowed", where)
    try:
        kind = _KIND.decode(data).kind
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ParseError("json", f"not an entry: {error}", where) from None
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise ParseError("entry-kind", f"{kind!r} is not a kind of entry", where)
    entry: Entry = decoder.decode(data, where)
    for depth, free in _free_form(entry):
        jcs.check_value(free, where, depth)
    return entry


def parse_beacon_leaf(data: bytes, where: str = "beacon") -> BeaconLeaf:
    """The beacon leaf that `data` canonically encodes; `ParseError` otherwise."""
    if len(data) > LIMITS.entry_bytes_max:
        raise ParseError("entry-size", f"{len(data)} bytes, at most {LIMITS.entry_bytes_max} are allowed", where)
    leaf: BeaconLeaf = _BEACON.decode(data, where)
    return leaf


def check_body(body: Body) -> None:
    """What the types of `Body` leave open: names, hashes, arguments in restricted JSON and text; `ParseError`."""
    for name in ("account", "channel", "contract", "method"):
        check_name(getattr(body, name), name)
    from_hex(body.network, 32, "network")
    if body.rows_root:
        from_hex(body.rows_root, 32, "rows_root")
    jcs.check_value(body.arguments, "arguments", ARGUMENTS_DEPTH, check_text)


ARGUMENTS_DEPTH = 2
"""How deep `arguments` lies in an entry, as in a transaction on the wire."""
_EVENT_DEPTH = 4


def _free_form(entry: Entry) -> list[tuple[int, Any]]:
    """Members whose shape a contract decides, each with its depth; they still need the check of `jcs`."""
    if isinstance(entry, Genesis):
        return [(1, entry.parameters), (1, entry.schemas)]
    if isinstance(entry, Transaction):
        return [(ARGUMENTS_DEPTH, entry.body.arguments), *_event_data(entry.receipt)]
    return _event_data(entry.receipt) if isinstance(entry, Trigger) else []


def _event_data(receipt: Receipt) -> list[tuple[int, Any]]:
    return [(_EVENT_DEPTH, event.data) for event in receipt.events]
