"""Whom a reader trusts: logs, validators and the quorum (C2SP tlog-policy; trust rules 1 and 4).

Rules of `parse_policy`, in the order in which they are enforced; an error names the line:

1. At most `policy_bytes_max` bytes of UTF-8, no control characters but tab and newline, every line ends in a
   newline. Items are parted by spaces and tabs; empty lines and lines that begin with `#` say nothing.
   (C2SP treats bytes beyond ASCII as opaque; here they must be UTF-8, and are compared byte for byte.)
2. `log <vkey> [<url>]` and `witness <name> <vkey> [<url>]`: a log's key is of type 01, a witness's of type 04.
   No public key twice, not even once as log and once as witness; no origin and no key name twice.
3. `group <name> all|any|<k> <member>…` with 1 <= k <= n. Members stand on earlier lines, each in one group at
   most, so a validator counts in one way only. Names are given once; `none` is no name.
4. `quorum <name>`: exactly one line, the name stands on an earlier line; `quorum none` is refused.
5. At most `policy_members_max` logs, witnesses and groups, each.

Rules of `verify_checkpoint`:

1. The text is a checkpoint, of the origin asked for if one is asked for.
2. The policy knows a log key whose name is that origin.
3. The log's signature is there and holds. A signature by a key of the policy that does not hold refuses the
   whole note, as does a second signature by the same key. Signatures by other keys are ignored.
4. The cosignatures reach the quorum.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import NoReturn

from chain.errors import ParseError, PolicyError, SignatureError
from chain.limits import LIMITS
from chain.note import (
    COSIGNATURE_V1,
    ED25519,
    Checkpoint,
    Note,
    VerifierKey,
    parse_checkpoint,
    verify_cosignature,
    verify_signature,
)

NO_QUORUM = "none"
"""C2SP's predefined name for "no cosignature needed": never accepted here."""

QUORUM_GROUP = "validators"
"""Name of the one group that `encode_policy` writes."""

_BLANK = re.compile(r"[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class Group:
    """`threshold` of `members` must have signed."""

    name: str
    """Unique among witnesses and groups."""
    threshold: int
    """1 to the number of members."""
    members: tuple[str, ...]
    """Names of witnesses or earlier groups."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Known logs, known validators, and which sets of validators are a quorum."""

    text: bytes
    """The file, byte for byte."""
    logs: tuple[VerifierKey, ...]
    """In the order of the file."""
    witnesses: Mapping[str, VerifierKey] = field(hash=False)
    """By name in the policy, in the order of the file."""
    groups: Mapping[str, Group] = field(hash=False)
    """By name, in the order of the file: members stand before the group."""
    quorum: str
    """Name of a witness or group."""

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the file: what a beacon leaf names."""
        return sha256(self.text).digest()

    def log_key(self, origin: str) -> VerifierKey | None:
        """The key of the log with that origin."""
        return next((key for key in self.logs if key.name == origin), None)

    def satisfied_by(self, names: Collection[str]) -> bool:
        """Whether the witnesses of these policy names are a quorum; other names count for nothing."""
        given = {name: int(name in names) for name in self.witnesses}
        for group in self.groups.values():
            given[group.name] = int(sum(given[member] for member in group.members) >= group.threshold)
        return given[self.quorum] == 1

    def survives(self) -> tuple[int, int]:
        """(faults_fork, faults_stop), both exact.

        faults_fork: so many lying validators cannot get two quorums to sign two histories: any two quorums
        share more than that. -1: two quorums may share nobody, honest validators alone can be split.
        faults_stop: so many silent validators, whichever they are, still leave a quorum.
        """
        return self._shared_min() - 1, self._blocking_min() - 1

    def require_safe(self, faults: int) -> None:
        """Raise `PolicyError` unless any two quorums share more than `faults` validators."""
        if type(faults) is not int or faults < 0:
            raise PolicyError("policy-faults", f"{faults!r} is no number of faulty validators")
        shared = self._shared_min()
        if shared <= faults:
            sentence = f"two quorums may share only {shared} validators; {faults} faulty ones need more than {faults}"
            raise PolicyError("policy-unsafe", sentence)

    def require_validators(self, network: str) -> None:
        """Raise `PolicyError` unless every witness signs as a validator of `network` (trust rule 1)."""
        for name, key in self.witnesses.items():
            if not key.name.startswith(f"gridproof/{network}/validator/"):
                raise PolicyError("policy-witness", f"{key.name} is no validator of network {network}", name)

    def _shared_min(self) -> int:
        """The fewest witnesses that two quorums share.

        Every name is a member once, so the members of a group are independent of each other: two choices of k
        members out of n must share 2k - n of them, and it is best for them to share the cheapest.
        """
        return self._fold(lambda group: 2 * group.threshold - len(group.members))

    def _blocking_min(self) -> int:
        """The fewest witnesses whose silence leaves no quorum: n - k + 1 members of a group, the cheapest."""
        return self._fold(lambda group: len(group.members) - group.threshold + 1)

    def _fold(self, members_counted: Callable[[Group], int]) -> int:
        """Sum of the cheapest `members_counted(group)` members, from witnesses (1 each) up to the quorum."""
        cost = dict.fromkeys(self.witnesses, 1)
        for group in self.groups.values():
            counted = max(0, members_counted(group))
            cost[group.name] = sum(sorted(cost[member] for member in group.members)[:counted])
        return cost[self.quorum]


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A checkpoint that its log and a quorum of the policy signed."""

    checkpoint: Checkpoint
    """What was signed."""
    log_key: VerifierKey
    """By which log."""
    cosigners: tuple[tuple[str, int], ...]
    """(policy name, time in seconds) of every valid cosignature, in the order of the policy."""
    quorum_time_s: int
    """The latest time t such that the cosignatures of time >= t are a quorum."""


def parse_policy(data: bytes) -> Policy:
    """Read a policy file; `PolicyError` with the number of the line that breaks a rule."""
    if len(data) > LIMITS.policy_bytes_max:
        raise PolicyError("policy-length", f"{len(data)} bytes, more than {LIMITS.policy_bytes_max}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise PolicyError("policy-utf8", "not UTF-8", f"byte {error.start}") from error
    *lines, rest = text.split("\n")
    reader = _Reader()
    for reader.number, line in enumerate(lines, 1):
        reader.read(line)
    if rest:
        reader.number += 1
        reader.refuse("form", "the last line does not end in a newline")
    if not reader.quorum:
        raise PolicyError("policy-quorum", "no quorum line")
    witnesses, groups = MappingProxyType(reader.witnesses), MappingProxyType(reader.groups)
    return Policy(data, tuple(reader.logs), witnesses, groups, reader.quorum)


def encode_policy(logs: Sequence[VerifierKey], witnesses: Mapping[str, VerifierKey], threshold: int) -> bytes:
    """A policy file: any `threshold` of the witnesses are a quorum. Logs by origin, witnesses by name."""
    names = sorted(witnesses)
    lines = [f"log {key}" for key in sorted(logs, key=str)]
    lines += [f"witness {name} {witnesses[name]}" for name in names]
    lines += [f"group {QUORUM_GROUP} {threshold} {' '.join(names)}", f"quorum {QUORUM_GROUP}"]
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
    policy = parse_policy(data)
    if set(policy.logs) != set(logs) or policy.witnesses != witnesses:
        raise PolicyError("policy-name", "a name cannot be written in a policy")
    return data


def verify_checkpoint(note: Note, policy: Policy, origin: str | None = None) -> VerifiedCheckpoint:
    """The checkpoint in `note`, if the policy accepts it (rules in the module docstring).

    Raises `ParseError` (no checkpoint), `PolicyError` (origin, unknown log, no log signature, no quorum) or
    `SignatureError` (a known key's signature does not hold).
    """
    checkpoint = parse_checkpoint(note.text)
    if origin is not None and checkpoint.origin != origin:
        raise PolicyError("policy-origin", f"a checkpoint of {checkpoint.origin}, not of {origin}")
    log_key = policy.log_key(checkpoint.origin)
    if log_key is None:
        raise PolicyError("policy-log", f"the policy knows no log {checkpoint.origin}")
    signed_at = _verify_known(note, policy)
    if log_key not in signed_at:
        sentence = "the log has not signed with the key that this policy names"
        raise PolicyError("policy-log", sentence, checkpoint.origin)
    cosigners = tuple((name, signed_at[key]) for name, key in policy.witnesses.items() if key in signed_at)
    return VerifiedCheckpoint(checkpoint, log_key, cosigners, _quorum_time(cosigners, policy, checkpoint.origin))


def require_known_signers(note: Note, *policies: Policy) -> None:
    """`SignatureError` where `note` carries a signature by a key that none of `policies` names.

    C2SP lets a client ignore strangers' signatures. In an export, and in evidence, they are bytes that nobody vouches
    for: they are refused.
    """
    known = {(key.name, key.key_id) for policy in policies for key in (*policy.logs, *policy.witnesses.values())}
    for signature in note.signatures:
        if (signature.name, signature.key_id) not in known:
            sentence = f"signed by {signature.name} with an unknown key: no policy names it"
            raise SignatureError("unknown-key", sentence)


def _verify_known(note: Note, policy: Policy) -> dict[VerifierKey, int]:
    """Time in seconds (0 of a log) by key, of every signature that a key of the policy made."""
    known = {(key.name, key.key_id): key for key in (*policy.logs, *policy.witnesses.values())}
    signed_at: dict[VerifierKey, int] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if key in signed_at:
            raise SignatureError("signature-twice", "two signatures by one key", key.name)
        if key.algorithm == COSIGNATURE_V1:
            signed_at[key] = verify_cosignature(note.text, signature, key)
        else:
            verify_signature(note.text, signature, key)
            signed_at[key] = 0
    return signed_at


def _quorum_time(cosigners: Sequence[tuple[str, int]], policy: Policy, origin: str) -> int:
    for time_s in sorted({time_s for _, time_s in cosigners}, reverse=True):
        if policy.satisfied_by({name for name, signed_at in cosigners if signed_at >= time_s}):
            return time_s
    signers = ", ".join(name for name, _ in cosigners) or "nobody"
    raise PolicyError("policy-quorum", f"no quorum: cosigned by {signers}", origin)


class _Reader:
    """What the lines so far have defined."""

    def __init__(self) -> None:
        self.number = 0
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.quorum = ""
        self._public_keys: set[bytes] = set()
        self._key_names: set[str] = set()
        self._members: set[str] = set()

    def read(self, line: str) -> None:
        if _CONTROL.search(line):
            self.refuse("control", "a control character other than tab and newline")
        items = [item for item in _BLANK.split(line) if item]
        if not items or items[0].startswith("#"):
            return
        keyword, arguments = items[0], items[1:]
        if keyword == "log" and len(arguments) in (1, 2):
            self._read_log(arguments[0])
        elif keyword == "witness" and len(arguments) in (2, 3):
            self._read_witness(arguments[0], arguments[1])
        elif keyword == "group" and len(arguments) >= 3:
            self._read_group(arguments[0], arguments[1], arguments[2:])
        elif keyword == "quorum" and len(arguments) == 1:
            self._read_quorum(arguments[0])
        else:
            self.refuse("form", f"no line of a policy: {keyword} with {len(arguments)} items")

    def refuse(self, code: str, sentence: str) -> NoReturn:
        raise PolicyError(f"policy-{code}", sentence, f"line {self.number}")

    def _read_log(self, vkey: str) -> None:
        self._require_room(len(self.logs), "logs")
        self.logs.append(self._read_key(vkey, ED25519))

    def _read_witness(self, name: str, vkey: str) -> None:
        self._require_room(len(self.witnesses), "witnesses")
        self._require_free(name)
        self.witnesses[name] = self._read_key(vkey, COSIGNATURE_V1)

    def _read_group(self, name: str, rule: str, members: list[str]) -> None:
        self._require_room(len(self.groups), "groups")
        self._require_free(name)
        for member in members:
            self._require_defined(member)
            if member in self._members:
                self.refuse("member", f"{member} is a member already")
            self._members.add(member)
        self.groups[name] = Group(name, self._read_threshold(rule, len(members)), tuple(members))

    def _read_threshold(self, rule: str, members: int) -> int:
        if rule in ("all", "any"):
            return members if rule == "all" else 1
        if not _THRESHOLD.fullmatch(rule) or int(rule) > members:
            self.refuse("threshold", f"{rule} of {members} members: all, any or a number from 1 to {members}")
        return int(rule)

    def _read_quorum(self, name: str) -> None:
        if self.quorum:
            self.refuse("quorum", "a second quorum line")
        if name == NO_QUORUM:
            self.refuse("quorum", "quorum none lets a log speak for itself")
        self._require_defined(name)
        self.quorum = name

    def _read_key(self, vkey: str, algorithm: int) -> VerifierKey:
        try:
            key = VerifierKey.parse(vkey)
        except ParseError as error:
            raise PolicyError("policy-key", f"no verifier key: {error}", f"line {self.number}") from error
        if key.algorithm != algorithm:
            self.refuse("key", f"{key.name} is of signature type {key.algorithm}, not {algorithm}")
        if key.public_key in self._public_keys:
            self.refuse("key", f"{key.name} has the same public key as an earlier line")
        if key.name in self._key_names:
            self.refuse("key", f"a second key of the name {key.name}")
        self._public_keys.add(key.public_key)
        self._key_names.add(key.name)
        return key

    def _require_room(self, count: int, what: str) -> None:
        if count == LIMITS.policy_members_max:
            self.refuse("limit", f"more than {LIMITS.policy_members_max} {what}")

    def _require_free(self, name: str) -> None:
        if name == NO_QUORUM or name in self.witnesses or name in self.groups:
            self.refuse("name", f"the name {name} is taken")

    def _require_defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            self.refuse("member", f"{name} is not defined on an earlier line")
