"""One field of a private record, proven to a third party; the other fields stay closed.

A disclosure is a canonical JSON file, `gridproof-disclosure/1`: subject, size and root of the record's tree, and per
disclosed field its name, salt, value, leaf index and inclusion proof, sorted by name. `verify_disclosure` enforces, in
this order:

1. The file is canonical, of this format, within the limits; names sorted, each once.
2. The hash over (subject, size, root) is the `information_hash` handed in: the one that the reader found on a record
   they verified. The file does not carry it, for it would prove nothing.
3. Each field's commitment, recomputed from name, salt and value, is a leaf under that root.

What it shows: the owner committed to these values as of that record. What it does not show: the other fields (of which
the reader learns no more than how many there are), who hands the file over, or that the values are true. It can be
shown on by whoever has it: a field that is disclosed is disclosed.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chain import jcs
from chain.errors import ParseError, PrivateError, ProofError
from chain.limits import LIMITS
from chain.merkle import HASH_BYTES, verify_inclusion
from chain.private.record import (
    PrivateField,
    PrivateRecord,
    decode_quietly,
    hash_of_root,
    read_field,
    record_tree,
    require_fields_count,
    require_sorted,
)
from chain.text import check_name, from_hex

FORMAT = "gridproof-disclosure/1"


@dataclass(frozen=True, slots=True)
class DisclosedField:
    """A field with its way to the root."""

    content: PrivateField
    index: int
    """Leaf in the record's tree."""
    proof: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """See the module's docstring."""

    subject: str
    size: int
    """Fields of the whole record."""
    root: bytes
    fields: tuple[DisclosedField, ...]

    @property
    def information_hash(self) -> str:
        """Rule 2: what must be on the record."""
        return hash_of_root(self.subject, self.size, self.root)


class _Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    name: str
    proof: tuple[str, ...]
    salt: str
    value: msgspec.Raw
    """Decoded only when it is known to be short."""

    def __repr__(self) -> str:
        return "a disclosed field"


class _Disclosure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fields: tuple[_Field, ...]
    format: str
    root: str
    size: int
    subject: str


_DECODER = jcs.TypedDecoder(_Disclosure)


def disclose(record: PrivateRecord, names: Collection[str]) -> Disclosure:
    """The fields `names` of a record that one has opened; `PrivateError` for a name that it does not have."""
    tree, index_of = record_tree(record)
    for name in sorted(names):
        if name not in index_of:
            known = ", ".join(sorted(index_of))
            raise PrivateError("no-field", f"the record of {record.subject} has no such field; it has {known}", name)
    fields = tuple(
        DisclosedField(one, index_of[one.name], tuple(tree.inclusion_proof(index_of[one.name])))
        for one in record.fields
        if one.name in set(names)
    )
    require_fields_count(len(fields))
    return Disclosure(record.subject, tree.size, tree.root(), fields)


def encode_disclosure(disclosure: Disclosure) -> bytes:
    """The file's bytes."""
    fields = tuple(
        _Field(
            one.index,
            one.content.name,
            tuple(node.hex() for node in one.proof),
            one.content.salt.hex(),
            msgspec.Raw(jcs.encode(one.content.value)),
        )
        for one in disclosure.fields
    )
    return jcs.encode(_Disclosure(fields, FORMAT, disclosure.root.hex(), disclosure.size, disclosure.subject))


def parse_disclosure(data: bytes, where: str = "disclosure") -> Disclosure:
    """Rule 1; `ParseError` or `LimitError` otherwise."""
    parsed = decode_quietly(_DECODER, data, "a disclosure", where)
    if parsed.format != FORMAT:
        raise ParseError("disclosure-format", f"the format is not {FORMAT}", where)
    check_name(parsed.subject, "subject")
    for count in (parsed.size, len(parsed.fields)):
        require_fields_count(count)
    fields = tuple(_field(one, position) for position, one in enumerate(parsed.fields))
    require_sorted([one.content.name for one in fields])
    return Disclosure(parsed.subject, parsed.size, from_hex(parsed.root, HASH_BYTES, "root"), fields)


def verify_disclosure(disclosure: Disclosure, information_hash: str) -> dict[str, Any]:
    """Rules 2 and 3: name → value of every disclosed field; `ProofError` where one does not hold."""
    if disclosure.information_hash != information_hash:
        sentence = f"it opens {disclosure.information_hash}, the record has {information_hash}"
        raise ProofError("information-hash", sentence, disclosure.subject)
    for one in disclosure.fields:
        leaf = bytes.fromhex(one.content.commitment)
        try:
            verify_inclusion(leaf, one.index, disclosure.size, one.proof, disclosure.root)
        except ProofError as error:
            raise error.at(one.content.name) from None
    return {one.content.name: one.content.value for one in disclosure.fields}


def _field(one: _Field, position: int) -> DisclosedField:
    """Rule 1 for one field."""
    if len(one.proof) > LIMITS.proof_hashes_max:
        raise ParseError("proof-length", "the proof has more nodes than any tree needs", f"field {position}")
    found = read_field(one.name, one.salt, one.value, position)
    nodes = tuple(from_hex(node, HASH_BYTES, f"{one.name}.proof") for node in one.proof)
    return DisclosedField(found, one.index, nodes)
