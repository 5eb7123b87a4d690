"""Proposals and votes of the alliance. Runs as part of the contract `alliance`.

In this order; the code of a refusal in quotes:
1. Only an organisation that runs a validator of the newest policy proposes and votes ("not-a-voter"), by an account
   with the role `council`. It votes once, whichever of its accounts does it ("voted"); a vote is final.
2. An organisation has at most `proposals_open_max` proposals open ("proposals-open"). An action is at most
   `action_bytes_max` of canonical JSON ("action-size"), and would have to be possible now (the codes of its own rules).
3. Who proposes says yes by that. A proposal is open for `vote_ms`, exclusive: then, or once it is decided or withdrawn,
   there is nothing left to vote on ("proposal-closed").
4. It passes the moment the organisations that said yes are a quorum of the newest policy (`chain.contracts.quorum`),
   and is carried out in the same call. It fails ("refused") the moment there can be no quorum without those that said
   no.
5. The action is judged again when it passes. If it breaks a rule by then, nothing is carried out: the deciding vote is
   accepted, the proposal has failed, its reason is the code of that rule.
6. A change of validators may decide what is open: the trigger `tally` settles each such proposal in the next block.
7. Only the organisation that proposed withdraws ("not-the-proposer").
8. The trigger `expire` ends what is still open at its deadline ("expired").
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from chain.contract import Arguments, Call
from chain.contracts import alliance_channels, alliance_members, alliance_parameters, alliance_policy
from chain.contracts.alliance_actions import (
    Action,
    AdmitOrganisation,
    AdmitValidator,
    CreateChannel,
    LinkChannels,
    RemoveOrganisation,
    RemoveValidator,
    ReplaceValidator,
    RetireChannel,
    SetOpenness,
    SetParameters,
    UnlinkChannels,
    decode_action,
    encode_action,
    kind_of,
    subject_of,
)
from chain.contracts.alliance_events import DecidedEvent, ProposedEvent, VoteEvent, report
from chain.contracts.alliance_members import Effect
from chain.contracts.alliance_state import (
    ALLIANCE_LIMITS,
    PROPOSAL,
    Proposal,
    ProposalNumber,
    proposal_key,
)
from chain.contracts.alliance_tables import VOTES, action_sha256, write_proposal
from chain.contracts.quorum import organisations_block, organisations_satisfy, validator_of
from chain.errors import RejectError
from chain.limits import LIMITS

EXPIRE = "expire"

ACTION_CODES = (
    "organisation-taken",
    "unknown-organisation",
    "roles",
    "organisation-validator",
    "organisation-parent",
    "organisation-accounts",
    "validator-taken",
    "unknown-validator",
    "council-changed",
    "council-suspended",
    "key",
    "key-taken",
    "threshold",
    "policy",
    "policy-unsafe",
    "channel-name",
    "channel-taken",
    "area-taken",
    "genesis-hash",
    "unknown-channel",
    "retired",
    "link-self",
    "linked",
    "not-linked",
    "unchanged",
    "unknown-contract",
    "height",
    "parameters",
    "action-size",
)
"""Codes with which an action may be refused when it is proposed, and with which it may fail when it passes."""
PROPOSE_CODES = ("not-a-voter", "proposals-open", *ACTION_CODES)
VOTE_CODES = ("proposal-closed", "not-a-voter", "voted")
WITHDRAW_CODES = ("proposal-closed", "not-the-proposer")

_JUDGES: Mapping[type[msgspec.Struct], Callable[[Call, Any], Effect]] = {
    AdmitOrganisation: alliance_members.judge_admission,
    RemoveOrganisation: alliance_members.judge_removal,
    RemoveValidator: alliance_policy.judge_removal,
    ReplaceValidator: alliance_policy.judge_replacement,
    CreateChannel: alliance_channels.judge_creation,
    LinkChannels: alliance_channels.judge_link,
    UnlinkChannels: alliance_channels.judge_unlink,
    SetOpenness: alliance_channels.judge_openness,
    RetireChannel: alliance_channels.judge_retirement,
    SetParameters: alliance_parameters.judge_parameters,
}
"""What judges an action: a refusal, or the effect that carries it out. Judging changes nothing. An admission of a
validator is judged by its proposal's entry too."""


class Propose(Arguments, frozen=True):
    """Arguments of `propose`."""

    action: Action


class Vote(Arguments, frozen=True):
    """Arguments of `vote`."""

    approve: bool
    proposal: ProposalNumber


class Withdraw(Arguments, frozen=True):
    """Arguments of `withdraw`."""

    proposal: ProposalNumber


def propose(call: Call, arguments: Propose) -> None:
    """Rules 1–4."""
    organisation = _voter(call)
    opened = sum(proposal.organisation == organisation for _, proposal in call.items(PROPOSAL))
    if opened >= ALLIANCE_LIMITS.proposals_open_max:
        call.reject("proposals-open", f"{organisation} has {opened} open proposals already")
    action = encode_action(arguments.action)
    if len(action.encode()) > ALLIANCE_LIMITS.action_bytes_max:
        most = ALLIANCE_LIMITS.action_bytes_max
        call.reject("action-size", f"{len(action.encode())} bytes, at most {most} are allowed")
    _judge(call, arguments.action, call.entry)
    proposal = Proposal(
        account=call.account_id,
        action=action,
        approvals=(),
        deadline=min(call.time_ms + call.parameters.vote_ms, LIMITS.time_ms_max),
        kind=kind_of(arguments.action),
        organisation=organisation,
        proposal=call.entry,
        refusals=(),
        subject=subject_of(arguments.action),
    )
    _report_proposed(call, proposal)
    call.schedule(proposal.deadline, EXPIRE, proposal_key(proposal.proposal))
    _cast(call, proposal, organisation, approve=True)


def vote(call: Call, arguments: Vote) -> None:
    """Rules 1, 3 and 4."""
    proposal = _open_proposal(call, arguments.proposal)
    organisation = _voter(call)
    if organisation in (*proposal.approvals, *proposal.refusals):
        call.reject("voted", f"{organisation} has voted on proposal {proposal.proposal}")
    _cast(call, proposal, organisation, approve=arguments.approve)


def withdraw(call: Call, arguments: Withdraw) -> None:
    """Rule 7."""
    proposal = _open_proposal(call, arguments.proposal)
    caller = call.account(call.account_id)
    if caller is None or caller.organisation != proposal.organisation:
        call.reject("not-the-proposer", f"{proposal.organisation} has proposed it")
    _close(call, proposal, "withdrawn", "withdrawn")


def tally(call: Call, key: str) -> None:
    """Rule 6."""
    proposal: Proposal | None = call.get(PROPOSAL, key)
    if proposal is not None:
        _settle(call, proposal)


def expire(call: Call, key: str) -> None:
    """Rule 8."""
    proposal: Proposal | None = call.get(PROPOSAL, key)
    if proposal is not None:
        _close(call, proposal, "failed", "expired")


def _voter(call: Call) -> str:
    """Rule 1: the organisation that the caller speaks for."""
    caller = call.account(call.account_id)
    organisation = caller.organisation if caller is not None else ""
    if not validator_of(call, organisation):
        call.reject("not-a-voter", f"organisation {organisation!r} runs no validator of the newest policy")
    return organisation


def _open_proposal(call: Call, number: int) -> Proposal:
    """Rule 3."""
    proposal: Proposal | None = call.get(PROPOSAL, proposal_key(number))
    if proposal is None or call.time_ms >= proposal.deadline:
        call.reject("proposal-closed", f"there is no proposal {number} that is open to vote")
    return proposal


def _cast(call: Call, proposal: Proposal, organisation: str, *, approve: bool) -> None:
    """A vote, on the record and counted."""
    validator = validator_of(call, organisation)
    report(call, VoteEvent(approve, organisation, proposal.proposal, validator))
    call.write(VOTES, (proposal.proposal, organisation, call.account_id, validator, approve, call.time_ms))
    if approve:
        voted = msgspec.structs.replace(proposal, approvals=tuple(sorted((*proposal.approvals, organisation))))
    else:
        voted = msgspec.structs.replace(proposal, refusals=tuple(sorted((*proposal.refusals, organisation))))
    call.put(PROPOSAL, proposal_key(proposal.proposal), voted)
    _settle(call, voted)


def _settle(call: Call, proposal: Proposal) -> None:
    """Rules 4, 5 and 8."""
    if call.time_ms >= proposal.deadline:
        _close(call, proposal, "failed", "expired")
    elif organisations_satisfy(call, proposal.approvals):
        _pass(call, proposal)
    elif organisations_block(call, proposal.refusals):
        _close(call, proposal, "failed", "refused")


def _pass(call: Call, proposal: Proposal) -> None:
    """Rule 5."""
    try:
        effect = _judge(call, decode_action(proposal.action), proposal.proposal)
    except RejectError as error:
        _close(call, proposal, "failed", error.code)
        return
    # Closed first: what the action does to open proposals is no longer this one's business.
    _close(call, proposal, "passed", "")
    effect()


def _judge(call: Call, action: Action, proposed: int) -> Effect:
    if isinstance(action, AdmitValidator):
        return alliance_policy.judge_admission(call, action, proposed)
    return _JUDGES[type(action)](call, action)


def _close(call: Call, proposal: Proposal, status: Literal["passed", "failed", "withdrawn"], reason: str) -> None:
    call.delete(PROPOSAL, proposal_key(proposal.proposal))
    report(call, DecidedEvent(proposal.proposal, reason, status))
    write_proposal(call, proposal, status, reason)


def _report_proposed(call: Call, proposal: Proposal) -> None:
    event = ProposedEvent(
        action_sha256=action_sha256(proposal.action),
        deadline=proposal.deadline,
        kind=proposal.kind,
        organisation=proposal.organisation,
        proposal=proposal.proposal,
        subject=proposal.subject,
    )
    report(call, event)
    write_proposal(call, proposal, "open")
