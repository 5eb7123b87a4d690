"""Network fees.

1. [P1 2.2 (5)] Fees are calculated per trade record and borne jointly by both sides.
2. [ours] A schedule has lines (seller zone, buyer zone, voltage, fee in fen/MWh); `*` stands for anything. Of the
   lines that fit a trade the most specific applies: more exact fields win; among equally many, exact seller zone
   before exact buyer zone before exact voltage. No two lines have the same key, so this order is total.
3. [ours] A schedule has a line `*, *, *`: every trade has a fee, if of 0.
4. [ours] Fee of a trade = energy × fee, in 10⁻⁸ CNY. Each side bears half; an odd unit is the buyer's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chain.errors import LimitError
from chain.market.limits import MARKET_LIMITS
from chain.units import EnergyWh, MoneyE8, PriceFenPerMwh

ANY = "*"
FeeLine: TypeAlias = tuple[str, str, str, PriceFenPerMwh]
"""(seller zone, buyer zone, voltage, fee in fen/MWh)."""

_PATTERNS = (
    (True, True, True),
    (True, True, False),
    (True, False, True),
    (False, True, True),
    (True, False, False),
    (False, True, False),
    (False, False, True),
    (False, False, False),
)
"""Which of (seller zone, buyer zone, voltage) are exact, most specific first (rule 2)."""


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """A checked schedule. Made by `make_schedule`."""

    lines: tuple[FeeLine, ...]
    """Sorted by key, as the record states them."""
    by_key: dict[tuple[str, str, str], PriceFenPerMwh]
    """The same, for look-up."""

    def fee(self, seller_zone: str, buyer_zone: str, voltage: str) -> PriceFenPerMwh:
        """The fee of the most specific line that fits, fen/MWh (rules 2 and 3)."""
        for seller_exact, buyer_exact, voltage_exact in _PATTERNS:
            key = (
                seller_zone if seller_exact else ANY,
                buyer_zone if buyer_exact else ANY,
                voltage if voltage_exact else ANY,
            )
            if key in self.by_key:
                return self.by_key[key]
        raise LimitError("fee-schedule", "the schedule has no line *, *, *")


@dataclass(frozen=True, slots=True)
class NetworkFees:
    """Fees per trade, in the order of the trades, as parallel columns."""

    fee_fen_per_mwh: tuple[PriceFenPerMwh, ...]
    buyer_e8: tuple[MoneyE8, ...]
    seller_e8: tuple[MoneyE8, ...]
    total_e8: MoneyE8
    """Sum of both columns."""


def make_schedule(lines: Iterable[FeeLine]) -> FeeSchedule:
    """Check a schedule (rules 2 and 3): `LimitError` names the line that breaks it."""
    by_key: dict[tuple[str, str, str], PriceFenPerMwh] = {}
    listed = list(lines)
    if len(listed) > MARKET_LIMITS.fee_lines_max:
        raise LimitError("fee-lines-max", f"{len(listed):,} lines, more than {MARKET_LIMITS.fee_lines_max:,}")
    for number, (seller_zone, buyer_zone, voltage, fee) in enumerate(listed, start=1):
        key = (seller_zone, buyer_zone, voltage)
        if not all(key):
            raise LimitError("fee-schedule", "a zone or voltage is empty; * stands for any", f"line {number}")
        if type(fee) is not int or not 0 <= fee <= MARKET_LIMITS.fee_fen_per_mwh_max:
            allowed = f"0 to {MARKET_LIMITS.fee_fen_per_mwh_max} fen/MWh"
            raise LimitError("fee-fen-per-mwh-max", f"{fee!r} is not an integer from {allowed}", f"line {number}")
        if key in by_key:
            raise LimitError("fee-schedule", f"{', '.join(key)} is there twice", f"line {number}")
        by_key[key] = fee
    if (ANY, ANY, ANY) not in by_key:
        raise LimitError("fee-schedule", "the schedule has no line *, *, *")
    return FeeSchedule(tuple((*key, by_key[key]) for key in sorted(by_key)), by_key)


def fee_shares(quantity: EnergyWh, fee: PriceFenPerMwh) -> tuple[MoneyE8, MoneyE8]:
    """Rule 4: (buyer's share, seller's share)."""
    total = quantity * fee
    return MoneyE8(total - total // 2), MoneyE8(total // 2)


def network_fees(
    schedule: FeeSchedule,
    seller_zones: Sequence[str],
    buyer_zones: Sequence[str],
    voltages: Sequence[str],
    quantities_wh: Sequence[EnergyWh],
) -> NetworkFees:
    """The fees of parallel columns of trades. Each distinct (zones, voltage) is looked up once."""
    keys = list(zip(seller_zones, buyer_zones, voltages, strict=True))
    known = {key: schedule.fee(*key) for key in dict.fromkeys(keys)}
    rates = tuple(known[key] for key in keys)
    shares = [fee_shares(quantity, rate) for quantity, rate in zip(quantities_wh, rates, strict=True)]
    buyers, sellers = tuple(share[0] for share in shares), tuple(share[1] for share in shares)
    return NetworkFees(rates, buyers, sellers, MoneyE8(sum(buyers) + sum(sellers)))
