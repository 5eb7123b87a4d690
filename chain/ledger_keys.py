"""The keys of a ledger folder (`keys.json`), and the lock that keeps a second process out.

1. One process per ledger folder: whoever opens it holds its lock until it closes it or dies. A new one is for its owner
   only: it holds the rows of channels that others may not read.
2. The key file is one's own (`chain.secret_file`): others can neither read nor change it; it is replaced whole. A
   key is on the disk before it signs anything and before its verifier key is told to anyone.
3. Keys are added, never taken away. A validator or log may have several: which of them signs is the policy's decision,
   so a retired key in this file never signs again, and one that nobody has admitted does not sign yet.
"""

import fcntl
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from chain.errors import ChainError, LedgerError
from chain.layout import BEACON, KEYS, LOCK, check_channel, origin, validator_name
from chain.limits import LIMITS
from chain.note import COSIGNATURE_V1, ED25519, SigningKey, VerifierKey
from chain.policy import Policy
from chain.secret_file import create_secret_file, read_secret_file, replace_secret_file
from chain.text import check_name, from_hex

_SEED_BYTES = 32
_OWN_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class NetworkKeys:
    """Seeds of the logs' and validators' keys, 32 bytes each, by log and by validator: those of the founding."""

    logs: Mapping[str, bytes] = field(repr=False)
    validators: Mapping[str, bytes] = field(repr=False)


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds: seeds in hex, the oldest first."""

    logs: dict[str, tuple[str, ...]]
    name: str
    validators: dict[str, tuple[str, ...]]


class KeyFile:
    """The keys that this folder holds, by what they verify as."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path = path
        self._data = data
        try:
            self._content = msgspec.json.decode(data, type=_Content)
            self.name = check_name(self._content.name, "name")
            self._keys = {key.verifier_key: key for key in _keys_of(self._content)}
        except (msgspec.DecodeError, ValueError, ChainError) as error:
            raise LedgerError("key-file", f"not a key file: {error}", str(path)) from None

    @classmethod
    def create(cls, folder: Path, name: str, keys: NetworkKeys) -> "KeyFile":
        """The key file of a new network."""
        content = _Content(
            logs={log: (seed.hex(),) for log, seed in sorted(keys.logs.items())},
            name=name,
            validators={validator: (seed.hex(),) for validator, seed in sorted(keys.validators.items())},
        )
        data = msgspec.json.encode(content)
        made = cls(folder / KEYS, data)
        create_secret_file(folder / KEYS, data)
        return made

    @classmethod
    def read(cls, folder: Path) -> "KeyFile":
        """Rule 2; `ChainError` for a file that others can read, and for one that holds no keys."""
        return cls(folder / KEYS, read_secret_file(folder / KEYS, LIMITS.key_file_bytes_max))

    def hold_validator(self, validator: str, seed: bytes) -> VerifierKey:
        """Keep a key for a validator, durably; what it verifies as."""
        key = SigningKey(validator_name(self.name, validator), COSIGNATURE_V1, seed)
        held = self._content.validators
        self._hold(key, msgspec.structs.replace(self._content, validators=_added(held, validator, seed)))
        return key.verifier_key

    def hold_log(self, channel: str, seed: bytes) -> VerifierKey:
        """Keep a key for a channel's log, durably; what it verifies as."""
        key = SigningKey(origin(self.name, check_channel(channel)), ED25519, seed)
        self._hold(key, msgspec.structs.replace(self._content, logs=_added(self._content.logs, channel, seed)))
        return key.verifier_key

    def log_key(self, log: VerifierKey) -> SigningKey:
        """The key behind a log's verifier key; `LedgerError` where it is not here."""
        key = self._keys.get(log)
        if key is None:
            raise LedgerError("keys", f"the key of the log {log.name} that the policy names is not here", KEYS)
        return key

    def validators_of(self, policy: Policy) -> dict[str, SigningKey]:
        """Those of the policy's validators whose keys are here, by name in the policy (rule 3)."""
        return {name: self._keys[key] for name, key in policy.witnesses.items() if key in self._keys}

    def _hold(self, key: SigningKey, content: _Content) -> None:
        """Rule 2."""
        if key.verifier_key in self._keys:
            return
        data = msgspec.json.encode(content)
        replace_secret_file(self._path, self._data, data)
        self._data, self._content = data, content
        self._keys[key.verifier_key] = key


def lock_folder(folder: Path, *, create: bool) -> int:
    """Rule 1: the lock, an open file that whoever gets it must close. `LedgerError` where another process holds it."""
    try:
        if create:
            folder.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise LedgerError("exists", "a new network needs an empty folder", str(folder))
            folder.chmod(_OWN_FOLDER)
        elif not (folder / KEYS).is_file():
            raise LedgerError("no-ledger", "there is no ledger in this folder", str(folder))
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LedgerError("folder", f"cannot be used as a ledger folder: {error.strerror}", str(folder)) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        sentence = "another process uses this ledger folder: wait until it has finished, or end it"
        raise LedgerError("locked", sentence, str(folder)) from None
    return lock


def _keys_of(content: _Content) -> Iterable[SigningKey]:
    for log, seeds in content.logs.items():
        name = origin(content.name, log if log == BEACON else check_channel(log))
        yield from (SigningKey(name, ED25519, from_hex(seed, _SEED_BYTES, f"a seed of {log}")) for seed in seeds)
    for validator, seeds in content.validators.items():
        name = validator_name(content.name, validator)
        yield from (
            SigningKey(name, COSIGNATURE_V1, from_hex(seed, _SEED_BYTES, f"a seed of {validator}")) for seed in seeds
        )


def _added(held: dict[str, tuple[str, ...]], name: str, seed: bytes) -> dict[str, tuple[str, ...]]:
    return dict(sorted({**held, name: (*held.get(name, ()), seed.hex())}.items()))
