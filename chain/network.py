"""A whole network in one process: governance, market areas, the beacon (the `embedded` deployment).

1. Validators are keys in this process; they share one execution and one signing state, one trust domain.
2. Channels import accounts through the beacon, so a registration is usable on an area after the next beacon round.
3. A block is cut when the caller says so; time comes from the clock that was handed in. What the clock has not reached
   is refused before anything is written: a clock that jumps back stops the network until it has caught up.
4. The beacon pins exactly the channels that governance has registered: one that a vote has created must be begun
   (`create_channel`) before the next round, or be retired by another vote. One that is retired before any round has
   pinned it is void: it is not begun any more, and if it had begun it is put aside.
5. A round names governance's newest policy. Where that is another than the one in force, policies change in this
   order: it is made sure that the keys here reach both quorums; the new policy's text is written, then the round; the
   new policy's validators sign every channel's head; both quorums sign the handover and it is written. From here on the
   new policy is in force and every checkpoint is one under it. A kill at any of these steps is made up for on opening,
   before anything else is signed.
"""

import contextlib
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from chain.beacon import GovernanceFeed, check_import, check_round, governance_size
from chain.blockstream import parse_genesis
from chain.channel_draft import check_channel_genesis, drafted_genesis, store_draft
from chain.consortium import ChannelInfo, Consortium
from chain.contract import Contract
from chain.contracts.installed import resolve_contracts
from chain.entry import BeaconLeaf, Event, Genesis, encode_entry, parse_beacon_leaf
from chain.errors import LedgerError
from chain.founding import NetworkConfig, check_config, founding_policy, genesis_entries, later_genesis
from chain.history import History, first_block
from chain.imports import GOVERNANCE
from chain.journal import Journal
from chain.layout import BEACON, journal_path, origin
from chain.ledger import ChannelLedger, Signing, read_genesis
from chain.ledger_keys import KeyFile, NetworkKeys, lock_folder
from chain.merkle import Tree
from chain.note import Note, VerifierKey
from chain.outside import Clock
from chain.policy import Policy, parse_policy
from chain.replica import CommittedBlock, Replica
from chain.signatures import Block, SignatureChecks
from chain.signers import Signers
from chain.transaction import SignedTransaction
from chain.validator import LogTree


class Network:
    """See the module's docstring."""

    def __init__(self, folder: Path, keys: KeyFile, clock: Clock, lock: int) -> None:
        self.folder = folder
        self.name = keys.name
        self.clock = clock
        self.channels: dict[str, ChannelLedger] = {}
        self.leaves: list[BeaconLeaf] = []
        self.beacon_entries: list[bytes] = []
        self.beacon_checkpoint: Note | None = None
        self.signers = Signers(folder, keys, clock)
        self._lock = lock
        self._beacon_journal = Journal(folder / journal_path(BEACON))
        self._beacon_tree = Tree()
        self._check_signers = SignatureChecks()
        self._feed = GovernanceFeed()
        self._consortium = Consortium()

    def __enter__(self) -> "Network":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @classmethod
    def create(cls, folder: Path, config: NetworkConfig, keys: NetworkKeys, clock: Clock) -> "Network":
        """Begin a network in an empty folder: block 0 of every channel, beacon round 0."""
        check_config(config)
        _require_reached(clock, config.time_ms)
        policy = founding_policy(config, keys)
        genesis = genesis_entries(config, policy)
        lock = lock_folder(folder, create=True)
        with contextlib.ExitStack() as held:
            held.callback(os.close, lock)
            network = cls(folder, KeyFile.create(folder, config.name, keys), clock, lock)
            held.pop_all()
            held.callback(network.close)
            network.signers.resume(policy.text, (), Tree())
            for entry, contracts in genesis:
                network._begin(entry, contracts)
            network.beacon(config.time_ms)
            held.pop_all()
        return network

    @classmethod
    def open(cls, folder: Path, clock: Clock) -> "Network":
        """Come back after a stop or a kill: what the journals hold beyond the last snapshots is executed again."""
        lock = lock_folder(folder, create=False)
        with contextlib.ExitStack() as held:
            held.callback(os.close, lock)
            network = cls(folder, KeyFile.read(folder), clock, lock)
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

    @property
    def policy(self) -> Policy:
        """In force: signs every checkpoint."""
        return self.signers.policy

    @property
    def newest_policy(self) -> Policy:
        """Governance's newest, which the next round puts into force."""
        consortium = self._read_governance()
        text = consortium.policy_at(consortium.size)[1].encode()
        return self.policy if text == self.policy.text else parse_policy(text)

    @property
    def registered(self) -> dict[str, ChannelInfo]:
        """What governance says now of every channel but itself, retired ones and those that wait to be begun too."""
        consortium = self._read_governance()
        return consortium.channels_at(consortium.size)

    @property
    def pinned(self) -> dict[str, ChannelInfo]:
        """As `registered`, at the newest beacon round."""
        channels = self._read_governance().channels_at(governance_size(self.leaves, len(self.leaves) - 1))
        return {name: info for name, info in channels.items() if self._is_pinned(name)}

    def commit(self, channel: str, time_ms: int, transactions: Sequence[SignedTransaction] = ()) -> CommittedBlock:
        """Cut a block on `channel` at `time_ms`, importing through the newest beacon round.

        A channel that imports its retirement takes no more transactions; it is closed by the first block that leaves
        no session open.
        """
        _require_reached(self.clock, time_ms)
        ledger = self._channel(channel)
        # The newest round that is not later than the block; a verifier refuses any other kind.
        beacon_round = -1
        if channel != GOVERNANCE:
            beacon_round = bisect_right(self.leaves, time_ms, key=lambda leaf: leaf.time) - 1
        check_import(ledger.replica.genesis, self.leaves, beacon_round, time_ms, f"{channel} block")
        imports = self._imports(ledger.replica.beacon_round, beacon_round)
        return ledger.commit(time_ms, beacon_round, imports, transactions)

    def commit_many(self, channel: str, blocks: Iterable[Block]) -> Iterator[CommittedBlock]:
        """Blocks, each `(time_ms, transactions)`, in order, as `commit` cuts them.

        Signatures of the next few are checked meanwhile.
        """
        for time_ms, transactions in self._check_signers.looking_ahead(blocks, self.channels[channel].replica.state):
            yield self.commit(channel, time_ms, transactions)

    def use_processes(self, processes: int) -> None:
        """Check signatures in so many processes from now on: for whoever commits more than one core can verify."""
        self._check_signers.use_processes(processes)

    def beacon(self, time_ms: int) -> BeaconLeaf:
        """Append a beacon round over all channels' heads, cosigned; with another policy than the last, rule 5."""
        _require_reached(self.clock, time_ms)
        self._hand_over()
        self._put_aside()
        latest = max(ledger.replica.time_ms for ledger in self.channels.values())
        if time_ms < latest:
            raise LedgerError("beacon-time", f"a round at {time_ms} cannot pin a block of {latest}", BEACON)
        self._require_begun()
        policy = self.newest_policy
        if policy != self.policy:
            self.signers.require_handover(policy, (BEACON, *self.channels))
        heads = tuple(ledger.head for _, ledger in sorted(self.channels.items()))
        leaf = BeaconLeaf(heads=heads, policy_sha256=policy.sha256.hex(), round=len(self.leaves), time=time_ms)
        check_round(self.leaves[-1] if self.leaves else None, leaf, "beacon")
        data = encode_entry(leaf)
        if policy != self.policy:
            self.signers.history.prepare(policy)
        self._beacon_journal.append(data)
        self.beacon_checkpoint = None
        self._add_leaf(leaf, data)
        if policy != self.policy:
            self.signers.history.announce(policy)
            self._hand_over()
        else:
            self.beacon_checkpoint = self.signers.sign_beacon(self._beacon_tree, leaf.time)
        return leaf

    def hold_validator(self, validator: str, seed: bytes) -> VerifierKey:
        """Keep another key, durably; it signs nothing before the alliance has admitted what it verifies as."""
        return self.signers.hold_validator(validator, seed)

    def draft_channel(
        self,
        channel: str,
        area: str,
        time_ms: int,
        log_seed: bytes,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> dict[str, str]:
        """The genesis of a channel that is to be proposed, kept with its log's key; what the proposal says of it.

        Earlier drafts of the same channel stay: a vote on one of them may be under way.
        """
        if channel == GOVERNANCE or channel in self.registered:
            raise LedgerError("channel-taken", "there is, or was, a channel of this name", channel)
        genesis = later_genesis(self.channels[GOVERNANCE].replica.genesis, channel, area, time_ms, parameters or {})
        # What would not begin should not be voted on.
        Replica(genesis, resolve_contracts(genesis))
        genesis_hash = store_draft(self.folder, genesis)
        log = self.signers.keys.hold_log(channel, log_seed)
        return {"area": area, "channel": channel, "genesis_hash": genesis_hash, "log": str(log)}

    def create_channel(self, channel: str) -> ChannelLedger:
        """Begin a channel whose creation was voted, with the genesis that was voted."""
        info = self.registered.get(channel)
        if info is None:
            raise LedgerError("channel-unknown", "the alliance has not created this channel", channel)
        if channel in self.channels:
            raise LedgerError("exists", "this channel has begun already", channel)
        if info.retired is not None:
            raise LedgerError("retired", "the alliance has retired this channel before it began", channel)
        genesis = drafted_genesis(self.folder, channel, info.genesis_hash)
        check_channel_genesis(genesis, self.channels[GOVERNANCE].replica.genesis, channel, info.area)
        _require_reached(self.clock, genesis.time)
        self._begin(genesis, resolve_contracts(genesis))
        return self.channels[channel]

    def close(self) -> None:
        """Release files and lock."""
        for ledger in self.channels.values():
            ledger.close()
        self._check_signers.close()
        self.signers.close()
        self._beacon_journal.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def verifier_line(self, log: str) -> str:
        """The verifier key of a log, as its `vkey` file has it."""
        return str(self.signers.log_key(log).verifier_key)

    def _channel(self, channel: str) -> ChannelLedger:
        ledger = self.channels.get(channel)
        if ledger is None:
            raise LedgerError("channel-unknown", "this network runs no such channel", channel)
        return ledger

    def _read_governance(self) -> Consortium:
        """What governance has decided, as far as its journal says."""
        for block in self.channels[GOVERNANCE].entries.blocks(self._consortium.size):
            self._consortium.extend(block.entries)
            self._feed.extend(block.entries)
        return self._consortium

    def _imports(self, previous_round: int, beacon_round: int) -> list[Event]:
        if beacon_round == previous_round:
            return []
        if beacon_round >= len(self.leaves):
            sentence = f"a block imports through beacon round {beacon_round}, of which nothing is left"
            raise LedgerError("beacon-lost", sentence, journal_path(BEACON))
        self._read_governance()
        first = governance_size(self.leaves, previous_round)
        return self._feed.between(first, governance_size(self.leaves, beacon_round))

    def _require_begun(self) -> None:
        """Rule 4."""
        waiting = sorted(
            name for name, info in self.registered.items() if name not in self.channels and not self._is_void(info)
        )
        if waiting:
            sentence = "the alliance has created this channel: begin it before the next beacon round, or retire it"
            raise LedgerError("channel-waits", sentence, ", ".join(waiting))

    def _put_aside(self) -> None:
        """Rule 4: its files stay, nobody reads them again."""
        for channel, info in self.registered.items():
            if channel in self.channels and self._is_void(info):
                self.channels.pop(channel).close()

    def _is_void(self, info: ChannelInfo) -> bool:
        """Whether it is retired and no round has pinned it (rule 4)."""
        return info.retired is not None and not self._is_pinned(info.channel)

    def _hand_over(self) -> None:
        """Rule 5, from the round that names the new policy on; nothing where no policy waits to come into force."""
        signers, history = self.signers, self.signers.history
        if not history.is_pending:
            return
        following = {channel: signers.next_signing(channel) for channel in self.channels}
        checkpoints = {}
        for channel, ledger in sorted(self.channels.items()):
            if ledger.checkpoint is None:
                raise LedgerError("unsigned", "its last block is not signed; open the ledger again", channel)
            checkpoints[channel] = ledger.sign_with(following[channel])
        history.complete(signers.sign_handover(self._beacon_tree, self.leaves[-1].time))
        for channel, ledger in self.channels.items():
            ledger.change_signing(following[channel], checkpoints[channel])
        self.beacon_checkpoint = signers.sign_beacon(self._beacon_tree, self.leaves[-1].time)

    def _begin(self, genesis: Genesis, contracts: Sequence[Contract]) -> None:
        signing = self._signing(genesis.channel)
        self.channels[genesis.channel] = ChannelLedger.create(
            self.folder, genesis, contracts, signing, self._check_signers
        )

    def _signing(self, channel: str) -> Signing:
        """A channel that a vote has created has its log in governance's newest policy, not yet in the one in force."""
        newest = self.newest_policy if GOVERNANCE in self.channels else self.policy
        return self.signers.signing(channel, newest)

    def _read_beacon(self) -> None:
        for data in self._beacon_journal.records():
            leaf = parse_beacon_leaf(data, f"beacon {len(self.leaves)}")
            check_round(self.leaves[-1] if self.leaves else None, leaf, f"beacon {leaf.round}")
            self._add_leaf(leaf, data)

    def _reopen_all(self) -> None:
        try:
            self.signers.resume(read_genesis(self.folder, GOVERNANCE).policy.encode(), self.leaves, self._beacon_tree)
            self._reopen(GOVERNANCE)
            for channel, info in sorted(self.registered.items()):
                if self._is_void(info):
                    continue
                if info.created == 0 or first_block(self.folder, channel) is not None or self._is_pinned(channel):
                    self._reopen(channel)
        except LedgerError as error:
            if self.leaves or error.code not in ("empty", "signing-state"):
                raise
            # Founding is acknowledged with beacon round 0; its keys may have signed nothing or part of it.
            sentence = f"founding this network was interrupted ({error.sentence}): begin anew in an empty folder"
            raise LedgerError("unfinished", sentence, error.where) from None

    def _reopen(self, channel: str) -> None:
        if self.leaves and not self._is_pinned(channel):
            self._sign_first_block(channel)
        self.channels[channel] = ChannelLedger.open(
            self.folder, channel, resolve_contracts, self._imports, self._signing(channel), self._check_signers
        )

    def _sign_first_block(self, channel: str) -> None:
        """A channel was begun and the process killed before anybody signed: its block 0 is what was voted."""
        block = first_block(self.folder, channel)
        with contextlib.closing(History(self.folder, channel)) as history:
            if block is not None and len(history) == len(block.entries):
                tree = Tree()
                tree.extend(block.entries)
                genesis = parse_genesis(block.entries, channel)
                self.signers.promise_first_block(LogTree(origin(self.name, channel), tree, genesis.time))

    def _is_pinned(self, channel: str) -> bool:
        return bool(self.leaves) and any(head.channel == channel for head in self.leaves[-1].heads)

    def _resume_beacon(self) -> None:
        if not self.leaves:
            # Killed between the last channel's block 0 and round 0.
            self.beacon(max(ledger.replica.time_ms for ledger in self.channels.values()))
        elif self.signers.history.is_pending:
            self._hand_over()
        else:
            self.beacon_checkpoint = self.signers.sign_beacon(self._beacon_tree, self.leaves[-1].time)

    def _add_leaf(self, leaf: BeaconLeaf, data: bytes) -> None:
        self.leaves.append(leaf)
        self.beacon_entries.append(data)
        self._beacon_tree.append(data)


def _require_reached(clock: Clock, time_ms: int) -> None:
    """No validator would sign it yet, and what is journalled cannot be taken back: refuse before anything is."""
    now = clock()
    if now < time_ms:
        raise LedgerError("clock", f"the time {time_ms} lies ahead of this network's clock, which shows {now}")
