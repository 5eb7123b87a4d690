"""Whatever is proposed and voted, in whatever order: the quorum decides, and no policy is ever unsafe."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.consortium import Consortium
from chain.contracts.alliance_state import Proposal
from chain.entry import Event, Receipt
from chain.imports import CHANGED
from chain.policy import Policy
from tests.chain.contracts.alliance_fixture import (
    COMPANY,
    SHOP,
    admit_organisation,
    admit_validator,
    newest,
    of_organisation,
    open_proposals,
    propose,
    remove_validator,
    replace_validator,
    validator_key,
    vote,
    world,
)
from tests.chain.contracts.replica_fixture import VALIDATORS, World

CLERKS = {**{name: name for name in VALIDATORS}, COMPANY: "trader", SHOP: "shop-clerk"}
"""Organisation → account that speaks for it."""
ORGANISATIONS = sorted(CLERKS)


Ballot = tuple[str, str, str, int, list[tuple[int, str, bool]]]
"""(who proposes, kind of action, organisation that it is about, margin of the quorum, votes): a vote is (which of the
proposals that are open, who, yes or no)."""

anybody = st.sampled_from([*VALIDATORS, *ORGANISATIONS])
votes = st.tuples(st.sampled_from([0, 0, 0, 1, 2]), anybody, st.sampled_from([True, True, True, False]))
kinds = st.sampled_from(["admit", "admit", "remove", "remove", "replace", "organisation"])
ballots = st.tuples(anybody, kinds, anybody, st.integers(-1, 1), st.lists(votes, min_size=2, max_size=7))


def action_of(made: World, kind: str, organisation: str, margin: int, serial: int) -> dict[str, Any]:
    """An action about the validator that the organisation runs by now; `serial` keeps names and keys apart.

    The quorum is by `margin` larger than the smallest of which two must meet.
    """
    validator = runs(made).get(organisation) or "nobody"
    count = len(newest(made).witnesses)
    if kind == "admit":
        return admit_validator(f"v-{serial}", organisation, (count + 1) // 2 + 1 + margin)
    if kind == "remove":
        return remove_validator(validator, max(0, (count - 1) // 2 + 1 + margin))
    if kind == "replace":
        return replace_validator(validator, validator_key(validator, f"key {serial}"))
    return admit_organisation(f"power-{serial}")


def runs(made: World) -> dict[str, str]:
    """Organisation → validator, by the tables, not by the state that the contract itself reads."""
    return {row["organisation"]: row["validator"] for row in made.records("organisations")}


def expected(policy: Policy, validators: dict[str, str], proposal: Proposal, voter: str, approve: bool) -> str:
    """What the vote must lead to: the policy's own rule on the validators that said yes, or that are left."""
    yes = {validators[name] for name in (*proposal.approvals, *([voter] if approve else []))}
    no = {validators[name] for name in (*proposal.refusals, *([] if approve else [voter]))}
    if policy.satisfied_by(yes):
        return "decided"
    return "open" if policy.satisfied_by(set(policy.witnesses) - no) else "refused"


def decision(receipt: Receipt) -> str:
    decided = [one.data for one in receipt.events if one.name == "alliance.decided"]
    if not decided:
        return "open"
    return "refused" if decided[0]["reason"] == "refused" else "decided"


def check_invariants(made: World, faults: int) -> None:
    policy, validators = newest(made), runs(made)
    policy.require_safe(faults)
    running = sorted(name for name in validators.values() if name)
    assert running == sorted(policy.witnesses)
    for proposal in open_proposals(made):
        assert not set(proposal.approvals) & set(proposal.refusals)
        assert all(validators[name] for name in (*proposal.approvals, *proposal.refusals))
        assert not policy.satisfied_by({validators[name] for name in proposal.approvals})
        assert policy.satisfied_by(set(policy.witnesses) - {validators[name] for name in proposal.refusals})


def cast(made: World, organisation: str, index: int, approve: bool) -> None:
    """A vote on one of the open proposals; what comes of it is what the rule says."""
    policy, validators, waiting = newest(made), runs(made), open_proposals(made)
    if not waiting:
        return
    # Mostly the newest, so that older ones are still open when policies change.
    proposal = waiting[-1 - index % len(waiting)]
    receipt = vote(made, proposal.proposal, CLERKS[organisation], approve)
    if receipt.code == "ok":
        assert decision(receipt) == expected(policy, validators, proposal, organisation, approve)
    elif receipt.code == "voted":
        assert organisation in (*proposal.approvals, *proposal.refusals)
    else:
        assert (receipt.code, validators[organisation]) == ("not-a-voter", "")


def put_forward(made: World, by: str, action: dict[str, Any]) -> None:
    """A proposal; it is decided at once only by whoever is a quorum alone."""
    policy, validators = newest(made), runs(made)
    receipt = propose(made, action, CLERKS[by])
    if receipt.code == "ok":
        assert (decision(receipt) == "decided") == policy.satisfied_by({validators[by]})


@settings(max_examples=30, deadline=None)
@given(faults=st.integers(0, 1), sequence=st.lists(ballots, min_size=4, max_size=12))
def test_F07_every_decision_is_the_quorums_and_no_policy_is_ever_unsafe(faults: int, sequence: list[Ballot]) -> None:
    made = world(faults=faults)
    clerk = of_organisation("shop-clerk", SHOP, "council")
    made.block(imports=[Event(data=msgspec.to_builtins(clerk), name=CHANGED)])
    for serial, (by, kind, about, margin, voting) in enumerate(sequence):
        put_forward(made, by, action_of(made, kind, about, margin, serial))
        for index, organisation, approve in voting:
            cast(made, organisation, index, approve)
            # Proposals that a change of validators has decided are settled here.
            made.advance(made.time_ms + 1_000)
            check_invariants(made, faults)
    consortium = Consortium()
    consortium.extend(made.entries)
    assert consortium.policy_at(consortium.size)[1] == newest(made).text.decode()
