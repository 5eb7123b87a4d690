"""`gridproof verify EXPORT`: recompute everything, name the first thing that is wrong."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from chain.errors import ChainError
from chain.record import Record, open_record, require_signed_since
from chain.trust import ReaderPolicy, reader_policy
from chain.verify import VerifyReport, verify_export, verify_since
from portal.commands.options import Policy, SignedSince, Strict, bound_s, require_strict
from portal.commands.progress import progress_bars
from queries.status import status_of, trust_sentences


def verify(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The folder that was handed over.")],
    policy: Policy = None,
    strict: Strict = False,
    since: Annotated[
        Path | None, typer.Option(metavar="OLD", help="An older export; prove that EXPORT only appended to it.")
    ] = None,
    signed_since: SignedSince = None,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Verify an export completely: exit 0 only if everything holds; otherwise name the first thing that does not.

    Checked: signatures and quorum, beacon, manifest, tiles; every entry is hashed again and every transaction executed
    again; every table, state, catalogue and index root and every Parquet file must come out byte for byte.
    """
    try:
        given = reader_policy(export, policy)
        with progress_bars(shown=not as_json) as progress:
            report = verify_export(export, given.text, given.source, progress)
            require_signed_since(report.record.beacon, bound_s(signed_since))
            older = _since(report.record, since, given) if since is not None else None
    except ChainError as error:
        _refuse(export, error, as_json)
    if as_json:
        sys.stdout.write(json.dumps(_summary(report, older)) + "\n")
    else:
        _print(report, older)
    require_strict(strict, report.record.anchor.is_readers)


def _since(new: Record, since: Path, given: ReaderPolicy) -> Record:
    """The older export, opened under the same policy, if `new` extends it."""
    try:
        older = open_record(since, given.text, given.source)
    except ChainError as error:
        raise error.at(str(since)) from None
    verify_since(new, older)
    return older


def _refuse(export: Path, error: ChainError, as_json: bool) -> None:
    if as_json:
        found = {"code": error.code, "where": error.where, "problem": error.sentence}
        sys.stdout.write(json.dumps({"export": str(export), "holds": False, "error": found}) + "\n")
    else:
        prefix = "" if error.code == "no-export" else f"{export} does not hold: "
        sys.stderr.write(f"gridproof: {prefix}{error}\n")
    raise typer.Exit(1)


def _summary(report: VerifyReport, older: Record | None) -> dict[str, Any]:
    record = report.record
    return {
        "holds": True,
        "network": record.network,
        "network_id": record.network_id,
        "signers": record.anchor.source,
        "deployment": record.deployment,
        "cosigners": [name for name, _ in record.beacon.cosigners],
        "quorum_time": record.beacon.quorum_time_s,
        "beacon": {"size": record.beacon.checkpoint.size, "root": record.beacon.checkpoint.root.hex()},
        "files": report.files,
        "channels": [
            {
                "channel": summary.channel,
                "entries": summary.entries,
                "blocks": summary.blocks,
                "transactions": summary.transactions,
                "rejected": summary.rejected,
                "triggers": summary.triggers,
                "segments": summary.segments,
                "rows": summary.rows,
            }
            for summary in report.channels
        ],
        "extends": None if older is None else {"beacon_size": older.beacon.checkpoint.size, "network": older.network},
    }


def _print(report: VerifyReport, older: Record | None) -> None:
    console = Console(markup=False)
    title = f"{report.record.network}: everything holds"
    table = Table(title=title, box=None, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column("channel", no_wrap=True)
    for name in ("entries", "blocks", "signed", "rejected", "triggers", "segments", "rows"):
        table.add_column(name, justify="right")
    for summary in report.channels:
        numbers = (
            summary.entries, summary.blocks, summary.transactions, summary.rejected, summary.triggers,
            summary.segments, summary.rows,
        )  # fmt: skip
        table.add_row(summary.channel, *(f"{number:,}" for number in numbers))
    console.print(table)
    console.print(
        f"{report.files:,} files, every entry executed again, every table file byte for byte as sealed", soft_wrap=True
    )
    if older is not None:
        console.print(f"extends the older export: nothing before beacon round {len(older.leaves)} was changed")
    for line in trust_sentences(status_of(report.record)):
        console.print(line, highlight=False, soft_wrap=True)
