"""The policies of a ledger folder, and which of them is in force: `policy/<n>` and `policy/<n>.handover`.

1. Policies are numbered in the order in which the beacon's rounds name them; the first is genesis's.
2. A policy's text is on the disk before the round that names it, so that the round can be read without governance.
3. It is in force from its handover on: that round's checkpoint, signed by a quorum of the policy before and a quorum of
   its own. Until the handover is on the disk the policy before is in force, and no further round can be cut.
4. What a round names and this folder does not have is lost, and not ours to invent: `LedgerError`.
5. What is read again is believed no more than a stranger's export: a handover is verified as a reader verifies it
   (`chain.handover`), for all that the network signs next rests on it.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from chain.durable import make_folders, replace_file
from chain.entry import BeaconLeaf
from chain.errors import ChainError, LedgerError
from chain.handover import check_handover
from chain.layout import handover_path, policy_path
from chain.merkle import Tree
from chain.note import Note, encode_note
from chain.policy import Policy, parse_policy


class PolicyHistory:
    """See the module's docstring."""

    def __init__(self, folder: Path, first: bytes) -> None:
        self._folder = folder
        self.policies = [parse_policy(first)]
        """Those that rounds name, in their order (rule 1)."""
        self.handovers: list[bytes] = []
        """The signed notes that handed over to policies 1, 2, …"""

    @property
    def is_pending(self) -> bool:
        """Whether a round names a policy that is not in force yet."""
        return len(self.handovers) < len(self.policies) - 1

    @property
    def in_force(self) -> Policy:
        """Rule 3."""
        return self.policies[len(self.handovers)]

    @property
    def named(self) -> Policy:
        """The policy that the newest round names."""
        return self.policies[-1]

    def prepare(self, policy: Policy) -> None:
        """Rule 2, for the policy that the next round will name."""
        self._store(policy_path(len(self.policies)), policy.text)

    def announce(self, policy: Policy) -> None:
        """The newest round names `policy`."""
        self.policies.append(policy)

    def complete(self, handover: Note) -> None:
        """Rule 3: from here on the announced policy is in force."""
        note = encode_note(handover)
        self._store(handover_path(len(self.policies) - 1), note)
        self.handovers.append(note)

    def read(self, leaves: Sequence[BeaconLeaf], beacon: Tree, network: str) -> None:
        """What the folder holds of the policies that rounds name; `LedgerError` for what rules 4 and 5 refuse."""
        runs = [list(run) for _, run in groupby(leaves, key=lambda leaf: leaf.policy_sha256)]
        for number, run in enumerate(runs):
            if number:
                self.announce(self._read_policy(number))
            if self.named.sha256.hex() != run[0].policy_sha256:
                raise LedgerError("policy", f"not the policy that round {run[0].round} names", policy_path(number))
            if number:
                may_be_pending = run is runs[-1] and len(run) == 1
                data = self._read_handover(number, may_be_pending=may_be_pending)
                if data is not None:
                    self._check(data, number, network, run[0].round, beacon)
                    self.handovers.append(data)

    def _read_policy(self, number: int) -> Policy:
        try:
            return parse_policy((self._folder / policy_path(number)).read_bytes())
        except OSError as error:
            sentence = f"a beacon round names this policy, and it cannot be read: {error.strerror}"
            raise LedgerError("policy", sentence, policy_path(number)) from None

    def _read_handover(self, number: int, *, may_be_pending: bool) -> bytes | None:
        """None where the newest one has not been made yet (rule 3)."""
        try:
            return (self._folder / handover_path(number)).read_bytes()
        except OSError as error:
            if isinstance(error, FileNotFoundError) and may_be_pending:
                return None
            sentence = f"the note that handed over to this policy cannot be read: {error.strerror}"
            raise LedgerError("handover", sentence, handover_path(number)) from None

    def _check(self, data: bytes, number: int, network: str, first: int, beacon: Tree) -> None:
        """Rule 5."""
        try:
            check_handover(data, number, self.policies, network, first, beacon)
        except ChainError as error:
            raise LedgerError("handover", error.sentence, handover_path(number)) from None

    def _store(self, name: str, data: bytes) -> None:
        store_durably(self._folder / name, data)


def store_durably(path: Path, data: bytes) -> None:
    """Make the file at `path` hold `data`, whole or not at all, through a power cut too."""
    try:
        make_folders(path.parent)
        replace_file(path, data)
    except OSError as error:
        raise LedgerError("disk", f"cannot write: {error.strerror}", str(path)) from error
