"""`gridproof keys credential` and `gridproof keys credential-check`: what a participant has in hand, and who checks it.

1. A credential is checked as its reader will check it before it is written, and what it proves is said.
2. Whom to trust is the reader's choice: `--policy`, else the policy pinned for the network, else nobody: the verdict
   then says `self-asserted` and is never called verified.
3. Exit codes: 0 it holds, or it was written · 1 it does not, it is stale, it could not be made, or `--strict` and the
   signers are self-asserted · 2 the command line is wrong.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from chain.errors import ChainError, CredentialError
from chain.identity.limits import IDENTITY_LIMITS
from chain.text import printable
from portal.commands.options import Policy, SignedSince, Strict, bound_s, require_strict
from portal.commands.progress import progress_bars

if TYPE_CHECKING:
    from chain.trust import ReaderPolicy
    from queries.credential import CredentialVerdict

# Readers of whole exports bring engines with them: they are imported when one of these commands runs, so that others
# of `gridproof keys` start fast.

AsJson = Annotated[bool, typer.Option("--json", help="What it proves as JSON.")]


def credential(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The folder that was handed over.")],
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The participant.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The credential to write; it must not exist.")],
    policy: Policy = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: AsJson = False,
) -> None:
    """Write the credential of ACCOUNT: its identity deposit number, key and hash, with the evidence of them.

    One file that holds without the export, for `gridproof keys credential-check`. It holds no secret.
    """
    import queries
    from chain.trust import reader_policy
    from queries.credential import check_credential, make_credential

    if out.is_symlink() or out.exists():
        raise CredentialError("exists", "something is there already; nothing is ever overwritten", str(out))
    with (
        progress_bars(shown=not as_json and sys.stderr.isatty()) as progress,
        queries.open(export, policy, progress, bound_s(signed_since)) as opened,
    ):
        data = make_credential(opened, account)
    verdict = check_credential(data, reader_policy(export, policy))
    require_strict(strict, verdict.verified)
    _write_new(out, data)
    _say(verdict, as_json)


def credential_check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The credential that was handed over.")],
    policy: Policy = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: AsJson = False,
) -> None:
    """Check a credential offline: exit 0 only if all of it holds; otherwise say what does not.

    The status is that of the checkpoint's time: whoever must know that the identity was not revoked since, asks for a
    newer credential, or looks into the export.
    """
    from queries.credential import check_credential
    from queries.errors import EvidenceError

    data = read_credential(file)
    try:
        verdict = check_credential(data, _trusted(data, policy), bound_s(signed_since))
    except (ChainError, EvidenceError) as error:
        _refuse(file, error.code, error.sentence, error.where, as_json)
    _say(verdict, as_json)
    require_strict(strict, verdict.verified)


def read_credential(path: Path) -> bytes:
    """A credential file, of bounded length: it is public, so who else can read it does not matter."""
    with path.open("rb") as opened:
        return opened.read(IDENTITY_LIMITS.credential_bytes_max + 1)


def _trusted(data: bytes, policy: Path | None) -> "ReaderPolicy":
    """Rule 2."""
    from chain.trust import ReaderPolicy, pinned_policy, read_policy_file
    from queries.credential import evidence_of
    from queries.evidence.document import parse_document

    if policy is not None:
        return ReaderPolicy(read_policy_file(policy), "policy")
    document = parse_document(evidence_of(data))
    return pinned_policy(document.network, lambda: [document.policy.encode()])


def _write_new(path: Path, data: bytes) -> None:
    """Whole or not at all, and only where nothing was."""
    with path.open("xb") as opened:
        try:
            opened.write(data)
            opened.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _refuse(path: Path, code: str, sentence: str, where: str, as_json: bool) -> NoReturn:
    if as_json:
        found = {"code": code, "problem": sentence, "where": where}
        sys.stdout.write(json.dumps({"error": found, "holds": False}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"gridproof: {path} does not hold: {f'{where}: ' if where else ''}{sentence}\n")
    raise typer.Exit(1)


def _say(verdict: "CredentialVerdict", as_json: bool) -> None:
    content = verdict.to_dict()
    if as_json:
        sys.stdout.write(json.dumps({"holds": True, **content}, ensure_ascii=False) + "\n")
        return
    for name in ("account", "deposit_number", "public_key", "information_hash", "status", "as_of"):
        sys.stdout.write(f"{name.replace('_', ' ')}: {printable(str(content[name]))}\n")
    sys.stdout.write("".join(f"{printable(line)}\n" for line in verdict.sentences))
