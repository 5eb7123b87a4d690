"""Whatever anybody calls in whatever order: keys stay whose they were, the revoked stay revoked, votes stay at home."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chain.contract import Account
from chain.imports import ACCOUNT_EVENTS
from tests.chain.contracts.governance_fixture import (
    AREA,
    COMPANY,
    COUNCIL,
    HASH,
    OPERATORS,
    governance,
    key,
    registration,
)
from tests.chain.contracts.replica_fixture import World, signer

NAMES = ("alpha", "beta")
ACCOUNTS = (*OPERATORS, *NAMES)
KEYS = (*ACCOUNTS, "k1", "k2", "k3")
ORGANISATIONS = ("", COMPANY, *COUNCIL)
ROLES = ("council", "issuing_body", "member", "registrar", "regulator")

PUBLIC = {signer(label).public_key: label for label in KEYS}

_caller = st.sampled_from((*ACCOUNTS, "regulator", "provincial-centre"))
_account = st.sampled_from((*ACCOUNTS, "alpha"))
_key = st.sampled_from(KEYS)
_roles = st.sets(st.sampled_from(ROLES), min_size=1, max_size=2).map(sorted)


def _place() -> dict[str, Any]:
    return {
        "area": st.sampled_from(["", AREA]),
        "kind": st.sampled_from(["consumer", "operator"]),
        "organisation": st.sampled_from(ORGANISATIONS),
        "roles": _roles,
    }


def _registration(name: str, label: str, **changes: Any) -> dict[str, Any]:
    return registration(name, label, **changes)


CALLS = st.one_of(
    st.tuples(st.just("register"), st.builds(_registration, st.sampled_from(NAMES), _key, **_place())),
    st.tuples(st.just("rotate"), st.builds(key, _account, _key)),
    st.tuples(
        st.sampled_from(["suspend", "reinstate", "revoke"]),
        st.fixed_dictionaries({"account": _account, "reason": st.just("r")}),
    ),
    st.tuples(
        st.just("change_roles"),
        st.fixed_dictionaries({"account": _account, "reason": st.just("r"), "roles": _roles}),
    ),
    st.tuples(
        st.just("reassign"),
        st.fixed_dictionaries({"account": _account, "reason": st.just("r"), **_place()}),
    ),
    st.tuples(
        st.just("propose_recovery"),
        st.builds(lambda name, label: {"account": name, **key(name, label)}, _account, _key),
    ),
    st.tuples(
        st.just("approve_recovery"),
        st.builds(
            lambda label: {"account": "alpha", "public_key": signer(label).public_key}, st.sampled_from(KEYS[-3:])
        ),
    ),
    st.tuples(st.just("erase_information"), st.fixed_dictionaries({"account": _account})),
    st.tuples(st.just("update_information"), st.just({"information_hash": HASH})),
)


def accounts(world: World) -> dict[str, Account]:
    return dict(world.replica.state.items("account"))


def has_vote(account: Account) -> bool:
    return "council" in account.roles and account.organisation in COUNCIL


def step(world: World, caller: str, method: str, arguments: dict[str, Any]) -> str:
    """One call, signed with the key that the caller has now."""
    before = accounts(world)
    if caller not in before:
        return "unknown"
    approvals = dict(world.replica.state.items("participant.recovery"))
    label = PUBLIC[before[caller].public_key]
    receipt = world.call(caller, "participant", method, arguments, key_of=label)
    after = accounts(world)
    changed = [name for name in after if after[name] != before.get(name)]
    told = [event for event in receipt.events if event.name in ACCOUNT_EVENTS]
    assert len(changed) <= len(told) <= 1
    for name in changed:
        _check_change(before[caller], before.get(name), after[name], method, approvals)
    return receipt.code


def _check_change(
    caller: Account, before: Account | None, after: Account, method: str, pending: dict[str, Any]
) -> None:
    """What may not happen to an account, by whomever."""
    assert caller.status == "active"
    if before is not None:
        assert before.status != "revoked"
        if before.public_key != after.public_key:
            is_own = method == "rotate" and caller.account == after.account
            approved = method == "approve_recovery" and len(pending[after.public_key].approvals) == 2
            assert is_own or approved
    if before is not None and has_vote(before) and method != "approve_recovery":
        assert caller.organisation == before.organisation
    if has_vote(after) and (before is None or not has_vote(before) or before.organisation != after.organisation):
        assert caller.organisation == after.organisation
    if after.organisation in COUNCIL and (before is None or before.organisation != after.organisation):
        assert caller.organisation == after.organisation


def check_keys(world: World) -> None:
    """A key is one account's, now and ever after."""
    owners = dict(world.replica.state.items("participant.key"))
    for name, account in accounts(world).items():
        assert owners[account.public_key] == name
    for row in world.records("participants"):
        assert owners[row["public_key"]] == row["account"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_caller, CALLS), min_size=10, max_size=40))
def test_no_order_of_calls_moves_a_key_a_vote_or_a_revoked_account(calls: list[tuple[str, Any]]) -> None:
    world = governance()
    assert step(world, "provincial-centre", "register", registration("alpha", "k1")) == "ok"
    assert step(world, "regulator", "propose_recovery", {"account": "alpha", **key("alpha", "k3")}) == "ok"
    for caller, (method, arguments) in calls:
        step(world, caller, method, arguments)
    check_keys(world)
    for row in world.records("account_recoveries"):
        assert row["status"] in ("proposed", "approved", "carried_out", "void")


def test_the_steps_that_are_drawn_also_succeed() -> None:
    """Otherwise the property above would show nothing."""
    world = governance()
    done = [
        step(world, "provincial-centre", "register", registration("alpha", "k1")),
        step(world, "alpha", "rotate", key("alpha", "k2")),
        step(world, "regulator", "propose_recovery", {"account": "alpha", **key("alpha", "k3")}),
    ]
    approval = {"account": "alpha", "public_key": signer("k3").public_key}
    done += [step(world, name, "approve_recovery", approval) for name in COUNCIL[:3]]
    done += [step(world, "regulator", "revoke", {"account": "alpha", "reason": "r"})]
    assert set(done) == {"ok"}
    check_keys(world)
