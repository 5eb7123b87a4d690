"""Tables as HTML: exact strings, right-aligned digits, real links, readable by screen readers and in print.

Long tables are paged where the rows are made: a page asks for `limit` rows from `offset` and hands over the total.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from portal.ui import numbers
from portal.ui.address import Address
from portal.ui.html import NOTHING, Html, join, tag
from portal.ui.words import say

ROWS_PER_PAGE = 50
_KEPT_CHARACTERS = 40

Cell = str | Html


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and how its cells stand."""

    heading: str
    kind: Literal["text", "number", "code", "time"] = "text"


@dataclass(frozen=True, slots=True)
class Pager:
    """Which rows of `total` are shown."""

    name: str
    """Parameter of the address, counting from 1."""
    page: int
    total: int
    size: int = ROWS_PER_PAGE

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


def pager(address: Address, name: str, total: int, size: int = ROWS_PER_PAGE) -> Pager:
    """The page that the address asks for."""
    last = max(1, -(-total // size))
    return Pager(name, address.number(name, 1, last, 1), total, size)


def table(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], label: str, marked: int | None = None) -> Html:
    """A table; `label` is its name for screen readers, `marked` the row that the view is about."""
    head = tag("tr", *(tag("th", column.heading, cls=f"gp-{column.kind}", scope="col") for column in columns))
    body = [
        tag(
            "tr",
            *(tag("td", cell, cls=f"gp-{column.kind}") for column, cell in zip(columns, row, strict=True)),
            cls="gp-marked" if number == marked else None,
        )
        for number, row in enumerate(rows)
    ]
    grid = tag("table", tag("thead", head), tag("tbody", *body), cls="gp-table", aria_label=label)
    return tag("div", grid, cls="gp-scroll", tabindex="0", role="region", aria_label=label)


def paging(address: Address, pages: Pager, drops: Sequence[str] = ()) -> Html:
    """Which rows these are, and links to those before and after."""
    if pages.total <= pages.size:
        return NOTHING
    first, last = pages.offset + 1, min(pages.offset + pages.size, pages.total)
    where = say("table.rows", first=numbers.count(first), last=numbers.count(last), total=numbers.count(pages.total))
    steps = (
        (say("table.first"), 1, pages.page > 1),
        (say("table.previous"), pages.page - 1, pages.page > 1),
        (say("table.next"), pages.page + 1, pages.page < pages.pages),
        (say("table.last"), pages.pages, pages.page < pages.pages),
    )
    links = [
        anchor(word, address.link(drops, **{pages.name: target})) if open_ else tag("span", word, cls="gp-off")
        for word, target, open_ in steps
    ]
    return tag("div", tag("span", where), *links, cls="gp-paging")


def facts(pairs: Iterable[tuple[str, Cell]], label: str) -> Html:
    """Names and values, one pair per line."""
    lines = (tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs)
    return tag("dl", *lines, cls="gp-facts", aria_label=label)


def figures(items: Iterable[tuple[str, str, str]]) -> Html:
    """A few large numbers: (what, value, unit)."""
    boxes = (
        tag(
            "div",
            tag("div", what, cls="gp-what"),
            tag("div", tag("span", value, cls="gp-value"), " ", tag("span", unit, cls="gp-unit")),
            cls="gp-figure",
        )
        for what, value, unit in items
    )
    return tag("div", *boxes, cls="gp-figures")


def anchor(text: str, address: str, cls: str = "") -> Html:
    """A link inside the site; `static/links.html` follows it without loading the page again."""
    return tag("a", text, href=address, cls=f"gp-link {cls}".strip(), target="_self")


def note(text: str | Html, kind: Literal["info", "warn", "error"] = "info", *more: str | Html) -> Html:
    """A sentence that stands out."""
    role = "alert" if kind == "error" else "note"
    return tag("div", text, *more, cls=f"gp-note gp-note-{kind}", role=role)


def literal(text: str) -> Html:
    """A block of text, kept as it is."""
    return tag("pre", text, cls="gp-pre", tabindex="0")


def kept_together(text: str) -> Cell:
    """A short value on one line: codes, accounts and times break nowhere."""
    return tag("span", text, cls="gp-keep") if len(text) <= _KEPT_CHARACTERS else text


def sentences(items: Iterable[str]) -> Html:
    """Paragraphs."""
    return join(tag("p", item, cls="gp-p") for item in items)
