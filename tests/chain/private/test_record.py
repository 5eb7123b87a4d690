"""A private record: its one hash, its bytes, what is refused, and that nothing of it shows."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import jcs
from chain.errors import ChainError, LimitError, ParseError
from chain.limits import LIMITS
from chain.private.record import (
    PrivateField,
    PrivateRecord,
    encode_record,
    information_hash,
    make_record,
    parse_record,
    record_tree,
)
from tests.chain.private.private_fixture import SUBJECT, VALUES, record, source
from tests.private_scan import assert_nowhere

SALTS = [bytes(range(32)), bytes(range(32, 64))]
PUBLISHED = PrivateRecord(
    SUBJECT,
    (
        PrivateField("bank_account", SALTS[1], "6222 0210"),
        PrivateField(
            "real_name_record",
            SALTS[0],
            {"account": "min-jiang-hydro", "name_en": "Min Jiang Hydropower", "name_zh": "闽江水电"},
        ),
    ),
)
SALT = "5a" * 32
OTHER_SALT = "5b" * 32


def content(**changes: Any) -> dict[str, Any]:
    fields = [
        {"name": "first", "salt": SALT, "value": "private words"},
        {"name": "second", "salt": OTHER_SALT, "value": 1},
    ]
    return {"fields": fields, "format": "gridproof-private/1", "subject": "account-1", **changes}


def field(name: Any = "first", salt: Any = SALT, value: Any = "private words") -> dict[str, Any]:
    return {"name": name, "salt": salt, "value": value}


BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"private words", "json"),
    "cut off": (jcs.encode(content())[:-1], "json"),
    "not UTF-8": (jcs.encode(content()).replace(b"private words", b"private \xff"), "json"),
    "white space": (jcs.encode(content()) + b" ", "not-canonical"),
    "an escape": (jcs.encode(content()).replace(b"private", rb"p\u0072ivate"), "not-canonical"),
    "a key twice": (jcs.encode(content()).replace(b'"value":1', b'"value":1,"value":1'), "not-canonical"),
    "a member too many": (jcs.encode(content(private_words=1)), "json-shape"),
    "a member missing": (jcs.encode({"fields": [], "format": "gridproof-private/1"}), "json-shape"),
    "another format": (jcs.encode(content(format="gridproof-private/2")), "private-format"),
    "a subject that is no name": (jcs.encode(content(subject="../up")), "name"),
    "no fields": (jcs.encode(content(fields=[])), "private-fields"),
    "too many fields": (
        jcs.encode(content(fields=[field(f"f{n:03}", f"{n:064x}") for n in range(65)])),
        "private-fields",
    ),
    "a field twice": (jcs.encode(content(fields=[field(), field(salt=OTHER_SALT)])), "duplicate-field"),
    "fields out of order": (jcs.encode(content(fields=[field("b"), field("a", OTHER_SALT)])), "field-order"),
    "one salt for two fields": (jcs.encode(content(fields=[field("a"), field("b")])), "salt-twice"),
    "a value in the place of a name": (jcs.encode(content(fields=[field("private words!")])), "name"),
    "a salt of 31 bytes": (jcs.encode(content(fields=[field(salt="5a" * 31)])), "hex"),
    "a salt of 33 bytes": (jcs.encode(content(fields=[field(salt="5a" * 33)])), "hex"),
    "a salt in capitals": (jcs.encode(content(fields=[field(salt="5A" * 32)])), "hex"),
    "a float": (jcs.encode(content(fields=[field(value=["private words", 0.5])])), "json-type"),
    "an integer that browsers garble": (jcs.encode(content(fields=[field(value=2**53)])), "integer-range"),
    "a key beyond ASCII": (jcs.encode(content(fields=[field(value={"私人的话": 1})])), "json-key"),
    "a control character": (jcs.encode(content(fields=[field(value="private words\u202e")])), "text"),
    "another normal form": (jcs.encode(content(fields=[field(value="private words e\u0301")])), "text-nfc"),
    "a text too long": (jcs.encode(content(fields=[field(value="private words" * 100)])), "text-length"),
    "a value too long": (jcs.encode(content(fields=[field(value=["private words"] * 600)])), "private-value"),
    "nested too deep": (jcs.encode(content(fields=[field(value=[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]])])), "json-depth"),
    "a value nested 4,000 deep": (
        jcs.encode(content(fields=[field(value="@")])).replace(b'"@"', b"[" * 4_000 + b"]" * 4_000),
        "json",
    ),
    "a value nested without end": (
        jcs.encode(content(fields=[field(value="@")])).replace(b'"@"', b"[" * 500_000 + b"]" * 500_000),
        "json",
    ),
    "a value with white space": (
        jcs.encode(content(fields=[field(value="@")])).replace(b'"@"', b"[1, 2]"),
        "not-canonical",
    ),
    "a value of a million small things": (
        jcs.encode(content(fields=[field(value="@")])).replace(b'"@"', b"[" + b"[]," * 600_000 + b"[]]"),
        "private-value",
    ),
    "nested without end": (b"[" * 100_000, "json-shape"),
    "a file too long": (b" " * (LIMITS.private_file_bytes_max + 1), "private-bytes"),
}


def test_the_published_vector_holds_and_is_the_one_of_the_page() -> None:
    tree, index_of = record_tree(PUBLISHED)
    found = [PUBLISHED.fields[0].commitment, tree.root().hex(), information_hash(PUBLISHED)]
    assert index_of == {"bank_account": 1, "real_name_record": 0}
    page = (Path(__file__).parents[3] / "docs/format.md").read_text(encoding="utf-8")
    section = page[page.index("## 10. Private data") :]
    assert [value for value in found if value not in section] == []


def test_the_hash_is_what_the_page_says_computed_by_hand() -> None:
    leaves = sorted(bytes.fromhex(one.commitment) for one in PUBLISHED.fields)
    first, second = (sha256(b"\x00" + leaf).digest() for leaf in leaves)
    root = sha256(b"\x01" + first + second).hexdigest()
    message = b"gridproof/information/v1\n" + b'{"root":"%s","size":2,"subject":"min-jiang-hydro"}' % root.encode()
    assert information_hash(PUBLISHED) == sha256(message).hexdigest()


def test_a_record_is_read_back_as_it_was_written() -> None:
    assert parse_record(encode_record(record())) == record()
    assert record().values == VALUES


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_are_no_private_record_are_refused_without_a_word_of_them(name: str) -> None:
    data, code = BAD[name]
    with pytest.raises(ChainError) as caught:
        parse_record(data)
    assert caught.value.code == code
    assert isinstance(caught.value, ParseError | LimitError)
    assert caught.value.__context__ is None or "private" not in str(caught.value.__context__.__dict__)
    assert_nowhere(["private words", "私人的话", "5a" * 31], [str(caught.value), repr(caught.value)])


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_any_bytes_give_a_record_or_our_own_error(data: bytes) -> None:
    with pytest.raises(ChainError):
        parse_record(data)


@given(st.data())
def test_no_changed_byte_gives_a_record_of_the_same_hash(data: st.DataObject) -> None:
    encoded = bytearray(encode_record(PUBLISHED))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        changed = parse_record(bytes(encoded))
    except ChainError:
        return
    assert information_hash(changed) != information_hash(PUBLISHED)


def test_the_hash_changes_with_subject_name_salt_and_value() -> None:
    one = PrivateField("name", SALTS[0], "value")
    records = [
        PrivateRecord("a", (one,)),
        PrivateRecord("b", (one,)),
        PrivateRecord("a", (PrivateField("other", SALTS[0], "value"),)),
        PrivateRecord("a", (PrivateField("name", SALTS[1], "value"),)),
        PrivateRecord("a", (PrivateField("name", SALTS[0], "valuE"),)),
        PrivateRecord("a", (one, PrivateField("other", SALTS[1], "value"))),
    ]
    assert len({information_hash(made) for made in records}) == len(records)


def test_fields_may_come_in_any_order_and_get_a_salt_each() -> None:
    made = make_record(SUBJECT, dict(reversed(VALUES.items())), source())
    assert [one.name for one in made.fields] == sorted(VALUES)
    assert len({one.salt for one in made.fields}) == len(VALUES)


def test_a_source_that_repeats_itself_is_refused() -> None:
    with pytest.raises(ParseError, match="one salt"):
        make_record(SUBJECT, VALUES, bytes)


@pytest.mark.parametrize("names", [["", "a"], [1, "a"], ["a b"], ["姓名"], [None]])
def test_names_of_fields_are_names(names: list[Any]) -> None:
    with pytest.raises(ParseError) as caught:
        make_record(SUBJECT, dict.fromkeys(names, "value"), source())
    assert caught.value.code == "name"


def test_neither_record_nor_field_shows_a_value_a_salt_or_its_own_hash() -> None:
    made = record()
    shown = [repr(made), str(made), f"{made}", repr(made.fields[0]), repr(list(made.fields))]
    assert_nowhere([VALUES, *(one.salt for one in made.fields)], shown)


def test_the_largest_record_fits_into_a_file() -> None:
    value = ["x" * 1_000] * 8
    values = {f"{n:02}{'n' * 62}": value for n in range(LIMITS.private_fields_max)}
    assert len(encode_record(make_record("s" * 64, values, source()))) < LIMITS.private_file_bytes_max // 2 - 65_536
