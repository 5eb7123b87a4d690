"""The parameters of an auction session, and what an order must be under them.

1. [P1 2.1] A declaration states energy and price. [ours] Energy is a positive multiple of the lot, a price a
   multiple of the tick within `price_min`..`price_max`.
2. [ours] `limit` is the worst price that λ may move an order to: for a bid not below its price, for an ask not
   above it. Like prices it keeps to tick and range. Limits are before fees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import ge, le

from chain.errors import LimitError, RejectError
from chain.market.columns import Pricing, Side
from chain.market.limits import MARKET_LIMITS
from chain.units import EnergyWh, PriceFenPerMwh

PRICINGS: tuple[Pricing, ...] = ("midpoint", "uniform", "pay_as_bid")
_TICK, _LOT = PriceFenPerMwh(1), EnergyWh(1)
_PRICE_MIN = PriceFenPerMwh(-MARKET_LIMITS.price_magnitude_max)
_PRICE_MAX = PriceFenPerMwh(MARKET_LIMITS.price_magnitude_max)


@dataclass(frozen=True, slots=True)
class AuctionParameters:
    """What the record says about how sessions run. Checked when made."""

    pricing: Pricing = "midpoint"
    """Rule 4 of the auction: who pays what."""
    tick: PriceFenPerMwh = _TICK
    """Prices are multiples of this, fen/MWh."""
    lot: EnergyWh = _LOT
    """Energy of an order is a multiple of this, Wh."""
    price_min: PriceFenPerMwh = _PRICE_MIN
    """Lowest price, fen/MWh, a multiple of the tick."""
    price_max: PriceFenPerMwh = _PRICE_MAX
    """Highest price, fen/MWh, a multiple of the tick."""
    lambda_bp: int = 500
    """λ in basis points; P1's 0.05 is 500. 0: prices never move by themselves."""

    def __post_init__(self) -> None:
        if self.pricing not in PRICINGS:
            raise LimitError("pricing", f"pricing is one of {', '.join(PRICINGS)}", "pricing")
        for name, low, high in (
            ("tick", 1, MARKET_LIMITS.tick_max),
            ("lot", 1, MARKET_LIMITS.tick_max),
            ("price_min", -MARKET_LIMITS.price_magnitude_max, MARKET_LIMITS.price_magnitude_max),
            ("price_max", self.price_min, MARKET_LIMITS.price_magnitude_max),
            ("lambda_bp", 0, MARKET_LIMITS.lambda_bp_max),
        ):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise LimitError(name.replace("_", "-"), f"{name} is an integer from {low} to {high}", name)
        for name, value in (("price_min", self.price_min), ("price_max", self.price_max)):
            if value % self.tick:
                raise LimitError(name.replace("_", "-"), f"{name} is a multiple of the tick, {self.tick}", name)


def order_problem(
    side: Side,
    price: PriceFenPerMwh,
    limit: PriceFenPerMwh | None,
    quantity: EnergyWh,
    parameters: AuctionParameters,
) -> tuple[str, str, str] | None:
    """What breaks rule 1 or 2 in one order, as (code, field, sentence); None when nothing does."""
    if not 0 < quantity <= MARKET_LIMITS.quantity_wh_max:
        return "quantity-range", "quantity", f"{quantity} is not from 1 to {MARKET_LIMITS.quantity_wh_max} Wh"
    if quantity % parameters.lot:
        return "quantity-lot", "quantity", f"{quantity} is not a multiple of the lot, {parameters.lot} Wh"
    for field, value in (("price", price), ("limit", limit)):
        if value is None:
            continue
        if not parameters.price_min <= value <= parameters.price_max:
            allowed = f"{parameters.price_min} to {parameters.price_max} fen/MWh"
            return f"{field}-range", field, f"{value} is not from {allowed}"
        if value % parameters.tick:
            return f"{field}-tick", field, f"{value} is not a multiple of the tick, {parameters.tick} fen/MWh"
    if limit is not None and (limit < price if side == "bid" else limit > price):
        wanted = "below" if side == "bid" else "above"
        return "limit-side", "limit", f"the {side} has its limit {limit} {wanted} its price {price}"
    return None


def check_orders(
    sides: Sequence[Side],
    prices: Sequence[PriceFenPerMwh],
    limits: Sequence[PriceFenPerMwh | None],
    quantities: Sequence[EnergyWh],
    parameters: AuctionParameters,
) -> None:
    """Admit the orders of one declaration: `RejectError` with the code and row of the first that breaks a rule."""
    if _all_admitted(sides, prices, limits, quantities, parameters):
        return
    for row, (side, price, limit, quantity) in enumerate(zip(sides, prices, limits, quantities, strict=True)):
        if side not in ("bid", "ask"):
            raise RejectError("side", f"{side!r} is neither bid nor ask", f"row {row}")
        if side != sides[0]:
            raise RejectError("two-sides", "a declaration is all bids or all asks", f"row {row}")
        problem = order_problem(side, price, limit, quantity, parameters)
        if problem is not None:
            code, field, sentence = problem
            raise RejectError(code, sentence, f"row {row}: {field}")


def _all_admitted(
    sides: Sequence[Side],
    prices: Sequence[PriceFenPerMwh],
    limits: Sequence[PriceFenPerMwh | None],
    quantities: Sequence[EnergyWh],
    parameters: AuctionParameters,
) -> bool:
    """The same rules over whole columns: a sound batch, the common case, is not visited order by order."""
    size = len(sides)
    if not size == len(prices) == len(limits) == len(quantities) or size == 0:
        return False
    # Where there is no limit the price stands for it: it keeps every rule that the price keeps.
    worst = [price if limit is None else limit for price, limit in zip(prices, limits, strict=True)]
    return (
        sides[0] in ("bid", "ask")
        and sides.count(sides[0]) == size
        and min(quantities) > 0
        and max(quantities) <= MARKET_LIMITS.quantity_wh_max
        and parameters.price_min <= min(prices)
        and parameters.price_min <= min(worst)
        and max(prices) <= parameters.price_max
        and max(worst) <= parameters.price_max
        and (parameters.lot == 1 or not any(quantity % parameters.lot for quantity in quantities))
        and (parameters.tick == 1 or not any(value % parameters.tick for value in (*prices, *worst)))
        and all(map(le if sides[0] == "bid" else ge, prices, worst))
    )
