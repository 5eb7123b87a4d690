"""Options that several commands take, and what they mean; those on a handed-over record: trust rules 1, 5 and 8."""

import sys
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Annotated

import typer

from chain.errors import PolicyError
from chain.manifest import Profile
from chain.trust import read_policy_file


def _readable_policy(policy: Path | None) -> Path | None:
    """A policy that is none is the reader's own mistake, whatever it was to judge: exit code 2."""
    if policy is not None:
        try:
            read_policy_file(policy)
        except PolicyError as error:
            sys.stderr.write(f"gridproof: --policy: {error}\n")
            raise typer.Exit(2) from None
    return policy


Policy = Annotated[
    Path | None,
    typer.Option("--policy", callback=_readable_policy, help="The policy file (C2SP tlog-policy) that you trust."),
]

BesideRecord = Annotated[
    Path | None,
    typer.Option(
        "--record", metavar="EXPORT", help="A newer export, where the network's policy has changed since yours or its."
    ),
]

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

ProfileDemanded = Annotated[
    Profile | None,
    typer.Option(
        "--profile",
        help="Exit 1 unless the export is of this profile or holds more: `regulator` takes nothing but the whole "
        "record, `member` no less than the channels for members.",
    ),
]

AsJson = Annotated[bool, typer.Option("--json", help="The same as JSON.")]

Ledger = Annotated[Path, typer.Argument(metavar="LEDGER", help="The network's ledger folder.")]

Key = Annotated[Path, typer.Option("--key", metavar="KEYSTORE", help="Your keystore file (`gridproof keys`).")]

PasswordFile = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Read the password from there, one line, mode 600; otherwise it is asked for."),
]


def bound_s(signed_since: datetime | None) -> int | None:
    """Seconds UTC, as cosignatures carry them."""
    return None if signed_since is None else ceil(signed_since.timestamp())


def require_strict(strict: bool, trusted: bool) -> None:
    """End with 1 where `--strict` was given and no policy of the reader's stands behind the signers."""
    if strict and not trusted:
        sys.stderr.write("gridproof: --strict: the signers are self-asserted, so this is not a verification\n")
        raise typer.Exit(1)
