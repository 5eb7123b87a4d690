"""Certificates: every bundle with filters, and one bundle's life, each event with proofs that it is on the record."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from portal.ui import numbers, proof_view
from portal.ui.address import Address, page_link
from portal.ui.badge import inclusion_badge, record_badge
from portal.ui.controls import filtered
from portal.ui.downloads import evidence_button
from portal.ui.html import Html, join, show, tag
from portal.ui.proofs import prove_entry, prove_head, prove_row
from portal.ui.site import Site
from portal.ui.tables import Cell, Column, anchor, facts, kept_together, note, pager, paging, table
from portal.ui.words import language, say

PARAMETERS = ("status", "area", "owner", "plant", "technology", "event", "page", "bundle")

_STATUSES = ("active", "split", "cancelled")
_EVENTS_TABLE = "certificate_events"


def page(site: Site, address: Address) -> None:
    """One bundle where the address names one, else the list."""
    if not site.holds_market:
        show(note(say("site.no-market")))
    elif address.has("bundle"):
        _bundle(site, address, address.text("bundle"))
    else:
        _list(site, address)


def _list(site: Site, address: Address) -> None:
    values: dict[str, list[str]] = {}
    for row in site.ask("certificates_filters"):
        values.setdefault(row["filter"], []).append(row["value"])
    if not values:
        show(note(say("certificates.none")))
        return
    show(record_badge(site.status))
    areas = sorted(site.hours)
    top, bottom = st.columns(3), st.columns(3)
    with top[0]:
        status = filtered(address, "status", say("certificates.status"), _STATUSES, _status, ("page",))
    with top[1]:
        area = filtered(address, "area", say("sessions.area"), areas, str, ("page",))
    with top[2]:
        technology = filtered(
            address, "technology", say("certificates.technology"), values["technology"], _technology, ("page",)
        )
    with bottom[0]:
        owner = filtered(
            address, "owner", say("certificates.owner"), values["owner"], lambda item: _named(site, item), ("page",)
        )
    with bottom[1]:
        plant = filtered(address, "plant", say("certificates.plant"), values["plant"], str, ("page",))
    with bottom[2]:
        event = filtered(address, "event", say("certificates.last-event"), values["event"], _event, ("page",))
    chosen = {
        "status": status,
        "channel": area,
        "owner": owner,
        "plant": plant,
        "technology": technology,
        "event": event,
    }
    _matches(site, address, chosen)


def _matches(site: Site, address: Address, chosen: dict[str, str]) -> None:
    totals = site.ask("certificates_count", **chosen)[0]
    lead = say(
        "certificates.found",
        bundles=numbers.count(totals["bundles"]),
        energy=numbers.energy(totals["quantity_wh"]),
    )
    show(tag("p", lead, cls="gp-p"))
    if not totals["bundles"]:
        show(note(say("certificates.no-match")))
        return
    pages = pager(address, "page", totals["bundles"])
    rows = site.ask("certificates_list", **chosen, limit=pages.size, offset=pages.offset)
    columns = (
        Column(say("certificates.bundle")),
        Column(say("certificates.status")),
        Column(say("certificates.energy"), "number"),
        Column(say("certificates.produced"), "time"),
        Column(say("certificates.technology")),
        Column(say("certificates.owner")),
        Column(say("certificates.last-event")),
        Column(say("certificates.when"), "time"),
    )
    lines: list[Sequence[Cell]] = [
        (
            anchor(row["bundle"], address.link(bundle=row["bundle"]), "gp-bundle"),
            _status_cell(row["status"], row["published"]),
            numbers.energy(row["quantity_wh"]),
            numbers.clock(row["interval_start"]),
            kept_together(_technology(row["technology_code"])),
            _named_cell(site, row["owner"]),
            kept_together(_event(row["last_event"])),
            numbers.clock(row["last_time"]),
        )
        for row in rows
    ]
    show(table(columns, lines, say("page.certificates")), paging(address, pages))


def _bundle(site: Site, address: Address, bundle: str) -> None:
    show(anchor(say("certificates.back"), address.link(("bundle",)), "gp-back"))
    found = site.ask("certificate", bundle=bundle)
    if not found:
        show(note(say("certificates.unknown", bundle=bundle), "warn"))
        return
    row = found[0]
    show(tag("h2", bundle, cls="gp-h2 gp-code-heading"))
    events = site.ask("certificate_events", bundle=bundle)
    with st.spinner(say("certificates.proving")):
        proofs = [_prove(site, event) for event in events]
    included = say("certificates.included", events=numbers.count(len(events)))
    show(inclusion_badge(site.status, included, row["channel"]))
    left, right = st.columns([1, 1], gap="large")
    with left:
        show(_facts(site, address, row))
    with right:
        show(tag("h3", say("certificates.life"), cls="gp-h3"), _timeline(site, events))
    show(tag("h3", say("certificates.events"), cls="gp-h3"), _events(site, events))
    numbered = enumerate(zip(events, proofs, strict=True), 1)
    folded = join(_proofs(number, event, steps) for number, (event, steps) in numbered)
    show(tag("h3", say("certificates.proofs"), cls="gp-h3"), folded)
    children = site.ask("certificate_children", bundle=bundle)
    if children:
        show(tag("h3", say("certificates.children"), cls="gp-h3"), _children(site, address, children))
    evidence_button(site, _EVENTS_TABLE, events, f"{_file_name(bundle)}.evidence.json")


def _facts(site: Site, address: Address, row: dict[str, Any]) -> Html:
    plant = row["plant_name_zh"] if language() == "zh" else row["plant_name_en"]
    parent: Cell = say("certificates.by-issue")
    if row["parent"]:
        parent = anchor(row["parent"], address.link(bundle=row["parent"]))
    interval = f"{numbers.clock(row['interval_start'])} – {numbers.local(row['interval_end']).strftime('%H:%M')} UTC+8"
    share = say("certificates.range-value", first=numbers.count(row["first_wh"]), last=numbers.count(row["last_wh"]))
    capacity = "–" if row["capacity_w"] is None else f"{numbers.exact(row['capacity_w'], 6)} MW"
    return facts(
        (
            (say("certificates.status"), _status_cell(row["status"], row["published"])),
            (say("certificates.quantity"), f"{numbers.energy(row['quantity_wh'])} MWh"),
            (say("certificates.range"), share),
            (say("certificates.interval"), interval),
            (say("certificates.owner"), _named_cell(site, row["owner"])),
            (say("certificates.plant"), join((plant or "", " ", tag("span", row["plant"], cls="gp-account")))),
            (say("certificates.technology"), f"{_technology(row['technology_code'])} ({row['technology_code']})"),
            (say("certificates.fuel"), row["fuel_code"]),
            (say("certificates.capacity"), capacity),
            (say("certificates.parent"), parent),
            (say("certificates.birth"), _entry(row, "certificates")),
        ),
        say("certificates.bundle"),
    )


def _timeline(site: Site, events: Sequence[dict[str, Any]]) -> Html:
    items = [
        tag(
            "li",
            tag("span", numbers.time_of(event["time"]), cls="gp-when"),
            tag("span", _event(event["event"]), cls=f"gp-event gp-event-{event['event']}"),
            tag("span", _story(site, event), cls="gp-story"),
        )
        for event in events
    ]
    return tag("ol", *items, cls="gp-timeline", aria_label=say("certificates.life"))


def _story(site: Site, event: dict[str, Any]) -> str:
    """An event in a sentence; names are text like any other."""
    values = {
        "from_": _named(site, event["from_account"]) or "–",
        "to": _named(site, event["to_account"]) or "–",
        "energy": numbers.energy(event["quantity_wh"]),
        "reference": event["reference"] or "–",
        "beneficiary": event["beneficiary"] or _named(site, event["beneficiary_account"]) or "–",
        "purpose": event["purpose"] or "–",
        "price": numbers.price(event["price_fen_per_mwh"]) or "–",
    }
    priced = "-priced" if event["event"] == "transfer" and event["price_fen_per_mwh"] is not None else ""
    return say(f"story.{event['event']}{priced}", **values)


def _events(site: Site, events: Sequence[dict[str, Any]]) -> Html:
    columns = (
        Column(say("certificates.when"), "time"),
        Column(say("certificates.event")),
        Column(say("certificates.status")),
        Column(say("certificates.energy"), "number"),
        Column(say("certificates.from")),
        Column(say("certificates.to")),
        Column(say("trade.entry"), "number"),
    )
    lines: list[Sequence[Cell]] = [
        (
            numbers.clock(event["time"], seconds=True),
            _event(event["event"]),
            _status_cell(event["status"], event["published"]),
            numbers.energy(event["quantity_wh"]),
            _named_cell(site, event["from_account"]),
            _named_cell(site, event["to_account"]),
            _entry(event, _EVENTS_TABLE),
        )
        for event in events
    ]
    return table(columns, lines, say("certificates.events"))


def _prove(site: Site, event: dict[str, Any]) -> Html:
    """All three steps for one event's row, verified here; raises `ProofError` when one does not hold."""
    channel = site.channel(event["channel"])
    row = prove_row(site.record, channel, event["entry"], _EVENTS_TABLE, event["position"])
    entry = prove_entry(channel, event["entry"])
    head = prove_head(site.record, channel)
    return join((proof_view.row_step(row), proof_view.entry_step(channel, entry), proof_view.head_step(head)))


def _proofs(number: int, event: dict[str, Any], steps: Html) -> Html:
    heading = say("certificates.proof-of", number=number, event=_event(event["event"]))
    summary = tag("summary", tag("span", "✓", cls="gp-tick", aria_hidden="true"), " ", heading)
    return tag("details", summary, steps, cls="gp-proof")


def _children(site: Site, address: Address, children: Sequence[dict[str, Any]]) -> Html:
    columns = (
        Column(say("certificates.bundle")),
        Column(say("certificates.energy"), "number"),
        Column(say("certificates.owner")),
        Column(say("certificates.status")),
    )
    lines: list[Sequence[Cell]] = [
        (
            anchor(child["bundle"], address.link(bundle=child["bundle"])),
            numbers.energy(child["quantity_wh"]),
            _named_cell(site, child["owner"]),
            _status(child["status"]),
        )
        for child in children
    ]
    return table(columns, lines, say("certificates.children"))


def _status(status: str) -> str:
    return say(f"status.{status}")


def _status_cell(status: str, published: bool) -> Html:
    flag = tag("span", say("certificates.published"), cls="gp-flag") if published else None
    return tag("span", tag("span", _status(status), cls=f"gp-status gp-status-{status}"), flag, cls="gp-keep")


def _event(event: str) -> str:
    return say(f"event.{event}")


def _technology(code: str) -> str:
    """In words where the code is one of EECS Rules Fact Sheet 5 that we know."""
    return say(f"technology.{code[:3]}", default=code)


def _named(site: Site, account: str | None) -> str:
    return site.name(account, language())


def _named_cell(site: Site, account: str | None) -> Html:
    if not account:
        return tag("span", "–")
    return tag("span", _named(site, account), tag("span", account, cls="gp-account"), cls="gp-named")


def _entry(row: dict[str, Any], table_: str) -> Html:
    link = page_link("ledger", channel=row["channel"], entry=row["entry"], table=table_, row=row["position"])
    return anchor(numbers.count(row["entry"]), link)


def _file_name(bundle: str) -> str:
    """A file name from a bundle's name, which is letters, digits, `.` and `-` unless the record is hostile."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in ".-") else "_" for letter in bundle)
