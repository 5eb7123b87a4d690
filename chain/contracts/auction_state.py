"""What the contract `auction` remembers: parameters of an area's sessions, and a session while it runs."""

from functools import cached_property
from typing import Literal

import msgspec

from chain.contract import Call
from chain.errors import LimitError
from chain.market.fees import FeeSchedule, make_schedule
from chain.market.limits import MARKET_LIMITS
from chain.market.parameters import AuctionParameters
from chain.market.play import Declaration
from chain.units import HOUR_MS, EnergyWh, PriceFenPerMwh


class FeeLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the network fee schedule; `*` stands for any."""

    buyer_zone: str
    fee_fen_per_mwh: PriceFenPerMwh
    seller_zone: str
    voltage: str


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """How sessions of this area run."""

    area: str
    """Administrative code of the market area whose members trade here."""
    declare_minutes: int = 15
    """Declaring alone, from the opening."""
    fees: tuple[FeeLine, ...] = (FeeLine("*", PriceFenPerMwh(0), "*", "*"),)
    first_open_ms: int = 0
    """When the first session opens, a full hour; 0: at the first full hour after genesis."""
    lambda_bp: int = 500
    lot_wh: EnergyWh = EnergyWh(1)
    orders_per_side_max: int = 500_000
    """Orders that one side of a session takes."""
    price_max: PriceFenPerMwh = PriceFenPerMwh(150_000)
    price_min: PriceFenPerMwh = PriceFenPerMwh(-20_000)
    pricing: Literal["midpoint", "uniform", "pay_as_bid"] = "midpoint"
    quantity_wh_max: int = 1_000_000_000_000
    """Of one order; with `orders_per_side_max` this keeps a side's energy within 2⁶²."""
    round_minutes: int = 5
    settle_minute: int = 50
    tick: PriceFenPerMwh = PriceFenPerMwh(1)
    trading_minutes: int = 45
    """Declaring and rounds, from the opening."""

    def check(self, genesis_ms: int) -> None:
        """`LimitError` names what could not work: a channel that stumbles over it later could not go on."""
        if not 0 < self.declare_minutes < self.trading_minutes <= self.settle_minute <= 60 or self.round_minutes < 1:
            sentence = "0 < declare_minutes < trading_minutes <= settle_minute <= 60 and round_minutes > 0"
            raise LimitError("session-minutes", f"these must hold: {sentence}", "auction")
        if self.first_open_ms and (self.first_open_ms % HOUR_MS or self.first_open_ms < genesis_ms):
            raise LimitError("first-open-ms", "a full hour not before genesis", "auction")
        for name, value, highest in (
            ("orders_per_side_max", self.orders_per_side_max, MARKET_LIMITS.orders_per_side_max),
            ("quantity_wh_max", self.quantity_wh_max, MARKET_LIMITS.quantity_wh_max),
            ("side_quantity_wh", self.orders_per_side_max * self.quantity_wh_max, MARKET_LIMITS.side_quantity_wh_max),
        ):
            if not 0 < value <= highest:
                raise LimitError(name.replace("_", "-"), f"{value} is not from 1 to {highest}", "auction")
        _ = self.market, self.fee_schedule

    @cached_property
    def fee_schedule(self) -> FeeSchedule:
        """Rule 6 of `chain.contracts.auction`; `LimitError` when the lines make no schedule."""
        return make_schedule(
            (line.seller_zone, line.buyer_zone, line.voltage, line.fee_fen_per_mwh) for line in self.fees
        )

    @cached_property
    def market(self) -> AuctionParameters:
        """What a round needs of these."""
        return AuctionParameters(
            pricing=self.pricing,
            tick=self.tick,
            lot=self.lot_wh,
            price_min=self.price_min,
            price_max=self.price_max,
            lambda_bp=self.lambda_bp,
        )


class Session(msgspec.Struct, frozen=True):
    """A session while it runs. Sums are decimal strings, as everywhere in canonical JSON."""

    asks: int
    bids: int
    """Orders declared so far, per side."""
    can_move: bool
    """Whether a round without new declarations could change anything."""
    closed_ms: int
    """0 while open."""
    declarations: int
    fees_e8: str
    fresh: bool
    """Declared since the last round."""
    open_ms: int
    paid_e8: str
    received_e8: str
    reference_ask: PriceFenPerMwh | None
    reference_bid: PriceFenPerMwh | None
    round: int
    suspensions: int
    traded_wh: str
    trades: int
    welfare_e8: str

    @property
    def delivery_start_ms(self) -> int:
        """The hour traded is the one after the opening hour."""
        return self.open_ms + HOUR_MS


def has_open_sessions(call: Call) -> bool:
    """Whether a session runs or waits for its settlement: orders and money would be lost with the channel."""
    return next(call.items("session"), None) is not None


class Standing(msgspec.Struct, frozen=True):
    """A declaration on the book."""

    declaration: Declaration
    quantity: tuple[int, ...]
    """Energy as declared, per row."""


class Position(msgspec.Struct, frozen=True):
    """What an account has traded in a session."""

    energy_e8: str
    fee_e8: str
    side: str
    traded_wh: str
    trades: int
