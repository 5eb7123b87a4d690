"""Energy is conserved, whatever is called: random legal and illegal calls, judged after each of them."""

from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chain.contracts.certificate import CONTRACT
from chain.entry import Receipt
from chain.registry.bundle import Bundle
from chain.transaction import SignedTransaction
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, member

ISSUER, METER = "issuing-body", "metering-operator"
OPERATORS = {ISSUER: ("issuing_body",), METER: ("metering_operator",), "centre": ("provincial_centre",)}
OWNERS = ("member-a", "member-b", "member-c")
PLANTS = ("plant-1", "plant-2")
HOUR = 3_600_000
CAPACITY_W = 1_000

HOURS = 6

starts = st.integers(0, 4 * HOURS - 1).map(lambda n: GENESIS_MS + n * HOUR // 4)
fitting = st.sampled_from((True, True, True, False))
"""Whether a call is made to fit, or left as drawn: then it is mostly illegal."""
quantities = st.none() | st.integers(-1, CAPACITY_W + 1)
indexes = st.integers(0, 200)


class Conservation(RuleBasedStateMachine):
    """Energy read, issued, split, moved and cancelled by three members and two institutions."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World([CONTRACT], OPERATORS, [member(name) for name in OWNERS])
        self.world.advance(GENESIS_MS + (HOURS + 1) * HOUR)
        self.readings: dict[tuple[str, int], int] = {}
        self.sent: list[tuple[int, SignedTransaction]] = []

    @initialize()
    def register_plants(self) -> None:
        for plant, owner in zip(PLANTS, OWNERS, strict=False):
            arguments = {
                "capacity_w": CAPACITY_W,
                "commissioned": GENESIS_MS,
                "fuel_code": "F01050200",
                "name_en": plant,
                "name_zh": plant,
                "owner": owner,
                "plant": plant,
                "technology_code": "T030000",
            }
            assert self.act(ISSUER, "register_plant", arguments).code == "ok"
            self.read(plant, GENESIS_MS, 60, CAPACITY_W - 1, False)
            self.issue(ISSUER, plant, GENESIS_MS, False)
        self.publish(0, "", True)

    @rule(
        plant=st.sampled_from(PLANTS),
        start=starts,
        minutes=st.sampled_from((15, 30, 60)),
        energy=st.integers(-1, 1_200),
        fit=fitting,
    )
    def read(self, plant: str, start: int, minutes: int, energy: int, fit: bool) -> None:
        if fit:
            start, energy = start - start % (minutes * 60_000), energy % (CAPACITY_W * minutes // 60)
        if self.act(METER, "record_readings", {}, [(plant, start, minutes, energy)]).status == "accepted":
            assert (plant, start) not in self.readings
            self.readings[(plant, start)] = energy

    @rule(caller=st.sampled_from((ISSUER, ISSUER, OWNERS[0])), plant=st.sampled_from(PLANTS), start=starts, fit=fitting)
    def issue(self, caller: str, plant: str, start: int, fit: bool) -> None:
        if fit and self.readings:
            plant, start = sorted(self.readings)[start // 1_000 % len(self.readings)]
        self.act(caller, "issue", {"plant": plant, "starts": [start]})

    @rule(index=indexes, caller=st.sampled_from(OWNERS), fit=fitting)
    def publish(self, index: int, caller: str, fit: bool) -> None:
        bundle, caller, _ = self.pick(index, caller, None, fit)
        self.act(caller, "publish", {"bundles": [bundle]})

    @rule(
        index=indexes,
        caller=st.sampled_from(OWNERS),
        to=st.sampled_from((*OWNERS, "nobody")),
        wh=quantities,
        fit=fitting,
    )
    def transfer(self, index: int, caller: str, to: str, wh: int | None, fit: bool) -> None:
        bundle, caller, wh = self.pick(index, caller, wh, fit, published=True)
        if fit and to == caller:
            to = OWNERS[OWNERS.index(caller) - 1]
        self.act(caller, "transfer", {"bundle": bundle, "quantity_wh": wh, "to": to})

    @rule(index=indexes, caller=st.sampled_from(OWNERS), wh=quantities, fit=fitting)
    def cancel(self, index: int, caller: str, wh: int | None, fit: bool) -> None:
        bundle, caller, wh = self.pick(index, caller, wh, fit)
        arguments = {
            "beneficiary": "somebody",
            "bundle": bundle,
            "period_end": GENESIS_MS + HOUR,
            "period_start": GENESIS_MS,
            "purpose": "claim",
            "quantity_wh": wh,
        }
        self.act(caller, "cancel", arguments)

    @rule()
    def seal(self) -> None:
        self.send(self.world.transaction("centre", "record", "seal", {}))

    def act(
        self, account: str, method: str, arguments: dict[str, Any], rows: list[tuple[Any, ...]] | None = None
    ) -> Receipt:
        """One call; a rejected one must change nothing but the nonce and the submitted rows."""
        memory, written = self.world.memory(), self.written()
        receipt = self.send(self.world.transaction(account, "certificate", method, arguments, rows or ()))
        if receipt.status == "rejected":
            assert self.world.memory() == memory
            assert self.written() == written
            assert receipt.events == ()
        return receipt

    def send(self, transaction: SignedTransaction) -> Receipt:
        before = self.world.replica.nonce(transaction.body.account)
        (outcome,) = self.world.block(transaction).outcomes
        self.sent.append((self.world.time_ms, transaction))
        assert outcome.receipt is not None
        assert self.world.replica.nonce(transaction.body.account) == before + 1
        return outcome.receipt

    def written(self) -> list[int]:
        return [len(self.world.rows(table)) for table in ("plants", "certificates", "certificate_events")]

    def known(self) -> dict[str, Bundle]:
        return dict(self.world.replica.state.items("certificate.bundle"))

    def pick(
        self, index: int, caller: str, wh: int | None, fit: bool, published: bool = False
    ) -> tuple[str, str, int | None]:
        """Bundle, caller and quantity of a call: an active bundle, its owner and a part of it, or as drawn."""
        known = self.known()
        names = sorted(
            name
            for name, bundle in known.items()
            if not fit or (bundle.status == "active" and (bundle.published or not published))
        )
        if not names:
            return "no-such-bundle", caller, wh
        bundle = known[names[index % len(names)]]
        if not fit:
            return bundle.bundle, caller, wh
        return bundle.bundle, bundle.owner, None if wh is None else 1 + wh % bundle.quantity_wh

    @invariant()
    def leaves_tile_what_was_issued_and_that_is_the_reading(self) -> None:
        leaves: dict[tuple[str, int], list[Bundle]] = {}
        for name, bundle in self.known().items():
            assert bundle.bundle == name
            if bundle.status != "split":
                leaves.setdefault((bundle.plant, bundle.interval_start), []).append(bundle)
        for device_interval, parts in leaves.items():
            parts.sort(key=lambda bundle: bundle.first_wh)
            assert parts[0].first_wh == 0
            assert all(left.last_wh + 1 == right.first_wh for left, right in pairwise(parts))
            live = sum(part.quantity_wh for part in parts if part.status == "active")
            cancelled = sum(part.quantity_wh for part in parts if part.status == "cancelled")
            assert live + cancelled == self.readings[device_interval]

    @invariant()
    def the_tables_tell_the_same_story_as_the_state(self) -> None:
        """Owner, status and publication of every bundle, from its rows alone; what was cancelled stays so."""
        born = {row["bundle"]: row for row in self.world.records("certificates")}
        last: dict[str, tuple[str, bool, str | None]] = {}
        for row in self.world.records("certificate_events"):
            name = row["bundle"]
            before = last.get(name)
            assert before is None or before[0] == "active", "only an active bundle has a next event"
            assert (before is None) == (row["event"] in ("issue", "born"))
            assert row["quantity_wh"] == born[name]["quantity_wh"]
            last[name] = (row["status"], row["published"], row["to_account"] or row["from_account"])
        state = self.known()
        assert last == {name: (bundle.status, bundle.published, bundle.owner) for name, bundle in state.items()}
        assert {name: row["parent"] for name, row in born.items()} == {name: b.parent for name, b in state.items()}

    def teardown(self) -> None:
        """A second replica, given the same calls at the same times, has the same log."""
        again = World([CONTRACT], OPERATORS, [member(name) for name in OWNERS])
        again.advance(GENESIS_MS + (HOURS + 1) * HOUR)
        for time_ms, transaction in self.sent:
            again.block(transaction, at_ms=time_ms)
        assert again.entries == self.world.entries


TestConservation = Conservation.TestCase
TestConservation.settings = settings(max_examples=30, stateful_step_count=50, deadline=None)
