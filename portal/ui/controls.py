"""Widgets whose state is the address: what they show is read from it, what they change is written to it."""

from collections.abc import Callable, Sequence

import streamlit as st

from portal.ui.address import Address, follow
from portal.ui.words import say


def select(
    address: Address,
    name: str,
    label: str,
    options: Sequence[str],
    default: str,
    show: Callable[[str], str] = str,
    drops: Sequence[str] = (),
) -> str:
    """A box to choose one of `options`; `drops` are parameters that only meant something with the old choice."""
    chosen = address.choice(name, options, default)
    key = f"select-{name}"
    st.session_state[key] = chosen
    st.selectbox(label, options, format_func=show, key=key, on_change=follow(address, name, key, drops))
    return chosen


def filtered(
    address: Address,
    name: str,
    label: str,
    options: Sequence[str],
    show: Callable[[str], str] = str,
    drops: Sequence[str] = (),
) -> str:
    """The same with "any" before them, which is the empty string."""

    def shown(option: str) -> str:
        return show(option) if option else say("filter.any")

    return select(address, name, label, ["", *options], "", shown, drops)


def stepper(address: Address, name: str, label: str, last: int, default: int, drops: Sequence[str] = ()) -> int:
    """A slider from 1 to `last`; nothing to slide when there is one step only."""
    chosen = address.number(name, 1, last, default)
    if last > 1:
        key = f"step-{name}-{last}"
        st.session_state[key] = chosen
        st.slider(label, 1, last, key=key, on_change=follow(address, name, key, drops))
    return chosen
