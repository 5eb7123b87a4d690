"""Who of this process signs, under which policy: keys, signing state and the policies of the record, together.

1. Under a policy sign those of its validators whose keys are here. A key that the policy does not name signs nothing,
   however often it is in the key file.
2. A key in force that has not signed what the newest round pins has lost its signing state: it could sign a second
   history, so it never signs again. Its validator is to be replaced (`replace-validator`); if the others here are no
   quorum without it, nothing is signed at all. A key that a vote has only just admitted is not in force, and owes
   nothing: at the handover it signs every head before its first round counts.
3. A handover needs both quorums, the beacon's and every channel's log key here, before anything of it is written. Its
   note has room for everybody whom two policies can name, however many votes lie between them (`chain.limits`).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from chain.entry import BeaconLeaf
from chain.errors import LedgerError
from chain.journal import Journal
from chain.layout import BEACON, KEYS, SIGNING_STATE, origin
from chain.ledger import Signing
from chain.ledger_keys import KeyFile
from chain.merkle import Tree
from chain.note import Note, SigningKey, VerifierKey
from chain.outside import Clock
from chain.policy import Policy
from chain.policy_history import PolicyHistory
from chain.validator import LogTree, SigningState, Validators, sign_checkpoint, sign_handover


class Signers:
    """See the module's docstring."""

    def __init__(self, folder: Path, keys: KeyFile, clock: Clock) -> None:
        self.keys = keys
        self.history: PolicyHistory
        self._lost_keys: frozenset[VerifierKey] = frozenset()
        self._folder = folder
        self._state = SigningState(Journal(folder / SIGNING_STATE), clock)

    @property
    def policy(self) -> Policy:
        """In force."""
        return self.history.in_force

    @property
    def lost(self) -> tuple[str, ...]:
        """Validators of the policy in force that are silent because their signing state is lost (rule 2)."""
        return tuple(name for name, key in sorted(self.policy.witnesses.items()) if key in self._lost_keys)

    def close(self) -> None:
        """Release the signing state."""
        self._state.close()

    def resume(self, first: bytes, leaves: Sequence[BeaconLeaf], beacon: Tree) -> None:
        """Rule 2; `first` is the policy of genesis."""
        self.history = PolicyHistory(self._folder, first)
        self.history.read(leaves, beacon, self.keys.name)
        held = self.keys.validators_of(self.policy)
        owed = {origin(self.keys.name, head.channel): head.size for head in leaves[-1].heads} if leaves else {}
        # A kill may have come between the newest round and its signature; those before it were signed.
        owed |= {origin(self.keys.name, BEACON): len(leaves) - 1}
        lost = {
            name: key.verifier_key
            for name, key in held.items()
            if any(self._state.size(key.verifier_key, log) < size for log, size in owed.items())
        }
        self._lost_keys = frozenset(lost.values())
        if not self._validators(self.policy).reach_quorum(self.policy):
            self._refuse(bool(lost) and self.policy.satisfied_by(held.keys()))

    def hold_validator(self, validator: str, seed: bytes) -> VerifierKey:
        """Keep a key. One that is in force already has signed elsewhere: here its state is lost (rule 2)."""
        known = self.keys.validators_of(self.policy).values()
        key = self.keys.hold_validator(validator, seed)
        if key in self.policy.witnesses.values() and key not in [held.verifier_key for held in known]:
            self._lost_keys |= {key}
        return key

    def signing(self, log: str, named_in: Policy) -> Signing:
        """Who signs a log's checkpoints: the policy in force, and the key that `named_in` has for the log."""
        name = origin(self.keys.name, log)
        return Signing(name, self._log_key(named_in, log), self.policy, self._validators(self.policy))

    def next_signing(self, log: str) -> Signing:
        """Who will sign them: the policy that the newest round names and that is not in force yet."""
        named = self.history.named
        return Signing(origin(self.keys.name, log), self._log_key(named, log), named, self._validators(named))

    def sign_beacon(self, beacon: Tree, time_ms: int) -> Note:
        """The beacon's checkpoint."""
        log = LogTree(origin(self.keys.name, BEACON), beacon, time_ms)
        return sign_checkpoint(log, self.log_key(BEACON), self.policy, self._validators(self.policy))

    def sign_handover(self, beacon: Tree, time_ms: int) -> Note:
        """The beacon's checkpoint at its newest round, which names a policy that is not in force yet."""
        log = LogTree(origin(self.keys.name, BEACON), beacon, time_ms)
        old, new = self.policy, self.history.named
        return sign_handover(log, self.log_key(BEACON), old, new, (self._validators(old), self._validators(new)))

    def promise_first_block(self, log: LogTree) -> None:
        """A channel's block 0 is what was voted, byte for byte: whoever has not signed it yet may at any time."""
        if not self._validators(self.policy).has_signed(log.origin):
            self._validators(self.policy).cosign(log)

    def require_handover(self, policy: Policy, logs: Iterable[str]) -> None:
        """Rule 3; `LedgerError` says what is missing."""
        for log in logs:
            self._log_key(policy, log)
        held = self._validators(policy)
        if not held.reach_quorum(policy):
            missing = ", ".join(sorted(policy.witnesses.keys() - held.keys.keys()))
            sentence = f"the next policy's quorum is not here: hold the keys of more of these validators: {missing}"
            raise LedgerError("handover-keys", sentence, KEYS)

    def log_key(self, log: str) -> SigningKey:
        """The key with which a log signs; every policy from its creation on names the same."""
        return self._log_key(self.history.named, log)

    def _log_key(self, policy: Policy, log: str) -> SigningKey:
        name = origin(self.keys.name, log)
        verifier = policy.log_key(name)
        if verifier is None:
            raise LedgerError("keys", f"the policy knows no log {name}", KEYS)
        return self.keys.log_key(verifier)

    def _validators(self, policy: Policy) -> Validators:
        """Rules 1 and 2."""
        held = self.keys.validators_of(policy)
        usable = {name: key for name, key in held.items() if key.verifier_key not in self._lost_keys}
        return Validators(usable, self._state)

    def _refuse(self, is_lost: bool) -> None:
        if is_lost:
            sentence = "the signing state is lost: retire the keys, a restart could sign a fork"
            raise LedgerError("signing-state", f"{sentence} ({', '.join(self.lost)})", SIGNING_STATE)
        raise LedgerError("keys", "the keys in this folder are no quorum of the policy on the record", KEYS)
