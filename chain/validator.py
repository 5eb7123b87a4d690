"""Validators' keys and what they may sign (trust rule 3 of `docs/architecture.md`).

A validator cosigns a checkpoint only if
1. the tree is the one it executed itself;
2. its own clock has reached the time of the closing block;
3. it extends the last checkpoint that it signed for that log: never smaller, never a second root for a size;
4. and this is on disk, synced, before the signature leaves.

The embedded deployment keeps several keys in one process that share one execution and one signing state: one trust
domain, which every surface says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from chain.errors import LedgerError
from chain.journal import Journal
from chain.merkle import Tree
from chain.note import Checkpoint, Note, Signature, SigningKey, encode_checkpoint
from chain.policy import Policy

Clock = Callable[[], int]
"""Milliseconds since 1970 UTC."""


class _Signed(msgspec.Struct, frozen=True, array_like=True):
    """One promise: these keys have signed this head of this log."""

    keys: tuple[str, ...]
    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class LogTree:
    """A log as its validators know it."""

    origin: str
    tree: Tree
    time_ms: int
    """Of the closing block (or beacon leaf)."""


class Validators:
    """The keys of one process with their signing state."""

    def __init__(self, keys: Mapping[str, SigningKey], journal: Journal, clock: Clock) -> None:
        self._keys = dict(sorted(keys.items()))
        self._journal = journal
        self._clock = clock
        self._last: dict[tuple[str, str], tuple[int, bytes]] = {}
        decoder = msgspec.msgpack.Decoder(_Signed)
        for record in journal.records():
            try:
                signed = decoder.decode(record)
            except msgspec.DecodeError as error:
                raise LedgerError("signing-state", f"not signing state: {error}", str(journal.path)) from None
            for key in signed.keys:
                self._last[(key, signed.origin)] = (signed.size, signed.root)

    def has_signed(self, origin: str) -> bool:
        """Whether every key has signing state for that log."""
        return all((key.name, origin) in self._last for key in self._keys.values())

    def cosign(self, log: LogTree) -> list[Signature]:
        """Rules 1–4: one cosignature per key on the head of `log`; `LedgerError` otherwise."""
        now = self._clock()
        if now < log.time_ms:
            raise LedgerError("clock", f"the validator's clock {now} is before the block's time {log.time_ms}")
        checkpoint = Checkpoint(log.origin, log.tree.size, log.tree.root())
        for key in self._keys.values():
            self._require_extension(key.name, checkpoint, log.tree)
        names = tuple(key.name for key in self._keys.values())
        self._journal.append(
            msgspec.msgpack.encode(_Signed(names, checkpoint.origin, checkpoint.size, checkpoint.root))
        )
        for name in names:
            self._last[(name, checkpoint.origin)] = (checkpoint.size, checkpoint.root)
        text = encode_checkpoint(checkpoint)
        return [key.cosign(text, now // 1000) for key in self._keys.values()]

    def _require_extension(self, key: str, checkpoint: Checkpoint, tree: Tree) -> None:
        """Rule 3."""
        size, root = self._last.get((key, checkpoint.origin), (0, b""))
        if checkpoint.size < size:
            raise LedgerError("rollback", f"{key} has signed size {size}, this log has {checkpoint.size}")
        if size and tree.root(size) != root:
            raise LedgerError("fork", f"{key} has signed another root at size {size}", checkpoint.origin)


def sign_checkpoint(log: LogTree, log_key: SigningKey, policy: Policy, validators: Validators) -> Note:
    """The signed note of `log`'s head: the log key signs only what already has its quorum."""
    cosignatures = validators.cosign(log)
    named = {key.name: name for name, key in policy.witnesses.items()}
    signers = {named[signature.name] for signature in cosignatures if signature.name in named}
    if not policy.satisfied_by(signers):
        raise LedgerError("no-quorum", "the validators here are no quorum of the policy", log.origin)
    text = encode_checkpoint(Checkpoint(log.origin, log.tree.size, log.tree.root()))
    return Note(text, (log_key.sign(text), *cosignatures))
