"""A restart from a snapshot leads to the same state as the whole history, and a wrong snapshot to no state at all."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chain import jcs
from chain.beacon import GovernanceFeed
from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS
from chain.errors import ChainError, LedgerError
from chain.history import History, Place
from chain.imports import GOVERNANCE
from chain.network import Network
from chain.record import open_record
from chain.reexecute import execute_channel
from chain.replica import CommittedBlock, Replica
from chain.snapshot import KEPT, read_snapshot, snapshots, write_snapshot
from chain.units import HOUR_MS
from tests.chain.contracts.replica_fixture import World
from tests.chain.little_network import AREA, call, found, next_calls, reopened
from tests.chain.test_replica import SOON, schedule, world
from tests.chain.test_replica import call as note
from tests.sample_export import sample_export

Facts = dict[str, Any]


def facts(replica: Replica) -> Facts:
    """Everything that what a replica does next depends on."""
    return {
        "head": replica.head,
        "time": (replica.time_ms, replica.beacon_round, replica.next_due_ms, replica.is_closed),
        "sealed": (replica.sealed_to, replica.sealed.tables),
        "parameters": dict(replica.parameters),
        "state": {space: replica.state.items(space) for space in replica.state.spaces()},
        "root": replica.state.root(),
    }


def busy(folder: Path, blocks: int = 11) -> tuple[Facts, list[bytes]]:
    """A network with snapshots on its area, closed; facts and entries of the area."""
    with found(folder) as network:
        commit(network, blocks)
        return facts(network.channels[AREA].replica), list(network.channels[AREA].entries)


def commit(network: Network, blocks: int) -> None:
    for _ in range(blocks):
        replica = network.channels[AREA].replica
        network.commit(AREA, replica.time_ms + 1_000, next_calls(network, AREA))


def test_a_restart_goes_on_from_the_newest_snapshot(tmp_path: Path) -> None:
    before, entries = busy(tmp_path)
    with reopened(tmp_path) as network:
        ledger = network.channels[AREA]
        assert 0 < ledger.resumed_at < len(entries)
        assert (facts(ledger.replica), list(ledger.entries)) == (before, entries)


def test_a_network_that_stops_after_every_block_makes_the_same_bytes(tmp_path: Path) -> None:
    _, entries = busy(tmp_path / "whole")
    found(tmp_path / "stopped").close()
    for _ in range(11):
        with reopened(tmp_path / "stopped") as network:
            commit(network, 1)
    with reopened(tmp_path / "stopped") as network:
        assert list(network.channels[AREA].entries) == entries


def test_the_last_two_snapshots_are_kept_and_every_journal_segment(tmp_path: Path) -> None:
    busy(tmp_path, 21)
    assert len(snapshots(tmp_path, AREA)) == KEPT
    journals = [path for path in (tmp_path / AREA).iterdir() if path.name.startswith("journal")]
    assert len(journals) == 1 + 21 // 5


DAMAGE: dict[str, Callable[[Path], object]] = {
    "is gone": Path.unlink,
    "is empty": lambda path: path.write_bytes(b""),
    "lost its end": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "lost its half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "has more than it should": lambda path: path.write_bytes(path.read_bytes() + b"\x00"),
    "is zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "is something else": lambda path: path.write_bytes(b"GPSNAP2\n" + bytes(100)),
    "promises four gigabytes": lambda path: path.write_bytes(b"GPSNAP1\n\xff\xff\xff\xff"),
    "is an older one": lambda path: path.write_bytes(snapshots(path.parents[1], AREA)[-1].read_bytes()),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("both", [False, True], ids=["newest", "both"])
def test_a_damaged_snapshot_is_passed_over(damage: str, both: bool, tmp_path: Path) -> None:
    before, entries = busy(tmp_path)
    files = snapshots(tmp_path, AREA)
    resumed = int(files[1].name.rpartition("-")[2])
    for path in files if both and damage != "is an older one" else files[:1]:
        DAMAGE[damage](path)
    with reopened(tmp_path) as network:
        ledger = network.channels[AREA]
        assert (facts(ledger.replica), list(ledger.entries)) == (before, entries)
        assert ledger.resumed_at == (0 if both and damage != "is an older one" else resumed)
        commit(network, 5)


def small_world() -> World:
    """A channel with something of everything: accounts, nonces, triggers to come, two tables' seals."""
    one = world(first_due_ms=SOON)
    one.block(note(one, "alice", "write", {"text": "甲", "count": 3}), note(one, "alice", "seal", {}, 2), at_ms=SOON)
    schedule(one, (SOON + HOUR_MS, "a:b"), (SOON + HOUR_MS, "c"))
    return one


def test_every_byte_of_a_snapshot_leads_to_the_same_state_or_to_an_error_of_ours(tmp_path: Path) -> None:
    one = small_world()
    block = one.block(note(one, "bob", "write", {"text": "b"}), note(one, "regulator", "seal", {}))
    assert block.block.state_root
    before = facts(one.replica)
    (tmp_path / one.replica.genesis.channel).mkdir()
    write_snapshot(tmp_path, one.replica, Place(0, 8, block.block.first))
    (path,) = snapshots(tmp_path, one.replica.genesis.channel)
    whole, wrong = path.read_bytes(), 0
    for index in range(len(whole)):
        damaged = bytearray(whole)
        damaged[index] ^= 1 << index % 8
        path.write_bytes(damaged)
        again = small_world().replica
        try:
            again.resume(read_snapshot(path, again.space_type).sealed, block.entries)
        except ChainError:
            wrong += 1
        else:
            assert facts(again) == before, index
    assert wrong > len(whole) * 9 // 10
    path.write_bytes(whole)
    again = small_world().replica
    again.resume(read_snapshot(path, again.space_type).sealed, block.entries)
    assert facts(again) == before


def test_a_snapshot_of_another_history_is_passed_over(tmp_path: Path) -> None:
    """Sound in itself, of a log with the same name and size: its block is not the one in this journal."""
    before, _ = busy(tmp_path / "one")
    with found(tmp_path / "two") as network:
        for _ in range(11):
            replica = network.channels[AREA].replica
            calls = [*next_calls(network, AREA)[:1]]
            if (replica.height + 1) % 5 == 0:
                calls.append(call(network, AREA, "regulator", "seal"))
            network.commit(AREA, replica.time_ms + 2_000, calls)
    for mine, other in zip(snapshots(tmp_path / "one", AREA), snapshots(tmp_path / "two", AREA), strict=True):
        assert mine.name == other.name and mine.read_bytes() != other.read_bytes()
        shutil.copyfile(other, mine)
    with reopened(tmp_path / "one") as network:
        assert network.channels[AREA].resumed_at == 0
        assert facts(network.channels[AREA].replica) == before


def test_a_replica_does_not_go_on_behind_a_block_without_a_state_root(tmp_path: Path) -> None:
    one = small_world()
    unsealed = one.block(note(one, "bob", "write", {"text": "b"}))
    with pytest.raises(LedgerError, match="no state root"):
        small_world().replica.resume(one.replica.sealed, unsealed.entries)


def test_a_disk_without_room_for_a_snapshot_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise LedgerError("disk", "cannot write: No space left on device", "snapshot")

    with found(tmp_path) as network:
        ledger = network.channels[AREA]
        with monkeypatch.context() as patch:
            patch.setattr("chain.ledger.write_snapshot", full)
            commit(network, 6)
        assert ledger.snapshot_error is not None and ledger.checkpoint is not None
        assert snapshots(tmp_path, AREA) == []
        commit(network, 5)
        assert ledger.snapshot_error is None
        assert len(snapshots(tmp_path, AREA)) == 1
        head = ledger.head
    with reopened(tmp_path) as network:
        assert network.channels[AREA].head == head


def check_spaces(replica: Replica, _: CommittedBlock | None = None) -> None:
    """Every value in the state reads back, from its canonical JSON and the type of its space, as it is."""
    for space in replica.state.spaces():
        kind = replica.space_type(space)
        for key, value in replica.state.items(space):
            again = msgspec.json.decode(jcs.encode(value), type=kind)
            assert (again, type(again)) == (value, type(value)), f"{space}/{key}"


def test_every_value_that_a_busy_network_keeps_reads_back_as_it_is() -> None:
    sample = sample_export()
    record = open_record(sample.export, sample.policy, "policy")
    feed, spaces = GovernanceFeed(), set[str]()
    feed.extend(record.channels[GOVERNANCE].entries)

    def visit(replica: Replica, block: CommittedBlock) -> None:
        if block.triggers or replica.genesis.channel == GOVERNANCE:
            check_spaces(replica)
            spaces.update(space.partition(":")[0] for space in replica.state.spaces())

    for channel in record.channels.values():
        execute_channel(channel, record.reader, record.leaves, feed, lambda _: None, visit)
    assert {"account", "nonce", "trigger", "auction.orders", "auction.position", "auction.session"} <= spaces


def test_a_contract_declares_each_space_once() -> None:
    for contract in (*GOVERNANCE_CONTRACTS, *AREA_CONTRACTS):
        names = [space.name for space in contract.spaces]
        assert len(set(names)) == len(names)
        assert all(name.isascii() and not set(name) & set("/:.") for name in names)


def test_the_sample_networks_own_folder_opens_from_its_snapshots(tmp_path: Path) -> None:
    sample = sample_export()
    shutil.copytree(sample.ledger, tmp_path / "ledger")
    with Network.open(tmp_path / "ledger", lambda: sample.now_ms) as network:
        assert all(ledger.resumed_at for ledger in network.channels.values())
        resumed = {name: facts(ledger.replica) for name, ledger in network.channels.items()}
    for name in resumed:
        for path in snapshots(tmp_path / "ledger", name):
            path.unlink()
    with Network.open(tmp_path / "ledger", lambda: sample.now_ms) as network:
        assert not any(ledger.resumed_at for ledger in network.channels.values())
        assert {name: facts(ledger.replica) for name, ledger in network.channels.items()} == resumed


def test_the_block_of_a_snapshot_is_read_from_the_journal(tmp_path: Path) -> None:
    busy(tmp_path)
    with reopened(tmp_path) as network:
        space_type = network.channels[AREA].replica.space_type
    history = History(tmp_path, AREA)
    for path in snapshots(tmp_path, AREA):
        block = history.block_at(read_snapshot(path, space_type).place)
        assert block.end == int(path.name.rpartition("-")[2])
    history.close()
