"""Sessions: one auction session as it was: its curves round by round, trades, fees, settlement, and its replay.

Curves and books come from the replay, which executes the session again from the record; trades, fees and settlements
are rows of the record. The replay's badge says whether both are the same, bit for bit.
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from audit import RoundStep, SessionReplay
from chain.errors import ChainError
from portal.ui import charts, numbers
from portal.ui.address import Address, page_link
from portal.ui.badge import badge, record_badge, replay_badge
from portal.ui.controls import select, stepper
from portal.ui.curves import BookOrder, book_of, clearing_of, curve
from portal.ui.html import Html, join, show, tag
from portal.ui.site import Site
from portal.ui.tables import Cell, Column, anchor, facts, figures, note, pager, paging, table
from portal.ui.words import language, say

PARAMETERS = ("area", "day", "session", "round", "trades-of", "trades", "accounts", "book")

_INSIDE = ("round", "trades-of", "trades", "accounts", "book")
"""What only means something inside one session."""


def page(site: Site, address: Address) -> None:
    """The whole page."""
    areas = [area for area, hours in sorted(site.hours.items()) if hours]
    if not areas:
        show(note(say("sessions.none" if site.holds_market else "site.no-market")))
        return
    area, session = _choose(site, address, areas)
    replay = _replay(site, area, session)
    show(record_badge(site.status, area))
    settled = site.ask("session", channel=area, session=session)
    if settled:
        show(_summary(settled[0]))
    else:
        show(note(say("sessions.open")))
    if replay is not None and replay.steps:
        _rounds(site, address, replay)
    elif replay is not None:
        show(note(say("sessions.no-rounds")))
    if settled and settled[0]["trades"]:
        _trades(site, address, area, session, settled[0]["rounds"])
        _fees(site, area, session)
        _settlements(site, address, area, session)


def _choose(site: Site, address: Address, areas: Sequence[str]) -> tuple[str, str]:
    left, middle, right = st.columns(3)
    with left:
        area = select(address, "area", say("sessions.area"), areas, areas[0], drops=("day", "session", *_INSIDE))
    hours = site.hours[area]
    days = sorted({_day(start) for start in hours.values()})
    default_day = next((_day(hours[session]) for session in [_default(site, area)] if session), days[-1])
    with middle:
        day = select(address, "day", say("sessions.day"), days, default_day, drops=("session", *_INSIDE))
    of_day = [session for session, start in hours.items() if _day(start) == day]
    first = _default(site, area)
    default = first if first in of_day else of_day[0]
    with right:
        session = select(
            address, "session", say("sessions.session"), of_day, default, lambda item: _hour(hours[item]), _INSIDE
        )
    return area, session


def _default(site: Site, area: str) -> str:
    """The last session that traded, else the last one."""
    traded = [row for row in site.ask("overview_sessions") if row["channel"] == area and row["trades"]]
    return str(traded[-1]["session"]) if traded else list(site.hours[area])[-1]


def _day(start_ms: int) -> str:
    return numbers.local(start_ms).strftime("%Y-%m-%d")


def _hour(start_ms: int) -> str:
    return say("sessions.hour", start=numbers.local(start_ms).strftime("%H:%M"))


def _replay(site: Site, area: str, session: str) -> SessionReplay | None:
    """The replay with its badge; None, with the reason, where the session's code is not here."""
    try:
        with st.spinner(say("sessions.replaying")):
            replay = site.replay(area, session)
    except ChainError as error:
        show(badge("grey", say("replay.not-computed"), str(error), name="replay"))
        return None
    show(replay_badge(replay, site.status))
    return replay


def _summary(row: dict[str, Any]) -> Html:
    average = numbers.average_price(row["paid_e8"], row["traded_wh"])
    return join(
        (
            figures(
                (
                    (say("sessions.traded"), numbers.energy(row["traded_wh"]), "MWh"),
                    (say("sessions.average"), f"≈ {average}" if average else "–", "CNY/MWh"),
                    (say("sessions.trades"), numbers.count(row["trades"]), ""),
                    (say("sessions.rounds"), numbers.count(row["rounds"]), ""),
                    (say("sessions.paid"), numbers.money(row["paid_e8"]), "CNY"),
                    (say("sessions.fees"), numbers.money(row["fees_e8"]), "CNY"),
                    (say("sessions.welfare"), numbers.money(row["welfare_e8"]), "CNY"),
                )
            ),
            facts(
                (
                    (say("sessions.status"), say(f"session.{row['status']}")),
                    (say("sessions.pricing"), say(f"pricing.{row['pricing']}")),
                    (say("sessions.delivery"), numbers.time_of(row["delivery_start"], seconds=False)),
                    (say("sessions.opened"), numbers.time_of(row["opened"], seconds=False)),
                    (say("sessions.closed"), numbers.time_of(row["closed"], seconds=False)),
                    (say("sessions.declared"), say("sessions.declared-value", **_counts(row))),
                    (say("sessions.settled-by"), _entry(row["channel"], row["entry"], "sessions", row["position"])),
                ),
                say("sessions.summary"),
            ),
        )
    )


def _counts(row: dict[str, Any]) -> dict[str, str]:
    return {name: numbers.count(row[name]) for name in ("declarations", "orders", "suspensions")}


def _rounds(site: Site, address: Address, replay: SessionReplay) -> None:
    show(tag("h2", say("sessions.rounds-heading"), cls="gp-h2"))
    steps = replay.steps
    number = stepper(address, "round", say("sessions.round"), len(steps), 1, drops=("book",))
    step = steps[number - 1]
    show(_step_links(address, number, len(steps)))
    book = book_of(step)
    before = (curve(book, "bid", moved=False), curve(book, "ask", moved=False))
    moved = bool(step.outcome.moves.entry)
    left, right = st.columns([5, 3], gap="large")
    with left:
        figure = charts.curves(curve(book, "bid"), curve(book, "ask"), before if moved else ((), ()), clearing_of(step))
        charts.show(figure, f"curves-{replay.session}-{number}", say("sessions.curves-alt", round=number))
    with right:
        show(_outcome(replay, step))
    _book(site, address, book, moved)


def _step_links(address: Address, number: int, last: int) -> Html:
    parts: list[Html] = []
    for word, target, possible in (
        (say("sessions.previous-round"), number - 1, number > 1),
        (say("sessions.next-round"), number + 1, number < last),
    ):
        if possible:
            parts.append(anchor(word, address.link(("book",), round=target), "gp-step"))
        else:
            parts.append(tag("span", word, cls="gp-off gp-step"))
    where = tag("span", say("sessions.round-of", number=number, last=last), cls="gp-where")
    return tag("div", parts[0], where, parts[1], cls="gp-paging")


def _outcome(replay: SessionReplay, step: RoundStep) -> Html:
    totals, outcome = step.outcome.totals, step.outcome
    average = numbers.average_price(totals.paid_e8, totals.quantity_wh)
    references = outcome.references
    pairs: list[tuple[str, Cell]] = [
        (say("sessions.time"), numbers.time_of(step.time_ms)),
        (say("sessions.status"), say(f"round.{outcome.status}")),
        (say("sessions.lowest-ask"), _price(outcome.lowest_ask)),
        (say("sessions.highest-bid"), _price(outcome.highest_bid)),
        (say("sessions.trades"), numbers.count(totals.trades)),
        (say("sessions.traded"), f"{numbers.energy(totals.quantity_wh)} MWh"),
        (say("sessions.average"), f"≈ {average} CNY/MWh" if average else "–"),
        (say("sessions.paid"), f"{numbers.money(totals.paid_e8)} CNY"),
        (say("sessions.welfare"), f"{numbers.money(totals.welfare_e8)} CNY"),
        (say("sessions.moved"), say("sessions.moved-value", moved=len(outcome.moves.entry), share=_lambda(replay))),
        (say("sessions.next-ask"), _price(references.ask)),
        (say("sessions.next-bid"), _price(references.bid)),
        (say("sessions.entry"), _entry(replay.channel, step.entry, "rounds", 0)),
    ]
    return facts(pairs, say("sessions.round"))


def _lambda(replay: SessionReplay) -> str:
    return numbers.exact(replay.parameters.lambda_bp, 2)


def _price(value: int | None) -> str:
    return "–" if value is None else f"{numbers.price(value)} CNY/MWh"


def _book(site: Site, address: Address, book: Sequence[BookOrder], moved: bool) -> None:
    pages = pager(address, "book", len(book), 20)
    columns = [
        Column(say("book.side")),
        Column(say("book.account")),
        Column(say("book.price"), "number"),
        Column(say("book.limit"), "number"),
        Column(say("book.energy"), "number"),
        Column(say("book.traded"), "number"),
        Column(say("book.left"), "number"),
        Column(say("book.declared"), "time"),
    ]
    rows: list[Sequence[Cell]] = [
        (
            say(f"side.{order.side}"),
            _account(site, order.account),
            _moved_price(order) if moved else numbers.price(order.price),
            numbers.price(order.limit) or "–",
            numbers.energy(order.quantity_wh),
            numbers.energy(order.quantity_wh - order.left_wh),
            numbers.energy(order.left_wh),
            numbers.local(order.declared_ms).strftime("%H:%M:%S"),
        )
        for order in book[pages.offset : pages.offset + pages.size]
    ]
    show(tag("h3", say("sessions.book"), cls="gp-h3"))
    show(table(columns, rows, say("sessions.book")), paging(address, pages))


def _moved_price(order: BookOrder) -> Cell:
    """Old and new price where λ moved the order."""
    if order.before == order.price:
        return numbers.price(order.price)
    return join((tag("s", numbers.price(order.before), cls="gp-before"), " → ", numbers.price(order.price)))


def _trades(site: Site, address: Address, area: str, session: str, rounds: int) -> None:
    show(tag("h2", say("sessions.trades-heading"), cls="gp-h2"))
    of = select(
        address,
        "trades-of",
        say("sessions.trades-of"),
        [str(number) for number in range(rounds + 1)],
        "0",
        lambda item: say("sessions.all-rounds") if item == "0" else say("sessions.round-number", number=item),
        ("trades",),
    )
    chosen = {"channel": area, "session": session, "round": int(of)}
    totals = site.ask("session_trades_count", **chosen)[0]
    pages = pager(address, "trades", totals["trades"], 25)
    rows = site.ask("session_trades", **chosen, limit=pages.size, offset=pages.offset)
    if not rows:
        show(note(say("sessions.no-trades-in-round")))
        return
    columns = (
        Column(say("trade.number"), "number"),
        Column(say("trade.round"), "number"),
        Column(say("trade.seller")),
        Column(say("trade.buyer")),
        Column(say("trade.energy"), "number"),
        Column(say("trade.ask-bid"), "number"),
        Column(say("trade.price"), "number"),
        Column(say("trade.paid"), "number"),
        Column(say("trade.fees"), "number"),
        Column(say("trade.entry"), "number"),
    )
    lines = [_trade(site, area, row) for row in rows]
    show(table(columns, lines, say("sessions.trades-heading")), paging(address, pages))


def _trade(site: Site, area: str, row: dict[str, Any]) -> Sequence[Cell]:
    buyer_price, seller_price = row["buyer_price_fen_per_mwh"], row["seller_price_fen_per_mwh"]
    paid = numbers.price(buyer_price)
    return (
        numbers.count(row["trade"] + 1),
        numbers.count(row["round"]),
        _account(site, row["seller"]),
        _account(site, row["buyer"]),
        numbers.energy(row["quantity_wh"]),
        f"{numbers.price(row['ask_fen_per_mwh'])} / {numbers.price(row['bid_fen_per_mwh'])}",
        paid if buyer_price == seller_price else f"{paid} / {numbers.price(seller_price)}",
        numbers.money(row["paid_e8"]),
        f"{numbers.money(row['buyer_fee_e8'])} + {numbers.money(row['seller_fee_e8'])}",
        _entry(area, row["entry"], "trades", row["position"]),
    )


def _fees(site: Site, area: str, session: str) -> None:
    rows = site.ask("session_fees", channel=area, session=session)
    columns = (
        Column(say("fee.rate"), "number"),
        Column(say("trade.count"), "number"),
        Column(say("trade.energy"), "number"),
        Column(say("fee.buyers"), "number"),
        Column(say("fee.sellers"), "number"),
    )
    lines = [
        (
            numbers.price(row["fee_fen_per_mwh"]),
            numbers.count(row["trades"]),
            numbers.energy(row["quantity_wh"]),
            numbers.money(row["buyer_fee_e8"]),
            numbers.money(row["seller_fee_e8"]),
        )
        for row in rows
    ]
    show(tag("h2", say("sessions.fees-heading"), cls="gp-h2"), table(columns, lines, say("sessions.fees-heading")))


def _settlements(site: Site, address: Address, area: str, session: str) -> None:
    totals = site.ask("session_settlements_count", channel=area, session=session)[0]
    pages = pager(address, "accounts", totals["accounts"], 25)
    rows = site.ask("session_settlements", channel=area, session=session, limit=pages.size, offset=pages.offset)
    columns = (
        Column(say("book.account")),
        Column(say("book.side")),
        Column(say("trade.count"), "number"),
        Column(say("trade.energy"), "number"),
        Column(say("settlement.energy"), "number"),
        Column(say("settlement.fee"), "number"),
        Column(say("settlement.net"), "number"),
        Column(say("trade.entry"), "number"),
    )
    lines = [
        (
            _account(site, row["account"]),
            say(f"side.{row['side']}"),
            numbers.count(row["trades"]),
            numbers.energy(row["traded_wh"]),
            numbers.money(row["energy_e8"]),
            numbers.money(row["fee_e8"]),
            numbers.money(row["net_e8"]),
            _entry(area, row["entry"], "settlements", row["position"]),
        )
        for row in rows
    ]
    lead = say("settlement.sum", accounts=numbers.count(totals["accounts"]), net=numbers.money(totals["net_e8"]))
    show(
        tag("h2", say("sessions.settlement"), cls="gp-h2"),
        tag("p", lead, cls="gp-p"),
        table(columns, lines, say("sessions.settlement")),
        paging(address, pages),
    )


def _account(site: Site, account: str) -> Html:
    name = site.name(account, language())
    return tag("span", name, tag("span", account, cls="gp-account"), cls="gp-named")


def _entry(channel: str, entry: int, table_: str, position: int) -> Html:
    """Where it stands on the record, with its proofs."""
    return anchor(f"{entry:,}", page_link("ledger", channel=channel, entry=entry, table=table_, row=position))
