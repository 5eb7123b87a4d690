"""`gridproof verify EXPORT`: recompute everything, name the first thing that is wrong."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from chain.errors import ChainError, ExportError, ProofError
from chain.manifest import WITHHELD, Profile
from chain.record import Record, require_signed_since
from chain.trust import pin_newest
from chain.verify import VerifyReport, open_older, verify_export
from portal.commands.options import AsJson, Policy, ProfileDemanded, SignedSince, Strict, bound_s, require_strict
from portal.commands.progress import progress_bars
from portal.commands.refusal import refuse
from portal.commands.trusted import policy_for
from queries.status import policies_of, status_of


def verify(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The folder that was handed over.")],
    policy: Policy = None,
    strict: Strict = False,
    since: Annotated[
        Path | None, typer.Option(metavar="OLD", help="An older export; prove that EXPORT only appended to it.")
    ] = None,
    signed_since: SignedSince = None,
    pin: Annotated[
        bool,
        typer.Option("--pin", help="If everything holds, trust its newest policy from now on and retire those before."),
    ] = False,
    profile: ProfileDemanded = None,
    as_json: AsJson = False,
) -> None:
    """Verify an export completely: exit 0 only if everything holds; otherwise name the first thing that does not.

    Checked: signatures and quorum, beacon, manifest, tiles; every entry is hashed again and every transaction executed
    again; every table, state, catalogue and index root and every Parquet file must come out byte for byte. Your policy
    is followed to the record's newest, handover by handover. What the export withholds is named; `--profile` says how
    much it may be.
    """
    try:
        given = policy_for(export, policy)
        with progress_bars(shown=not as_json) as progress:
            report = verify_export(export, given.text, given.source, progress)
            _require_profile(report.record, profile)
            require_signed_since(report.record.beacon, bound_s(signed_since))
            older = _since(report.record, since) if since is not None else None
    except ChainError as error:
        if isinstance(error, ExportError) and error.code == "unexpected":
            sentence = f"{error.sentence}; if your own system put it there, remove it"
            error = ExportError(error.code, sentence, error.where)
        refuse(export, error, as_json)
    pinned = _pin(report.record) if pin else None
    if as_json:
        sys.stdout.write(json.dumps(_summary(report, older, pinned), ensure_ascii=False) + "\n")
    else:
        _print(report, older, pinned)
    require_strict(strict, report.record.anchor.is_readers)


def _require_profile(record: Record, demanded: Profile | None) -> None:
    """Who is due the whole record must not take a part of it for the whole: every file of a part is true."""
    if demanded is None or set(WITHHELD[record.profile]) <= set(WITHHELD[demanded]):
        return
    names = ", ".join(f"{name} ({channel.openness})" for name, channel in record.withheld.items())
    sentence = f"the export is of profile {record.profile}, less than {demanded}; it withholds {names or 'no channel'}"
    raise ExportError("profile", sentence)


def _since(new: Record, since: Path) -> Record:
    """The older export, if `new` extends it."""
    try:
        return open_older(new, since)
    except ChainError as error:
        if isinstance(error, ProofError) and error.code == "shrunk":
            sentence = f"{error.sentence}; did you swap the two? It is `gridproof verify NEW --since OLD`"
            raise ProofError(error.code, sentence, str(since)) from None
        raise error.at(str(since)) from None


def _pin(record: Record) -> Path:
    """The reader's decision, once everything holds."""
    try:
        return pin_newest(record.network, record.anchor)
    except ChainError as error:
        sys.stderr.write(f"gridproof: everything holds, but nothing is pinned: {error}\n")
        raise typer.Exit(1) from None


def _summary(report: VerifyReport, older: Record | None, pinned: Path | None) -> dict[str, Any]:
    record = report.record
    status = status_of(record).to_dict()
    return {
        "holds": True,
        "network": record.network,
        "network_id": record.network_id,
        "signers": record.anchor.source,
        "deployment": record.deployment,
        "cosigners": [name for name, _ in record.beacon.cosigners],
        "quorum_time": record.beacon.quorum_time_s,
        "beacon": {"size": record.beacon.checkpoint.size, "root": record.beacon.checkpoint.root.hex()},
        "profile": record.profile,
        "withheld": status["withheld"],
        "policies": status["policies"],
        "trusted_policy": record.anchor.start,
        "survives": {"forks": status["survives_forks"], "silence": status["survives_silence"]},
        "pinned": None if pinned is None else str(pinned),
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


def _print(report: VerifyReport, older: Record | None, pinned: Path | None) -> None:
    console = Console(markup=False)
    shown = "everything that is here" if report.record.withheld else "everything"
    title = f"{report.record.network}: {shown} holds"
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
    if len(report.record.anchor.policies) > 1:
        console.print(_policies(report.record))
    if older is not None:
        console.print(f"extends the older export: nothing before beacon round {len(older.leaves)} was changed")
    for line in status_of(report.record).sentences:
        console.print(line, highlight=False, soft_wrap=True)
    if report.record.withheld:
        console.print("Who is due more refuses this export: `gridproof verify --profile regulator`.", soft_wrap=True)
    if pinned is not None:
        console.print(f"pinned: {pinned}; policies before it are retired", highlight=False, soft_wrap=True)


def _policies(record: Record) -> Table:
    """Every policy of the record, and who handed over to it."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("policy", justify="right")
    table.add_column("since round", justify="right")
    for name in ("validators", "handed over by"):
        table.add_column(name)
    for policy in policies_of(record):
        both = dict.fromkeys((*policy.retiring, *policy.arriving))
        table.add_row(str(policy.number), str(policy.since_round), ", ".join(policy.validators), ", ".join(both))
    return table
