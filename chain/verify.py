"""Verify an export completely: what `gridproof verify` runs.

After `chain.record` (signatures, logs, seals, catalogue, files):
1. every hash tile is the one that the entries make;
2. every channel that the export holds is executed again from its signed input: each entry must come out byte for byte,
   and with it every receipt, state root, catalogue root, rows root and segment file;
3. the newest policy of governance's events is the one in its state, and a head is closed exactly where it is the last
   one of a channel whose execution has closed it;
4. the export holds these files and no other.

Governance first, since the other channels import what it tells; then the areas in parallel, one process each. What an
export withholds is not verified; the report names it.
"""

import contextlib
import multiprocessing
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from chain.beacon import GovernanceFeed
from chain.consortium import Consortium
from chain.contract import CURRENT, POLICY
from chain.entry import BeaconLeaf, Head
from chain.errors import ExportError, ProofError
from chain.handover import AnchorSource, exported_policies
from chain.imports import GOVERNANCE
from chain.layout import BEACON, CHECKPOINT, MANIFEST, VKEY, handover_path, log_path, policy_path
from chain.merkle import Tree, verify_consistency
from chain.policy import parse_policy
from chain.processes import without_main
from chain.progress import Progress, no_progress
from chain.reader import ExportReader
from chain.record import Record, check_segment_files, open_channel, open_record
from chain.reexecute import ChannelSummary, execute_channel
from chain.replica import CommittedBlock, Replica
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
    """Rules 1–4. Raises `ChainError` naming the first file, entry or row that is wrong."""
    record = open_record(folder, policy, source, progress)
    files = _check_files(record)
    check_segment_files(record, lambda channel, segment, data: None, progress)
    for channel in record.channels.values():
        _check_tiles(record.reader, channel.channel, channel.tree)
    _check_tiles(record.reader, BEACON, record.beacon_tree)
    summaries = _execute_all(record, progress)
    _check_closed(record.leaves, summaries)
    return VerifyReport(record, summaries, files)


def verify_since(new: Record, old: Record) -> None:
    """The newer record only appended to the older one: RFC 6962 consistency of every log.

    The two may be signed under different policies, as long as the beacon of the newer begins with that of the older.
    A channel that the older withholds needs no more than its heads, which the newer beacon has extended.

    Raises `ProofError` naming the log; `ExportError` when the two are not of one network, or a channel is gone or is
    withheld now.
    """
    if new.network_id != old.network_id:
        raise ExportError("network", f"the exports are of different networks: {new.network}, {old.network}")
    _check_consistent(new.beacon_tree, old.beacon_tree, BEACON)
    for channel, before in old.channels.items():
        if channel in new.withheld:
            sentence = "the newer export withholds it: nobody can tell whether it extends the older one"
            raise ExportError("withheld", sentence, channel)
        if channel not in new.channels:
            raise ExportError("channels", "the newer export has no such channel", channel)
        _check_consistent(new.channels[channel].tree, before.tree, channel)


def open_older(new: Record, folder: Path) -> Record:
    """The older export in `folder`, if `new` extends it. Raises `ChainError`.

    Signed under a policy that `new` has handed over from, it is judged by that one: retired keys alone count for
    nothing, but here the current ones have signed what begins with it (trust rule 4).
    """
    anchor = new.anchor
    own = exported_policies(ExportReader(folder))[-1]
    known = next((policy for policy in anchor.policies if policy.text == own), anchor.policy)
    older = open_record(folder, known.text if anchor.is_readers else None, anchor.source)
    verify_since(new, older)
    return older


def _check_consistent(new: Tree, old: Tree, log: str) -> None:
    if new.size < old.size:
        raise ProofError("shrunk", f"{new.size} entries, the older export has {old.size}", log)
    try:
        verify_consistency(old.size, new.size, new.consistency_proof(old.size), old.root(), new.root())
    except ProofError as error:
        raise ProofError(error.code, f"the newer log does not extend the older one: {error.sentence}", log) from None


def _check_files(record: Record) -> int:
    """Rule 4."""
    expected = {MANIFEST, *(policy_path(number) for number in range(len(record.anchor.policies)))}
    expected |= {handover_path(handover.number) for handover in record.handovers}
    sizes = {BEACON: record.beacon_tree.size} | {name: ch.tree.size for name, ch in record.channels.items()}
    for log in (*sizes, *record.withheld):
        expected |= {log_path(log, CHECKPOINT), log_path(log, VKEY)}
        expected |= {log_path(log, path) for path, _ in expected_paths(sizes.get(log, 0))}
    for channel in record.channels.values():
        expected |= {segment.path for segments in channel.segments.values() for segment in segments}
    found = set(record.reader.files())
    for path in sorted(found ^ expected):
        if path in expected:
            raise ExportError("missing", "the file is missing", path)
        raise ExportError("unexpected", "this file does not belong to the record", path)
    return len(found)


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
    governance = _execute_governance(record, feed, counter.add)
    areas = [channel for name, channel in sorted(record.channels.items()) if name != GOVERNANCE]
    if sum(area.tree.size for area in areas) < PARALLEL_ENTRIES_MIN:
        return (governance, *(execute_channel(a, record.reader, record.leaves, feed, counter.add) for a in areas))
    heads = {head.channel: head for head in record.leaves[-1].heads}
    context = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as held:
        with without_main():
            manager = held.enter_context(context.Manager())
            pool = held.enter_context(ProcessPoolExecutor(VERIFY_PROCESSES, mp_context=context))
            counts = manager.Queue()
            futures = [
                pool.submit(
                    _execute_elsewhere,
                    record.reader.folder,
                    [policy.text for policy in record.anchor.judges],
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


def _execute_governance(record: Record, feed: GovernanceFeed, done: Callable[[int], None]) -> ChannelSummary:
    """Rules 2 and 3 for governance."""
    state: list[str | None] = []

    def keep_policy(replica: Replica, _: CommittedBlock) -> None:
        state[:] = [replica.state.get(POLICY, CURRENT)]

    governance = record.channels[GOVERNANCE]
    summary = execute_channel(governance, record.reader, record.leaves, feed, done, keep_policy)
    consortium = Consortium()
    consortium.extend(governance.entries)
    number, text = consortium.policy_at(governance.tree.size)
    if state != [text]:
        raise ExportError("policy", f"policy {number} of its events is not the one in its state", GOVERNANCE)
    return summary


def _check_closed(leaves: Sequence[BeaconLeaf], summaries: Sequence[ChannelSummary]) -> None:
    """Rule 3."""
    executed = {summary.channel: summary for summary in summaries}
    for leaf in leaves:
        for head in leaf.heads:
            summary = executed.get(head.channel)
            if summary is None:
                continue
            closes = summary.is_closed and head.size == summary.entries
            if head.closed != closes:
                found = "closed" if head.closed else "open"
                sentence = f"the beacon calls it {found} at height {head.height}, execution says otherwise"
                raise ExportError("closed", sentence, f"beacon entry {leaf.round}: {head.channel}")


def _execute_elsewhere(
    folder: Path,
    judges: Sequence[bytes],
    network: str,
    head: Head,
    leaves: Sequence[BeaconLeaf],
    feed: GovernanceFeed,
    counts: "queue.Queue[int]",
) -> ChannelSummary:
    """`execute_channel` in a process of its own, which opens the channel itself."""
    reader, counter = ExportReader(folder), _Batched(counts)
    record = open_channel(reader, [parse_policy(policy) for policy in judges], network, head)
    summary = execute_channel(record, reader, leaves, feed, counter.add)
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
