"""Write a network's record as a folder of static files (`docs/format.md` section 9).

1. Before writing, every channel is sealed (a signed `record.seal` request) and a last beacon round is cut, so that
   every row lies in a sealed segment and one cosigned beacon checkpoint pins everything.
2. The folder appears whole or not at all, through a power cut too: it is built beside its final place, all of it is
   forced to the disk, then it is renamed, then the folder that holds it is forced to the disk.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chain import jcs
from chain.durable import sync_path, sync_tree
from chain.errors import ExportError
from chain.layout import BEACON, CHECKPOINT, MANIFEST, VKEY, log_path, policy_path, segment_path, stored_segment_path
from chain.ledger import ChannelLedger
from chain.merkle import Tree
from chain.network import Network
from chain.note import Note, encode_note
from chain.progress import Progress, no_progress
from chain.tiles import entry_bundles, tiles_of
from chain.transaction import Signer
from chain.units import DAY_MS

EXPORT_FORMAT = "gridproof-export/1"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hint for readers; nothing rests on it."""

    channels: tuple[str, ...]
    format: str
    network: str


def seal_all(network: Network, operator: Signer, time_ms: int) -> None:
    """Rule 1: seal every channel at `time_ms` and cut a beacon round."""
    for channel, ledger in network.channels.items():
        if any(table.pending_count for table in ledger.replica.tables.values()):
            request = operator.transaction(
                network=network.network_id,
                channel=channel,
                nonce=ledger.replica.nonce(operator.account) + 1,
                contract="record",
                method="seal",
                arguments={},
                valid_until=time_ms + DAY_MS,
            )
            outcome = network.commit(channel, time_ms, [request]).outcomes[0]
            if outcome.receipt is None or outcome.receipt.status != "accepted":
                raise ExportError("seal", f"the seal request was refused: {outcome}", channel)
    network.beacon(time_ms)


def export_network(network: Network, target: Path, progress: Progress = no_progress) -> None:
    """Write the sealed `network` to the new folder `target`; `ExportError` leaves nothing behind."""
    if os.path.lexists(target):
        raise ExportError("exists", "there is something at this place already; an export never overwrites", str(target))
    new_folders = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write_files(network, building, progress)
        building.chmod(0o755)
        sync_tree(building)
        os.rename(building, target)
        for folder in (target, *new_folders):
            sync_path(folder.parent)
    except OSError as error:
        raise ExportError("write", f"cannot write the export: {error.strerror}", str(target)) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _write_files(network: Network, folder: Path, progress: Progress) -> None:
    manifest = Manifest(channels=tuple(sorted(network.channels)), format=EXPORT_FORMAT, network=network.name)
    _write(folder / MANIFEST, jcs.encode(manifest))
    _write(folder / policy_path(0), network.policy.text)
    total = len(network.channels) + 1
    for done, (channel, ledger) in enumerate(sorted(network.channels.items())):
        progress(channel, done, total)
        _write_channel(network, channel, ledger, folder)
    progress(BEACON, total - 1, total)
    _write_log(folder, BEACON, network.verifier_line(BEACON), network.beacon_checkpoint, network.beacon_entries)
    progress(BEACON, total, total)


def _write_channel(network: Network, channel: str, ledger: ChannelLedger, folder: Path) -> None:
    if any(table.pending_count for table in ledger.replica.tables.values()):
        raise ExportError("unsealed", "rows are not sealed yet; call seal_all first", channel)
    _write_log(folder, channel, network.verifier_line(channel), ledger.checkpoint, ledger.entries)
    for segment in ledger.segments:
        seal = segment.seal
        source = ledger.folder / stored_segment_path(channel, seal.table, seal.first, seal.end)
        target = folder / segment_path(channel, seal.table, seal.first, seal.end)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _write_log(folder: Path, log: str, vkey: str, checkpoint: Note | None, entries: list[bytes]) -> None:
    if checkpoint is None:
        raise ExportError("unsigned", "the log has no signed checkpoint", log)
    _write(folder / log_path(log, CHECKPOINT), encode_note(checkpoint))
    _write(folder / log_path(log, VKEY), f"{vkey}\n".encode())
    for path, data in log_tiles(entries):
        _write(folder / log_path(log, path), data)


def log_tiles(entries: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every hash tile and entry bundle of a log."""
    tree = Tree()
    tree.extend(entries)
    yield from tiles_of(tree, tree.size)
    yield from entry_bundles(entries)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
