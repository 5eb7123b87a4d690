"""A governance channel with its alliance: four institutions that run validators, one that does not, a company.

Any three of the four are a quorum. `registrar` keeps the register for the provincial centre.
"""

from typing import Any

from chain.contracts import conduct, participant
from chain.contracts.alliance import CONTRACT as ALLIANCE
from chain.contracts.participant import possession_message
from chain.entry import Receipt
from chain.imports import GOVERNANCE
from tests.chain.contracts.replica_fixture import AREA_CHANNEL, World, signer

AREA = "350100"

OPERATORS: dict[str, tuple[str, ...]] = {
    "dispatcher": ("council", "dispatcher"),
    "metering": ("metering_operator",),
    "national-centre": ("council", "national_centre"),
    "provincial-centre": ("council", "provincial_centre", "registrar"),
    "regulator": ("council", "regulator"),
}
"""Account and organisation of the same name → roles."""

REGISTRAR = "provincial-centre"
REGULATOR = "regulator"
COUNCIL = ("dispatcher", "national-centre", "provincial-centre", "regulator")

COMPANY = "minjiang"
DIRECTORY = "ou=trading,o=闽江"
HASH = "ab" * 32


def organisation(name: str, roles: tuple[str, ...], validator: str = "") -> dict[str, Any]:
    return {
        "name_en": name,
        "name_zh": name,
        "organisation": name,
        "parent": "",
        "roles": list(roles),
        "validator": validator,
    }


def alliance_parameters() -> dict[str, Any]:
    institutions = [
        organisation(name, roles, name.replace("-", "_") if "council" in roles else "")
        for name, roles in OPERATORS.items()
    ]
    company = organisation(COMPANY, ("council", "issuing_body"))
    return {
        "channels": [{"area": AREA, "channel": AREA_CHANNEL, "openness": "public"}],
        "faults": 1,
        "organisations": sorted([*institutions, company], key=lambda one: str(one["organisation"])),
    }


def governance(**parameters: Any) -> World:
    """`parameters`: those of participant."""
    return World(
        [ALLIANCE, conduct.CONTRACT, participant.CONTRACT],
        OPERATORS,
        channel=GOVERNANCE,
        parameters={"alliance": alliance_parameters(), "participant": parameters},
    )


def key(account: str, key_of: str | None = None) -> dict[str, str]:
    """A public key and that its holder wants it for `account`."""
    holder = signer(key_of or account)
    possession = holder.sign_bytes(possession_message(account, holder.public_key))
    return {"possession": possession, "public_key": holder.public_key}


def registration(account: str = "minjiang-solar", key_of: str | None = None, **changes: Any) -> dict[str, Any]:
    """Arguments of `register`."""
    return {
        "account": account,
        "area": "" if changes.get("kind") == "operator" else AREA,
        "information_hash": HASH,
        "kind": "prosumer",
        "name_en": "Minjiang Solar",
        "name_zh": "闽江光伏",
        **key(account, key_of),
        **({} if "directory" in changes else {"roles": ["member"]}),
        "voltage": "10kV",
        "zone": "zone-1",
        **changes,
    }


def act(world: World, caller: str, method: str, key_of: str = "", **arguments: Any) -> Receipt:
    """The receipt of one call of the contract `participant`."""
    return world.call(caller, "participant", method, arguments, key_of=key_of)


def is_heard(world: World, account: str, key_of: str = "") -> bool:
    """Whether what the account signs with a key is admitted at all."""
    (outcome,) = world.block(world.transaction(account, "record", "seal", {}, key_of=key_of)).outcomes
    return outcome.receipt is not None


def with_member(account: str = "minjiang-solar", **parameters: Any) -> World:
    """A governance channel with one participant."""
    world = governance(**parameters)
    assert act(world, REGISTRAR, "register", **registration(account)).code == "ok"
    return world
