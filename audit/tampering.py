"""How likely an attacker rewrites a proof-of-work chain: P2's equations 1–3, Nakamoto 2008 section 11.

The comparison is P2's (figure 2), not this ledger's: here a block is final once a quorum has cosigned it, and what the
deployment survives follows from its policy (`chain.policy.Policy.survives`), not from a race.

p: probability that the honest side finds the next block; q = 1 − p: that the attacker does; n: blocks to catch up.

1. Eq. 1: catching up from n blocks behind succeeds with probability (q/p)ⁿ if p > q, else 1.
2. Eq. 2: while the honest side adds n blocks, the attacker's are Poisson with mean λ = n·q/p.
3. Eq. 3: success = Σₖ Poisson(k; λ) · ((q/p)ⁿ⁻ᵏ for k ≤ n, 1 for k > n).
"""

from math import exp, lgamma, log

from audit.errors import AuditError

GAP_MAX = 10_000
"""Blocks to catch up that the sum is computed for."""


def catch_up_probability(attacker: float, gap: int) -> float:
    """Rule 1: from `gap` blocks behind, with probability `attacker` = q per block. Raises `AuditError`."""
    _check(attacker, gap)
    honest = 1.0 - attacker
    return 1.0 if honest <= attacker else (attacker / honest) ** gap


def tamper_probability(attacker: float, gap: int) -> float:
    """Rule 3, in [0, 1]; 1 if q ≥ p. Raises `AuditError` for q outside [0, 1] or a gap outside 0..`GAP_MAX`."""
    _check(attacker, gap)
    honest = 1.0 - attacker
    if attacker == 0.0:
        return 1.0 if gap == 0 else 0.0
    if honest <= attacker:
        return 1.0
    ratio = attacker / honest
    mean = gap * ratio
    if mean > 700.0:
        # exp(−λ) is no longer a number; by then the sum is below 10⁻³⁰ unless q is close to p.
        return min(1.0, _tail_by_logarithms(ratio, gap, mean))
    probability = exp(-mean)
    failure = probability * (1.0 - ratio**gap)
    for k in range(1, gap + 1):
        probability *= mean / k
        failure += probability * (1.0 - ratio ** (gap - k))
    return min(1.0, max(0.0, 1.0 - failure))


def _tail_by_logarithms(ratio: float, gap: int, mean: float) -> float:
    """Rule 3 with each term taken by its logarithm: slower, no underflow."""
    failure = 0.0
    for k in range(gap + 1):
        logarithm = k * log(mean) - mean - lgamma(k + 1)
        failure += exp(logarithm) * (1.0 - ratio ** (gap - k))
    return max(0.0, 1.0 - failure)


def _check(attacker: float, gap: int) -> None:
    if not 0.0 <= attacker <= 1.0:
        raise AuditError("probability", f"{attacker} is no probability from 0 to 1", "attacker")
    if not 0 <= gap <= GAP_MAX:
        raise AuditError("gap", f"{gap} is no number of blocks from 0 to {GAP_MAX}", "gap")
