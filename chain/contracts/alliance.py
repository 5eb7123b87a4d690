"""The contract `alliance`: who runs the network, and what they decide together. Runs on the governance channel.

Organisations are members; some run a validator of the policy. What concerns all is proposed and voted on
(`alliance_voting`): organisations and directories (`alliance_members`), validators and so the policy
(`alliance_policy`), channels and links (`alliance_channels`), parameters of contracts (`alliance_parameters`).

At genesis, in this order; what does not hold stops the network before it begins:
1. The policy is one in which any k of all validators are a quorum, any two of which share more than `faults`.
2. Organisations are sorted and unique, each one's parent is another, and there is no circle.
3. Their validators are exactly the witnesses of the policy, one each.
4. Channels are sorted, unique in any spelling, of different areas, none is governance, and the policy knows the log of
   each, of governance and of the beacon.
5. Every operator acts for one of the organisations or for none, and holds only roles of its organisation.

The first block after genesis writes all of this into the tables, by the trigger `found`.

Sources: P2, alliance and channel management (F07–F09 of the parity list); `docs/format.md` sections 6–8.
"""

from chain.contract import Call, Contract, Method, Space, TriggerMethod
from chain.contracts import auction, certificate, conduct, participant, record
from chain.contracts.alliance_members import (
    KEEPERS,
    MAP_CODES,
    UNMAP_CODES,
    MapDirectory,
    UnmapDirectory,
    map_directory,
    unmap_directory,
)
from chain.contracts.alliance_policy import CURRENT_NUMBER, TALLY, network_of, note_keys, require_form
from chain.contracts.alliance_state import (
    ALLIANCE,
    AREA,
    CHANNEL,
    DIRECTORY,
    KEY,
    LINK,
    NUMBER,
    ORGANISATION,
    PROPOSAL,
    SEAT,
    Channel,
    Directory,
    Organisation,
    Parameters,
    Proposal,
)
from chain.contracts.alliance_tables import TABLES, write_channel, write_organisation, write_policy
from chain.contracts.alliance_voting import (
    EXPIRE,
    PROPOSE_CODES,
    VOTE_CODES,
    WITHDRAW_CODES,
    Propose,
    Vote,
    Withdraw,
    expire,
    propose,
    tally,
    vote,
    withdraw,
)
from chain.contracts.quorum import newest_policy
from chain.contracts.roles import COUNCIL
from chain.errors import LedgerError
from chain.imports import GOVERNANCE
from chain.layout import BEACON, check_channel, origin
from chain.policy import Policy

_WHERE = "genesis.parameters.alliance"


def _genesis(call: Call) -> None:
    """Rules 1–5."""
    parameters: Parameters = call.parameters
    policy = newest_policy(call)
    require_form(policy)
    policy.require_safe(parameters.faults)
    policy.require_validators(network_of(policy))
    _check_organisations(parameters.organisations, policy)
    _check_channels(parameters, policy)
    organisations = {organisation.organisation: organisation for organisation in parameters.organisations}
    _check_operators(call, organisations)
    for organisation in organisations.values():
        call.put(ORGANISATION, organisation.organisation, organisation)
    for listed in parameters.channels:
        call.put(CHANNEL, listed.channel, Channel(listed.area, listed.channel, "", "", listed.openness))
        call.put(AREA, listed.area, listed.channel)
    note_keys(call, policy)
    call.put(NUMBER, CURRENT_NUMBER, 0)
    call.schedule(call.time_ms, "found", "genesis")


def _found(call: Call, _: str) -> None:
    """The tables' first rows; nothing can have changed yet, since triggers run before transactions."""
    for _key, organisation in call.items(ORGANISATION):
        write_organisation(call, organisation, "active")
    for _key, channel in call.items(CHANNEL):
        write_channel(call, channel)
    write_policy(call, 0, newest_policy(call))


def _check_organisations(organisations: tuple[Organisation, ...], policy: Policy) -> None:
    """Rules 2 and 3."""
    names = [organisation.organisation for organisation in organisations]
    if names != sorted(set(names)):
        _refuse("organisations", "organisations must be unique and sorted")
    parents = {organisation.organisation: organisation.parent for organisation in organisations}
    for name in names:
        above, steps = parents[name], 0
        while above:
            steps += 1
            if above not in parents or steps > len(parents):
                _refuse("organisations", f"above {name} there is a circle, or {above}, which is none of them")
            above = parents[above]
    for organisation in organisations:
        if list(organisation.roles) != sorted(set(organisation.roles)):
            _refuse("organisations", f"roles of {organisation.organisation} must be unique and sorted")
    validators = sorted(organisation.validator for organisation in organisations if organisation.validator)
    if validators != sorted(policy.witnesses):
        sentence = f"the organisations' validators are {', '.join(validators)}, the policy's are others"
        _refuse("validators", sentence)


def _check_channels(parameters: Parameters, policy: Policy) -> None:
    """Rule 4."""
    names = [check_channel(listed.channel, _WHERE) for listed in parameters.channels]
    if names != sorted(set(names)) or len({name.lower() for name in (GOVERNANCE, *names)}) != len(names) + 1:
        _refuse("channels", "channels must be unique in any spelling, sorted, and none is governance")
    if len({listed.area for listed in parameters.channels}) != len(names):
        _refuse("channels", "an area has one channel")
    logs = {origin(network_of(policy), log) for log in (BEACON, GOVERNANCE, *names)}
    if logs != {key.name for key in policy.logs}:
        _refuse("channels", "the policy's logs must be the beacon, governance and the channels that are listed")


def _check_operators(call: Call, organisations: dict[str, Organisation]) -> None:
    """Rule 5."""
    for name, account in call.accounts():
        organisation = organisations.get(account.organisation)
        if account.organisation and organisation is None:
            _refuse("operators", f"{name} acts for {account.organisation}, which is no organisation of the alliance")
        foreign = sorted(set(account.roles) - set(organisation.roles)) if organisation is not None else []
        if foreign:
            _refuse("operators", f"{account.organisation} may not give {name} the roles {', '.join(foreign)}")


def _refuse(code: str, sentence: str) -> None:
    raise LedgerError(code, sentence, _WHERE)


_MODULES = (
    "chain.contracts.alliance",
    "chain.contracts.alliance_actions",
    "chain.contracts.alliance_channels",
    "chain.contracts.alliance_events",
    "chain.contracts.alliance_members",
    "chain.contracts.alliance_parameters",
    "chain.contracts.alliance_policy",
    "chain.contracts.alliance_state",
    "chain.contracts.alliance_tables",
    "chain.contracts.alliance_voting",
    "chain.contracts.quorum",
    "chain.contracts.roles",
    "chain.fields",
    "chain.imports",
)
_JUDGED = (auction.CONTRACT, certificate.CONTRACT, conduct.CONTRACT, participant.CONTRACT, record.CONTRACT)
"""Contracts whose parameters are judged here, by their own code."""

CONTRACT = Contract(
    name=ALLIANCE,
    version=1,
    parameters=Parameters,
    methods=(
        Method("map_directory", map_directory, MapDirectory, KEEPERS, MAP_CODES),
        Method("propose", propose, Propose, (COUNCIL,), PROPOSE_CODES),
        Method("unmap_directory", unmap_directory, UnmapDirectory, KEEPERS, UNMAP_CODES),
        Method("vote", vote, Vote, (COUNCIL,), VOTE_CODES),
        Method("withdraw", withdraw, Withdraw, (COUNCIL,), WITHDRAW_CODES),
    ),
    triggers=(TriggerMethod(EXPIRE, expire), TriggerMethod("found", _found), TriggerMethod(TALLY, tally)),
    tables=TABLES,
    spaces=(
        Space(AREA, str),
        Space(CHANNEL, Channel),
        Space(DIRECTORY, Directory),
        Space(KEY, str),
        Space(LINK, int),
        Space(NUMBER, int),
        Space(ORGANISATION, Organisation),
        Space(PROPOSAL, Proposal),
        Space(SEAT, int),
    ),
    genesis=_genesis,
    sources=tuple(sorted({*_MODULES, *(module for contract in _JUDGED for module in contract.sources)})),
)
