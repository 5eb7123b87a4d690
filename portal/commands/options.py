"""Options that every command on a handed-over record takes, and what they mean (trust rules 1, 5 and 8)."""

import sys
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Annotated

import typer

from chain.manifest import Profile

Policy = Annotated[Path | None, typer.Option("--policy", help="The policy file (C2SP tlog-policy) that you trust.")]

Strict = Annotated[
    bool, typer.Option("--strict", help="Exit 1 unless the signers are trusted through a policy of yours.")
]

SignedSince = Annotated[
    datetime | None,
    typer.Option(
        "--signed-since",
        formats=["%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"],
        metavar="TIME",
        help="Exit 1 if the quorum signed before this, for instance 2026-11-09T00:00+08:00: an old record is stale.",
    ),
]

ExportProfile = Annotated[
    Profile,
    typer.Option(
        "--profile",
        help="Who will read the export: `regulator` everything, `member` not the channels for managers, `public` "
        "only the public ones. Of the others it holds the signed head.",
    ),
]


def bound_s(signed_since: datetime | None) -> int | None:
    """Seconds UTC, as cosignatures carry them."""
    return None if signed_since is None else ceil(signed_since.timestamp())


def require_strict(strict: bool, trusted: bool) -> None:
    """End with 1 where `--strict` was given and no policy of the reader's stands behind the signers."""
    if strict and not trusted:
        sys.stderr.write("gridproof: --strict: the signers are self-asserted, so this is not a verification\n")
        raise typer.Exit(1)
