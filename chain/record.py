"""Open an export and check everything that needs no re-execution: signatures, logs, seals, catalogue, files.

In this order; the first failure is raised and names its place:
1. The anchor: the reader's policy (trust rule 1). Without one the export's own is used and the result says so. The
   record's policies are validators of this network (`chain.handover` rules 1 and 5).
2. The beacon: checkpoint signed by its log and a quorum, under the policy that the reader trusts and under the newest
   of the record, and by nobody whom neither of them names; leaves hash to it and follow each other.
3. Every channel that the beacon's last leaf names is there or withheld, and no other. Governance is there.
4. Each channel that is there: checkpoint as in rule 2, its head the one in the last leaf; entries hash to it; it begins
   with its genesis and ends with a block; every earlier round pins a block of this log, so that no reader of an old
   beacon saw another history; its seals hold (`chain.seals` rules 1 and 2).
5. Every round names the channels and the policy that governance had decided by then (`chain.beacon` rules 4-6), and
   the policies were handed over from one to the next (`chain.handover` rules 1-4). Every log of this network in the
   policies of rule 2 is pinned, so that a quorum's own beacon cannot leave a channel out, or is that of a channel that
   governance created and retired before any round.
6. Every genesis is of this network, and says what governance's says (`chain.channel_draft` rules 2-4); a channel that
   governance created begins with the genesis that was voted.
7. A withheld channel is one that the export's profile may withhold, by its last openness on the record; its checkpoint
   is signed as in rule 2 and is the head in the last leaf. Of its content nothing is known.
8. Files: each segment's SHA-256 is the one of its seal.

What remains is re-execution: that entries, rows and roots are what the contracts make of the signed input
(`chain.verify`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chain.beacon import check_registered, check_round
from chain.blockstream import parse_genesis
from chain.calendar import utc_text
from chain.channel_draft import check_channel_genesis
from chain.consortium import ChannelInfo, Consortium
from chain.entry import FORMAT, BeaconLeaf, Block, Genesis, Head, parse_beacon_leaf, parse_entry
from chain.errors import ChainError, ExportError, PolicyError, SignatureError
from chain.fields import Openness
from chain.handover import Anchor, AnchorSource, Handover, check_handovers, check_policies, open_anchor
from chain.imports import GOVERNANCE
from chain.layout import BEACON, CHECKPOINT, VKEY, log_path, origin
from chain.manifest import WITHHELD, Manifest, Profile
from chain.merkle import Tree, leaf_hash
from chain.note import parse_note
from chain.policy import Policy, VerifiedCheckpoint, require_known_signers, verify_checkpoint
from chain.progress import Progress, no_progress
from chain.reader import ExportReader, decode_vkey
from chain.schema import Schema, parse_schema
from chain.seals import SealedSegment, check_segment_file, sealed_tables
from chain.tiles import TILE_WIDTH, entries_path, tile_path


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """A channel's log, checked by rule 4."""

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
class WithheldChannel:
    """A channel whose content this export does not hold (rule 7)."""

    channel: str
    openness: Openness
    """On the record, at the last round."""
    checkpoint: VerifiedCheckpoint


@dataclass(frozen=True, slots=True)
class Record:
    """An export, checked by rules 1-7."""

    reader: ExportReader = field(repr=False)
    network: str
    network_id: str
    """Leaf hash of the governance genesis, hex."""
    anchor: Anchor
    handovers: tuple[Handover, ...]
    """Every change of policy, in order."""
    beacon: VerifiedCheckpoint
    beacon_note: bytes
    beacon_tree: Tree = field(repr=False)
    beacon_entries: list[bytes] = field(repr=False)
    leaves: list[BeaconLeaf] = field(repr=False)
    channels: dict[str, ChannelRecord]
    profile: Profile
    withheld: dict[str, WithheldChannel]
    registered: Mapping[str, ChannelInfo]
    """What governance says of every pinned channel but itself, at the last round."""

    @property
    def faults(self) -> int:
        """f of genesis."""
        return self.channels[GOVERNANCE].genesis.faults

    @property
    def deployment(self) -> str:
        """`embedded`: the validators are one trust domain."""
        return self.channels[GOVERNANCE].genesis.deployment


def open_record(folder: Path, policy: bytes | None, source: AnchorSource, progress: Progress = no_progress) -> Record:
    """Rules 1-7; `policy` is the reader's, None takes the export's own. Raises `ChainError`.

    Rule 8 is `check_segment_files`, or the caller's own check of each file before it is parsed.
    """
    reader = ExportReader(folder)
    manifest = reader.manifest()
    network = manifest.network
    anchor = open_anchor(reader, policy, source, network)
    note = reader.read(log_path(BEACON, CHECKPOINT))
    beacon = _beacon_checkpoint(reader, note, anchor, network)
    entries, tree = _log(reader, beacon, BEACON)
    leaves = _leaves(entries)
    _check_channels(manifest, leaves[-1].heads)
    channels = {}
    for done, head in enumerate(leaves[-1].heads):
        progress(f"open {head.channel}", done, len(leaves[-1].heads))
        if head.channel in manifest.channels:
            channels[head.channel] = open_channel(reader, anchor.judges, network, head)
    _check_heads(leaves, channels)
    governance = channels[GOVERNANCE]
    consortium = Consortium()
    consortium.extend(governance.entries)
    check_registered(leaves, consortium)
    check_policies(anchor, governance.genesis.policy, governance.genesis.faults, leaves)
    handovers = check_handovers(reader, anchor.policies, network, leaves, tree)
    decided = consortium.channels_at(governance.tree.size)
    _check_logs(network, leaves[-1].heads, anchor.judges, decided)
    registered = {head.channel: decided[head.channel] for head in leaves[-1].heads if head.channel != GOVERNANCE}
    network_id = _check_network(network, channels, registered)
    return Record(
        reader=reader,
        network=network,
        network_id=network_id,
        anchor=anchor,
        handovers=handovers,
        beacon=beacon,
        beacon_note=note,
        beacon_tree=tree,
        beacon_entries=entries,
        leaves=leaves,
        channels=channels,
        profile=manifest.profile,
        withheld=_withheld(reader, manifest, anchor.judges, leaves[-1].heads, registered),
        registered=registered,
    )


def require_signed_since(beacon: VerifiedCheckpoint, bound_s: int | None, where: str = BEACON) -> None:
    """`ExportError` where the latest time that a quorum of cosignatures reaches is before `bound_s` (seconds UTC).

    A whole old record is as true as it was then; only the reader knows how old is too old (trust rules 5 and 8). None
    asks for nothing.
    """
    if bound_s is not None and beacon.quorum_time_s < bound_s:
        signed, bound = utc_text(beacon.quorum_time_s * 1_000), utc_text(bound_s * 1_000)
        raise ExportError("stale", f"stale: the quorum signed {signed}, before {bound}", where)


def open_channel(reader: ExportReader, judges: Sequence[Policy], network: str, head: Head) -> ChannelRecord:
    """Rule 4 for one channel but for earlier rounds; `judges` are the policies of rule 2."""
    channel = head.channel
    note, checkpoint = _head_checkpoint(reader, judges, network, head)
    entries, tree = _log(reader, checkpoint, channel)
    genesis = parse_genesis(entries, channel)
    last = parse_entry(entries[-1], f"{channel} entry {len(entries) - 1}")
    if not isinstance(last, Block) or last.height != head.height:
        raise ExportError("open-block", "the log does not end with the block that the beacon pins", channel)
    schemas = {schema.table: schema for schema in (parse_schema(value, channel) for value in genesis.schemas)}
    sealed = sealed_tables(channel, entries, schemas, last)
    return ChannelRecord(
        channel, genesis, checkpoint, note, entries, tree, schemas, sealed.segments, last, sealed.sealed_to
    )


def check_segment_files(
    record: Record, visit: Callable[[ChannelRecord, SealedSegment, bytes], None], progress: Progress = no_progress
) -> int:
    """Rule 8 for every file; `visit` sees each one's bytes. Returns how many files."""
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


def _checkpoint(
    reader: ExportReader, note: bytes, judges: Sequence[Policy], network: str, log: str
) -> VerifiedCheckpoint:
    """Rule 2: signers, signatures and quorum under every judge; the `vkey` file is the key of the first.

    The record's own policy is no anchor; but what claims to be signed under it must be.
    """
    path = log_path(log, CHECKPOINT)
    try:
        parsed = parse_note(note)
        require_known_signers(parsed, *judges)
        verified, *_ = (verify_checkpoint(parsed, policy, origin(network, log)) for policy in judges)
    except ChainError as error:
        raise error.at(path) from None
    if decode_vkey(reader.read(log_path(log, VKEY)), log_path(log, VKEY)) != str(verified.log_key):
        raise ExportError("vkey", "not the key of this log in the policy", log_path(log, VKEY))
    return verified


def _beacon_checkpoint(reader: ExportReader, note: bytes, anchor: Anchor, network: str) -> VerifiedCheckpoint:
    """Rule 2 for the beacon, where a reader of another record's policy gets stuck."""
    try:
        return _checkpoint(reader, note, anchor.judges, network, BEACON)
    except (PolicyError, SignatureError) as error:
        if anchor.is_readers and anchor.start is None:
            own = f"your policy is none of the {len(anchor.policies)} that this record names"
            raise type(error)(error.code, f"{error.sentence} ({own})", error.where) from None
        raise


def _head_checkpoint(
    reader: ExportReader, judges: Sequence[Policy], network: str, head: Head
) -> tuple[bytes, VerifiedCheckpoint]:
    """Rules 4 and 7: a channel's note, and what it signs, which is the head that the beacon pins."""
    note = reader.read(log_path(head.channel, CHECKPOINT))
    checkpoint = _checkpoint(reader, note, judges, network, head.channel)
    signed = checkpoint.checkpoint
    if (signed.size, signed.root.hex()) != (head.size, head.root):
        pinned = f"the beacon pins size {head.size}, root {head.root}"
        raise ExportError("head", f"{pinned}; the checkpoint says {signed.size}, {signed.root.hex()}", head.channel)
    return note, checkpoint


def _check_channels(manifest: Manifest, heads: Sequence[Head]) -> None:
    """Rule 3."""
    pinned = tuple(head.channel for head in heads)
    if GOVERNANCE not in pinned or GOVERNANCE in manifest.withheld:
        raise ExportError("channels", "there is no governance channel", GOVERNANCE)
    if tuple(sorted((*manifest.channels, *manifest.withheld))) != pinned:
        sentence = f"the beacon pins the channels {', '.join(pinned)}; the manifest says otherwise"
        raise ExportError("channels", sentence, BEACON)


def _check_logs(
    network: str, heads: Sequence[Head], judges: Sequence[Policy], decided: Mapping[str, ChannelInfo]
) -> None:
    """Rule 5 for the policies' logs; `decided` is what governance says of every channel so far, and has been compared
    with the rounds: one that is not pinned was retired before any of them."""
    present = {origin(network, log) for log in (BEACON, *(head.channel for head in heads))}
    void = {info.log for info in decided.values() if info.log}
    for key in (key for policy in judges for key in policy.logs):
        if key.name.startswith(f"gridproof/{network}/") and key.name not in present and str(key) not in void:
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


def _leaves(entries: Sequence[bytes]) -> list[BeaconLeaf]:
    """Rule 2: the beacon's leaves, in order and consistent."""
    leaves: list[BeaconLeaf] = []
    for number, data in enumerate(entries):
        leaf = parse_beacon_leaf(data, f"beacon entry {number}")
        check_round(leaves[-1] if leaves else None, leaf, f"beacon entry {number}")
        leaves.append(leaf)
    return leaves


def _check_heads(leaves: Sequence[BeaconLeaf], channels: dict[str, ChannelRecord]) -> None:
    """Rule 4 for every leaf: what it pinned is still what the log begins with."""
    for leaf in leaves:
        for head in leaf.heads:
            where = f"beacon entry {leaf.round}: {head.channel}"
            channel = channels.get(head.channel)
            if channel is None:
                continue
            if not 0 < head.size <= channel.tree.size or channel.tree.root(head.size).hex() != head.root:
                raise ExportError("head", f"the log does not extend the head pinned at size {head.size}", where)
            block = parse_entry(channel.entries[head.size - 1], where)
            if not isinstance(block, Block) or block.height != head.height or block.time > leaf.time:
                raise ExportError("head", "the pinned head is no block of that height and time", where)
            if head.closed and head.size != channel.tree.size:
                raise ExportError("head", "the log goes on after the head that closed it", where)


def _check_network(network: str, channels: Mapping[str, ChannelRecord], registered: Mapping[str, ChannelInfo]) -> str:
    """Rule 6. Returns the network id."""
    governance = channels[GOVERNANCE]
    network_id = leaf_hash(governance.entries[0]).hex()
    genesis = governance.genesis
    if (genesis.channel, genesis.name, genesis.governance, genesis.format) != (GOVERNANCE, network, "", FORMAT):
        raise ExportError("genesis", "the genesis entry is of another network, channel or format", GOVERNANCE)
    for channel, record in channels.items():
        if channel == GOVERNANCE:
            continue
        voted = registered[channel].genesis_hash
        found = leaf_hash(record.entries[0]).hex()
        if voted and found != voted:
            raise ExportError("genesis", f"its leaf hash is {found}, governance created it with {voted}", channel)
        check_channel_genesis(record.genesis, genesis, channel, registered[channel].area)
    return network_id


def _withheld(
    reader: ExportReader,
    manifest: Manifest,
    judges: Sequence[Policy],
    heads: Sequence[Head],
    registered: Mapping[str, ChannelInfo],
) -> dict[str, WithheldChannel]:
    """Rule 7."""
    found = {}
    for head in heads:
        if head.channel not in manifest.withheld:
            continue
        openness = registered[head.channel].openness
        if openness not in WITHHELD[manifest.profile]:
            may = " and ".join(WITHHELD[manifest.profile]) or "no channel"
            sentence = f"openness is {openness} on the record; an export of profile {manifest.profile} withholds {may}"
            raise ExportError("withheld", sentence, head.channel)
        _, checkpoint = _head_checkpoint(reader, judges, manifest.network, head)
        found[head.channel] = WithheldChannel(head.channel, openness, checkpoint)
    return found
