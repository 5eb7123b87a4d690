"""A market run on an input: members quote, sessions clear, meters are read, certificates are issued and move.

Per hour and area, in ledger time from the session's opening: declarations within 15 minutes, rounds by trigger,
new quotes after a suspension, close and settlement by trigger; then the readings of the hour that has ended, once a
day the certificates of the day that has ended.
"""

from dataclasses import dataclass
from pathlib import Path

from chain.contracts.auction import session_id
from chain.contracts.auction_state import Session
from chain.contracts.auction_tables import ORDERS_SUBMITTED
from chain.errors import LedgerError
from chain.imports import GOVERNANCE
from chain.progress import Progress
from chain.replica import CommittedBlock
from chain.transaction import SignedTransaction
from chain.units import DAY_MS, HOUR_MS, MINUTE_MS
from sample_data.bidding import OrderRow, forecast_wh, orders_for, requote
from sample_data.certificate_agents import CertificateAgents
from sample_data.network_setup import (
    Keyring,
    MarketSettings,
    Sender,
    SimulatedClock,
    create_network,
    plant_registrations,
    registrations,
    start_ms,
)
from sample_data.records import Inputs, Participant

_DECLARE_FROM_MS = 30_000
_DECLARE_TO_MS = 14 * MINUTE_MS
_METERING_MINUTE = 52
_CERTIFICATES_MINUTE = 54
_BEACON_MINUTE = 58


@dataclass(frozen=True, slots=True)
class SimulationSummary:
    """What was run."""

    hours: int
    areas: int
    transactions: int
    rejected: int


class Simulation:
    """See the module's docstring."""

    def __init__(
        self, folder: Path, inputs: Inputs, settings: MarketSettings, keys: Keyring, clock: SimulatedClock
    ) -> None:
        self.inputs = inputs
        self.settings = settings
        self.keys = keys
        self.clock = clock
        self.network = create_network(folder, inputs, settings, keys, clock)
        self.areas = [channel for channel in sorted(self.network.channels) if channel != GOVERNANCE]
        self._transactions = 0
        self._rejected = 0
        self._found_members()
        self._markets = {area: AreaMarket(self, area) for area in self.areas}

    @property
    def days(self) -> int:
        """Settlement days that will be run."""
        available = len(self.inputs.hours) // 24
        return available if self.settings.days is None else min(self.settings.days, available)

    def run_day(self, day: int, progress: Progress) -> None:
        """All sessions that trade the hours of one settlement day."""
        for hour in range(24 * day, 24 * day + 24):
            open_ms = self.inputs.hours[hour] - HOUR_MS
            for market in self._markets.values():
                market.run_hour(hour, open_ms)
            self.network.beacon(self.clock.advance(open_ms + _BEACON_MINUTE * MINUTE_MS))
            progress("simulate", hour + 1, 24 * self.days)

    def run_certificates(self, day: int) -> None:
        """Readings and certificates of the last hours of `day`, for an input that ends there."""
        end_ms = self.inputs.hours[24 * day + 23] + HOUR_MS
        for market in self._markets.values():
            for hour_ms in (end_ms - HOUR_MS, end_ms):
                market.finish(hour_ms)
        self.network.beacon(self.clock.advance(end_ms + _BEACON_MINUTE * MINUTE_MS))

    def summary(self) -> SimulationSummary:
        """So far."""
        return SimulationSummary(24 * self.days, len(self.areas), self._transactions, self._rejected)

    def commit(self, channel: str, time_ms: int, transactions: list[SignedTransaction]) -> CommittedBlock:
        """Cut a block, `time_ms` or the next free millisecond after the channel's last block."""
        time_ms = max(time_ms, self.network.channels[channel].replica.time_ms + 1)
        self.clock.advance(time_ms)
        block = self.network.commit(channel, time_ms, transactions)
        for outcome in block.outcomes:
            if outcome.receipt is None:
                raise LedgerError("simulation", f"a simulated transaction was dropped: {outcome.dropped}", channel)
            self._transactions += 1
            self._rejected += outcome.receipt.status == "rejected"
        return block

    def commit_all(self, channel: str, first_ms: int, last_ms: int, transactions: list[SignedTransaction]) -> None:
        """Spread transactions over blocks between two times."""
        size = self.network.channels[channel].replica.parameters["record"].transactions_per_block_max
        batches = [transactions[start : start + size] for start in range(0, len(transactions), size)]
        step = max(1, (last_ms - first_ms) // max(1, len(batches)))
        for number, batch in enumerate(batches):
            self.commit(channel, first_ms + number * step, batch)

    def _found_members(self) -> None:
        """Register participants on governance, then plants on the areas that import them."""
        time_ms = start_ms(self.inputs) + MINUTE_MS
        joining = registrations(self.network, self.inputs, self.keys, time_ms)
        self.commit_all(GOVERNANCE, time_ms, time_ms + 30 * MINUTE_MS, joining)
        self.network.beacon(self.clock())
        time_ms = self.clock() + MINUTE_MS
        for area in self.areas:
            plants = plant_registrations(self.network, area, self.inputs.plants, self.keys, time_ms)
            self.commit_all(area, time_ms, time_ms + 15 * MINUTE_MS, plants)


class AreaMarket:
    """One market area: its members, its sessions, its meters."""

    def __init__(self, simulation: Simulation, area: str) -> None:
        self._simulation = simulation
        self._area = area
        self._area_code = simulation.network.channels[area].replica.parameters["auction"].area
        self._members = [member for member in simulation.inputs.participants if member.area == area]
        network, keys = simulation.network, simulation.keys
        self._senders = {member.account: Sender(network, area, keys.signer(member.account)) for member in self._members}
        plants = [plant for plant in simulation.inputs.plants if plant.area == area]
        self._certificates = CertificateAgents(network, area, plants, simulation.inputs, keys, self._senders)
        self._last_price: int | None = None

    def run_hour(self, hour: int, open_ms: int) -> None:
        """The session that opens at `open_ms`, then meters and certificates."""
        simulation = self._simulation
        session = session_id(self._area_code, open_ms)
        self._advance(open_ms)
        rows = self._quotes(hour)
        self._declare(session, open_ms + _DECLARE_FROM_MS, open_ms + _DECLARE_TO_MS, rows)
        self._run_rounds(session, simulation.inputs.hours[hour], rows)
        self._finish_hour(open_ms)

    def finish(self, hour_ms: int) -> None:
        """Meters and certificates within the hour from `hour_ms`; nobody quotes in its session."""
        self._finish_hour(hour_ms)

    def _finish_hour(self, open_ms: int) -> None:
        simulation, agents = self._simulation, self._certificates
        time_ms = open_ms + _METERING_MINUTE * MINUTE_MS
        self._advance(time_ms)
        readings = agents.readings(open_ms - HOUR_MS, time_ms)
        if readings:
            simulation.commit(self._area, time_ms, readings)
        if (open_ms + 8 * HOUR_MS) % DAY_MS == 0:
            time_ms = open_ms + _CERTIFICATES_MINUTE * MINUTE_MS
            for step in (agents.issue, agents.publish, agents.transfer, agents.cancel):
                transactions = step(open_ms - DAY_MS, time_ms)
                simulation.commit_all(self._area, time_ms, time_ms + MINUTE_MS, transactions)
                time_ms += MINUTE_MS

    def _quotes(self, hour: int) -> dict[str, list[OrderRow]]:
        """Every member's rows for one delivery hour."""
        inputs, seed = self._simulation.inputs, self._simulation.settings.seed
        hour_ms = inputs.hours[hour]
        found = {}
        for member in self._members:
            generation = int(inputs.generation_wh[member.account][hour])
            load = int(inputs.load_wh[member.account][hour])
            surplus = forecast_wh(seed, member.account, hour_ms, generation, load)
            rows = orders_for(member, hour_ms, surplus, seed, self._last_price)
            if rows:
                found[member.account] = rows
        return found

    def _declare(self, session: str, first_ms: int, last_ms: int, rows: dict[str, list[OrderRow]]) -> None:
        transactions = [
            self._senders[account].call(
                "auction",
                "declare",
                {"session": session},
                first_ms,
                ORDERS_SUBMITTED.encode_lines(
                    [
                        (
                            o.side,
                            o.price_fen_per_mwh,
                            o.limit_fen_per_mwh,
                            o.quantity_wh,
                            self._salt(session, account, o),
                        )
                        for o in orders
                    ]
                ),
            )
            for account, orders in self._arrival(session, rows)
        ]
        self._simulation.commit_all(self._area, first_ms, last_ms, transactions)

    def _salt(self, session: str, account: str, order: OrderRow) -> str:
        """16 bytes that nobody else can guess, from the member's own secret."""
        return self._simulation.keys.seed(f"salt/{session}/{account}/{order}")[:16].hex()

    def _arrival(self, session: str, rows: dict[str, list[OrderRow]]) -> list[tuple[str, list[OrderRow]]]:
        """Members in the order in which they come, another one every session."""
        keys = self._simulation.keys
        return sorted(rows.items(), key=lambda item: keys.seed(f"arrival/{session}/{item[0]}"))

    def _run_rounds(self, session: str, hour_ms: int, rows: dict[str, list[OrderRow]]) -> None:
        """Rounds, close, settlement by trigger; after a suspension members quote anew."""
        seed, attempt = self._simulation.settings.seed, 0
        members: dict[str, Participant] = {member.account: member for member in self._members}
        while (state := self._session(session)) is not None:
            due = self._simulation.network.channels[self._area].replica.next_due_ms
            if due is None:
                raise LedgerError("simulation", "the session waits for nothing", session)
            self._simulation.commit(self._area, due, [])
            after = self._session(session)
            if after is None:
                return
            if after.reference_ask is not None and after.reference_bid is not None:
                self._last_price = (after.reference_ask + after.reference_bid) // 2
            if after.suspensions > state.suspensions:
                attempt += 1
                moved = {
                    account: requote(members[account], hour_ms, orders, seed, attempt)
                    for account, orders in rows.items()
                }
                rows = {account: orders for account, orders in moved.items() if orders}
                self._declare(session, due + MINUTE_MS, due + 3 * MINUTE_MS, rows)

    def _session(self, session: str) -> Session | None:
        state = self._simulation.network.channels[self._area].replica.state
        found: Session | None = state.get("auction.session", session)
        return found

    def _advance(self, time_ms: int) -> None:
        """Let every trigger fire that is due by `time_ms`."""
        replica = self._simulation.network.channels[self._area].replica
        while (due := replica.next_due_ms) is not None and due <= time_ms:
            self._simulation.commit(self._area, due, [])
