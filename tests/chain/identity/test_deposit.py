"""Identity deposit numbers (P1 T3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import DepositNumberError
from chain.identity.deposit import deposit_number, parse_deposit_number
from chain.identity.limits import IDENTITY_LIMITS

ENTRIES = st.integers(1, IDENTITY_LIMITS.deposit_entry_max)

VECTORS = {1: "00000000000195", 2: "00000000000292", 97: "00000000009798", 794: "00000000079444"}
"""794 and 44 are the worked example of ISO/IEC 7064 MOD 97-10; leading zeros change nothing."""


@pytest.mark.parametrize(("entry", "number"), VECTORS.items())
def test_numbers_are_those_of_the_standard(entry: int, number: str) -> None:
    assert deposit_number(entry) == number
    assert parse_deposit_number(number) == entry


@given(ENTRIES)
def test_a_number_leads_back_to_its_entry(entry: int) -> None:
    number = deposit_number(entry)
    assert (len(number), int(number) % 97) == (14, 1)
    assert parse_deposit_number(number) == entry


@given(ENTRIES, st.integers(0, 13), st.integers(1, 9))
def test_every_single_wrong_digit_is_noticed(entry: int, place: int, by: int) -> None:
    number = deposit_number(entry)
    wrong = f"{number[:place]}{(int(number[place]) + by) % 10}{number[place + 1 :]}"
    with pytest.raises(DepositNumberError):
        parse_deposit_number(wrong)


@given(ENTRIES, st.integers(0, 12))
def test_two_neighbours_that_changed_places_are_noticed(entry: int, place: int) -> None:
    number = deposit_number(entry)
    first, second = number[place], number[place + 1]
    swapped = f"{number[:place]}{second}{first}{number[place + 2 :]}"
    if first == second:
        assert parse_deposit_number(swapped) == entry
    else:
        with pytest.raises(DepositNumberError):
            parse_deposit_number(swapped)


WRONG: dict[str, tuple[str, str]] = {
    "empty": ("", "deposit-number-shape"),
    "too short": ("0000000000019", "deposit-number-shape"),
    "too long": ("000000000001950", "deposit-number-shape"),
    "a line end": ("00000000000195\n", "deposit-number-shape"),
    "a space": (" 0000000000195", "deposit-number-shape"),
    "other digits": ("٠٠٠٠٠٠٠٠٠٠٠١٩٥", "deposit-number-shape"),
    "a sign": ("+0000000000195", "deposit-number-shape"),
    "wrong check digits": ("00000000000194", "deposit-number-check-digits"),
    "check digits 98 too many": ("00000000009701", "deposit-number-check-digits"),
    "the genesis": ("00000000000098", "deposit-number-entry"),
}


@pytest.mark.parametrize(("text", "code"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_number_is_refused(text: str, code: str) -> None:
    with pytest.raises(DepositNumberError) as caught:
        parse_deposit_number(text)
    assert caught.value.code == code


@pytest.mark.parametrize("entry", [0, -1, 10**12])
def test_an_index_beyond_the_digits_has_no_number(entry: int) -> None:
    with pytest.raises(DepositNumberError):
        deposit_number(entry)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_our_own_error(text: str) -> None:
    try:
        entry = parse_deposit_number(text)
    except DepositNumberError:
        return
    assert deposit_number(entry) == text
