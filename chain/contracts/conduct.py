"""The contract `conduct`: what a channel takes back from accounts that misuse it. Runs on every channel.

By rule:
1. A rejected transaction of a participant counts for `window_ms`. Those of kind `operator` are exempt: without them the
   network does not run. Rejections as "restricted" or "expired" do not count: the first would prolong itself, the
   second is mostly the queue's doing.
2. The `rejected_max`-th that counts restricts the account, from the next block on, for `restricted_ms`: its calls on
   this channel are recorded as rejected, "restricted" (`chain.execution`). Counting begins anew.
3. What is counted is kept as at most `rejected_max` times per account and forgotten when it no longer counts.

By the regulator:
4. `restrict`: a known account ("unknown-account") that is no operator's ("operator"), until a time later than the
   block's and at most `restricted_ms_max` later ("until"). It replaces a restriction that is there.
5. `lift`: a restriction that is there ends now ("not-restricted").

6. A restriction ends at its time by itself: `chain.execution` compares with the block's time; the trigger `lift` only
   puts it on the record.

An operator is not restricted by one hand either: that would let one institution silence the votes of the others.
Table `restrictions`: a row per beginning and end. State `conduct.restricted/<account>` = until, ms UTC, exclusive.

Sources: F05 and T7 ask that permissions follow behaviour; thresholds and rule 1's exemptions are [ours].
"""

from typing import Annotated

import msgspec

from chain.contract import OPERATOR, RESTRICTED_UNTIL, Arguments, Call, Contract, Method, Space, TriggerMethod
from chain.contracts.roles import REGULATOR
from chain.fields import Moment, Name, Title
from chain.schema import Column, Schema
from chain.units import DAY_MS, HOUR_MS, MINUTE_MS

RESTRICTED = "conduct.restricted"
LIFTED = "conduct.lifted"
"""Events."""

NOT_COUNTED = ("expired", "restricted")
"""Rule 1."""

_REJECTIONS = "rejections"
"""State space: account → times of rejections that count, ascending."""
_UNTIL = RESTRICTED_UNTIL.partition(".")[2]
"""State space: account → until, where `chain.execution` looks."""

_Duration = Annotated[int, msgspec.Meta(ge=1, le=366 * DAY_MS)]


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is too much."""

    rejected_max: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100
    """Rejections within the window that restrict."""
    restricted_ms: _Duration = HOUR_MS
    """How long the rule restricts."""
    restricted_ms_max: _Duration = 30 * DAY_MS
    """How far ahead a regulator may restrict."""
    window_ms: _Duration = 10 * MINUTE_MS
    """How long a rejection counts."""


class Restrict(Arguments, frozen=True):
    """Arguments of `restrict`."""

    account: Name
    reason: Title
    until: Moment
    """Exclusive, ms UTC."""


class Lift(Arguments, frozen=True):
    """Arguments of `lift`."""

    account: Name
    reason: Title


RESTRICTIONS = Schema(
    table="restrictions",
    columns=(
        Column("account", "text"),
        Column("status", "text", "restricted|lifted"),
        Column("until", "time", "ms UTC, exclusive; of a lifted one: when it would have ended"),
        Column("by", "text", "account of the regulator, empty: by rule"),
        Column("reason", "text", "empty: by rule"),
        Column("time", "time", "ms UTC, block time"),
    ),
)


def _after_rejection(call: Call, code: str) -> None:
    """Rules 1–3."""
    if call.caller is None or call.caller.kind == OPERATOR or code in NOT_COUNTED:
        return
    account = call.account_id
    times = (*_counting(call, account), call.time_ms)
    if len(times) >= call.parameters.rejected_max:
        call.delete(_REJECTIONS, account)
        call.schedule(call.time_ms, "restrict", account)
    else:
        _keep(call, account, times)


def _counting(call: Call, account: str) -> tuple[int, ...]:
    """Rule 3: the times that still count."""
    since = call.time_ms - call.parameters.window_ms
    return tuple(time_ms for time_ms in call.get(_REJECTIONS, account) or () if time_ms > since)


def _keep(call: Call, account: str, times: tuple[int, ...]) -> None:
    """Rule 3. The trigger is due when the oldest stops counting: one per account, however many there are."""
    call.put(_REJECTIONS, account, times)
    call.schedule(times[0] + call.parameters.window_ms, "forget", account)


def _forget(call: Call, account: str) -> None:
    """Rule 3."""
    times = _counting(call, account)
    if times:
        _keep(call, account, times)
    else:
        call.delete(_REJECTIONS, account)


def _restrict_by_rule(call: Call, account: str) -> None:
    """Rule 2. A longer restriction by the regulator stays."""
    until = call.time_ms + call.parameters.restricted_ms
    if (call.get(_UNTIL, account) or 0) < until:
        _begin(call, account, until, "", "")


def _restrict(call: Call, arguments: Restrict) -> None:
    """Rule 4."""
    known = call.account(arguments.account)
    if known is None:
        call.reject("unknown-account", f"this channel knows no account {arguments.account}")
    if known.kind == OPERATOR:
        call.reject("operator", f"{arguments.account} is an operator's account")
    latest = call.time_ms + call.parameters.restricted_ms_max
    if not call.time_ms < arguments.until <= latest:
        call.reject("until", f"a restriction ends after {call.time_ms} and not after {latest}")
    _begin(call, arguments.account, arguments.until, call.account_id, arguments.reason)


def _begin(call: Call, account: str, until: int, by: str, reason: str) -> None:
    call.put(_UNTIL, account, until)
    call.schedule(until, "lift", account)
    call.write(RESTRICTIONS, (account, "restricted", until, by, reason, call.time_ms))
    call.event(RESTRICTED, {"account": account, "until": until})


def _lift(call: Call, arguments: Lift) -> None:
    """Rule 5."""
    until: int | None = call.get(_UNTIL, arguments.account)
    if until is None:
        call.reject("not-restricted", f"{arguments.account} is not restricted")
    _end(call, arguments.account, until, call.account_id, arguments.reason)


def _lift_by_rule(call: Call, account: str) -> None:
    """Rule 6. A restriction that was replaced by a longer one has a trigger of its own."""
    until: int | None = call.get(_UNTIL, account)
    if until is not None and until <= call.time_ms:
        _end(call, account, until, "", "")


def _end(call: Call, account: str, until: int, by: str, reason: str) -> None:
    call.delete(_UNTIL, account)
    call.write(RESTRICTIONS, (account, "lifted", until, by, reason, call.time_ms))
    call.event(LIFTED, {"account": account})


CONTRACT = Contract(
    name="conduct",
    version=1,
    parameters=Parameters,
    methods=(
        Method("lift", _lift, Lift, (REGULATOR,), ("not-restricted",)),
        Method("restrict", _restrict, Restrict, (REGULATOR,), ("unknown-account", "operator", "until")),
    ),
    triggers=(
        TriggerMethod("forget", _forget),
        TriggerMethod("lift", _lift_by_rule),
        TriggerMethod("restrict", _restrict_by_rule),
    ),
    tables=(RESTRICTIONS,),
    spaces=(Space(_REJECTIONS, tuple[int, ...]), Space(_UNTIL, int)),
    after_rejection=_after_rejection,
    sources=("chain.contracts.conduct", "chain.contracts.roles", "chain.fields"),
)
