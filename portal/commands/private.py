"""`gridproof private …`: private fields sealed to named readers, one of them shown to a third party, all of it erased.

1. Whose key opens something is said with `--key`, a keystore file of `gridproof keys`, opened by its password.
2. A reader is an account. Their key comes from the record (`--export`, which a policy of the caller's must vouch for:
   "self-asserted" otherwise), or is spelt out as ACCOUNT=KEY.
3. What is printed of private values goes to standard output, and only by `open` and `check`. Errors never quote any.
"""

import json
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.calendar import utc_text
from chain.errors import ChainError, LimitError, ParseError, PrivateError
from chain.imports import GOVERNANCE
from chain.limits import LIMITS
from chain.participants_on_record import TABLE
from chain.private.disclosure import (
    FORMAT,
    Disclosure,
    disclose,
    encode_disclosure,
    parse_disclosure,
    verify_disclosure,
)
from chain.private.on_record import RecordedHash, reader_on_record, recorded_hashes
from chain.private.record import PrivateRecord, information_hash, make_record
from chain.private.sealed import Reader, SealedHeader, grant, open_sealed, read_header, seal, withdraw
from chain.private.vault import Vault
from chain.record import Record, open_record, require_signed_since
from chain.secret_file import create_secret_file
from chain.text import printable
from chain.transaction import Signer
from portal.commands.clock import system_clock
from portal.commands.files import read_kind
from portal.commands.keystores import open_keystore
from portal.commands.options import AsJson, Key, PasswordFile, Policy, SignedSince, Strict, bound_s, require_strict
from portal.commands.private_fields import read_fields
from portal.commands.refusal import refuse
from portal.commands.trusted import policy_for
from queries.status import status_of, trust_sentences

_EXIT_INPUT = 2

private = typer.Typer(
    help="Private fields: sealed to named readers, shown one by one, erased. On the record is one salted hash of them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="The account that the private record is about.")]
VaultFolder = Annotated[Path, typer.Option("--vault", metavar="FOLDER", help="The folder that keeps the sealed files.")]
Export = Annotated[Path | None, typer.Option("--export", help="The export where readers' keys are looked up.")]


@private.command("seal")
def seal_(
    fields: Annotated[Path, typer.Argument(metavar="FIELDS", help="A .json or .toml file: name = value.")],
    subject: Annotated[str, typer.Option("--subject", metavar="ACCOUNT", help="The account that it is about.")],
    reader: Annotated[list[str], typer.Option(metavar="ACCOUNT[=KEY]", help="Who may read it; once per reader.")],
    vault: VaultFolder,
    export: Export = None,
    policy: Policy = None,
    signed_since: SignedSince = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the record of that account.")] = False,
    as_json: AsJson = False,
) -> None:
    """Seal a file of private fields to its readers and print the information hash that goes on the record.

    FIELDS itself is left as it is: remove it once the record is sealed.
    """
    record = _record_of(fields, subject)
    readers = _readers(reader, export, policy, signed_since)
    with Vault(vault, create=True) as opened:
        before = read_header(opened.read(subject)).version if subject in opened.subjects() else 0
        if before and not replace:
            raise PrivateError("exists", f"there is a record of {subject}; --replace gives it up", str(vault))
        header = opened.put(seal(record, readers, secrets.token_bytes, before + 1))
    _tell(header, as_json)


@private.command("open")
def open_(
    subject: Subject,
    vault: VaultFolder,
    key: Key,
    password_file: PasswordFile = None,
    field: Annotated[list[str] | None, typer.Option(help="Print this field only; may be repeated.")] = None,
) -> None:
    """Print the fields of a private record that is sealed to you, as JSON."""
    record = _opened(vault, subject, open_keystore(key, password_file))
    wanted = disclose(record, field or list(record.values))
    values = {one.content.name: one.content.value for one in wanted.fields}
    content = {"fields": values, "information_hash": information_hash(record), "subject": subject}
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


@private.command("grant")
def grant_(
    subject: Subject,
    reader: Annotated[str, typer.Option(metavar="ACCOUNT[=KEY]", help="Who may read it from now on.")],
    vault: VaultFolder,
    key: Key,
    password_file: PasswordFile = None,
    export: Export = None,
    policy: Policy = None,
    signed_since: SignedSince = None,
    as_json: AsJson = False,
) -> None:
    """Let one more account read a private record, or an account with its new key. You must be a reader yourself."""
    (granted,) = _readers([reader], export, policy, signed_since)
    seed = open_keystore(key, password_file).seed
    with Vault(vault) as opened:
        header = opened.put(grant(opened.read(subject), seed, granted, secrets.token_bytes))
    _tell(header, as_json)


@private.command("withdraw")
def withdraw_(
    subject: Subject,
    reader: Annotated[str, typer.Option(metavar="ACCOUNT", help="Who may read it no more.")],
    vault: VaultFolder,
    key: Key,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Seal a private record anew, under a new key, without one of its readers.

    What they have read or copied they keep: nothing can undo that.
    """
    seed = open_keystore(key, password_file).seed
    with Vault(vault) as opened:
        header = opened.put(withdraw(opened.read(subject), seed, reader, secrets.token_bytes))
    _tell(header, as_json)


@private.command("disclose")
def disclose_(
    subject: Subject,
    field: Annotated[list[str], typer.Option(help="Field to show; may be repeated.")],
    out: Annotated[Path, typer.Option(help="The file to write; it must not exist.")],
    vault: VaultFolder,
    key: Key,
    password_file: PasswordFile = None,
) -> None:
    """Write a file that proves some fields' values to anybody, and says nothing about the other fields."""
    record = _opened(vault, subject, open_keystore(key, password_file))
    data = encode_disclosure(disclose(record, field))
    create_secret_file(out, data)
    sys.stdout.write(f"{out}: {', '.join(sorted(set(field)))} of {subject}. Whoever has this file can show it on.\n")


@private.command("check")
def check_(
    disclosure: Annotated[Path, typer.Argument(metavar="DISCLOSURE", help="The file that was handed over.")],
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The record that it must agree with.")],
    policy: Policy = None,
    strict: Strict = False,
    signed_since: SignedSince = None,
    as_json: AsJson = False,
) -> None:
    """Check a disclosure against an export, offline: exit 0 only if it holds, and print the values that it shows.

    Signatures, logs, seals and files of the export are verified; `gridproof verify` also executes it again.
    """
    data = read_kind(disclosure, LIMITS.private_file_bytes_max, FORMAT)
    try:
        given = policy_for(export, policy)
        record = open_record(export, given.text, given.source)
        require_signed_since(record.beacon, bound_s(signed_since))
        shown = parse_disclosure(data)
        versions = recorded_hashes(record, shown.subject)
        first = _first_with(versions, shown)
        values = verify_disclosure(shown, first.information_hash)
    except ChainError as error:
        refuse(disclosure, error, as_json)
    verdict = {
        **_verdict(shown, values, record),
        **_on_record(first, versions[-1].information_hash == first.information_hash),
    }
    sys.stdout.write(json.dumps(verdict, ensure_ascii=False) + "\n" if as_json else _sentences(verdict, record))
    require_strict(strict, record.anchor.is_readers)


@private.command("erase")
def erase_(
    subject: Subject,
    vault: VaultFolder,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a private record: salts and values, for every reader. The hash stays on the record and opens nothing.

    Copies that readers made, backups, and the file that it was sealed from are not reached.
    """
    if not yes:
        typer.confirm(f"Erase the private record of {subject} for good?", abort=True, err=True)
    with Vault(vault) as opened:
        left = opened.erase(subject, system_clock())
    content = {"information_hash": left.information_hash, "subject": left.subject, "time": left.time_ms}
    line = f"{subject}: erased; {left.information_hash} on the record opens no more"
    sys.stdout.write((json.dumps(content) if as_json else line) + "\n")


def _record_of(fields: Path, subject: str) -> PrivateRecord:
    """A new record of a file's fields; exit code 2 where the file is wrong."""
    try:
        values = read_fields(fields)
        try:
            return make_record(subject, values, secrets.token_bytes)
        except (LimitError, ParseError) as error:
            raise error.at(str(fields)) from None
    except (LimitError, ParseError) as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(_EXIT_INPUT) from None


def _opened(vault: Path, subject: str, signer: Signer) -> PrivateRecord:
    """What is sealed to the signer; a reader whose key has been replaced since is told who can mend it."""
    with Vault(vault) as opened:
        data = opened.read(subject)
    for reader in read_header(data, subject).readers:
        if reader.account == signer.account and reader.public_key != signer.public_key:
            sentence = f"it is sealed to another key of {signer.account}: ask a reader for `gridproof private grant`"
            raise PrivateError("other-key", sentence, subject)
    return open_sealed(data, signer.seed, subject)


def _readers(given: list[str], export: Path | None, policy: Path | None, signed_since: datetime | None) -> list[Reader]:
    """Rule 2; an old export knows keys that a recovery has replaced since.

    `PrivateError` for a reader without a key and without an export to look it up in."""
    record: Record | None = None
    found = []
    for word in given:
        account, spelt, key = word.partition("=")
        if spelt:
            found.append(Reader(account, key))
            continue
        if export is None:
            raise PrivateError("reader-key", "name an --export that has the account's key, or ACCOUNT=KEY", account)
        if record is None:
            trusted = policy_for(export, policy)
            record = open_record(export, trusted.text, trusted.source)
            require_signed_since(record.beacon, bound_s(signed_since))
            _require_trusted(record, export)
        found.append(reader_on_record(record, account))
    return found


def _require_trusted(record: Record, export: Path) -> None:
    """Sealing to a key that only the export vouches for may be sealing to whoever made the export."""
    if not record.anchor.is_readers:
        sentence = (
            "the readers' keys stand on this export's word alone: hand in the policy that you trust with --policy, "
            "or spell the key out as ACCOUNT=KEY"
        )
        raise PrivateError("self-asserted", sentence, str(export))


def _tell(header: SealedHeader, as_json: bool) -> None:
    names = [reader.account for reader in header.readers]
    content: dict[str, Any] = {
        "information_hash": header.information_hash,
        "readers": names,
        "subject": header.subject,
        "version": header.version,
    }
    line = f"{header.subject}: version {header.version}, readable by {', '.join(names)}"
    line += f"\ninformation hash {header.information_hash}"
    sys.stdout.write((json.dumps(content) if as_json else line) + "\n")


def _first_with(versions: tuple[RecordedHash, ...], shown: Disclosure) -> RecordedHash:
    """The row that committed to what is shown; the newest hash, to be compared and refused, where none did."""
    known = [one for one in versions if one.information_hash]
    if not known:
        raise PrivateError("no-hash", "no row of the account has an information hash", shown.subject)
    return next((one for one in known if one.information_hash == shown.information_hash), known[-1])


def _verdict(shown: Disclosure, values: dict[str, Any], record: Record) -> dict[str, Any]:
    return {
        "fields": values,
        "fields_in_all": shown.size,
        "holds": True,
        "information_hash": shown.information_hash,
        "signers": record.anchor.source,
        "subject": shown.subject,
        "verified": record.anchor.is_readers,
    }


def _on_record(first: RecordedHash, current: bool) -> dict[str, Any]:
    """Where the hash stands first, and whether the account's newest row still has it."""
    return {
        "channel": GOVERNANCE,
        "current": current,
        "entry": first.entry,
        "position": first.position,
        "table": TABLE,
        "time": first.time_ms,
    }


def _sentences(verdict: dict[str, Any], record: Record) -> str:
    """The verdict for a person."""
    standing = "which is the account's newest" if verdict["current"] else "which a later row has replaced"
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in verdict["fields"].items()]
    lines += [
        f"{verdict['subject']} committed to this: {len(lines)} of {verdict['fields_in_all']} fields are shown.",
        f"Information hash {verdict['information_hash']}, {standing}:",
        f"  {GOVERNANCE} {TABLE} entry {verdict['entry']} row {verdict['position']}, {utc_text(verdict['time'])}.",
        *trust_sentences(status_of(record)),
    ]
    return "".join(f"{printable(line)}\n" for line in lines)
