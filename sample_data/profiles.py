"""Meter readings at mixed steps become one value per participant and hour.

Refused, each as `file:line: field: problem`:

1. a participant that the participants table does not have;
2. a time that is not on a quarter of an hour, or a 60-minute step that does not start on the hour (UTC);
3. two readings of one participant for the same time;
4. more hours, or more participants times hours, than the limits allow.

Noted, not refused: which participants are metered at which step, missing hours and quarter hours (0 Wh), participants
without any reading, sums that had to be rounded to whole Wh.

A reading covers the time from its label to the next step. An hour with one reading, on the hour, is a 60-minute
step; an hour with any reading at :15, :30 or :45 is made of quarters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chain.units import HOUR_MS
from sample_data.csv_input import Table, report_duplicates
from sample_data.problems import Problems
from sample_data.records import INPUT_LIMITS

QUARTER_MS = HOUR_MS // 4

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Profiles:
    """Hourly energy of every participant."""

    hours: tuple[int, ...]
    """Start of each hour, milliseconds UTC."""
    generation_wh: dict[str, Ints]
    load_wh: dict[str, Ints]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Readings:
    """The readings as columns, sorted by participant and time."""

    who: Ints
    """Index of the participant."""
    time_ms: Ints
    generation_mwh: Ints
    """Generation, thousandths of a Wh."""
    load_mwh: Ints
    """Load, thousandths of a Wh."""


def hourly(table: Table, name: str, accounts: Sequence[str], problems: Problems) -> Profiles | None:
    """Rules 1 to 4, then the sums; None when there is a problem. `accounts` is sorted, `name` is for notes."""
    before = problems.total
    _check_participants(table, accounts, problems)
    if problems.total > before or not table.lines:
        return None
    readings = _readings(table, accounts)
    _check_steps(table, accounts, readings, problems)
    if bool(((np.diff(readings.who) == 0) & (np.diff(readings.time_ms) == 0)).any()):
        report_duplicates(table, ("participant", "time"), problems)
    first = int(readings.time_ms.min()) // HOUR_MS
    count = int(readings.time_ms.max()) // HOUR_MS - first + 1
    _check_size(table, count, len(accounts), problems)
    if problems.total > before:
        return None
    return _sums(name, accounts, readings, first, count)


def _check_participants(table: Table, accounts: Sequence[str], problems: Problems) -> None:
    """Rule 1, once per stranger."""
    known = set(accounts)
    lines: dict[str, list[int]] = {}
    for line, name in zip(table.lines, table.columns["participant"], strict=True):
        if name not in known:
            lines.setdefault(name, []).append(line)
    for name, found in lines.items():
        rows = "1 row" if len(found) == 1 else f"{len(found):,} rows"
        problems.add(table.file, found[0], "participant", f"{name!r} is not in the participants table ({rows})")


def _readings(table: Table, accounts: Sequence[str]) -> _Readings:
    index = {account: number for number, account in enumerate(accounts)}
    who = np.array([index[name] for name in table.columns["participant"]], dtype=np.int64)
    time_ms = np.array(table.columns["time"], dtype=np.int64)
    order = np.lexsort((time_ms, who))
    columns = table.columns
    return _Readings(
        who[order],
        time_ms[order],
        _thousandths(columns["generation_wh"])[order],
        _thousandths(columns["load_wh"])[order],
    )


def _thousandths(values: Sequence[Any]) -> Ints:
    """Decimals of Wh as integer mWh, a half to even."""
    thousand = Decimal(1000)
    return np.array([round(value * thousand) for value in values], dtype=np.int64)


def _check_steps(table: Table, accounts: Sequence[str], readings: _Readings, problems: Problems) -> None:
    """Rule 2. A reading inside the hour whose neighbours are an hour away is a 60-minute step that starts late."""
    for line, time in zip(table.lines, table.columns["time"], strict=True):
        if time % QUARTER_MS:
            problems.add(table.file, line, "time", f"{iso(time)} is not on a quarter of an hour")
    time, who = readings.time_ms, readings.who
    gap = np.where(np.diff(who) == 0, np.diff(time), 2**62)
    before, after = np.append(2**62, gap), np.append(gap, 2**62)
    late = (time % HOUR_MS != 0) & (np.minimum(before, after) == HOUR_MS)
    offenders = np.unique(who[late])
    if not offenders.size:
        return
    lines = dict(zip(table.columns["participant"], table.lines, strict=True))
    for number in offenders.tolist():
        account = accounts[number]
        sentence = f"{account} has 60-minute steps that do not start on the hour (UTC), for instance "
        problems.add(table.file, lines[account], "time", sentence + iso(int(time[late & (who == number)][0])))


def _check_size(table: Table, hours: int, participants: int, problems: Problems) -> None:
    """Rule 4."""
    if hours > INPUT_LIMITS.hours_max:
        times = table.columns["time"]
        line = table.lines[max(range(len(times)), key=times.__getitem__)]
        problems.add(table.file, line, "time", f"{hours:,} hours since the first, more than {INPUT_LIMITS.hours_max:,}")
    elif hours * participants > INPUT_LIMITS.cells_max:
        sentence = f"{participants:,} participants × {hours:,} hours are more than {INPUT_LIMITS.cells_max:,}"
        problems.add(table.file, 0, "", sentence)


def _sums(file: str, accounts: Sequence[str], readings: _Readings, first: int, count: int) -> Profiles:
    cell = readings.who * count + readings.time_ms // HOUR_MS - first
    quarters = np.zeros(len(accounts) * count, dtype=np.uint8)
    np.bitwise_or.at(quarters, cell, (1 << (readings.time_ms // QUARTER_MS % 4)).astype(np.uint8))
    sums, rounded = [], 0
    for values in (readings.generation_mwh, readings.load_mwh):
        total = np.zeros(len(accounts) * count, dtype=np.int64)
        np.add.at(total, cell, values)
        rounded += int(np.count_nonzero(total % 1000))
        by_hour = ((total + 500) // 1000).reshape(len(accounts), count)
        by_hour.flags.writeable = False
        sums.append(dict(zip(accounts, by_hour, strict=True)))
    hours = tuple((first + hour) * HOUR_MS for hour in range(count))
    notes = _notes(file, accounts, quarters.reshape(len(accounts), count), hours)
    if rounded:
        notes.append(f"{file}: {counted(rounded, 'hourly sum was', 'hourly sums were')} rounded to whole Wh")
    return Profiles(hours, sums[0], sums[1], tuple(notes))


def _notes(file: str, accounts: Sequence[str], quarters: NDArray[np.uint8], hours: Sequence[int]) -> list[str]:
    """Steps, then gaps by participant."""
    by_quarter = (quarters > 1).any(axis=1)
    by_hour = (quarters == 1).any(axis=1)
    steps = [
        (by_hour & ~by_quarter, "metered every 60 minutes"),
        (by_quarter & ~by_hour, "metered every 15 minutes"),
        (by_quarter & by_hour, "with mixed steps of 15 and 60 minutes"),
        (~by_quarter & ~by_hour, "without any reading: 0 Wh"),
    ]
    notes = []
    for chosen, words in steps:
        names = [account for account, is_so in zip(accounts, chosen.tolist(), strict=True) if is_so]
        if names:
            shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
            notes.append(f"{file}: {counted(len(names), 'participant', 'participants')} {words}: {shown}")
    gaps = []
    for account, row in zip(accounts, quarters, strict=True):
        missing = np.flatnonzero(row == 0)
        parts = np.flatnonzero((row > 1) & (row < 15))
        if 0 < missing.size < row.size:
            gaps.append(_gap(file, account, missing, hours, "without a reading, taken as 0 Wh"))
        if parts.size:
            gaps.append(_gap(file, account, parts, hours, "with quarters missing, taken as 0 Wh"))
    if len(gaps) > INPUT_LIMITS.notes_max:
        more = len(gaps) - INPUT_LIMITS.notes_max
        gaps = [*gaps[: INPUT_LIMITS.notes_max], f"{file}: … and {more:,} more gaps"]
    return notes + gaps


def _gap(file: str, account: str, found: NDArray[np.intp], hours: Sequence[int], words: str) -> str:
    shown = ", ".join(iso(hours[index]) for index in found[:3].tolist()) + (", …" if found.size > 3 else "")
    return f"{file}: {account}: {counted(found.size, 'hour', 'hours')} of {len(hours):,} {words}: {shown}"


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def iso(time_ms: int) -> str:
    """A time for messages."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
