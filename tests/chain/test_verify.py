"""Whole verification: what its report says, that the parallel way judges as the other does, and `--since`."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chain.errors import ChainError, ExportError, ProofError
from chain.layout import BEACON
from chain.merkle import Tree
from chain.record import Record, open_record
from chain.verify import verify_export, verify_since
from tests.chain.tamper.forgery import Forgery, is_transaction, refusal
from tests.sample_export import AREAS, REFUSED_CALLS, files_of, sample_export, simulate

AREA, OTHER = AREAS


def test_the_report_counts_what_was_recomputed() -> None:
    sample = sample_export()
    told: list[tuple[str, int, int]] = []
    report = verify_export(
        sample.export, sample.policy, "policy", lambda what, done, total: told.append((what, done, total))
    )
    assert [summary.channel for summary in report.channels] == ["governance", *AREAS]
    assert report.files == len(files_of(sample.export))
    area = report.channels[1]
    assert area.rejected == REFUSED_CALLS
    assert area.entries == report.record.channels[AREA].tree.size
    assert area.blocks == report.record.channels[AREA].last_block.height + 1
    assert area.rows == sum(
        segment.seal.rows_count for found in report.record.channels[AREA].segments.values() for segment in found
    )
    last = told[-1]
    assert last[0] == "re-execute" and last[1] == last[2] == sum(summary.entries for summary in report.channels)


@pytest.mark.parametrize("source", ["policy", "pinned", "self-asserted"])
def test_trust_is_the_readers_or_said_to_be_none(source: str) -> None:
    sample = sample_export()
    policy = None if source == "self-asserted" else sample.policy
    record = verify_export(sample.export, policy, source).record  # type: ignore[arg-type]
    assert record.anchor.source == source
    assert record.anchor.is_readers == (source != "self-asserted")
    assert (record.deployment, record.faults) == ("embedded", 1)


def test_an_error_in_a_parallel_process_comes_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = sample_export()
    monkeypatch.setattr("chain.verify.PARALLEL_ENTRIES_MIN", 0)
    forged = Forgery(sample.export)
    index = forged.find(OTHER, is_transaction("cancel"))
    forged.edit(OTHER, index, lambda entry: entry["receipt"].update(detail="in another process"))
    forged.relink()
    error = refusal(forged.write(tmp_path / "forged", sample.keys), sample.policy)
    assert (error.code, error.where) == ("re-execution", f"{OTHER} entry {index}")
    assert str(error).endswith('entry.receipt.detail is "in another process" on the record, re-execution gives ""')


def record(export: Path) -> Record:
    return open_record(export, sample_export().policy, "policy")


def test_a_newer_export_extends_an_older_one() -> None:
    sample = sample_export()
    newer, older = record(sample.export), record(sample.older)
    verify_since(newer, older)
    verify_since(newer, newer)
    assert newer.beacon_tree.size > older.beacon_tree.size


def test_the_older_export_does_not_extend_the_newer() -> None:
    sample = sample_export()
    with pytest.raises(ProofError) as refused:
        verify_since(record(sample.older), record(sample.export))
    assert (refused.value.code, refused.value.where) == ("shrunk", BEACON)
    assert str(refused.value) == "beacon: 6 entries, the older export has 9"


def rolled_back(folder: Path) -> Path:
    """The corrupt quorum signs the record anew with an area as it was at the older export: by itself flawless."""
    sample = sample_export()
    forged, older = Forgery(sample.export), Forgery(sample.older)
    forged.entries[AREA] = older.entries[AREA]
    forged.files = {path: data for path, data in forged.files.items() if not path.startswith(f"{AREA}/")}
    forged.files |= {path: data for path, data in older.files.items() if path.startswith(f"{AREA}/")}
    forged.repin()
    return forged.write(folder, sample.keys)


def test_a_record_rolled_back_by_its_own_quorum_is_found_by_whoever_has_an_older_export(tmp_path: Path) -> None:
    export = rolled_back(tmp_path / "rolled")
    verify_export(export, sample_export().policy, "policy")
    with pytest.raises(ProofError) as refused:
        verify_since(record(export), record(sample_export().export))
    assert (refused.value.code, refused.value.where) == ("proof-root", BEACON)


def later_time(forged: Forgery) -> None:
    """The beacon's first round, one millisecond later."""
    forged.edit(BEACON, 0, lambda leaf: leaf.update(time=leaf["time"] + 1))


def another_opinion(forged: Forgery) -> None:
    """A sentence in an early receipt."""
    forged.edit(AREA, 3, lambda entry: entry["receipt"].update(detail="edited"))
    forged.relink()


@pytest.mark.parametrize("fork", [later_time, another_opinion], ids=lambda fork: fork.__name__)
def test_a_fork_is_refused_though_everything_is_signed(fork: Callable[[Forgery], None], tmp_path: Path) -> None:
    sample = sample_export()
    forged = Forgery(sample.export)
    fork(forged)
    forked = record(forged.write(tmp_path / "forked", sample.keys))
    with pytest.raises(ProofError, match="the newer log does not extend the older one") as refused:
        verify_since(forked, record(sample.older))
    assert refused.value.where == BEACON


def test_a_fork_below_an_equal_beacon_is_named_by_its_channel() -> None:
    sample = sample_export()
    newer, older = record(sample.export), record(sample.older)
    forged = Forgery(sample.older)
    another_opinion(forged)
    tree = Tree()
    tree.extend(forged.entries[AREA])
    channels = older.channels | {AREA: replace(older.channels[AREA], tree=tree)}
    with pytest.raises(ProofError) as refused:
        verify_since(newer, replace(older, channels=channels))
    assert refused.value.where == AREA


def test_a_channel_that_is_gone_is_refused() -> None:
    sample = sample_export()
    newer = record(sample.export)
    narrowed = replace(newer, channels={name: c for name, c in newer.channels.items() if name != OTHER})
    with pytest.raises(ExportError, match="the newer export has no such channel") as refused:
        verify_since(narrowed, record(sample.older))
    assert refused.value.where == OTHER


def test_an_export_of_another_network_extends_nothing(tmp_path: Path) -> None:
    other = simulate(tmp_path, b"another network's keys", network="other-fujian")
    with pytest.raises(ExportError, match="different networks: other-fujian, little-fujian"):
        verify_since(open_record(other.export, other.policy, "policy"), record(sample_export().export))


def test_two_networks_of_one_name_are_still_two(tmp_path: Path) -> None:
    other = simulate(tmp_path, b"another network's keys")
    with pytest.raises(ChainError, match="different networks"):
        verify_since(open_record(other.export, other.policy, "policy"), record(sample_export().older))


def test_a_callers_script_without_a_main_guard_is_not_run_again(tmp_path: Path) -> None:
    sample = sample_export()
    (tmp_path / "policy").write_bytes(sample.policy)
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "import chain.verify\n"
        "chain.verify.PARALLEL_ENTRIES_MIN = 0\n"
        f"policy = Path({str(tmp_path / 'policy')!r}).read_bytes()\n"
        f"report = chain.verify.verify_export(Path({str(sample.export)!r}), policy, 'policy')\n"
        "print(len(report.channels))\n"
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout.split() == ["3"]
