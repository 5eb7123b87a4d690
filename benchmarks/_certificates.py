"""Certificates for the single-signature benchmark: members hold published bundles and pass them on."""

from collections.abc import Iterator

from benchmarks._network import AREA, START_MS, Quoting
from chain.registry.bundle import Bundle
from chain.registry.tables import METER_READINGS
from chain.transaction import SignedTransaction
from chain.units import HOUR_MS
from sample_data.network_setup import Keyring, Sender

_PLANTS = 20
_STARTS = 32
"""Bundles of one call, at most."""
_BLOCK = 50


class Trading:
    """Transfers between the members of a network, each of another bundle than the one before."""

    def __init__(self, quoting: Quoting, bundles: int) -> None:
        self._quoting = quoting
        self._holders: dict[str, int] = {}
        """Bundle → the member who has it."""
        self._issue(-(-bundles // _PLANTS))
        self._next = self._round()

    def transfers(self, count: int) -> list[SignedTransaction]:
        """Signed calls, one signature and no batch each: a bundle goes from its holder to the next member."""
        return [self._transfer(next(self._next)) for _ in range(count)]

    def _transfer(self, bundle: str) -> SignedTransaction:
        members = self._quoting.members
        holder = self._holders[bundle]
        self._holders[bundle] = receiver = (holder + 1) % len(members)
        arguments = {"bundle": bundle, "price_fen_per_mwh": 1_500, "to": members[receiver].account}
        return members[holder].call("certificate", "transfer", arguments, self._quoting.clock())

    def _round(self) -> Iterator[str]:
        while True:
            yield from list(self._holders)

    def _issue(self, intervals: int) -> None:
        """Plants, a reading an hour, certificates for all of them, published."""
        quoting, keys = self._quoting, Keyring(b"benchmark")
        issuer = Sender(quoting.network, AREA, keys.signer("issuing-body"))
        metering = Sender(quoting.network, AREA, keys.signer("metering"))
        plants = {f"plant-{number:02d}": number for number in range(_PLANTS)}
        starts = [START_MS - (number + 1) * HOUR_MS for number in range(intervals)]
        runs = [starts[first : first + _STARTS] for first in range(0, intervals, _STARTS)]
        readings = [(plant, start, 60, 1_000) for plant in plants for start in starts]
        now = quoting.clock()
        calls = [issuer.call("certificate", "register_plant", self._plant(plant), now) for plant in plants]
        lines = METER_READINGS.encode_lines(readings)
        calls.append(metering.call("certificate", "record_readings", {}, now, lines))
        for plant in plants:
            calls += [issuer.call("certificate", "issue", {"plant": plant, "starts": run}, now) for run in runs]
        for plant, member in plants.items():
            for run in runs:
                names = [_bundle(plant, start) for start in run]
                self._holders |= dict.fromkeys(names, member)
                calls.append(quoting.members[member].call("certificate", "publish", {"bundles": names}, now))
        quoting.commit([calls[first : first + _BLOCK] for first in range(0, len(calls), _BLOCK)])

    def _plant(self, plant: str) -> dict[str, object]:
        return {
            "capacity_w": 1_000_000,
            "commissioned": 0,
            "fuel_code": "F01040100",
            "name_en": plant,
            "name_zh": plant,
            "owner": self._quoting.members[int(plant[-2:])].account,
            "plant": plant,
            "technology_code": "T010000",
        }


def _bundle(plant: str, start_ms: int) -> str:
    return Bundle("granular", 0, "", start_ms + HOUR_MS, start_ms, 999, "", None, plant, False, "active", "").bundle
