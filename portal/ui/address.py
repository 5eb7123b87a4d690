"""The state of a view is its address: read from it strictly, changed through it alone.

1. A page names its parameters; any other, a repeated or an over-long one is reported in a sentence and ignored.
2. A value that is none of the allowed is reported and the default taken: never an error, never shown as anything but
   text.
3. What has been read is remembered in order. A widget that changes one value writes all values read so far, so that
   the address of what is seen is complete; values that depend on the changed one are dropped.
4. Links keep the language and nothing else.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st

from portal.ui.words import LANGUAGE, language, say

Choice = TypeVar("Choice", bound=str)

VALUE_CHARACTERS_MAX = 200
"""A parameter, unless its page says otherwise."""
_SHOWN_CHARACTERS = 40
_NUMBER_DIGITS_MAX = 15


class Address:
    """The parameters of one page, as this run's address has them."""

    def __init__(self, names: Sequence[str], longest: int = VALUE_CHARACTERS_MAX) -> None:
        self.problems: list[str] = []
        """Sentences for the reader (rules 1 and 2)."""
        self.values: dict[str, str] = {}
        """Rule 3."""
        self._given: dict[str, str] = {}
        for name in sorted(st.query_params):
            found = st.query_params.get_all(name)
            if name == LANGUAGE:
                continue
            if name not in names or len(found) != 1 or len(found[0]) > longest:
                self.problems.append(say("parameter.unknown", name=_short(name)))
            else:
                self._given[name] = found[0]

    def text(self, name: str, default: str = "") -> str:
        """Free text; the page decides what it means."""
        return self._keep(name, self._given.get(name, default))

    def choice(self, name: str, options: Sequence[Choice], default: Choice) -> Choice:
        """One of the options."""
        given = self._given.get(name)
        found = next((option for option in options if option == given), None)
        if given is not None and found is None:
            self.problems.append(say("parameter.choice", name=name, value=_short(given)))
        return self._keep(name, default if found is None else found)

    def number(self, name: str, low: int, high: int, default: int) -> int:
        """An integer from `low` to `high`, in its one canonical spelling."""
        given = self._given.get(name)
        found = default
        if given is not None:
            value = int(given) if given.isascii() and given.isdigit() and len(given) <= _NUMBER_DIGITS_MAX else -1
            if str(value) == given and low <= value <= high:
                found = value
            else:
                self.problems.append(say("parameter.number", name=name, value=_short(given), low=low, high=high))
        self._keep(name, str(found))
        return found

    def has(self, name: str) -> bool:
        """Whether the address itself says something about `name`."""
        return name in self._given

    def move(self, name: str, value: str, drops: Sequence[str] = ()) -> None:
        """Rule 3: change one value. For callbacks of widgets, which run before the page does."""
        kept = {key: old for key, old in {**self._given, **self.values}.items() if key not in (*drops, name)}
        fixed = {LANGUAGE: language()} if language() != "en" else {}
        st.query_params.from_dict({**fixed, **kept, name: value})

    def link(self, drops: Sequence[str] = (), **changes: str | int) -> str:
        """The address of this page with some values changed: for an anchor."""
        kept = {key: old for key, old in {**self._given, **self.values}.items() if key not in drops}
        return f"?{_query({**kept, **changes})}"

    def _keep(self, name: str, value: Choice) -> Choice:
        self.values[name] = value
        return value


def page_link(page: str, **values: str | int) -> str:
    """The address of another page (rule 4), relative, so that it works below any base path."""
    query = _query(values)
    return f"./{page}?{query}" if query else f"./{page}"


def language_link(code: str) -> str:
    """This view in another language."""
    values = {name: st.query_params[name] for name in st.query_params if name != LANGUAGE}
    return f"?{urlencode({**values, LANGUAGE: code})}"


def current_query() -> str:
    """This view's parameters, sorted and encoded: its canonical name."""
    return urlencode(sorted((name, value) for name in st.query_params for value in st.query_params.get_all(name)))


def follow(address: Address, name: str, key: str, drops: Sequence[str] = ()) -> Callable[[], None]:
    """A widget's callback: its new value, in session state under `key`, becomes the address's."""

    def moved() -> None:
        value = st.session_state.get(key)
        address.move(name, "" if value is None else str(value), drops)

    return moved


def _query(values: dict[str, str] | dict[str, str | int]) -> str:
    fixed: dict[str, str | int] = {LANGUAGE: language()} if language() != "en" else {}
    return urlencode({**fixed, **values})


def _short(value: str) -> str:
    return value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
