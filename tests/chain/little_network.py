"""A network of one area without a market day: quick to found, quick to commit to, for tests of folders and crashes."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from chain.contracts.participant import possession_message
from chain.entry import Operator
from chain.founding import NetworkConfig, derive_keys
from chain.imports import GOVERNANCE
from chain.ledger_keys import NetworkKeys
from chain.network import Network
from chain.registry.tables import METER_READINGS
from chain.transaction import SignedTransaction, Signer
from sample_data.network_setup import SimulatedClock

AREA = "area-350100"
START_MS = 1_793_577_600_000
"""2026-11-02T00:00:00Z."""
FAR_MS = 2**42
"""A clock for those who only open a folder: later than any block."""

OPERATORS = {
    "issuing-body": ("issuing_body",),
    "metering": ("metering_operator",),
    "registrar": ("registrar",),
    "regulator": ("regulator",),
}


def seed_of(label: str) -> bytes:
    return sha256(f"little network: {label}".encode()).digest()


def signer(account: str) -> Signer:
    return Signer(account, seed_of(account))


def config() -> NetworkConfig:
    operators = tuple(
        Operator(account, account, account, account, signer(account).public_key, roles)
        for account, roles in OPERATORS.items()
    )
    return NetworkConfig("little", {AREA: AREA.removeprefix("area-")}, START_MS, operators)


def keys() -> NetworkKeys:
    return derive_keys(config(), seed_of)


def found(folder: Path, clock: SimulatedClock | None = None) -> Network:
    """A new network in `folder`."""
    return Network.create(folder, config(), keys(), clock or SimulatedClock(FAR_MS))


def reopened(folder: Path, clock: SimulatedClock | None = None) -> Network:
    return Network.open(folder, clock or SimulatedClock(FAR_MS))


def call(network: Network, channel: str, account: str, method: str, rows: bytes = b"") -> SignedTransaction:
    """The next call of `account`: `record.seal`, or readings for a plant that nobody knows."""
    return signer(account).transaction(
        network=network.network_id,
        channel=channel,
        nonce=network.channels[channel].replica.nonce(account) + 1,
        contract="record" if method == "seal" else "certificate",
        method=method,
        arguments={},
        valid_until=FAR_MS,
        rows=rows,
    )


def registration(account: str, **given: Any) -> dict[str, Any]:
    """Arguments that register `account`, a consumer of the area unless `given` says otherwise."""
    known = signer(account)
    return {
        "account": account,
        "area": "350100",
        "information_hash": sha256(account.encode()).hexdigest(),
        "kind": "consumer",
        "name_en": account,
        "name_zh": account,
        "possession": known.sign_bytes(possession_message(account, known.public_key)),
        "public_key": known.public_key,
        "roles": ["member"],
        **given,
    }


def register(network: Network, account: str) -> SignedTransaction:
    """A participant joins."""
    arguments = registration(account, voltage="10kV", zone="")
    return signer("registrar").transaction(
        network=network.network_id,
        channel=GOVERNANCE,
        nonce=network.channels[GOVERNANCE].replica.nonce("registrar") + 1,
        contract="participant",
        method="register",
        arguments=arguments,
        valid_until=FAR_MS,
    )


def next_calls(network: Network, channel: str) -> list[SignedTransaction]:
    """What the next block of a busy channel holds: a batch of rows, now and then a seal; on governance a member."""
    height = network.channels[channel].replica.height + 1
    if channel == GOVERNANCE:
        return [register(network, f"member-{height}")]
    rows = [(f"plant-{height % 7}", START_MS + number, 60, height) for number in range(20)]
    calls = [call(network, channel, "metering", "record_readings", METER_READINGS.encode_lines(rows))]
    return [*calls, call(network, channel, "regulator", "seal")] if height % 5 == 0 else calls
