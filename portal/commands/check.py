"""`gridproof check EVIDENCE`: check one evidence file offline.

1. Whom to trust is the reader's choice: `--policy`, else the policy pinned for the evidence's network, else nobody: the
   verdict then says `self-asserted` and is never called verified.
2. Exit codes: 0 it holds · 1 it does not, it is stale, or `--strict` and the signers are self-asserted · 2 a file
   cannot be read.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

import queries
from chain.errors import ChainError, PolicyError
from chain.text import printable
from chain.trust import ReaderPolicy, pinned_policy, read_policy_file
from portal.commands.options import Policy, SignedSince, Strict, bound_s, require_strict
from queries.evidence.document import parse_document
from queries.evidence.verdict import Verdict

_EXIT_INPUT = 2


def check(
    evidence: Annotated[Path, typer.Argument(metavar="EVIDENCE", help="The file that was handed over.")],
    policy: Policy = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: Annotated[bool, typer.Option("--json", help="The verdict as JSON.")] = False,
) -> None:
    """Check evidence offline: exit 0 only if all of it holds; otherwise say what does not.

    Every hash, root and signature is recomputed from the file and your policy alone; no export is needed. Included
    means on the record: evidence of this kind does not say that there are no other rows.
    """
    try:
        data = evidence.read_bytes()
        given = None if policy is None else ReaderPolicy(read_policy_file(policy), "policy")
    except (OSError, PolicyError) as error:
        sys.stderr.write(f"gridproof: {error}\n")
        raise typer.Exit(_EXIT_INPUT) from None
    try:
        verdict = queries.check(data, given or _pinned(data), bound_s(signed_since))
    except (ChainError, queries.EvidenceError) as error:
        _refuse(evidence, error, as_json)
    if as_json:
        sys.stdout.write(json.dumps({"holds": True, **verdict.to_dict()}, ensure_ascii=False) + "\n")
    else:
        _print(verdict)
    require_strict(strict, verdict.verified)


def _pinned(evidence: bytes) -> ReaderPolicy:
    """Rule 1."""
    document = parse_document(evidence)
    return pinned_policy(document.network, document.policy.encode)


def _refuse(path: Path, error: ChainError | queries.EvidenceError, as_json: bool) -> NoReturn:
    if as_json:
        found = {"code": error.code, "problem": error.sentence, "where": error.where}
        sys.stdout.write(json.dumps({"error": found, "holds": False}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"gridproof: {path} does not hold: {error}\n")
    raise typer.Exit(1)


def _print(verdict: Verdict) -> None:
    """Each proven thing with its content, then what that is worth."""
    content: dict[str, Any] = verdict.to_dict()
    lines: list[str] = []
    for row, proven in zip(content["rows"], verdict.rows, strict=True):
        signed = f", signed by {row['account']}" if row["account"] else ""
        lines.append(f"{row['channel']} {row['table']} entry {row['entry']} row {row['position']}, {row['time']}")
        lines.append(f"  {row['proof']}, {row['receipt']} ({row['code']}){signed}; sealed by entry {row['seal']}")
        lines += [f"  {column.name}: {_shown(row['values'][column.name])} {column.unit}" for column in proven.columns]
    for entry in content["entries"]:
        lines.append(f"{entry['channel']} entry {entry['entry']}, {entry['kind']}, {entry['time']}")
        lines.append(f"  {entry['data']}")
    lines += verdict.sentences
    # Names, codes and texts are a stranger's: on a terminal they must not rewrite what stands around them.
    sys.stdout.write("".join(f"{printable(line.rstrip())}\n" for line in lines))


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)
