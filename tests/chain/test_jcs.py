"""Canonical JSON against an independent implementation, and every way not to be canonical."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from chain import jcs
from chain.errors import ParseError
from chain.limits import LIMITS

MAX = LIMITS.json_integer_max

ascii_keys = st.text(st.characters(max_codepoint=127), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-MAX, MAX) | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_keys, inner, max_size=4),
    max_leaves=20,
)


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    count: int
    free: Any
    name: str = ""


TYPED = jcs.TypedDecoder(Typed)


@given(values)
def test_encoding_is_that_of_the_rfc8785_package(value: Any) -> None:
    assert jcs.encode(value) == rfc8785.dumps(value)


@given(values)
def test_what_is_encoded_decodes_to_the_same_value(value: Any) -> None:
    assert jcs.decode(jcs.encode(value)) == value


@given(values, st.sampled_from([{"indent": 1}, {"separators": (", ", ": ")}, {"ensure_ascii": True}]))
def test_another_spelling_of_the_same_value_is_refused(value: Any, style: dict[str, Any]) -> None:
    other = json.dumps(value, **{"ensure_ascii": False, "separators": (",", ":"), **style}).encode(
        "utf-8", "surrogatepass"
    )
    if other != jcs.encode(value):
        with pytest.raises(ParseError):
            jcs.decode(other)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE+-\\u tfn\n', max_size=40).map(str.encode))
def test_arbitrary_bytes_give_a_value_or_our_own_error(data: bytes) -> None:
    for decode in (jcs.decode, TYPED.decode):
        with contextlib.suppress(ParseError):
            assert jcs.encode(decode(data)) == data


@given(values, st.data())
def test_one_byte_changed_gives_another_value_or_our_own_error(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(jcs.encode(value))
    index = data.draw(st.integers(0, len(encoded) - 1))
    encoded[index] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ParseError):
        assert jcs.encode(jcs.decode(bytes(encoded))) == bytes(encoded)


BAD: dict[str, bytes] = {
    "nothing": b"",
    "white space alone": b" ",
    "white space before": b" 1",
    "white space after": b"1 ",
    "a newline after": b"1\n",
    "white space inside": b'{"a": 1}',
    "a byte order mark": b"\xef\xbb\xbf1",
    "a second value": b"1 2",
    "trailing bytes": b"{}x",
    "a NUL after": b"1\x00",
    "keys out of order": b'{"b":1,"a":2}',
    "a key twice": b'{"a":1,"a":1}',
    "a key twice, once escaped": b'{"a":1,"\\u0061":1}',
    "an escaped letter": b'"\\u0041"',
    "an escaped slash": b'"\\/"',
    "an upper-case escape": b'"\\u001F"',
    "a long escape of a newline": b'"\\u000a"',
    "a character escaped that stands for itself": b'"\\u00e9"',
    "a pair of escapes for one character": b'"\\ud83c\\udf1e"',
    "a lone high surrogate": b'"\\ud800"',
    "a lone low surrogate": b'"\\udc00"',
    "surrogates in the wrong order": b'"\\udc00\\ud800"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "a truncated sequence": b'"\xe6\xb0',
    "Latin-1": b'"\xe9"',
    "a raw control character": b'"\x01"',
    "a raw newline": b'"\n"',
    "single quotes": b"'a'",
    "a float": b"1.5",
    "a whole float": b"1.0",
    "an exponent": b"1e2",
    "a huge exponent": b"1e400",
    "a negative zero": b"-0",
    "a negative zero float": b"-0.0",
    "a leading zero": b"01",
    "a plus sign": b"+1",
    "a hexadecimal number": b"0x1",
    "NaN": b"NaN",
    "infinity": b"Infinity",
    "one more than 2^53-1": b"9007199254740992",
    "one less than -(2^53-1)": b"-9007199254740992",
    "more than 64 bits": b"18446744073709551616",
    "30 digits": b"1" * 30,
    "4,299 digits": b"1" * 4_299,
    "5,000 digits": b"1" * 5_000,
    "5,000 digits after a minus": b"-" + b"9" * 5_000,
    "a big number in a list": b"[[9007199254740992]]",
    "a comma too many": b"[1,]",
    "no comma": b"[1 2]",
    "a comment": b"/**/1",
    "True": b"True",
    "an unclosed list": b"[1",
    "an unclosed string": b'"a',
    "a key beyond ASCII": '{"é":1}'.encode(),
    "a number as key": b"{1:1}",
    "nesting of 17": b"[" * 17 + b"]" * 17,
    "nesting of 900": b"[" * 900 + b"]" * 900,
    "nesting of 100,000": b"[" * 100_000 + b"]" * 100_000,
    "100,000 unclosed lists": b"[" * 100_000,
    "100,000 unclosed objects": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_what_is_not_canonical_is_our_own_error(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        jcs.decode(data, "file 7")
    assert caught.value.where.startswith("file 7")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("inner", BAD.values(), ids=BAD)
def test_a_free_member_of_a_typed_value_is_judged_like_a_value_of_its_own(inner: bytes) -> None:
    data = b'{"count":1,"free":' + inner + b',"name":""}'
    with pytest.raises(ParseError):
        jcs.check_value(TYPED.decode(data).free)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"count":1,"free":null}', "not-canonical"),
        (b'{"count":1,"name":""}', "json-shape"),
        (b'{"count":1,"extra":1,"free":1,"name":""}', "json-shape"),
        (b'{"count":"1","free":1,"name":""}', "json-shape"),
        (b'{"count":true,"free":1,"name":""}', "json-shape"),
        (b'{"count":1.0,"free":1,"name":""}', "json-shape"),
        (b'{"free":1,"count":1,"name":""}', "not-canonical"),
        (b'{"count":1,"free":{"b":1,"a":1},"name":""}', "not-canonical"),
        (b'{"count":1,"count":1,"free":1,"name":""}', "not-canonical"),
        (b"[1,2,3]", "json-shape"),
        (b"null", "json-shape"),
    ],
)
def test_a_typed_value_has_every_member_once_in_order_and_no_other(data: bytes, code: str) -> None:
    with pytest.raises(ParseError) as caught:
        TYPED.decode(data)
    assert caught.value.code == code


def test_nesting_is_allowed_to_the_limit() -> None:
    depth = LIMITS.json_depth_max
    assert jcs.encode(jcs.decode(b"[" * depth + b"]" * depth)) == b"[" * depth + b"]" * depth


@pytest.mark.parametrize("value", [MAX, -MAX, 0])
def test_integers_are_allowed_to_the_limit(value: int) -> None:
    assert jcs.decode(str(value).encode()) == value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.0, "json-type"),
        (float("nan"), "json-type"),
        (b"bytes", "json-type"),
        ({1: 1}, "json-key"),
        ({"é": 1}, "json-key"),
        ({"a": [1, (2.0,)]}, "json-type"),
        (10**5_000, "integer-range"),
        (-(2**53), "integer-range"),
        ({"a", "b"}, "json-type"),
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_a_python_value_outside_the_subset_is_refused(value: Any, code: str) -> None:
    with pytest.raises(ParseError) as caught:
        jcs.check_value(value)
    assert caught.value.code == code


def test_the_error_names_the_member() -> None:
    with pytest.raises(ParseError) as caught:
        jcs.decode(b'{"a":[0,{"b":1.5}]}', "entry 3")
    assert caught.value.where == "entry 3.a[1].b"


def test_every_string_is_shown_to_the_callers_check() -> None:
    seen: list[tuple[str, str]] = []
    jcs.check_value({"a": ["x", {"b": "y"}], "c": 1}, "v", check_string=lambda text, where: seen.append((text, where)))
    assert seen == [("x", "v.a[0]"), ("y", "v.a[1].b")]


def test_lines_are_canonical_values_each_with_a_newline() -> None:
    assert jcs.encode_lines([{"b": 1, "a": "\n"}, ["x"]]) == b'{"a":"\\n","b":1}\n["x"]\n'
