"""Exports of a record whose policy changed, made without executing anything: what `open_record` reads, signed by keys
that the tests hold, the retired ones included.

The base is the export of a little network; governance "decides" by entries that are put into its log, so re-execution
would refuse it: only rules that come before re-execution are tested with these.
"""

import atexit
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from chain.errors import ChainError
from chain.export import export_network, seal_all
from chain.handover import AnchorSource
from chain.layout import BEACON, origin, validator_name
from chain.ledger_keys import NetworkKeys
from chain.merkle import Tree
from chain.note import COSIGNATURE_V1, ED25519, Checkpoint, Note, SigningKey, encode_checkpoint, encode_note
from chain.policy import encode_policy
from chain.record import Record, open_record
from tests.chain.little_network import START_MS, found, keys, signer
from tests.chain.tamper.forgery import Forgery

NETWORK = "little"
SIGNED_S = 1_793_700_000
BASE_ROUNDS = 2
"""Of the base's beacon; the round after them names policy 1."""


@dataclass(frozen=True)
class Era:
    """A policy and the keys behind it."""

    keys: NetworkKeys
    threshold: int = 3

    @property
    def policy(self) -> bytes:
        logs = [SigningKey(origin(NETWORK, log), ED25519, seed).verifier_key for log, seed in self.keys.logs.items()]
        witnesses = {name: self.signer(name).verifier_key for name in self.keys.validators}
        return encode_policy(logs, witnesses, self.threshold)

    def signer(self, validator: str) -> SigningKey:
        return SigningKey(validator_name(NETWORK, validator), COSIGNATURE_V1, self.keys.validators[validator])

    def renewed(self, *validators: str) -> "Era":
        """These validators have other keys, derived from their old ones."""
        seeds = dict(self.keys.validators)
        for name in validators:
            seeds[name] = sha256(seeds[name]).digest()
        return replace(self, keys=NetworkKeys(self.keys.logs, seeds))

    def with_log(self, channel: str) -> "Era":
        """Another channel's log beside the others."""
        logs = {**self.keys.logs, channel: sha256(channel.encode()).digest()}
        return replace(self, keys=NetworkKeys(logs, self.keys.validators))


FIRST = Era(keys())
ALL = tuple(sorted(FIRST.keys.validators))
SECOND = FIRST.renewed(*ALL)
"""Everybody has another key: policy 0's keys are worth nothing any more."""
THIRD = SECOND.renewed("regulator")


@cache
def base() -> Path:
    """The export under policy 0."""
    folder = Path(tempfile.mkdtemp(prefix="gridproof-handed-over-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with found(folder / "ledger") as network:
        seal_all(network, signer("regulator"), START_MS + 1_000)
        export_network(network, folder / "export")
    return folder / "export"


def handed_over(*eras: Era, seconds: int = 0) -> Forgery:
    """The base, then a change of policy in a round of its own for each of `eras`, properly handed over.

    `seconds` makes it another history than that of other seconds.
    """
    forged, before = Forgery(base()), FIRST
    for number, era in enumerate(eras, 1):
        change(forged, era, number, START_MS + 60_000 * number + 1_000 * seconds)
        forged.handovers[number] = handover(forged, [before, era])
        before = era
    return forged


def change(forged: Forgery, era: Era, number: int, time_ms: int) -> None:
    """Governance decides policy `number`, and a round of the beacon names it."""
    forged.policies.append(era.policy)
    forged.decide(time_ms, ("alliance.policy", {"number": number, "text": era.policy.decode()}))
    forged.round(time_ms)


def handover(
    forged: Forgery,
    eras: Sequence[Era],
    cosigners: Mapping[int, Sequence[str]] | None = None,
    size: int | None = None,
    root: bytes | None = None,
    log: str = BEACON,
) -> bytes:
    """The beacon's checkpoint at `size` (None: as it is now) by validators of each of `eras`: all, or `cosigners`."""
    tree = Tree()
    tree.extend(forged.entries[log])
    size = tree.size if size is None else size
    text = encode_checkpoint(Checkpoint(origin(NETWORK, log), size, tree.root(size) if root is None else root))
    signatures = [SigningKey(origin(NETWORK, log), ED25519, eras[-1].keys.logs[log]).sign(text)]
    signed: set[tuple[str, bytes]] = set()
    for number, era in enumerate(eras):
        for name in ALL if cosigners is None else cosigners.get(number, ()):
            # Who stays in office signs once, for both sides.
            if (name, era.keys.validators[name]) not in signed:
                signed.add((name, era.keys.validators[name]))
                signatures.append(era.signer(name).cosign(text, SIGNED_S))
    return encode_note(Note(text, tuple(signatures)))


def opened(forged: Forgery, era: Era, folder: Path, policy: bytes | None, source: AnchorSource = "policy") -> Record:
    """What a reader with `policy` gets of the export, whose logs `era` has signed."""
    export = forged.write(folder / "export", era.keys)
    return open_record(export, policy, source if policy is not None else "self-asserted")


def refusal(forged: Forgery, era: Era, folder: Path, policy: bytes | None = FIRST.policy) -> ChainError:
    """The error that such a reader gets."""
    try:
        opened(forged, era, folder, policy)
    except ChainError as error:
        return error
    raise AssertionError("the export was accepted")
