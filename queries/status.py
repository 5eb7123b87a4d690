"""What a result rests on: which record, signed by whom, complete to where. Every surface shows it, in these words.

1. `signers` says whose word it is: `policy` (handed in by the reader), `pinned` (pinned earlier by the reader) or
   `self-asserted` (the export's own policy). Only the first two are ever called verified (trust rule 1).
2. `embedded` in `deployment`: the validators are keys in one process, one trust domain; the sentences say so, and what
   the policy survives (trust rule 4).
3. `complete_to` is an entry: every row that entries below it wrote is among the inputs, since the catalogue that the
   last block commits to was recomputed from all seals, and every file was compared with its seal.
4. What the export withholds is named with its openness and never called verified.
5. The newest change of policy is named with its round and with who signed it on either side, and the others stand in
   `policies`; a reader whose policy has been replaced is told so.
"""

from dataclasses import asdict, dataclass
from typing import Any, Protocol

from chain.calendar import utc_text
from chain.fields import Openness
from chain.handover import AnchorSource
from chain.manifest import Profile
from chain.record import Record


class Signed(Protocol):
    """What rules 1 and 2 are about: a `Status`, or the verdict on evidence."""

    @property
    def network(self) -> str: ...
    @property
    def signers(self) -> AnchorSource: ...
    @property
    def cosigners(self) -> tuple[str, ...]: ...
    @property
    def quorum_time_s(self) -> int: ...
    @property
    def deployment(self) -> str: ...
    @property
    def survives_forks(self) -> int: ...
    @property
    def survives_silence(self) -> int: ...


_SIGNERS: dict[AnchorSource, str] = {
    "policy": "Signers: trusted by the policy that you handed in.",
    "pinned": "Signers: trusted by a policy that you pinned earlier.",
    "self-asserted": "Signers: self-asserted, not verified: nobody but the record itself says who its validators are; "
    "hand in the policy that you trust.",
}


def trust_sentences(signed: Signed) -> tuple[str, ...]:
    """Rules 1 and 2 for a person: who signed and when, by whose choice, and what that is worth."""
    when = utc_text(signed.quorum_time_s * 1_000)
    embedded = "Deployment embedded: all validator keys lie in one process, so these signatures are one trust domain."
    survived = f"{signed.survives_forks} lying and {signed.survives_silence} silent validators"
    return (
        f"Network {signed.network}: beacon cosigned by {', '.join(signed.cosigners)}; quorum reached {when}.",
        _SIGNERS[signed.signers],
        *((embedded,) if signed.deployment == "embedded" else ()),
        f"The policy survives {survived}, if their keys are really apart.",
    )


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """A channel's part in the picture."""

    channel: str
    size: int
    """Entries of the log."""
    root: str
    """Root over them, hex."""
    height: int
    """Of the last block."""
    complete_to: int
    """Rule 3."""


@dataclass(frozen=True, slots=True)
class WithheldStatus:
    """A channel that the export does not hold (rule 4)."""

    channel: str
    openness: Openness
    size: int
    """Entries of the log, as its checkpoint and the beacon say."""


@dataclass(frozen=True, slots=True)
class PolicyStatus:
    """A policy of the record (rule 5)."""

    number: int
    """From 0, that of genesis; as the export's `policy/<number>`."""
    sha256: str
    validators: tuple[str, ...]
    """Their names in the policy."""
    since_round: int
    """The first round of the beacon that names it."""
    retiring: tuple[str, ...]
    """Who signed the handover for the policy before it; nobody for policy 0."""
    arriving: tuple[str, ...]
    """Who signed it for this one."""


@dataclass(frozen=True, slots=True)
class Status:
    """See the module's docstring. Times are seconds UTC, as cosignatures carry them, or milliseconds where named so."""

    network: str
    signers: AnchorSource
    policy_sha256: str
    beacon_size: int
    beacon_root: str
    beacon_time_ms: int
    """Of the beacon's last leaf."""
    cosigners: tuple[str, ...]
    quorum_time_s: int
    """The latest time that a quorum of cosignatures on the beacon reaches."""
    deployment: str
    """`embedded` or `nodes`."""
    faults: int
    """f of genesis."""
    survives_forks: int
    """So many lying validators cannot get two histories signed."""
    survives_silence: int
    """So many silent validators still leave a quorum."""
    channels: tuple[ChannelStatus, ...]
    profile: Profile
    """For whom the export was made."""
    withheld: tuple[WithheldStatus, ...]
    policies: tuple[PolicyStatus, ...]
    """Oldest first; the last is in force."""
    trusted_policy: int | None
    """Which of them the reader's policy is; None where it is none of them, or there is none."""

    @property
    def verified(self) -> bool:
        """Rule 1."""
        return self.signers != "self-asserted"

    @property
    def statement(self) -> str:
        """What the inputs are, in sentences."""
        return " ".join((self.inputs, *self.sentences))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Rules 1, 2, 4 and 5 for a person."""
        return (*trust_sentences(self), *self._policy_sentences(), *self._withheld_sentences())

    def _policy_sentences(self) -> list[str]:
        """Rule 5; `policies` has the changes before the newest."""
        if len(self.policies) == 1:
            return []
        newest = self.policies[-1]
        found = [
            f"Policy {newest.number} ({', '.join(newest.validators)}) is in force since beacon round "
            f"{newest.since_round}; handed over by {', '.join(newest.retiring)} of policy {newest.number - 1} and by "
            f"{', '.join(newest.arriving)} of its own."
        ]
        if self.trusted_policy is not None and self.trusted_policy < newest.number:
            found.append(
                f"Your policy is policy {self.trusted_policy} of this record, replaced since; each policy handed over "
                "to the next. To trust the newest from now on, pin it (gridproof verify --pin)."
            )
        return found

    def _withheld_sentences(self) -> list[str]:
        """Rule 4."""
        if not self.withheld:
            return []
        names = ", ".join(f"{channel.channel} ({channel.openness})" for channel in self.withheld)
        return [f"Withheld: {names}: an export of profile {self.profile} shows no more of it than its signed size."]

    @property
    def inputs(self) -> str:
        """Rules 1 and 3 in a sentence."""
        heads = ", ".join(f"{channel.channel} to entry {channel.complete_to}" for channel in self.channels)
        if self.verified:
            return f"Complete and verified inputs: {heads}."
        return f"Inputs complete by the export's own word, not verified: {heads}."

    def to_dict(self) -> dict[str, Any]:
        """For JSON; the derived parts included."""
        values = asdict(self)
        for name in ("channels", "policies", "withheld"):
            values[name] = [asdict(part) for part in getattr(self, name)]
        return {**values, "cosigners": list(self.cosigners), "statement": self.statement, "verified": self.verified}


def status_of(record: Record) -> Status:
    """The status of everything that is read from `record`."""
    forks, silence = record.anchor.policy.survives()
    return Status(
        network=record.network,
        signers=record.anchor.source,
        policy_sha256=record.anchor.policy.sha256.hex(),
        beacon_size=record.beacon.checkpoint.size,
        beacon_root=record.beacon.checkpoint.root.hex(),
        beacon_time_ms=record.leaves[-1].time,
        cosigners=tuple(name for name, _ in record.beacon.cosigners),
        quorum_time_s=record.beacon.quorum_time_s,
        deployment=record.deployment,
        faults=record.faults,
        survives_forks=forks,
        survives_silence=silence,
        channels=tuple(
            ChannelStatus(
                channel=name,
                size=channel.checkpoint.checkpoint.size,
                root=channel.checkpoint.checkpoint.root.hex(),
                height=channel.last_block.height,
                complete_to=channel.sealed_to,
            )
            for name, channel in record.channels.items()
        ),
        profile=record.profile,
        withheld=tuple(
            WithheldStatus(name, channel.openness, channel.checkpoint.checkpoint.size)
            for name, channel in record.withheld.items()
        ),
        policies=policies_of(record),
        trusted_policy=record.anchor.start,
    )


def policies_of(record: Record) -> tuple[PolicyStatus, ...]:
    """Every policy of the record, oldest first."""
    handed = {handover.number: handover for handover in record.handovers}
    found = []
    for number, policy in enumerate(record.anchor.policies):
        handover = handed.get(number)
        since, retiring, arriving = (
            (0, (), ()) if handover is None else (handover.round, handover.retiring, handover.arriving)
        )
        found.append(PolicyStatus(number, policy.sha256.hex(), tuple(policy.witnesses), since, retiring, arriving))
    return tuple(found)
