"""Downloads: answers as files, and evidence that others can check without us.

Files are made when they are asked for, in memory; what could not be made is said on the page.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from portal.ui.html import show
from portal.ui.site import Site
from portal.ui.tables import note
from portal.ui.words import say
from queries.result import Result


def csv_of(result: Result) -> bytes:
    """CSV with a byte order mark, as `queries.output` defines it."""
    return _through_file(result.csv, "result.csv")


def parquet_of(result: Result) -> bytes:
    """Parquet with every type kept."""
    return _through_file(result.parquet, "result.parquet")


def evidence_button(site: Site, table: str, rows: Sequence[dict[str, Any]], file_name: str) -> None:
    """Evidence for rows that carry channel, entry and position, or for log entries (table ""); made when asked for."""
    places = [(table, row["channel"], row["entry"], row["position"]) for row in rows]
    if any(table and entry >= site.channel(channel).sealed_to for _, channel, entry, _ in places):
        show(note(say("evidence.unsealed"), "warn"))
        return
    st.download_button(
        say("evidence.download"),
        lambda: site.export.evidence(places),
        file_name=file_name,
        mime="application/json",
        help=say("evidence.help"),
        on_click="ignore",
        key=f"evidence-{file_name}",
    )


def _through_file(write: Callable[[Path], Path], name: str) -> bytes:
    """Results write files; the page wants bytes."""
    with tempfile.TemporaryDirectory(prefix="gridproof-portal-") as folder:
        return write(Path(folder) / name).read_bytes()
