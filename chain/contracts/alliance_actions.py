"""What the alliance can decide: the actions that an organisation may propose.

An action is one object; its member `kind` says which. These records are its shape; what must hold for it is judged
where it is carried out: `alliance_members` (organisations), `alliance_policy` (validators, policies),
`alliance_channels` (channels, links), `alliance_parameters`.
"""

from typing import Any

import msgspec

from chain import jcs
from chain.contracts.alliance_state import Count, Roles
from chain.fields import I53, AreaCode, Name, Openness, OptionalName, Title


class _Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """Fields in key order."""


class AdmitOrganisation(_Action, frozen=True, kw_only=True, tag="admit-organisation"):
    """An organisation joins, as an observer."""

    name_en: Title
    name_zh: Title
    organisation: Name
    parent: OptionalName = ""
    roles: Roles


class RemoveOrganisation(_Action, frozen=True, tag="remove-organisation"):
    """An organisation leaves."""

    organisation: Name


class AdmitValidator(_Action, frozen=True, tag="admit-validator"):
    """An organisation runs a validator from now on."""

    key: str
    """Verifier key line, type 04, named `gridproof/<network>/validator/<validator>`."""
    organisation: Name
    threshold: Count
    """How many validators are a quorum from then on."""
    validator: Name


class RemoveValidator(_Action, frozen=True, tag="remove-validator"):
    """An organisation becomes an observer."""

    threshold: Count
    validator: Name


class ReplaceValidator(_Action, frozen=True, tag="replace-validator"):
    """A validator gets another key; the old one never comes back."""

    key: str
    validator: Name


class CreateChannel(_Action, frozen=True, tag="create-channel"):
    """An area gets a market channel."""

    area: AreaCode
    channel: str
    genesis_hash: str
    """Leaf hash, hex, of the genesis entry that the channel must begin with."""
    log: str
    """Verifier key line of its log, type 01, named `gridproof/<network>/<channel>`."""
    openness: Openness


class LinkChannels(_Action, frozen=True, tag="link-channels"):
    """Two channels say that they belong together."""

    first: Name
    second: Name


class UnlinkChannels(_Action, frozen=True, tag="unlink-channels"):
    """Two channels belong together no longer."""

    first: Name
    second: Name


class SetOpenness(_Action, frozen=True, tag="set-openness"):
    """Who may read a channel's content."""

    channel: Name
    openness: Openness


class RetireChannel(_Action, frozen=True, tag="retire-channel"):
    """A channel takes no more transactions; its record stays."""

    channel: Name


class SetParameters(_Action, frozen=True, tag="set-parameters"):
    """A contract runs with other parameters from a height on."""

    channel: Name
    contract: Name
    height: I53
    """First block of the channel that runs with them; where it learns of them later, the block that does."""
    parameters: dict[str, Any]
    """All that differ from the contract's defaults."""


Action = (
    AdmitOrganisation
    | RemoveOrganisation
    | AdmitValidator
    | RemoveValidator
    | ReplaceValidator
    | CreateChannel
    | LinkChannels
    | UnlinkChannels
    | SetOpenness
    | RetireChannel
    | SetParameters
)


def encode_action(action: Action) -> str:
    """Canonical JSON, as the state keeps it."""
    # Of plain values: a Struct's tag has its own place, whatever the order of the other members.
    return jcs.encode(msgspec.to_builtins(action)).decode()


def decode_action(text: str) -> Action:
    """What `encode_action` has written."""
    action: Action = msgspec.convert(jcs.decode(text.encode(), "action"), Action)
    return action


def kind_of(action: Action) -> str:
    """Its `kind`."""
    return kind_of_type(type(action))


def kind_of_type(action: type[msgspec.Struct]) -> str:
    """`kind` of the actions of this type."""
    return str(action.__struct_config__.tag)


def subject_of(action: Action) -> str:
    """What it is about."""
    if isinstance(action, AdmitOrganisation | RemoveOrganisation):
        return action.organisation
    if isinstance(action, AdmitValidator | RemoveValidator | ReplaceValidator):
        return action.validator
    if isinstance(action, LinkChannels | UnlinkChannels):
        return f"{action.first},{action.second}"
    return action.channel
