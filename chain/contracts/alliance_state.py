"""What the contract `alliance` is born with and what it remembers; other contracts of governance read it from here.

State spaces of `alliance`, by id:

    organisation   organisation → Organisation             who is in the consortium
    channel        channel → Channel                       every market channel so far, retired ones too
    area           administrative code → channel           where an area trades now
    directory      `directory_key` → Directory             which roles a directory of an organisation gives
    link           `<first>:<second>` → 1                  linked channels, first < second
    proposal       entry, 15 digits → Proposal             what is open to vote; what is decided is in the tables
    key            public key, hex → verifier key's name   every key that a policy has ever named
    seat           organisation → entry                    which admitted the validator that it runs; none: genesis
    number         `policy` → number of the newest policy, 0 at genesis
"""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec

from chain.contract import Call
from chain.fields import AreaCode, Moment, Name, Openness, OptionalName, Role, Title
from chain.limits import LIMITS
from chain.units import DAY_MS, MINUTE_MS

ALLIANCE = "alliance"
"""The contract's name."""

ORGANISATION, CHANNEL, AREA, DIRECTORY = "organisation", "channel", "area", "directory"
LINK, PROPOSAL, KEY, SEAT, NUMBER = "link", "proposal", "key", "seat", "number"


@dataclass(frozen=True, slots=True)
class AllianceLimits:
    """Every limit of the alliance."""

    action_bytes_max: int = 28_000
    """Canonical JSON of an action, and of the parameters it sets: one entry may have to hold both."""
    directories_max: int = 256
    """Directories of one organisation that have roles."""
    height_max: int = 10**12
    """Height of a change of parameters; state keeps 15 digits of it."""
    proposals_open_max: int = 8
    """Proposals that one organisation may have open at once."""
    roles_max: int = 16
    """Roles of one organisation, or of one of its directories."""
    validators_count_max: int = 1_000
    """A number of validators that is told at all; of a policy `validators_max`."""
    validators_max: int = 60
    """Of a policy: a checkpoint at a change of policies carries the signatures of both and the log's, in one note."""
    vote_ms_max: int = 366 * DAY_MS
    """How long a proposal may stay open."""
    vote_ms_min: int = MINUTE_MS
    """How long it stays open at least."""


ALLIANCE_LIMITS = AllianceLimits()

Roles = Annotated[tuple[Role, ...], msgspec.Meta(max_length=ALLIANCE_LIMITS.roles_max)]
"""Sorted and unique."""

Count = Annotated[int, msgspec.Meta(ge=0, le=ALLIANCE_LIMITS.validators_count_max)]
"""A number of validators."""

_VoteTime = Annotated[int, msgspec.Meta(ge=ALLIANCE_LIMITS.vote_ms_min, le=ALLIANCE_LIMITS.vote_ms_max)]

ProposalNumber = Annotated[int, msgspec.Meta(ge=0, le=LIMITS.json_integer_max)]
"""The entry in which something was proposed."""


class Organisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member of the consortium."""

    name_en: Title
    name_zh: Title
    organisation: Name
    parent: OptionalName
    """The organisation above it in the directory tree, "" at the top."""
    roles: Roles
    """Those that its accounts may hold."""
    validator: OptionalName = ""
    """Name of its validator in the newest policy, "" for an observer."""


class MarketChannel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A channel of genesis. Governance itself is always public and is not listed."""

    area: AreaCode
    channel: Name
    openness: Openness


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The alliance at genesis. Later changes are votes, never new parameters of this contract.

    Whoever writes a genesis hands in: every institution with its validator (the validators are exactly the witnesses
    of the policy, one each), every market channel that is begun with the network, and genesis's own `faults`. Every
    operator acts for a listed organisation, or for none, and holds only roles of that organisation.
    """

    channels: tuple[MarketChannel, ...] = ()
    """Sorted by channel, each area once; all of them have their log in the policy."""
    faults: Count = 1
    """f: no policy is made whose quorums might share no more than f validators. The same as genesis's."""
    organisations: tuple[Organisation, ...] = ()
    """Sorted by organisation."""
    vote_ms: _VoteTime = 7 * DAY_MS
    """How long a proposal stays open."""


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A market channel."""

    area: AreaCode
    channel: Name
    genesis_hash: str
    """Leaf hash of its genesis entry as it was voted, hex; "" for a channel of genesis."""
    log: str
    """Verifier key line of its log as it was voted; "" for a channel of genesis."""
    openness: Openness
    status: Literal["open", "retired"] = "open"


class Directory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A directory (an LDAP or OIDC group) of an organisation and what its people may do."""

    directory: Title
    organisation: Name
    roles: Roles
    """Each one of the organisation's; at least one."""


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An action that is open to vote."""

    account: str
    """Who proposed it."""
    action: str
    """Canonical JSON."""
    approvals: tuple[str, ...]
    """Organisations that said yes, sorted."""
    deadline: Moment
    """First ms at which nobody may vote any more."""
    kind: str
    """Of the action."""
    organisation: str
    """For which it was proposed: the first that said yes."""
    proposal: ProposalNumber
    refusals: tuple[str, ...]
    """Organisations that said no, sorted."""
    subject: str
    """What the action is about: an organisation, a validator or a channel."""


def directory_key(organisation: str, directory: str) -> str:
    """Id of a directory in the state, which takes ASCII without `/`: `<organisation>:<directory>`, percent-encoded."""
    return f"{organisation}:{quote(directory, safe='=,')}"


def proposal_key(proposal: int) -> str:
    """Id of a proposal in the state."""
    return f"{proposal:015d}"


def find_organisation(call: Call, organisation: str) -> Organisation | None:
    """A member of the alliance, for any contract of governance."""
    found: Organisation | None = call.read(ALLIANCE, ORGANISATION, organisation)
    return found


def seated_since(call: Call, organisation: str) -> int:
    """The entry that admitted the organisation's validator, for any contract of governance; 0: genesis, or none."""
    return int(call.read(ALLIANCE, SEAT, organisation) or 0)


def find_directory(call: Call, organisation: str, directory: str) -> Directory | None:
    """What a directory gives, for any contract of governance; None where it gives nothing."""
    found: Directory | None = call.read(ALLIANCE, DIRECTORY, directory_key(organisation, directory))
    return found


def channel_of_area(call: Call, area: str) -> str | None:
    """The channel on which an area trades now, for any contract of governance."""
    found: str | None = call.read(ALLIANCE, AREA, area)
    return found
