"""Write a network's record as a folder of static files (`docs/format.md` section 9).

1. Before writing, every channel is sealed (a signed `record.seal` request) and a last beacon round is cut, so that
   every row lies in a sealed segment and one cosigned beacon checkpoint pins everything.
2. The folder appears whole or not at all, through a power cut too: it is built beside its final place, all of it is
   forced to the disk, then it is renamed, then the folder that holds it is forced to the disk.
3. A profile leaves out the content of channels that its readers may not read, by their openness on the record at the
   last round (`chain.manifest`): of these there is only the signed head. What is there is the same bytes in every
   profile.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from chain import jcs
from chain.durable import make_folders, sync_path, sync_tree
from chain.errors import ExportError
from chain.layout import (
    BEACON,
    CHECKPOINT,
    MANIFEST,
    VKEY,
    handover_path,
    log_path,
    policy_path,
    segment_path,
    stored_segment_path,
)
from chain.ledger import ChannelLedger
from chain.manifest import EXPORT_FORMAT, WITHHELD, Manifest, Profile
from chain.merkle import Tree
from chain.network import Network
from chain.note import Note, encode_note
from chain.progress import Progress, no_progress
from chain.tables import file_sha256
from chain.tiles import entry_bundles, tiles_of
from chain.transaction import Signer
from chain.units import DAY_MS


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
            if ledger.replica.is_retiring:
                # It drops the request and seals everything.
                continue
            if outcome.receipt is None or outcome.receipt.status != "accepted":
                raise ExportError("seal", f"the seal request was refused: {outcome}", channel)
    network.beacon(time_ms)


def export_network(
    network: Network, target: Path, progress: Progress = no_progress, profile: Profile = "regulator"
) -> None:
    """Write the sealed `network` to the new folder `target`; `ExportError` leaves nothing behind."""
    if os.path.lexists(target):
        raise ExportError("exists", "there is something at this place already; an export never overwrites", str(target))
    try:
        make_folders(target.parent)
        building = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        _write_files(network, building, progress, profile)
        building.chmod(0o755)
        sync_tree(building)
        os.rename(building, target)
        sync_path(target.parent)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _unwritable(target: Path, error: OSError) -> ExportError:
    return ExportError("write", f"cannot write the export: {error.strerror}", str(target))


def _write_files(network: Network, folder: Path, progress: Progress, profile: Profile) -> None:
    withheld = _withheld(network, profile)
    shown = tuple(channel for channel in sorted(network.channels) if channel not in withheld)
    manifest = Manifest(
        channels=shown, format=EXPORT_FORMAT, network=network.name, profile=profile, withheld=tuple(sorted(withheld))
    )
    _write(folder / MANIFEST, jcs.encode(manifest))
    _write_policies(network, folder)
    total = len(network.channels) + 1
    for done, (channel, ledger) in enumerate(sorted(network.channels.items())):
        progress(channel, done, total)
        if channel in withheld:
            _write_head(folder, channel, network.verifier_line(channel), ledger.checkpoint)
        else:
            _write_channel(network, channel, ledger, folder)
    progress(BEACON, total - 1, total)
    _write_log(folder, BEACON, network.verifier_line(BEACON), network.beacon_checkpoint, network.beacon_entries)
    progress(BEACON, total, total)


def _withheld(network: Network, profile: Profile) -> frozenset[str]:
    """Rule 3; `ExportError` where the last round does not pin the network as it is now."""
    if network.leaves[-1].heads != tuple(ledger.head for _, ledger in sorted(network.channels.items())):
        raise ExportError("unpinned", "blocks have been cut since the last beacon round; call seal_all first", BEACON)
    pinned = network.pinned
    return frozenset(name for name, channel in pinned.items() if channel.openness in WITHHELD[profile])


def _write_policies(network: Network, folder: Path) -> None:
    history = network.signers.history
    for number, policy in enumerate(history.policies):
        _write(folder / policy_path(number), policy.text)
    for number, note in enumerate(history.handovers, 1):
        _write(folder / handover_path(number), note)


def _write_channel(network: Network, channel: str, ledger: ChannelLedger, folder: Path) -> None:
    if any(table.pending_count for table in ledger.replica.tables.values()):
        raise ExportError("unsealed", "rows are not sealed yet; call seal_all first", channel)
    _write_log(folder, channel, network.verifier_line(channel), ledger.checkpoint, ledger.entries)
    for seal in ledger.seals:
        source = ledger.folder / stored_segment_path(channel, seal.table, seal.first, seal.end)
        target = folder / segment_path(channel, seal.table, seal.first, seal.end)
        data = source.read_bytes()
        if file_sha256(data) != seal.sha256:
            sentence = "this file is not the one that was sealed: without the channel's snapshots it is made again"
            raise ExportError("segment-file", sentence, str(source))
        _write(target, data)


def _write_log(folder: Path, log: str, vkey: str, checkpoint: Note | None, entries: Sequence[bytes]) -> None:
    _write_head(folder, log, vkey, checkpoint)
    for path, data in log_tiles(entries):
        _write(folder / log_path(log, path), data)


def _write_head(folder: Path, log: str, vkey: str, checkpoint: Note | None) -> None:
    if checkpoint is None:
        raise ExportError("unsigned", "the log has no signed checkpoint", log)
    _write(folder / log_path(log, CHECKPOINT), encode_note(checkpoint))
    _write(folder / log_path(log, VKEY), f"{vkey}\n".encode())


def log_tiles(entries: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every hash tile and entry bundle of a log."""
    tree = Tree()
    tree.extend(entries)
    yield from tiles_of(tree, tree.size)
    yield from entry_bundles(entries)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
