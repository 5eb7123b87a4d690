"""HTML that cannot be injected into.

1. Text becomes HTML in `tag` and `join` alone, and there every `str` is escaped; only an `Html` passes as it is, and
   only they make one.
2. Nothing else here or in a page joins text into HTML. So a name from the record is shown letter by letter, whatever
   it says.
3. Attributes are escaped too. Addresses are built by `portal.ui.address`, never taken from the record.
"""

from collections.abc import Iterable
from html import escape

import streamlit as st

_VOID = frozenset({"br", "hr", "col"})


class Html(str):
    """Markup made by `tag` or `join`."""

    __slots__ = ()


NOTHING = Html("")


def tag(name: str, /, *children: str | Html | None, **attributes: str | int | None) -> Html:
    """`<name …>children</name>`. `cls` is the attribute class; `_` in a name is `-`; None leaves one out."""
    given = "".join(
        f' {_attribute(key)}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{''.join(map(_safe, children))}</{name}>")


def join(parts: Iterable[str | Html | None], between: str | Html = NOTHING) -> Html:
    """Parts side by side, texts escaped."""
    return Html(_safe(between).join(_safe(part) for part in parts))


def show(*parts: Html) -> None:
    """Put markup on the page. Streamlit sanitises it once more."""
    st.html(join(parts))


def _attribute(key: str) -> str:
    return "class" if key == "cls" else key.rstrip("_").replace("_", "-")


def _safe(child: str | Html | None) -> str:
    if child is None:
        return ""
    return str(child) if isinstance(child, Html) else escape(child, quote=True)
