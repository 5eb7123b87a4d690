"""`gridproof keys …`: a participant's key, logging in with it, and the credential.

1. A key lies in a keystore file under a password (`docs/format.md` section 11), made and read by its owner alone.
2. Passwords come from the terminal or from a file of the same privacy (`portal.commands.passwords`).
3. Nothing is ever overwritten. What others need goes to standard output, what is said about it to standard error.
4. Before a challenge is signed, it is said who asks for it and for whom; the password is the consent.
"""

import json
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.calendar import utc_text
from chain.contracts.participant_rules import possession_message
from chain.errors import ChallengeError, CredentialError, KeystoreError
from chain.identity.challenge import Challenge, answer_challenge, check_origin, parse_challenge
from chain.identity.keystore import (
    DEFAULT_COST,
    KdfCost,
    Keystore,
    change_password,
    encrypt_keystore,
    new_signer,
    parse_keystore,
)
from chain.identity.limits import IDENTITY_LIMITS
from chain.secret_file import create_secret_file, replace_secret_file
from chain.text import from_hex, printable
from portal.commands.credential import credential, credential_check, read_credential
from portal.commands.files import read_given
from portal.commands.keystores import open_keystore, parsed_keystore, read_keystore, unlock
from portal.commands.options import AsJson, PasswordFile
from portal.commands.passwords import chosen_password, given_password

_MIB = 2**20
_MEMORY_MIN = IDENTITY_LIMITS.memlimit_bytes_min // _MIB
_MEMORY_MAX = IDENTITY_LIMITS.memlimit_bytes_max // _MIB

keys = typer.Typer(
    help="Your key, logging in with it, and your credential.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

KeyFile = Annotated[Path, typer.Argument(metavar="FILE", help="The keystore file.")]


@keys.command()
def create(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account that the key will sign for.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to put the keystore; it must not exist.")],
    password_file: PasswordFile = None,
    memory_mib: Annotated[
        int, typer.Option(min=_MEMORY_MIN, max=_MEMORY_MAX, help="Memory, in MiB, that a guess at the password takes.")
    ] = DEFAULT_COST.memlimit_bytes // _MIB,
    passes: Annotated[
        int,
        typer.Option(
            min=IDENTITY_LIMITS.opslimit_min, max=IDENTITY_LIMITS.opslimit_max, help="Passes over that memory."
        ),
    ] = DEFAULT_COST.opslimit,
    as_json: AsJson = False,
) -> None:
    """Make a new key for ACCOUNT, under a password, in a new keystore FILE.

    Whoever loses the file or forgets the password loses the key: keep a copy of the file, and know that the network's
    institutions can give the account another key, but nobody can open this one.
    """
    if file.is_symlink() or file.exists():
        raise KeystoreError("exists", "something is there already; nothing is ever overwritten", str(file))
    if not file.parent.is_dir():
        raise KeystoreError("folder", "the folder does not exist: make it first", str(file.parent))
    signer = new_signer(account, secrets.token_bytes)
    password = chosen_password(password_file)
    data = encrypt_keystore(signer, password, secrets.token_bytes, KdfCost(passes, memory_mib * _MIB))
    create_secret_file(file, data)
    _say(_described(parse_keystore(data)), as_json, [f"{file}: a key for {account}, readable by you alone"])


@keys.command()
def show(file: KeyFile, as_json: AsJson = False) -> None:
    """Show what a keystore says of itself: account, public key, what a guess at its password costs.

    No password is asked for, so nothing of it is authentic: a changed file is refused when the password opens it.
    """
    found = parsed_keystore(file, read_keystore(file))
    _say(_described(found), as_json, [])


@keys.command()
def password(
    file: KeyFile,
    password_file: PasswordFile = None,
    new_password_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Read the new password from there; otherwise it is asked for.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change the password of a keystore. The old one opens it no longer; the key stays the same.

    The file is replaced whole: a power cut leaves the old one or the new one. Copies of the old file still open with
    the old password: destroy them.
    """
    data = read_keystore(file)
    old = given_password(password_file, "Old password")
    unlock(file, data, old)
    changed = change_password(data, old, chosen_password(new_password_file, "--new-password-file"), secrets.token_bytes)
    replace_secret_file(file, data, changed)
    _say(_described(parse_keystore(changed)), as_json, [f"{file}: the password was changed"])


@keys.command()
def possession(file: KeyFile, password_file: PasswordFile = None) -> None:
    """Print what a registrar needs: account, public key, and the signature that shows that you hold the key."""
    signer = open_keystore(file, password_file)
    signature = signer.sign_bytes(possession_message(signer.account, signer.public_key))
    _print_json({"account": signer.account, "possession": signature, "public_key": signer.public_key})


@keys.command()
def challenge(
    challenge_file: Annotated[
        str, typer.Argument(metavar="CHALLENGE", help="The challenge: a file, or - for standard input.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show a login challenge in words, without signing anything: who asks, for which account, until when."""
    found = parse_challenge(_challenge_bytes(challenge_file))
    content: dict[str, Any] = {
        "account": found.account,
        "expires": utc_text(found.expires),
        "issued": utc_text(found.issued),
        "network": found.network,
        "origin": found.origin,
    }
    _say(content, as_json, [])


@keys.command()
def answer(
    file: KeyFile,
    challenge_file: Annotated[
        str, typer.Argument(metavar="CHALLENGE", help="The challenge: a file, or - for standard input.")
    ],
    password_file: PasswordFile = None,
    credential_file: Annotated[
        Path | None,
        typer.Option("--credential", metavar="PATH", help="Your credential: it knows your information hash."),
    ] = None,
    information_hash: Annotated[
        str, typer.Option(metavar="HEX", help="Your information hash; institutions of genesis have none.")
    ] = "",
    origin: Annotated[
        str, typer.Option(metavar="ORIGIN", help="Refuse unless this service asks, for instance https://login.example.")
    ] = "",
) -> None:
    """Sign a login challenge with your key and print the answer. First it says what is being signed.

    Look at the origin: it must be the address of the service that you are logging in to.
    """
    asked = parse_challenge(_challenge_bytes(challenge_file))
    data = read_keystore(file)
    if origin and asked.origin != check_origin(origin):
        raise ChallengeError("wrong-origin", f"{asked.origin} asks, not {origin}: nothing was signed")
    known = _information_hash(credential_file, information_hash, asked, parsed_keystore(file, data))
    sys.stderr.write(
        f"you sign a login\n  at      {asked.origin}\n  as      {asked.account}\n  network {asked.network}\n"
        f"  until   {utc_text(asked.expires)}\n"
    )
    signer = unlock(file, data, given_password(password_file))
    sys.stdout.write(answer_challenge(asked, signer, known).decode("ascii") + "\n")


keys.command()(credential)
keys.command("credential-check")(credential_check)


def _information_hash(credential_file: Path | None, given: str, asked: Challenge, keystore: Keystore) -> str:
    """The hash to sign, and that a credential is this network's and this key's."""
    if credential_file is None:
        if given:
            from_hex(given, 32, "--information-hash")
        return given
    if given:
        raise CredentialError("two-hashes", "give --credential or --information-hash, not both")
    # A database engine comes with it, which nothing else here needs.
    from queries.credential import check_credential

    verdict = check_credential(read_credential(credential_file))
    if verdict.network_id != asked.network:
        raise ChallengeError("wrong-network", "the challenge is for another network than your credential")
    if (verdict.account, verdict.public_key) != (keystore.account, keystore.public_key):
        raise CredentialError("public-key", "the credential is of another key than the keystore", str(credential_file))
    return verdict.information_hash


def _challenge_bytes(place: str) -> bytes:
    """A challenge as it was handed over; a line end after it is an editor's."""
    # One more than the limit for the line end, which is not the challenge's.
    data = read_given(Path(place), IDENTITY_LIMITS.response_bytes_max + 1)
    return data.removesuffix(b"\n").removesuffix(b"\r")


def _described(found: Keystore) -> dict[str, Any]:
    cost = found.cost
    return {
        "account": found.account,
        "memory_mib": cost.memlimit_bytes // _MIB,
        "passes": cost.opslimit,
        "public_key": found.public_key,
        "weak": found.weak,
    }


def _say(content: dict[str, Any], as_json: bool, about: Iterable[str]) -> None:
    """The content as lines or as JSON, what is said about it beside it."""
    if as_json:
        _print_json(content)
        return
    sys.stderr.write("".join(f"{line}\n" for line in about))
    for name, value in content.items():
        if name == "weak":
            if value:
                sys.stderr.write("the password is weakly protected: `gridproof keys password` mends it\n")
            continue
        sys.stdout.write(f"{name.replace('_', ' ')}: {printable(str(value))}\n")


def _print_json(content: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
