"""Ledger: channel → block → entry → receipt → row. Every step down shows its proof, computed and verified on the spot.

The address names the deepest thing looked at; `entry` implies its block.
"""

from bisect import bisect_right
from collections.abc import Sequence

import msgspec
import streamlit as st

from chain.entry import Block, Entry, Genesis, Seal, Transaction, Trigger, parse_entry
from chain.record import ChannelRecord
from portal.ui import numbers, proof_view
from portal.ui.address import Address, follow, page_link
from portal.ui.badge import inclusion_badge, record_badge
from portal.ui.controls import select
from portal.ui.downloads import evidence_button
from portal.ui.html import Html, join, show, tag
from portal.ui.proofs import RowProof, prove_entry, prove_head, prove_row, rows_of, written_by
from portal.ui.row_view import row_cells, row_columns
from portal.ui.site import Site
from portal.ui.tables import Cell, Column, anchor, facts, literal, note, pager, paging, table
from portal.ui.words import language, say

PARAMETERS = ("channel", "block", "entry", "table", "row", "blocks", "entries", "rows")

_BELOW_CHANNEL = ("block", "entry", "table", "row", "blocks", "entries", "rows")


def page(site: Site, address: Address) -> None:
    """The deepest level that the address names."""
    channel = site.channel(_channel(site, address))
    blocks = site.blocks[channel.channel]
    if address.has("entry"):
        entry = address.number("entry", 0, len(channel.entries) - 1, 0)
        _crumbs(channel, _height_of(blocks, entry), entry)
        _entry(site, address, channel, entry)
    elif address.has("block"):
        height = address.number("block", 0, len(blocks) - 1, 0)
        _crumbs(channel, height)
        _block(site, address, channel, blocks[height])
    else:
        _go_to(address, channel)
        _blocks(site, address, channel, blocks)


def _channel(site: Site, address: Address) -> str:
    names = sorted(site.record.channels)
    first = next((name for name in names if name in site.hours), names[0])
    return select(address, "channel", say("ledger.channel"), names, first, drops=_BELOW_CHANNEL)


def _crumbs(channel: ChannelRecord, height: int, entry: int | None = None) -> None:
    here = page_link("ledger", channel=channel.channel)
    parts: list[Html] = [anchor(channel.channel, here)]
    word = say("ledger.block-number", height=numbers.count(height))
    if entry is None:
        parts.append(tag("span", word))
    else:
        parts.append(anchor(word, page_link("ledger", channel=channel.channel, block=height)))
        parts.append(tag("span", say("ledger.entry-number", entry=numbers.count(entry))))
    show(tag("nav", join(parts, " › "), cls="gp-crumbs", aria_label=say("ledger.crumbs")))


def _go_to(address: Address, channel: ChannelRecord) -> None:
    key = f"go-to-{channel.channel}"
    st.session_state[key] = None
    last = len(channel.entries) - 1
    st.number_input(
        say("ledger.go-to", last=numbers.count(last)),
        0,
        last,
        value=None,
        step=1,
        key=key,
        on_change=follow(address, "entry", key, ("block", "table", "row", "blocks", "entries", "rows")),
        placeholder=say("ledger.go-to-placeholder"),
        width=320,
    )


def _blocks(site: Site, address: Address, channel: ChannelRecord, blocks: Sequence[Block]) -> None:
    signed = channel.checkpoint.checkpoint
    head = prove_head(site.record, channel)
    show(
        record_badge(site.status, channel.channel),
        facts(
            (
                (say("ledger.origin"), tag("code", signed.origin)),
                (say("ledger.size"), numbers.count(signed.size)),
                (say("ledger.root"), tag("code", signed.root.hex())),
                (say("ledger.sealed-to"), numbers.count(channel.sealed_to)),
            ),
            say("ledger.checkpoint"),
        ),
        proof_view.head_step(head),
        proof_view.checkpoint(site.record, channel),
        tag("h2", say("ledger.blocks"), cls="gp-h2"),
    )
    pages = pager(address, "blocks", len(blocks))
    newest_first = blocks[::-1][pages.offset : pages.offset + pages.size]
    columns = (
        Column(say("ledger.height"), "number"),
        Column(say("ledger.time"), "time"),
        Column(say("ledger.first"), "number"),
        Column(say("ledger.count"), "number"),
        Column(say("ledger.round"), "number"),
        Column(say("ledger.state-root"), "code"),
    )
    lines: list[Sequence[Cell]] = [
        (
            anchor(numbers.count(block.height), address.link(("blocks",), block=block.height)),
            numbers.clock(block.time, seconds=True),
            numbers.count(block.first),
            numbers.count(block.count),
            str(block.beacon_round),
            _short(block.state_root),
        )
        for block in newest_first
    ]
    show(table(columns, lines, say("ledger.blocks")), paging(address, pages))


def _block(site: Site, address: Address, channel: ChannelRecord, block: Block) -> None:
    show(
        facts(
            (
                (say("ledger.time"), numbers.time_of(block.time)),
                (say("ledger.previous"), tag("code", block.previous)),
                (say("ledger.catalogue-root"), tag("code", block.catalogue_root)),
                (say("ledger.state-root"), tag("code", block.state_root or "–")),
                (say("ledger.round"), str(block.beacon_round)),
            ),
            say("ledger.block-number", height=numbers.count(block.height)),
        )
    )
    pages = pager(address, "entries", block.count)
    columns = (
        Column(say("ledger.entry"), "number"),
        Column(say("ledger.kind")),
        Column(say("ledger.what")),
        Column(say("ledger.who")),
        Column(say("ledger.outcome")),
        Column(say("ledger.rows")),
    )
    first = block.first + pages.offset
    lines = [
        _entry_line(site, address, channel, index)
        for index in range(first, min(first + pages.size, block.first + block.count))
    ]
    show(tag("h2", say("ledger.entries"), cls="gp-h2"))
    show(table(columns, lines, say("ledger.entries")), paging(address, pages))


def _entry_line(site: Site, address: Address, channel: ChannelRecord, index: int) -> Sequence[Cell]:
    entry = parse_entry(channel.entries[index], f"{channel.channel} entry {index}")
    link = anchor(numbers.count(index), address.link(("block", "entries"), entry=index))
    what, who, outcome, rows = "", "", "", ""
    if isinstance(entry, Transaction):
        what, who = f"{entry.body.contract}.{entry.body.method}", site.name(entry.body.account, language())
    elif isinstance(entry, Trigger):
        what, who = f"{entry.contract}.{entry.method}", entry.key
    elif isinstance(entry, Seal):
        what, rows = entry.table, say("ledger.rows-count", rows=numbers.count(entry.rows_count))
    if isinstance(entry, Transaction | Trigger):
        receipt = entry.receipt
        outcome = say(f"receipt.{receipt.status}") + ("" if receipt.code == "ok" else f": {receipt.code}")
        rows = ", ".join(f"{item.table} {numbers.count(item.rows_count)}" for item in receipt.tables)
    return link, say(f"kind.{_kind(entry)}"), what, who, outcome, rows


def _entry(site: Site, address: Address, channel: ChannelRecord, index: int) -> None:
    entry = parse_entry(channel.entries[index], f"{channel.channel} entry {index}")
    row = _row(site, address, channel, entry, index)
    with st.spinner(say("ledger.proving")):
        included = prove_entry(channel, index)
        head = prove_head(site.record, channel)
    what = say("ledger.included-row" if row else "ledger.included-entry", entry=numbers.count(index))
    show(inclusion_badge(site.status, what))
    steps = [proof_view.row_step(row)] if row else []
    steps += [proof_view.entry_step(channel, included), proof_view.head_step(head)]
    show(tag("h2", say("ledger.proofs"), cls="gp-h2"), join(steps), proof_view.checkpoint(site.record, channel))
    _evidence(site, channel, index, row)
    heading = say("ledger.content", kind=say(f"kind.{_kind(entry)}"))
    show(tag("h2", heading, cls="gp-h2"), literal(_pretty(channel.entries[index])))


def _evidence(site: Site, channel: ChannelRecord, index: int, row: RowProof | None) -> None:
    place: dict[str, str | int] = {"channel": channel.channel, "entry": index, "position": -1}
    name = f"{channel.channel}-{index}"
    if row is None:
        evidence_button(site, "", [place], f"{name}.evidence.json")
    else:
        place["position"] = row.inclusion.index
        evidence_button(site, row.table, [place], f"{name}-{row.table}-{row.inclusion.index}.evidence.json")


def _row(site: Site, address: Address, channel: ChannelRecord, entry: Entry, index: int) -> RowProof | None:
    """The tables that the entry wrote; the rows of the chosen one; the proof of the chosen row."""
    if not isinstance(entry, Transaction | Trigger) or not entry.receipt.tables:
        return None
    names = [written.table for written in entry.receipt.tables]
    show(tag("h2", say("ledger.receipt"), cls="gp-h2"), _receipt(address, entry, names))
    if not address.has("table"):
        return None
    chosen = address.choice("table", names, names[0])
    written = written_by(channel, index, chosen)
    pages = pager(address, "rows", written.rows_count)
    position = address.number("row", 0, written.rows_count - 1, 0) if address.has("row") else None
    rows = rows_of(site.record, channel, index, chosen)
    schema = channel.schemas[chosen]
    lines: list[Sequence[Cell]] = [
        (anchor(numbers.count(number), address.link(row=number)), *row_cells(schema, row))
        for number, row in list(enumerate(rows))[pages.offset : pages.offset + pages.size]
    ]
    columns = (Column(say("ledger.position"), "number"), *row_columns(schema))
    marked = None if position is None else position - pages.offset
    show(
        tag("h3", say("ledger.rows-of", table=chosen), cls="gp-h3"),
        table(columns, lines, chosen, marked),
        paging(address, pages, ("row",)),
    )
    if position is None:
        show(note(say("ledger.choose-row")))
        return None
    return prove_row(site.record, channel, index, chosen, position)


def _receipt(address: Address, entry: Transaction | Trigger, names: Sequence[str]) -> Html:
    receipt = entry.receipt
    columns = (
        Column(say("ledger.table")),
        Column(say("ledger.rows"), "number"),
        Column(say("ledger.rows-root"), "code"),
    )
    lines: list[Sequence[Cell]] = [
        (
            anchor(item.table, address.link(("row", "rows"), table=item.table)),
            numbers.count(item.rows_count),
            item.rows_root,
        )
        for item in receipt.tables
    ]
    status = say(f"receipt.{receipt.status}")
    outcome = status if receipt.code == "ok" else f"{status}: {receipt.code} ({receipt.detail})"
    return join((tag("p", outcome, cls="gp-p"), table(columns, lines, ", ".join(names))))


def _height_of(blocks: Sequence[Block], entry: int) -> int:
    return bisect_right(blocks, entry, key=lambda block: block.first) - 1


def _kind(entry: Entry) -> str:
    return "genesis" if isinstance(entry, Genesis) else entry.kind


def _short(root: str) -> str:
    return f"{root[:16]}…" if root else "–"


def _pretty(data: bytes) -> str:
    """The entry's JSON, indented; the canonical bytes are what is hashed."""
    return msgspec.json.format(data, indent=2).decode("utf-8")
