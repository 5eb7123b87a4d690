"""What is wrong with a value, in words."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from chain.shapes import explained


class Fee(msgspec.Struct, forbid_unknown_fields=True):
    fee_fen_per_mwh: int
    voltage: str = "*"


class Open(msgspec.Struct, tag_field="kind", tag="open-door", forbid_unknown_fields=True):
    door: str


class Close(msgspec.Struct, tag_field="kind", tag="close-door", forbid_unknown_fields=True):
    door: str
    how: Literal["gently", "firmly"] = "gently"


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    action: Open | Close | None = None
    fees: tuple[Fee, ...] = ()
    wait_ms: Annotated[int, msgspec.Meta(ge=60_000)] = 60_000


WRONG: dict[str, tuple[Any, tuple[int | str, ...], str]] = {
    "an unknown field": ({"fee": []}, ("fee",), 'there is no such field here: did you mean "fees"?'),
    "one inside a list": ({"fees": [{"fee_yuan_per_mwh": 1}]}, ("fees", 0, "fee_yuan_per_mwh"), '"fee_fen_per_mwh"'),
    "a missing one": ({"fees": [{}]}, ("fees", 0, "fee_fen_per_mwh"), "it is missing"),
    "too little": ({"wait_ms": 1}, ("wait_ms",), "an integer, at least 60000 milliseconds"),
    "another type": ({"fees": [{"fee_fen_per_mwh": "1"}]}, ("fees", 0, "fee_fen_per_mwh"), "an integer, got text"),
    "no list": ({"fees": {}}, ("fees",), "expected a list, got an object"),
    "a tag": ({"action": {"kind": "close-dor"}}, ("action", "kind"), 'did you mean "close-door"?'),
    "no tag": ({"action": {}}, ("action", "kind"), "one of close-door, open-door"),
    "a choice": ({"action": {"kind": "close-door", "door": "x", "how": "loud"}}, ("action", "how"), "firmly, gently"),
    "a field of another kind": ({"action": {"kind": "open-door", "dor": "x"}}, ("action", "dor"), '"door"'),
}


@pytest.mark.parametrize(("value", "path", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_told_with_its_place_and_what_would_be_right(
    value: Any, path: tuple[int | str, ...], told: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, Whole)
    found, sentence = explained(caught.value, Whole, value)
    assert (found, told in sentence) == (path, True), sentence
