"""What the contract `alliance` reports.

An event tells everything that holds from then on, so that the last one of a thing is the current one. Events that
other channels import, `alliance.parameters` and `alliance.retired`, have their shape in `chain.imports`.
"""

from typing import Literal

import msgspec

from chain.contract import Call
from chain.contracts.alliance_state import Channel, Organisation
from chain.fields import I53, AreaCode, Name, Openness
from chain.imports import PARAMETERS, RETIRED, ParameterChange, Retirement

POLICY_CHANGED = "alliance.policy"
CHANNEL_CHANGED = "alliance.channel"
ORGANISATION = "alliance.organisation"
PROPOSED = "alliance.proposed"
VOTE = "alliance.vote"
DECIDED = "alliance.decided"


class PolicyChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`alliance.policy`: the newest policy (`chain.consortium` rule 1)."""

    number: I53
    text: str
    """The policy file."""


class ChannelChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`alliance.channel`: a channel is created or its openness changes (`chain.consortium` rules 2 and 3)."""

    area: AreaCode
    channel: Name
    genesis_hash: str
    """Leaf hash of the channel's genesis entry, hex; "" for a channel of genesis."""
    log: str
    """Verifier key line of its log; "" for a channel of genesis, whose log policy 0 names."""
    openness: Openness


class OrganisationEvent(Organisation, frozen=True, kw_only=True):
    """`alliance.organisation`: an organisation was admitted or removed, or its validator changed."""

    status: Literal["active", "removed"]


class ProposedEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`alliance.proposed`. The action itself is in the transaction's arguments."""

    action_sha256: str
    """SHA-256 of the action's canonical JSON, hex."""
    deadline: I53
    kind: str
    organisation: str
    proposal: I53
    subject: str


class VoteEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`alliance.vote`: an organisation's one vote."""

    approve: bool
    organisation: str
    proposal: I53
    validator: str


class DecidedEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`alliance.decided`: nobody can vote on it any more."""

    proposal: I53
    reason: str
    """"" where it passed; `refused`, `expired`, `withdrawn`, or the code of the rule that the action breaks by now."""
    status: Literal["passed", "failed", "withdrawn"]


_NAMES: dict[type[msgspec.Struct], str] = {
    PolicyChange: POLICY_CHANGED,
    ChannelChange: CHANNEL_CHANGED,
    OrganisationEvent: ORGANISATION,
    ProposedEvent: PROPOSED,
    VoteEvent: VOTE,
    DecidedEvent: DECIDED,
    ParameterChange: PARAMETERS,
    Retirement: RETIRED,
}


def report(call: Call, event: msgspec.Struct) -> None:
    """Put one of these events into the receipt."""
    call.event(_NAMES[type(event)], msgspec.to_builtins(event))


def report_channel(call: Call, channel: Channel) -> None:
    """`alliance.channel`."""
    report(call, ChannelChange(channel.area, channel.channel, channel.genesis_hash, channel.log, channel.openness))


def report_organisation(call: Call, organisation: Organisation, status: Literal["active", "removed"]) -> None:
    """`alliance.organisation`."""
    report(call, OrganisationEvent(**msgspec.structs.asdict(organisation), status=status))
