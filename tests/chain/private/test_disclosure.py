"""A disclosure shows what it discloses and nothing else; whatever is changed in it no longer holds."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import jcs
from chain.errors import ChainError, PrivateError, ProofError
from chain.limits import LIMITS
from chain.private.disclosure import disclose, encode_disclosure, parse_disclosure, verify_disclosure
from chain.private.record import PrivateField, PrivateRecord, information_hash, make_record
from tests.chain.private.private_fixture import SUBJECT, VALUES, record, source
from tests.private_scan import assert_nowhere

RECORD = record()
HASH = information_hash(RECORD)
SHOWN = disclose(RECORD, ["legal_representative", "contact"])
DATA = encode_disclosure(SHOWN)


def changed(path: list[str | int], value: Any) -> bytes:
    content = jcs.decode(DATA)
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return jcs.encode(content)


FIELDS = jcs.decode(DATA)["fields"]
BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"", "json"),
    "cut off": (DATA[:-1], "json"),
    "white space": (DATA + b"\n", "not-canonical"),
    "a member too many": (changed(["more"], 1), "json-shape"),
    "another format": (changed(["format"], "gridproof-disclosure/2"), "disclosure-format"),
    "a subject that is no name": (changed(["subject"], "a/b"), "name"),
    "no fields": (changed(["fields"], []), "private-fields"),
    "a size of 0": (changed(["size"], 0), "private-fields"),
    "a size beyond the limit": (changed(["size"], LIMITS.private_fields_max + 1), "private-fields"),
    "a field twice": (changed(["fields"], [FIELDS[0], FIELDS[0]]), "duplicate-field"),
    "fields out of order": (changed(["fields"], FIELDS[::-1]), "field-order"),
    "a root of 31 bytes": (changed(["root"], "00" * 31), "hex"),
    "a salt of 31 bytes": (changed(["fields", 0, "salt"], "00" * 31), "hex"),
    "a node of 33 bytes": (changed(["fields", 0, "proof", 0], "00" * 33), "hex"),
    "a proof without end": (changed(["fields", 0, "proof"], ["00" * 32] * 65), "proof-length"),
    "an index that is text": (changed(["fields", 0, "index"], "0"), "json-shape"),
    "a name that is none": (changed(["fields", 0, "name"], "a b"), "name"),
    "a value that is a float": (changed(["fields", 0, "value"], 0.5), "json-type"),
    "a value that rewrites the terminal": (changed(["fields", 0, "value"], "\u001b[2J"), "text"),
    "a file too long": (b" " * (LIMITS.private_file_bytes_max + 1), "private-bytes"),
}

FORGED: dict[str, tuple[bytes, str]] = {
    "another value": (changed(["fields", 0, "value"], "林大明"), "proof-root"),
    "another salt": (changed(["fields", 0, "salt"], "00" * 32), "proof-root"),
    "another name": (changed(["fields", 0, "name"], "contacs"), "proof-root"),
    "another index": (changed(["fields", 0, "index"], 1 - FIELDS[0]["index"] % 2), "proof-root"),
    "an index beyond the tree": (changed(["fields", 0, "index"], 4), "proof-range"),
    "a negative index": (changed(["fields", 0, "index"], -1), "proof-range"),
    "a node too few": (changed(["fields", 0, "proof"], FIELDS[0]["proof"][:-1]), "proof-length"),
    "a node too many": (changed(["fields", 0, "proof"], [*FIELDS[0]["proof"], "00" * 32]), "proof-length"),
    "another size": (changed(["size"], 3), "information-hash"),
    "another root": (changed(["root"], "00" * 32), "information-hash"),
    "another subject": (changed(["subject"], "fz-factory-01"), "information-hash"),
}


@pytest.mark.parametrize("count", range(1, 9))
def test_every_field_of_a_record_of_any_size_can_be_shown_alone_or_with_others(count: int) -> None:
    made = make_record(SUBJECT, {f"field_{n}": n for n in range(count)}, source())
    for names in ([one] for one in made.values):
        shown = parse_disclosure(encode_disclosure(disclose(made, names)))
        assert verify_disclosure(shown, information_hash(made)) == {names[0]: made.values[names[0]]}
    assert verify_disclosure(disclose(made, list(made.values)), information_hash(made)) == made.values


def test_what_is_not_disclosed_is_not_in_the_file() -> None:
    hidden = {name: value for name, value in VALUES.items() if name not in ("legal_representative", "contact")}
    salts = [one.salt for one in RECORD.fields if one.name in hidden]
    commitments = [bytes.fromhex(one.commitment) for one in RECORD.fields if one.name in hidden]
    assert_nowhere([hidden, list(hidden), salts, commitments], [DATA])


def test_a_fields_place_says_nothing_about_the_names_of_the_others() -> None:
    places = {disclose(make_record(SUBJECT, VALUES, source(str(n))), ["contact"]).fields[0].index for n in range(40)}
    assert places == {0, 1, 2, 3}


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_are_no_disclosure_are_refused(name: str) -> None:
    data, code = BAD[name]
    with pytest.raises(ChainError) as caught:
        parse_disclosure(data)
    assert caught.value.code == code


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_disclosure_does_not_hold_and_the_error_repeats_no_value(name: str) -> None:
    data, code = FORGED[name]
    with pytest.raises(ProofError) as caught:
        verify_disclosure(parse_disclosure(data), HASH)
    assert caught.value.code == code
    assert_nowhere([VALUES, *(one.salt for one in RECORD.fields)], [str(caught.value)])


@given(st.data())
def test_no_byte_of_a_disclosure_can_be_changed(data: st.DataObject) -> None:
    damaged = bytearray(DATA)
    damaged[data.draw(st.integers(0, len(DATA) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ChainError):
        verify_disclosure(parse_disclosure(bytes(damaged)), HASH)


def test_a_record_whose_hash_is_another_is_not_opened_by_it() -> None:
    with pytest.raises(ProofError, match="it opens"):
        verify_disclosure(SHOWN, "00" * 32)


def test_two_records_that_share_a_field_have_unlike_hashes_for_two_subjects() -> None:
    shared = PrivateField("name", bytes(range(32)), "value")
    shown = disclose(PrivateRecord("one", (shared,)), ["name"])
    with pytest.raises(ProofError):
        verify_disclosure(replace(shown, subject="two"), information_hash(PrivateRecord("one", (shared,))))


@pytest.mark.parametrize("names", [["no_such"], ["contact", "no_such"]])
def test_a_field_that_is_not_there_cannot_be_disclosed(names: list[str]) -> None:
    with pytest.raises(PrivateError) as caught:
        disclose(RECORD, names)
    assert caught.value.code == "no-field"
    assert_nowhere([VALUES], [str(caught.value)])


def test_nothing_cannot_be_disclosed() -> None:
    with pytest.raises(ChainError):
        disclose(RECORD, [])


def test_the_repr_of_a_disclosure_shows_no_value_and_no_salt() -> None:
    assert_nowhere([VALUES, *(one.salt for one in RECORD.fields)], [repr(SHOWN), repr(SHOWN.fields)])
