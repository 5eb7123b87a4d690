"""Shared field types: their edges, and that each edge is the limit that has its name."""

from typing import Any

import msgspec
import pytest

from chain.fields import I53, DecimalText, Moment, Name, OptionalName, Title
from chain.limits import LIMITS

LARGEST = LIMITS.json_integer_max
ACCEPTED: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "I53": (I53, (0, LARGEST, -LARGEST)),
    "Moment": (Moment, (0, LIMITS.time_ms_max)),
    "Name": (Name, ("a", "0", "A.b_c-d", "a" * 64)),
    "OptionalName": (OptionalName, ("", "10kV")),
    "Title": (Title, (" ", "电站", "x" * LIMITS.title_characters_max)),
    "DecimalText": (DecimalText, ("0", "-1", "9" * LIMITS.money_digits_max, "-" + "9" * LIMITS.money_digits_max)),
}
REFUSED: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "I53": (I53, (LARGEST + 1, -LARGEST - 1, 1.5, True, "1", None)),
    "Moment": (Moment, (-1, LIMITS.time_ms_max + 1)),
    "Name": (Name, ("", "-a", "a/b", "a\n", "\na", "ä", "a" * 65)),
    "OptionalName": (OptionalName, ("\n", " ", "a b", "a\n", None)),
    "Title": (Title, ("", "x" * (LIMITS.title_characters_max + 1), None)),
    "DecimalText": (DecimalText, ("", "-0", "00", "+1", "1.0", "1\n", "١", "1" + "0" * LIMITS.money_digits_max, 1)),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_values_up_to_the_edge_are_taken_as_they_are(name: str) -> None:
    kind, values = ACCEPTED[name]
    for value in values:
        assert msgspec.json.decode(msgspec.json.encode(value), type=kind) == value


@pytest.mark.parametrize("name", REFUSED)
def test_values_beyond_it_are_refused(name: str) -> None:
    kind, values = REFUSED[name]
    for value in values:
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(msgspec.json.encode(value), type=kind)
