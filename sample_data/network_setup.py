"""The simulated network: institutions, keys, parameters, and the members and plants of an input on the record.

Every key comes from one secret, so that equal secrets give equal bytes. Whoever knows the secret can sign as anyone
here: `gridproof simulate` draws it from the operating system unless a seed is given on purpose.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from chain.contracts.participant import possession_message
from chain.entry import Operator
from chain.errors import LedgerError
from chain.founding import NetworkConfig, derive_keys
from chain.imports import GOVERNANCE
from chain.network import Network
from chain.private.record import PrivateField, PrivateRecord, information_hash
from chain.transaction import SignedTransaction, Signer
from chain.units import HOUR_MS, SETTLEMENT_OFFSET_MS
from sample_data.records import Inputs, Participant, Plant, Technology

Pricing = Literal["midpoint", "uniform", "pay_as_bid"]

OPERATORS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("dispatcher", "Provincial Power Dispatching Centre", "省电力调度控制中心", ("council", "dispatcher")),
    ("issuing-body", "Green Certificate Issuing Body", "绿色电力证书签发机构", ("issuing_body",)),
    ("metering", "Metering Centre", "计量中心", ("metering_operator",)),
    ("national-centre", "National Power Trading Centre", "国家电力交易中心", ("council", "national_centre")),
    (
        "provincial-centre",
        "Provincial Power Trading Centre",
        "省电力交易中心",
        ("council", "provincial_centre", "registrar"),
    ),
    ("regulator", "Energy Regulatory Office", "能源监管办公室", ("council", "regulator")),
)
"""Account, names, roles of the institutions that run the network; each is an organisation of the same name.

Those with the role `council` run a validator and vote (`docs/roles.md`).
"""

REGULATOR = "regulator"

TECHNOLOGY_CODES: dict[Technology, str] = {
    "solar_pv": "T010000",
    "wind_onshore": "T020000",
    "wind_offshore": "T020000",
    "small_hydro": "T030000",
    "biomass": "T050000",
    "biogas": "T050000",
    "other": "T000000",
}
"""EECS technology codes (EECS Rules Fact Sheet 5)."""

_FEES: tuple[dict[str, Any], ...] = (
    {"buyer_zone": "*", "fee_fen_per_mwh": 2_400, "seller_zone": "*", "voltage": "*"},
    {"buyer_zone": "*", "fee_fen_per_mwh": 1_300, "seller_zone": "*", "voltage": "110kV"},
    {"buyer_zone": "*", "fee_fen_per_mwh": 1_700, "seller_zone": "*", "voltage": "35kV"},
    {"buyer_zone": "*", "fee_fen_per_mwh": 3_100, "seller_zone": "*", "voltage": "0.4kV"},
)
"""Network fees by the buyer's voltage; lower inside a zone, see `_fees`."""

_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
_AREA = re.compile(r"area-([1-9][0-9]{5}(?:[0-9]{3}){0,2})")


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """What the caller chooses of a simulation."""

    network: str = "fujian-simulated"
    seed: int = 1
    """Of the members' forecasts and quotes."""
    days: int | None = None
    """Settlement days to run; None: all of the input."""
    pricing: Pricing = "midpoint"
    lambda_bp: int = 500


class SimulatedClock:
    """The clock of everyone in a simulation: it shows what it was set to, and never goes back."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def __call__(self) -> int:
        return self._now_ms

    def advance(self, time_ms: int) -> int:
        """Show `time_ms` from now on, if that is later."""
        self._now_ms = max(self._now_ms, time_ms)
        return self._now_ms


class Keyring:
    """Everyone's keys, derived from one secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seed(self, label: str) -> bytes:
        """32 bytes for one purpose."""
        return hashlib.sha256(b"gridproof/simulation/v1\n" + self._secret + b"\n" + label.encode()).digest()

    def signer(self, account: str) -> Signer:
        """The key of an account."""
        return Signer(account, self.seed(f"account/{account}"))


class Sender:
    """One account's door to one channel: counts its nonces."""

    def __init__(self, network: Network, channel: str, signer: Signer) -> None:
        self._network = network
        self._channel = channel
        self._signer = signer
        self._nonce = network.channels[channel].replica.nonce(signer.account)

    @property
    def account(self) -> str:
        """Whose door this is."""
        return self._signer.account

    def call(
        self, contract: str, method: str, arguments: dict[str, Any], time_ms: int, rows: bytes = b""
    ) -> SignedTransaction:
        """A signed call, valid for two hours from `time_ms`."""
        self._nonce += 1
        return self._signer.transaction(
            network=self._network.network_id,
            channel=self._channel,
            nonce=self._nonce,
            contract=contract,
            method=method,
            arguments=arguments,
            valid_until=time_ms + 2 * HOUR_MS,
            rows=rows,
        )


def create_network(
    folder: Path, inputs: Inputs, settings: MarketSettings, keys: Keyring, clock: SimulatedClock
) -> Network:
    """A network in the empty `folder`, its first session opening an hour before the input's first hour."""
    config = NetworkConfig(
        name=settings.network,
        areas=_areas(inputs.participants),
        time_ms=start_ms(inputs),
        operators=tuple(
            Operator(account, name_en, name_zh, account, keys.signer(account).public_key, roles)
            for account, name_en, name_zh, roles in OPERATORS
        ),
        parameters={
            "auction": {
                "fees": _fees(inputs.participants),
                "first_open_ms": inputs.hours[0] - HOUR_MS,
                "lambda_bp": settings.lambda_bp,
                "lot_wh": 1_000,
                "pricing": settings.pricing,
                "tick": 10,
            }
        },
    )
    clock.advance(config.time_ms)
    return Network.create(folder, config, derive_keys(config, keys.seed), clock)


def start_ms(inputs: Inputs) -> int:
    """Time of genesis: two hours before the first session opens."""
    return inputs.hours[0] - 3 * HOUR_MS


def registration(sender: Sender, keys: Keyring, participant: Participant, time_ms: int) -> SignedTransaction:
    """One participant, registered by the registrar behind `sender`."""
    signer = keys.signer(participant.account)
    match = _AREA.fullmatch(participant.area)
    arguments = {
        "account": participant.account,
        "area": match.group(1) if match else participant.area,
        "information_hash": information_hash(private_record(keys, participant)),
        "kind": participant.kind if _KIND.fullmatch(participant.kind) else "other",
        "name_en": participant.name_en,
        "name_zh": participant.name_zh,
        "possession": signer.sign_bytes(possession_message(participant.account, signer.public_key)),
        "public_key": signer.public_key,
        "roles": ["member"],
        "voltage": participant.voltage,
        "zone": participant.zone,
    }
    return sender.call("participant", "register", arguments, time_ms)


def private_record(keys: Keyring, participant: Participant) -> PrivateRecord:
    """What a registrar vets and nobody else sees: simulated, like everything here, and off the record."""
    account = participant.account
    values = {
        "contact": f"{account}@participant.invalid",
        "credit_code": f"SIMULATED-{keys.seed(f'credit code/{account}').hex()[:18]}",
        "real_name_record": {"account": account, "name_en": participant.name_en, "name_zh": participant.name_zh},
    }
    fields = (PrivateField(name, keys.seed(f"salt/{account}/{name}"), value) for name, value in sorted(values.items()))
    return PrivateRecord(account, tuple(fields))


def registrations(network: Network, inputs: Inputs, keys: Keyring, time_ms: int) -> list[SignedTransaction]:
    """Every participant of the input, registered by the provincial centre on governance."""
    sender = Sender(network, GOVERNANCE, keys.signer("provincial-centre"))
    return [registration(sender, keys, participant, time_ms) for participant in inputs.participants]


def plant_registrations(
    network: Network, area: str, plants: Iterable[Plant], keys: Keyring, time_ms: int
) -> list[SignedTransaction]:
    """Every plant of an area, registered by the issuing body."""
    sender = Sender(network, area, keys.signer("issuing-body"))
    return [
        sender.call(
            "certificate",
            "register_plant",
            {
                "capacity_w": plant.capacity_w,
                "commissioned": _day_start_ms(plant.commissioned),
                "fuel_code": plant.fuel_code,
                "name_en": plant.name_en,
                "name_zh": plant.name_zh,
                "owner": plant.owner,
                "plant": plant.plant,
                "technology_code": TECHNOLOGY_CODES[plant.technology],
                "zone": plant.zone,
            },
            time_ms,
        )
        for plant in plants
        if plant.area == area
    ]


def _day_start_ms(day: str) -> int:
    """Start of a day `YYYY-MM-DD` in UTC+8."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return int(midnight.timestamp()) * 1000 - SETTLEMENT_OFFSET_MS


def _areas(participants: Iterable[Participant]) -> dict[str, str]:
    """Channel → administrative code of every market area of the input."""
    found = {}
    for area in sorted({participant.area for participant in participants}):
        match = _AREA.fullmatch(area)
        if match is None:
            raise LedgerError("area", f"area {area!r} is not area-<administrative code>, for instance area-350100")
        found[area] = match.group(1)
    return found


def _fees(participants: Iterable[Participant]) -> list[dict[str, Any]]:
    """The schedule: by voltage everywhere, and a third less inside a zone."""
    lines = [dict(line) for line in _FEES]
    zones = sorted({participant.zone for participant in participants if participant.zone})
    lines += [{"buyer_zone": zone, "fee_fen_per_mwh": 1_600, "seller_zone": zone, "voltage": "*"} for zone in zones]
    return lines
