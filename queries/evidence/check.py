"""Check evidence: pure, offline, from bytes and the reader's policy alone. In this order; the first failure is raised.

1. The file is canonical JSON of the known format and shape, within its limits.
2. The policy is the reader's, byte for byte the one that the evidence was made under. Without one, the evidence's own
   is used and the verdict says `self-asserted` (trust rule 1). Its witnesses are validators of this network.
3. The beacon's checkpoint is signed by its log and a quorum, by nobody whom the policy does not know, and, when the
   caller asks for it, not before a given time (stale).
4. The leaf is the beacon's last one, in the checkpoint's root, and names this policy.
5. Channels are sorted, each once, each named by the leaf; a channel's entries, sorted, lead to the root in the leaf.
6. Governance's entry 0 is the genesis of this network; any two quorums share more validators than its f.
7. Tables are sorted; a table's rows fit its schema, which each seal names; the rows of a segment lead to the
   `rows_root` of its seal, a `seal` entry of that table, and their entries lie in its range.
8. The rows of an entry lead to the `rows_root` that its receipt states for the table. Of a `…_submitted` table that
   root is the signed one of a transaction: the row was submitted. Of any other the receipt is accepted: the row was
   written.
9. Each of these entries, and each entry asked for, lies in the block of a `block` entry that is there too.
10. Something is proven, and every entry is there for a reason.

Signatures of accounts are not verified again: that validators did so is what their cosignatures attest.
"""

from bisect import bisect_left
from typing import Any

import msgspec

from chain.entry import BeaconLeaf, Block, Entry, Genesis, Seal, Transaction, Trigger, parse_beacon_leaf, parse_entry
from chain.errors import ChainError, ParseError
from chain.imports import GOVERNANCE
from chain.layout import BEACON, origin
from chain.limits import LIMITS
from chain.merkle import HASH_BYTES, leaf_hash
from chain.note import parse_note
from chain.policy import Policy, VerifiedCheckpoint, parse_policy, require_known_signers, verify_checkpoint
from chain.record import require_signed_since
from chain.schema import Schema, parse_schema
from chain.text import from_hex
from chain.trust import ReaderPolicy
from queries.errors import EvidenceError
from queries.evidence.document import ChannelPart, Document, RowPart, TablePart, decode_nodes, parse_document
from queries.evidence.multiproof import root_of_many
from queries.evidence.verdict import ProvenEntry, ProvenRow, RowProof, Verdict
from queries.limits import QUERY_LIMITS

SUBMITTED = "_submitted"
"""End of the name of a table that keeps signed batches verbatim."""


def check(evidence: bytes, policy: bytes | ReaderPolicy | None = None, signed_since_s: int | None = None) -> Verdict:
    """What `evidence` proves to a reader who trusts `policy`; `EvidenceError` unless all of it holds.

    `policy`: the bytes of a policy file that the reader hands in, or what `chain.trust` has found pinned.
    `signed_since_s`: refuse evidence whose quorum signed before that time (seconds UTC).
    """
    if policy is None:
        given = ReaderPolicy(None, "self-asserted")
    else:
        given = policy if isinstance(policy, ReaderPolicy) else ReaderPolicy(policy, "policy")
    try:
        return _check(parse_document(evidence), given, signed_since_s)
    except ChainError as error:
        raise EvidenceError(error.code, error.sentence, error.where) from None


def _check(document: Document, given: ReaderPolicy, signed_since_s: int | None) -> Verdict:
    if sum(len(table.rows) for c in document.channels for table in c.tables) > QUERY_LIMITS.evidence_rows_max:
        raise EvidenceError("rows", f"more than {QUERY_LIMITS.evidence_rows_max} rows")
    policy = _policy(document, given.text)
    beacon = _beacon(document, policy, signed_since_s)
    leaf = _leaf(document, policy, beacon)
    channels = _channels(document, leaf)
    genesis = _genesis(document, channels, policy)
    rows: list[ProvenRow] = []
    entries: list[ProvenEntry] = []
    for channel in channels:
        rows += [row for table in channel.tables() for row in table]
        entries += channel.asked()
        channel.require_used()
    if not rows and not entries:
        raise EvidenceError("nothing", "it proves no row and no entry")
    forks, silence = policy.survives()
    return Verdict(
        network=document.network,
        signers=given.source if given.text is not None else "self-asserted",
        policy_sha256=policy.sha256.hex(),
        beacon_size=beacon.checkpoint.size,
        beacon_root=beacon.checkpoint.root.hex(),
        beacon_time_ms=leaf.time,
        cosigners=tuple(name for name, _ in beacon.cosigners),
        quorum_time_s=beacon.quorum_time_s,
        deployment=genesis.deployment,
        faults=genesis.faults,
        survives_forks=forks,
        survives_silence=silence,
        rows=tuple(rows),
        entries=tuple(entries),
    )


def _policy(document: Document, given: bytes | None) -> Policy:
    """Rule 2."""
    own = document.policy.encode()
    if given is not None and given != own:
        raise EvidenceError("policy", "made under another policy than the reader's", "policy")
    policy = parse_policy(own)
    policy.require_validators(document.network)
    return policy


def _beacon(document: Document, policy: Policy, signed_since_s: int | None) -> VerifiedCheckpoint:
    """Rule 3."""
    where = "beacon.checkpoint"
    try:
        note = parse_note(document.beacon.checkpoint.encode())
        require_known_signers(note, policy)
        beacon = verify_checkpoint(note, policy, origin(document.network, BEACON))
    except ChainError as error:
        raise error.at(where) from None
    require_signed_since(beacon, signed_since_s, where)
    return beacon


def _leaf(document: Document, policy: Policy, beacon: VerifiedCheckpoint) -> BeaconLeaf:
    """Rule 4."""
    data = document.beacon.leaf.encode()
    size = beacon.checkpoint.size
    if size == 0:
        raise EvidenceError("leaf", "the beacon is empty", "beacon.leaf")
    _require_root(size, {size - 1: leaf_hash(data)}, document.beacon.nodes, beacon.checkpoint.root, "beacon")
    leaf = parse_beacon_leaf(data, "beacon.leaf")
    if leaf.round != size - 1:
        raise EvidenceError("leaf", f"round {leaf.round} is not the last of {size}", "beacon.leaf")
    if leaf.policy_sha256 != policy.sha256.hex():
        raise EvidenceError("policy", "the record was last signed under another policy", "beacon.leaf")
    return leaf


def _channels(document: Document, leaf: BeaconLeaf) -> list["_Channel"]:
    """Rule 5."""
    names = [part.channel for part in document.channels]
    if names != sorted(set(names)):
        raise EvidenceError("order", "channels are not sorted, each once", "channels")
    heads = {head.channel: head for head in leaf.heads}
    found = []
    for part in document.channels:
        head = heads.get(part.channel)
        if head is None:
            raise EvidenceError("channel", "the beacon names no such channel", part.channel)
        found.append(_Channel(part, head.size, from_hex(head.root, HASH_BYTES, part.channel)))
    return found


def _genesis(document: Document, channels: list["_Channel"], policy: Policy) -> Genesis:
    """Rule 6."""
    governance = next((channel for channel in channels if channel.name == GOVERNANCE), None)
    genesis = governance.entries.get(0) if governance is not None else None
    if governance is None or not isinstance(genesis, Genesis):
        raise EvidenceError("genesis", "the genesis of the governance channel is missing", GOVERNANCE)
    if (genesis.name, genesis.channel, genesis.governance) != (document.network, GOVERNANCE, ""):
        raise EvidenceError("genesis", "the genesis is of another network or channel", GOVERNANCE)
    policy.require_safe(genesis.faults)
    governance.used.add(0)
    return genesis


class _Channel:
    """One channel of the evidence; `used` collects the entries that something rests on."""

    def __init__(self, part: ChannelPart, size: int, root: bytes) -> None:
        self.name = part.channel
        self.part = part
        self.used: set[int] = set()
        indexes = [entry.index for entry in part.entries]
        if indexes != sorted(set(indexes)):
            raise EvidenceError("order", "entries are not sorted, each once", self.name)
        data = {entry.index: entry.data.encode() for entry in part.entries}
        hashes = {index: leaf_hash(content) for index, content in data.items()}
        _require_root(size, hashes, part.nodes, root, self.name)
        self.data = data
        self.entries: dict[int, Entry] = {
            index: parse_entry(content, f"{self.name} entry {index}") for index, content in data.items()
        }
        self._blocks = [index for index, entry in self.entries.items() if isinstance(entry, Block)]

    def tables(self) -> list[list[ProvenRow]]:
        """Rules 7 and 8 for every table."""
        found = [_Table(self, part, f"{self.name}.tables[{n}]") for n, part in enumerate(self.part.tables)]
        names = [table.schema.table for table in found]
        if names != sorted(set(names)):
            raise EvidenceError("order", "tables are not sorted, each once", self.name)
        return [table.rows() for table in found]

    def asked(self) -> list[ProvenEntry]:
        """The entries that are the answer."""
        asked = list(self.part.asked)
        if asked != sorted(set(asked)):
            raise EvidenceError("order", "asked entries are not sorted, each once", self.name)
        found = []
        for index in asked:
            entry = self.entry(index)
            time_ms = self.block_time(index)
            found.append(ProvenEntry(self.name, index, entry.kind, time_ms, self.data[index].decode()))
        return found

    def entry(self, index: int) -> Entry:
        """An entry that something rests on."""
        if index not in self.entries:
            raise EvidenceError("entry", f"entry {index} is missing", self.name)
        self.used.add(index)
        return self.entries[index]

    def block_time(self, index: int) -> int:
        """Rule 9: the time of the entry's block."""
        following = bisect_left(self._blocks, index)
        at = self._blocks[following] if following < len(self._blocks) else -1
        block = self.entries.get(at)
        if isinstance(block, Block) and block.first <= index and block.first + block.count - 1 == at:
            self.used.add(at)
            return block.time
        raise EvidenceError("block", f"the block of entry {index} is missing", self.name)

    def require_used(self) -> None:
        """Rule 10."""
        idle = sorted(set(self.entries) - self.used)
        if idle:
            raise EvidenceError("superfluous", f"nothing rests on entry {idle[0]}", self.name)


class _Table:
    """Rows of one table of one channel."""

    def __init__(self, channel: _Channel, part: TablePart, where: str) -> None:
        self.channel = channel
        self.part = part
        self.where = where
        self.schema = _schema(part, where)
        places = [(row.entry, row.position) for row in part.rows]
        if not places or places != sorted(set(places)):
            raise EvidenceError("order", "rows are missing, or not sorted, each once", where)

    def rows(self) -> list[ProvenRow]:
        """Rules 7–9."""
        lines = "".join(f"{row.data}\n" for row in self.part.rows).encode()
        values = self.schema.decode_lines(lines, self.where)
        if len(values) != len(self.part.rows):
            raise EvidenceError("row", "a row is not one line of JSON", self.where)
        self._check_segments()
        origins = self._check_written()
        names = [column.name for column in self.schema.columns]
        return [
            self._proven(row, dict(zip(names, content, strict=True)), origins[row.entry])
            for row, content in zip(self.part.rows, values, strict=True)
        ]

    def _check_segments(self) -> None:
        """Rule 7."""
        by_seal: dict[int, list[RowPart]] = {}
        for row in self.part.rows:
            by_seal.setdefault(row.seal, []).append(row)
        if [segment.seal for segment in self.part.segments] != sorted(by_seal):
            raise EvidenceError("order", "segments are not those of the rows, sorted", self.where)
        for segment in self.part.segments:
            rows = by_seal[segment.seal]
            seal = self.channel.entry(segment.seal)
            where = f"{self.where} seal {segment.seal}"
            if not isinstance(seal, Seal) or seal.table != self.schema.table:
                raise EvidenceError("seal", "not a seal of this table", where)
            if seal.schema_sha256 != self.schema.sha256:
                raise EvidenceError("schema", "the seal is for other columns", where)
            if any(not seal.first <= row.entry < seal.end for row in rows):
                raise EvidenceError("seal", "a row's entry lies outside the segment", where)
            _require_rows(seal.rows_count, {row.index: row for row in rows}, segment.nodes, seal.rows_root, where)
            if len({row.index for row in rows}) != len(rows):
                raise EvidenceError("row", "two rows at one place", where)

    def _check_written(self) -> dict[int, tuple[Transaction | Trigger, RowProof]]:
        """Rule 8: entry → its transaction or trigger, and what the row is."""
        by_entry: dict[int, list[RowPart]] = {}
        for row in self.part.rows:
            by_entry.setdefault(row.entry, []).append(row)
        if [written.entry for written in self.part.written] != sorted(by_entry):
            raise EvidenceError("order", "writing entries are not those of the rows, sorted", self.where)
        found = {}
        for written in self.part.written:
            where = f"{self.where} entry {written.entry}"
            entry = self.channel.entry(written.entry)
            if not isinstance(entry, Transaction | Trigger):
                raise EvidenceError("writer", f"a {entry.kind} writes no rows", where)
            stated = [item for item in entry.receipt.tables if item.table == self.schema.table]
            if len(stated) != 1:
                raise EvidenceError("writer", f"its receipt states no rows of {self.schema.table}", where)
            rows = {row.position: row for row in by_entry[written.entry]}
            _require_rows(stated[0].rows_count, rows, written.nodes, stated[0].rows_root, where)
            found[written.entry] = entry, self._proof(entry, stated[0].rows_count, stated[0].rows_root, where)
        return found

    def _proof(self, entry: Transaction | Trigger, rows_count: int, rows_root: str, where: str) -> RowProof:
        """Rule 8."""
        if self.schema.table.endswith(SUBMITTED):
            signed = (entry.body.rows_count, entry.body.rows_root) if isinstance(entry, Transaction) else None
            if signed != (rows_count, rows_root):
                raise EvidenceError("submitted", "the rows are not those that the transaction signs", where)
            return "submitted"
        if entry.receipt.status != "accepted":
            raise EvidenceError("rejected", "a rejected call writes nothing", where)
        return "written"

    def _proven(
        self, row: RowPart, values: dict[str, Any], origin_of: tuple[Transaction | Trigger, RowProof]
    ) -> ProvenRow:
        entry, proof = origin_of
        return ProvenRow(
            channel=self.channel.name,
            table=self.schema.table,
            entry=row.entry,
            position=row.position,
            values=values,
            columns=self.schema.columns,
            proof=proof,
            receipt=entry.receipt.status,
            code=entry.receipt.code,
            account=entry.body.account if isinstance(entry, Transaction) else "",
            time_ms=self.channel.block_time(row.entry),
            seal=row.seal,
        )


def _schema(part: TablePart, where: str) -> Schema:
    """A schema whose text is canonical: the hash in the seal is over these bytes."""
    try:
        schema = parse_schema(msgspec.json.decode(part.schema), where)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise ParseError("schema", "not JSON", where) from None
    if schema.canonical != part.schema.encode():
        raise ParseError("schema", "not canonical", where)
    return schema


def _require_rows(size: int, rows: dict[int, RowPart], nodes: str, root: str, where: str) -> None:
    hashes = {index: leaf_hash(row.data.encode()) for index, row in rows.items()}
    _require_root(size, hashes, nodes, from_hex(root, HASH_BYTES, where), where)


def _require_root(size: int, hashes: dict[int, bytes], nodes: str, root: bytes, where: str) -> None:
    """Recompute, then compare."""
    if not hashes:
        raise EvidenceError("nothing", "no leaf to prove", where)
    if size > 2**LIMITS.proof_hashes_max - 1:
        raise EvidenceError("size", "no tree is that large", where)
    try:
        found = root_of_many(size, hashes, decode_nodes(nodes, where))
    except ChainError as error:
        raise error.at(where) from None
    if found != root:
        raise EvidenceError("root", f"it leads to root {found.hex()}, not {root.hex()}", where)
