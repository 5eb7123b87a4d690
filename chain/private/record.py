"""A private record: what an account's owner keeps to themselves, and the one hash of it that goes on the record.

1. A field is a name (`docs/format.md` section 1), a salt of 32 bytes drawn for this field alone, and a value as
   `chain.commitment` wants it, at most `private_value_bytes_max` long. A larger thing (a scan, a contract) stays a
   file; its SHA-256 is the value.
2. A record is about one subject, the account whose it is, and has 1 to `private_fields_max` fields, each name once.
3. The tree of a record: RFC 6962 over the 32 bytes of each field's commitment, in the order of these bytes. Salted
   hashes have no order of meaning, so that a field's place says nothing about the others' names.
4. `information_hash` = SHA-256(`gridproof/information/v1\\n` ‖ JCS {root, size, subject}), hex. With the subject in it
   a hash that somebody copied opens nothing in their name; with the size in it a proof fits one size only.
5. As bytes a record is canonical JSON, fields sorted by name.
6. Neither `repr` nor an error shows a salt, a value or a part of one; errors name the field, or its position.

That the names of a record are unique is seen by whoever opens all of it; the tree alone does not show it to a third
party. So the registrar opens the whole record, which is parsed here, before its hash is registered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from typing import Any, TypeVar

import msgspec

from chain import jcs
from chain.commitment import SALT_BYTES, field_commitment, parse_private, private_bytes
from chain.errors import LimitError, ParseError
from chain.limits import LIMITS
from chain.merkle import Tree
from chain.outside import RandomBytes
from chain.text import check_name, from_hex

T = TypeVar("T")

INFORMATION_CONTEXT = b"gridproof/information/v1\n"

FORMAT = "gridproof-private/1"


@dataclass(frozen=True, slots=True)
class PrivateField:
    """Rule 1."""

    name: str
    salt: bytes = field(repr=False)
    value: Any = field(repr=False)

    @property
    def commitment(self) -> str:
        """Commitment of `chain.commitment`, hex."""
        return field_commitment(self.name, self.salt, self.value)


@dataclass(frozen=True, slots=True)
class PrivateRecord:
    """Rule 2; `ParseError` or `LimitError` for anything else, so that a record at hand is a good one."""

    subject: str
    """The account that it is about."""
    fields: tuple[PrivateField, ...] = field(repr=False)
    """Sorted by name."""

    def __post_init__(self) -> None:
        check_name(self.subject, "subject")
        require_fields_count(len(self.fields))
        for position, one in enumerate(self.fields):
            check_field(one, position)
        require_sorted([one.name for one in self.fields])
        if len({one.salt for one in self.fields}) != len(self.fields):
            # Disclosing one of the fields would hand out the other's salt.
            raise ParseError("salt-twice", "two fields have one salt", self.subject)

    @property
    def values(self) -> dict[str, Any]:
        """Name → value."""
        return {one.name: one.value for one in self.fields}


class _Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    salt: str
    value: msgspec.Raw
    """Decoded only when it is known to be short."""

    def __repr__(self) -> str:
        return "a private field"


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fields: tuple[_Field, ...]
    format: str
    subject: str


_DECODER = jcs.TypedDecoder(_Record)


def make_record(subject: str, values: Mapping[str, Any], random: RandomBytes) -> PrivateRecord:
    """A new record of these values, each with a salt of its own from `random`."""
    require_fields_count(len(values))
    # Each checked before they are sorted: a name may be no text at all, and is told by its position.
    names = [_name_at(name, position) for position, name in enumerate(values)]
    return PrivateRecord(subject, tuple(PrivateField(name, random(SALT_BYTES), values[name]) for name in sorted(names)))


def record_tree(record: PrivateRecord) -> tuple[Tree, dict[str, int]]:
    """Rule 3, and which leaf is which field's."""
    commitments = sorted((bytes.fromhex(one.commitment), one.name) for one in record.fields)
    tree = Tree()
    tree.extend(commitment for commitment, _ in commitments)
    return tree, {name: index for index, (_, name) in enumerate(commitments)}


def information_hash(record: PrivateRecord) -> str:
    """Rule 4: what goes on the record, hex."""
    tree, _ = record_tree(record)
    return hash_of_root(record.subject, tree.size, tree.root())


def hash_of_root(subject: str, size: int, root: bytes) -> str:
    """Rule 4, for one who knows no more than the tree's root."""
    return sha256(INFORMATION_CONTEXT + jcs.encode({"root": root.hex(), "size": size, "subject": subject})).hexdigest()


def encode_record(record: PrivateRecord) -> bytes:
    """Rule 5. These bytes are the secret itself: they are only ever handed to `chain.private.sealed`."""
    fields = tuple(_Field(one.name, one.salt.hex(), msgspec.Raw(jcs.encode(one.value))) for one in record.fields)
    return jcs.encode(_Record(fields, FORMAT, record.subject))


def parse_record(data: bytes, where: str = "private record") -> PrivateRecord:
    """Rules 5, 1, 2; `ParseError` or `LimitError` otherwise."""
    parsed = decode_quietly(_DECODER, data, "a private record", where)
    if parsed.format != FORMAT:
        raise ParseError("private-format", f"the format is not {FORMAT}", where)
    require_fields_count(len(parsed.fields))
    fields = tuple(read_field(one.name, one.salt, one.value, n) for n, one in enumerate(parsed.fields))
    return PrivateRecord(parsed.subject, fields)


def read_field(name: str, salt: str, value: msgspec.Raw, position: int) -> PrivateField:
    """Rule 1 for a field as it stands in a file."""
    _name_at(name, position)
    _require_short(name, len(bytes(value)))
    found = PrivateField(name, from_hex(salt, SALT_BYTES, f"{name}.salt"), parse_private(name, bytes(value)))
    check_field(found, position)
    return found


def decode_quietly(decoder: jcs.TypedDecoder[T], data: bytes, what: str, where: str) -> T:
    """As `decoder.decode`, bounded in size, its errors without what a decoder quotes (rule 6)."""
    if len(data) > LIMITS.private_file_bytes_max:
        raise LimitError("private-bytes", f"{what} is at most {LIMITS.private_file_bytes_max} bytes", where)
    try:
        return decoder.decode(data, where)
    except ParseError as error:
        code = error.code
    reason = "it is not in canonical form (RFC 8785)" if code == "not-canonical" else "it is not JSON of that shape"
    raise ParseError(code, f"not {what}: {reason}", where)


def require_fields_count(count: int) -> None:
    """Rule 2."""
    if not 1 <= count <= LIMITS.private_fields_max:
        raise LimitError("private-fields", f"a private record has 1 to {LIMITS.private_fields_max} fields, not {count}")


def check_field(one: PrivateField, position: int) -> None:
    """Rule 1."""
    _name_at(one.name, position)
    _require_short(one.name, len(private_bytes(one.name, one.value)))
    if not isinstance(one.salt, bytes) or len(one.salt) != SALT_BYTES:
        raise ParseError("salt", f"a salt is {SALT_BYTES} bytes", one.name)


def _require_short(name: str, length: int) -> None:
    """Rule 1."""
    if length > LIMITS.private_value_bytes_max:
        sentence = f"a private value is at most {LIMITS.private_value_bytes_max} bytes; commit to a larger file's hash"
        raise LimitError("private-value", sentence, name)


def require_sorted(names: list[str]) -> None:
    """Rules 2 and 5: each name once, in order."""
    for name, following in pairwise(names):
        if name == following:
            raise ParseError("duplicate-field", "the field is there twice", name)
        if name > following:
            raise ParseError("field-order", "fields are sorted by name", following)


def _name_at(name: object, position: int) -> str:
    """Rule 1. What is no name may be a value in the wrong place: so it is not quoted."""
    try:
        return check_name(name, "")
    except ParseError:
        pass
    raise ParseError("name", "the field has no name of docs/format.md section 1", f"field {position}")
