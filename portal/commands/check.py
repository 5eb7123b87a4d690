"""`gridproof check EVIDENCE`: check one evidence file offline.

1. Whom to trust is the reader's choice: `--policy`, else the policy pinned for the evidence's network, else nobody: the
   verdict then says `self-asserted` and is never called verified.
2. Exit codes: 0 it holds · 1 it does not, or `--strict` and the signers are self-asserted · 2 a file cannot be read.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

import queries
from chain.errors import ChainError, PolicyError
from chain.text import check_name
from chain.trust import read_policy_file, trust_folder
from queries.evidence.document import parse_document
from queries.evidence.verdict import Verdict

_EXIT_INPUT = 2


def check(
    evidence: Annotated[Path, typer.Argument(metavar="EVIDENCE", help="The file that was handed over.")],
    policy: Annotated[Path | None, typer.Option(help="The policy file (C2SP tlog-policy) that you trust.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 unless the signers are trusted through a policy of yours.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The verdict as JSON.")] = False,
) -> None:
    """Check evidence offline: exit 0 only if all of it holds; otherwise say what does not.

    Every hash, root and signature is recomputed from the file and your policy alone; no export is needed. Included
    means on the record: evidence of this kind does not say that there are no other rows.
    """
    try:
        data = evidence.read_bytes()
        given = None if policy is None else read_policy_file(policy)
    except (OSError, PolicyError) as error:
        sys.stderr.write(f"gridproof: {error}\n")
        raise typer.Exit(_EXIT_INPUT) from None
    try:
        trusted = given if given is not None else _pinned(data)
        verdict = queries.check(data, trusted)
    except (ChainError, queries.EvidenceError) as error:
        _refuse(evidence, error, as_json)
    signers = "policy" if given is not None else "pinned" if trusted is not None else "self-asserted"
    if as_json:
        content = {"holds": True, **verdict.to_dict(), "signers": signers}
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
    else:
        _print(verdict, signers)
    if strict and not verdict.verified:
        sys.stderr.write("gridproof: --strict: the signers are self-asserted, so this is not a verification\n")
        raise typer.Exit(1)


def _pinned(evidence: bytes) -> bytes | None:
    """Rule 1: the pinned policy that equals the evidence's; None where nothing is pinned for its network."""
    document = parse_document(evidence)
    folder = trust_folder() / check_name(document.network, "network")
    if not any(folder.glob("*.policy")):
        return None
    pin = folder / f"{sha256(document.policy.encode()).hexdigest()}.policy"
    if not pin.is_file():
        sentence = f"you have pinned another policy for network {document.network} (in {folder})"
        raise PolicyError("pinned-other", f"{sentence}; hand in the policy you trust with --policy", document.network)
    return pin.read_bytes()


def _refuse(path: Path, error: ChainError | queries.EvidenceError, as_json: bool) -> NoReturn:
    if as_json:
        found = {"code": error.code, "problem": error.sentence, "where": error.where}
        sys.stdout.write(json.dumps({"error": found, "holds": False}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"gridproof: {path} does not hold: {error}\n")
    raise typer.Exit(1)


def _print(verdict: Verdict, signers: str) -> None:
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
    words = {
        "policy": "trusted by the policy that you handed in",
        "pinned": "trusted by a policy that you pinned earlier",
    }
    lines.append(f"signers: {words.get(signers, 'self-asserted: only the evidence itself names them')}")
    lines.append(verdict.statement)
    survives = f"{verdict.survives_forks} forking and {verdict.survives_silence} silent validators"
    lines.append(f"the policy survives {survives}, if their keys are really apart")
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in lines))


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)
