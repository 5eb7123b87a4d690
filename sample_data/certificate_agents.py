"""Meters and certificates of one area: the metering centre reads, the issuing body issues, owners publish and sell,
buyers cancel. Who sells what to whom is drawn by hashing, the same on every machine.
"""

from collections.abc import Sequence
from typing import Any

from chain.calendar import utc_stamp
from chain.network import Network
from chain.registry.tables import METER_READINGS
from chain.transaction import SignedTransaction
from chain.units import DAY_MS, HOUR_MS
from sample_data.network_setup import Keyring, Sender
from sample_data.records import Inputs, Plant

_SOLD_PER_PLANT_DAY = 4
"""Bundles that an owner sells of one plant and day."""
_PURPOSES = ("年度绿电消费声明", "Annual green power disclosure", "RE100 reporting")


class CertificateAgents:
    """See the module's docstring."""

    def __init__(
        self,
        network: Network,
        area: str,
        plants: Sequence[Plant],
        inputs: Inputs,
        keys: Keyring,
        members: dict[str, Sender],
    ) -> None:
        self._network = network
        self._area = area
        self._plants = plants
        self._inputs = inputs
        self._keys = keys
        self._members = members
        self._metering = Sender(network, area, keys.signer("metering"))
        self._issuing = Sender(network, area, keys.signer("issuing-body"))
        self._hours = {hour_ms: hour for hour, hour_ms in enumerate(inputs.hours)}
        self._names = {participant.account: participant.name_zh for participant in inputs.participants}
        self._buyers = [
            participant.account
            for participant in inputs.participants
            if participant.area == area and not inputs.generation_wh[participant.account].any()
        ]
        self._issued: list[tuple[Plant, str, int]] = []
        """(plant, bundle, Wh) of the last day."""
        self._bought: list[tuple[str, str]] = []
        """(buyer, bundle) of the last day."""

    def readings(self, hour_ms: int, time_ms: int) -> list[SignedTransaction]:
        """The metered energy of every plant in one hour, as one batch."""
        hour = self._hours.get(hour_ms)
        if hour is None or not self._plants:
            return []
        rows = [
            (plant.plant, hour_ms, 60, int(self._inputs.plant_generation_wh[plant.plant][hour]))
            for plant in self._plants
        ]
        lines = METER_READINGS.encode_lines(rows)
        return [self._metering.call("certificate", "record_readings", {}, time_ms, lines)]

    def issue(self, day_ms: int, time_ms: int) -> list[SignedTransaction]:
        """Certificates for every hour of a day with generation, plant by plant."""
        self._issued, found = [], []
        for plant in self._plants:
            starts = []
            for hour_ms in range(day_ms, day_ms + DAY_MS, HOUR_MS):
                hour = self._hours.get(hour_ms)
                if hour is not None and self._inputs.plant_generation_wh[plant.plant][hour] > 0:
                    starts.append(hour_ms)
            if starts:
                found.append(
                    self._issuing.call("certificate", "issue", {"plant": plant.plant, "starts": starts}, time_ms)
                )
                self._issued += [(plant, *self._bundle(plant, start)) for start in starts]
        return found

    def publish(self, _: int, time_ms: int) -> list[SignedTransaction]:
        """Owners publish what was issued, a plant's day in one call."""
        found = []
        for plant in self._plants:
            bundles = [bundle for issued, bundle, _ in self._issued if issued is plant]
            if bundles:
                arguments = {"bundles": bundles}
                found.append(self._members[plant.owner].call("certificate", "publish", arguments, time_ms))
        return found

    def transfer(self, _: int, time_ms: int) -> list[SignedTransaction]:
        """Owners sell some bundles, whole or in part."""
        self._bought, found = [], []
        for plant in self._plants if self._buyers else ():
            bundles = [(bundle, quantity) for issued, bundle, quantity in self._issued if issued is plant]
            bundles.sort(key=lambda item: self._draw(f"sell/{item[0]}", 2**64))
            for whole, quantity in bundles[:_SOLD_PER_PLANT_DAY]:
                buyer = self._buyers[self._draw(f"buyer/{whole}", len(self._buyers))]
                arguments: dict[str, Any] = {"bundle": whole, "to": buyer}
                sold = whole
                if quantity > 1 and self._draw(f"part/{whole}", 3) == 0:
                    part = 1 + self._draw(f"quantity/{whole}", quantity - 1)
                    arguments["quantity_wh"] = part
                    sold = f"{whole.rsplit('.', 1)[0]}.0-{part - 1}"
                found.append(self._members[plant.owner].call("certificate", "transfer", arguments, time_ms))
                self._bought.append((buyer, sold))
        return found

    def cancel(self, day_ms: int, time_ms: int) -> list[SignedTransaction]:
        """Buyers cancel half of what they bought, for their own consumption of that day."""
        return [
            self._members[buyer].call(
                "certificate",
                "cancel",
                {
                    "beneficiary": self._names[buyer],
                    "beneficiary_account": buyer,
                    "bundle": bundle,
                    "period_end": day_ms + DAY_MS,
                    "period_start": day_ms,
                    "purpose": _PURPOSES[self._draw(f"purpose/{bundle}", len(_PURPOSES))],
                },
                time_ms,
            )
            for buyer, bundle in self._bought
            if self._draw(f"cancel/{bundle}", 2) == 0
        ]

    def _bundle(self, plant: Plant, start_ms: int) -> tuple[str, int]:
        """(name, Wh) of the bundle that an issue for that hour makes."""
        quantity = int(self._inputs.plant_generation_wh[plant.plant][self._hours[start_ms]])
        return f"{plant.plant}.{utc_stamp(start_ms)}.0-{quantity - 1}", quantity

    def _draw(self, label: str, bound: int) -> int:
        return int.from_bytes(self._keys.seed(f"certificates/{self._area}/{label}")[:16], "big") % bound
