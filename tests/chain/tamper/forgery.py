"""An export taken apart and put together again by a forger: entries, files and rounds changed, everything re-signed.

`relink` recomputes what follows from the entries without executing anything (`first`, `count`, `height`, `previous`,
`catalogue_root`, the beacon's heads), so that only what a test changed on purpose is wrong.
"""

import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from chain import jcs
from chain.entry import (
    BeaconLeaf,
    Block,
    Event,
    Genesis,
    Head,
    Receipt,
    Seal,
    Trigger,
    encode_entry,
    parse_beacon_leaf,
    parse_entry,
)
from chain.errors import ChainError
from chain.export import log_tiles
from chain.handover import AnchorSource, exported_policies
from chain.imports import GOVERNANCE
from chain.layout import (
    BEACON,
    CHECKPOINT,
    MANIFEST,
    VKEY,
    handover_path,
    log_path,
    origin,
    policy_path,
    segment_path,
    validator_name,
)
from chain.ledger_keys import NetworkKeys
from chain.manifest import EXPORT_FORMAT, Manifest, Profile
from chain.merkle import Tree
from chain.note import COSIGNATURE_V1, ED25519, Checkpoint, Note, SigningKey, encode_checkpoint, encode_note, parse_note
from chain.note import parse_checkpoint as checkpoint_of
from chain.reader import ExportReader
from chain.schema import parse_schema
from chain.tables import catalogue_root, file_sha256, sealed_leaf
from chain.verify import verify_export
from tests.sample_export import sample_export

Edit = Callable[[dict[str, Any]], None]


class Forgery:
    """See the module's docstring."""

    def __init__(self, export: Path) -> None:
        reader = ExportReader(export)
        manifest = reader.manifest()
        self.network = manifest.network
        self.channels = list(manifest.channels)
        self.policies = exported_policies(reader)
        """By number; `handovers` as well, from 1."""
        self.handovers = {n: reader.read(handover_path(n)) for n in range(1, len(self.policies))}
        self.profile: Profile = manifest.profile
        self.withheld: tuple[str, ...] = ()
        self.entries = {log: reader.entries(log, _size(reader, log)) for log in (BEACON, *manifest.channels)}
        self.files = {path: reader.read(path) for path in reader.files() if path.endswith(".parquet")}

    def find(self, channel: str, what: Callable[[dict[str, Any]], bool]) -> int:
        """Index of the first entry that `what` holds for."""
        return next(index for index, data in enumerate(self.entries[channel]) if what(jcs.decode(data)))

    def edit(self, channel: str, index: int, edit: Edit) -> None:
        """Change one entry (or beacon leaf) in place; it stays canonical."""
        value = jcs.decode(self.entries[channel][index])
        edit(value)
        self.entries[channel][index] = jcs.encode(value)

    def edit_all(self, log: str, edit: Edit) -> None:
        """`edit` for every entry."""
        for index in range(len(self.entries[log])):
            self.edit(log, index, edit)

    def seal_of(self, channel: str, table: str, number: int = 0) -> int:
        """Index of the seal of a table's segment."""
        entries = [parse_entry(data) for data in self.entries[channel]]
        found = [index for index, entry in enumerate(entries) if isinstance(entry, Seal) and entry.table == table]
        return found[number]

    def segment(self, channel: str, table: str, number: int = 0) -> str:
        """Path of a table's segment."""
        seal = parse_entry(self.entries[channel][self.seal_of(channel, table, number)])
        assert isinstance(seal, Seal)
        return segment_path(channel, table, seal.first, seal.end)

    def reseal(self, channel: str, table: str, data: bytes, number: int = 0, **members: object) -> int:
        """Put another file in a segment's place and its hash into the seal. Returns the seal's entry."""
        self.files[self.segment(channel, table, number)] = data
        index = self.seal_of(channel, table, number)
        self.edit(channel, index, lambda seal: seal.update(sha256=file_sha256(data), **members))
        return index

    def relink(self) -> None:
        """Recompute what follows from the entries."""
        for channel in self.channels:
            self.entries[channel] = _relinked(self.entries[channel])
        self.repin()

    def repin(self) -> None:
        """The beacon's rounds pin the logs as they are now, at the same heights; the last round their ends."""
        trees = {channel: _tree(self.entries[channel]) for channel in self.channels}
        blocks = {channel: _block_sizes(self.entries[channel]) for channel in self.channels}
        leaves = [parse_beacon_leaf(data) for data in self.entries[BEACON]]
        for number, leaf in enumerate(leaves):
            heads = []
            for head in leaf.heads:
                if head.channel in trees:
                    sizes = blocks[head.channel]
                    height = len(sizes) - 1 if leaf is leaves[-1] else min(head.height, len(sizes) - 1)
                    root = trees[head.channel].root(sizes[height]).hex()
                    heads.append(Head(head.channel, head.closed, height, root, sizes[height]))
            pinned = BeaconLeaf(tuple(heads), leaf.policy_sha256, leaf.round, leaf.time)
            self.entries[BEACON][number] = encode_entry(pinned)

    def repin_blindly(self) -> None:
        """As `repin`, without reading the entries: every head keeps its size, the roots are those of the logs."""
        trees = {channel: _tree(self.entries[channel]) for channel in self.channels}

        def pin(leaf: dict[str, Any]) -> None:
            for head in leaf["heads"]:
                head["root"] = trees[head["channel"]].root(head["size"]).hex()

        self.edit_all(BEACON, pin)

    def decide(self, time_ms: int, *events: tuple[str, dict[str, Any]]) -> None:
        """Another block of governance, in which a call reports these events; `relink` makes it fit."""
        told = tuple(Event(data, name) for name, data in events)
        receipt = Receipt(code="ok", detail="", events=told, status="accepted", tables=())
        trigger = Trigger("alliance", time_ms, "decided", "trigger", "tell", receipt)
        self.entries[GOVERNANCE] += [encode_entry(trigger), encode_entry(_open_block(time_ms))]

    def round(self, time_ms: int) -> int:
        """Another round of the beacon, under the newest policy; `relink` makes it pin the logs' ends."""
        last = parse_beacon_leaf(self.entries[BEACON][-1])
        known = {head.channel: head for head in last.heads}
        fresh = {channel: Head(channel, False, 0, "", 0) for channel in self.channels}
        heads = tuple(head for _, head in sorted((fresh | known).items()))
        digest = file_sha256(self.policies[-1])
        self.entries[BEACON].append(encode_entry(BeaconLeaf(heads, digest, last.round + 1, time_ms)))
        self.relink()
        return last.round + 1

    def hand_over(self, eras: Sequence[NetworkKeys]) -> None:
        """Sign every handover anew, as `eras`, the keys behind each policy, all of them corrupt, would."""
        named = [jcs.decode(data)["policy_sha256"] for data in self.entries[BEACON]]
        firsts = [index for index in range(1, len(named)) if named[index] != named[index - 1]]
        tree = _tree(self.entries[BEACON])
        for number, first in enumerate(firsts, 1):
            text = encode_checkpoint(Checkpoint(origin(self.network, BEACON), first + 1, tree.root(first + 1)))
            signers = {
                seed: SigningKey(validator_name(self.network, name), COSIGNATURE_V1, seed)
                for keys in eras[number - 1 : number + 1]
                for name, seed in keys.validators.items()
            }
            log = SigningKey(origin(self.network, BEACON), ED25519, eras[number].logs[BEACON])
            cosignatures = (signer.cosign(text, 1_793_700_000) for signer in signers.values())
            self.handovers[number] = encode_note(Note(text, (log.sign(text), *cosignatures)))

    def write(self, folder: Path, keys: NetworkKeys, cosigners: Collection[str] | None = None) -> Path:
        """The whole export in `folder`, signed with `keys`, cosigned by all validators or by `cosigners`."""
        shutil.rmtree(folder, ignore_errors=True)
        shown = [channel for channel in self.channels if channel not in self.withheld]
        manifest = Manifest(tuple(shown), EXPORT_FORMAT, self.network, self.profile, self.withheld)
        files = {MANIFEST: jcs.encode(manifest)}
        files |= {policy_path(number): text for number, text in enumerate(self.policies)}
        files |= {handover_path(number): note for number, note in self.handovers.items()}
        files |= {path: data for path, data in self.files.items() if path.split("/")[0] not in self.withheld}
        for log in (BEACON, *self.channels):
            key = SigningKey(origin(self.network, log), ED25519, keys.logs[log])
            files[log_path(log, CHECKPOINT)] = self.checkpoint(log, keys, cosigners)
            files[log_path(log, VKEY)] = f"{key.verifier_key}\n".encode()
            if log not in self.withheld:
                files |= {log_path(log, path): data for path, data in log_tiles(self.entries[log])}
        for path, data in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        return folder

    def checkpoint(self, log: str, keys: NetworkKeys, cosigners: Collection[str] | None = None) -> bytes:
        """A log's signed checkpoint."""
        tree = _tree(self.entries[log])
        text = encode_checkpoint(Checkpoint(origin(self.network, log), tree.size, tree.root()))
        time_s = 1_793_700_000
        names = sorted(keys.validators) if cosigners is None else cosigners
        signatures = [SigningKey(origin(self.network, log), ED25519, keys.logs[log]).sign(text)]
        for name in names:
            key = SigningKey(validator_name(self.network, name), COSIGNATURE_V1, keys.validators[name])
            signatures.append(key.cosign(text, time_s))
        return encode_note(Note(text, tuple(signatures)))


def refusal(export: Path, policy: bytes | None) -> ChainError:
    """The error that names why `export` is refused; fails when it is accepted or breaks the verifier."""
    source: AnchorSource = "policy" if policy is not None else "self-asserted"
    try:
        verify_export(export, policy, source)
    except ChainError as error:
        return error
    raise AssertionError("the export was accepted")


def forgery() -> Forgery:
    """The sample export, taken apart."""
    return Forgery(sample_export().export)


def refused(forged: Forgery, folder: Path, cosigners: Collection[str] | None = None) -> ChainError:
    """Signed with the true keys, read with the true policy: refused nevertheless."""
    sample = sample_export()
    return refusal(forged.write(folder / "forged", sample.keys, cosigners), sample.policy)


def is_transaction(method: str, code: str = "ok") -> Callable[[dict[str, Any]], bool]:
    """Picks a transaction by method and receipt."""
    return lambda entry: (
        entry["kind"] == "transaction" and entry["body"]["method"] == method and entry["receipt"]["code"] == code
    )


def _open_block(time_ms: int) -> Block:
    """A `block` entry whose numbers `relink` fills in."""
    return Block(
        beacon_round=-1,
        catalogue_root="",
        count=0,
        first=0,
        height=0,
        kind="block",
        previous="",
        state_keys=0,
        state_root="",
        time=time_ms,
    )


def _size(reader: ExportReader, log: str) -> int:
    return checkpoint_of(parse_note(reader.read(log_path(log, CHECKPOINT))).text).size


def _tree(entries: list[bytes]) -> Tree:
    tree = Tree()
    tree.extend(entries)
    return tree


def _block_sizes(entries: list[bytes]) -> list[int]:
    return [index + 1 for index, data in enumerate(entries) if isinstance(parse_entry(data), Block)]


def _relinked(entries: list[bytes]) -> list[bytes]:
    genesis = parse_entry(entries[0])
    assert isinstance(genesis, Genesis)
    schemas = {schema.table: schema for schema in (parse_schema(value, "") for value in genesis.schemas)}
    seals: dict[str, list[bytes]] = {table: [] for table in schemas}
    rows = dict.fromkeys(schemas, 0)
    tree, found, first, height, sealed_to = Tree(), [], 0, 0, 0
    previous = tree.root().hex()
    for index, given in enumerate(entries):
        data, entry = given, parse_entry(given)
        if isinstance(entry, Seal):
            seals[entry.table].append(data)
            rows[entry.table] += entry.rows_count
            sealed_to = entry.end
        if isinstance(entry, Block):
            leaves = [sealed_leaf(schemas[table], seals[table], rows[table], sealed_to) for table in schemas]
            data = encode_entry(
                msgspec.structs.replace(
                    entry,
                    catalogue_root=catalogue_root(leaves),
                    count=index + 1 - first,
                    first=first,
                    height=height,
                    previous=previous,
                )
            )
        tree.append(data)
        found.append(data)
        if isinstance(entry, Block):
            first, height, previous = index + 1, height + 1, tree.root().hex()
    return found
