"""`gridproof prove EXPORT CHANNEL ENTRY TABLE ROW OUT`: evidence for one row, under a root with a name.

1. The record is opened as for every reader: signatures, quorum, logs, seals; of the tables' files only the one that
   holds the row is read, and compared with its seal first.
2. The file is checked as its reader will check it before it is written, and what it proves is said.
3. Exit codes: 0 written · 1 the export does not hold or is stale, or `--strict` and the signers are self-asserted ·
   2 it has no such row under that root. But for 0 nothing is written.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

import queries
from chain.errors import ProofError
from chain.record import Record, open_record, require_signed_since
from chain.row_proof import RowRoot
from chain.seals import SealedSegment, check_segment_file
from chain.text import printable
from portal.commands.files import require_free, write_new
from portal.commands.options import Policy, SignedSince, Strict, bound_s, require_strict
from portal.commands.trusted import how_to_check, policy_for
from queries.evidence.build import build_evidence

_EXIT_INPUT = 2


def prove(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The folder that was handed over.")],
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="The channel, for instance area-350100.")],
    entry: Annotated[int, typer.Argument(metavar="ENTRY", help="The entry of its log that wrote the row.")],
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The table, for instance orders_submitted.")],
    row: Annotated[int, typer.Argument(metavar="ROW", help="The row's position among those of the entry, from 0.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The evidence file to write; it must not exist.")],
    root: Annotated[
        RowRoot, typer.Option("--root", help="What to prove: that it was signed, written by a call, or sealed.")
    ] = "sealed",
    policy: Policy = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: Annotated[bool, typer.Option("--json", help="What the file proves, as JSON.")] = False,
) -> None:
    """Prove one row of a batch or table, alone, and write the proof to OUT for `gridproof check`.

    The root that the row is shown to lie under has a name. submitted: the author of a batch signed it, whether the call
    was accepted or rejected. written: an accepted call wrote it. sealed: it stands in a sealed file of the table.
    """
    if not table:
        sys.stderr.write("gridproof: TABLE is empty: name a table, for instance orders_submitted\n")
        raise typer.Exit(_EXIT_INPUT)
    require_free(out)
    given = policy_for(export, policy)
    record = open_record(export, given.text, given.source)
    require_signed_since(record.beacon, bound_s(signed_since))
    require_strict(strict, record.anchor.is_readers)
    try:
        evidence = build_evidence(record, [(table, channel, entry, row)], _read, root)
    except (queries.EvidenceError, ProofError) as error:
        sys.stderr.write(f"gridproof: {error}\n")
        raise typer.Exit(_EXIT_INPUT) from None
    verdict = queries.check(evidence, record=record)
    write_new(out, evidence)
    if as_json:
        sys.stdout.write(json.dumps(verdict.to_dict(), ensure_ascii=False) + "\n")
    else:
        proven = f"{channel} {table} entry {entry} row {row} {verdict.rows[0].words}."
        size = f"{out}: {len(evidence):,} bytes."
        lines = (proven, *verdict.sentences, size, *how_to_check("check", out, export, policy, record))
        sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))


def _read(record: Record, segment: SealedSegment) -> bytes:
    """Rule 1."""
    return check_segment_file(record.reader, segment)
