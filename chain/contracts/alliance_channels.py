"""Market channels and their links. Runs as part of the contract `alliance`.

In this order; the code of a refusal in quotes:
1. A channel that is created has a name of `docs/format.md` section 1 that is no other folder of an export, in no
   spelling ("channel-name"), and that no channel has or had, in no spelling ("channel-taken"): folders of some machines
   do not tell `A` from `a`.
2. No channel that is open trades its area ("area-taken"). After a retirement the area may begin anew elsewhere.
3. Its log's key is of type 01 and is named after it (rule 2 of `alliance_policy`, "key", "key-taken"); the policy with
   one log more is the newest ("policy").
4. The hash of its genesis entry is 32 bytes of lower-case hex ("genesis-hash"). What is in that entry was voted with
   it: a log that begins with anything else is not this channel.
5. Every other action is about a channel that was created ("unknown-channel") and is not retired ("retired").
   Governance is no market channel: it is always public, linked to all by what they import, and never retired.
6. Two different channels ("link-self") are linked once ("linked"), in no order, and unlinked if they are linked
   ("not-linked"). A link of a retired channel ends with it.
7. Openness is set to something else than it is ("unchanged").
8. A retired channel's log stays in the policy: its record can be checked for ever. From the
   block that imports `alliance.retired` on it takes nothing new; it ends once nothing is open (`chain.replica` 6).
"""

from functools import partial

import msgspec

from chain.contract import Call
from chain.contracts.alliance_actions import CreateChannel, LinkChannels, RetireChannel, SetOpenness, UnlinkChannels
from chain.contracts.alliance_events import report, report_channel
from chain.contracts.alliance_members import Effect
from chain.contracts.alliance_policy import adopt_policy, check_key, judge_log, network_of
from chain.contracts.alliance_state import AREA, CHANNEL, LINK, Channel
from chain.contracts.alliance_tables import CHANNEL_LINKS, write_channel
from chain.contracts.quorum import newest_policy
from chain.errors import ParseError
from chain.imports import GOVERNANCE, Retirement
from chain.layout import check_channel, origin
from chain.note import ED25519
from chain.text import from_hex


def judge_creation(call: Call, action: CreateChannel) -> Effect:
    """Rules 1–4."""
    _check_name(call, action.channel)
    trading = call.get(AREA, action.area)
    if trading is not None:
        call.reject("area-taken", f"area {action.area} trades on {trading}")
    try:
        from_hex(action.genesis_hash, 32, "genesis_hash")
    except ParseError:
        call.reject("genesis-hash", "a leaf hash is 32 bytes of lower-case hex")
    key = check_key(call, action.log, ED25519, origin(network_of(newest_policy(call)), action.channel))
    changed = judge_log(call, key)
    channel = Channel(action.area, action.channel, action.genesis_hash, action.log, action.openness)

    def effect() -> None:
        call.put(CHANNEL, channel.channel, channel)
        call.put(AREA, channel.area, channel.channel)
        adopt_policy(call, changed)
        report_channel(call, channel)
        write_channel(call, channel)

    return effect


def judge_link(call: Call, action: LinkChannels) -> Effect:
    """Rules 5 and 6."""
    first, second = _pair(call, action.first, action.second)
    if call.get(LINK, f"{first}:{second}") is not None:
        call.reject("linked", f"{first} and {second} are linked")

    def effect() -> None:
        call.put(LINK, f"{first}:{second}", 1)
        _write_link(call, first, second, is_linked=True)

    return effect


def judge_unlink(call: Call, action: UnlinkChannels) -> Effect:
    """Rules 5 and 6."""
    first, second = _pair(call, action.first, action.second)
    if call.get(LINK, f"{first}:{second}") is None:
        call.reject("not-linked", f"{first} and {second} are not linked")
    return partial(_unlink, call, first, second)


def judge_openness(call: Call, action: SetOpenness) -> Effect:
    """Rules 5 and 7."""
    channel = require_open(call, action.channel)
    if channel.openness == action.openness:
        call.reject("unchanged", f"{action.channel} is for {action.openness} already")
    changed = msgspec.structs.replace(channel, openness=action.openness)

    def effect() -> None:
        call.put(CHANNEL, changed.channel, changed)
        report_channel(call, changed)
        write_channel(call, changed)

    return effect


def judge_retirement(call: Call, action: RetireChannel) -> Effect:
    """Rules 5, 6 and 8."""
    channel = require_open(call, action.channel)
    retired = msgspec.structs.replace(channel, status="retired")

    def effect() -> None:
        call.put(CHANNEL, retired.channel, retired)
        call.delete(AREA, retired.area)
        for link, _ in list(call.items(LINK)):
            first, _, second = link.partition(":")
            if retired.channel in (first, second):
                _unlink(call, first, second)
        report(call, Retirement(retired.channel))
        write_channel(call, retired)

    return effect


def require_open(call: Call, name: str) -> Channel:
    """Rule 5."""
    channel: Channel | None = call.get(CHANNEL, name)
    if channel is None:
        what = "governance is no market channel" if name == GOVERNANCE else f"there is no channel {name}"
        call.reject("unknown-channel", what)
    if channel.status == "retired":
        call.reject("retired", f"channel {name} is retired")
    return channel


def _check_name(call: Call, name: str) -> None:
    """Rule 1."""
    try:
        check_channel(name)
        check_channel(name.lower())
    except ParseError:
        call.reject("channel-name", "not a name that a channel can have")
    taken = (GOVERNANCE, *(other for other, _ in call.items(CHANNEL)))
    for other in taken:
        if name.lower() == other.lower():
            call.reject("channel-taken", f"there is, or was, a channel {other}")


def _pair(call: Call, one: str, other: str) -> tuple[str, str]:
    """Rule 6: both open, in their one order."""
    first, second = sorted((one, other))
    if first == second:
        call.reject("link-self", "a channel is not linked to itself")
    require_open(call, first)
    require_open(call, second)
    return first, second


def _unlink(call: Call, first: str, second: str) -> None:
    call.delete(LINK, f"{first}:{second}")
    _write_link(call, first, second, is_linked=False)


def _write_link(call: Call, first: str, second: str, *, is_linked: bool) -> None:
    call.write(CHANNEL_LINKS, (first, second, is_linked, call.time_ms))
