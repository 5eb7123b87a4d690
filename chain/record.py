"""Open an export and check everything that needs no re-execution: signatures, logs, seals, catalogue, files.

In this order; the first failure is raised and names its place:
1. The anchor: the reader's policy (trust rule 1). Without one the export's own is used and the result says so.
2. The policy names validators of this network only and is safe for the f of genesis.
3. The beacon: checkpoint signed by its log and a quorum, under the reader's policy and under the newest of the
   record, and by nobody whom neither of them names; leaves hash to it and follow each other.
4. Every channel that the beacon's last leaf names is there, and no other; every log of this network in the policy is
   one of them, so that a quorum's own beacon cannot leave a channel out.
5. Each channel: checkpoint as in rule 3, its head the one in the last leaf; entries hash to it; it begins with its
   genesis and ends with a block; every earlier round pins a block of this log, so that no reader of an old beacon
   saw another history.
6. Seals: each table's segments follow each other without gap and reach beyond the last row that was written; schemas
   are those of genesis; the catalogue recomputed from all of them is the one in the last block.
7. Files: each segment's SHA-256 is the one of its seal.

What remains is re-execution: that entries, rows and roots are what the contracts make of the signed input
(`chain.verify`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from chain.beacon import check_round
from chain.blockstream import parse_genesis
from chain.calendar import utc_stamp
from chain.entry import (
    FORMAT,
    BeaconLeaf,
    Block,
    Genesis,
    Head,
    Seal,
    Transaction,
    Trigger,
    parse_beacon_leaf,
    parse_entry,
)
from chain.errors import ChainError, ExportError
from chain.imports import GOVERNANCE
from chain.layout import BEACON, CHECKPOINT, POLICY_FOLDER, VKEY, log_path, origin, policy_path, segment_path
from chain.limits import LIMITS
from chain.merkle import Tree, leaf_hash
from chain.note import parse_note
from chain.policy import Policy, VerifiedCheckpoint, parse_policy, require_known_signers, verify_checkpoint
from chain.progress import Progress, no_progress
from chain.reader import ExportReader, decode_vkey
from chain.schema import Schema, parse_schema
from chain.tables import catalogue_root, file_sha256, sealed_leaf
from chain.tiles import TILE_WIDTH, entries_path, tile_path

AnchorSource = Literal["policy", "pinned", "self-asserted"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Whom the reader trusts."""

    policy: Policy
    source: AnchorSource
    """`policy`: handed in by the reader; `pinned`: pinned earlier; `self-asserted`: the export's own word."""
    own: Policy
    """The record's newest policy, which its signers claim: no anchor, but it must hold too."""

    @property
    def is_readers(self) -> bool:
        """Whether trust comes from the reader and not from the export."""
        return self.source != "self-asserted"


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """One sealed segment: its place in the log and its file."""

    entry: int
    """Index of the `seal` entry."""
    seal: Seal
    path: str
    """In the export."""


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """A channel's log, checked up to rule 6."""

    channel: str
    genesis: Genesis
    checkpoint: VerifiedCheckpoint
    checkpoint_note: bytes
    entries: list[bytes] = field(repr=False)
    tree: Tree = field(repr=False)
    schemas: dict[str, Schema] = field(repr=False)
    segments: dict[str, tuple[SealedSegment, ...]] = field(repr=False)
    """Table → its segments in order; every table of the channel is a key."""
    last_block: Block
    sealed_to: int


@dataclass(frozen=True, slots=True)
class Record:
    """An export, checked by rules 1–6."""

    reader: ExportReader = field(repr=False)
    network: str
    network_id: str
    """Leaf hash of the governance genesis, hex."""
    anchor: Anchor
    beacon: VerifiedCheckpoint
    beacon_note: bytes
    beacon_tree: Tree = field(repr=False)
    beacon_entries: list[bytes] = field(repr=False)
    leaves: list[BeaconLeaf] = field(repr=False)
    channels: dict[str, ChannelRecord]

    @property
    def faults(self) -> int:
        """f of genesis."""
        return self.channels[GOVERNANCE].genesis.faults

    @property
    def deployment(self) -> str:
        """`embedded`: the validators are one trust domain."""
        return self.channels[GOVERNANCE].genesis.deployment


def exported_policies(reader: ExportReader) -> list[bytes]:
    """Every policy that the export carries, oldest first: hints."""
    found: list[bytes] = []
    while (reader.folder / policy_path(len(found))).is_file():
        if len(found) >= LIMITS.policies_max:
            raise ExportError("too-many", f"more than {LIMITS.policies_max} policies", POLICY_FOLDER)
        found.append(reader.read(policy_path(len(found))))
    if not found:
        raise ExportError("missing", "the export carries no policy", policy_path(0))
    return found


def open_record(folder: Path, policy: bytes | None, source: AnchorSource, progress: Progress = no_progress) -> Record:
    """Rules 1–6; `policy` is the reader's, None takes the export's own. Raises `ChainError`.

    Rule 7 is `check_segment_files`, or the caller's own check of each file before it is parsed.
    """
    reader = ExportReader(folder)
    manifest = reader.manifest()
    anchor = _anchor(reader, policy, source)
    anchor.policy.require_validators(manifest.network)
    beacon_note = reader.read(log_path(BEACON, CHECKPOINT))
    beacon = _checkpoint(reader, beacon_note, anchor, manifest.network, BEACON)
    entries, tree = _log(reader, beacon, BEACON)
    leaves = _leaves(entries, anchor.own)
    heads = leaves[-1].heads
    if tuple(head.channel for head in heads) != manifest.channels:
        names = ", ".join(head.channel for head in heads)
        raise ExportError("channels", f"the beacon pins the channels {names}; the manifest says otherwise", "beacon")
    _check_no_log_left_out(anchor.policy, manifest.network, heads)
    channels = {}
    for done, head in enumerate(heads):
        progress(f"open {head.channel}", done, len(heads))
        channels[head.channel] = open_channel(reader, anchor, manifest.network, head)
    _check_heads(leaves, channels)
    network_id = _check_network(manifest.network, channels, anchor.policy)
    return Record(
        reader=reader,
        network=manifest.network,
        network_id=network_id,
        anchor=anchor,
        beacon=beacon,
        beacon_note=beacon_note,
        beacon_tree=tree,
        beacon_entries=entries,
        leaves=leaves,
        channels=channels,
    )


def require_signed_since(beacon: VerifiedCheckpoint, bound_s: int | None, where: str = BEACON) -> None:
    """`ExportError` where the latest time that a quorum of cosignatures reaches is before `bound_s` (seconds UTC).

    A whole old record is as true as it was then; only the reader knows how old is too old (trust rules 5 and 8). None
    asks for nothing.
    """
    if bound_s is not None and beacon.quorum_time_s < bound_s:
        sentence = f"stale: the quorum signed {_utc(beacon.quorum_time_s)}, before {_utc(bound_s)}"
        raise ExportError("stale", sentence, where)


def _utc(time_s: int) -> str:
    stamp = utc_stamp(time_s * 1000)
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{time_s % 60:02d}Z"


def open_channel(reader: ExportReader, anchor: Anchor, network: str, head: Head) -> ChannelRecord:
    """Rules 4–6 for one channel."""
    channel = head.channel
    note = reader.read(log_path(channel, CHECKPOINT))
    checkpoint = _checkpoint(reader, note, anchor, network, channel)
    signed = checkpoint.checkpoint
    if (signed.size, signed.root.hex()) != (head.size, head.root):
        raise ExportError("head", f"the beacon pins size {head.size}, the checkpoint says {signed.size}", channel)
    entries, tree = _log(reader, checkpoint, channel)
    genesis = parse_genesis(entries, channel)
    last = parse_entry(entries[-1], f"{channel} entry {len(entries) - 1}")
    if not isinstance(last, Block) or last.height != head.height:
        raise ExportError("open-block", "the log does not end with the block that the beacon pins", channel)
    schemas = {schema.table: schema for schema in (parse_schema(value, channel) for value in genesis.schemas)}
    segments, sealed_to = _segments(channel, entries, schemas)
    _check_all_sealed(channel, entries, sealed_to)
    _check_catalogue(channel, entries, schemas, segments, sealed_to, last)
    return ChannelRecord(channel, genesis, checkpoint, note, entries, tree, schemas, segments, last, sealed_to)


def check_segment_file(reader: ExportReader, segment: SealedSegment) -> bytes:
    """Rule 7: the file's bytes, which are those that the seal commits to."""
    data = reader.read(segment.path)
    found = file_sha256(data)
    if found != segment.seal.sha256:
        sentence = f"SHA-256 is {found}, its seal (entry {segment.entry}) says {segment.seal.sha256}"
        raise ExportError("segment", sentence, segment.path)
    return data


def check_segment_files(
    record: Record, visit: Callable[[ChannelRecord, SealedSegment, bytes], None], progress: Progress = no_progress
) -> int:
    """Rule 7 for every file; `visit` sees each one's bytes. Returns how many files."""
    work = [
        (channel, segment)
        for channel in record.channels.values()
        for segments in channel.segments.values()
        for segment in segments
    ]
    for done, (channel, segment) in enumerate(work):
        visit(channel, segment, check_segment_file(record.reader, segment))
        progress("table files", done + 1, len(work))
    return len(work)


def _anchor(reader: ExportReader, policy: bytes | None, source: AnchorSource) -> Anchor:
    """Rule 1. Every exported policy is read and parsed here, once."""
    for number, text in enumerate(exported_policies(reader)):
        try:
            own = parse_policy(text)
        except ChainError as error:
            raise error.at(policy_path(number)) from None
    if policy is None:
        return Anchor(own, "self-asserted", own)
    return Anchor(parse_policy(policy), source, own)


def _checkpoint(reader: ExportReader, note: bytes, anchor: Anchor, network: str, log: str) -> VerifiedCheckpoint:
    """Rules 3 and 5: signers, signatures and quorum; the `vkey` file is the policy's key."""
    path = log_path(log, CHECKPOINT)
    try:
        parsed = parse_note(note)
        require_known_signers(parsed, anchor.policy, anchor.own)
        verified = verify_checkpoint(parsed, anchor.policy, origin(network, log))
        # The record's own policy is no anchor; but what claims to be signed under it must be.
        verify_checkpoint(parsed, anchor.own, origin(network, log))
    except ChainError as error:
        raise error.at(path) from None
    if decode_vkey(reader.read(log_path(log, VKEY)), log_path(log, VKEY)) != str(verified.log_key):
        raise ExportError("vkey", "not the key of this log in the policy", log_path(log, VKEY))
    return verified


def _check_no_log_left_out(policy: Policy, network: str, heads: Sequence[Head]) -> None:
    """Rule 4."""
    present = {origin(network, log) for log in (BEACON, *(head.channel for head in heads))}
    for key in policy.logs:
        if key.name.startswith(f"gridproof/{network}/") and key.name not in present:
            raise ExportError("channels", f"the policy names the log {key.name}, the beacon does not pin it", BEACON)


def _log(reader: ExportReader, checkpoint: VerifiedCheckpoint, log: str) -> tuple[list[bytes], Tree]:
    """All entries of a log, re-hashed to its checkpoint."""
    size = checkpoint.checkpoint.size
    if size == 0:
        raise ExportError("empty", "the log is empty", log)
    entries = reader.entries(log, size)
    tree = Tree()
    tree.extend(entries)
    if tree.root() != checkpoint.checkpoint.root:
        raise _wrong_entries(reader, log, entries)
    return entries, tree


def _wrong_entries(reader: ExportReader, log: str, entries: Sequence[bytes]) -> ExportError:
    """Names the entry that differs from the log's own leaf hashes: a hint where to look; the root is what is signed."""
    sentence = "the entries do not hash to the signed root"
    for first in range(0, len(entries), TILE_WIDTH):
        run = entries[first : first + TILE_WIDTH]
        try:
            tile = reader.read(log_path(log, tile_path(0, first // TILE_WIDTH, len(run))))
        except ChainError:
            break
        for offset, data in enumerate(run):
            if tile[32 * offset : 32 * offset + 32] != leaf_hash(data):
                bundle = log_path(log, entries_path(first // TILE_WIDTH, len(run)))
                return ExportError(
                    "log-root", f"{sentence}; entry {first + offset} is not the one that was logged", bundle
                )
    return ExportError("log-root", sentence, log)


def _leaves(entries: Sequence[bytes], newest: Policy) -> list[BeaconLeaf]:
    """Rule 3: the beacon's leaves, in order and consistent."""
    leaves: list[BeaconLeaf] = []
    for number, data in enumerate(entries):
        leaf = parse_beacon_leaf(data, f"beacon entry {number}")
        check_round(leaves[-1] if leaves else None, leaf, f"beacon entry {number}")
        leaves.append(leaf)
    if leaves[-1].policy_sha256 != newest.sha256.hex():
        raise ExportError("policy", "the newest exported policy is not the one that the beacon names", POLICY_FOLDER)
    return leaves


def _check_heads(leaves: Sequence[BeaconLeaf], channels: dict[str, ChannelRecord]) -> None:
    """Rule 5 for every leaf: what it pinned is still what the log begins with."""
    for leaf in leaves:
        for head in leaf.heads:
            where = f"beacon entry {leaf.round}: {head.channel}"
            channel = channels[head.channel]
            if not 0 < head.size <= channel.tree.size or channel.tree.root(head.size).hex() != head.root:
                raise ExportError("head", f"the log does not extend the head pinned at size {head.size}", where)
            block = parse_entry(channel.entries[head.size - 1], where)
            if not isinstance(block, Block) or block.height != head.height or block.time > leaf.time:
                raise ExportError("head", "the pinned head is no block of that height and time", where)
            if head.closed and head.size != channel.tree.size:
                raise ExportError("head", "the log goes on after the head that closed it", where)


def _check_network(network: str, channels: dict[str, ChannelRecord], policy: Policy) -> str:
    """Rules 2 and 5: every genesis belongs to this network. Returns the network id."""
    if GOVERNANCE not in channels:
        raise ExportError("channels", "there is no governance channel", GOVERNANCE)
    network_id = leaf_hash(channels[GOVERNANCE].entries[0]).hex()
    for channel, record in channels.items():
        genesis = record.genesis
        expected = "" if channel == GOVERNANCE else network_id
        if (genesis.channel, genesis.name, genesis.governance, genesis.format) != (channel, network, expected, FORMAT):
            raise ExportError("genesis", "the genesis entry is of another network, channel or format", channel)
        if genesis.policy.encode() != channels[GOVERNANCE].genesis.policy.encode():
            raise ExportError("genesis", "the channels begin with different policies", channel)
        policy.require_safe(genesis.faults)
    return network_id


def _segments(
    channel: str, entries: Sequence[bytes], schemas: dict[str, Schema]
) -> tuple[dict[str, tuple[SealedSegment, ...]], int]:
    """Rule 6: each table's segments, without gap or overlap, and the `end` of the last sealing block."""
    found: dict[str, list[SealedSegment]] = {table: [] for table in schemas}
    sealed_to = 0
    for index, data in enumerate(entries):
        if b'"kind":"seal"' not in data:
            continue
        seal = parse_entry(data, f"{channel} entry {index}")
        if not isinstance(seal, Seal):
            continue
        where = f"{channel} entry {index}"
        schema = schemas.get(seal.table)
        if schema is None or schema.sha256 != seal.schema_sha256:
            raise ExportError("seal", f"the seal of {seal.table!r} fits no schema of genesis", where)
        previous = found[seal.table][-1].seal.end if found[seal.table] else 0
        if seal.first != previous or not previous < seal.end <= index or seal.rows_count <= 0:
            raise ExportError("seal", f"segment [{seal.first}, {seal.end}) does not follow {previous}", where)
        path = segment_path(channel, seal.table, seal.first, seal.end)
        found[seal.table].append(SealedSegment(index, seal, path))
        sealed_to = max(sealed_to, seal.end)
    return {table: tuple(segments) for table, segments in found.items()}, sealed_to


def _check_all_sealed(channel: str, entries: Sequence[bytes], sealed_to: int) -> None:
    """Rule 6: no entry beyond the last seal has written rows, so the segments hold every row of the record."""
    for index in range(sealed_to, len(entries)):
        entry = parse_entry(entries[index], f"{channel} entry {index}")
        if isinstance(entry, Transaction | Trigger) and entry.receipt.tables:
            tables = ", ".join(written.table for written in entry.receipt.tables)
            raise ExportError(
                "unsealed", f"it has written rows to {tables} that no seal covers", f"{channel} entry {index}"
            )


def _check_catalogue(
    channel: str,
    entries: Sequence[bytes],
    schemas: dict[str, Schema],
    segments: dict[str, tuple[SealedSegment, ...]],
    sealed_to: int,
    last: Block,
) -> None:
    """Rule 6: the catalogue over all tables is the one in the last block."""
    leaves = [
        sealed_leaf(schemas[table], [entries[segment.entry] for segment in found], _rows_count(found), sealed_to)
        for table, found in segments.items()
    ]
    if catalogue_root(leaves) != last.catalogue_root:
        raise ExportError("catalogue", "the seals do not make the catalogue that the last block commits to", channel)


def _rows_count(segments: Sequence[SealedSegment]) -> int:
    """Rows of all these segments."""
    return sum(segment.seal.rows_count for segment in segments)
