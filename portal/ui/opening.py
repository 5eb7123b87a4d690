"""Opening an export for the site: once per process, in a thread of its own, with its progress to be seen.

1. Every reader of the same bytes (folder, policy file, and what both say now) shares one opening and what came of it.
2. Opening verifies: signatures, logs, seals, catalogue, every file. What fails is kept as the error that it is, and can
   be tried again.
"""

import hashlib
import threading
from pathlib import Path

import streamlit as st

from chain.errors import ChainError, ExportError
from chain.layout import BEACON, CHECKPOINT, log_path
from portal.ui.place import Place, configured_place
from portal.ui.site import Site, open_site
from portal.ui.words import say
from queries.errors import QueriesError

_POLL_SECONDS = 0.1
_PHASES = ("open", "table files")


class Opening:
    """One attempt at rule 2."""

    def __init__(self, place: Place) -> None:
        self.site: Site | None = None
        self.error: ChainError | QueriesError | OSError | None = None
        self.progress: tuple[str, int, int] = ("", 0, 0)
        self.done = threading.Event()
        self._place = place
        threading.Thread(target=self._run, name="open export", daemon=True).start()

    def _run(self) -> None:
        try:
            self.site = open_site(self._place.export, self._place.policy, self._report)
        except (ChainError, QueriesError, OSError) as error:
            self.error = error
        finally:
            self.done.set()

    def _report(self, what: str, done: int, total: int) -> None:
        self.progress = (what, done, total)


@st.cache_resource(max_entries=2, show_spinner=False)
def _opening(export: str, policy: str | None, fingerprint: str) -> Opening:  # noqa: ARG001 - part of the key
    """Rule 1; the arguments are the key."""
    return Opening(Place(Path(export), Path(policy) if policy else None))


def opened_site() -> Site:
    """The site's data; shows progress until they are there. Raises what opening raised."""
    place = configured_place()
    policy = str(place.policy) if place.policy else None
    opening = _opening(str(place.export), policy, _fingerprint(place))
    if not opening.done.is_set():
        _show_progress(opening)
    if opening.site is None:
        raise opening.error or ExportError("portal-open", "opening ended without a result", str(place.export))
    return opening.site


def forget_openings() -> None:
    """Rule 2: try again at the next run."""
    _opening.clear()


def _fingerprint(place: Place) -> str:
    """Changes when the export's newest checkpoint or the policy file does."""
    digest = hashlib.sha256()
    for path in (place.export / log_path(BEACON, CHECKPOINT), place.policy):
        try:
            digest.update(b"" if path is None else path.read_bytes())
        except OSError:
            digest.update(b"missing")
        digest.update(b"\0")
    return digest.hexdigest()


def _show_progress(opening: Opening) -> None:
    bar = st.progress(0.0, text=say("opening.start"))
    while not opening.done.wait(_POLL_SECONDS):
        what, done, total = opening.progress
        phase = next((number for number, name in enumerate(_PHASES) if what.startswith(name)), None)
        if phase is None or not total:
            continue
        share = (phase + min(done / total, 1.0)) / len(_PHASES)
        bar.progress(share, text=say(f"opening.{_PHASES[phase].replace(' ', '-')}", done=done, total=total))
    bar.empty()
