"""`gridproof keys credential` and `gridproof keys credential-check`: what a participant has in hand, and who checks it.

1. A credential is checked as its reader will check it before it is written, and what it proves is said.
2. Whom to trust is the reader's choice: `--policy`, else the policy pinned for the network, else nobody: the verdict
   then says `self-asserted` and is never called verified. With `--record` it is who has signed that export.
3. Exit codes: 0 it holds, or it was written · 1 it does not, it is stale, it could not be made, or `--strict` and the
   signers are self-asserted · 2 the command line is wrong.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chain.errors import ChainError, CredentialError
from chain.identity.limits import IDENTITY_LIMITS
from chain.text import printable
from portal.commands.files import read_bounded, read_kind, write_new
from portal.commands.options import AsJson, BesideRecord, Policy, SignedSince, Strict, bound_s, require_strict
from portal.commands.progress import progress_bars
from portal.commands.refusal import refuse
from portal.commands.trusted import how_to_check, policy_for, policy_or_record

if TYPE_CHECKING:
    from queries.credential import CredentialVerdict

# Readers of whole exports bring engines with them: they are imported when one of these commands runs, so that others
# of `gridproof keys` start fast.


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
    from queries.credential import check_credential, make_credential

    if out.is_symlink() or out.exists():
        raise CredentialError("exists", "something is there already; nothing is ever overwritten", str(out))
    given = policy_for(export, policy)
    with (
        progress_bars(shown=not as_json and sys.stderr.isatty()) as progress,
        queries.open(export, given, progress, bound_s(signed_since)) as opened,
    ):
        data = make_credential(opened, account)
        verdict = check_credential(data, record=opened.record)
        how = how_to_check("keys credential-check", out, export, policy, opened.record)
    require_strict(strict, verdict.verified)
    write_new(out, data)
    _say(verdict, as_json)
    if not as_json:
        sys.stdout.write("".join(f"{printable(line)}\n" for line in how))


def credential_check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The credential that was handed over.")],
    policy: Policy = None,
    record: BesideRecord = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: AsJson = False,
) -> None:
    """Check a credential offline: exit 0 only if all of it holds; otherwise say what does not.

    Status and key are those of the last row that it shows, as of that row's block. The holder can leave out a later
    row: whoever must know that the identity was not suspended, revoked or re-keyed since looks into the export.
    """
    from queries.credential import FORMAT, check_credential, evidence_of
    from queries.errors import EvidenceError
    from queries.evidence.document import parse_document

    data = read_kind(file, IDENTITY_LIMITS.credential_bytes_max, FORMAT)
    try:
        trusted, beside = policy_or_record(lambda: parse_document(evidence_of(data)), policy, record)
        verdict = check_credential(data, trusted, bound_s(signed_since), beside)
    except (ChainError, EvidenceError) as error:
        refuse(file, error, as_json)
    _say(verdict, as_json)
    require_strict(strict, verdict.verified)


def read_credential(path: Path) -> bytes:
    """A credential file, of bounded length: it is public, so who else can read it does not matter."""
    return read_bounded(path, IDENTITY_LIMITS.credential_bytes_max)


def _say(verdict: "CredentialVerdict", as_json: bool) -> None:
    content = verdict.to_dict()
    if as_json:
        sys.stdout.write(json.dumps({"holds": True, **content}, ensure_ascii=False) + "\n")
        return
    for name in ("account", "deposit_number", "public_key", "information_hash", "status", "as_of"):
        sys.stdout.write(f"{name.replace('_', ' ')}: {printable(str(content[name]))}\n")
    sys.stdout.write("".join(f"{printable(line)}\n" for line in verdict.sentences))
