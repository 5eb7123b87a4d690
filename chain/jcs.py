"""Canonical JSON: RFC 8785 (JCS), restricted as `docs/format.md` section 1 says.

1. Bytes decode as JSON (UTF-8, no duplicate keys, no white space, shortest escapes): shown by re-encoding.
2. Keys are ASCII; numbers are integers within ±(2⁵³−1); no floats; nesting at most `json_depth_max`.
3. Anything else is a `ParseError`, whatever the decoder underneath raises.

msgspec's sorted encoder equals RFC 8785 on this subset (tested against the `rfc8785` package); outside it
(non-ASCII keys, big integers, floats) the two differ, hence rule 2.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from chain.errors import ParseError
from chain.limits import LIMITS

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder()

encode = _ENCODER.encode
"""Canonical bytes of a value made of str, int, bool, None, lists, dicts and msgspec Structs."""

encode_lines = _ENCODER.encode_lines
"""Canonical bytes of each value, each followed by a newline."""


def check_value(
    value: Any, where: str = "value", depth: int = 0, check_string: Callable[[str, str], object] | None = None
) -> None:
    """Rule 2 on a decoded value; `where` names it in the error. `check_string` judges every string value."""
    if value is None or value is True or value is False:
        return
    if isinstance(value, str):
        if check_string is not None:
            check_string(value, where)
        return
    if isinstance(value, int):
        if not -LIMITS.json_integer_max <= value <= LIMITS.json_integer_max:
            raise ParseError("integer-range", "an integer is beyond ±(2^53-1)", where)
        return
    if depth >= LIMITS.json_depth_max:
        raise ParseError("json-depth", f"nesting is deeper than {LIMITS.json_depth_max}", where)
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            check_value(item, f"{where}[{index}]", depth + 1, check_string)
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise ParseError("json-key", f"key {key!r} is not ASCII", where)
            check_value(item, f"{where}.{key}", depth + 1, check_string)
        return
    raise ParseError("json-type", f"{type(value).__name__} is not allowed (integers only, no floats)", where)


def decode(data: bytes, where: str = "json") -> Any:
    """The value that `data` canonically encodes; `ParseError` otherwise."""
    value = _shielded(_DECODER.decode, data, where)
    check_value(value, where)
    _require_canonical(value, data, where)
    return value


class TypedDecoder(Generic[T]):
    """Decodes canonical JSON into one msgspec type; use Structs with `forbid_unknown_fields`."""

    def __init__(self, kind: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(kind)

    def decode(self, data: bytes, where: str = "json") -> T:
        """As `decode`, typed. Free-form members (`Any`) still need `check_value`."""
        value: T = _shielded(self._decoder.decode, data, where)
        _require_canonical(value, data, where)
        return value


def _require_canonical(value: Any, data: bytes, where: str) -> None:
    if _shielded(encode, value, where) != data:
        raise ParseError("not-canonical", "JSON is not in canonical form (RFC 8785)", where)


def _shielded(function: Callable[[Any], Any], given: Any, where: str) -> Any:
    """Decode or encode, turning every failure of the library below into our own."""
    try:
        return function(given)
    except msgspec.ValidationError as error:
        raise ParseError("json-shape", str(error), where) from None
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise ParseError("json", f"not JSON: {error}", where) from None
