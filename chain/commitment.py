"""Commitments to private values (`docs/format.md` section 10, `docs/architecture.md`, Privacy).

1. The name is one of `docs/format.md` section 1: a value committed to as one field opens no other.
2. The salt is exactly 32 bytes, drawn at random by the value's owner: short values cannot be found by trying them all.
3. The value is canonical JSON of the restricted kind, its text as section 1 wants it: one value, one form.
4. The commitment is SHA-256(`gridproof/field/v1\\n` ‖ name ‖ `\\n` ‖ salt ‖ JCS(value)). Name and salt end where they
   must (a newline, 32 bytes), so that no two triples give the same bytes.

Whoever is shown salt and value recomputes and compares. Contracts never see either.
"""

from hashlib import sha256
from typing import Any

from chain import jcs
from chain.errors import ParseError
from chain.text import check_name, check_text

FIELD_CONTEXT = b"gridproof/field/v1\n"

SALT_BYTES = 32


def field_commitment(name: str, salt: bytes, value: Any) -> str:
    """Rule 4, hex; `ParseError` unless rules 1–3 hold."""
    check_name(name, "name")
    if not isinstance(salt, bytes) or len(salt) != SALT_BYTES:
        raise ParseError("salt", f"a salt is {SALT_BYTES} bytes", name)
    jcs.check_value(value, name, check_string=check_text)
    return sha256(FIELD_CONTEXT + name.encode("ascii") + b"\n" + salt + jcs.encode(value)).hexdigest()
