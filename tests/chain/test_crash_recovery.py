"""Killed at any moment, a network comes back with everything that it acknowledged, and its export still verifies.

Three ways of dying: SIGKILL to a process that commits (`commit_forever`) at seeded random moments; a stop before and
after every single durable step of a short life; and a disk that is full.
"""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.errors import ChainError, LedgerError
from chain.export import export_network, seal_all
from chain.imports import GOVERNANCE
from chain.journal import Journal
from chain.layout import BEACON, SIGNING_STATE, journal_path
from chain.merkle import Tree
from chain.network import Network
from chain.verify import verify_export
from sample_data.network_setup import SimulatedClock
from tests.chain.little_network import AREA, START_MS, call, found, next_calls, reopened, signer

ROOT = Path(__file__).resolve().parents[2]
KILLS = 12
CHANNELS = (GOVERNANCE, AREA)

Acknowledged = dict[tuple[str, int], str]
"""(channel, height) → root after that block."""


class Killed(BaseException):
    """Stands for the end of the process: nothing in the code under test may catch it."""


def child(folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.chain.commit_forever", str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed_after(folder: Path, wait_s: float, while_opening: bool) -> Acknowledged:
    """Let a child commit and kill it; what it had acknowledged."""
    process = child(folder)
    assert process.stdout is not None and process.stderr is not None
    if not while_opening:
        assert process.stdout.readline() == "open\n", process.stderr.read()
    time.sleep(wait_s)
    process.send_signal(signal.SIGKILL)
    out, errors = process.communicate()
    assert (process.returncode, errors) == (-signal.SIGKILL, "")
    lines = [line.split() for line in out.splitlines(keepends=True) if line.endswith("\n") and line != "open\n"]
    return {(channel, int(height)): root for channel, height, root in lines}


def check_kept(network: Network, acknowledged: Acknowledged) -> None:
    """Every acknowledged block is there, with the root that was acknowledged."""
    roots: dict[tuple[str, int], str] = {}
    for channel in CHANNELS:
        ledger, tree, height = network.channels[channel], Tree(), 0
        for data in ledger.entries:
            tree.append(data)
            if b'"kind":"block"' in data:
                roots[channel, height] = tree.root().hex()
                height += 1
        assert (height, tree.root()) == (ledger.replica.height + 1, ledger.replica.tree.root())
    assert {key: roots.get(key) for key in acknowledged} == acknowledged


def check_export(network: Network, target: Path) -> None:
    """Seal, export, verify."""
    time_ms = max(ledger.replica.time_ms for ledger in network.channels.values()) + 1_000
    seal_all(network, signer("regulator"), time_ms)
    export_network(network, target)
    verify_export(target, network.policy.text, "policy")


def campaign(folder: Path, kills: int, seed: int) -> int:
    """Kill after kill on one folder; how many blocks were acknowledged."""
    found(folder).close()
    draw, acknowledged = random.Random(seed), Acknowledged()
    for number in range(kills):
        acknowledged |= killed_after(folder, draw.random() * 0.08, while_opening=number % 7 == 6)
        with reopened(folder) as network:
            check_kept(network, acknowledged)
    with reopened(folder) as network:
        check_export(network, folder.with_name("export"))
    return len(acknowledged)


def test_nothing_acknowledged_is_lost_by_kills_at_random_moments(tmp_path: Path) -> None:
    assert campaign(tmp_path / "ledger", KILLS, seed=1) > KILLS


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_nothing_acknowledged_is_lost_by_hundreds_of_kills(seed: int, tmp_path: Path) -> None:
    assert campaign(tmp_path / "ledger", 40, seed + int(os.environ.get("SOAK_SEED", "1"))) > 40


def life(folder: Path, acknowledged: Acknowledged) -> None:
    """Founding, five blocks on each channel, two beacon rounds."""
    with found(folder) as network:
        for number in range(5):
            for channel in CHANNELS:
                replica = network.channels[channel].replica
                block = network.commit(channel, replica.time_ms + 1_000, next_calls(network, channel))
                acknowledged[channel, block.block.height] = block.root.hex()
            if number % 2:
                network.beacon(network.channels[GOVERNANCE].replica.time_ms)


def die_at(step: int, patch: pytest.MonkeyPatch, after: bool) -> None:
    """Die at the `step`-th append to any journal: before anything is written, or once it is durable."""
    append, count = Journal.append, 0

    def dying(journal: Journal, payload: bytes) -> None:
        nonlocal count
        count += 1
        if count == step and not after:
            raise Killed
        append(journal, payload)
        if count == step and after:
            raise Killed

    patch.setattr(Journal, "append", dying)


FOUNDING_STEPS = 6
"""Block 0 and a promise for each of two channels and the beacon."""
STEPS = FOUNDING_STEPS + 2 * (2 * 5 + 2)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_nothing_acknowledged_is_lost_by_a_stop_at_any_durable_step(after: bool, tmp_path: Path) -> None:
    for step in range(FOUNDING_STEPS + 1, STEPS + 1):
        folder, acknowledged = tmp_path / str(step), Acknowledged()
        with pytest.MonkeyPatch.context() as patch:
            die_at(step, patch, after)
            with pytest.raises(Killed):
                life(folder, acknowledged)
        with reopened(folder) as network:
            check_kept(network, acknowledged)
            network.commit(AREA, network.channels[AREA].replica.time_ms + 1_000, next_calls(network, AREA))
            if step % 5 == 0:
                check_export(network, tmp_path / f"{step}.export")


def sealing_life(folder: Path, acknowledged: Acknowledged) -> None:
    """Seven blocks on the area, every other one sealed: three snapshots, three new segments of the journal."""
    with reopened(folder) as network:
        for number in range(7):
            replica = network.channels[AREA].replica
            seal = [call(network, AREA, "regulator", "seal")] if number % 2 else []
            calls = [*next_calls(network, AREA)[:1], *seal]
            block = network.commit(AREA, replica.time_ms + 1_000, calls)
            acknowledged[AREA, block.block.height] = block.root.hex()


def die_at_call(step: int, patch: pytest.MonkeyPatch, after: bool) -> None:
    """Die at the `step`-th call by which anything comes to be on disk: a sync, a rename, a removal."""
    count = 0

    def dying(really: Callable[..., object]) -> Callable[..., object]:
        def one(*arguments: object) -> object:
            nonlocal count
            count += 1
            if count == step and not after:
                raise Killed
            result = really(*arguments)
            if count == step:
                raise Killed
            return result

        return one

    for name in ("fdatasync", "fsync", "replace", "unlink"):
        patch.setattr(os, name, dying(getattr(os, name)))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_nothing_is_lost_by_a_stop_at_any_step_of_snapshots_and_new_segments(after: bool, tmp_path: Path) -> None:
    found(tmp_path / "founded").close()
    step, is_dead = 0, True
    while is_dead:
        step += 1
        folder, acknowledged = tmp_path / str(step), Acknowledged()
        shutil.copytree(tmp_path / "founded", folder)
        with pytest.MonkeyPatch.context() as patch:
            die_at_call(step, patch, after)
            try:
                sealing_life(folder, acknowledged)
                is_dead = False
            except Killed:
                pass
        with reopened(folder) as network:
            check_kept(network, acknowledged)
            network.commit(AREA, network.channels[AREA].replica.time_ms + 1_000, next_calls(network, AREA))
            if step % 7 == 0:
                check_export(network, tmp_path / f"{step}.export")
        shutil.rmtree(folder)
    assert step > 30


def test_a_clock_that_jumped_back_signs_nothing_and_loses_nothing(tmp_path: Path) -> None:
    clock = SimulatedClock(START_MS + 10_000)
    with found(tmp_path, clock) as network:
        network.commit(AREA, START_MS + 10_000, next_calls(network, AREA))
        head = network.channels[AREA].head
    with pytest.raises(LedgerError) as early:
        reopened(tmp_path, SimulatedClock(START_MS + 9_999))
    assert early.value.code == "clock"
    with reopened(tmp_path, SimulatedClock(START_MS + 10_000)) as network:
        assert network.channels[AREA].head == head
        with pytest.raises(LedgerError) as back:
            network.commit(AREA, START_MS + 9_000)
        assert back.value.code == "block-time"
        with pytest.raises(LedgerError) as ahead:
            network.commit(AREA, START_MS + 10_001)
        assert ahead.value.code == "clock"


WITH_A_SMALL_DISK = """
import resource, sys
from pathlib import Path
from chain.errors import LedgerError
from tests.chain.little_network import AREA, next_calls, reopened
with reopened(Path(sys.argv[1])) as network:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    while True:
        block = network.commit(AREA, network.channels[AREA].replica.time_ms + 1_000, next_calls(network, AREA))
        print(AREA, block.block.height, block.root.hex(), flush=True)
"""


@pytest.mark.parametrize("file_bytes", [9_000, 70_000, 150_001])
def test_files_that_may_grow_no_further_stop_the_ledger_with_a_sentence(file_bytes: int, tmp_path: Path) -> None:
    found(tmp_path).close()
    command = [sys.executable, "-c", WITH_A_SMALL_DISK, str(tmp_path), str(file_bytes)]
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert "LedgerError" in run.stderr and "File too large" in run.stderr
    blocks = [line.split() for line in run.stdout.splitlines()]
    with reopened(tmp_path) as network:
        check_kept(network, {(channel, int(height)): root for channel, height, root in blocks})
        network.commit(AREA, network.channels[AREA].replica.time_ms + 1_000, next_calls(network, AREA))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(1, FOUNDING_STEPS + 1))
def test_an_interrupted_founding_is_finished_or_refused_with_a_sentence(
    step: int, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ledger"
    die_at(step, monkeypatch, after)
    with pytest.raises(Killed):
        found(folder)
    monkeypatch.undo()
    try:
        with reopened(folder) as network:
            check_export(network, tmp_path / "export")
    except LedgerError as error:
        assert error.code == "unfinished" and "begin anew in an empty folder" in str(error)
        assert step < FOUNDING_STEPS


def one_block_more(folder: Path, *, signed: bool) -> int:
    """A network with blocks whose area ends with an empty block; size of the area's journal before that block."""
    with found(folder) as network:
        for _ in range(3):
            network.commit(AREA, network.channels[AREA].replica.time_ms + 1_000, next_calls(network, AREA))
        size = (folder / journal_path(AREA)).stat().st_size
        with pytest.MonkeyPatch.context() as patch:
            if not signed:
                patch.setattr("chain.ledger.sign_checkpoint", lambda *_: die())
            try:
                network.commit(AREA, network.channels[AREA].replica.time_ms + 1_000)
            except Killed:
                assert not signed
    return size


def die() -> None:
    raise Killed


def test_a_torn_last_block_that_nobody_signed_is_cut_off_at_every_byte(tmp_path: Path) -> None:
    size = one_block_more(tmp_path / "ledger", signed=False)
    whole = (tmp_path / "ledger" / journal_path(AREA)).read_bytes()
    for end in range(size, len(whole)):
        folder = tmp_path / "torn"
        shutil.copytree(tmp_path / "ledger", folder)
        (folder / journal_path(AREA)).write_bytes(whole[:end])
        with reopened(folder) as network:
            assert network.channels[AREA].replica.height == 3, end
            assert (folder / journal_path(AREA)).stat().st_size == size
        shutil.rmtree(folder)
    with reopened(tmp_path / "ledger") as network:
        assert network.channels[AREA].replica.height == 4


def test_a_lost_last_block_that_was_signed_is_noticed_at_every_byte(tmp_path: Path) -> None:
    size = one_block_more(tmp_path / "ledger", signed=True)
    whole = (tmp_path / "ledger" / journal_path(AREA)).read_bytes()
    for end in range(size, len(whole), 7):
        (tmp_path / "ledger" / journal_path(AREA)).write_bytes(whole[:end])
        with pytest.raises(LedgerError, match="has signed size"):
            reopened(tmp_path / "ledger")


def full_disk(patch: pytest.MonkeyPatch, journal: Path | None) -> None:
    """Writing to this journal (None: to a segment's file) fails when half is written."""
    no_space = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    pwrite = os.pwrite

    def half(file: int, data: bytes, offset: int) -> int:
        if journal is None or not os.path.samestat(os.fstat(file), journal.stat()):
            return pwrite(file, data, offset)
        pwrite(file, data[: len(data) // 2], offset)
        raise no_space

    def write_bytes(path: Path, data: bytes) -> int:
        path.write_text("half")
        raise no_space

    patch.setattr(os, "pwrite", half)
    if journal is None:
        patch.setattr(Path, "write_bytes", write_bytes)


PLACES: dict[str, Callable[[Path], Path | None]] = {
    "journal": lambda folder: max((folder / AREA).glob("journal*")),
    "signing state": lambda folder: folder / SIGNING_STATE,
    "segment file": lambda _: None,
}


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_stops_the_ledger_and_loses_nothing(place: str, tmp_path: Path) -> None:
    folder, acknowledged = tmp_path / "ledger", Acknowledged()
    life(folder, acknowledged)
    with reopened(folder) as network:
        area, time_ms = network.channels[AREA].replica, network.channels[AREA].replica.time_ms + 1_000
        calls = [*next_calls(network, AREA), call(network, AREA, "regulator", "seal")]
        with pytest.MonkeyPatch.context() as patch:
            full_disk(patch, PLACES[place](folder))
            with pytest.raises(LedgerError, match="No space left on device") as full:
                network.commit(AREA, time_ms, calls)
            assert full.value.code == "disk" and full.value.where
        with pytest.raises(LedgerError, match="not signed"):
            network.beacon(time_ms)
        with pytest.raises(ChainError):
            export_network(network, tmp_path / "half")
        assert not (tmp_path / "half").exists()
        if place != "signing state":
            with pytest.raises(LedgerError, match="open the ledger again"):
                network.commit(AREA, area.time_ms + 1_000)
    with reopened(folder) as network:
        check_kept(network, acknowledged)
        network.commit(AREA, network.channels[AREA].replica.time_ms + 1_000, next_calls(network, AREA))
        check_export(network, tmp_path / "export")


def test_a_full_disk_under_the_beacon_loses_no_round(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    with found(folder) as network:
        time_ms = network.channels[AREA].replica.time_ms + 1_000
        for journal in (folder / journal_path(BEACON), folder / SIGNING_STATE):
            with pytest.MonkeyPatch.context() as patch:
                full_disk(patch, journal)
                with pytest.raises(LedgerError, match="No space left on device"):
                    network.beacon(time_ms)
        with pytest.raises(ChainError, match="no signed checkpoint"):
            export_network(network, tmp_path / "half")
        network.beacon(time_ms)
        rounds = len(network.leaves)
        check_export(network, tmp_path / "export")
    with reopened(folder) as network:
        assert len(network.leaves) == rounds + 1


def test_a_full_disk_under_an_export_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with found(tmp_path / "ledger") as network:
        seal_all(network, signer("regulator"), network.channels[AREA].replica.time_ms + 1_000)
        full_disk(monkeypatch, None)
        with pytest.raises(ChainError, match="cannot write the export: No space left on device"):
            export_network(network, tmp_path / "exports" / "one")
        monkeypatch.undo()
        assert list((tmp_path / "exports").iterdir()) == []
        export_network(network, tmp_path / "exports" / "one")
