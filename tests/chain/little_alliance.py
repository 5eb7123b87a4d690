"""A little network whose organisations vote: four with a validator each, a registrar, and what it takes to decide."""

from pathlib import Path
from typing import Any

from chain.contracts.alliance_state import Organisation
from chain.entry import Operator, Receipt
from chain.founding import NetworkConfig, derive_keys
from chain.imports import GOVERNANCE
from chain.ledger_keys import NetworkKeys
from chain.network import Network
from chain.transaction import SignedTransaction, Signer
from sample_data.network_setup import SimulatedClock
from tests.chain.little_network import AREA, FAR_MS, START_MS, registration, seed_of, signer

NAME = "council"
MEMBERS = ("dispatcher", "national-centre", "provincial-centre", "regulator")
ROLES = {
    "dispatcher": ("council", "dispatcher"),
    "national-centre": ("council", "issuing_body", "metering_operator", "national_centre"),
    "provincial-centre": ("council", "provincial_centre", "registrar"),
    "regulator": ("council", "regulator"),
}
PRIVATE = "area-350200"


def config() -> NetworkConfig:
    return NetworkConfig(
        name=NAME,
        areas={AREA: "350100", PRIVATE: "350200"},
        time_ms=START_MS,
        operators=tuple(
            Operator(account, account, account, account, signer(account).public_key, ROLES[account])
            for account in MEMBERS
        ),
        validators=MEMBERS,
        organisations=tuple(
            Organisation(name_en=name, name_zh=name, organisation=name, parent="", roles=ROLES[name], validator=name)
            for name in MEMBERS
        ),
        openness={PRIVATE: "managers"},
    )


def keys() -> NetworkKeys:
    return derive_keys(config(), seed_of)


def found(folder: Path, clock: SimulatedClock | None = None) -> Network:
    return Network.create(folder, config(), keys(), clock or SimulatedClock(FAR_MS))


def reopened(folder: Path, clock: SimulatedClock | None = None) -> Network:
    return Network.open(folder, clock or SimulatedClock(FAR_MS))


def now(network: Network) -> int:
    """A second after the newest block."""
    return max(ledger.replica.time_ms for ledger in network.channels.values()) + 1_000


def request(
    network: Network,
    sender: Signer,
    contract: str,
    method: str,
    arguments: dict[str, Any],
    channel: str = GOVERNANCE,
    rows: bytes = b"",
) -> SignedTransaction:
    replica = network.channels[channel].replica
    return sender.transaction(
        network=network.network_id,
        channel=channel,
        nonce=replica.nonce(sender.account) + 1,
        contract=contract,
        method=method,
        arguments=arguments,
        valid_until=FAR_MS,
        schema=replica.contracts[contract].version,
        rows=rows,
    )


def accepted(network: Network, transaction: SignedTransaction, time_ms: int = 0) -> tuple[int, Receipt]:
    """A block with this transaction: its entry and receipt; it must be accepted."""
    outcome = network.commit(transaction.body.channel, time_ms or now(network), [transaction]).outcomes[0]
    assert outcome.receipt is not None and outcome.entry is not None, outcome
    assert outcome.receipt.status == "accepted", outcome.receipt
    return outcome.entry, outcome.receipt


def decide(network: Network, action: dict[str, Any], voters: tuple[str, ...] = MEMBERS) -> Receipt:
    """The first of `voters` proposes, the others approve in turn until it passes: the deciding receipt."""
    proposer, *others = voters
    proposal, receipt = accepted(network, request(network, signer(proposer), "alliance", "propose", {"action": action}))
    while not (decided := [event.data for event in receipt.events if event.name == "alliance.decided"]):
        arguments = {"approve": True, "proposal": proposal}
        _, receipt = accepted(network, request(network, signer(others.pop(0)), "alliance", "vote", arguments))
    assert [data["status"] for data in decided] == ["passed"], decided
    return receipt


def admit_member(network: Network, name: str) -> None:
    """A new organisation with one account that votes for it."""
    decide(
        network,
        {
            "kind": "admit-organisation",
            "name_en": name,
            "name_zh": name,
            "organisation": name,
            "parent": "",
            "roles": ["council"],
        },
    )
    join(network, name, kind="operator", area="", organisation=name, roles=["council"])


def join(network: Network, account: str, **given: Any) -> None:
    """The provincial centre registers an account."""
    arguments = registration(account, **given)
    accepted(network, request(network, signer("provincial-centre"), "participant", "register", arguments))


def admit_validator(network: Network, name: str, threshold: int = 4, label: str = "") -> None:
    """The organisation's validator is admitted, its key held here."""
    key = network.hold_validator(name, seed_of(f"validator/{label or name}"))
    action = {
        "kind": "admit-validator",
        "key": str(key),
        "organisation": name,
        "threshold": threshold,
        "validator": name,
    }
    decide(network, action)
