"""From the policy that a reader trusts to the newest of the record (trust rules 1 and 4; `docs/format.md` section 9).

A record's policies are those that the rounds of its beacon name, oldest first; each change is handed over by the beacon
checkpoint of the first round that names the new policy. In this order:

1. Every policy reads as one, names validators of this network only, and any two of its quorums share more validators
   than the f of genesis.
2. Policy 0 is that of genesis; the others are those that the rounds name, no more and no fewer, in that order.
3. Every handover is signed by the beacon's log and a quorum of the policy before it, by the same and a quorum of the
   policy that it brings, and by nobody whom neither names: retired keys alone cannot bring a policy, nor can new ones.
4. Its size and root are those of the beacon's log at the first round that names the new policy: a handover of another
   history, or of another moment, is none.
5. A reader whose policy is one of these trusts the newest through the handovers that follow theirs. Whose policy is
   none of them judges the newest checkpoints by it as it is: it may ask for more than the record's own, and must hold
   beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Literal

from chain.entry import BeaconLeaf
from chain.errors import ChainError, ExportError, PolicyError
from chain.layout import BEACON, POLICY_FOLDER, handover_path, origin, policy_path
from chain.limits import LIMITS
from chain.merkle import Tree
from chain.note import Note, parse_note
from chain.policy import Policy, VerifiedCheckpoint, parse_policy, require_known_signers, verify_checkpoint
from chain.reader import ExportReader

AnchorSource = Literal["policy", "pinned", "self-asserted"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Whom the reader trusts."""

    policy: Policy
    """By which the newest checkpoints are judged: the record's newest, where rule 5 leads there, else the reader's."""
    source: AnchorSource
    """`policy`: handed in by the reader; `pinned`: pinned earlier; `self-asserted`: the export's own word."""
    policies: tuple[Policy, ...]
    """The record's, oldest first: no anchor, but they must hold too."""
    start: int | None
    """Which of them the reader's is; None where it is none of them, or self-asserted."""

    @property
    def own(self) -> Policy:
        """The record's newest policy, which its signers claim."""
        return self.policies[-1]

    @property
    def judges(self) -> tuple[Policy, ...]:
        """The policies that every checkpoint of the record must satisfy, the reader's first."""
        return (self.policy,) if self.policy == self.own else (self.policy, self.own)

    @property
    def is_readers(self) -> bool:
        """Whether trust comes from the reader and not from the export."""
        return self.source != "self-asserted"


@dataclass(frozen=True, slots=True)
class Handover:
    """A change of policy, as both sides signed it (rules 3 and 4)."""

    number: int
    """Of the policy that came into force, from 1."""
    round: int
    """The first round of the beacon that names it."""
    retiring: tuple[str, ...]
    """Validators of the policy before that signed, by name in that policy."""
    arriving: tuple[str, ...]
    """Validators of the new policy that signed, by name in it."""
    quorum_time_s: int
    """When both quorums had signed, seconds UTC."""


def exported_policies(reader: ExportReader) -> list[bytes]:
    """Every policy that the export carries, oldest first: hints."""
    found: list[bytes] = []
    while (reader.folder / policy_path(len(found))).is_file():
        if len(found) >= LIMITS.policies_max:
            raise ExportError("too-many", f"more than {LIMITS.policies_max} policies", POLICY_FOLDER)
        found.append(reader.read(policy_path(len(found))))
    if not found or (reader.folder / handover_path(len(found))).is_file():
        raise ExportError("missing", "the file is missing, a policy of the record", policy_path(len(found)))
    return found


def open_anchor(reader: ExportReader, given: bytes | None, source: AnchorSource, network: str) -> Anchor:
    """Rules 1 (but for f, which nobody has read yet) and 5. `given` is the reader's policy, None takes the export's."""
    policies = []
    for number, text in enumerate(exported_policies(reader)):
        try:
            policies.append(parse_policy(text))
            policies[-1].require_validators(network)
        except ChainError as error:
            raise error.at(policy_path(number)) from None
    if given is None:
        return Anchor(policies[-1], "self-asserted", tuple(policies), None)
    reader_policy = parse_policy(given)
    reader_policy.require_validators(network)
    # The last of them: a network may come back to a policy that it has left.
    start = next((n for n in reversed(range(len(policies))) if policies[n].text == given), None)
    judged_by = reader_policy if start is None else policies[-1]
    return Anchor(judged_by, source, tuple(policies), start)


def check_policies(anchor: Anchor, first: str, faults: int, leaves: Sequence[BeaconLeaf]) -> None:
    """Rules 1 and 2; `first` is the policy in genesis, `faults` its f."""
    if anchor.policies[0].text != first.encode():
        raise ExportError("policy", "not the policy of genesis", policy_path(0))
    named = [digest for digest, _ in groupby(leaf.policy_sha256 for leaf in leaves)]
    for number, (policy, digest) in enumerate(zip_longest(anchor.policies, named)):
        where = policy_path(number)
        if policy is None:
            raise ExportError("missing", f"the beacon names a policy with SHA-256 {digest}", where)
        if digest is None:
            raise ExportError("policy", f"the beacon's rounds name {len(named)} policies, not this one", where)
        if policy.sha256.hex() != digest:
            sentence = f"SHA-256 is {policy.sha256.hex()}; the beacon's rounds name {digest} as policy {number}"
            raise ExportError("policy", sentence, where)
        try:
            policy.require_safe(faults)
        except PolicyError as error:
            raise error.at(where) from None
    anchor.policy.require_safe(faults)


def check_handovers(
    reader: ExportReader, policies: Sequence[Policy], network: str, leaves: Sequence[BeaconLeaf], tree: Tree
) -> tuple[Handover, ...]:
    """Rules 3 and 4 for every change; `policies`, `leaves` and the beacon's `tree` have been compared (rule 2)."""
    firsts = [r for r in range(1, len(leaves)) if leaves[r].policy_sha256 != leaves[r - 1].policy_sha256]
    return tuple(
        check_handover(reader.read(handover_path(number)), number, policies, network, first, tree)
        for number, first in enumerate(firsts, 1)
    )


def check_handover(
    data: bytes, number: int, policies: Sequence[Policy], network: str, first: int, tree: Tree
) -> Handover:
    """Rules 3 and 4 for the note of one change: to policy `number`, which round `first` is the first to name."""
    where = handover_path(number)
    before, after = policies[number - 1], policies[number]
    try:
        note = parse_note(data)
        require_known_signers(note, before, after)
        retiring = _signed(note, before, number - 1, network)
        arriving = _signed(note, after, number, network)
    except ChainError as error:
        raise error if error.where == where else error.at(where) from None
    signed = retiring.checkpoint
    if signed.size != first + 1:
        sentence = f"signed for the beacon at size {signed.size}; policy {number} came into force at size {first + 1}"
        raise ExportError("handover", f"{sentence}, with round {first}", where)
    if signed.root != tree.root(first + 1):
        sentence = f"signed for the root {signed.root.hex()}; the beacon's at size {first + 1} is"
        raise ExportError("handover", f"{sentence} {tree.root(first + 1).hex()}", where)
    return Handover(
        number=number,
        round=first,
        retiring=tuple(name for name, _ in retiring.cosigners),
        arriving=tuple(name for name, _ in arriving.cosigners),
        quorum_time_s=max(retiring.quorum_time_s, arriving.quorum_time_s),
    )


def _signed(note: Note, policy: Policy, number: int, network: str) -> VerifiedCheckpoint:
    """Rule 3 for one side."""
    try:
        return verify_checkpoint(note, policy, origin(network, BEACON))
    except ChainError as error:
        sentence = f"as policy {number} must sign it: {error.sentence}"
        raise type(error)(error.code, sentence, error.where) from None
