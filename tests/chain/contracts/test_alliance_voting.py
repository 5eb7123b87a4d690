"""Proposals and votes: who votes, what decides, and what ends without a decision."""

import msgspec
import pytest

from chain.contracts.alliance_actions import AdmitValidator
from chain.contracts.alliance_state import ALLIANCE_LIMITS
from chain.contracts.alliance_voting import _JUDGES, Propose
from chain.entry import Event, Trigger, parse_entry
from chain.imports import CHANGED
from tests.chain.contracts.alliance_fixture import (
    CLERK,
    COMPANY,
    CONTRACTS,
    DISPATCHER,
    NATIONAL,
    PROVINCIAL,
    REGULATOR,
    ROLES,
    VOTE_MS,
    admit_organisation,
    admit_validator,
    decide,
    event,
    history,
    newest,
    number,
    of_organisation,
    open_proposals,
    parameters,
    passed,
    propose,
    proposed,
    remove_organisation,
    remove_validator,
    replace_validator,
    set_openness,
    validator_key,
    vote,
    world,
)
from tests.chain.contracts.replica_fixture import AREA_CHANNEL, World

NEWCOMER = admit_organisation("east-power")


def triggers(made: World, method: str) -> list[Trigger]:
    entries = [parse_entry(data) for data in made.entries]
    return [entry for entry in entries if isinstance(entry, Trigger) and entry.method == method]


def test_F07_a_proposal_passes_with_the_vote_that_makes_a_quorum_and_not_before() -> None:
    made = world()
    receipt = propose(made, NEWCOMER)
    opened = number(receipt)
    assert event(receipt, "alliance.vote")["organisation"] == REGULATOR
    assert [one.name for one in vote(made, opened, NATIONAL).events] == ["alliance.vote"]
    assert made.replica.state.get("alliance.organisation", "east-power") is None
    receipt = vote(made, opened, PROVINCIAL)
    assert event(receipt, "alliance.decided") == {"proposal": opened, "reason": "", "status": "passed"}
    assert event(receipt, "alliance.organisation")["organisation"] == "east-power"
    assert made.replica.state.get("alliance.organisation", "east-power") is not None
    assert open_proposals(made) == []


def test_F07_proposals_and_votes_are_rows_of_the_record() -> None:
    made = world()
    opened = proposed(made, NEWCOMER)
    vote(made, opened, DISPATCHER, approve=False)
    vote(made, opened, NATIONAL)
    vote(made, opened, PROVINCIAL)
    votes = [(row["organisation"], row["account"], row["approve"]) for row in made.records("votes")]
    assert votes == [
        (REGULATOR, REGULATOR, True),
        (DISPATCHER, DISPATCHER, False),
        (NATIONAL, NATIONAL, True),
        (PROVINCIAL, PROVINCIAL, True),
    ]
    assert history(made, opened) == [("open", ""), ("passed", "")]
    first = made.records("proposals")[0]
    assert (first["kind"], first["subject"], first["account"]) == ("admit-organisation", "east-power", REGULATOR)
    assert first["deadline"] - first["time"] == VOTE_MS


def test_F07_a_proposal_fails_the_moment_that_no_quorum_is_left() -> None:
    made = world()
    opened = proposed(made, NEWCOMER)
    assert [one.name for one in vote(made, opened, NATIONAL, approve=False).events] == ["alliance.vote"]
    receipt = vote(made, opened, DISPATCHER, approve=False)
    assert event(receipt, "alliance.decided") == {"proposal": opened, "reason": "refused", "status": "failed"}
    assert vote(made, opened, PROVINCIAL).code == "proposal-closed"


def test_F07_two_accounts_of_one_organisation_have_one_vote() -> None:
    made = world()
    opened = proposed(made, NEWCOMER)
    assert vote(made, opened, CLERK).code == "voted"
    assert vote(made, opened, CLERK, approve=False).code == "voted"
    by_the_clerk = proposed(made, admit_organisation("west-power"), CLERK)
    assert vote(made, by_the_clerk, REGULATOR).code == "voted"


def test_F07_an_organisation_without_a_validator_has_no_voice() -> None:
    made = world()
    assert propose(made, NEWCOMER, "trader").code == "not-a-voter"
    assert vote(made, proposed(made, NEWCOMER), "trader").code == "not-a-voter"


@pytest.mark.parametrize(
    ("organisation", "roles", "code"),
    [("", ("council",), "not-a-voter"), ("nobody", ("council",), "not-a-voter"), (REGULATOR, ("member",), "forbidden")],
    ids=["of no organisation", "of an organisation that is not there", "without the role"],
)
def test_F07_an_account_has_no_vote_when_it_is(organisation: str, roles: tuple[str, ...], code: str) -> None:
    made = world()
    opened = proposed(made, NEWCOMER)
    account = of_organisation("stranger", organisation, *roles)
    made.block(imports=[Event(data=msgspec.to_builtins(account), name=CHANGED)])
    assert vote(made, opened, "stranger").code == code
    assert propose(made, NEWCOMER, "stranger").code == code


def test_F07_nobody_votes_after_the_deadline() -> None:
    made = world()
    opened = proposed(made, NEWCOMER)
    deadline = open_proposals(made)[0].deadline
    made.advance(deadline - 2_000)
    assert vote(made, opened, NATIONAL).code == "ok"
    assert made.time_ms == deadline - 1_000
    late = vote(made, opened, PROVINCIAL)
    assert late.code == "proposal-closed"
    assert history(made, opened) == [("open", ""), ("failed", "expired")]
    assert triggers(made, "expire")[0].due == deadline


def test_F07_a_deadline_holds_even_where_its_trigger_has_to_wait() -> None:
    slow = {"alliance": parameters(), "record": {"triggers_per_block_max": 1}}
    made = World(CONTRACTS, ROLES, channel="governance", parameters=slow)
    made.advance(made.time_ms + 1_000)
    first, second = proposed(made, NEWCOMER), proposed(made, admit_organisation("west-power"))
    made.time_ms += VOTE_MS
    assert vote(made, second, NATIONAL).code == "proposal-closed"
    assert history(made, first)[-1] == ("failed", "expired")
    assert history(made, second) == [("open", "")]
    made.advance(made.time_ms + 1_000)
    assert history(made, second)[-1] == ("failed", "expired")


def test_F07_only_the_organisation_that_proposed_withdraws() -> None:
    made = world()
    opened = proposed(made, NEWCOMER)
    assert made.call(NATIONAL, "alliance", "withdraw", {"proposal": opened}).code == "not-the-proposer"
    receipt = made.call(CLERK, "alliance", "withdraw", {"proposal": opened})
    assert event(receipt, "alliance.decided")["status"] == "withdrawn"
    assert vote(made, opened, NATIONAL).code == "proposal-closed"
    assert made.call(CLERK, "alliance", "withdraw", {"proposal": opened}).code == "proposal-closed"
    made.advance(made.time_ms + VOTE_MS)
    assert history(made, opened) == [("open", ""), ("withdrawn", "withdrawn")]


def test_F07_an_organisation_cannot_flood_the_others_with_proposals() -> None:
    made = world()
    opened = [proposed(made, admit_organisation(f"power-{i}")) for i in range(ALLIANCE_LIMITS.proposals_open_max)]
    assert propose(made, NEWCOMER).code == "proposals-open"
    assert propose(made, NEWCOMER, CLERK).code == "proposals-open"
    assert propose(made, NEWCOMER, NATIONAL).code == "ok"
    made.call(REGULATOR, "alliance", "withdraw", {"proposal": opened[0]})
    assert propose(made, admit_organisation("west-power")).code == "ok"


@pytest.mark.parametrize("proposal", [0, 2, 2**53 - 1])
def test_F07_there_is_nothing_to_vote_on_where_nothing_was_proposed(proposal: int) -> None:
    assert vote(world(), proposal, NATIONAL).code == "proposal-closed"


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"kind": "dissolve-alliance"},
        {"kind": "retire-channel"},
        {"channel": AREA_CHANNEL, "kind": "retire-channel", "why": "because"},
        {**NEWCOMER, "roles": "council"},
        {**NEWCOMER, "organisation": "two words"},
        {**NEWCOMER, "organisation": ""},
        {**remove_validator(REGULATOR), "threshold": -1},
        {**remove_validator(REGULATOR), "threshold": True},
        set_openness(AREA_CHANNEL, "secret"),
    ],
    ids=str,
)
def test_F07_an_action_that_is_none_is_not_proposed(action: dict[str, object]) -> None:
    assert propose(world(), action).code == "bad-arguments"


def test_every_kind_of_action_is_judged() -> None:
    (field,) = msgspec.structs.fields(Propose)
    assert set(field.type.__args__) == {AdmitValidator, *_JUDGES}


def test_F07_what_was_possible_when_proposed_is_judged_again_when_it_passes() -> None:
    made = world()
    second = proposed(made, NEWCOMER, NATIONAL)
    passed(made, NEWCOMER)
    vote(made, second, PROVINCIAL)
    receipt = vote(made, second, DISPATCHER)
    assert (receipt.code, receipt.status) == ("ok", "accepted")
    assert event(receipt, "alliance.decided") == {
        "proposal": second,
        "reason": "organisation-taken",
        "status": "failed",
    }
    assert history(made, second) == [("open", ""), ("failed", "organisation-taken")]
    assert made.column("organisations", "organisation").count("east-power") == 1


def test_F07_two_changes_that_are_each_safe_do_not_make_an_unsafe_policy_together() -> None:
    made = world()
    passed(made, admit_organisation("east-power"))
    passed(made, admit_organisation("west-power"))
    passed(made, admit_validator("fifth", COMPANY, threshold=4))
    # 4 of 5. Either makes 4 of 6, whose quorums share two or more; both would make 4 of 7, which may share one liar.
    first = proposed(made, admit_validator("east", "east-power", threshold=4))
    second = proposed(made, admit_validator("west", "west-power", threshold=4))
    for voter in (NATIONAL, PROVINCIAL, DISPATCHER):
        assert vote(made, first, voter).code == "ok"
    assert newest(made).survives()[0] == 1
    for voter in (NATIONAL, PROVINCIAL):
        vote(made, second, voter)
    receipt = vote(made, second, DISPATCHER)
    assert receipt.status == "accepted"
    assert event(receipt, "alliance.decided")["reason"] == "policy-unsafe"
    assert len(newest(made).witnesses) == 6
    assert open_proposals(made) == []


def test_F07_the_votes_of_a_removed_validator_do_not_count() -> None:
    made = world()
    opened = proposed(made, NEWCOMER, DISPATCHER)
    vote(made, opened, NATIONAL)
    passed(made, remove_validator(DISPATCHER, threshold=3))
    (proposal,) = open_proposals(made)
    assert proposal.approvals == (NATIONAL,)
    assert vote(made, opened, DISPATCHER).code == "not-a-voter"
    assert [one.name for one in vote(made, opened, PROVINCIAL).events] == ["alliance.vote"]
    assert event(vote(made, opened, REGULATOR), "alliance.decided")["status"] == "passed"


def test_F07_a_new_policy_settles_what_it_decides_in_the_next_block() -> None:
    made = world()
    passing = proposed(made, NEWCOMER, NATIONAL)
    vote(made, passing, PROVINCIAL)
    failing = proposed(made, admit_organisation("west-power"), NATIONAL)
    vote(made, failing, PROVINCIAL, approve=False)
    # 3 of 3 from now on: two yes are no quorum, but one no is the end.
    passed(made, remove_validator(DISPATCHER, threshold=3))
    assert len(open_proposals(made)) == 2
    made.advance(made.time_ms + 1_000)
    assert history(made, failing)[-1] == ("failed", "refused")
    assert history(made, passing) == [("open", "")]
    assert [entry.receipt.status for entry in triggers(made, "tally")] == ["accepted"] * 2


def test_F07_a_smaller_quorum_passes_what_it_decides_in_the_next_block() -> None:
    made = world(faults=0)
    opened = proposed(made, NEWCOMER, NATIONAL)
    vote(made, opened, PROVINCIAL)
    passed(made, remove_validator(DISPATCHER, threshold=2))
    made.advance(made.time_ms + 1_000)
    assert history(made, opened)[-1] == ("passed", "")
    assert made.replica.state.get("alliance.organisation", "east-power") is not None


def test_F07_a_validator_that_was_removed_votes_again_once_it_is_admitted_again() -> None:
    made = world()
    opened = proposed(made, NEWCOMER)
    vote(made, opened, DISPATCHER, approve=False)
    passed(made, remove_validator(DISPATCHER, threshold=3))
    passed(made, admit_validator("second-dispatcher", DISPATCHER, threshold=3))
    assert vote(made, opened, DISPATCHER).code == "ok"


def test_F07_a_replaced_key_keeps_the_votes_of_its_organisation() -> None:
    made = world()
    opened = proposed(made, NEWCOMER, DISPATCHER)
    passed(made, replace_validator(DISPATCHER, validator_key(DISPATCHER, "new")))
    vote(made, opened, NATIONAL)
    assert event(vote(made, opened, PROVINCIAL), "alliance.decided")["status"] == "passed"


def test_F07_the_only_validator_decides_with_its_proposal() -> None:
    made = world(faults=0)
    passed(made, remove_validator(DISPATCHER, threshold=3))
    passed(made, remove_validator(PROVINCIAL, threshold=2))
    passed(made, remove_validator(NATIONAL, threshold=1), REGULATOR, NATIONAL)
    receipt = propose(made, NEWCOMER)
    assert [one.name for one in receipt.events] == [
        "alliance.proposed",
        "alliance.vote",
        "alliance.decided",
        "alliance.organisation",
    ]
    assert propose(made, remove_validator(REGULATOR, threshold=0)).code == "threshold"


def test_F07_an_organisation_leaves_when_nothing_of_it_is_left() -> None:
    made = world()
    assert decide(made, admit_organisation("east-power")).code == "ok"
    passed(made, remove_organisation("east-power"))
    assert made.records("organisations")[-1]["status"] == "removed"
