"""The tables of the contract `certificate`, and how their rows are made.

1. All are append-only. A row of `plants` is a version of a plant: the last one of a plant is the current one.
2. `meter_readings_submitted` keeps batches verbatim, rejected ones too: a row counts if its entry was accepted.
3. `certificates` has one row per bundle, at its birth by issue or split; `owner` is the one at birth.
4. `certificate_events` has one row per bundle and event, with the status after it: a bundle's life is
   `WHERE bundle = …`, its present the last of these rows, its ancestors the `reference` of its `born` row.
"""

from typing import Literal

import msgspec

from chain.registry.bundle import Bundle
from chain.schema import Column, Row, Schema

BundleEvent = Literal["issue", "split", "born", "publish", "transfer", "cancel"]
"""`split` ends the parent; `born` begins each child."""

_TIME = "ms UTC"
_BLOCK_TIME = "ms UTC, block time"

PLANTS = Schema(
    table="plants",
    columns=(
        Column("plant", "text"),
        Column("owner", "text", "account"),
        Column("name_zh", "text"),
        Column("name_en", "text"),
        Column("technology_code", "text", "EECS Rules Fact Sheet 5"),
        Column("fuel_code", "text", "EECS Rules Fact Sheet 5"),
        Column("capacity_w", "int", "W"),
        Column("zone", "text", "grid zone, empty: none"),
        Column("storage", "bool"),
        Column("commissioned", "time", _TIME),
        Column("decommissioned", "time", _TIME, null=True),
        Column("status", "text", "active|decommissioned"),
        Column("time", "time", _BLOCK_TIME),
    ),
)

METER_READINGS = Schema(
    table="meter_readings_submitted",
    columns=(
        Column("plant", "text"),
        Column("interval_start", "time", _TIME),
        Column("interval_minutes", "int", "min: 15, 30 or 60"),
        Column("generation_wh", "int", "Wh"),
    ),
)

CERTIFICATES = Schema(
    table="certificates",
    columns=(
        Column("bundle", "text"),
        Column("parent", "text", "bundle, null: born by issue", null=True),
        Column("certificate_class", "text", "granular|gec"),
        Column("plant", "text"),
        Column("technology_code", "text", "EECS Rules Fact Sheet 5"),
        Column("fuel_code", "text", "EECS Rules Fact Sheet 5"),
        Column("interval_start", "time", _TIME),
        Column("interval_end", "time", f"{_TIME}, exclusive"),
        Column("first_wh", "int", "Wh of the issuance, inclusive"),
        Column("last_wh", "int", "Wh of the issuance, inclusive"),
        Column("quantity_wh", "int", "Wh"),
        Column("owner", "text", "account, at birth"),
        Column("time", "time", _BLOCK_TIME),
    ),
)

CERTIFICATE_EVENTS = Schema(
    table="certificate_events",
    columns=(
        Column("bundle", "text"),
        Column("event", "text", "issue|split|born|publish|transfer|cancel|withdraw|expire|claim"),
        Column("time", "time", _BLOCK_TIME),
        Column("status", "text", "active|locked|reserved|split|cancelled|claimed|expired|withdrawn"),
        Column("published", "bool", "after the event"),
        Column("quantity_wh", "int", "Wh"),
        Column("from_account", "text", "account; of an issue: the issuing body", null=True),
        Column("to_account", "text", "account; the owner after the event", null=True),
        Column("reference", "text", "what it refers to; of a birth: the parent bundle", null=True),
        Column("price_fen_per_mwh", "int", "fen/MWh, as the seller declares it", null=True),
        Column("beneficiary", "text", "whose consumption a cancellation covers", null=True),
        Column("beneficiary_account", "text", "account of the beneficiary, if it has one", null=True),
        Column("purpose", "text", null=True),
        Column("period_start", "time", f"{_TIME}, of the consumption", null=True),
        Column("period_end", "time", f"{_TIME}, of the consumption, exclusive", null=True),
    ),
)

TABLES = (CERTIFICATE_EVENTS, CERTIFICATES, METER_READINGS, PLANTS)


class EventDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The nullable columns of an event's row, in their order."""

    from_account: str | None = None
    to_account: str | None = None
    reference: str | None = None
    price_fen_per_mwh: int | None = None
    beneficiary: str | None = None
    beneficiary_account: str | None = None
    purpose: str | None = None
    period_start: int | None = None
    period_end: int | None = None


def certificate_row(bundle: Bundle, time_ms: int) -> Row:
    """A bundle's row at its birth."""
    return (
        bundle.bundle,
        bundle.parent,
        bundle.certificate_class,
        bundle.plant,
        bundle.technology_code,
        bundle.fuel_code,
        bundle.interval_start,
        bundle.interval_end,
        bundle.first_wh,
        bundle.last_wh,
        bundle.quantity_wh,
        bundle.owner,
        time_ms,
    )


def event_row(bundle: Bundle, event: BundleEvent, time_ms: int, details: EventDetails) -> Row:
    """The row of `event`; `bundle` is as it stands after it."""
    return (
        bundle.bundle,
        event,
        time_ms,
        bundle.status,
        bundle.published,
        bundle.quantity_wh,
        *msgspec.structs.astuple(details),
    )
