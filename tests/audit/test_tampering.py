"""P2's tamper probabilities against the table that Nakamoto printed (2008, section 11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import AuditError
from audit.tampering import catch_up_probability, tamper_probability

NAKAMOTO = [
    *((0.1, z, p) for z, p in enumerate(
        (1.0, 0.2045873, 0.0509779, 0.0131722, 0.0034552, 0.0009137, 0.0002428, 0.0000647, 0.0000173, 0.0000046,
         0.0000012)
    )),
    *((0.3, 5 * n, p) for n, p in enumerate(
        (1.0, 0.1773523, 0.0416605, 0.0101008, 0.0024804, 0.0006132, 0.0001522, 0.0000379, 0.0000095, 0.0000024,
         0.0000006)
    )),
]  # fmt: skip

BELOW_ONE_IN_A_THOUSAND = [(0.1, 5), (0.15, 8), (0.2, 11), (0.25, 15), (0.3, 24), (0.35, 41), (0.4, 89), (0.45, 340)]


@pytest.mark.parametrize(("attacker", "gap", "printed"), NAKAMOTO)
def test_B5_the_probability_is_the_printed_one(attacker: float, gap: int, printed: float) -> None:
    assert round(tamper_probability(attacker, gap), 7) == printed


@pytest.mark.parametrize(("attacker", "gap"), BELOW_ONE_IN_A_THOUSAND)
def test_B5_the_printed_gap_is_the_first_below_one_in_a_thousand(attacker: float, gap: int) -> None:
    assert tamper_probability(attacker, gap) < 0.001 <= tamper_probability(attacker, gap - 1)


@given(st.floats(0.5, 1.0), st.integers(0, 500))
def test_half_of_the_power_always_succeeds(attacker: float, gap: int) -> None:
    assert tamper_probability(attacker, gap) == catch_up_probability(attacker, gap) == 1.0


@given(st.floats(0.0, 0.49), st.integers(0, 200))
def test_a_longer_gap_never_helps_the_attacker(attacker: float, gap: int) -> None:
    assert 0.0 <= tamper_probability(attacker, gap + 1) <= tamper_probability(attacker, gap) + 1e-12 <= 1.0 + 1e-12


def test_a_mean_beyond_the_exponential_is_still_a_probability() -> None:
    assert 0.0 <= tamper_probability(0.45, 2_000) < 1e-6


@pytest.mark.parametrize(("attacker", "gap"), [(-0.1, 1), (1.1, 1), (float("nan"), 1), (0.1, -1), (0.1, 10_001)])
def test_what_is_no_probability_or_gap_is_refused(attacker: float, gap: int) -> None:
    with pytest.raises(AuditError):
        tamper_probability(attacker, gap)
    with pytest.raises(AuditError):
        catch_up_probability(attacker, gap)
