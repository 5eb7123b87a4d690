"""A governance channel with four organisations that vote, two observers and one market channel; short names for calls.

Any three of the four validators are a quorum. Each organisation's account has its name.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from chain.contract import Account
from chain.contracts import alliance, conduct, participant
from chain.contracts.alliance_state import Proposal
from chain.entry import Receipt
from chain.layout import origin, validator_name
from chain.note import COSIGNATURE_V1, ED25519, SigningKey
from chain.policy import Policy, parse_policy
from tests.chain.contracts.replica_fixture import AREA_CHANNEL, NETWORK, VALIDATORS, World, member

DISPATCHER, NATIONAL, PROVINCIAL, REGULATOR = VALIDATORS
COMPANY, SHOP = "min-jiang", "min-jiang-shop"
"""Observers; the second stands below the first."""
CLERK = "regulator-clerk"
"""A second account of the regulator in the council."""

ROLES = {
    DISPATCHER: ("council", "dispatcher"),
    NATIONAL: ("council", "national_centre"),
    PROVINCIAL: ("council", "provincial_centre", "registrar"),
    REGULATOR: ("council", "regulator"),
}
CONTRACTS = (alliance.CONTRACT, conduct.CONTRACT, participant.CONTRACT)
VOTE_MS = 3_600_000
SECOND_CHANNEL, SECOND_AREA = "area-350200", "350200"


def organisation(name: str, validator: str = "", parent: str = "", roles: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "name_en": name.title(),
        "name_zh": f"机构 {name}",
        "organisation": name,
        "parent": parent,
        "roles": list(roles),
        "validator": validator,
    }


def organisations() -> list[dict[str, Any]]:
    voters = [organisation(name, validator=name, roles=ROLES[name]) for name in VALIDATORS]
    observers = [
        organisation(COMPANY, roles=("council", "member", "trader")),
        organisation(SHOP, parent=COMPANY, roles=("member",)),
    ]
    return sorted((*voters, *observers), key=lambda one: str(one["organisation"]))


def parameters(**changes: object) -> dict[str, Any]:
    return {
        "channels": [{"area": "350100", "channel": AREA_CHANNEL, "openness": "public"}],
        "faults": 1,
        "organisations": organisations(),
        "vote_ms": VOTE_MS,
        **changes,
    }


def world(**changes: object) -> World:
    """Its first block has run: the tables hold what genesis decided."""
    return World(
        CONTRACTS,
        ROLES,
        [of_organisation(CLERK, REGULATOR, "council", "regulator"), of_organisation("trader", COMPANY, "council")],
        channel="governance",
        parameters={"alliance": parameters(**changes)},
    )


def of_organisation(account: str, organisation_name: str, *roles: str) -> Account:
    """An account that acts for an organisation."""
    return msgspec.structs.replace(member(account, roles), organisation=organisation_name)


def line(name: str, algorithm: int, key: str = "") -> str:
    """A verifier key line; `key` tells keys of one name apart."""
    return str(SigningKey(name, algorithm, sha256(f"{key} {name}".encode()).digest()).verifier_key)


def validator_key(validator: str, key: str = "") -> str:
    return line(validator_name(NETWORK, validator), COSIGNATURE_V1, key)


def log_key(channel: str, key: str = "") -> str:
    return line(origin(NETWORK, channel), ED25519, key)


def admit_organisation(name: str, parent: str = "", roles: Sequence[str] = ("council",)) -> dict[str, Any]:
    return {
        "kind": "admit-organisation",
        "name_en": name.title(),
        "name_zh": f"机构 {name}",
        "organisation": name,
        "parent": parent,
        "roles": list(roles),
    }


def remove_organisation(name: str) -> dict[str, Any]:
    return {"kind": "remove-organisation", "organisation": name}


def admit_validator(
    validator: str, organisation_name: str = COMPANY, threshold: int = 4, **changes: object
) -> dict[str, Any]:
    return {
        "key": validator_key(validator),
        "kind": "admit-validator",
        "organisation": organisation_name,
        "threshold": threshold,
        "validator": validator,
        **changes,
    }


def remove_validator(validator: str, threshold: int = 3) -> dict[str, Any]:
    return {"kind": "remove-validator", "threshold": threshold, "validator": validator}


def replace_validator(validator: str, key: str) -> dict[str, Any]:
    return {"key": key, "kind": "replace-validator", "validator": validator}


def create_channel(channel: str = SECOND_CHANNEL, area: str = SECOND_AREA, **changes: object) -> dict[str, Any]:
    return {
        "area": area,
        "channel": channel,
        "genesis_hash": "ab" * 32,
        "kind": "create-channel",
        "log": log_key(channel),
        "openness": "members",
        **changes,
    }


def link(first: str, second: str) -> dict[str, Any]:
    return {"first": first, "kind": "link-channels", "second": second}


def unlink(first: str, second: str) -> dict[str, Any]:
    return {"first": first, "kind": "unlink-channels", "second": second}


def set_openness(channel: str, openness: str) -> dict[str, Any]:
    return {"channel": channel, "kind": "set-openness", "openness": openness}


def retire(channel: str) -> dict[str, Any]:
    return {"channel": channel, "kind": "retire-channel"}


def set_parameters(
    contract: str, values: Mapping[str, Any], channel: str = AREA_CHANNEL, height: int = 0
) -> dict[str, Any]:
    return {
        "channel": channel,
        "contract": contract,
        "height": height,
        "kind": "set-parameters",
        "parameters": dict(values),
    }


def propose(made: World, action: dict[str, Any], by: str = REGULATOR) -> Receipt:
    return made.call(by, "alliance", "propose", {"action": action})


def number(receipt: Receipt) -> int:
    """Of the proposal that this receipt accepted."""
    assert receipt.code == "ok", receipt
    found = event(receipt, "alliance.proposed")["proposal"]
    assert isinstance(found, int)
    return found


def proposed(made: World, action: dict[str, Any], by: str = REGULATOR) -> int:
    return number(propose(made, action, by))


def vote(made: World, proposal: int, by: str, approve: bool = True) -> Receipt:
    return made.call(by, "alliance", "vote", {"approve": approve, "proposal": proposal})


def decide(made: World, action: dict[str, Any], *voters: str) -> Receipt:
    """The receipt of the deciding vote: by the first voter, who proposes, or by one of the others, in turn."""
    by, *others = voters or (REGULATOR, NATIONAL, PROVINCIAL, DISPATCHER)
    receipt = propose(made, action, by)
    opened = number(receipt)
    for voter in others:
        if not any(proposal.proposal == opened for proposal in open_proposals(made)):
            break
        receipt = vote(made, opened, voter)
        assert receipt.code == "ok", receipt
    return receipt


def passed(made: World, action: dict[str, Any], *voters: str) -> Receipt:
    """As `decide`, and it did pass."""
    receipt = decide(made, action, *voters)
    assert event(receipt, "alliance.decided")["status"] == "passed", receipt
    return receipt


def event(receipt: Receipt, name: str) -> dict[str, Any]:
    """Data of the receipt's one event of that name."""
    (found,) = [one.data for one in receipt.events if one.name == name]
    return found


def open_proposals(made: World) -> list[Proposal]:
    return [proposal for _, proposal in made.replica.state.items("alliance.proposal")]


def newest(made: World) -> Policy:
    return parse_policy(str(made.replica.state.get("policy", "current")).encode())


def history(made: World, proposal: int) -> list[tuple[str, str]]:
    """(status, reason) of a proposal's rows."""
    rows = made.records("proposals")
    return [(row["status"], row["reason"]) for row in rows if row["proposal"] == proposal]
