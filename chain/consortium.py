"""What governance has decided about the network itself: policies and channels, at every point of its log.

Network and verifier both read it from here (`docs/format.md` section 7):

1. Policy 0 is genesis's; an accepted `alliance.policy` says the next one. Numbers go up by one. The alliance judges
   policies by the f of genesis, which its parameters repeat.
2. Channels are those that genesis's `alliance` parameters list, and those that `alliance.channel` creates. Governance
   itself is always there and in no list.
3. A later `alliance.channel` of the same channel changes its openness and nothing else; `alliance.retired` retires it,
   once, and it stays known.
4. "At a size" of the governance log means: by the entries below it.

The events come from accepted entries, so their data has the shape that the contract gives them; a record that somebody
forged may say anything, hence the checks.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import msgspec

from chain.entry import Event, Genesis, Transaction, Trigger, parse_entry
from chain.errors import ChainError, LedgerError
from chain.fields import I53, Name
from chain.imports import GOVERNANCE, RETIRED, told_retirement
from chain.layout import check_channel

ALLIANCE = "alliance"
"""The contract of governance whose parameters list the channels."""
POLICY_CHANGED = "alliance.policy"
CHANNEL_CHANGED = "alliance.channel"

Openness = Literal["public", "members", "managers"]
"""Who may read a channel's content."""

_EVENTS = (POLICY_CHANGED, CHANNEL_CHANGED, RETIRED)
_TOLD = tuple(b'"%s"' % name.encode() for name in _EVENTS)

_Shape = TypeVar("_Shape", bound=msgspec.Struct)


class PolicyChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rule 1."""

    number: I53
    text: str
    """The policy file."""


class ChannelChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules 2 and 3."""

    area: Name
    channel: Name
    genesis_hash: str
    """Leaf hash of the channel's genesis entry, hex; "" for a channel of genesis."""
    log: str
    """Verifier key line of its log; "" for a channel of genesis, whose log policy 0 names."""
    openness: Openness


class _Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    area: Name
    channel: Name
    openness: Openness


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
        self._channels: list[tuple[int, Mapping[str, ChannelInfo]]] = []
        """(entry, all channels from there on), by entry; likewise the policies: few, and asked for at every round."""

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
        number = self._last(self._policies, governance_size)
        return number, self._policies[number][1]

    def channels_at(self, governance_size: int) -> dict[str, ChannelInfo]:
        """Every channel but governance at that size (rule 4), retired ones too, by name."""
        return dict(self._channels[self._last(self._channels, governance_size)][1])

    def _last(self, known: Sequence[tuple[int, object]], governance_size: int) -> int:
        if not 0 < governance_size <= self._size:
            sentence = f"asked about size {governance_size}, {self._size} entries have been read"
            raise LedgerError("consortium", sentence, GOVERNANCE)
        return bisect_left(known, governance_size, key=lambda item: item[0]) - 1

    def _begin(self, entry: object, where: str) -> None:
        if not isinstance(entry, Genesis):
            raise LedgerError("consortium", "the governance log does not begin with a genesis entry", where)
        self._policies.append((0, entry.policy))
        self._channels.append((0, _channels_of_genesis(entry, where)))
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
        known = self._channels[-1][1].get(change.channel)
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
        known = self._channels[-1][1].get(channel)
        if known is None or known.retired is not None:
            raise LedgerError("consortium", f"there is no channel {channel} to retire", RETIRED)
        self._put(replace(known, retired=self._size))

    def _put(self, info: ChannelInfo) -> None:
        self._channels.append((self._size, {**self._channels[-1][1], info.channel: info}))


def _channels_of_genesis(genesis: Genesis, where: str) -> dict[str, ChannelInfo]:
    """Rule 2."""
    where = f"{where}: parameters.{ALLIANCE}.channels"
    found: dict[str, ChannelInfo] = {}
    try:
        listed = msgspec.convert(genesis.parameters[ALLIANCE]["channels"], list[_Listed])
    except (KeyError, TypeError, msgspec.ValidationError):
        raise LedgerError("consortium", "genesis does not list the network's channels", where) from None
    for item in listed:
        check_channel(item.channel, where)
        found[item.channel] = ChannelInfo(item.area, item.channel, item.openness, "", "", 0, None)
    if len(found) != len(listed) or GOVERNANCE in found:
        raise LedgerError("consortium", "a channel stands there twice, or is governance", where)
    return found


def _shaped(data: object, shape: type[_Shape], where: str) -> _Shape:
    try:
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise LedgerError("consortium", f"not what it should tell: {error}", where) from None
