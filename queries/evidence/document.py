"""The evidence file's shape, `gridproof-evidence/1` (`docs/evidence.md`): records only, fields in key order.

1. The file is canonical JSON (RFC 8785) of exactly these members.
2. What is hashed stands in it as text, byte for byte: entries, rows, schemas, the beacon's leaf and note, the policy.
   So a checker needs SHA-256 and Ed25519, and no canonicaliser, to recompute every root.
3. Lists are sorted and free of duplicates, so that there is one file for one set of rows.
4. `nodes` are Merkle nodes (`queries.evidence.multiproof`), end to end, in canonical base64.
5. Rows stand in groups by table and named root (`chain.row_proof`). Only under the root `sealed` has a row a place in a
   segment; elsewhere `index` and `seal` are null and `segments` is empty.
"""

import base64
import binascii
from typing import Annotated

import msgspec

from chain import jcs
from chain.errors import ParseError
from chain.row_proof import RowRoot
from queries.errors import EvidenceError
from queries.limits import QUERY_LIMITS

FORMAT = "gridproof-evidence/1"

Index = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class BeaconPart(_Part, frozen=True):
    """What the validators signed, and the leaf that pins every channel."""

    checkpoint: str
    """The beacon's signed note."""
    leaf: str
    """Its last leaf, canonical JSON."""
    nodes: str
    """From that leaf to the checkpoint's root."""


class AuthorPart(_Part, frozen=True):
    """Under which key the signature of a transaction holds."""

    entry: Index
    """The transaction."""
    key_entry: Index
    """The entry of governance that gives the key to the account, the first that does."""
    public_key: str
    """Ed25519, hex."""


class EntryPart(_Part, frozen=True):
    """An entry of the channel's log."""

    data: str
    """Canonical JSON."""
    index: Index


class RowPart(_Part, frozen=True):
    """A row of a table."""

    data: str
    """Canonical JSON array of its values in schema order."""
    entry: Index
    """The entry that wrote it."""
    index: Index | None
    """Its place in the segment, from 0."""
    position: Index
    """Its place among the rows that the entry wrote, from 0."""
    seal: Index | None
    """The `seal` entry of its segment."""


class SegmentPart(_Part, frozen=True):
    """From the rows of one segment to the `rows_root` of its seal."""

    nodes: str
    seal: Index


class OriginPart(_Part, frozen=True):
    """From the rows of one entry to the `rows_root` of its receipt, of a submitted batch also that of its body."""

    entry: Index
    nodes: str


class TablePart(_Part, frozen=True):
    """Rows of one table under one named root."""

    origins: tuple[OriginPart, ...]
    """By entry."""
    root: RowRoot
    """What the proof of these rows is worth."""
    rows: tuple[RowPart, ...]
    """By (entry, position)."""
    schema: str
    """Canonical JSON."""
    segments: tuple[SegmentPart, ...]
    """By seal."""


class ChannelPart(_Part, frozen=True):
    """One channel's entries and rows."""

    asked: tuple[Index, ...]
    """Entries that are themselves the answer."""
    authors: tuple[AuthorPart, ...]
    """One for each transaction among the origins of rows, by entry."""
    channel: str
    entries: tuple[EntryPart, ...]
    """Every entry that anything here rests on, by index."""
    nodes: str
    """From these entries to the root in the beacon's leaf."""
    tables: tuple[TablePart, ...]
    """By table and root."""


class Document(_Part, frozen=True):
    """The file."""

    beacon: BeaconPart
    channels: tuple[ChannelPart, ...]
    """By name; governance is always there."""
    format: str
    network: str
    policy: str
    """The policy that the record was signed under: a hint, the reader's own decides."""


_DECODER = jcs.TypedDecoder(Document)


def encode_document(document: Document) -> bytes:
    """Canonical bytes."""
    data: bytes = jcs.encode(document)
    return data


def parse_document(data: bytes) -> Document:
    """Rule 1; `EvidenceError` otherwise."""
    if len(data) > QUERY_LIMITS.evidence_bytes_max:
        raise EvidenceError("length", f"{len(data)} bytes, more than {QUERY_LIMITS.evidence_bytes_max}")
    try:
        document: Document = _DECODER.decode(data, "evidence")
    except ParseError as error:
        raise EvidenceError(error.code, error.sentence, error.where) from None
    if document.format != FORMAT:
        raise EvidenceError("format", f"format {document.format!r}; this release checks {FORMAT!r}")
    return document


def encode_nodes(nodes: bytes) -> str:
    """Rule 4."""
    return base64.b64encode(nodes).decode("ascii")


def decode_nodes(text: str, where: str) -> bytes:
    """Rule 4, the one canonical spelling; `EvidenceError` otherwise."""
    try:
        nodes = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise EvidenceError("base64", "not base64", where) from None
    if encode_nodes(nodes) != text:
        raise EvidenceError("base64", "base64 that is not canonical", where)
    return nodes
