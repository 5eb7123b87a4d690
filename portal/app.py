"""The site: which pages there are. `portal.entry.main` runs `main` for every view.

Started by `gridproof portal`, which hands the export and the policy over in environment variables. Navigation is our
own: Streamlit's drops an address's parameters, and every view here is in its address.
"""

from functools import partial

import streamlit as st

from portal.pages import certificates, ledger, overview, sessions, sql
from portal.ui.frame import PageInfo, run_page
from portal.ui.words import say

PAGES = (
    PageInfo("overview", "", overview.PARAMETERS, overview.page),
    PageInfo("sessions", "sessions", sessions.PARAMETERS, sessions.page),
    PageInfo("certificates", "certificates", certificates.PARAMETERS, certificates.page),
    PageInfo("ledger", "ledger", ledger.PARAMETERS, ledger.page),
    PageInfo("sql", "sql", sql.PARAMETERS, sql.page, sql.LONGEST),
)


def main() -> None:
    """One run of the script."""
    pages = {
        info: st.Page(
            partial(run_page, info, PAGES),
            title=say(f"page.{info.name}"),
            url_path=info.path,
            default=not info.path,
        )
        for info in PAGES
    }
    current = st.navigation(list(pages.values()), position="hidden")
    st.set_page_config(page_title=f"{current.title} · gridproof", page_icon="⚡", layout="wide")
    current.run()
