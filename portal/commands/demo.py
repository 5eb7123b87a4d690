"""`gridproof demo`: a week of trading, verified, in the browser."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from chain.reader import ExportReader
from chain.trust import reader_policy
from chain.verify import verify_export
from portal.commands.portal_command import serve
from portal.commands.progress import progress_bars
from portal.commands.simulate import Place, require_free, run_simulation, secret_of
from queries.status import status_of, trust_sentences
from sample_data import SAMPLE_FILES, read_inputs
from sample_data.network_setup import MarketSettings


def demo(
    out: Annotated[Path, typer.Option(help="Where to put the export; kept for the next time.")] = Path("demo-export"),
    days: Annotated[int, typer.Option(min=1, max=7, help="Days to simulate.")] = 7,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the site, on this machine only.")] = 8501,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser on it.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Simulate anew, with new keys.")] = False,
) -> None:
    """Simulate a week of the sample region, verify the export completely, and open the site on it.

    The export is kept: the next demo verifies it again and opens at once. Stop the site with Ctrl-C.
    """
    place = Place(out)
    if fresh and out.exists():
        _put_aside(place)
    if not out.exists():
        require_free(place)
        with progress_bars() as progress:
            run_simulation(
                place, read_inputs(*SAMPLE_FILES), MarketSettings(days=days), secret_of(None), progress, pins=True
            )
    given = reader_policy(out, None)
    with progress_bars() as progress:
        report = verify_export(out, given.text, given.source, progress)
    entries = sum(summary.entries for summary in report.channels)
    sys.stdout.write(f"recomputed: {entries:,} entries in {len(report.channels)} channels, {report.files:,} files\n")
    sys.stdout.write("".join(f"{line}\n" for line in trust_sentences(status_of(report.record))))
    serve(out, None, port, browser=browser)


def _put_aside(place: Place) -> None:
    """Make room without deleting anything: what is there gets the first free name `<name>.<n>`."""
    ExportReader(place.export).manifest()
    number = next(n for n in range(1, 1_000_000) if not os.path.lexists(f"{place.export}.{n}"))
    for path in (place.export, place.policy, place.notes):
        if os.path.lexists(path):
            os.rename(path, f"{place.export}.{number}{path.name.removeprefix(place.export.name)}")
    sys.stderr.write(f"the export that was there is now {place.export}.{number}\n")
