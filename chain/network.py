"""A whole network in one process: governance, market areas, the beacon (the `embedded` deployment).

1. Validators are keys in this process; they share one execution and one signing state, one trust domain.
2. Channels import accounts through the beacon, so a registration is usable on an area after the next beacon round.
3. A block is cut when the caller says so; time comes from the clock that was handed in.
4. One process per ledger folder: the folder is locked.
"""

import contextlib
import fcntl
import os
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from chain.beacon import GovernanceFeed, check_import, check_round, governance_size
from chain.contract import Contract
from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS, code_of, resolve_contracts
from chain.entry import FORMAT, BeaconLeaf, Event, Genesis, Operator, encode_entry, parse_beacon_leaf
from chain.errors import LedgerError
from chain.imports import GOVERNANCE
from chain.journal import Journal
from chain.layout import BEACON, KEYS, LOCK, SIGNING_STATE, check_channel, journal_path, origin, validator_name
from chain.ledger import ChannelLedger, Signing, read_genesis
from chain.merkle import Tree, leaf_hash
from chain.note import COSIGNATURE_V1, ED25519, Note, SigningKey
from chain.parquet import ENCODER
from chain.policy import Policy, encode_policy, parse_policy
from chain.release import RELEASE
from chain.replica import CommittedBlock
from chain.signatures import ThreadedCheck
from chain.text import check_name
from chain.transaction import SignedTransaction
from chain.validator import Clock, LogTree, Validators, sign_checkpoint


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What a network is born with."""

    name: str
    areas: Mapping[str, str]
    """Channel → administrative code, per market area."""
    time_ms: int
    """Time of block 0 of every channel."""
    operators: tuple[Operator, ...]
    validators: tuple[str, ...] = ("dispatcher", "national_centre", "provincial_centre", "regulator")
    threshold: int = 3
    faults: int = 1
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Contract name → parameters, the same on every area."""


@dataclass(frozen=True, slots=True)
class NetworkKeys:
    """Seeds of the logs' and validators' keys, 32 bytes each, by log and by validator."""

    logs: Mapping[str, bytes] = field(repr=False)
    validators: Mapping[str, bytes] = field(repr=False)


def derive_keys(config: NetworkConfig, seed_of: Callable[[str], bytes]) -> NetworkKeys:
    """Keys for every log and validator of `config`; `seed_of(label)` gives 32 bytes."""
    logs = (BEACON, GOVERNANCE, *config.areas)
    return NetworkKeys(
        {log: seed_of(f"log/{log}") for log in logs},
        {validator: seed_of(f"validator/{validator}") for validator in config.validators},
    )


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    logs: dict[str, str]
    name: str
    validators: dict[str, str]


class Network:
    """See the module's docstring."""

    def __init__(self, folder: Path, name: str, keys: NetworkKeys, clock: Clock, lock: int) -> None:
        self.folder = folder
        self.name = name
        self.clock = clock
        self.channels: dict[str, ChannelLedger] = {}
        self.leaves: list[BeaconLeaf] = []
        self.beacon_entries: list[bytes] = []
        self.beacon_checkpoint: Note | None = None
        self._lock = lock
        self._log_keys = {log: SigningKey(origin(name, log), ED25519, seed) for log, seed in keys.logs.items()}
        validators = {
            validator: SigningKey(validator_name(name, validator), COSIGNATURE_V1, seed)
            for validator, seed in keys.validators.items()
        }
        self._validator_keys = validators
        self._signing_journal = Journal(folder / SIGNING_STATE)
        self._validators = Validators(validators, self._signing_journal, clock)
        self._beacon_journal = Journal(folder / journal_path(BEACON))
        self._beacon_tree = Tree()
        self._check_signers = ThreadedCheck()
        self._feed = GovernanceFeed()
        self._fed = 0
        self.policy: Policy

    def __enter__(self) -> "Network":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @classmethod
    def create(cls, folder: Path, config: NetworkConfig, keys: NetworkKeys, clock: Clock) -> "Network":
        """Begin a network in an empty folder: block 0 of every channel, beacon round 0."""
        check_name(config.name, "network")
        for area in config.areas:
            check_channel(area)
        _require_reached(clock, config.time_ms)
        lock = _lock(folder, create=True)
        with contextlib.ExitStack() as held:
            held.callback(os.close, lock)
            _write_keys(folder, config.name, keys)
            network = cls(folder, config.name, keys, clock, lock)
            held.pop_all()
            held.callback(network.close)
            network._found(config)
            held.pop_all()
        return network

    @classmethod
    def open(cls, folder: Path, clock: Clock) -> "Network":
        """Come back after a stop or a kill: every journal is executed again."""
        lock = _lock(folder, create=False)
        with contextlib.ExitStack() as held:
            held.callback(os.close, lock)
            name, keys = _read_keys(folder)
            network = cls(folder, name, keys, clock, lock)
            held.pop_all()
            held.callback(network.close)
            network._read_beacon()
            network._reopen_all()
            network._resume_beacon()
            held.pop_all()
        return network

    @property
    def network_id(self) -> str:
        """Leaf hash of the governance genesis, hex."""
        return self.channels[GOVERNANCE].replica.address.network

    def commit(self, channel: str, time_ms: int, transactions: Sequence[SignedTransaction] = ()) -> CommittedBlock:
        """Cut a block on `channel` at `time_ms`, importing through the newest beacon round."""
        _require_reached(self.clock, time_ms)
        ledger = self.channels[channel]
        # The newest round that is not later than the block; a verifier refuses any other kind.
        beacon_round = -1
        if channel != GOVERNANCE:
            beacon_round = bisect_right(self.leaves, time_ms, key=lambda leaf: leaf.time) - 1
        check_import(ledger.replica.genesis, self.leaves, beacon_round, time_ms, f"{channel} block")
        imports = self._imports(ledger.replica.beacon_round, beacon_round)
        return ledger.commit(time_ms, beacon_round, imports, transactions)

    def beacon(self, time_ms: int) -> BeaconLeaf:
        """Append a beacon round over all channels' heads, cosigned."""
        _require_reached(self.clock, time_ms)
        latest = max(ledger.replica.time_ms for ledger in self.channels.values())
        if time_ms < latest:
            raise LedgerError("beacon-time", f"a round at {time_ms} cannot pin a block of {latest}", BEACON)
        heads = tuple(ledger.head for _, ledger in sorted(self.channels.items()))
        leaf = BeaconLeaf(heads=heads, policy_sha256=self.policy.sha256.hex(), round=len(self.leaves), time=time_ms)
        check_round(self.leaves[-1] if self.leaves else None, leaf, "beacon")
        data = encode_entry(leaf)
        self._beacon_journal.append(data)
        self.beacon_checkpoint = None
        self._add_leaf(leaf, data)
        self.beacon_checkpoint = self._sign_beacon()
        return leaf

    def close(self) -> None:
        """Release files and lock."""
        for ledger in self.channels.values():
            ledger.close()
        self._check_signers.close()
        self._signing_journal.close()
        self._beacon_journal.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def verifier_line(self, log: str) -> str:
        """The verifier key of a log, as its `vkey` file has it."""
        return str(self._log_keys[log].verifier_key)

    def _imports(self, previous_round: int, beacon_round: int) -> list[Event]:
        if beacon_round == previous_round:
            return []
        if beacon_round >= len(self.leaves):
            sentence = f"a block imports through beacon round {beacon_round}, of which nothing is left"
            raise LedgerError("beacon-lost", sentence, journal_path(BEACON))
        entries = self.channels[GOVERNANCE].entries
        self._feed.extend(entries[self._fed :])
        self._fed = len(entries)
        first = governance_size(self.leaves, previous_round)
        return self._feed.between(first, governance_size(self.leaves, beacon_round))

    def _signing(self, log: str) -> Signing:
        return Signing(origin(self.name, log), self._log_keys[log], self.policy, self._validators)

    def _found(self, config: NetworkConfig) -> None:
        verifiers = {name: key.verifier_key for name, key in self._validator_keys.items()}
        logs = [key.verifier_key for key in self._log_keys.values()]
        self.policy = parse_policy(encode_policy(logs, verifiers, config.threshold))
        self.policy.require_safe(config.faults)
        governance = _genesis(config, self.policy, GOVERNANCE, "", GOVERNANCE_CONTRACTS)
        self._begin(governance, GOVERNANCE_CONTRACTS)
        network_id = leaf_hash(encode_entry(governance)).hex()
        for area in config.areas:
            self._begin(_genesis(config, self.policy, area, network_id, AREA_CONTRACTS), AREA_CONTRACTS)
        self.beacon(config.time_ms)

    def _begin(self, genesis: Genesis, contracts: Sequence[Contract]) -> None:
        ledger = ChannelLedger.create(
            self.folder, genesis, contracts, self._signing(genesis.channel), self._check_signers
        )
        self.channels[genesis.channel] = ledger

    def _reopen_all(self) -> None:
        verifiers = {validator: key.verifier_key for validator, key in self._validator_keys.items()}
        try:
            for channel in (GOVERNANCE, *sorted(self._log_keys.keys() - {BEACON, GOVERNANCE})):
                self._reopen(channel, verifiers)
        except LedgerError as error:
            if self.leaves or error.code not in ("empty", "signing-state"):
                raise
            # Founding is acknowledged with beacon round 0; its keys may have signed nothing or part of it.
            sentence = f"founding this network was interrupted ({error.sentence}): begin anew in an empty folder"
            raise LedgerError("unfinished", sentence, error.where) from None

    def _reopen(self, channel: str, verifiers: Mapping[str, Any]) -> None:
        if channel == GOVERNANCE:
            # The policy is on the record; until governance is read, nothing else can be signed or judged.
            self.policy = self._policy_of_governance(verifiers)
        self.channels[channel] = ChannelLedger.open(
            self.folder, channel, resolve_contracts, self._imports, self._signing(channel), self._check_signers
        )

    def _policy_of_governance(self, verifiers: Mapping[str, Any]) -> Policy:
        policy = parse_policy(read_genesis(self.folder, GOVERNANCE).policy.encode())
        if dict(policy.witnesses) != dict(verifiers):
            raise LedgerError("keys", "the keys in this folder are not those of the policy on the record", KEYS)
        return policy

    def _read_beacon(self) -> None:
        for data in self._beacon_journal.records():
            leaf = parse_beacon_leaf(data, f"beacon {len(self.leaves)}")
            check_round(self.leaves[-1] if self.leaves else None, leaf, f"beacon {leaf.round}")
            self._add_leaf(leaf, data)

    def _resume_beacon(self) -> None:
        if len(self.leaves) > 1:
            self._signing(BEACON).require_state()
        if not self.leaves:
            # Killed between the last channel's block 0 and round 0.
            self.beacon(max(ledger.replica.time_ms for ledger in self.channels.values()))
        else:
            self.beacon_checkpoint = self._sign_beacon()

    def _add_leaf(self, leaf: BeaconLeaf, data: bytes) -> None:
        self.leaves.append(leaf)
        self.beacon_entries.append(data)
        self._beacon_tree.append(data)

    def _sign_beacon(self) -> Note:
        log = LogTree(origin(self.name, BEACON), self._beacon_tree, self.leaves[-1].time)
        return sign_checkpoint(log, self._log_keys[BEACON], self.policy, self._validators)


def _genesis(
    config: NetworkConfig, policy: Policy, channel: str, governance: str, contracts: Sequence[Contract]
) -> Genesis:
    schemas = sorted((schema for contract in contracts for schema in contract.tables), key=lambda schema: schema.table)
    return Genesis(
        channel=channel,
        contracts=code_of(contracts),
        deployment="embedded",
        encoder=ENCODER,
        faults=config.faults,
        format=FORMAT,
        governance=governance,
        kind="genesis",
        name=config.name,
        operators=tuple(sorted(config.operators, key=lambda operator: operator.account)),
        parameters={
            contract.name: _complete_parameters(contract, _given_parameters(config, channel, contract))
            for contract in contracts
        },
        policy=policy.text.decode(),
        release=RELEASE,
        schemas=tuple(msgspec.to_builtins(schema) for schema in schemas),
        time=config.time_ms,
    )


def _given_parameters(config: NetworkConfig, channel: str, contract: Contract) -> Mapping[str, Any]:
    """What the config says, and the area's code where the contract wants it."""
    given = config.parameters.get(contract.name, {})
    if channel == GOVERNANCE and "areas" in contract.parameters.__struct_fields__:
        areas = [{"area": area, "channel": name} for name, area in sorted(config.areas.items())]
        return {**given, "areas": areas}
    if channel in config.areas and "area" in contract.parameters.__struct_fields__:
        return {**given, "area": config.areas[channel]}
    return given


def _complete_parameters(contract: Contract, given: Mapping[str, Any]) -> Any:
    """All of the contract's parameters, defaults written out: the record must not depend on the code's defaults."""
    try:
        return msgspec.to_builtins(msgspec.convert(dict(given), contract.parameters))
    except msgspec.ValidationError as error:
        raise LedgerError("parameters", str(error), contract.name) from None


def _require_reached(clock: Clock, time_ms: int) -> None:
    """No validator would sign it yet, and what is journalled cannot be taken back: refuse before anything is."""
    now = clock()
    if now < time_ms:
        raise LedgerError("clock", f"the time {time_ms} lies ahead of this network's clock, which shows {now}")


def _lock(folder: Path, *, create: bool) -> int:
    """Rule 4."""
    if create:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise LedgerError("exists", "a new network needs an empty folder", str(folder))
    elif not (folder / KEYS).is_file():
        raise LedgerError("no-ledger", "there is no ledger in this folder", str(folder))
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise LedgerError("locked", "another process uses this ledger folder", str(folder)) from None
    return lock


def _write_keys(folder: Path, name: str, keys: NetworkKeys) -> None:
    content = _KeyFile(
        logs={log: seed.hex() for log, seed in sorted(keys.logs.items())},
        name=name,
        validators={validator: seed.hex() for validator, seed in sorted(keys.validators.items())},
    )
    file = os.open(folder / KEYS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as sink:
        sink.write(msgspec.json.encode(content))
        sink.flush()
        os.fsync(sink.fileno())


def _read_keys(folder: Path) -> tuple[str, NetworkKeys]:
    path = folder / KEYS
    if path.stat().st_mode & 0o077:
        raise LedgerError("key-file-mode", "others can read this key file: chmod 600 it", str(path))
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
        keys = NetworkKeys(
            {log: bytes.fromhex(seed) for log, seed in content.logs.items()},
            {validator: bytes.fromhex(seed) for validator, seed in content.validators.items()},
        )
    except (msgspec.DecodeError, ValueError) as error:
        raise LedgerError("key-file", f"not a key file: {error}", str(path)) from None
    return content.name, keys
