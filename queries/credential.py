"""The credential: what a participant has in hand after registration, `gridproof-credential/1` (`docs/format.md` 12).

It is the evidence of a registration with a label: account, identity deposit number, key and information hash stand in
front, so that a person can read them, and each is recomputed from the evidence. There is no second proof format: the
member `evidence` is a whole `gridproof-evidence/1` file.

Rules of `check_credential`, in this order; the code of a refusal in quotes:
1. At most `credential_bytes_max` bytes ("length"), canonical JSON of these members and a known `format` ("format").
2. The evidence holds under the reader's policy: all rules of `queries.evidence.check`, whose codes these are.
3. The deposit number has its check digits ("deposit-number-…"), and the one entry that is asked for is its entry on
   governance ("deposit-number").
4. That entry is an accepted call of `participant.register` for this account ("registration").
5. The rows are one or two of `participants` of this account: the first is the registration's, the last one the
   version that the credential speaks of ("rows").
6. Key and information hash are those of the last row ("public-key", "information-hash").

Who vetted what the information hash commits to is said by the last row: a registrar, or nobody but the account itself.
Status, key and hash are those of the last row shown, as of that row's block, and of no later moment. Evidence shows
what is included, not that nothing came after, and the holder chooses which rows to show: a later row, by which the
account was suspended, revoked or re-keyed, can be left out, whatever the time of the checkpoint. Whoever must know
looks into a newer export, or makes the credential from it.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from chain import jcs
from chain.calendar import utc_text
from chain.entry import Transaction, parse_entry
from chain.errors import ChainError, CredentialError, ParseError
from chain.identity.deposit import deposit_number, parse_deposit_number
from chain.identity.limits import IDENTITY_LIMITS
from chain.imports import GOVERNANCE
from chain.merkle import leaf_hash
from chain.record import Record
from chain.text import check_name
from chain.trust import ReaderPolicy
from queries.evidence.check import check
from queries.evidence.document import Document, parse_document
from queries.evidence.verdict import ProvenEntry, ProvenRow, Verdict
from queries.export import Export
from queries.status import trust_sentences

FORMAT = "gridproof-credential/1"
PARTICIPANTS = "participants"

_CONTRACT, _METHOD = "participant", "register"
_VERSIONS = Path(__file__).resolve().parent / "sql" / "credential" / "versions_of.sql"


class _Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    account: str
    deposit_number: str
    evidence: dict[str, Any]
    format: str
    information_hash: str
    public_key: str


_DECODER = jcs.TypedDecoder(_Credential)


@dataclass(frozen=True, slots=True)
class CredentialVerdict:
    """Everything held."""

    account: str
    deposit_number: str
    information_hash: str
    """Commitment to the real-name record, hex; "": none, or erased."""
    information_by: str
    """Account that vetted what the hash commits to; "": nobody, it is the account's own word (or there is no hash)."""
    public_key: str
    """Ed25519, hex."""
    status: str
    """`active`, `suspended` or `revoked`, by the last row."""
    entry: int
    """Of governance, that wrote the last row."""
    registered_ms: int
    """Time of the registration's block."""
    as_of_ms: int
    """Time of the block of the last row shown; later changes are not excluded, up to the checkpoint or after it."""
    network_id: str
    """Leaf hash of the genesis, hex."""
    evidence: Verdict

    @property
    def verified(self) -> bool:
        """Whether a policy of the reader's own stands behind it (trust rule 1)."""
        return self.evidence.verified

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is proven and what is not."""
        registered, as_of = utc_text(self.registered_ms), utc_text(self.as_of_ms)
        return (
            f"{self.account}: identity deposit number {self.deposit_number}, registered {registered}.",
            f"Status {self.status} as of {as_of}, by entry {self.entry} of governance, the last row shown here. Later "
            "changes of status, key or hash are not excluded: for these look into a newer export.",
            self._information_sentence,
            *trust_sentences(self.evidence),
        )

    @property
    def _information_sentence(self) -> str:
        if not self.information_hash:
            return "There is no private record behind it, or it was erased."
        if not self.information_by:
            return f"The information hash is the word of {self.account} itself: nobody has vetted what it commits to."
        return f"What the information hash commits to was vetted by {self.information_by}."

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "account": self.account,
            "as_of": utc_text(self.as_of_ms),
            "deposit_number": self.deposit_number,
            "entry": self.entry,
            "information_by": self.information_by,
            "information_hash": self.information_hash,
            "network": self.evidence.network,
            "network_id": self.network_id,
            "public_key": self.public_key,
            "registered": utc_text(self.registered_ms),
            "signers": self.evidence.signers,
            "statement": " ".join(self.sentences),
            "status": self.status,
            "verified": self.verified,
        }


def make_credential(export: Export, account: str) -> bytes:
    """The credential of `account`, canonical JSON; `CredentialError` where the export has no such registration."""
    check_name(account, "account")
    versions = export.sql(_versions_of(), [account]).rows()
    if not versions:
        sentence = "no participant is registered under this name; institutions of genesis have no credential"
        raise CredentialError("no-participant", sentence, account)
    registration, current = versions[0], versions[-1]
    asked = [("", GOVERNANCE, registration[0], 0)]
    rows = [(PARTICIPANTS, GOVERNANCE, *place) for place in dict.fromkeys((registration, current))]
    evidence = export.evidence([*asked, *rows])
    last = check(evidence).rows[-1].values
    return jcs.encode(
        _Credential(
            account=account,
            deposit_number=deposit_number(registration[0]),
            evidence=jcs.decode(evidence, "evidence"),
            format=FORMAT,
            information_hash=last["information_hash"],
            public_key=last["public_key"],
        )
    )


def check_credential(
    data: bytes,
    policy: bytes | ReaderPolicy | None = None,
    signed_since_s: int | None = None,
    record: Record | None = None,
) -> CredentialVerdict:
    """What a credential proves to a reader who trusts `policy`, offline; arguments as of `queries.check`.

    `CredentialError`, `DepositNumberError` or `EvidenceError` unless all of it holds.
    """
    credential, evidence = _parse(data)
    verdict = check(evidence, policy, signed_since_s, record)
    entry = parse_deposit_number(credential.deposit_number)
    _check_registration(verdict.entries, entry, credential.account)
    first, last = _versions(verdict.rows, entry, credential.account)
    for name, given in (("public_key", credential.public_key), ("information_hash", credential.information_hash)):
        if last.values.get(name) != given:
            code = name.replace("_", "-")
            raise CredentialError(code, f"the {code} in front is not the one on the record", credential.account)
    return CredentialVerdict(
        account=credential.account,
        deposit_number=credential.deposit_number,
        information_by=str(last.values.get("information_by")),
        information_hash=credential.information_hash,
        public_key=credential.public_key,
        status=str(last.values.get("status")),
        entry=last.entry,
        registered_ms=first.time_ms,
        as_of_ms=last.time_ms,
        network_id=_network_id(parse_document(evidence)),
        evidence=verdict,
    )


def evidence_of(data: bytes) -> bytes:
    """The evidence file inside a credential, for whoever checks that alone; `CredentialError` for what is none."""
    return _parse(data)[1]


def _parse(data: bytes) -> tuple[_Credential, bytes]:
    """Rule 1, and the evidence as the file that it is."""
    if len(data) > IDENTITY_LIMITS.credential_bytes_max:
        raise CredentialError("length", f"more than {IDENTITY_LIMITS.credential_bytes_max} bytes")
    try:
        jcs.decode(data, "credential")
        credential = _DECODER.decode(data, "credential")
    except ParseError as error:
        raise CredentialError(error.code, error.sentence, error.where) from None
    if credential.format != FORMAT:
        raise CredentialError("format", f"format {credential.format[:64]!r}; this release checks {FORMAT!r}")
    return credential, jcs.encode(credential.evidence)


def _check_registration(asked: tuple[ProvenEntry, ...], entry: int, account: str) -> None:
    """Rules 3 and 4."""
    if [(found.channel, found.entry) for found in asked] != [(GOVERNANCE, entry)]:
        raise CredentialError("deposit-number", "the evidence is not for the entry of the deposit number", account)
    try:
        found = parse_entry(asked[0].data.encode(), f"{GOVERNANCE} entry {entry}")
    except ChainError as error:
        raise CredentialError(error.code, error.sentence, error.where) from None
    if (
        not isinstance(found, Transaction)
        or found.receipt.status != "accepted"
        or (found.body.contract, found.body.method) != (_CONTRACT, _METHOD)
        or found.body.arguments.get("account") != account
    ):
        raise CredentialError("registration", f"entry {entry} is not the accepted registration of {account}", account)


def _versions(rows: tuple[ProvenRow, ...], entry: int, account: str) -> tuple[ProvenRow, ProvenRow]:
    """Rule 5: the registration's row and the last one."""
    of_account = all(
        (row.channel, row.table, row.proof, row.values.get("account")) == (GOVERNANCE, PARTICIPANTS, "written", account)
        for row in rows
    )
    if not of_account or not 1 <= len(rows) <= 2 or rows[0].entry != entry:
        sentence = f"the rows are not the registration of {account} and, if there is one, a later version"
        raise CredentialError("rows", sentence, account)
    return rows[0], rows[-1]


def _network_id(document: Document) -> str:
    """Of evidence that holds: its governance channel begins with the genesis."""
    governance = next(channel for channel in document.channels if channel.channel == GOVERNANCE)
    return leaf_hash(governance.entries[0].data.encode()).hex()


@cache
def _versions_of() -> str:
    return _VERSIONS.read_text(encoding="utf-8")
