"""Names and text on the record, the same on every version of Python."""

import unicodedata
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import ParseError
from chain.limits import LIMITS
from chain.text import check_name, check_table_name, check_text, from_hex, printable
from chain.unicode14 import is_allowed

CODE_POINTS = range(0x110000)
REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

ALLOWED_COUNT = 144_532
ALLOWED_SHA256 = "f802eaa2a3b4fa8de10f8c7781f8770220409d61466c583140c1fa6db2a10ff0"
"""Over one byte per code point, 01 where UnicodeData-14.0.0 has it printable, taken on Python 3.11."""

BECAME_FORMAT_CHARACTERS = {0x00AD, 0x200B}
"""Printable in Unicode 3.2, format characters (Cf) since."""


def test_the_table_is_the_one_of_unicode_14() -> None:
    allowed = bytes(is_allowed(code_point) for code_point in CODE_POINTS)
    assert sum(allowed) == ALLOWED_COUNT
    assert sha256(allowed).hexdigest() == ALLOWED_SHA256


def test_the_table_agrees_with_this_python_about_all_that_unicode_14_assigns() -> None:
    """On Python 3.11 this is equality. A later version assigns more, and takes nothing back."""
    knows = [chr(code_point) for code_point in CODE_POINTS if unicodedata.category(chr(code_point)) not in REFUSED]
    unknown = [character for character in knows if not is_allowed(ord(character))]
    assert sum(map(is_allowed, CODE_POINTS)) == len(knows) - len(unknown)
    assert unicodedata.unidata_version != "14.0.0" or not unknown


def test_the_table_agrees_with_unicode_3_2_which_every_python_carries() -> None:
    old = unicodedata.ucd_3_2_0
    for code_point in CODE_POINTS:
        category = old.category(chr(code_point))
        if category != "Cn":
            expected = category not in REFUSED and code_point not in BECAME_FORMAT_CHARACTERS
            assert is_allowed(code_point) == expected, f"U+{code_point:04X} {category}"


@pytest.mark.parametrize(
    ("code_point", "expected"),
    [
        (0x0000, False),  # NULL
        (0x001F, False),  # the last C0 control
        (0x0020, True),  # SPACE
        (0x007E, True),
        (0x007F, False),  # DELETE
        (0x0085, False),  # NEXT LINE
        (0x00A0, True),  # NO-BREAK SPACE
        (0x00AD, False),  # SOFT HYPHEN
        (0x061C, False),  # ARABIC LETTER MARK
        (0x061D, True),  # ARABIC END OF TEXT MARK, new in 14.0
        (0x08C8, True),  # new in 14.0
        (0x200B, False),  # ZERO WIDTH SPACE
        (0x200D, False),  # ZERO WIDTH JOINER
        (0x200E, False),  # LEFT-TO-RIGHT MARK
        (0x2028, False),  # LINE SEPARATOR
        (0x2029, False),  # PARAGRAPH SEPARATOR
        (0x202A, False),  # LEFT-TO-RIGHT EMBEDDING
        (0x202E, False),  # RIGHT-TO-LEFT OVERRIDE
        (0x2060, False),  # WORD JOINER
        (0x2066, False),  # LEFT-TO-RIGHT ISOLATE
        (0x2069, False),  # POP DIRECTIONAL ISOLATE
        (0x20C0, True),  # SOM SIGN, new in 14.0
        (0x20C1, False),  # SAUDI RIYAL SIGN, Unicode 17.0
        (0x4E00, True),
        (0x9FFF, True),  # the last of the block, new in 14.0
        (0xD800, False),
        (0xDFFF, False),
        (0xE000, False),  # private use
        (0xF8FF, False),
        (0xFDD0, False),  # noncharacter
        (0xFEFF, False),  # byte order mark
        (0xFFFC, True),
        (0xFFFF, False),
        (0x0CF3, False),  # KANNADA SIGN, Unicode 15.0
        (0x1CC00, False),  # Unicode 16.0
        (0x1F6DC, False),  # WIRELESS, Unicode 15.0
        (0x1FAE8, False),  # SHAKING FACE, Unicode 15.0
        (0x1FAE7, True),  # BUBBLES, new in 14.0
        (0x2A6DE, True),  # new in 14.0
        (0x2EBF0, False),  # CJK extension I, Unicode 15.1
        (0x31350, False),  # CJK extension H, Unicode 15.0
        (0xE0001, False),  # LANGUAGE TAG
        (0xE0100, True),  # VARIATION SELECTOR-17
        (0xF0000, False),
        (0x10FFFF, False),
    ],
)
def test_a_code_point_is_judged_as_unicode_14_has_it(code_point: int, expected: bool) -> None:
    assert is_allowed(code_point) is expected


@pytest.mark.parametrize(
    "text",
    ["", "solar 1", "闽江光伏电站", "é", "가", "Å", "𠀀", "한국", "ﻼ", "🌞", "x" * 1_024, "水" * 341],
)
def test_printable_normal_text_passes_as_it_is(text: str) -> None:
    assert check_text(text, "name") == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\nb", "text"),
        ("a\x00", "text"),
        ("a\x7f", "text"),
        ("\u202egnp.exe", "text"),
        ("a\u200bb", "text"),
        ("\ud800", "text"),
        ("\ue000", "text"),
        ("\U0001f6dc", "text"),
        ("\u2028", "text"),
        ("e\u0301", "text-nfc"),
        ("\u212b", "text-nfc"),
        ("\u1100\u1161", "text-nfc"),
        ("\u0340", "text-nfc"),
        ("x" * 1_025, "text-length"),
        ("水" * 342, "text-length"),
    ],
    ids=ascii,
)
def test_text_that_could_be_misread_is_refused(text: str, code: str) -> None:
    with pytest.raises(ParseError) as caught:
        check_text(text, "names.zh")
    assert (caught.value.code, caught.value.where) == (code, "names.zh")


@given(st.text())
def test_text_that_passes_is_normal_printable_and_short(text: str) -> None:
    try:
        check_text(text, "text")
    except ParseError:
        return
    assert unicodedata.normalize("NFC", text) == text
    assert all(is_allowed(ord(character)) for character in text)
    assert len(text.encode()) <= LIMITS.text_bytes_max


@pytest.mark.parametrize("name", ["a", "0", "A.b-c_d", "9" * 64, "area-350100", "a.."])
def test_names_are_letters_digits_and_three_marks(name: str) -> None:
    assert check_name(name, "account") == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "-a", "_a", ".a", "a/b", "a b", "a\n", "\na", "a\x00", "é", "٣", "a" * 65, 7, None, b"a"],
    ids=ascii,
)
def test_anything_else_is_no_name(name: object) -> None:
    with pytest.raises(ParseError) as caught:
        check_name(name, "account")
    assert (caught.value.code, caught.value.where) == ("name", "account")


@pytest.mark.parametrize("name", ["a", "orders_submitted", "a" * 48, "t9_"])
def test_tables_and_columns_are_lower_case_words(name: str) -> None:
    assert check_table_name(name, "table") == name


@pytest.mark.parametrize(
    "name", ["", "A", "9a", "_a", "a-b", "a.b", "a b", "a\n", "../a", "a" * 49, None, 1], ids=ascii
)
def test_anything_else_is_no_table(name: object) -> None:
    with pytest.raises(ParseError) as caught:
        check_table_name(name, "table")
    assert caught.value.code == "table-name"


@given(st.binary(max_size=40))
def test_hexadecimal_survives_the_round_trip(data: bytes) -> None:
    assert from_hex(data.hex(), len(data), "hash") == data


@pytest.mark.parametrize(
    "text",
    ["", "0", "000", "00000", "ABCD", "00 0", " 0000", "0000\n", "0x00", "00g0", "٠٠٠٠", "0_00", None, 1234, b"0000"],
    ids=ascii,
)
def test_hexadecimal_is_exact_in_length_and_case(text: object) -> None:
    with pytest.raises(ParseError) as caught:
        from_hex(text, 2, "hash")
    assert caught.value.code == "hex"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("福州 ok", "福州 ok"),
        ("\x1b[2Jall holds", "\\x1b[2Jall holds"),
        ("a\u202eb", "a\\u202eb"),
        ("\x9b1m", "\\x9b1m"),
        ("line\nline", "line\\nline"),
    ],
)
def test_a_strangers_text_cannot_rewrite_the_screen(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert str(ParseError("x", text, text)) == f"{shown}: {shown}"
