"""Arguments of the methods of the contract `certificate`: shapes and bounds that need no state."""

from typing import Annotated

import msgspec

from chain.contract import Arguments
from chain.fields import I53, Moment, Name, OptionalName, Title
from chain.limits import LIMITS

_Technology = Annotated[str, msgspec.Meta(pattern=r"\AT[0-9]{6}\Z")]
_Fuel = Annotated[str, msgspec.Meta(pattern=r"\AF[0-9]{8}\Z")]
_Capacity = Annotated[int, msgspec.Meta(gt=0, le=10**12)]
_Several = msgspec.Meta(min_length=1, max_length=LIMITS.events_per_receipt_max)
"""Each bundle of a call makes an event."""


class RegisterPlant(Arguments, frozen=True, kw_only=True):
    """Arguments of `register_plant`."""

    capacity_w: _Capacity
    """Nominal capacity, W, at most 1 TW."""
    commissioned: Moment
    """First moment of operation, ms UTC."""
    decommissioned: Moment | None = None
    """End of operation, ms UTC, exclusive; null while it runs."""
    fuel_code: _Fuel
    """EECS energy input code (EECS Rules Fact Sheet 5), for instance F01040100 solar, F01050100 wind."""
    name_en: Title
    name_zh: Title
    owner: str
    plant: Name
    storage: bool = False
    """Whether it gives back energy that it took from the grid."""
    technology_code: _Technology
    """EECS technology code (same fact sheet): T010000 solar, T020000 wind, T030000 hydro-electric, …"""
    zone: OptionalName = ""
    """Grid zone inside the area, "" where none."""


class Issue(Arguments, frozen=True):
    """Arguments of `issue`."""

    plant: str
    starts: Annotated[tuple[Moment, ...], _Several]
    """Starts of the readings' intervals, ms UTC."""


class Publish(Arguments, frozen=True):
    """Arguments of `publish`."""

    bundles: Annotated[tuple[str, ...], _Several]


class Transfer(Arguments, frozen=True, kw_only=True):
    """Arguments of `transfer`."""

    bundle: str
    price_fen_per_mwh: I53 | None = None
    """Price as the seller declares it; null where none was agreed."""
    quantity_wh: int | None = None
    """Null: the whole bundle."""
    to: str


class Cancel(Arguments, frozen=True, kw_only=True):
    """Arguments of `cancel`."""

    beneficiary: Title
    """Whose consumption it covers, as the cancellation statement prints it."""
    beneficiary_account: str | None = None
    bundle: str
    period_end: Moment
    """Exclusive, ms UTC."""
    period_start: Moment
    purpose: Title
    quantity_wh: int | None = None
    """Null: the whole bundle."""
