"""Overview: what this export is, who signed it, what it survives; volumes, prices and certificates in it."""

from collections.abc import Sequence
from typing import Any

from chain.record import ChannelRecord
from portal.ui import charts, numbers
from portal.ui.address import Address, page_link
from portal.ui.badge import record_badge, trust_domain
from portal.ui.html import Html, show, tag
from portal.ui.site import Site
from portal.ui.tables import Cell, Column, anchor, facts, figures, note, table
from portal.ui.words import say

PARAMETERS: tuple[str, ...] = ()


def page(site: Site, _address: Address) -> None:
    """The whole page; its address says nothing but the language."""
    show(record_badge(site.status))
    if site.holds_market:
        sessions = site.ask("overview_sessions")
        _totals(sessions, site)
        _week(sessions)
    else:
        show(note(say("site.no-market")))
    show(tag("h2", say("overview.who"), cls="gp-h2"), _signers(site))
    show(note(trust_domain(site.status), "warn" if site.status.deployment == "embedded" else "info"))
    show(_anchor(site))
    if len(site.status.policies) > 1:
        show(tag("h2", say("overview.policies"), cls="gp-h2"), _policies(site))
    show(tag("h2", say("overview.channels"), cls="gp-h2"), _channels(site))
    if site.holds_market:
        show(tag("h2", say("overview.certificates"), cls="gp-h2"), _certificates(site))


def _totals(sessions: Sequence[dict[str, Any]], site: Site) -> None:
    traded = sum(row["traded_wh"] for row in sessions)
    paid = sum(row["paid_e8"] for row in sessions)
    settled = sum(row["trades"] > 0 for row in sessions)
    average = numbers.average_price(paid, traded)
    show(
        figures(
            (
                (say("overview.traded"), numbers.energy(traded), "MWh"),
                (say("overview.average"), f"≈ {average}" if average else "–", "CNY/MWh"),
                (say("overview.paid"), numbers.money(paid), "CNY"),
                (say("overview.sessions"), numbers.count(settled), say("overview.of", total=len(sessions))),
                (say("overview.participants"), numbers.count(len(site.names)), say("overview.accounts")),
            )
        )
    )


def _week(sessions: Sequence[dict[str, Any]]) -> None:
    areas = []
    for name in sorted({row["channel"] for row in sessions}):
        rows = [row for row in sessions if row["channel"] == name]
        areas.append(
            charts.AreaSessions(
                name,
                [numbers.local(row["delivery_start"]).replace(tzinfo=None) for row in rows],
                [int(row["traded_wh"]) for row in rows],
                [int(row["paid_e8"]) for row in rows],
            )
        )
    show(tag("h2", say("overview.week"), cls="gp-h2"))
    if any(any(area.traded_wh) for area in areas):
        charts.show(charts.week(areas), "week", say("overview.week-alt"))
        show(anchor(say("overview.to-sessions"), page_link("sessions")))
    else:
        show(note(say("overview.no-sessions")))


def _signers(site: Site) -> Html:
    beacon = site.record.beacon
    # The reader's policy may have been replaced since: names of the newest, too.
    newest = site.record.anchor.own.witnesses
    keys = {**site.record.anchor.policy.witnesses, **newest}
    rows: list[Sequence[Cell]] = [
        (name, keys[name].name, numbers.clock(seconds * 1000, seconds=True)) for name, seconds in beacon.cosigners
    ]
    signed = {name for name, _ in beacon.cosigners}
    rows += [(name, key.name, say("overview.not-signed")) for name, key in newest.items() if name not in signed]
    columns = (
        Column(say("overview.validator")),
        Column(say("overview.key"), "code"),
        Column(say("overview.signed-at"), "time"),
    )
    return table(columns, rows, say("overview.who"))


def _anchor(site: Site) -> Html:
    status, record = site.status, site.record
    return facts(
        (
            (say("overview.anchor"), say(f"anchor.{status.signers}")),
            (say("overview.policy"), tag("code", status.policy_sha256)),
            (say("overview.network"), status.network),
            (say("overview.network-id"), tag("code", record.network_id)),
            (say("overview.deployment"), say(f"deployment.{status.deployment}")),
            (say("overview.faults"), str(status.faults)),
            (say("overview.beacon"), say("overview.beacon-value", size=numbers.count(status.beacon_size))),
            (say("overview.beacon-root"), tag("code", status.beacon_root)),
            (say("overview.beacon-time"), numbers.time_of(status.beacon_time_ms)),
            (say("overview.quorum-time"), numbers.time_of(status.quorum_time_s * 1000)),
        ),
        say("overview.anchor"),
    )


def _policies(site: Site) -> Html:
    """Every policy that was in force, and who handed it over."""
    columns = (
        Column(say("overview.policy-number"), "number"),
        Column(say("overview.policy-since"), "number"),
        Column(say("overview.policy-validators")),
        Column(say("overview.policy-handover")),
        Column(""),
    )
    rows: list[Sequence[Cell]] = [
        (
            str(policy.number),
            numbers.count(policy.since_round),
            ", ".join(policy.validators),
            f"{', '.join(policy.retiring)} · {', '.join(policy.arriving)}" if policy.retiring else "",
            say("overview.policy-yours") if policy.number == site.status.trusted_policy else "",
        )
        for policy in site.status.policies
    ]
    return table(columns, rows, say("overview.policies"))


def _channels(site: Site) -> Html:
    columns = (
        Column(say("overview.channel")),
        Column(say("overview.entries"), "number"),
        Column(say("overview.blocks"), "number"),
        Column(say("overview.rows"), "number"),
        Column(say("overview.files"), "number"),
        Column(say("overview.sealed-to"), "number"),
        Column(say("overview.first-block"), "time"),
        Column(say("overview.last-block"), "time"),
    )
    rows = [_channel(site, channel) for _, channel in sorted(site.record.channels.items())]
    return table(columns, rows, say("overview.channels"))


def _channel(site: Site, channel: ChannelRecord) -> Sequence[Cell]:
    seals = [segment.seal for segments in channel.segments.values() for segment in segments]
    return (
        anchor(channel.channel, page_link("ledger", channel=channel.channel)),
        numbers.count(len(channel.entries)),
        numbers.count(len(site.blocks[channel.channel])),
        numbers.count(sum(seal.rows_count for seal in seals)),
        numbers.count(len(seals)),
        numbers.count(channel.sealed_to),
        numbers.clock(channel.genesis.time),
        numbers.clock(channel.last_block.time),
    )


def _certificates(site: Site) -> Html:
    rows = site.ask("overview_certificates")
    if not rows:
        return note(say("overview.no-certificates"))
    issued = site.ask("overview_issued")[0]
    columns = (
        Column(say("certificates.status")),
        Column(say("certificates.bundles"), "number"),
        Column(say("certificates.energy"), "number"),
        Column(say("certificates.published-bundles"), "number"),
    )
    lines: list[Sequence[Cell]] = [
        (
            anchor(say(f"status.{row['status']}"), page_link("certificates", status=row["status"])),
            numbers.count(row["bundles"]),
            numbers.energy(row["quantity_wh"]),
            numbers.count(row["published_bundles"]),
        )
        for row in rows
    ]
    lead = say(
        "overview.issued",
        bundles=numbers.count(issued["bundles"]),
        energy=numbers.energy(issued["quantity_wh"]),
        plants=numbers.count(issued["plants"]),
    )
    return tag("div", tag("p", lead, cls="gp-p"), table(columns, lines, say("overview.certificates")))
