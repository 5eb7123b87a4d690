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
from typing import Annotated, Any, NoReturn

import typer

import queries
from chain.errors import ChainError, PolicyError
from chain.record import Record, open_record
from chain.text import printable
from chain.trust import ReaderPolicy, pinned_policy, read_policy_file, reader_policy
from portal.commands.options import Policy, SignedSince, Strict, bound_s, require_strict
from queries.evidence.document import parse_document
from queries.evidence.verdict import Verdict

_EXIT_INPUT = 2


def check(
    evidence: Annotated[Path, typer.Argument(metavar="EVIDENCE", help="The file that was handed over.")],
    policy: Policy = None,
    record: Annotated[
        Path | None,
        typer.Option(metavar="EXPORT", help="A newer export, for evidence made under a policy that was replaced."),
    ] = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: Annotated[bool, typer.Option("--json", help="The verdict as JSON.")] = False,
) -> None:
    """Check evidence offline: exit 0 only if all of it holds; otherwise say what does not.

    Every hash, root and signature is recomputed from the file and your policy alone; no export is needed, unless the
    policy has changed since. Included
    means on the record: evidence of this kind does not say that there are no other rows.
    """
    try:
        data = evidence.read_bytes()
        given = None if policy is None else ReaderPolicy(read_policy_file(policy), "policy")
    except (OSError, PolicyError) as error:
        sys.stderr.write(f"gridproof: {error}\n")
        raise typer.Exit(_EXIT_INPUT) from None
    try:
        beside = None if record is None else _opened(record, given)
        trusted = given if given is not None or beside is not None else _pinned(data)
        verdict = queries.check(data, trusted, bound_s(signed_since), beside)
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
    return pinned_policy(document.network, lambda: [document.policy.encode()])


def _opened(export: Path, given: ReaderPolicy | None) -> Record:
    """Rule 1: the export that the evidence is checked beside, by all rules but re-execution."""
    try:
        trusted = given or reader_policy(export, None)
        return open_record(export, trusted.text, trusted.source)
    except ChainError as error:
        raise error.at(str(export)) from None


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
        lines.append(f"{row['channel']} {row['table']} entry {row['entry']} row {row['position']}, {row['time']}")
        lines.append(f"  {row['words']}")
        lines += [f"  public key of {row['account']}: {row['public_key']}"] if row["account"] else []
        lines += [f"  {column.name}: {_shown(row['values'][column.name])} {column.unit}" for column in proven.columns]
    for entry in content["entries"]:
        lines.append(f"{entry['channel']} entry {entry['entry']}, {entry['kind']}, {entry['time']}")
        lines.append(f"  {entry['data']}")
    lines += verdict.sentences
    # Names, codes and texts are a stranger's: on a terminal they must not rewrite what stands around them.
    sys.stdout.write("".join(f"{printable(line.rstrip())}\n" for line in lines))


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)
