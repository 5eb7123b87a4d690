"""`gridproof check EVIDENCE`: check one evidence file offline.

1. Whom to trust is the reader's choice: `--policy`, else the policy pinned for the evidence's network, else nobody: the
   verdict then says `self-asserted` and is never called verified. With `--record` it is who has signed that export,
   judged in the same way: evidence from before a change of policy counts if that export's beacon begins with its own.
2. Exit codes: 0 it holds · 1 it does not, it is stale, or `--strict` and the signers are self-asserted · 2 a file
   cannot be read.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import queries
from chain.calendar import utc_text
from chain.errors import ChainError
from chain.limits import LIMITS
from chain.schema import Column
from chain.text import printable
from portal.commands.files import read_kind
from portal.commands.options import AsJson, BesideRecord, Policy, SignedSince, Strict, bound_s, require_strict
from portal.commands.refusal import refuse
from portal.commands.trusted import policy_or_record
from queries.evidence.document import FORMAT, parse_document
from queries.evidence.verdict import Verdict
from queries.limits import QUERY_LIMITS


def check(
    evidence: Annotated[Path, typer.Argument(metavar="EVIDENCE", help="The file that was handed over.")],
    policy: Policy = None,
    record: BesideRecord = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: AsJson = False,
) -> None:
    """Check evidence offline: exit 0 only if all of it holds; otherwise say what does not.

    Every hash, root and signature is recomputed from the file and your policy alone; no export is needed, unless the
    policy has changed since. Included means on the record: evidence of this kind does not say that there are no other
    rows.
    """
    data = read_kind(evidence, QUERY_LIMITS.evidence_bytes_max, FORMAT)
    try:
        trusted, beside = policy_or_record(lambda: parse_document(data), policy, record)
        verdict = queries.check(data, trusted, bound_s(signed_since), beside)
    except (ChainError, queries.EvidenceError) as error:
        refuse(evidence, error, as_json)
    if as_json:
        sys.stdout.write(json.dumps({"holds": True, **verdict.to_dict()}, ensure_ascii=False) + "\n")
    else:
        _print(verdict)
    require_strict(strict, verdict.verified)


def _print(verdict: Verdict) -> None:
    """Each proven thing with its content, then what that is worth."""
    content: dict[str, Any] = verdict.to_dict()
    lines: list[str] = []
    for row, proven in zip(content["rows"], verdict.rows, strict=True):
        lines.append(f"{row['channel']} {row['table']} entry {row['entry']} row {row['position']}, {row['time']}")
        lines.append(f"  {row['words']}")
        lines += [f"  public key of {row['account']}: {row['public_key']}"] if row["account"] else []
        lines += [f"  {column.name}: {_shown(row['values'][column.name], column)}" for column in proven.columns]
    for entry in content["entries"]:
        lines.append(f"{entry['channel']} entry {entry['entry']}, {entry['kind']}, {entry['time']}")
        lines.append(f"  {entry['data']}")
    lines += verdict.sentences
    # Names, codes and texts are a stranger's: on a terminal they must not rewrite what stands around them.
    sys.stdout.write("".join(f"{printable(line.rstrip())}\n" for line in lines))


def _shown(value: Any, column: Column) -> str:
    """With its unit where it is a quantity; what a schema says of texts, code lists above all, belongs to no value."""
    if value is None:
        return "null"
    if column.type == "time" and type(value) is int and 0 <= value <= LIMITS.time_ms_max:
        return utc_text(value)
    is_quantity = column.type in ("int", "decimal") and column.unit
    return f"{value} {column.unit}" if is_quantity else str(value)
