"""Check evidence: pure, offline, from bytes and the reader's policy alone. In this order; the first failure is raised.

1. The file is canonical JSON of the known format and shape, within its limits.
2. The policy is the reader's, byte for byte the one that the evidence was made under. Without one, the evidence's own
   is used and the verdict says `self-asserted` (trust rule 1). Its witnesses are validators of this network. Beside a
   record that the reader has opened it may be any policy of that record; its beacon is then the beginning of that
   record's, or, under the newest policy, goes on from there (trust rule 4).
3. The beacon's checkpoint is signed by its log and a quorum, by nobody whom the policy does not know, and, when the
   caller asks for it, not before a given time (stale).
4. The leaf is the beacon's last one, in the checkpoint's root, and names this policy.
5. Channels are sorted, each once, each named by the leaf; a channel's entries, sorted, lead to the root in the leaf.
6. Governance's entry 0 is the genesis of this network; any two quorums share more validators than its f.
7. Groups of rows are sorted by table and root. Under the root `sealed` the rows of a segment lead to the `rows_root`
   of its seal, a `seal` entry of that table that names their schema, and their entries lie in its range. Under the
   others no seal is spoken of, and the schema is one of the channel's genesis.
8. The rows of an entry lead to the `rows_root` that its receipt states for the table. Under `submitted` (and `sealed`,
   of a `…_submitted` table) that root is the signed one of a transaction; otherwise the receipt is accepted.
9. The signature of each of these transactions holds under a key that the named entry of governance gives its account.
10. Each of these entries, and each entry asked for, lies in the block of a `block` entry that is there too.
11. Something is proven, and every entry is there for a reason.
"""

from hashlib import sha256

from chain.entry import BeaconLeaf, Genesis, parse_beacon_leaf
from chain.errors import ChainError
from chain.imports import GOVERNANCE
from chain.layout import BEACON, origin
from chain.merkle import HASH_BYTES, leaf_hash
from chain.note import parse_note
from chain.policy import Policy, VerifiedCheckpoint, parse_policy, require_known_signers, verify_checkpoint
from chain.record import Record, require_signed_since
from chain.text import from_hex
from chain.trust import ReaderPolicy
from queries.errors import EvidenceError
from queries.evidence.channel import CheckedChannel, require_root
from queries.evidence.document import Document, parse_document
from queries.evidence.rows import proven_rows
from queries.evidence.verdict import ProvenEntry, ProvenRow, Verdict
from queries.limits import QUERY_LIMITS


def check(
    evidence: bytes,
    policy: bytes | ReaderPolicy | None = None,
    signed_since_s: int | None = None,
    record: Record | None = None,
) -> Verdict:
    """What `evidence` proves to a reader who trusts `policy`; `EvidenceError` unless all of it holds.

    `policy`: the bytes of a policy file that the reader hands in, or what `chain.trust` has found pinned.
    `signed_since_s`: refuse evidence whose quorum signed before that time (seconds UTC).
    `record`: what the reader has opened, under a policy of theirs; that policy and those of the record then decide, and
    `policy` is not asked.
    """
    if record is not None:
        given = ReaderPolicy(record.anchor.policy.text if record.anchor.is_readers else None, record.anchor.source)
    elif policy is None:
        given = ReaderPolicy(None, "self-asserted")
    else:
        given = policy if isinstance(policy, ReaderPolicy) else ReaderPolicy(policy, "policy")
    try:
        return _check(parse_document(evidence), given, signed_since_s, record)
    except ChainError as error:
        raise EvidenceError(error.code, error.sentence, error.where) from None


def _check(document: Document, given: ReaderPolicy, signed_since_s: int | None, record: Record | None) -> Verdict:
    if sum(len(table.rows) for c in document.channels for table in c.tables) > QUERY_LIMITS.evidence_rows_max:
        raise EvidenceError("rows", f"more than {QUERY_LIMITS.evidence_rows_max} rows")
    policy = _policy(document, given.text, record)
    beacon = _beacon(document, policy, signed_since_s)
    if record is not None:
        _check_beside(document.network, policy, beacon, record)
    leaf = _leaf(document, policy, beacon)
    channels = _channels(document, leaf)
    governance = next((channel for channel in channels if channel.name == GOVERNANCE), None)
    if governance is None:
        raise EvidenceError("genesis", "the genesis of the governance channel is missing", GOVERNANCE)
    genesis = _genesis(document, governance, policy)
    network_id = leaf_hash(governance.data[0]).hex()
    rows: list[ProvenRow] = []
    entries: list[ProvenEntry] = []
    for channel in channels:
        rows += proven_rows(channel, governance, document.network, network_id)
        entries += channel.asked()
    for channel in channels:
        # Last: rows of any channel may rest on entries of governance.
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
        replaced_by=None if record is None or policy == record.anchor.own else record.anchor.own.sha256.hex(),
    )


def _policy(document: Document, given: bytes | None, record: Record | None) -> Policy:
    """Rule 2."""
    own = document.policy.encode()
    known = (given,) if record is None else (given, *(policy.text for policy in record.anchor.policies))
    if given is not None and own not in known:
        raise EvidenceError("policy", _why_unknown(document, own, record), "policy")
    policy = parse_policy(own)
    policy.require_validators(document.network)
    return policy


def _why_unknown(document: Document, own: bytes, record: Record | None) -> str:
    """Whose policy is the older one, or whether the one in the file was changed: only its own leaf can tell."""
    try:
        named = parse_beacon_leaf(document.beacon.leaf.encode(), "beacon.leaf").policy_sha256
    except ChainError:
        named = ""
    if named != sha256(own).hexdigest():
        return "neither yours nor one that yours was replaced by, nor the one its own beacon names: it was changed"
    if record is not None:
        return "the policy in the file is neither yours nor one of the record's"
    return (
        "your policy is older than the one in the file, or another: add --record EXPORT (a newer export), or first "
        "run `gridproof verify EXPORT --policy POLICY --pin`"
    )


def _check_beside(network: str, policy: Policy, beacon: VerifiedCheckpoint, record: Record) -> None:
    """Rule 2: nothing that retired keys have signed counts, unless the current ones have signed what begins with it."""
    where = "beacon.checkpoint"
    if network != record.network:
        raise EvidenceError("network", f"of network {network}, the record is of {record.network}", "network")
    signed, tree = beacon.checkpoint, record.beacon_tree
    if signed.size <= tree.size:
        if tree.root(signed.size) != signed.root:
            sentence = f"at size {signed.size} the beacon of the record has another root: two histories were signed"
            raise EvidenceError("record", sentence, where)
    elif policy != record.anchor.policy:
        sentence = f"signed at size {signed.size} under a policy that was replaced; the record ends at {tree.size}"
        raise EvidenceError("record", sentence, where)


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
    require_root(size, {size - 1: leaf_hash(data)}, document.beacon.nodes, beacon.checkpoint.root, "beacon")
    leaf = parse_beacon_leaf(data, "beacon.leaf")
    if leaf.round != size - 1:
        raise EvidenceError("leaf", f"round {leaf.round} is not the last of {size}", "beacon.leaf")
    if leaf.policy_sha256 != policy.sha256.hex():
        raise EvidenceError("policy", "the record was last signed under another policy", "beacon.leaf")
    return leaf


def _channels(document: Document, leaf: BeaconLeaf) -> list[CheckedChannel]:
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
        found.append(CheckedChannel(part, head.size, from_hex(head.root, HASH_BYTES, part.channel)))
    return found


def _genesis(document: Document, governance: CheckedChannel, policy: Policy) -> Genesis:
    """Rule 6."""
    genesis = governance.genesis(document.network, "")
    policy.require_safe(genesis.faults)
    return genesis
