"""What the contract `alliance` reports.

An event tells everything that holds from then on, so that the last one of a thing is the current one. Events that
others must understand have their shape where these read them: `alliance.parameters` and `alliance.retired` in
`chain.imports`, `alliance.policy` and `alliance.channel` in `chain.consortium`.
"""

from typing import Literal

import msgspec

from chain.consortium import CHANNEL_CHANGED, POLICY_CHANGED, ChannelChange, PolicyChange
from chain.contract import Call
from chain.contracts.alliance_state import Channel, Organisation
from chain.fields import I53
from chain.imports import PARAMETERS, RETIRED, ParameterChange, Retirement

ORGANISATION = "alliance.organisation"
PROPOSED = "alliance.proposed"
VOTE = "alliance.vote"
DECIDED = "alliance.decided"


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
