"""What a stranger might hand over: bytes that were never valid, valid bytes that were damaged, and bombs.

1. `raw`: any bytes, and any text, lone surrogates included.
2. `damaged`: a valid sample with bits flipped, cut, bytes inserted or doubled, spliced with another sample, its numbers
   grown, its text denormalised.
3. `reshaped`: a valid JSON sample, canonical still, with members of other types, removed, renamed or nested.
4. `BOMBS`: small inputs that ask for much time or memory.
"""

import json
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from chain import jcs
from chain.errors import ChainError

_PIECES = (
    b"",
    b"\x00",
    b"\n",
    b"\r\n",
    b'"',
    b"\\u0041",
    b"\\ud800",
    b"\xed\xa0\x80",
    b"\xff",
    "e\u0301".encode(),
    "\u202e".encode(),
    b"[" * 40,
    b'{"a":' * 20,
    b"9" * 400,
    b"-0",
    b"1e999",
    b"NaN",
    b"null",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x00\x7f\xff\xff\xff",
)
"""What breaks parsers more often than chance does."""

_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**53 - 1,
    2**53,
    -(2**63) - 1,
    2**64,
    10**40,
    1.5,
    "",
    "0",
    "\x00",
    "e\u0301",
    "\u202e",
    "x" * 2_000,
    "ff" * 32,
    "../../etc/passwd",
    [],
    {},
    [[[]]],
    {"a": {"b": []}},
    [0] * 300,
)


class Samples(list[bytes]):
    """Valid samples; hypothesis tells what a strategy was made of, and need not print them all."""

    def __repr__(self) -> str:
        return f"{len(self)} samples"


def raw() -> st.SearchStrategy[bytes]:
    """Rule 1."""
    text = st.text(st.characters(), max_size=200).map(lambda found: found.encode("utf-8", "surrogatepass"))
    return st.one_of(st.binary(max_size=400), text, st.sampled_from(_PIECES))


@st.composite
def damaged(draw: st.DrawFn, samples: Samples) -> bytes:
    """Rule 2."""
    data = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 64)))
        match draw(st.sampled_from(("flip", "cut", "end", "insert", "double", "splice", "digits"))):
            case "flip" if start < len(data):
                data = data[:start] + bytes([data[start] ^ 1 << draw(st.integers(0, 7))]) + data[start + 1 :]
            case "cut":
                data = data[:start] + data[end:]
            case "end":
                data = data[:start]
            case "insert":
                data = data[:start] + draw(st.sampled_from(_PIECES) | st.binary(max_size=16)) + data[start:]
            case "double":
                data = data[:end] + data[start:]
            case "splice":
                other = draw(st.sampled_from(samples))
                data = data[:start] + other[draw(st.integers(0, len(other))) :]
            case "digits":
                data = data.replace(draw(st.sampled_from((b"0", b"1", b"2", b"8"))), b"99999999999999999999", 1)
    return data


@st.composite
def reshaped(draw: st.DrawFn, samples: Samples) -> bytes:
    """Rule 3; a sample that is no JSON comes back as raw JSON of any shape."""
    try:
        document = json.loads(draw(st.sampled_from(samples)))
    except (ValueError, UnicodeDecodeError):
        document = {"format": "gridproof/1", "items": [1, "a"]}
    holder: Any = {"": document}
    for _ in range(draw(st.integers(1, 2))):
        parent, key = holder, ""
        for _ in range(draw(st.integers(0, 5))):
            child = parent[key]
            if not child or not isinstance(child, dict | list):
                break
            keys = sorted(child) if isinstance(child, dict) else range(len(child))
            parent, key = child, draw(st.sampled_from(keys))
        _reshape(draw, parent, key)
        if "" not in holder:
            break
    changed = holder.get("", None)
    return _canonical(changed) if draw(st.booleans()) else json.dumps(changed).encode("utf-8", "surrogatepass")


def _reshape(draw: st.DrawFn, parent: Any, key: Any) -> None:
    match draw(st.sampled_from(("replace", "replace", "replace", "remove", "wrap", "twice", "rename"))):
        case "replace":
            # A copy: it may be changed in its turn.
            parent[key] = deepcopy(draw(st.sampled_from(_VALUES)))
        case "remove" if key != "":
            del parent[key]
        case "wrap":
            for _ in range(draw(st.sampled_from((1, 15, 17, 200)))):
                parent[key] = [parent[key]]
        case "twice" if isinstance(parent, list):
            parent.append(deepcopy(parent[key]))
        case "rename" if isinstance(parent, dict) and key != "":
            parent[f"{key}\u0301"] = parent.pop(key)
        case _:
            parent[key] = None


def _canonical(value: Any) -> bytes:
    try:
        return jcs.encode(value)
    except (ChainError, ValueError, OverflowError, TypeError):
        return json.dumps(value).encode("utf-8", "surrogatepass")


BOMBS: dict[str, bytes] = {
    "lists 100,000 deep": b"[" * 100_000,
    "objects 100,000 deep": b'{"a":' * 100_000,
    "balanced lists 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "a member 100,000 deep": b'{"body":' + b"[" * 100_000 + b"]" * 100_000 + b',"signature":"' + b"0" * 128 + b'"}',
    "a kind 10,000 deep": b'{"kind":' * 10_000 + b'"block"' + b"}" * 10_000,
    "a million empty lines": b"\n" * 1_000_000,
    "100,000 lines": b"a\n" * 100_000,
    "a note of 20,000 signatures": b"a\n\n" + "— a AAAA\n".encode() * 20_000,
    "a policy of 20,000 witnesses": b"witness a b+00000000+AAAA\n" * 20_000,
    "a policy of 20,000 groups": b"group a any a\n" * 20_000,
    "an integer of 100,000 digits": b"9" * 100_000,
    "a negative exponent": b"1e-" + b"9" * 100_000,
    "100,000 zeros": bytes(100_000),
    "100,000 quotation marks": b'"' * 100_000,
    "100,000 commas": b"," * 100_000,
    "100,000 backslashes": b'"' + b"\\" * 100_000 + b'"',
    "30,000 empty lists": b"[" + b"[]," * 30_000 + b"[]]",
    "20,000 equal members": b"{" + b'"a":0,' * 20_000 + b'"a":0}',
    "many kinds": b'{"kind":"' + b"x" * 100_000 + b'"}',
    "50,000 combining marks": b'"a' + "\u0301".encode() * 50_000 + b'"',
    "50,000 lone surrogates": b'"' + b"\xed\xa0\x80" * 50_000 + b'"',
    "nothing but the largest length": b"\xff" * 100_000,
    "a table of one wide row": b"time,participant," + b"x," * 30_000 + b"\n" + b"1," * 30_000,
}
"""Rule 4."""
