"""Everything the site says, in English and Chinese: the table `words.tsv` beside this file, one line per key.

1. The language is the address's `lang`; without it English. Any other value is reported and English taken.
2. A word that the record uses and the table does not know (a newer contract's status, say) is shown as the record
   has it.
3. What is filled in is text: it is never a format itself, and becomes HTML only through `portal.ui.html`.
"""

from functools import cache
from pathlib import Path
from typing import Literal

import streamlit as st

Language = Literal["en", "zh"]

LANGUAGE = "lang"
"""Parameter of every address."""

LANGUAGES: tuple[tuple[Language, str, str], ...] = (("en", "English", "en"), ("zh", "中文", "zh-CN"))
"""Code in the address, name, tag for browsers."""

_TABLE = Path(__file__).with_name("words.tsv")


def language() -> Language:
    """Rule 1."""
    return "zh" if st.query_params.get(LANGUAGE) == "zh" else "en"


def language_problem() -> list[str]:
    """Rule 1: a sentence when the address asks for a language that is not here."""
    given = st.query_params.get(LANGUAGE, "en")
    return [] if given in ("en", "zh") else [say("parameter.choice", name=LANGUAGE, value=given[:40])]


def say(key: str, /, default: str | None = None, **values: str | int) -> str:
    """The words of `key` in the reader's language, `{name}` filled in (rules 2 and 3)."""
    found = words().get(key)
    if found is None:
        return default if default is not None else key.partition(".")[2]
    text = found[1] if language() == "zh" else found[0]
    return text.format_map(values) if values else text


@cache
def words() -> dict[str, tuple[str, str]]:
    """Key → (English, Chinese)."""
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {key: (english, chinese) for key, english, chinese in rows}
