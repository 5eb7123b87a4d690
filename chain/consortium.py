"""What governance has decided about the network itself: policies and channels, at every point of its log.

Network and verifier both read it from here (`docs/format.md` section 7):

1. Policy 0 is genesis's; an accepted `alliance.policy` says the next one. Numbers go up by one. The alliance judges
   policies by the f of genesis, which its parameters repeat.
2. Channels are those that genesis's `alliance` parameters list, and those that `alliance.channel` creates. Governance
   itself is always there and in no list.
3. A later `alliance.channel` of the same channel changes its openness and nothing else; `alliance.retired` retires it,
   once, and it stays known.
   There are at most as many as a policy may have logs, those of governance and the beacon among them.
4. "At a size" of the governance log means: by the entries below it.

The events come from accepted entries, so their data has the shape that the contract gives them; a record that somebody
forged may say anything, hence the checks, and hence nothing is kept that is larger than what was read.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from chain.contracts.alliance_events import CHANNEL_CHANGED, POLICY_CHANGED, ChannelChange, PolicyChange
from chain.contracts.alliance_state import ALLIANCE, MarketChannel
from chain.entry import Event, Genesis, Transaction, Trigger, parse_entry
from chain.errors import ChainError, LedgerError
from chain.fields import Openness
from chain.imports import GOVERNANCE, RETIRED, told_retirement
from chain.layout import check_channel
from chain.limits import LIMITS

_EVENTS = (POLICY_CHANGED, CHANNEL_CHANGED, RETIRED)
_TOLD = tuple(b'"%s"' % name.encode() for name in _EVENTS)

_CHANNELS_MAX = LIMITS.policy_members_max - 2
"""Rule 2."""

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A channel as governance knows it."""

    area: str
    """Administrative code of its market area."""
    channel: str
    openness: Openness
    genesis_hash: str
    """Leaf hash of its genesis entry, hex; "" for a channel of genesis."""
    log: str
    """Verifier key line of its log when it was created; "" for a channel of genesis."""
    created: int
    """Governance entry that created it; 0 for a channel of genesis."""
    retired: int | None
    """Governance entry that retired it."""


class Consortium:
    """See the module's docstring."""

    def __init__(self) -> None:
        self._size = 0
        self._policies: list[tuple[int, str]] = []
        """(entry, text), by entry."""
        self._channels: dict[str, list[tuple[int, ChannelInfo]]] = {}
        """By channel: (entry, what it is from there on), by entry."""

    @property
    def size(self) -> int:
        """Governance entries read so far."""
        return self._size

    def extend(self, entries: Sequence[bytes]) -> None:
        """The next entries of the governance log, its genesis first. `ChainError` for what rules 1–3 exclude."""
        for data in entries:
            where = f"{GOVERNANCE} entry {self._size}"
            if self._size == 0 or any(name in data for name in _TOLD):
                entry = parse_entry(data, where)
                if self._size == 0:
                    self._begin(entry, where)
                elif isinstance(entry, Transaction | Trigger) and entry.receipt.status == "accepted":
                    for event in entry.receipt.events:
                        self._read(event, where)
            self._size += 1

    def policy_at(self, governance_size: int) -> tuple[int, str]:
        """(number, text) of the newest policy at that size (rule 4)."""
        self._require_read(governance_size)
        number = _last(self._policies, governance_size)
        return number, self._policies[number][1]

    def channels_at(self, governance_size: int) -> dict[str, ChannelInfo]:
        """Every channel but governance at that size (rule 4), retired ones too, by name."""
        self._require_read(governance_size)
        found = {channel: _last(known, governance_size) for channel, known in self._channels.items()}
        return {channel: self._channels[channel][number][1] for channel, number in found.items() if number >= 0}

    def _require_read(self, governance_size: int) -> None:
        if not 0 < governance_size <= self._size:
            sentence = f"asked about size {governance_size}, {self._size} entries have been read"
            raise LedgerError("consortium", sentence, GOVERNANCE)

    def _begin(self, entry: object, where: str) -> None:
        if not isinstance(entry, Genesis):
            raise LedgerError("consortium", "the governance log does not begin with a genesis entry", where)
        self._policies.append((0, entry.policy))
        self._channels = {channel: [(0, info)] for channel, info in _channels_of_genesis(entry, where).items()}
        if entry.parameters[ALLIANCE].get("faults") != entry.faults:
            sentence = f"the alliance's f is not that of genesis, {entry.faults}"
            raise LedgerError("consortium", sentence, f"{where}: parameters.{ALLIANCE}.faults")

    def _read(self, event: Event, where: str) -> None:
        try:
            if event.name == POLICY_CHANGED:
                self._read_policy(_shaped(event.data, PolicyChange, event.name))
            elif event.name == CHANNEL_CHANGED:
                self._read_channel(_shaped(event.data, ChannelChange, event.name))
            elif event.name == RETIRED:
                self._read_retirement(told_retirement(event).channel)
        except ChainError as error:
            raise error.at(where) from None

    def _read_policy(self, change: PolicyChange) -> None:
        """Rule 1."""
        if change.number != len(self._policies):
            sentence = f"policy {change.number}, the next one is number {len(self._policies)}"
            raise LedgerError("consortium", sentence, POLICY_CHANGED)
        self._policies.append((self._size, change.text))

    def _read_channel(self, change: ChannelChange) -> None:
        """Rules 2 and 3."""
        check_channel(change.channel, CHANNEL_CHANGED)
        known = self._known(change.channel)
        created = self._size if known is None else known.created
        retired = None if known is None else known.retired
        info = ChannelInfo(
            change.area, change.channel, change.openness, change.genesis_hash, change.log, created, retired
        )
        if change.channel == GOVERNANCE or (known is not None and replace(info, openness=known.openness) != known):
            sentence = f"channel {change.channel} is there already: only its openness may change"
            raise LedgerError("consortium", sentence, CHANNEL_CHANGED)
        self._put(info)

    def _read_retirement(self, channel: str) -> None:
        """Rule 3."""
        known = self._known(channel)
        if known is None or known.retired is not None:
            raise LedgerError("consortium", f"there is no channel {channel} to retire", RETIRED)
        self._put(replace(known, retired=self._size))

    def _known(self, channel: str) -> ChannelInfo | None:
        known = self._channels.get(channel)
        return None if known is None else known[-1][1]

    def _put(self, info: ChannelInfo) -> None:
        if info.channel not in self._channels and len(self._channels) >= _CHANNELS_MAX:
            raise LedgerError("consortium", f"more than {_CHANNELS_MAX} channels", CHANNEL_CHANGED)
        self._channels.setdefault(info.channel, []).append((self._size, info))


def _last(known: Sequence[tuple[int, object]], governance_size: int) -> int:
    """Rule 4: the number of the last one that an entry below that size brought; -1 where there is none."""
    return bisect_left(known, governance_size, key=lambda item: item[0]) - 1


def _channels_of_genesis(genesis: Genesis, where: str) -> dict[str, ChannelInfo]:
    """Rule 2."""
    where = f"{where}: parameters.{ALLIANCE}.channels"
    found: dict[str, ChannelInfo] = {}
    try:
        listed = msgspec.convert(genesis.parameters[ALLIANCE]["channels"], list[MarketChannel])
    except (KeyError, TypeError, msgspec.ValidationError):
        raise LedgerError("consortium", "genesis does not list the network's channels", where) from None
    for item in listed:
        check_channel(item.channel, where)
        found[item.channel] = ChannelInfo(item.area, item.channel, item.openness, "", "", 0, None)
    if len(listed) > _CHANNELS_MAX:
        raise LedgerError("consortium", f"more than {_CHANNELS_MAX} channels", where)
    if len(found) != len(listed) or GOVERNANCE in found:
        raise LedgerError("consortium", "a channel stands there twice, or is governance", where)
    return found


def _shaped(data: object, shape: type[_Shape], where: str) -> _Shape:
    try:
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise LedgerError("consortium", f"not what it should tell: {error}", where) from None
