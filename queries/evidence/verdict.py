"""What evidence turned out to prove, in values and in sentences."""

from dataclasses import dataclass
from typing import Any, Literal

from chain.calendar import utc_text
from chain.handover import AnchorSource
from chain.row_proof import RowRoot
from chain.schema import Column
from queries.status import trust_sentences

RowProof = Literal["submitted", "written"]


@dataclass(frozen=True, slots=True)
class ProvenRow:
    """A row that is on the record."""

    channel: str
    table: str
    entry: int
    position: int
    values: dict[str, Any]
    """Column → value; decimals as int, times as milliseconds UTC."""
    columns: tuple[Column, ...]
    """Types and units, as the sealed schema has them."""
    proof: RowProof
    """`submitted`: an account signed it, whatever became of it. `written`: by an accepted call of a contract."""
    receipt: str
    """`accepted` or `rejected`."""
    code: str
    """Of the receipt."""
    account: str
    """Who signed the transaction, as the checker has verified; "" for a trigger."""
    time_ms: int
    """Of the block."""
    seal: int | None
    """Entry that seals its segment; None unless the root is `sealed`."""
    root: RowRoot
    """The named root that the row was shown to lie under."""
    public_key: str
    """With which the author's signature was verified, hex; "" for a trigger."""

    @property
    def words(self) -> str:
        """What the proof is worth, for a person; no more than it shows."""
        sealed = "" if self.seal is None else f"; was sealed by entry {self.seal}"
        if self.proof == "written":
            author = f"signed by {self.account}" if self.account else "that fell due, signed by nobody"
            return f"was written by an accepted call {author}{sealed}"
        fate = f"{self.receipt} ({self.code})" + (", without effect" if self.receipt == "rejected" else "")
        return f"was signed by {self.account}; the call was {fate}{sealed}"


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """A log entry that is on the record."""

    channel: str
    entry: int
    kind: str
    time_ms: int
    """Of its block."""
    data: str
    """Canonical JSON."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything held. `signers` and the words for it are those of `queries.status`."""

    network: str
    signers: AnchorSource
    policy_sha256: str
    beacon_size: int
    beacon_root: str
    beacon_time_ms: int
    cosigners: tuple[str, ...]
    quorum_time_s: int
    deployment: str
    faults: int
    survives_forks: int
    survives_silence: int
    rows: tuple[ProvenRow, ...]
    entries: tuple[ProvenEntry, ...]
    replaced_by: str | None = None
    """SHA-256 of the newest policy of the record that was handed in, where the evidence was made under an older one."""

    @property
    def verified(self) -> bool:
        """Whether a policy of the reader's own stands behind it (trust rule 1)."""
        return self.signers != "self-asserted"

    @property
    def statement(self) -> str:
        """What is proven and what is not."""
        return " ".join(self.sentences)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The statement, sentence by sentence."""
        parts = [f"{len(self.rows)} rows and {len(self.entries)} entries are included in the record of {self.network}."]
        rejected = sum(row.receipt == "rejected" for row in self.rows)
        if rejected:
            parts.append(f"{rejected} of the rows were submitted and rejected: they had no effect.")
        parts += trust_sentences(self)
        if self.replaced_by is not None:
            parts.append(
                f"Made under policy {self.policy_sha256[:12]}, which was replaced by {self.replaced_by[:12]}: it "
                "counts because the beacon of the record that was handed in begins with it."
            )
        parts.append("This proves that they are included, not that there are no others.")
        return tuple(parts)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: decimals as strings; times as ISO 8601, UTC, but those in rows in milliseconds, as recorded."""
        return {
            "beacon": {"root": self.beacon_root, "size": self.beacon_size, "time": utc_text(self.beacon_time_ms)},
            "cosigners": list(self.cosigners),
            "deployment": self.deployment,
            "entries": [
                {
                    "channel": entry.channel,
                    "data": entry.data,
                    "entry": entry.entry,
                    "kind": entry.kind,
                    "time": utc_text(entry.time_ms),
                }
                for entry in self.entries
            ],
            "faults": self.faults,
            "network": self.network,
            "policy_sha256": self.policy_sha256,
            "proves": "included",
            "quorum_time": utc_text(self.quorum_time_s * 1000),
            "replaced_by": self.replaced_by,
            "rows": [_row(row) for row in self.rows],
            "signers": self.signers,
            "statement": self.statement,
            "survives": {"forks": self.survives_forks, "silence": self.survives_silence},
            "verified": self.verified,
        }


def _row(row: ProvenRow) -> dict[str, Any]:
    return {
        "account": row.account,
        "channel": row.channel,
        "code": row.code,
        "entry": row.entry,
        "position": row.position,
        "proof": row.proof,
        "public_key": row.public_key,
        "receipt": row.receipt,
        "root": row.root,
        "seal": row.seal,
        "table": row.table,
        "time": utc_text(row.time_ms),
        "values": {column.name: _value(row.values[column.name], column.type) for column in row.columns},
        "words": row.words,
    }


def _value(value: Any, kind: str) -> Any:
    return str(value) if kind == "decimal" and value is not None else value
