"""Validators' keys and what they may sign (trust rule 3 of `docs/architecture.md`).

A validator cosigns a checkpoint only if
1. the tree is the one it executed itself;
2. its own clock has reached the time of the closing block;
3. it extends the last checkpoint that it signed for that log: never smaller, never a second root for a size;
4. and this is on disk, synced, before the signature leaves.

The embedded deployment keeps several keys in one process that share one execution and one signing state: one trust
domain, which every surface says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from chain.errors import LedgerError
from chain.frontier import Rooted
from chain.journal import Journal
from chain.note import Checkpoint, Note, Signature, SigningKey, VerifierKey, encode_checkpoint
from chain.outside import Clock
from chain.policy import Policy


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    """One promise: these keys have signed this head of this log."""

    keys: tuple[str, ...]
    """`<name>+<key id>`: a validator whose key is replaced keeps its name."""
    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class LogTree:
    """A log as its validators know it."""

    origin: str
    tree: Rooted
    time_ms: int
    """Of the closing block (or beacon leaf)."""


class SigningState:
    """What every key of this process has promised, under whichever policy."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._last: dict[tuple[str, str], tuple[int, bytes]] = {}
        decoder = msgspec.msgpack.Decoder(_Signed)
        for record in journal.records():
            try:
                signed = decoder.decode(record)
            except (msgspec.DecodeError, ValueError) as error:
                raise LedgerError("signing-state", f"not signing state: {error}", str(journal.path)) from None
            for key in signed.keys:
                self._last[(key, signed.origin)] = (signed.size, signed.root)

    def size(self, key: VerifierKey, origin: str) -> int:
        """The size of that log that this key has signed last; 0 where it has signed none."""
        return self._last.get((_told(key), origin), (0, b""))[0]

    def cosign(self, log: LogTree, keys: Sequence[SigningKey]) -> list[Signature]:
        """Rules 1–4: one cosignature per key on the head of `log`; `LedgerError` otherwise."""
        now = self._clock()
        if now < log.time_ms:
            raise LedgerError("clock", f"the validator's clock {now} is before the block's time {log.time_ms}")
        checkpoint = Checkpoint(log.origin, log.tree.size, log.tree.root())
        names = tuple(_told(key.verifier_key) for key in keys)
        for name in names:
            self._require_extension(name, checkpoint, log.tree)
        promise = _Signed(names, checkpoint.origin, checkpoint.size, checkpoint.root)
        self._journal.append(msgspec.msgpack.encode(promise))
        for name in names:
            self._last[(name, checkpoint.origin)] = (checkpoint.size, checkpoint.root)
        text = encode_checkpoint(checkpoint)
        return [key.cosign(text, now // 1000) for key in keys]

    def close(self) -> None:
        """Release the file."""
        self._journal.close()

    def _require_extension(self, key: str, checkpoint: Checkpoint, tree: Rooted) -> None:
        """Rule 3."""
        size, root = self._last.get((key, checkpoint.origin), (0, b""))
        if checkpoint.size < size:
            raise LedgerError("rollback", f"{key} has signed size {size}, this log has {checkpoint.size}")
        if size and tree.root(size) != root:
            raise LedgerError("fork", f"{key} has signed another root at size {size}", checkpoint.origin)


class Validators:
    """The validators of one policy whose keys are in this process: one execution, one signing state."""

    def __init__(self, keys: Mapping[str, SigningKey], state: SigningState) -> None:
        """`keys` by name in the policy."""
        self.keys = dict(sorted(keys.items()))
        self.state = state

    def has_signed(self, origin: str) -> bool:
        """Whether every key has signing state for that log."""
        return all(self.state.size(key.verifier_key, origin) for key in self.keys.values())

    def cosign(self, log: LogTree) -> list[Signature]:
        """One cosignature per key on the head of `log`, by name in the policy; `LedgerError` otherwise."""
        return self.state.cosign(log, tuple(self.keys.values()))

    def reach_quorum(self, policy: Policy) -> bool:
        """Whether these are a quorum of `policy`: they have its names and its keys."""
        witnesses = policy.witnesses
        return policy.satisfied_by({name for name, key in self.keys.items() if witnesses.get(name) == key.verifier_key})


def sign_checkpoint(log: LogTree, log_key: SigningKey, policy: Policy, validators: Validators) -> Note:
    """The signed note of `log`'s head: the log key signs only what has its quorum, and nobody promises without one."""
    if not validators.reach_quorum(policy):
        raise LedgerError("no-quorum", "the validators here are no quorum of the policy", log.origin)
    return _sign(log, log_key, list(validators.keys.values()), validators.state)


def sign_handover(
    log: LogTree, log_key: SigningKey, old: Policy, new: Policy, both: tuple[Validators, Validators]
) -> Note:
    """The signed note of the beacon's head with a quorum of the policy that retires and of the one that follows it."""
    for policy, validators in zip((old, new), both, strict=True):
        if not validators.reach_quorum(policy):
            raise LedgerError("no-quorum", "a policy changes with the quorum of both, old and new", log.origin)
    keys = {key.verifier_key: key for validators in both for key in validators.keys.values()}
    return _sign(log, log_key, list(keys.values()), both[0].state)


def _sign(log: LogTree, log_key: SigningKey, keys: Sequence[SigningKey], state: SigningState) -> Note:
    cosignatures = state.cosign(log, keys)
    text = encode_checkpoint(Checkpoint(log.origin, log.tree.size, log.tree.root()))
    return Note(text, (log_key.sign(text), *cosignatures))


def _told(key: VerifierKey) -> str:
    """As the state names it."""
    return f"{key.name}+{key.key_id.hex()}"
