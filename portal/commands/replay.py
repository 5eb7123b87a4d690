"""`gridproof replay EXPORT`: re-execute trading sessions from the record, bit for bit."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from audit import ReplayError, SessionReplay, replay_session, sessions_of
from chain.record import Record, check_segment_files, open_record, require_signed_since
from portal.commands.options import Policy, SignedSince, Strict, bound_s, require_strict
from portal.commands.progress import progress_bars
from portal.commands.trusted import policy_for
from queries.status import status_of, trust_sentences


def replay(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The folder that was handed over.")],
    session: Annotated[
        str | None, typer.Option(help="The session, for instance 350100-2026110212; all of them if not given.")
    ] = None,
    policy: Policy = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
) -> None:
    """Replay sessions and compare every receipt, and so every round, trade, fee and result, with the record.

    The schedule is compared too: a round that was left out, added or played at another time is a difference. Exit 0 if
    all of them come out bit for bit; 1 with the first difference of each that does not.
    """
    given = policy_for(export, policy)
    record = open_record(export, given.text, given.source)
    require_signed_since(record.beacon, bound_s(signed_since))
    # What a session wrote must also be what its tables' files hold, as far as their seals say.
    check_segment_files(record, lambda channel, segment, data: None)
    with progress_bars(shown=not as_json) as progress:
        found = list(_replay_all(record, session, progress))
    if as_json:
        body = {"signers": record.anchor.source, "sessions": [_as_json(one) for one in found]}
        sys.stdout.write(json.dumps(body) + "\n")
    else:
        _print(record, found, alone=session is not None)
    if not all(one.exact for one in found):
        raise typer.Exit(1)
    require_strict(strict, record.anchor.is_readers)


def _replay_all(record: Record, session: str | None, progress: Any) -> list[SessionReplay]:
    work = [
        (index, name) for index in sessions_of(record) for name in index.entries if session is None or name == session
    ]
    if not work:
        raise ReplayError("no-session", f"the export has no session {session!r}", str(record.reader.folder))
    found = []
    for done, (index, name) in enumerate(work, start=1):
        found.append(replay_session(record, index.channel, name, index))
        progress("replay", done, len(work))
    return found


def _as_json(one: SessionReplay) -> dict[str, Any]:
    return {
        "session": one.session,
        "channel": one.channel,
        "exact": one.exact,
        "settled": one.is_settled,
        "entries": len(one.entries),
        "rounds": [
            {
                "round": step.round,
                "status": step.outcome.status,
                "trades": step.outcome.totals.trades,
                "traded_wh": str(step.outcome.totals.quantity_wh),
            }
            for step in one.steps
        ],
        "differences": [
            {"entry": d.entry, "path": d.path, "recorded": d.recorded, "recomputed": d.recomputed}
            for d in one.differences
        ],
    }


def _print(record: Record, found: list[SessionReplay], alone: bool) -> None:
    console = Console(markup=False)
    if alone:
        for step in found[0].steps:
            totals = step.outcome.totals
            console.print(
                f"round {step.round}: {step.outcome.status}, {len(step.outcome.moves.entry)} orders moved by λ, "
                f"{totals.trades} trades, {totals.quantity_wh:,} Wh",
                highlight=False,
            )
    exact = sum(one.exact for one in found)
    console.print(f"{exact} of {len(found)} sessions come out bit for bit", highlight=False)
    different = [(one, one.differences[0]) for one in found if not one.exact]
    if different:
        table = Table("session", "entry", "member", "on the record", "re-executed")
        for one, first in different:
            table.add_row(one.session, str(first.entry), first.path, first.recorded, first.recomputed)
        console.print(table)
    for line in trust_sentences(status_of(record)):
        console.print(line, highlight=False, soft_wrap=True)
