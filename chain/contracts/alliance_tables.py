"""Tables of the contract `alliance`. A row is a version: the last row of an organisation, channel … is the current one.

What is decided at genesis is written by the first block after it. A row stands in the same entry as the vote that
decided it, so `entry` joins it to `proposals`.
"""

from hashlib import sha256
from typing import Literal

from chain.contract import Call
from chain.contracts.alliance_state import Channel, Directory, Organisation, Proposal
from chain.policy import Policy
from chain.schema import Column, Schema

_TIME = Column("time", "time", "ms UTC, block time")

ORGANISATIONS = Schema(
    table="organisations",
    columns=(
        Column("organisation", "text"),
        Column("name_zh", "text"),
        Column("name_en", "text"),
        Column("parent", "text", "organisation, empty: at the top"),
        Column("roles", "text", "sorted, comma-separated"),
        Column("validator", "text", "name in the policy, empty: observer"),
        Column("status", "text", "active|removed"),
        _TIME,
    ),
)

MARKET_CHANNELS = Schema(
    table="market_channels",
    columns=(
        Column("market_channel", "text"),
        Column("area", "text", "administrative code, GB/T 2260"),
        Column("openness", "text", "public|members|managers"),
        Column("status", "text", "open|retired"),
        Column("genesis_hash", "text", "leaf hash, hex, empty: of genesis"),
        Column("log", "text", "C2SP verifier key, empty: of genesis"),
        _TIME,
    ),
)

CHANNEL_LINKS = Schema(
    table="channel_links",
    columns=(
        Column("first_channel", "text"),
        Column("second_channel", "text"),
        Column("linked", "bool"),
        _TIME,
    ),
)

POLICIES = Schema(
    table="policies",
    columns=(
        Column("number", "int"),
        Column("policy_sha256", "text", "of the policy file, hex"),
        Column("validators", "int"),
        Column("threshold", "int", "validators"),
        Column("logs", "int"),
        Column("faults_fork", "int", "lying validators that it survives"),
        Column("faults_stop", "int", "silent validators that it survives"),
        _TIME,
    ),
)

PARAMETER_CHANGES = Schema(
    table="parameter_changes",
    columns=(
        Column("of_channel", "text"),
        Column("contract", "text"),
        Column("height", "int", "block"),
        Column("parameters_sha256", "text", "of their canonical JSON, hex"),
        _TIME,
    ),
)

DIRECTORIES = Schema(
    table="directories",
    columns=(
        Column("organisation", "text"),
        Column("directory", "text"),
        Column("roles", "text", "sorted, comma-separated, empty: not mapped any more"),
        _TIME,
    ),
)

PROPOSALS = Schema(
    table="proposals",
    columns=(
        Column("proposal", "int", "entry in which it was proposed"),
        Column("kind", "text"),
        Column("subject", "text"),
        Column("action_sha256", "text", "of the action's canonical JSON, hex"),
        Column("organisation", "text"),
        Column("account", "text"),
        Column("status", "text", "open|passed|failed|withdrawn"),
        Column("reason", "text", "code, empty: open or passed"),
        Column("deadline", "time", "ms UTC, exclusive"),
        _TIME,
    ),
)

VOTES = Schema(
    table="votes",
    columns=(
        Column("proposal", "int", "entry in which it was proposed"),
        Column("organisation", "text"),
        Column("account", "text"),
        Column("validator", "text", "name in the policy"),
        Column("approve", "bool"),
        _TIME,
    ),
)

TABLES = (
    CHANNEL_LINKS,
    DIRECTORIES,
    MARKET_CHANNELS,
    ORGANISATIONS,
    PARAMETER_CHANGES,
    POLICIES,
    PROPOSALS,
    VOTES,
)


def write_organisation(call: Call, organisation: Organisation, status: Literal["active", "removed"]) -> None:
    """A version of an organisation."""
    call.write(
        ORGANISATIONS,
        (
            organisation.organisation,
            organisation.name_zh,
            organisation.name_en,
            organisation.parent,
            ",".join(organisation.roles),
            organisation.validator,
            status,
            call.time_ms,
        ),
    )


def write_channel(call: Call, channel: Channel) -> None:
    """A version of a market channel."""
    call.write(
        MARKET_CHANNELS,
        (
            channel.channel,
            channel.area,
            channel.openness,
            channel.status,
            channel.genesis_hash,
            channel.log,
            call.time_ms,
        ),
    )


def write_policy(call: Call, number: int, policy: Policy) -> None:
    """A policy that has become the newest."""
    faults_fork, faults_stop = policy.survives()
    threshold = policy.groups[policy.quorum].threshold
    count = len(policy.witnesses), threshold, len(policy.logs)
    call.write(POLICIES, (number, policy.sha256.hex(), *count, faults_fork, faults_stop, call.time_ms))


def write_directory(call: Call, directory: Directory, *, is_mapped: bool) -> None:
    """What a directory gives from now on."""
    roles = ",".join(directory.roles) if is_mapped else ""
    call.write(DIRECTORIES, (directory.organisation, directory.directory, roles, call.time_ms))


def write_proposal(call: Call, proposal: Proposal, status: str, reason: str = "") -> None:
    """How a proposal stands."""
    call.write(
        PROPOSALS,
        (
            proposal.proposal,
            proposal.kind,
            proposal.subject,
            action_sha256(proposal.action),
            proposal.organisation,
            proposal.account,
            status,
            reason,
            proposal.deadline,
            call.time_ms,
        ),
    )


def action_sha256(action: str) -> str:
    """Names an action: SHA-256 of its canonical JSON, hex."""
    return sha256(action.encode()).hexdigest()
