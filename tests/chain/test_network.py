"""A network in its folder: who may open it, what it refuses before it is too late, what it keeps."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from chain.errors import ChainError, LedgerError, PolicyError, SecretFileError
from chain.imports import GOVERNANCE
from chain.layout import BEACON, KEYS, LOCK, SIGNING_STATE, journal_path
from chain.network import Network
from sample_data.network_setup import SimulatedClock
from tests.chain.little_network import AREA, FAR_MS, START_MS, config, found, keys, next_calls, register, reopened
from tests.chain.test_crash_recovery import child

HOUR = 3_600_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A network with some blocks, closed."""
    with found(tmp_path / "ledger") as network:
        for number in range(5):
            for channel in (GOVERNANCE, AREA):
                time_ms = network.channels[channel].replica.time_ms + 1_000
                network.commit(channel, time_ms, next_calls(network, channel))
            network.beacon(START_MS + (number + 1) * HOUR)
    return tmp_path / "ledger"


def roots(network: Network) -> dict[str, str]:
    return {channel: ledger.replica.head.root for channel, ledger in network.channels.items()}


def test_it_comes_back_as_it_was(folder: Path) -> None:
    with reopened(folder) as first:
        before, rounds = roots(first), len(first.leaves)
    with reopened(folder) as second:
        assert (roots(second), len(second.leaves)) == (before, rounds)
        assert second.beacon_checkpoint is not None


def test_a_member_is_known_to_an_area_after_the_next_beacon_round(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        network.commit(GOVERNANCE, START_MS + 1, [register(network, "newcomer")])
        network.commit(AREA, START_MS + 1)
        assert network.channels[AREA].replica.state.get("account", "newcomer") is None
        network.beacon(START_MS + 2)
        network.commit(AREA, START_MS + 2)
        assert network.channels[AREA].replica.state.get("account", "newcomer") is not None


def test_only_one_process_uses_a_folder(folder: Path) -> None:
    process = child(folder)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    with pytest.raises(LedgerError, match="another process uses this ledger folder"):
        reopened(folder)
    process.kill()
    process.communicate()
    reopened(folder).close()


def test_it_is_not_opened_twice_by_one_process_either(folder: Path) -> None:
    with reopened(folder), pytest.raises(LedgerError, match="another process uses"):
        reopened(folder)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_keys_that_others_can_read_are_refused_until_that_is_mended(mode: int, folder: Path) -> None:
    (folder / KEYS).chmod(mode)
    with pytest.raises(SecretFileError, match=r"others on this machine can read or change it .*: chmod 600 "):
        reopened(folder)
    (folder / KEYS).chmod(0o600)
    reopened(folder).close()


def test_nobody_else_can_read_what_it_keeps_secret(folder: Path) -> None:
    for name in (KEYS, LOCK, SIGNING_STATE):
        assert (folder / name).stat().st_mode & 0o077 == 0, name


def lost(folder: Path) -> None:
    (folder / SIGNING_STATE).unlink()


def emptied(folder: Path) -> None:
    (folder / SIGNING_STATE).write_bytes(b"")


def of_another_kind(folder: Path) -> None:
    shutil.copyfile(folder / journal_path(AREA), folder / SIGNING_STATE)


@pytest.mark.parametrize("damage", [lost, emptied, of_another_kind], ids=lambda damage: damage.__name__)
def test_without_its_signing_state_it_never_signs_again(damage: Callable[[Path], None], folder: Path) -> None:
    damage(folder)
    for _ in range(2):
        with pytest.raises(LedgerError) as refused:
            reopened(folder)
        assert refused.value.code == "signing-state"


def swap(folder: Path, one: str, other: str) -> None:
    kept = (folder / journal_path(one)).read_bytes()
    (folder / journal_path(one)).write_bytes((folder / journal_path(other)).read_bytes())
    (folder / journal_path(other)).write_bytes(kept)


def lose(log: str) -> Callable[[Path], None]:
    return lambda folder: (folder / journal_path(log)).unlink()


def garble(log: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        data = (folder / journal_path(log)).read_bytes()
        (folder / journal_path(log)).write_bytes(data[:60] + bytes([data[60] ^ 1]) + data[61:])

    return damage


def writing(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return damage


def keys_are(content: bytes) -> Callable[[Path], None]:
    return writing(KEYS, content)


def foreign_keys(folder: Path) -> None:
    content = msgspec.json.decode((folder / KEYS).read_bytes())
    content["validators"] = {name: ["12" * 31 + f"{number:02}"] for number, name in enumerate(content["validators"])}
    (folder / KEYS).write_bytes(msgspec.json.encode(content))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "no keys": lambda folder: (folder / KEYS).unlink(),
    "empty keys": keys_are(b""),
    "keys of another form": keys_are(b'{"logs":{}}'),
    "keys that are no hex": keys_are(b'{"logs":{"beacon":["xy"]},"name":"little","validators":{}}'),
    "keys that are too short": keys_are(b'{"logs":{"beacon":["12"]},"name":"little","validators":{}}'),
    "foreign keys": foreign_keys,
    "areas exchanged": lambda folder: swap(folder, AREA, GOVERNANCE),
    "beacon and area exchanged": lambda folder: swap(folder, AREA, BEACON),
    "beacon lost": lose(BEACON),
    "governance lost": lose(GOVERNANCE),
    "area lost": lose(AREA),
    "beacon damaged": garble(BEACON),
    "governance damaged": garble(GOVERNANCE),
    "area damaged": garble(AREA),
    "no journal at all": writing(journal_path(AREA), b"something else"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_folder_is_refused_with_our_own_error(damage: Callable[[Path], None], folder: Path) -> None:
    damage(folder)
    with pytest.raises(ChainError):
        reopened(folder)
    # And the refusal holds on to nothing: the next attempt meets the same error, not a lock.
    with pytest.raises(ChainError) as again:
        reopened(folder)
    assert again.value.code != "locked"


def test_a_folder_without_a_ledger_says_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger in this folder"):
        reopened(tmp_path)
    with pytest.raises(LedgerError, match="there is no ledger in this folder"):
        reopened(tmp_path / "nowhere")


def test_a_new_network_needs_an_empty_folder(folder: Path) -> None:
    with pytest.raises(LedgerError, match="needs an empty folder"):
        found(folder)
    reopened(folder).close()


def test_founding_refuses_a_quorum_that_does_not_survive_its_own_faults(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="may share only 0"):
        Network.create(tmp_path / "ledger", replace(config(), threshold=2), keys(), SimulatedClock(FAR_MS))


@pytest.mark.parametrize("area", ["beacon", "policy", "manifest.json", "keys.json", "../x", "", "a b"])
def test_founding_refuses_a_channel_whose_name_is_a_path_of_ours(area: str, tmp_path: Path) -> None:
    with pytest.raises(ChainError):
        Network.create(tmp_path / "ledger", replace(config(), areas={area: "350100"}), keys(), SimulatedClock(FAR_MS))
    assert not (tmp_path / "ledger").exists()


def test_time_that_the_clock_has_not_reached_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    clock = SimulatedClock(START_MS)
    with pytest.raises(LedgerError, match="lies ahead of this network's clock"):
        Network.create(tmp_path / "early", config(), keys(), SimulatedClock(START_MS - 1))
    assert not (tmp_path / "early").exists()
    with found(tmp_path / "ledger", clock) as network:
        with pytest.raises(LedgerError, match="lies ahead of this network's clock"):
            network.commit(AREA, START_MS + 1)
        with pytest.raises(LedgerError, match="lies ahead of this network's clock"):
            network.beacon(START_MS + 1)
        clock.advance(START_MS + 1)
        network.commit(AREA, START_MS + 1)
        network.beacon(START_MS + 1)


@pytest.mark.parametrize("time_ms", [START_MS, START_MS - 1, 0])
def test_block_time_must_rise(time_ms: int, tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        with pytest.raises(LedgerError, match="is not after the last block's"):
            network.commit(AREA, time_ms)
        # Refused before anything changed: the ledger goes on.
        network.commit(AREA, START_MS + 1)


def test_a_lost_or_torn_segment_file_is_made_again_where_everything_is_executed_again(folder: Path) -> None:
    files = sorted((folder / AREA / "segments").rglob("*.parquet"))
    good = [path.read_bytes() for path in files]
    assert len(files) >= 1
    for damage in (Path.unlink, lambda path: path.write_bytes(bytes(path.stat().st_size))):
        damage(files[0])
        for snapshot in (folder / AREA).glob("snapshot-*"):
            snapshot.unlink()
        reopened(folder).close()
        assert [path.read_bytes() for path in files] == good


def test_a_block_imports_through_the_newest_round_that_is_not_later_than_itself(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        network.beacon(START_MS + 10_000)
        early = network.commit(AREA, START_MS + 5_000)
        late = network.commit(AREA, START_MS + 10_000)
        assert (early.block.beacon_round, late.block.beacon_round) == (0, 1)


def test_a_round_cannot_pin_a_block_of_its_future(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        network.commit(AREA, START_MS + 10_000)
        rounds = len(network.leaves)
        with pytest.raises(LedgerError) as caught:
            network.beacon(START_MS + 5_000)
        assert caught.value.code == "beacon-time"
        assert len(network.leaves) == rounds


def test_governance_knows_which_channel_is_the_market_of_an_area(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        parameters = network.channels[GOVERNANCE].replica.genesis.parameters["alliance"]
        assert list(parameters["channels"]) == [{"area": "350100", "channel": AREA, "openness": "public"}]
        assert network.channels[AREA].replica.genesis.parameters["auction"]["area"] == "350100"
        assert network.registered[AREA].area == "350100"
