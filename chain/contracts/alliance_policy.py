"""Validators of the alliance and the policies that they make. Runs as part of the contract `alliance`.

Validators, in this order; the code of a refusal in quotes:
1. One that is admitted is run by an organisation of the alliance ("unknown-organisation") that runs none yet, under a
   name that no other has ("validator-taken"). One that is removed or replaced is there ("unknown-validator").
   Who votes for an organisation that gets a voice is who voted for it when this was proposed: no account of it with the
   role `council` was registered, changed, moved, suspended or revoked since ("council-changed"), none is suspended
   ("council-suspended"). Until it runs a validator others keep its accounts (`participant_rules` 6), and one of them
   could otherwise exchange them before casting the deciding vote.
2. A key is a verifier key line of the right type, named after its validator or log in this network, and a canonical
   Ed25519 point of prime order ("key"). No policy has ever named its public key, for whomever ("key-taken"): a key that
   has left a policy cannot speak again, neither as another validator's nor as a log's.
3. The threshold is from 1 to the number of validators ("threshold"); there are at most `validators_max` ("policy").
4. Any two quorums of the new policy share more than `faults` validators ("policy-unsafe"). It is judged against the
   newest policy, when the action is proposed and again when it passes: two changes that are each safe may be unsafe one
   after the other.
5. Any `threshold` of all validators are a quorum: genesis's policy must be of that form too, so that every policy is
   written by `chain.policy.encode_policy` and a change of one validator changes nothing else.

What a new policy does:
6. It is the newest at once, for votes. Channels are signed under it from the beacon round on at which both quorums have
   signed the handover (`docs/format.md` section 7).
7. The votes of an organisation whose validator is removed are struck from every open proposal. What is then decided
   under the new policy is settled at once, each proposal by a trigger of its own (`alliance_voting`). Approvals of
   recoveries count by the entry that admitted the validator (`participant_recovery` 2).
"""

from collections.abc import Mapping
from functools import partial

import msgspec
from nacl import bindings

from chain.contract import Call
from chain.contracts.alliance_actions import AdmitValidator, RemoveValidator, ReplaceValidator
from chain.contracts.alliance_events import PolicyChange, report
from chain.contracts.alliance_members import Effect, put_organisation, require_organisation
from chain.contracts.alliance_state import (
    ALLIANCE_LIMITS,
    KEY,
    NUMBER,
    ORGANISATION,
    PROPOSAL,
    SEAT,
    Organisation,
)
from chain.contracts.alliance_tables import write_policy
from chain.contracts.participant_state import council_changed
from chain.contracts.quorum import newest_policy
from chain.contracts.roles import COUNCIL
from chain.errors import ParseError, PolicyError
from chain.imports import GOVERNANCE
from chain.layout import validator_name
from chain.note import COSIGNATURE_V1, VerifierKey
from chain.policy import Policy, encode_policy, parse_policy

CURRENT_NUMBER = "policy"
"""The one id of the state space `NUMBER`."""
TALLY = "tally"
"""Trigger that settles a proposal after a change of validators."""


def judge_admission(call: Call, action: AdmitValidator, proposed: int) -> Effect:
    """Rules 1–4. `proposed`: the entry of the proposal."""
    organisation = require_organisation(call, action.organisation)
    if organisation.validator:
        call.reject("validator-taken", f"{action.organisation} runs the validator {organisation.validator}")
    _require_same_council(call, action.organisation, proposed)
    policy = newest_policy(call)
    if action.validator in policy.witnesses:
        call.reject("validator-taken", f"there is a validator {action.validator} already")
    key = check_key(call, action.key, COSIGNATURE_V1, validator_name(network_of(policy), action.validator))
    changed = _policy_of(call, policy, {**policy.witnesses, action.validator: key}, action.threshold)

    def effect() -> None:
        put_organisation(call, msgspec.structs.replace(organisation, validator=action.validator))
        call.put(SEAT, action.organisation, call.entry)
        adopt_policy(call, changed)
        schedule_tallies(call)

    return effect


def _require_same_council(call: Call, organisation: str, proposed: int) -> None:
    """Rule 1."""
    if council_changed(call, organisation) > proposed:
        call.reject("council-changed", f"who votes for {organisation} has changed since this was proposed")
    for name, account in call.accounts():
        if account.organisation == organisation and COUNCIL in account.roles and account.status == "suspended":
            call.reject("council-suspended", f"{name}, who votes for {organisation}, is suspended")


def judge_removal(call: Call, action: RemoveValidator) -> Effect:
    """Rules 1, 3 and 4."""
    policy = newest_policy(call)
    organisation = _operator_of(call, action.validator)
    left = {name: key for name, key in policy.witnesses.items() if name != action.validator}
    changed = _policy_of(call, policy, left, action.threshold)

    def effect() -> None:
        put_organisation(call, msgspec.structs.replace(organisation, validator=""))
        call.delete(SEAT, organisation.organisation)
        adopt_policy(call, changed)
        _strike_votes(call, organisation.organisation)
        schedule_tallies(call)

    return effect


def judge_replacement(call: Call, action: ReplaceValidator) -> Effect:
    """Rules 1, 2 and 4. The organisation and its votes stay."""
    policy = newest_policy(call)
    _operator_of(call, action.validator)
    key = check_key(call, action.key, COSIGNATURE_V1, validator_name(network_of(policy), action.validator))
    changed = _policy_of(call, policy, {**policy.witnesses, action.validator: key}, threshold_of(policy))
    return partial(adopt_policy, call, changed)


def judge_log(call: Call, log: VerifierKey) -> Policy:
    """The policy with one more log (rules 3 and 4)."""
    policy = newest_policy(call)
    return _policy_of(call, policy, policy.witnesses, threshold_of(policy), log)


def adopt_policy(call: Call, policy: Policy) -> None:
    """Rule 6. `policy` has been judged."""
    number: int = call.get(NUMBER, CURRENT_NUMBER) + 1
    call.put(NUMBER, CURRENT_NUMBER, number)
    note_keys(call, policy)
    call.change_policy(policy.text.decode())
    report(call, PolicyChange(number, policy.text.decode()))
    write_policy(call, number, policy)


def note_keys(call: Call, policy: Policy) -> None:
    """Rule 2: these keys are taken for good."""
    for key in (*policy.logs, *policy.witnesses.values()):
        call.put(KEY, key.public_key.hex(), key.name)


def check_key(call: Call, line: str, algorithm: int, name: str) -> VerifierKey:
    """Rule 2."""
    try:
        key = VerifierKey.parse(line)
    except ParseError:
        call.reject("key", f"not a verifier key line; {name} needs one of type {algorithm}")
    if key.algorithm != algorithm:
        call.reject("key", f"a key of signature type {key.algorithm}, {name} needs type {algorithm}")
    if key.name != name:
        call.reject("key", f"the key of {key.name}, not of {name}")
    if not bindings.crypto_core_ed25519_is_valid_point(key.public_key):
        call.reject("key", "not a canonical Ed25519 point of prime order")
    holder = call.get(KEY, key.public_key.hex())
    if holder is not None:
        call.reject("key-taken", f"a policy has named this public key already, as {holder}")
    return key


def network_of(policy: Policy) -> str:
    """Name of the network, as the log of governance has it in its name."""
    for log in policy.logs:
        kind, _, rest = log.name.partition("/")
        network, _, channel = rest.partition("/")
        if kind == "gridproof" and channel == GOVERNANCE:
            return network
    raise PolicyError("policy-log", f"the policy knows no log of {GOVERNANCE}")


def threshold_of(policy: Policy) -> int:
    """How many validators are a quorum (rule 5)."""
    return policy.groups[policy.quorum].threshold


def require_form(policy: Policy) -> None:
    """Rule 5 for genesis's policy; `PolicyError` otherwise."""
    group = policy.groups.get(policy.quorum)
    if group is None or policy.text != encode_policy(policy.logs, policy.witnesses, group.threshold):
        sentence = "an alliance begins with a policy in which any k of all validators are a quorum, written canonically"
        raise PolicyError("policy-form", sentence)


def schedule_tallies(call: Call) -> None:
    """Rule 7."""
    for key, _ in call.items(PROPOSAL):
        call.schedule(call.time_ms, TALLY, key)


def _strike_votes(call: Call, organisation: str) -> None:
    """Rule 7."""
    for key, proposal in call.items(PROPOSAL):
        approvals = tuple(name for name in proposal.approvals if name != organisation)
        refusals = tuple(name for name in proposal.refusals if name != organisation)
        call.put(PROPOSAL, key, msgspec.structs.replace(proposal, approvals=approvals, refusals=refusals))


def _operator_of(call: Call, validator: str) -> Organisation:
    """Rule 1: who runs it."""
    organisations: list[Organisation] = [organisation for _, organisation in call.items(ORGANISATION)]
    found = next((organisation for organisation in organisations if organisation.validator == validator), None)
    if found is None:
        call.reject("unknown-validator", f"the newest policy has no validator {validator}")
    return found


def _policy_of(
    call: Call, policy: Policy, witnesses: Mapping[str, VerifierKey], threshold: int, *logs: VerifierKey
) -> Policy:
    """Rules 3 and 4."""
    if not 1 <= threshold <= len(witnesses):
        call.reject("threshold", f"{threshold} of {len(witnesses)} validators is no quorum")
    if len(witnesses) > ALLIANCE_LIMITS.validators_max:
        call.reject("policy", f"more than {ALLIANCE_LIMITS.validators_max} validators")
    try:
        changed = parse_policy(encode_policy((*policy.logs, *logs), witnesses, threshold))
        changed.require_safe(call.parameters.faults)
    except PolicyError as error:
        # Not the error's own sentence: the receipt is on the record, and only a contract's code is pinned with it.
        if error.code == "policy-unsafe":
            sentence = f"two quorums of {threshold} of {len(witnesses)} may share no more than {call.parameters.faults}"
            call.reject("policy-unsafe", sentence)
        call.reject("policy", f"no policy can be written for {len(witnesses)} validators and this log")
    return changed
