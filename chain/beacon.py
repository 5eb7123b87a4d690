"""The log over all channels (`docs/format.md` section 7).

1. Leaf r is round r; times do not decrease.
2. Heads are sorted by channel; a channel once named is named in every later leaf.
3. A channel's size and height never shrink; an equal size means an equal root; a closed channel stays as it is.

Seen together with governance, as it is at the head that the leaf itself pins:

4. The heads are governance and every channel that is registered there, no other. A channel that is retired there, and
   that no round has pinned before, is none: it need not be begun, nor be able to.
5. The policy named is the newest there.
6. Only a channel that is retired there is closed.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from hashlib import sha256

from chain.consortium import ChannelInfo, Consortium
from chain.entry import BeaconLeaf, Event, Genesis, Head, Transaction, Trigger, parse_entry
from chain.errors import ParseError
from chain.imports import GOVERNANCE, TOLD_EVENTS
from chain.layout import BEACON
from chain.limits import LIMITS


def check_round(previous: BeaconLeaf | None, leaf: BeaconLeaf, where: str) -> None:
    """Rules 1–3; `ParseError` otherwise."""
    if leaf.round != (previous.round + 1 if previous is not None else 0):
        raise ParseError("beacon-round", f"round {leaf.round} is out of order", where)
    channels = [head.channel for head in leaf.heads]
    if channels != sorted(set(channels)):
        raise ParseError("beacon-heads", "heads are not sorted by channel, each once", where)
    if previous is None:
        return
    if leaf.time < previous.time:
        raise ParseError("beacon-time", "time goes back", where)
    heads = {head.channel: head for head in leaf.heads}
    for before in previous.heads:
        _check_head(before, heads.get(before.channel), where)


def _check_head(before: Head, head: Head | None, where: str) -> None:
    """Rules 2 and 3 for one channel."""
    if head is None:
        raise ParseError("beacon-dropped", f"channel {before.channel} is no longer named", where)
    if head.size < before.size or head.height < before.height or (before.closed and head != before):
        raise ParseError("beacon-shrunk", f"channel {head.channel} has shrunk or reopened", where)
    if head.size == before.size and head.root != before.root:
        raise ParseError("beacon-fork", f"channel {head.channel} has two roots at size {head.size}", where)


def check_registered(leaves: Sequence[BeaconLeaf], consortium: Consortium) -> None:
    """Rules 4-6 for every leaf; `ParseError` otherwise. `consortium` has read as much of governance as they pin."""
    pinned: list[str] = []
    for leaf in leaves:
        where = f"{BEACON} entry {leaf.round}"
        size = governance_size(leaves, leaf.round)
        registered = registered_at(consortium, size, pinned)
        expected = sorted((GOVERNANCE, *registered))
        named = [head.channel for head in leaf.heads]
        if named != expected:
            sentence = f"it pins the channels {', '.join(named)}; governance has registered {', '.join(expected)}"
            raise ParseError("beacon-channels", sentence, where)
        pinned = named
        number, text = consortium.policy_at(size)
        digest = sha256(text.encode()).hexdigest()
        if leaf.policy_sha256 != digest:
            sentence = f"it names a policy with SHA-256 {leaf.policy_sha256}; policy {number} of governance, {digest},"
            raise ParseError("beacon-policy", f"{sentence} was in force", where)
        for head in leaf.heads:
            if head.closed and (head.channel == GOVERNANCE or registered[head.channel].retired is None):
                raise ParseError("beacon-closed", f"channel {head.channel} is closed, but not retired", where)


def registered_at(consortium: Consortium, size: int, pinned: Collection[str]) -> dict[str, ChannelInfo]:
    """Rule 4: every channel but governance that a round must pin; `pinned` are those that the round before pins."""
    channels = consortium.channels_at(size)
    return {name: info for name, info in channels.items() if info.retired is None or name in pinned}


_TOLD = tuple(b'"%s"' % name.encode() for name in TOLD_EVENTS)


class GovernanceFeed:
    """What governance tells the other channels (section 8), in the order of the record."""

    def __init__(self) -> None:
        self._events: list[tuple[int, Event]] = []
        self._size = 0

    def extend(self, entries: Sequence[bytes]) -> None:
        """The next entries of the governance log."""
        for data in entries:
            if any(name in data for name in _TOLD):
                entry = parse_entry(data, f"{GOVERNANCE} entry {self._size}")
                if isinstance(entry, Transaction | Trigger) and entry.receipt.status == "accepted":
                    told = [event for event in entry.receipt.events if event.name in TOLD_EVENTS]
                    self._events += [(self._size, event) for event in told]
            self._size += 1

    def between(self, first: int, end: int) -> list[Event]:
        """Events of governance entries [first, end)."""
        return [event for entry, event in self._events if first <= entry < end]


def governance_size(leaves: Sequence[BeaconLeaf], beacon_round: int) -> int:
    """Size of the governance log at that round; 0 for round −1."""
    if beacon_round < 0:
        return 0
    return next((head.size for head in leaves[beacon_round].heads if head.channel == GOVERNANCE), 0)


def check_import(genesis: Genesis, leaves: Sequence[BeaconLeaf], beacon_round: int, time_ms: int, where: str) -> None:
    """A block may import through `beacon_round`: it exists, is not later than the block, nor too far behind it."""
    if genesis.channel == GOVERNANCE:
        if beacon_round != -1:
            raise ParseError("beacon-import", "governance imports nothing: its beacon round is -1", where)
        return
    if not -1 <= beacon_round < len(leaves):
        raise ParseError("beacon-import", f"beacon round {beacon_round} does not exist", where)
    if beacon_round >= 0 and leaves[beacon_round].time > time_ms:
        raise ParseError("beacon-import", f"beacon round {beacon_round} is later than the block", where)
    behind = bisect_right(leaves, time_ms, key=lambda leaf: leaf.time) - 1 - beacon_round
    if behind > LIMITS.beacon_lag_rounds_max:
        raise ParseError("beacon-import", f"imports are {behind} rounds behind the block's time", where)
