"""The file of private fields that `gridproof private seal` reads: JSON or TOML, a table of name → value.

1. The name's end says which of the two it is; at most `private_file_bytes_max` bytes, UTF-8.
2. In JSON no key stands twice; TOML's dates and numbers with a point are no private values: write them as text.
3. What is wrong is said with its line or its field, never with a word of the content: that is the secret.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from chain.errors import ParseError
from chain.limits import LIMITS
from portal.commands.files import read_bounded

_LINE = re.compile(r"line (\d+),? column")


def read_fields(path: Path) -> dict[str, Any]:
    """Rules 1–3; `ParseError` otherwise."""
    data = read_bounded(path, LIMITS.private_file_bytes_max)
    if len(data) > LIMITS.private_file_bytes_max:
        raise ParseError("fields-bytes", f"more than {LIMITS.private_file_bytes_max} bytes", str(path))
    if path.suffix.lower() not in (".json", ".toml"):
        raise ParseError("fields-kind", "a file of private fields ends in .json or .toml", str(path))
    kind = path.suffix.lower()[1:]
    line = ""
    try:
        text = data.decode("utf-8-sig")
        fields = json.loads(text, object_pairs_hook=_unique) if kind == "json" else tomllib.loads(text)
        if isinstance(fields, dict):
            return fields
    except (RecursionError, ValueError) as error:
        found = _LINE.search(str(error))
        line = f":{found.group(1)}" if found else ""
    # Outside the handler: what was caught holds the text, and must not hang on to this error.
    raise ParseError(f"fields-{kind}", f"not {kind.upper()} that maps names to values, each name once", f"{path}{line}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Rule 2."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
