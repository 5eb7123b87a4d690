"""Around every page: heading, navigation, language, the record's badge; and what happens when something goes wrong.

1. A page never shows a traceback. Our own errors are shown as their sentence and code; anything else is logged with a
   reference number, and the page shows that number.
2. What the address got wrong is said in sentences above the page.
3. The sidebar says whose word the record is before anything is read from it.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from chain.errors import ChainError
from portal.ui.address import Address, current_query, language_link, page_link
from portal.ui.badge import standing_badge
from portal.ui.html import join, show, tag
from portal.ui.opening import forget_openings, opened_site
from portal.ui.site import Site
from portal.ui.tables import anchor, note
from portal.ui.words import LANGUAGES, language, language_problem, say
from queries.errors import QueriesError

_STATIC = Path(__file__).resolve().parent.parent / "static"
_LOG = logging.getLogger("gridproof.portal")


@dataclass(frozen=True, slots=True)
class PageInfo:
    """A page of the site."""

    name: str
    """In words and in the address; the first page's address is the root."""
    path: str
    parameters: tuple[str, ...]
    """Everything that its address may say."""
    show: Callable[[Site, Address], None]
    longest: int = 200
    """Characters of one parameter."""


def run_page(page: PageInfo, pages: Sequence[PageInfo]) -> None:
    """Rules 1–3."""
    st.html(_STATIC / "portal.css")
    st.html(_STATIC / "links.html", unsafe_allow_javascript=True)
    with st.sidebar:
        _navigation(page, pages)
        standing = st.container()
    show(tag("h1", say(f"page.{page.name}"), cls="gp-h1", lang=_lang()))
    above = st.container()
    address = Address(page.parameters, page.longest)
    try:
        site = opened_site()
        with standing:
            _standing(site)
        page.show(site, address)
    except (ChainError, QueriesError, OSError) as error:
        _explain(error)
    except Exception as error:  # noqa: BLE001 - rule 1: logged with its traceback, shown as a reference
        _unexpected(error)
    problems = [*language_problem(), *address.problems]
    if problems:
        with above:
            show(*(note(problem, "warn") for problem in problems))
    # What waits for a view (a test, a printing service) can tell that this one is complete, and which one it is.
    show(tag("span", cls="gp-done", hidden="hidden", data_address=f"{page.path}?{current_query()}"))


def _navigation(current: PageInfo, pages: Sequence[PageInfo]) -> None:
    brand = tag("div", "gridproof", tag("span", say("site.subtitle"), cls="gp-subtitle"), cls="gp-brand")
    links = [
        tag(
            "a",
            say(f"page.{page.name}"),
            href=page_link(page.path),
            target="_self",
            cls="gp-link gp-nav" + (" gp-here" if page is current else ""),
            aria_current="page" if page is current else None,
        )
        for page in pages
    ]
    choices = [
        tag("span", word, cls="gp-here", aria_current="true", lang=tongue)
        if code == language()
        else tag("a", word, href=language_link(code), target="_self", cls="gp-link", lang=tongue)
        for code, word, tongue in LANGUAGES
    ]
    show(
        brand,
        tag("nav", *links, aria_label=say("site.pages"), lang=_lang()),
        tag("div", join(choices, " · "), cls="gp-languages", aria_label=say("site.language")),
    )


def _standing(site: Site) -> None:
    """Rule 3."""
    show(
        tag("div", tag("span", say("site.network"), cls="gp-what"), " ", site.status.network, cls="gp-network"),
        tag("div", standing_badge(site.status), cls="gp-standing", lang=_lang()),
        anchor(say("site.who-signed"), page_link(""), "gp-small"),
    )


def _explain(error: ChainError | QueriesError | OSError) -> None:
    """Rule 1 for what we know."""
    if isinstance(error, OSError):
        sentence, code = say("error.system", reason=error.strerror or ""), "portal-system"
    else:
        sentence, code = str(error), error.code
    show(note(sentence, "error", tag("div", say("error.code", code=code), cls="gp-code-line")))
    st.button(say("error.again"), on_click=forget_openings)


def _unexpected(error: Exception) -> None:
    """Rule 1 for what we do not."""
    reference = secrets.token_hex(4)
    _LOG.error("page failed, reference %s", reference, exc_info=error)
    sentence = say("error.unexpected")
    line = tag("div", say("error.reference", code="portal-unexpected", reference=reference), cls="gp-code-line")
    show(note(sentence, "error", line))


def _lang() -> str:
    return "zh-CN" if language() == "zh" else "en"
