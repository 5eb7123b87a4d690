"""An export appears whole or not at all, twice the same, and holds what the documentation says."""

import errno
import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from chain.errors import ExportError
from chain.export import export_network, seal_all
from chain.layout import BEACON
from chain.manifest import Profile
from chain.network import Network
from chain.registry.tables import METER_READINGS
from chain.tiles import expected_paths
from chain.verify import verify_export
from sample_data.network_setup import SimulatedClock
from tests.chain import little_alliance
from tests.chain.little_alliance import PRIVATE
from tests.chain.little_network import AREA, START_MS, found, next_calls, signer
from tests.chain.little_network import AREA as MEMBERS_ONLY
from tests.sample_export import AREAS, SECRET, files_of, sample_export, simulate

ROOT = Path(__file__).resolve().parents[2]


def digests(export: Path) -> dict[str, str]:
    """Path → SHA-256 of every file."""
    return {path: sha256((export / path).read_bytes()).hexdigest() for path in files_of(export)}


def test_the_same_simulation_gives_the_same_bytes(tmp_path: Path) -> None:
    again = simulate(tmp_path, SECRET)
    assert digests(again.export) == digests(sample_export().export)
    assert digests(again.older) == digests(sample_export().older)


@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONHASHSEED": "7", "TZ": "America/St_Johns", "POLARS_MAX_THREADS": "1"},
        {"PYTHONHASHSEED": "4242", "LC_ALL": "C", "PYTHONOPTIMIZE": "2", "POLARS_MAX_THREADS": "3"},
    ],
    ids=["one thread", "three threads"],
)
def test_hash_seed_zone_locale_and_threads_change_no_byte(settings: dict[str, str], tmp_path: Path) -> None:
    code = "import sys, pathlib, tests.sample_export as s; s.simulate(pathlib.Path(sys.argv[1]), s.SECRET)"
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True)
    assert digests(tmp_path / "export") == digests(sample_export().export)


def test_other_keys_give_other_signatures_and_another_network(tmp_path: Path) -> None:
    other = digests(simulate(tmp_path, b"other keys").export)
    ours = digests(sample_export().export)
    equal = {path for path in ours if ours[path] == other.get(path)}
    # Rows that name no key, and what the network calls itself.
    assert {path.split("/")[1] for path in equal if "/" in path} == {"tables"}
    assert {path for path in equal if "/" not in path} == {"manifest.json"}


def test_an_export_of_a_reopened_network_differs_in_cosignature_times_alone(tmp_path: Path) -> None:
    sample = sample_export()
    with Network.open(copied(sample.ledger, tmp_path / "ledger"), SimulatedClock(sample.now_ms)) as network:
        export_network(network, tmp_path / "export")
    again, first = digests(tmp_path / "export"), digests(sample.export)
    assert again.keys() == first.keys()
    assert {path.split("/")[-1] for path in first if first[path] != again[path]} <= {"checkpoint"}


def copied(ledger: Path, target: Path) -> Path:
    shutil.copytree(ledger, target)
    return target


def test_it_holds_the_documented_files_and_no_other() -> None:
    export = sample_export().export
    found_files = set(files_of(export))
    logs = (BEACON, "governance", *AREAS)
    expected = {"manifest.json", "policy/0", *(f"{log}/{name}" for log in logs for name in ("checkpoint", "vkey"))}
    for log in logs:
        size = int((export / log / "checkpoint").read_bytes().split(b"\n")[1])
        expected |= {f"{log}/{path}" for path, _ in expected_paths(size)}
    tables = {path for path in found_files if path.endswith(".parquet")}
    assert found_files - tables == expected
    assert all(path.split("/")[1] == "tables" for path in tables)
    assert len([path for path in tables if "/trades/" in path and AREAS[0] in path]) >= 3


def test_a_place_that_cannot_hold_an_export_is_refused_with_our_own_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with found(tmp_path / "ledger") as network:
        seal_all(network, signer("regulator"), START_MS + 1)
        for target in (tmp_path / "file" / "export", tmp_path / "file" / "below" / "export", tmp_path / ("x" * 300)):
            with pytest.raises(ExportError) as caught:
                export_network(network, target)
            assert (caught.value.code, caught.value.where) == ("write", str(target))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "ledger"]


def test_an_export_never_overwrites(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        for taken in ("file", "folder", "link"):
            target = tmp_path / taken
            if taken == "folder":
                target.mkdir()
            elif taken == "file":
                target.write_text("mine")
            else:
                target.symlink_to(tmp_path / "nowhere")
            with pytest.raises(ExportError, match="an export never overwrites"):
                export_network(network, target)


def test_unsealed_rows_are_not_left_out(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        network.commit(AREA, START_MS + 1, next_calls(network, AREA))
        with pytest.raises(ExportError, match="blocks have been cut since the last beacon round"):
            export_network(network, tmp_path / "export")
        network.beacon(START_MS + 2)
        with pytest.raises(ExportError, match="rows are not sealed yet"):
            export_network(network, tmp_path / "export")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger"]


def test_only_an_operator_can_ask_for_the_seal(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        network.commit(AREA, START_MS + 1, next_calls(network, AREA))
        with pytest.raises(ExportError, match="the seal request was refused"):
            seal_all(network, signer("metering"), START_MS + 2)
        seal_all(network, signer("regulator"), START_MS + 3)
        export_network(network, tmp_path / "export")


def test_a_lost_segment_file_stops_the_export(tmp_path: Path) -> None:
    with found(tmp_path / "ledger") as network:
        network.commit(AREA, START_MS + 1, next_calls(network, AREA))
        seal_all(network, signer("regulator"), START_MS + 3)
        next((tmp_path / "ledger").rglob("*.parquet")).unlink()
        with pytest.raises(ExportError, match="cannot write the export: No such file"):
            export_network(network, tmp_path / "export")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger"]


def test_all_of_it_is_on_disk_before_it_appears_and_its_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[object] = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(file: int) -> None:
        fsync(file)
        steps.append(os.fstat(file).st_ino)

    def noted_rename(source: Path, target: Path) -> None:
        rename(source, target)
        steps.append("rename")

    target = tmp_path / "new" / "newer" / "export"
    with found(tmp_path / "ledger") as network:
        seal_all(network, signer("regulator"), START_MS + 3)
        monkeypatch.setattr(os, "fsync", noted_fsync)
        monkeypatch.setattr(os, "rename", noted_rename)
        export_network(network, target)
    before, after = steps[: steps.index("rename")], steps[steps.index("rename") + 1 :]
    assert {path.stat().st_ino for path in (target, *target.rglob("*"))} <= set(before)
    assert {path.stat().st_ino for path in (tmp_path / "new", tmp_path)} <= set(before)
    assert after == [target.parent.stat().st_ino]


def test_a_disk_that_fails_at_the_end_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with found(tmp_path / "ledger") as network:
        seal_all(network, signer("regulator"), START_MS + 3)
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(ExportError, match="cannot write the export: Input/output error"):
            export_network(network, tmp_path / "export")
        monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger"]


PROFILES: dict[Profile, set[str]] = {"regulator": set(), "member": {PRIVATE}, "public": {PRIVATE, MEMBERS_ONLY}}


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of every profile of one network, which has rows everywhere and has changed its policy."""
    folder = tmp_path_factory.mktemp("profiles")
    with little_alliance.found(folder / "ledger") as network:
        little_alliance.decide(network, {"kind": "set-openness", "channel": MEMBERS_ONLY, "openness": "members"})
        little_alliance.admit_member(network, "fifth")
        little_alliance.admit_validator(network, "fifth")
        rows = METER_READINGS.encode_lines([("plant-1", START_MS, 60, 5)])
        for channel in (MEMBERS_ONLY, PRIVATE):
            known = signer("national-centre")
            call = little_alliance.request(network, known, "certificate", "record_readings", {}, channel, rows)
            network.commit(channel, little_alliance.now(network), [call])
        seal_all(network, signer("regulator"), little_alliance.now(network))
        for profile in PROFILES:
            export_network(network, folder / profile, profile=profile)
    return folder


@pytest.mark.parametrize(("profile", "withheld"), PROFILES.items(), ids=PROFILES)
def test_a_profile_shows_of_a_withheld_channel_its_head_alone(
    profile: Profile, withheld: set[str], profiles: Path
) -> None:
    export = profiles / profile
    manifest = json.loads((export / "manifest.json").read_bytes())
    everything = {"governance", MEMBERS_ONLY, PRIVATE}
    assert (manifest["profile"], set(manifest["withheld"])) == (profile, withheld)
    assert set(manifest["channels"]) == everything - withheld
    for channel in everything:
        names = {path.name for path in (export / channel).iterdir()}
        assert names == ({"checkpoint", "vkey"} if channel in withheld else {"checkpoint", "vkey", "tile", "tables"})


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_profile_shows_is_the_same_bytes_and_verifies(profile: Profile, profiles: Path) -> None:
    whole, shown = digests(profiles / "regulator"), digests(profiles / profile)
    assert {path for path in shown if shown[path] != whole[path]} <= {"manifest.json"}
    report = verify_export(profiles / profile, (profiles / profile / "policy" / "0").read_bytes(), "policy")
    assert set(report.record.withheld) == PROFILES[profile]


def test_every_policy_and_its_handover_are_exported(profiles: Path) -> None:
    assert sorted(path.name for path in (profiles / "public" / "policy").iterdir()) == ["0", "1", "1.handover"]
