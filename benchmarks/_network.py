"""A network for the commit benchmarks: one area, members who quote, a session that stays open."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from chain.contracts.auction_tables import ORDERS_SUBMITTED
from chain.entry import Operator
from chain.founding import NetworkConfig, derive_keys
from chain.imports import GOVERNANCE
from chain.network import Network
from chain.transaction import SignedTransaction
from chain.units import HOUR_MS
from sample_data.network_setup import OPERATORS, Keyring, Sender, SimulatedClock, registration
from sample_data.records import Participant

AREA = "area-350100"
START_MS = 1_793_548_800_000
_BLOCK = 50


@dataclass(frozen=True, slots=True)
class Quoting:
    """A network whose members can declare."""

    network: Network
    clock: SimulatedClock
    members: tuple[Sender, ...]
    session: str

    def declarations(self, count: int, orders: int) -> list[SignedTransaction]:
        """Signed declarations of `orders` rows each, the members in turn; sellers and buyers do not cross."""
        return [
            self.members[number % len(self.members)].call(
                "auction",
                "declare",
                {"session": self.session},
                self.clock(),
                _lines(number % len(self.members), orders),
            )
            for number in range(count)
        ]

    def commit(self, blocks: Sequence[Sequence[SignedTransaction]]) -> None:
        """One block per element; every transaction must be accepted."""
        timed = ((self.clock.advance(self.clock() + 1), block) for block in blocks)
        for committed in self.network.commit_many(AREA, timed):
            outcomes = committed.outcomes
            refused = [o for o in outcomes if o.receipt is None or o.receipt.status != "accepted"]
            if refused:
                raise AssertionError(f"a benchmark transaction was not accepted: {refused[0]}")


def quoting_network(folder: Path, members: int) -> Quoting:
    """A network in the empty `folder` whose first session is open."""
    keys, clock = Keyring(b"benchmark"), SimulatedClock(START_MS)
    config = NetworkConfig(
        name="benchmark",
        areas={AREA: AREA.removeprefix("area-")},
        time_ms=START_MS,
        operators=tuple(
            Operator(account, name_en, name_zh, account, keys.signer(account).public_key, roles)
            for account, name_en, name_zh, roles in OPERATORS
        ),
        parameters={"auction": {"orders_per_side_max": 1_000_000}},
    )
    network = Network.create(folder, config, derive_keys(config, keys.seed), clock)
    registrar = Sender(network, GOVERNANCE, keys.signer("provincial-centre"))
    accounts = [f"member-{number:05d}" for number in range(members)]
    joining = [registration(registrar, keys, _participant(account), START_MS) for account in accounts]
    for start in range(0, members, _BLOCK):
        network.commit(GOVERNANCE, clock.advance(START_MS + 1 + start), joining[start : start + _BLOCK])
    network.beacon(clock.advance(START_MS + 2_000))
    network.commit(AREA, clock.advance(START_MS + HOUR_MS), [])
    session = network.channels[AREA].replica.state.items("auction.session")[0][0]
    return Quoting(network, clock, tuple(Sender(network, AREA, keys.signer(account)) for account in accounts), session)


def blocks_of(transactions: Sequence[SignedTransaction]) -> list[Sequence[SignedTransaction]]:
    """Cut as P1 cuts them."""
    return [transactions[start : start + _BLOCK] for start in range(0, len(transactions), _BLOCK)]


@contextmanager
def on_one_core() -> Iterator[None]:
    """This process on its first core only, where the system lets us say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def bare_verifications(count: int) -> Callable[[], None]:
    """`count` PyNaCl verifications of a message as long as a typical transaction."""
    key = SigningKey(bytes(32))
    message = bytes(419)
    signature = key.sign(message).signature
    verify = key.verify_key.verify

    def action() -> None:
        for _ in range(count):
            verify(message, signature)

    return action


def _participant(account: str) -> Participant:
    return Participant(account, account, account, "consumer", AREA, "zone-1", "10kV", 0, 0, None, None, "cost_plus")


def _lines(member: int, orders: int) -> bytes:
    side, base = ("bid", 30_000) if member % 2 else ("ask", 50_000)
    limit = base + 997 if side == "bid" else base
    rows = [
        (side, base + index % 997, limit if index % 3 else None, 1_000 + index % 89, None) for index in range(orders)
    ]
    return ORDERS_SUBMITTED.encode_lines(rows)
