"""Names and text on the record (`docs/format.md` section 1)."""

import re
import unicodedata

from chain.errors import ParseError
from chain.limits import LIMITS
from chain.unicode14 import is_allowed, printable

__all__ = ["NAME_PATTERN", "check_name", "check_table_name", "check_text", "from_hex", "printable"]

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""What a name looks like, as a regular expression."""

_NAME = re.compile(NAME_PATTERN)
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,47}")
_HEX = re.compile(r"[0-9a-f]*")


def check_name(name: object, where: str) -> str:
    """A network, channel, contract, method, account or key part; `ParseError` otherwise."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise ParseError("name", f"{name!r} is not a name ({NAME_PATTERN})", where)


def check_table_name(name: object, where: str) -> str:
    """A table or column name; `ParseError` otherwise."""
    if isinstance(name, str) and _TABLE.fullmatch(name):
        return name
    raise ParseError("table-name", f"{name!r} is not a table or column name ([a-z][a-z0-9_]{{0,47}})", where)


def check_text(text: str, where: str) -> str:
    """NFC, printable code points of Unicode 14.0, bounded; `ParseError` otherwise."""
    if text.isascii() and text.isprintable() and len(text) <= LIMITS.text_bytes_max:
        return text
    # Before anything that looks at each character: a stranger's text may have a million.
    if len(text) > LIMITS.text_bytes_max:
        raise ParseError("text-length", f"text is longer than {LIMITS.text_bytes_max} bytes", where)
    for character in text:
        if not is_allowed(ord(character)):
            raise ParseError("text", f"U+{ord(character):04X} is not allowed in text on the record", where)
    if len(text.encode("utf-8")) > LIMITS.text_bytes_max:
        raise ParseError("text-length", f"text is longer than {LIMITS.text_bytes_max} bytes", where)
    if not unicodedata.is_normalized("NFC", text):
        raise ParseError("text-nfc", "text is not in Unicode normalisation form C", where)
    return text


def from_hex(text: object, length: int, where: str) -> bytes:
    """Exactly `length` bytes from lower-case hex; `ParseError` otherwise."""
    if isinstance(text, str) and len(text) == 2 * length and _HEX.fullmatch(text):
        return bytes.fromhex(text)
    raise ParseError("hex", f"expected {2 * length} lower-case hexadecimal digits", where)
