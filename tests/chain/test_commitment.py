"""Commitments to private values: the published vector, what is refused and how that is said, and that nothing else
gives the same hash.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.commitment import field_commitment
from chain.errors import ParseError
from tests.private_scan import assert_nowhere

NAME = "real_name_record"
SALT = bytes(range(32))
VALUE = {"name_zh": "闽江水电", "account": "min-jiang-hydro", "name_en": "Min Jiang Hydropower"}
COMMITMENT = "b7a1f9dc5ebafcd43c46fb90c1dde7799f667768556566386d4566b3791a8e76"

BAD: dict[str, tuple[Any, Any, Any, str]] = {
    "no name": ("", SALT, VALUE, "name"),
    "a name with a newline": ("a\nb", SALT, VALUE, "name"),
    "a name that ends in a newline": ("a\n", SALT, VALUE, "name"),
    "a name beyond ASCII": ("姓名", SALT, VALUE, "name"),
    "a name that is bytes": (b"name", SALT, VALUE, "name"),
    "a name too long": ("a" * 65, SALT, VALUE, "name"),
    "no salt": (NAME, b"", VALUE, "salt"),
    "a salt of 31 bytes": (NAME, SALT[1:], VALUE, "salt"),
    "a salt of 33 bytes": (NAME, SALT + b"\0", VALUE, "salt"),
    "a salt in hex": (NAME, "00" * 16, VALUE, "salt"),
    "a float": (NAME, SALT, {"share": 0.5}, "json-type"),
    "bytes": (NAME, SALT, b"value", "json-type"),
    "an integer that browsers garble": (NAME, SALT, 2**53, "integer-range"),
    "a key beyond ASCII": (NAME, SALT, {"姓": "林"}, "json-key"),
    "a key that is no text": (NAME, SALT, {1: "one"}, "json-key"),
    "nested too deep": (NAME, SALT, [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]], "json-depth"),
    "text in another normal form": (NAME, SALT, "e\u0301", "text-nfc"),
    "a control character": (NAME, SALT, ["a\tb"], "text"),
    "half of a surrogate pair": (NAME, SALT, "\ud800", "text"),
}


def test_the_published_vector_holds() -> None:
    assert field_commitment(NAME, SALT, VALUE) == COMMITMENT


def test_the_vector_is_the_hash_of_the_bytes_that_the_page_spells() -> None:
    page = (Path(__file__).parents[2] / "docs/format.md").read_text(encoding="utf-8")
    section = page[page.index("## 10. Private data") :]
    value = next(line for line in section.splitlines() if line.startswith('{"account"'))
    message = b"gridproof/field/v1\n" + NAME.encode() + b"\n" + SALT + value.encode()
    assert len(message) == 155
    assert sha256(message).hexdigest() == COMMITMENT
    assert COMMITMENT in section


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_name_no_salt_or_no_value_is_refused(name: str) -> None:
    field, salt, value, code = BAD[name]
    with pytest.raises(ParseError) as caught:
        field_commitment(field, salt, value)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "value",
    [
        {"林小明": "secret"},
        {"secret words": 0.5},
        {"secret words": ["secret words\u202e"]},
        ["secret words", 2**60],
        "secret words e\u0301",
        "secret words" * 100,
        {"secret words": [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]},
    ],
)
def test_an_error_names_the_field_and_nothing_of_the_value(value: Any) -> None:
    with pytest.raises(ParseError) as caught:
        field_commitment(NAME, SALT, value)
    assert caught.value.where == NAME
    assert caught.value.__context__ is None
    assert_nowhere(["secret", "林小明", SALT, str(2**60)], [str(caught.value), repr(caught.value)])


PRIVATE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text("abcä林", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=6,
)
TRIPLES = st.tuples(st.sampled_from(["a", "ab", "b"]), st.sampled_from([SALT, bytes(32), b"\n" * 32]), PRIVATE)


@given(TRIPLES, TRIPLES)
def test_two_commitments_are_equal_only_if_name_salt_and_value_are(first: Any, second: Any) -> None:
    # Python takes True for 1; JSON does not: so the triples are compared as they are written.
    assert (field_commitment(*first) == field_commitment(*second)) == (repr(_sorted(first)) == repr(_sorted(second)))


def _sorted(value: Any) -> Any:
    """`value` with every object's members in order."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value
