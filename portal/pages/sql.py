"""SQL: any question to the record. Every file was compared with its seal before the question reaches it.

The question is in the address, so that a link answers it again; it is read-only, bounded in time and rows.
"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from portal.ui import numbers
from portal.ui.address import Address
from portal.ui.badge import record_badge
from portal.ui.downloads import csv_of, parquet_of
from portal.ui.html import Html, join, show, tag
from portal.ui.site import Site, example
from portal.ui.sql_cells import cells, headings
from portal.ui.tables import Column, anchor, facts, note, pager, paging, table
from portal.ui.words import say
from queries.errors import EvidenceError, QueriesError
from queries.limits import QUERY_LIMITS
from queries.result import Result

LONGEST = 8_000
"""Characters of a question in an address; browsers and servers take no more for granted."""

PARAMETERS = ("q", "rows")

_ROWS_MAX = 1_000_000
_TIMEOUT_S = 60
_PAGE_ROWS = 100
_KEPT_ROWS_MAX = 100_000
"""Answers up to this size stay with the reader's session, so that the next page does not ask again."""
_EVIDENCE_ROWS_MAX = 1_000
_EXAMPLES = ("prices", "trades", "certificates", "rejected")
"""Questions to begin with: files of `portal/sql/examples`."""


def page(site: Site, address: Address) -> None:
    """Editor on the left, what can be asked on the right, the answer below."""
    query = address.text("q")
    left, right = st.columns([3, 2], gap="large")
    with left:
        _editor(address, query)
    with right:
        _schema(site)
    if not query.strip():
        show(note(say("sql.empty")))
        return
    result = _run(site, query)
    if result is not None:
        _answer(address, result)


def _editor(address: Address, query: str) -> None:
    key = "sql-text"
    if st.session_state.get("sql-shown") != query:
        # Only when the address changed: what is being typed is not lost by a rerun.
        st.session_state["sql-shown"] = query
        st.session_state[key] = query
    text = st.text_area(say("sql.query"), key=key, height=230, max_chars=LONGEST, placeholder=example(_EXAMPLES[0]))
    run = st.button(say("sql.run"), type="primary", shortcut="Ctrl+Enter", on_click=_ask, args=(address, key))
    if text != query and not run:
        show(tag("span", say("sql.changed"), cls="gp-small"))
    links = [
        anchor(say(f"sql.example-{name}"), address.link(("rows",), q=example(name)), "gp-chip") for name in _EXAMPLES
    ]
    show(tag("div", tag("span", say("sql.examples"), cls="gp-what"), " ", *links, cls="gp-chips"))


def _ask(address: Address, key: str) -> None:
    address.move("q", st.session_state.get(key) or "", ("rows",))


def _schema(site: Site) -> None:
    relations: dict[str, list[dict[str, Any]]] = {}
    for row in site.ask("schema_relations"):
        relations.setdefault(row["relation"], []).append(row)
    show(tag("div", tag("span", say("sql.schema"), cls="gp-what")))
    parts = [_relation(name, columns) for name, columns in relations.items()]
    with st.container(height=330):
        show(join(parts))


def _relation(name: str, columns: Sequence[dict[str, Any]]) -> Html:
    first = columns[0]
    kind = tag("span", say(f"relation.{first['kind']}"), cls="gp-flag")
    lines = [(row["name"], row["type"], row["comment"]) for row in columns]
    headings = (Column(say("sql.column"), "code"), Column(say("sql.type"), "code"), Column(say("sql.meaning")))
    summary = tag("summary", tag("code", name), " ", kind)
    return tag("details", summary, tag("p", first["grain"], cls="gp-p"), table(headings, lines, name), cls="gp-proof")


def _run(site: Site, query: str) -> Result | None:
    kept: tuple[str, Site, Result] | None = st.session_state.get("sql-answer")
    if kept is not None and kept[0] == query and kept[1] is site:
        return kept[2]
    st.session_state.pop("sql-answer", None)
    try:
        with st.spinner(say("sql.running", seconds=_TIMEOUT_S)):
            result = site.export.sql(query, limit_rows=_ROWS_MAX, timeout_s=_TIMEOUT_S)
        if len(result) <= _KEPT_ROWS_MAX:
            st.session_state["sql-answer"] = (query, site, result)
        return result
    except QueriesError as error:
        code = tag("div", say("error.code", code=error.code), cls="gp-code-line")
        show(note(str(error), "error", code))
    return None


def _answer(address: Address, result: Result) -> None:
    show(record_badge(result.status))
    shown = (
        (say("sql.rows"), numbers.count(len(result))),
        (say("sql.time"), say("sql.milliseconds", value=numbers.count(round(result.elapsed_s * 1000)))),
    )
    show(facts(shown, say("sql.answer")))
    if result.notes:
        show(*(note(text, "warn") for text in result.notes))
    if not result.columns or not len(result):
        show(note(say("sql.no-rows")))
        return
    pages = pager(address, "rows", len(result), _PAGE_ROWS)
    part = result.arrow().slice(pages.offset, pages.size)
    show(table(headings(part), cells(part), say("sql.answer")), paging(address, pages))
    _downloads(result)


def _downloads(result: Result) -> None:
    files = (
        ("sql.csv", "csv", "text/csv", lambda: csv_of(result)),
        ("sql.parquet", "parquet", "application/vnd.apache.parquet", lambda: parquet_of(result)),
        ("sql.json", "json", "application/json", lambda: result.json().encode()),
    )
    with st.container(horizontal=True):
        for word, ending, mime, make in files:
            st.download_button(
                say(word), make, file_name=f"gridproof.{ending}", mime=mime, on_click="ignore", key=f"download-{ending}"
            )
        _evidence(result)


def _evidence(result: Result) -> None:
    """JSON with proof, where the rows carry their coordinates."""
    count = min(len(result), _EVIDENCE_ROWS_MAX, QUERY_LIMITS.evidence_rows_max)
    try:
        result.evidence([0])
    except EvidenceError as error:
        show(tag("span", say("evidence.none"), " ", str(error), cls="gp-small"))
        return
    st.download_button(
        say("sql.evidence", rows=numbers.count(count)),
        lambda: result.evidence(range(count)),
        file_name="gridproof.evidence.json",
        mime="application/json",
        on_click="ignore",
        help=say("evidence.help"),
        key="download-evidence",
    )
