"""Verify an export completely: what `gridproof verify` runs.

After `chain.record` (signatures, logs, seals, catalogue, files):
1. every hash tile is the one that the entries make;
2. every channel is executed again from its signed input: each entry must come out byte for byte, and with it every
   receipt, state root, catalogue root, rows root and segment file;
3. the export holds these files and no other; its policies are those that the beacon's rounds name, in that order.

Governance first, since the other channels import its accounts; then the areas in parallel, one process each.
"""

import contextlib
import multiprocessing
import queue
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path
from types import ModuleType

from chain.beacon import GovernanceFeed
from chain.entry import BeaconLeaf, Head
from chain.errors import ExportError, ProofError
from chain.imports import GOVERNANCE
from chain.layout import BEACON, CHECKPOINT, MANIFEST, VKEY, log_path, policy_path
from chain.merkle import Tree, verify_consistency
from chain.policy import parse_policy
from chain.progress import Progress, no_progress
from chain.reader import ExportReader
from chain.record import (
    Anchor,
    AnchorSource,
    Record,
    check_segment_files,
    exported_policies,
    open_channel,
    open_record,
)
from chain.reexecute import ChannelSummary, execute_channel
from chain.tables import file_sha256
from chain.tiles import expected_paths, tiles_of

VERIFY_PROCESSES = 2
PARALLEL_ENTRIES_MIN = 5_000
"""Below this, starting processes costs more than the work."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """Everything held."""

    record: Record
    channels: tuple[ChannelSummary, ...]
    files: int


def verify_export(
    folder: Path, policy: bytes | None, source: AnchorSource, progress: Progress = no_progress
) -> VerifyReport:
    """Rules 1–3. Raises `ChainError` naming the first file, entry or row that is wrong."""
    record = open_record(folder, policy, source, progress)
    files = _check_files(record)
    check_segment_files(record, lambda channel, segment, data: None, progress)
    for channel in record.channels.values():
        _check_tiles(record.reader, channel.channel, channel.tree)
    _check_tiles(record.reader, BEACON, record.beacon_tree)
    summaries = _execute_all(record, progress)
    return VerifyReport(record, summaries, files)


def verify_since(new: Record, old: Record) -> None:
    """The newer record only appended to the older one: RFC 6962 consistency of every log.

    Raises `ProofError` naming the log; `ExportError` when the two are not of one network or a channel is gone.
    """
    if new.network_id != old.network_id:
        raise ExportError("network", f"the exports are of different networks: {new.network}, {old.network}")
    _check_consistent(new.beacon_tree, old.beacon_tree, BEACON)
    for channel, before in old.channels.items():
        if channel not in new.channels:
            raise ExportError("channels", "the newer export has no such channel", channel)
        _check_consistent(new.channels[channel].tree, before.tree, channel)


def _check_consistent(new: Tree, old: Tree, log: str) -> None:
    if new.size < old.size:
        raise ProofError("shrunk", f"{new.size} entries, the older export has {old.size}", log)
    try:
        verify_consistency(old.size, new.size, new.consistency_proof(old.size), old.root(), new.root())
    except ProofError as error:
        raise ProofError(error.code, f"the newer log does not extend the older one: {error.sentence}", log) from None


def _check_files(record: Record) -> int:
    """Rule 3."""
    expected = {MANIFEST, *_check_policies(record)}
    sizes = {BEACON: record.beacon_tree.size} | {name: ch.tree.size for name, ch in record.channels.items()}
    for log, size in sizes.items():
        expected |= {log_path(log, CHECKPOINT), log_path(log, VKEY)}
        expected |= {log_path(log, path) for path, _ in expected_paths(size)}
    for channel in record.channels.values():
        expected |= {segment.path for segments in channel.segments.values() for segment in segments}
    found = set(record.reader.files())
    for path in sorted(found ^ expected):
        if path in expected:
            raise ExportError("missing", "the file is missing", path)
        raise ExportError("unexpected", "this file does not belong to the record", path)
    return len(found)


def _check_policies(record: Record) -> list[str]:
    """Rule 3, and that the oldest policy is the one of genesis. Returns their paths."""
    policies = exported_policies(record.reader)
    if policies[0] != record.channels[GOVERNANCE].genesis.policy.encode():
        raise ExportError("policy", "not the policy of genesis", policy_path(0))
    named = [digest for digest, _ in groupby(leaf.policy_sha256 for leaf in record.leaves)]
    for number, (text, digest) in enumerate(zip_longest(policies, named)):
        if text is None:
            raise ExportError("missing", f"the beacon names a policy with SHA-256 {digest}", policy_path(number))
        if file_sha256(text) != digest:
            raise ExportError("policy", "not the policy that the beacon's rounds name", policy_path(number))
    return [policy_path(number) for number in range(len(policies))]


def _check_tiles(reader: ExportReader, log: str, tree: Tree) -> None:
    """Rule 1."""
    for path, data in tiles_of(tree, tree.size):
        if reader.read(log_path(log, path)) != data:
            raise ExportError("tile", "the hashes are not those of the entries", log_path(log, path))


def _execute_all(record: Record, progress: Progress) -> tuple[ChannelSummary, ...]:
    """Rule 2 for every channel."""
    feed = GovernanceFeed()
    feed.extend(record.channels[GOVERNANCE].entries)
    counter = _Counter(progress, sum(channel.tree.size for channel in record.channels.values()))
    governance = execute_channel(record.channels[GOVERNANCE], record.reader, record.leaves, feed, counter.add)
    areas = [channel for name, channel in sorted(record.channels.items()) if name != GOVERNANCE]
    if sum(area.tree.size for area in areas) < PARALLEL_ENTRIES_MIN:
        return (governance, *(execute_channel(a, record.reader, record.leaves, feed, counter.add) for a in areas))
    heads = {head.channel: head for head in record.leaves[-1].heads}
    context = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as held:
        with _without_main():
            manager = held.enter_context(context.Manager())
            pool = held.enter_context(ProcessPoolExecutor(VERIFY_PROCESSES, mp_context=context))
            counts = manager.Queue()
            futures = [
                pool.submit(
                    _execute_elsewhere,
                    record.reader.folder,
                    record.anchor.policy.text,
                    record.anchor.source,
                    record.anchor.own.text,
                    record.network,
                    heads[area.channel],
                    record.leaves,
                    feed,
                    counts,
                )
                for area in areas
            ]
        while not all(future.done() for future in futures):
            with contextlib.suppress(queue.Empty):
                counter.add(counts.get(timeout=0.1))
        return (governance, *(future.result() for future in futures))


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """New processes import what they run by name; without this they would first run the caller's script again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _execute_elsewhere(
    folder: Path,
    policy: bytes,
    source: AnchorSource,
    own: bytes,
    network: str,
    head: Head,
    leaves: Sequence[BeaconLeaf],
    feed: GovernanceFeed,
    counts: "queue.Queue[int]",
) -> ChannelSummary:
    """`execute_channel` in a process of its own, which opens the channel itself."""
    reader, anchor = ExportReader(folder), Anchor(parse_policy(policy), source, parse_policy(own))
    counter = _Batched(counts)
    summary = execute_channel(open_channel(reader, anchor, network, head), reader, leaves, feed, counter.add)
    counter.flush()
    return summary


class _Counter:
    """Adds up entries done over all channels."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def add(self, entries: int) -> None:
        """So many more entries came out right."""
        self._done += entries
        self._progress("re-execute", self._done, self._total)


class _Batched:
    """Tells another process of work done, not at every block."""

    def __init__(self, counts: "queue.Queue[int]") -> None:
        self._counts = counts
        self._pending = 0

    def add(self, entries: int) -> None:
        """Count; tell now and then."""
        self._pending += entries
        if self._pending >= 500:
            self.flush()

    def flush(self) -> None:
        """Tell."""
        self._counts.put(self._pending)
        self._pending = 0
