"""Who may do what: every method of every installed contract, called as every role, against the table of docs/roles.md.

The calls have no arguments: what is not refused for who calls is refused for what it says, or does nothing.
"""

import re
from functools import cache
from pathlib import Path

import msgspec
import pytest

from chain.contract import Contract
from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS
from chain.contracts.participant_state import Parameters
from chain.execution import ANYONE
from chain.imports import GOVERNANCE
from sample_data.network_setup import OPERATORS as INSTITUTIONS
from tests.chain.contracts.governance_fixture import OPERATORS, alliance_parameters
from tests.chain.contracts.replica_fixture import AREA_CHANNEL, World, member, signer

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "roles.md").read_text(encoding="utf-8")

CHANNELS: dict[str, tuple[Contract, ...]] = {"governance": GOVERNANCE_CONTRACTS, "area": AREA_CONTRACTS}

Call = tuple[str, str, str]
"""Channel, contract, method."""

NO_ROLE, SUSPENDED, REVOKED, RESTRICTED = "no role", "suspended", "revoked", "restricted"
REFUSED_FOR_WHO_CALLS = {"forbidden", "inactive", "restricted"}


def documented() -> dict[Call, tuple[str, ...]]:
    """The matrix of the page."""
    rows = re.findall(r"^\| (governance|area) \| ([a-z]+) \| ([a-z_]+) \| ([a-z_, ]+) \|$", DOCUMENT, re.MULTILINE)
    return {(channel, contract, method): tuple(callers.split(", ")) for channel, contract, method, callers in rows}


def declared() -> dict[Call, tuple[str, ...]]:
    """What the contracts say."""
    return {
        (channel, contract.name, method.name): method.callers
        for channel, contracts in CHANNELS.items()
        for contract in contracts
        for method in contract.methods
    }


def every_role() -> list[str]:
    """Roles that a method asks for, that genesis gives, or that anyone may hold."""
    asked = {role for callers in declared().values() for role in callers} - {ANYONE}
    given = {role for roles in (*OPERATORS.values(), *(roles for _, _, _, roles in INSTITUTIONS)) for role in roles}
    return sorted({*asked, *given, *Parameters().grantable_roles})


MATRIX = documented()
ROLES = every_role()
WHO = (*ROLES, NO_ROLE, SUSPENDED, REVOKED, RESTRICTED)


def account_of(who: str) -> str:
    return f"who-{who.replace(' ', '-')}"


@cache
def world(channel: str) -> World:
    """One channel with an account for every role, and one with all of them for every reason to be refused."""
    holders = [member(account_of(role), (role,)) for role in ROLES]
    outcasts = [member(account_of(who), tuple(ROLES)) for who in (SUSPENDED, REVOKED, RESTRICTED)]
    outcasts[:2] = [
        msgspec.structs.replace(account, status=status)
        for account, status in zip(outcasts, ("suspended", "revoked"), strict=False)
    ]
    # Operators are exempt from the rule that restricts: these here call in vain all the time.
    everybody = [msgspec.structs.replace(one, kind="operator") for one in (*holders, member(account_of(NO_ROLE), ()))]
    made = World(
        [contract for contract in CHANNELS[channel] if contract.name != "record"],
        OPERATORS,
        [*everybody, *outcasts],
        channel=GOVERNANCE if channel == "governance" else AREA_CHANNEL,
        parameters={"alliance": alliance_parameters()} if channel == "governance" else {"auction": {"area": "350100"}},
    )
    until = {"account": account_of(RESTRICTED), "reason": "r", "until": made.time_ms + 86_400_000}
    assert made.call("regulator", "conduct", "restrict", until).code == "ok"
    return made


def expected(callers: tuple[str, ...], who: str) -> str:
    """The code, "" where the call is not refused for who makes it."""
    if who in (SUSPENDED, REVOKED):
        return "inactive"
    if who == RESTRICTED:
        return "restricted"
    return "" if ANYONE in callers or who in callers else "forbidden"


def cells() -> list[tuple[Call, str]]:
    return [(call, who) for call in sorted(MATRIX) for who in WHO]


@pytest.mark.parametrize(("call", "who"), cells(), ids=lambda part: ".".join(part) if isinstance(part, tuple) else part)
def test_F05_T7_a_call_is_refused_for_who_makes_it_exactly_where_the_matrix_says_so(call: Call, who: str) -> None:
    channel, contract, method = call
    code = world(channel).call(account_of(who), contract, method).code
    wanted = expected(MATRIX[call], who)
    assert (code if code in REFUSED_FOR_WHO_CALLS else "") == wanted


def test_F05_the_page_shows_every_method_with_the_callers_that_it_declares() -> None:
    assert declared() == MATRIX
    assert DOCUMENT.count("| governance | ") + DOCUMENT.count("| area | ") == len(MATRIX)


def test_F05_the_page_lists_every_role() -> None:
    assert re.findall(r"^\| `([a-z_]+)` \|", DOCUMENT, re.MULTILINE) == ROLES


@pytest.mark.parametrize("channel", CHANNELS)
def test_T7_an_unknown_account_or_node_leaves_no_trace(channel: str) -> None:
    made = world(channel)
    before = made.memory()
    strangers = {
        "unknown-account": made.transaction("a-stranger", "record", "seal", {}),
        "address": signer("regulator").transaction(
            network="00" * 32,
            channel=made.replica.address.channel,
            nonce=made.replica.nonce("regulator") + 1,
            contract="record",
            method="seal",
            arguments={},
            valid_until=2**53 - 1,
        ),
        "signature": made.transaction("regulator", "record", "seal", {}, key_of="a-stranger"),
        "nonce": made.transaction("regulator", "record", "seal", {}, ahead=2),
    }
    outcomes = made.block(*strangers.values()).outcomes
    dropped = [outcome.dropped.code if outcome.dropped is not None else None for outcome in outcomes]
    assert all(outcome.entry is None and outcome.receipt is None for outcome in outcomes)
    assert dropped[0] == "unknown-account" and dropped[1] == "address" and dropped[3] == "nonce"
    assert dropped[2] is not None and "signature" in dropped[2]
    assert made.memory() == before
    assert made.replica.nonce("a-stranger") == 0
