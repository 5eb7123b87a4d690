"""Whom a command trusts, and how it tells the next reader to check what it wrote.

1. The policy is the one of `--policy`, else the policy pinned for the network, else nobody's (`chain.trust`). That the
   policy is of another network than what it is to judge is the reader's mistake: exit code 2.
2. With `--record` it is who has signed that export, judged in the same way: what was made before or after a change of
   policy counts if that export's beacon goes with its own.
"""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from chain.errors import ChainError
from chain.policy import parse_policy
from chain.reader import ExportReader
from chain.record import Record, open_record
from chain.trust import ReaderPolicy, pinned_policy, read_policy_file, reader_policy

if TYPE_CHECKING:
    from queries.evidence.document import Document

_EXIT_INPUT = 2
_VALIDATOR = "/validator/"


def policy_for(export: Path, policy: Path | None) -> ReaderPolicy:
    """Rule 1, for an export."""
    if policy is None:
        return reader_policy(export, None)
    return _given_policy(policy, ExportReader(export).manifest().network, "this export")


def policy_or_record(
    document: "Callable[[], Document]", policy: Path | None, record: Path | None
) -> tuple[ReaderPolicy | None, Record | None]:
    """Rules 1 and 2, for evidence: what to hand to `queries.check`."""
    if record is not None:
        try:
            trusted = policy_for(record, policy)
            return None, open_record(record, trusted.text, trusted.source)
        except ChainError as error:
            raise error.at(str(record)) from None
    found = document()
    if policy is not None:
        return _given_policy(policy, found.network, "this file"), None
    return pinned_policy(found.network, lambda: [found.policy.encode()]), None


def how_to_check(command: str, out: Path, export: Path, policy: Path | None, record: Record) -> list[str]:
    """The command that checks `out`, as this reader would give it, and what a reader of an older policy adds."""
    words = ["gridproof", *command.split(), str(out)] + ([] if policy is None else ["--policy", str(policy)])
    anchor = record.anchor
    if anchor.is_readers and anchor.start != len(anchor.policies) - 1:
        words += ["--record", str(export)]
    lines = [f"To check it: {shlex.join(words)}"]
    if len(anchor.policies) > 1:
        lines.append(
            "The network has changed its policy: a reader of an older one adds --record EXPORT, or first runs "
            "`gridproof verify EXPORT --policy POLICY --pin`."
        )
    return lines


def _given_policy(policy: Path, network: str, what: str) -> ReaderPolicy:
    """Rule 1. A policy without a validator's name is left to the rules of `chain.policy`."""
    text = read_policy_file(policy)
    names = [key.name for key in parse_policy(text).witnesses.values()]
    networks = {name.split("/")[1] for name in names if name.startswith("gridproof/") and _VALIDATOR in name}
    if networks and network not in networks:
        own = ", ".join(sorted(networks))
        sys.stderr.write(f"gridproof: {policy}: your policy is for network {own}, {what} is of {network}\n")
        raise typer.Exit(_EXIT_INPUT)
    return ReaderPolicy(text, "policy")
