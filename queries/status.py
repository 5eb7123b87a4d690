"""What a result rests on: which record, signed by whom, complete to where. Every surface shows it.

1. `signers` says whose word it is: `policy` (handed in by the reader), `pinned` (pinned earlier by the reader) or
   `self-asserted` (the export's own policy). Only the first two are ever called verified (trust rule 1).
2. `embedded` in `deployment`: the validators are keys in one process, one trust domain; the statement says so.
3. `complete_to` is an entry: every row that entries below it wrote is among the inputs, since the catalogue that the
   last block commits to was recomputed from all seals, and every file was compared with its seal.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from chain.record import AnchorSource, Record


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

    @property
    def verified(self) -> bool:
        """Rule 1."""
        return self.signers != "self-asserted"

    @property
    def statement(self) -> str:
        """What the inputs are, in sentences."""
        signatures = signature_sentence(self.cosigners, self.quorum_time_s)
        return " ".join((self.inputs, signatures, *trust_domain(self.deployment)))

    @property
    def inputs(self) -> str:
        """Rules 1 and 3 in a sentence."""
        heads = ", ".join(f"{channel.channel} to entry {channel.complete_to}" for channel in self.channels)
        if self.verified:
            return f"Complete and verified inputs: {heads}."
        return f"Inputs complete by the export's own word, signers: self-asserted, not verified: {heads}."

    def to_dict(self) -> dict[str, Any]:
        """For JSON; the derived parts included."""
        values = asdict(self)
        values["channels"] = [asdict(channel) for channel in self.channels]
        return {**values, "cosigners": list(self.cosigners), "statement": self.statement, "verified": self.verified}


def signature_sentence(cosigners: tuple[str, ...], quorum_time_s: int) -> str:
    """Who signed the beacon, and when."""
    when = datetime.fromtimestamp(quorum_time_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"Beacon cosigned by {', '.join(cosigners)}; quorum reached {when}."


def trust_domain(deployment: str) -> tuple[str, ...]:
    """Rule 2."""
    if deployment == "embedded":
        return ("Deployment embedded: these signatures are one trust domain.",)
    return ()


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
    )
