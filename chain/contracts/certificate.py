"""The contract `certificate`: plants, meter readings and granular certificates of a market area.

Plants (`chain.registry.metering`)
1. `register_plant`, by an issuing body: the plant is new ("plant-exists"), its owner a registered account
   ("unknown-owner") other than the caller ("own-plant"), and it is decommissioned, if ever, after it was commissioned
   ("lifetime").

Readings (the net generation of a plant in an interval, as the metering operator settles it)
2. `record_readings`, by a metering operator: a batch, taken as a whole or not at all; a refusal names the first bad
   row. In this order: the plant is known ("unknown-plant") and not the caller's ("own-plant"); the interval has an
   allowed length ("interval-minutes"), is aligned to it ("interval-alignment") and over at the block's time
   ("interval-future"); generation is not negative ("negative-reading") and not more than capacity × duration ×
   tolerance ("over-capacity"); the interval has no reading yet ("reading-exists"), nor has one that overlaps it
   ("reading-overlap").

Certificates (a bundle and its life are defined in `chain.registry.bundle`)
3. `issue`, by an issuing body: one bundle per reading, all or nothing. In this order: the plant is known
   ("unknown-plant") and not the caller's ("own-plant"), and no storage, whose discharge is no production
   ("storage-device"); the reading exists ("no-reading") and is positive ("zero-reading"); nothing was issued for this
   device and interval before ("issued-before"); the interval lies in the plant's life ("plant-not-operating"); the
   quantity is at most capacity × duration × tolerance ("over-capacity"). The plant's owner receives the bundle.
4. `publish`, `transfer` and `cancel` are for the owner of an existing bundle ("unknown-bundle", "not-owner") whose
   status `TRANSITIONS` lets them change ("status").
5. `publish`: up to 32 bundles, all or nothing, none published before ("already-published").
6. `transfer`: only of a published bundle ("not-published"), to another registered account ("unknown-recipient",
   "self-transfer").
7. `cancel`: names the beneficiary, by an account too if it has one ("unknown-beneficiary"), the purpose, and the period
   of the consumption ("period"). It is final. A bundle need not be published: its owner may use it without offering it.
8. `transfer` and `cancel` take the whole bundle or `quantity_wh` of it, more than nothing and no more than there is
   ("quantity"). A proper part is split off first; the part with the lower Wh is the one that moves or is cancelled.

Energy is conserved: per plant and interval, active + cancelled = issued = the reading.

Sources: EnergyTag Granular Certificate Scheme Standard and Registry specification; EN 16325 (issue, transfer,
cancellation, no double issuance); EECS Rules (cancellation statement). Rules 3 (storage), 6 (only published) and 8
(which part moves) are [ours].
"""

import msgspec

from chain.contract import Call, Contract, Method, NoArguments, Space
from chain.contracts.roles import ISSUING_BODY, METERING_OPERATOR
from chain.registry.arguments import Cancel, Issue, Publish, RegisterPlant, Transfer
from chain.registry.bundle import TRANSITIONS, Action, Bundle, Status, split
from chain.registry.metering import (
    PLANT_SPACE,
    READING_SPACE,
    Parameters,
    Plant,
    Reading,
    check_capacity,
    device_interval,
    record_readings,
    register_plant,
)
from chain.registry.tables import (
    CERTIFICATE_EVENTS,
    CERTIFICATES,
    METER_READINGS,
    TABLES,
    BundleEvent,
    EventDetails,
    certificate_row,
    event_row,
)
from chain.units import MINUTE_MS

GRANULAR = "granular"
"""Certificate class of bundles per interval of at most one hour."""

_ISSUED = "issued"
"""State space: plant and interval → the bundle that was issued."""

_BUNDLES = "bundle"
"""State space: name of a bundle → `Bundle`."""


def _issue(call: Call, arguments: Issue) -> None:
    """Rule 3."""
    plant: Plant | None = call.get(PLANT_SPACE, arguments.plant)
    if plant is None:
        call.reject("unknown-plant", f"no plant {arguments.plant}")
    if plant.owner == call.account_id:
        call.reject("own-plant", f"{arguments.plant} belongs to the issuing body itself")
    if plant.storage:
        call.reject("storage-device", f"{arguments.plant} is storage: it gives back what it took")
    for start in arguments.starts:
        _issue_interval(call, arguments.plant, plant, start)


def _issue_interval(call: Call, plant_id: str, plant: Plant, start: int) -> None:
    key = device_interval(plant_id, start)
    reading: Reading | None = call.get(READING_SPACE, key)
    if reading is None:
        call.reject("no-reading", f"{plant_id} has no reading from {start}")
    if reading.generation_wh == 0:
        call.reject("zero-reading", f"{plant_id} produced nothing from {start}")
    if call.get(_ISSUED, key) is not None:
        call.reject("issued-before", f"{plant_id} has certificates from {start} already")
    end = start + reading.interval_minutes * MINUTE_MS
    if start < plant.commissioned or (plant.decommissioned is not None and end > plant.decommissioned):
        call.reject("plant-not-operating", f"{plant_id} was not in operation all the time from {start} to {end}")
    check_capacity(call, str(start), plant, reading.interval_minutes, reading.generation_wh)
    bundle = Bundle(
        certificate_class=GRANULAR,
        first_wh=0,
        fuel_code=plant.fuel_code,
        interval_end=end,
        interval_start=start,
        last_wh=reading.generation_wh - 1,
        owner=plant.owner,
        parent=None,
        plant=plant_id,
        published=False,
        status="active",
        technology_code=plant.technology_code,
    )
    call.put(_ISSUED, key, bundle.bundle)
    call.write(CERTIFICATES, certificate_row(bundle, call.time_ms))
    _happen(call, bundle, "issue", EventDetails(from_account=call.account_id, to_account=plant.owner))
    data = {"bundle": bundle.bundle, "owner": bundle.owner, "quantity_wh": bundle.quantity_wh}
    call.event("certificate.issued", data)


def _publish(call: Call, arguments: Publish) -> None:
    """Rules 4 and 5."""
    for name in arguments.bundles:
        bundle = _begin(call, name, "publish")
        if bundle.published:
            call.reject("already-published", f"{name} is published already")
        published = msgspec.structs.replace(bundle, published=True, status=_after(call, bundle, "publish"))
        _happen(call, published, "publish", EventDetails(to_account=bundle.owner))
        call.event("certificate.published", {"bundle": name})


def _transfer(call: Call, arguments: Transfer) -> None:
    """Rules 4, 6 and 8."""
    bundle = _begin(call, arguments.bundle, "transfer")
    if not bundle.published:
        call.reject("not-published", f"{arguments.bundle} is not published: publish it before it is traded")
    if call.account(arguments.to) is None:
        call.reject("unknown-recipient", f"no account {arguments.to}")
    if arguments.to == bundle.owner:
        call.reject("self-transfer", f"{arguments.to} owns it already")
    part = _part(call, bundle, arguments.quantity_wh)
    moved = msgspec.structs.replace(part, owner=arguments.to, status=_after(call, part, "transfer"))
    details = EventDetails(
        from_account=bundle.owner, to_account=moved.owner, price_fen_per_mwh=arguments.price_fen_per_mwh
    )
    _happen(call, moved, "transfer", details)
    data = {"bundle": moved.bundle, "from": bundle.owner, "quantity_wh": moved.quantity_wh, "to": moved.owner}
    call.event("certificate.transferred", data)


def _cancel(call: Call, arguments: Cancel) -> None:
    """Rules 4, 7 and 8."""
    bundle = _begin(call, arguments.bundle, "cancel")
    account = arguments.beneficiary_account
    if account is not None and call.account(account) is None:
        call.reject("unknown-beneficiary", f"no account {account}")
    if arguments.period_start >= arguments.period_end:
        call.reject("period", "the period of consumption ends before it begins")
    part = _part(call, bundle, arguments.quantity_wh)
    cancelled = msgspec.structs.replace(part, status=_after(call, part, "cancel"))
    details = EventDetails(
        from_account=bundle.owner,
        beneficiary=arguments.beneficiary,
        beneficiary_account=account,
        purpose=arguments.purpose,
        period_start=arguments.period_start,
        period_end=arguments.period_end,
    )
    _happen(call, cancelled, "cancel", details)
    data = {"bundle": cancelled.bundle, "owner": bundle.owner, "quantity_wh": cancelled.quantity_wh}
    call.event("certificate.cancelled", data)


def _begin(call: Call, name: str, action: Action) -> Bundle:
    """Rule 4: the caller's bundle, in a status that allows `action`."""
    bundle: Bundle | None = call.get(_BUNDLES, name)
    if bundle is None:
        call.reject("unknown-bundle", f"no bundle {name}")
    if bundle.owner != call.account_id:
        call.reject("not-owner", f"{name} belongs to another account")
    _after(call, bundle, action)
    return bundle


def _after(call: Call, bundle: Bundle, action: Action) -> Status:
    """Rule 4: the status that `action` leads to."""
    status = TRANSITIONS.get((bundle.status, action))
    if status is None:
        call.reject("status", f"{bundle.bundle} is {bundle.status}: no {action}")
    return status


def _part(call: Call, bundle: Bundle, quantity_wh: int | None) -> Bundle:
    """Rule 8: the whole bundle, or a newborn one with `quantity_wh` of it."""
    if quantity_wh is None or quantity_wh == bundle.quantity_wh:
        return bundle
    if not 0 < quantity_wh < bundle.quantity_wh:
        call.reject("quantity", f"{quantity_wh} Wh of a bundle of {bundle.quantity_wh} Wh")
    parent = msgspec.structs.replace(bundle, status=_after(call, bundle, "split"))
    children = split(bundle, quantity_wh)
    _happen(call, parent, "split", EventDetails(from_account=bundle.owner))
    for child in children:
        call.write(CERTIFICATES, certificate_row(child, call.time_ms))
        _happen(call, child, "born", EventDetails(to_account=child.owner, reference=parent.bundle))
    data = {"bundle": parent.bundle, "children": [child.bundle for child in children]}
    call.event("certificate.split", data)
    return children[0]


def _happen(call: Call, bundle: Bundle, event: BundleEvent, details: EventDetails) -> None:
    """Remember `bundle` as it stands after `event`, and write the event down."""
    call.put(_BUNDLES, bundle.bundle, bundle)
    call.write(CERTIFICATE_EVENTS, event_row(bundle, event, call.time_ms, details))


_OWNERSHIP_CODES = ("unknown-bundle", "not-owner", "status")

CONTRACT = Contract(
    name="certificate",
    version=1,
    parameters=Parameters,
    methods=(
        Method(
            "register_plant",
            register_plant,
            RegisterPlant,
            (ISSUING_BODY,),
            ("plant-exists", "unknown-owner", "own-plant", "lifetime"),
        ),
        Method(
            "record_readings",
            record_readings,
            NoArguments,
            (METERING_OPERATOR,),
            (
                "unknown-plant",
                "own-plant",
                "interval-minutes",
                "interval-alignment",
                "interval-future",
                "negative-reading",
                "over-capacity",
                "reading-exists",
                "reading-overlap",
            ),
            batch=METER_READINGS,
        ),
        Method(
            "issue",
            _issue,
            Issue,
            (ISSUING_BODY,),
            (
                "unknown-plant",
                "own-plant",
                "storage-device",
                "no-reading",
                "zero-reading",
                "issued-before",
                "plant-not-operating",
                "over-capacity",
            ),
        ),
        Method("publish", _publish, Publish, ("anyone",), (*_OWNERSHIP_CODES, "already-published")),
        Method(
            "transfer",
            _transfer,
            Transfer,
            ("anyone",),
            (*_OWNERSHIP_CODES, "not-published", "unknown-recipient", "self-transfer", "quantity"),
        ),
        Method(
            "cancel", _cancel, Cancel, ("anyone",), (*_OWNERSHIP_CODES, "unknown-beneficiary", "period", "quantity")
        ),
    ),
    tables=TABLES,
    spaces=(
        Space(_BUNDLES, Bundle),
        Space(_ISSUED, str),
        Space(PLANT_SPACE, Plant),
        Space(READING_SPACE, Reading),
    ),
    sources=(
        "chain.calendar",
        "chain.contracts.certificate",
        "chain.contracts.roles",
        "chain.fields",
        "chain.registry.arguments",
        "chain.registry.bundle",
        "chain.registry.interval",
        "chain.registry.metering",
        "chain.registry.tables",
    ),
)
