"""Recovery: a new key for an account whose key is lost, by a quorum of the organisations.

1. `propose_recovery`, by a registrar or the council, for an account that exists and is not revoked ("unknown-account",
   "status"); the council of an organisation that runs no validator does so for its own organisation's accounts only
   ("other-organisation"): everybody sees the possession proof of a proposal that waits to be recorded, and whoever
   copied it first would use up the key. The new key keeps rules 1–3 of `chain.contracts.participant_rules` and is
   reserved from now on. A new information hash may come with it ("information-hash"), unless the private record was
   erased ("erased"); who proposes has vetted it. The proposal replaces what the same organisation has proposed for this
   account, which is void: so nobody can crowd out another's.
2. `approve_recovery`, by the council, names account and key of a recovery that waits ("no-recovery"). The caller acts
   for an organisation that runs a validator of the newest policy ("no-validator") and has not approved it yet
   ("approved-already"): one approval per organisation, whichever of its accounts it came from. An approval counts while
   its organisation runs the validator that it ran then: who was removed and admitted again approves anew.
3. When the approving organisations are a quorum of the newest policy (`chain.contracts.quorum`), the same call carries
   it out. Where a change of validators has made them one, whoever of them approves again does, by rule 2 no approval
   more. Carried out: the account has the new key, the old one is refused from then on, the nonce goes on, other
   recoveries of the account are void. A suspended account stays suspended.
4. A recovery waits `recovery_ms`, then a trigger ends it; revoking the account ends it at once.
5. A rotation does not end a recovery: who has stolen a key could rotate it and so keep what they stole. Whether a
   recovery that the key's holder has contradicted by rotating goes on is for the organisations to judge.

No organisation alone can give itself another's account, since it takes a quorum, of which it is one voice; proposing
is no approval.

Sources: F04 (recovery by quorum); rules 4 and 5 are [ours].
"""

import msgspec

from chain.contract import Call
from chain.contracts.alliance_state import seated_since
from chain.contracts.participant_information import require_not_erased
from chain.contracts.participant_rules import bytes_of, caller_of, check_information_hash, require_proposer, take_key
from chain.contracts.participant_state import (
    RECOVERIES,
    ApproveRecovery,
    ProposeRecovery,
    Recovery,
    identity_of,
    pending_recoveries,
    record_account,
    record_recovery,
    standing_account,
)
from chain.contracts.quorum import organisations_satisfy, validator_of

EXPIRE = "expire_recovery"
"""The trigger of rule 4."""


def propose_recovery(call: Call, arguments: ProposeRecovery) -> None:
    """Rule 1."""
    standing = standing_account(call, arguments.account)
    require_proposer(call, standing)
    account = standing.account
    if arguments.information_hash:
        check_information_hash(call, arguments.information_hash)
        require_not_erased(call, account, identity_of(call, account))
    take_key(call, account, arguments.public_key, arguments.possession)
    expires = call.time_ms + call.parameters.recovery_ms
    caller = caller_of(call)
    void_recoveries(call, account, caller.organisation)
    recovery = Recovery(
        account=account,
        approvals=(),
        expires=expires,
        # Nobody vets themselves.
        information_by=caller.account if caller.account != account else "",
        information_hash=arguments.information_hash,
        organisation=caller.organisation,
    )
    call.put(RECOVERIES, arguments.public_key, recovery)
    call.schedule(expires, EXPIRE, arguments.public_key)
    record_recovery(call, arguments.public_key, recovery, "proposed")


def approve_recovery(call: Call, arguments: ApproveRecovery) -> None:
    """Rules 2 and 3."""
    bytes_of(call, "no-recovery", arguments.public_key, 32)
    recovery: Recovery | None = call.get(RECOVERIES, arguments.public_key)
    if recovery is None or recovery.account != arguments.account or call.time_ms >= recovery.expires:
        call.reject("no-recovery", f"no recovery of {arguments.account} with this key waits for approval")
    organisation = caller_of(call).organisation
    if not validator_of(call, organisation):
        call.reject("no-validator", f"{organisation!r} runs no validator of the newest policy")
    approvals = {name: entry for name, entry in recovery.approvals if entry > seated_since(call, name)}
    if organisation not in approvals:
        approvals[organisation] = call.entry
        recovery = msgspec.structs.replace(recovery, approvals=tuple(sorted(approvals.items())))
        call.put(RECOVERIES, arguments.public_key, recovery)
        record_recovery(call, arguments.public_key, recovery, "approved")
    elif not organisations_satisfy(call, approvals):
        call.reject("approved-already", f"{organisation} has approved it")
    if organisations_satisfy(call, approvals):
        _carry_out(call, arguments.public_key, recovery)


def expire_recovery(call: Call, public_key: str) -> None:
    """Rule 4."""
    recovery: Recovery | None = call.get(RECOVERIES, public_key)
    if recovery is not None:
        call.delete(RECOVERIES, public_key)
        record_recovery(call, public_key, recovery, "expired")


def void_recoveries(call: Call, account: str, organisation: str | None = None) -> None:
    """Rules 1, 3 and 4: what waits for this account, as proposed by `organisation` or by whomever, waits no more."""
    for public_key, recovery in pending_recoveries(call, account):
        if organisation in (None, recovery.organisation):
            call.delete(RECOVERIES, public_key)
            record_recovery(call, public_key, recovery, "void")


def _carry_out(call: Call, public_key: str, recovery: Recovery) -> None:
    """Rule 3."""
    call.delete(RECOVERIES, public_key)
    record_recovery(call, public_key, recovery, "carried_out")
    void_recoveries(call, recovery.account)
    account = msgspec.structs.replace(standing_account(call, recovery.account), public_key=public_key)
    identity = identity_of(call, recovery.account)
    # Erased since it was proposed: the key is recovered, the hash is not.
    if recovery.information_hash and not identity.is_erased:
        identity = msgspec.structs.replace(
            identity, information_by=recovery.information_by, information_hash=recovery.information_hash
        )
    record_account(call, account, identity, "approve_recovery")
