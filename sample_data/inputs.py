"""Anyone's own market, from three tables: participants, plants, profiles (`sample_data/README.md`).

Rules, in this order; every problem of all three files is collected, the first 20 are shown, nothing is half-read:

1. Each table is CSV or, by its suffix `.parquet`, Parquet; each cell is of its column's kind and within its range.
2. Ids are names of the record (`[A-Za-z0-9][A-Za-z0-9._-]{0,63}`), texts are text of the record, keys are unique.
3. A plant's owner is a participant, and its area is its owner's.
4. Where an optional column is missing, or a cell of it empty, a named default is used and recorded. The exception
   are the two limits: an empty cell there says "no limit", only a missing column means the default.
5. Readings are checked and summed to hours (`sample_data.profiles`).
6. A participant's generation is split over its plants (`sample_data.plant_energy`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from chain.errors import ParseError
from chain.text import check_name, check_text
from sample_data.csv_input import Column, Table, read_table, report_duplicates
from sample_data.parquet_input import read_parquet_table
from sample_data.plant_energy import plant_notes, split_over_plants
from sample_data.problems import Problems
from sample_data.profiles import hourly
from sample_data.records import (
    DEFAULTS,
    FUEL_CODES,
    INPUT_LIMITS,
    STRATEGIES,
    DefaultUsed,
    Inputs,
    Participant,
    Plant,
)

_FILES = Path(__file__).parent / "files"
SAMPLE_FILES: tuple[Path, Path, Path] = (
    _FILES / "participants.csv",
    _FILES / "plants.csv",
    _FILES / "profiles.csv",
)
"""The simulated region's tables, in the order that `read_inputs` takes them."""

_PRICE = INPUT_LIMITS.price_fen_per_mwh_max
_ENERGY = Decimal(INPUT_LIMITS.reading_wh_max)


def _price(name: str) -> Column:
    return Column(name, "integer", required=False, minimum=-_PRICE, maximum=_PRICE)


PARTICIPANT_COLUMNS: tuple[Column, ...] = (
    Column("participant", "text"),
    Column("name_zh", "text", required=False),
    Column("name_en", "text", required=False),
    Column("kind", "text", required=False),
    Column("area", "text", required=False),
    Column("zone", "text", required=False),
    Column("voltage", "text", required=False),
    _price("cost_fen_per_mwh"),
    _price("willingness_fen_per_mwh"),
    _price("ask_limit_fen_per_mwh"),
    _price("bid_limit_fen_per_mwh"),
    Column("strategy", "choice", required=False, choices=STRATEGIES),
)
PLANT_COLUMNS: tuple[Column, ...] = (
    Column("plant", "text"),
    Column("owner", "text"),
    Column("name_zh", "text", required=False),
    Column("name_en", "text", required=False),
    Column("technology", "choice", choices=tuple(FUEL_CODES)),
    Column("fuel_code", "text", required=False),
    Column("capacity_w", "integer", minimum=1, maximum=INPUT_LIMITS.capacity_w_max),
    Column("area", "text", required=False),
    Column("zone", "text", required=False),
    Column("commissioned", "text", required=False),
)
PROFILE_COLUMNS: tuple[Column, ...] = (
    Column("time", "time"),
    Column("participant", "text"),
    Column("generation_wh", "decimal", minimum=Decimal(0), maximum=_ENERGY),
    Column("load_wh", "decimal", minimum=Decimal(0), maximum=_ENERGY),
)


@dataclass(frozen=True, slots=True)
class _Fill:
    """Rule 4 for one column."""

    column: str
    words: str
    """What the default is, for `defaults_used`."""
    value: Callable[[int], Any]
    """The default of a row, by its index."""
    only_if_missing: bool = False
    """True: an empty cell is an answer, not a gap."""


def read_inputs(participants: Path, plants: Path, profiles: Path) -> Inputs:
    """Read and check the three tables; raises `InputError` with the first 20 problems of all of them."""
    problems = Problems()
    who = _read(participants, PARTICIPANT_COLUMNS, problems)
    _check_participants(who, problems)
    # With a broken participants table every reading would belong to a stranger: one problem is told once.
    sound = problems.total == 0
    what = _read(plants, PLANT_COLUMNS, problems)
    _check_plants(what, who if sound else None, problems)
    readings = _read(profiles, PROFILE_COLUMNS, problems)
    _check_filled(readings, problems)
    accounts = sorted(who.columns["participant"])
    energy = hourly(readings, profiles.name, accounts, problems) if sound else None
    problems.raise_if_any()
    if energy is None:
        raise AssertionError("readings without a problem have sums")
    defaults: list[DefaultUsed] = []
    members = _participants(who, defaults)
    devices = _plants(what, {member.account: member for member in members}, defaults)
    split = split_over_plants(devices, energy)
    return Inputs(
        members,
        devices,
        energy.hours,
        energy.generation_wh,
        energy.load_wh,
        split,
        (*_warnings(who, what, readings), *energy.notes, *plant_notes(plants.name, devices, energy, split)),
        tuple(sorted(defaults, key=lambda used: (used.table, used.column))),
    )


def _read(path: Path, columns: Sequence[Column], problems: Problems) -> Table:
    """Rule 1."""
    if path.suffix.lower() == ".parquet":
        return read_parquet_table(path, columns, problems)
    return read_table(path, columns, problems)


def _warnings(*tables: Table) -> list[str]:
    """What the reader of a table noted, with the file's name only: notes may be published, folders are private."""
    return [warning.replace(table.file, Path(table.file).name, 1) for table in tables for warning in table.warnings]


def _check_participants(table: Table, problems: Problems) -> None:
    """Rule 2."""
    _check_filled(table, problems)
    if len(table.lines) > INPUT_LIMITS.participants_max:
        problems.add(table.file, 0, "", f"has more than {INPUT_LIMITS.participants_max:,} participants")
    _check_each(table, ("participant", "area", "zone", "voltage"), check_name, problems)
    _check_each(table, ("name_zh", "name_en", "kind"), check_text, problems)
    report_duplicates(table, ("participant",), problems)


def _check_plants(table: Table, participants: Table | None, problems: Problems) -> None:
    """Rules 2 and 3; without sound participants only rule 2. A market without plants is a market of certificates
    that never appear, not a mistake: the table may be empty."""
    if len(table.lines) > INPUT_LIMITS.plants_max:
        problems.add(table.file, 0, "", f"has more than {INPUT_LIMITS.plants_max:,} plants")
    _check_each(table, ("plant", "owner", "fuel_code", "area", "zone"), check_name, problems)
    _check_each(table, ("name_zh", "name_en"), check_text, problems)
    _check_each(table, ("commissioned",), _check_date, problems)
    report_duplicates(table, ("plant",), problems)
    if participants is None:
        return
    areas = [area or DEFAULTS.area for area in participants.columns["area"]]
    area_of = dict(zip(participants.columns["participant"], areas, strict=True))
    for line, owner, area in zip(table.lines, table.columns["owner"], table.columns["area"], strict=True):
        if owner not in area_of:
            problems.add(table.file, line, "owner", f"{owner!r} is not in the participants table")
        elif area is not None and area != area_of[owner]:
            problems.add(table.file, line, "area", f"{area!r} is not its owner's area {area_of[owner]!r}")


def _check_filled(table: Table, problems: Problems) -> None:
    if not table.lines and problems.total == 0:
        problems.add(table.file, 0, "", "has a header but no rows")


def _check_each(table: Table, columns: Sequence[str], check: Callable[[str, str], str], problems: Problems) -> None:
    """Hold every filled cell of the columns against a rule of the record."""
    for column in columns:
        for line, value in zip(table.lines, table.columns[column], strict=True):
            if value is not None:
                try:
                    check(value, "")
                except ParseError as error:
                    problems.add(table.file, line, column, error.sentence)


def _check_date(value: str, where: str) -> str:
    """A calendar day `YYYY-MM-DD`."""
    try:
        if len(value) == len("YYYY-MM-DD"):
            date.fromisoformat(value)
            return value
    except ValueError:
        pass
    raise ParseError("date", f"{value!r} is not a day of the calendar: YYYY-MM-DD", where)


def _participants(table: Table, defaults: list[DefaultUsed]) -> tuple[Participant, ...]:
    """Rule 4, then records sorted by account."""
    columns = table.columns
    accounts = columns["participant"]
    constants = ("kind", "area", "zone", "voltage", "cost_fen_per_mwh", "willingness_fen_per_mwh", "strategy")
    _fill(table, "participants", [_constant(name) for name in constants], defaults)
    limits = (("ask", "cost_fen_per_mwh"), ("bid", "willingness_fen_per_mwh"))
    fills = [_Fill(name, "the participant id", accounts.__getitem__) for name in ("name_zh", "name_en")]
    fills += [
        _Fill(f"{side}_limit_fen_per_mwh", f"the row's {source}", columns[source].__getitem__, only_if_missing=True)
        for side, source in limits
    ]
    _fill(table, "participants", fills, defaults)
    names = [column.name for column in PARTICIPANT_COLUMNS]
    rows = zip(*(columns[name] for name in names), strict=True)
    return tuple(sorted((Participant(*row) for row in rows), key=lambda member: member.account))


def _plants(table: Table, members: dict[str, Participant], defaults: list[DefaultUsed]) -> tuple[Plant, ...]:
    """Rule 4, then records sorted by plant."""
    columns = table.columns
    owners = [members[owner] for owner in columns["owner"]]
    fills = [
        _Fill("name_zh", "the plant id", columns["plant"].__getitem__),
        _Fill("name_en", "the plant id", columns["plant"].__getitem__),
        _Fill("fuel_code", "the technology's EECS code", lambda row: FUEL_CODES[columns["technology"][row]]),
        _Fill("area", "the owner's area", lambda row: owners[row].area),
        _Fill("zone", "the owner's zone", lambda row: owners[row].zone),
        _constant("commissioned"),
    ]
    _fill(table, "plants", fills, defaults)
    rows = zip(*(columns[column.name] for column in PLANT_COLUMNS), strict=True)
    return tuple(sorted((Plant(*row) for row in rows), key=lambda plant: plant.plant))


def _constant(column: str) -> _Fill:
    value = getattr(DEFAULTS, column)
    return _Fill(column, str(value), lambda _: value)


def _fill(table: Table, name: str, fills: Sequence[_Fill], defaults: list[DefaultUsed]) -> None:
    """Put defaults into the table's gaps and record them."""
    for fill in fills:
        values = table.columns[fill.column]
        if fill.only_if_missing and fill.column not in table.missing:
            continue
        gaps = [row for row, value in enumerate(values) if value is None]
        for row in gaps:
            values[row] = fill.value(row)
        if gaps:
            defaults.append(DefaultUsed(name, fill.column, fill.words, len(gaps)))
