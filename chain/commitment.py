"""Commitments to private values (`docs/format.md` section 10, `docs/architecture.md`, Privacy).

1. The name is one of `docs/format.md` section 1: a value committed to as one field opens no other.
2. The salt is exactly 32 bytes, drawn at random by the value's owner: short values cannot be found by trying them all.
3. The value is canonical JSON of the restricted kind, its text as section 1 wants it: one value, one form.
4. The commitment is SHA-256(`gridproof/field/v1\\n` ‖ name ‖ `\\n` ‖ salt ‖ JCS(value)). Name and salt end where they
   must (a newline, 32 bytes), so that no two triples give the same bytes.
5. An error names the field and the rule. It quotes nothing of the value, neither a key nor a character.

Whoever is shown salt and value recomputes and compares. Contracts never see either.
"""

from hashlib import sha256
from typing import Any

from chain import jcs
from chain.errors import ParseError
from chain.limits import LIMITS
from chain.text import check_name, check_text

FIELD_CONTEXT = b"gridproof/field/v1\n"

SALT_BYTES = 32

_SENTENCES = {
    "integer-range": "an integer is beyond ±(2^53-1)",
    "json-depth": f"nesting is deeper than {LIMITS.json_depth_max}",
    "json-key": "a key is not ASCII",
    "not-canonical": "the value is not in canonical form (RFC 8785)",
    "text": "a code point is not allowed in text",
    "text-length": f"a text is longer than {LIMITS.text_bytes_max} bytes",
    "text-nfc": "a text is not in Unicode normalisation form C",
}
"""Rule 5: what the general checks say, without what they quote."""

_OTHERWISE = "a value is text, integer, bool, null, list or object, without floats"


def field_commitment(name: str, salt: bytes, value: Any) -> str:
    """Rule 4, hex; `ParseError` unless rules 1–3 hold."""
    check_name(name, "name")
    if not isinstance(salt, bytes) or len(salt) != SALT_BYTES:
        raise ParseError("salt", f"a salt is {SALT_BYTES} bytes", name)
    encoded = private_bytes(name, value)
    return sha256(FIELD_CONTEXT + name.encode("ascii") + b"\n" + salt + encoded).hexdigest()


def private_bytes(name: str, value: Any) -> bytes:
    """JCS(value) of the field `name`; `ParseError` unless rule 3 holds, worded as rule 5 says."""
    try:
        jcs.check_value(value, check_string=check_text)
        return jcs.encode(value)
    except ParseError as error:
        code = error.code
    # Outside the handler: what was caught quotes the value, and must not hang on to this error.
    raise _quiet(code, name)


def parse_private(name: str, data: bytes) -> Any:
    """The value of the field `name` that `data` canonically encodes; `ParseError` otherwise, worded as rule 5 says."""
    try:
        return jcs.decode(data)
    except ParseError as error:
        code = error.code
    raise _quiet(code, name)


def _quiet(code: str, name: str) -> ParseError:
    """Rule 5."""
    return ParseError(code, _SENTENCES.get(code, _OTHERWISE), name)
