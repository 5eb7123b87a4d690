"""Anyone's own market: three tables, read whole or refused with every problem named."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.csv_input import InputError
from sample_data.inputs import read_inputs
from sample_data.records import DEFAULTS, DefaultUsed, Inputs

HOUR_MS = 3_600_000
NOON_MS = 1_793_592_000_000

PARTICIPANTS = """\
participant,name_zh,name_en,kind,area,zone,voltage,cost_fen_per_mwh,willingness_fen_per_mwh,\
ask_limit_fen_per_mwh,bid_limit_fen_per_mwh,strategy
sun,太阳,Sun,producer,area-350100,z1,35kV,28000,50000,26000,,price_taker
mill,工厂,Mill,factory,area-350200,z2,10kV,30000,45000,,47000,adaptive
"""
PLANTS = """\
plant,owner,name_zh,name_en,technology,fuel_code,capacity_w,area,zone,commissioned
sun-1,sun,一号,One,solar_pv,F01040100,1000,area-350100,z1,2021-05-06
sun-2,sun,二号,Two,solar_pv,F01040100,2000,area-350100,z3,2022-05-06
"""
PROFILES = """\
time,participant,generation_wh,load_wh
2026-11-02T12:00+08:00,sun,1000,0
2026-11-02T13:00+08:00,sun,2000,0
2026-11-02T12:00+08:00,mill,0,500
2026-11-02T13:00+08:00,mill,0,600
"""


def read(
    folder: Path,
    participants: str | bytes = PARTICIPANTS,
    plants: str | bytes = PLANTS,
    profiles: str | bytes = PROFILES,
) -> Inputs:
    """Write three tables and read them."""
    paths = [folder / name for name in ("participants.csv", "plants.csv", "profiles.csv")]
    for path, content in zip(paths, (participants, plants, profiles), strict=True):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_inputs(*paths)


def with_row(table: str, row: str) -> str:
    return table + row + "\n"


def problems_of(folder: Path, *tables: str | bytes) -> list[str]:
    """What is refused, without the folder."""
    with pytest.raises(InputError) as caught:
        read(folder, *tables)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_three_tables_become_one_market(tmp_path: Path) -> None:
    inputs = read(tmp_path)
    assert [member.account for member in inputs.participants] == ["mill", "sun"]
    mill, sun = inputs.participants
    assert (mill.name_zh, mill.name_en, mill.kind) == ("工厂", "Mill", "factory")
    assert (mill.area, mill.zone, mill.voltage) == ("area-350200", "z2", "10kV")
    assert (sun.ask_limit_fen_per_mwh, sun.bid_limit_fen_per_mwh, sun.strategy) == (26_000, None, "price_taker")
    assert inputs.hours == (NOON_MS, NOON_MS + HOUR_MS)
    assert inputs.generation_wh["sun"].tolist() == [1_000, 2_000]
    assert inputs.load_wh["mill"].tolist() == [500, 600]
    assert inputs.generation_wh["sun"].dtype == np.int64
    assert [plant.commissioned for plant in inputs.plants] == ["2021-05-06", "2022-05-06"]
    assert inputs.defaults_used == ()


def test_generation_is_split_over_plants_by_capacity_and_adds_up(tmp_path: Path) -> None:
    inputs = read(tmp_path)
    assert inputs.plant_generation_wh["sun-1"].tolist() == [333, 666]
    assert inputs.plant_generation_wh["sun-2"].tolist() == [667, 1_334]


def test_arrays_are_read_only(tmp_path: Path) -> None:
    inputs = read(tmp_path)
    for arrays in (inputs.generation_wh, inputs.load_wh, inputs.plant_generation_wh):
        for array in arrays.values():
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


def test_missing_columns_and_empty_cells_use_named_defaults_and_say_so(tmp_path: Path) -> None:
    participants = "participant,kind\nsun,producer\nmill,\n"
    plants = "plant,owner,technology,capacity_w\nsun-1,sun,wind_offshore,5000\n"
    inputs = read(tmp_path, participants, plants)
    mill, sun = inputs.participants
    assert (mill.name_zh, mill.name_en, mill.kind, sun.kind) == ("mill", "mill", DEFAULTS.kind, "producer")
    assert (mill.area, mill.zone, mill.voltage) == (DEFAULTS.area, DEFAULTS.zone, DEFAULTS.voltage)
    assert (mill.ask_limit_fen_per_mwh, mill.bid_limit_fen_per_mwh) == (38_000, 46_000)
    assert mill.strategy == "ladder"
    plant = inputs.plants[0]
    assert (plant.fuel_code, plant.area, plant.zone, plant.commissioned, plant.name_zh) == (
        "F01050100", DEFAULTS.area, DEFAULTS.zone, "2020-01-01", "sun-1",
    )  # fmt: skip
    used = {(entry.table, entry.column): entry for entry in inputs.defaults_used}
    assert used["participants", "kind"] == DefaultUsed("participants", "kind", "other", 1)
    assert used["participants", "cost_fen_per_mwh"] == DefaultUsed("participants", "cost_fen_per_mwh", "38000", 2)
    assert used["participants", "ask_limit_fen_per_mwh"].value == "the row's cost_fen_per_mwh"
    assert used["plants", "fuel_code"] == DefaultUsed("plants", "fuel_code", "the technology's EECS code", 1)
    assert list(used) == sorted(used)
    assert len(used) == 11 + 6


def test_a_market_may_have_no_plants_and_is_told_that_it_gets_no_certificates(tmp_path: Path) -> None:
    inputs = read(tmp_path, PARTICIPANTS, PLANTS.splitlines()[0] + "\n")
    assert inputs.plants == ()
    assert inputs.notes[-1] == "plants.csv: 1 participant generates without a plant, so without certificates: sun"


def test_what_the_registry_would_refuse_is_noted(tmp_path: Path) -> None:
    plants = "plant,owner,technology,capacity_w\na,sun,solar_pv,1000\nb,sun,small_hydro,100\n"
    assert read(tmp_path, PARTICIPANTS, plants).notes[-3:] == (
        "plants.csv: a: more than its capacity in 1 hour",
        "plants.csv: b: more than its capacity in 1 hour",
        "plants.csv: sun: generation is split by capacity over small_hydro, solar_pv; give each its own owner",
    )


SAME_READINGS: dict[str, bytes] = {
    "a BOM": b"\xef\xbb\xbf" + PROFILES.encode(),
    "semicolons and decimal commas": PROFILES.replace(",", ";").replace(";500\n", ";500,0\n").encode(),
    "tabs and CRLF": PROFILES.replace(",", "\t").replace("\n", "\r\n").encode(),
    "columns in another order and case": (
        b"Load_Wh,PARTICIPANT,Generation_Wh,time\n0,sun,1000,2026-11-02T04:00Z\n0,sun,2000,2026-11-02T05:00Z\n"
        b"500,mill,0,2026-11-02T12:00+08:00\n600,mill,0,2026-11-02 14:00:00+09:00\n"
    ),
    "milliseconds": (
        f"time,participant,generation_wh,load_wh\n{NOON_MS},sun,1000,0\n{NOON_MS + HOUR_MS},sun,2000,0\n"
        f"{NOON_MS},mill,0,500\n{NOON_MS + HOUR_MS},mill,0,600\n"
    ).encode(),
    "quarters with fractions": (
        "time,participant,generation_wh,load_wh\n"
        + "".join(f"2026-11-02T12:{minute}+08:00,sun,250,0\n" for minute in ("00", "15", "30", "45"))
        + "2026-11-02T13:00+08:00,sun,2000,0\n2026-11-02T12:30+08:00,mill,0,300.25\n"
        "2026-11-02T12:00+08:00,mill,0,199.75\n2026-11-02T13:00+08:00,mill,0,600\n"
    ).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME_READINGS)
def test_tables_from_other_tools_say_the_same(tmp_path: Path, name: str) -> None:
    inputs = read(tmp_path, PARTICIPANTS, PLANTS, SAME_READINGS[name])
    assert inputs.hours == (NOON_MS, NOON_MS + HOUR_MS)
    assert inputs.generation_wh["sun"].tolist() == [1_000, 2_000]
    assert inputs.load_wh["mill"].tolist() == [500, 600]


HEADER = PROFILES.splitlines()[0] + "\n"
BAD_PROFILES: dict[str, tuple[str | bytes, list[str]]] = {
    "a missing column": (
        "time,participant,load_wh\n2026-11-02T12:00+08:00,sun,1\n",
        ["profiles.csv:1: generation_wh: this column is missing; the header has time, participant, load_wh"],
    ),
    "negative energy": (
        with_row(PROFILES, "2026-11-02T14:00+08:00,sun,-1,0"),
        ["profiles.csv:6: generation_wh: -1 is less than 0"],
    ),
    "NaN": (
        with_row(PROFILES, "2026-11-02T14:00+08:00,sun,NaN,0"),
        ["profiles.csv:6: generation_wh: 'NaN' is not a number"],
    ),
    "more than any meter measures": (
        with_row(PROFILES, "2026-11-02T14:00+08:00,sun,10000000000001,0"),
        ["profiles.csv:6: generation_wh: 10000000000001 is more than 10000000000000"],
    ),
    "a duplicate key": (
        with_row(PROFILES, "2026-11-02T04:00Z,sun,1,1"),
        [f"profiles.csv:6: participant+time: sun, {NOON_MS} is already on line 2"],
    ),
    "an unknown participant": (
        with_row(with_row(PROFILES, "2026-11-02T14:00Z,moon,1,1"), "2026-11-02T15:00Z,moon,1,1"),
        ["profiles.csv:6: participant: 'moon' is not in the participants table (2 rows)"],
    ),
    "a time without zone": (
        with_row(PROFILES, "2026-11-02T14:00,sun,1,0"),
        ["profiles.csv:6: time: '2026-11-02T14:00' has no time zone: write +08:00 or Z"],
    ),
    "a step of ten minutes": (
        with_row(PROFILES, "2026-11-02T14:10+08:00,sun,1,0"),
        ["profiles.csv:6: time: 2026-11-02T06:10:00Z is not on a quarter of an hour"],
    ),
    "hours that begin at half past in UTC": (
        HEADER + "2026-11-02T12:00+05:30,sun,1,0\n2026-11-02T13:00+05:30,sun,1,0\n",
        [
            "profiles.csv:3: time: sun has 60-minute steps that do not start on the hour (UTC), for instance "
            "2026-11-02T06:30:00Z"
        ],
    ),
    "a year that is a slip of the pen": (
        with_row(PROFILES, "2036-11-02T14:00+08:00,sun,1,0"),
        ["profiles.csv:6: time: 87,675 hours since the first, more than 26,352"],
    ),
    "mixed encodings": (
        PROFILES.encode() + "2026-11-02T14:00+08:00,工厂,1,0\n".encode("gb18030"),
        [
            "profiles.csv:6: byte 24 (0xb9) is not UTF-8; as GB18030 it reads '2026-11-02T14:00+08:00,工厂,1,0': "
            "save as UTF-8"
        ],
    ),
    "no rows": (HEADER, ["profiles.csv: has a header but no rows"]),
    "nothing at all": ("", ["profiles.csv: the file is empty: it needs a header line and rows"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_PROFILES)
def test_bad_readings_are_refused_by_line_and_field(tmp_path: Path, name: str) -> None:
    content, expected = BAD_PROFILES[name]
    assert problems_of(tmp_path, PARTICIPANTS, PLANTS, content) == expected


BAD_MEMBERS: dict[str, tuple[str, str, list[str]]] = {
    "an account that is no name": (
        PARTICIPANTS.replace("mill", "a mill"), PLANTS,
        ["participants.csv:3: participant: 'a mill' is not a name ([A-Za-z0-9][A-Za-z0-9._-]{0,63})"],
    ),
    "a participant twice": (
        with_row(PARTICIPANTS, "sun,,,,,,,,,,,"), PLANTS,
        ["participants.csv:4: participant: sun is already on line 2"],
    ),
    "an unknown strategy": (
        PARTICIPANTS.replace("adaptive", "greedy"), PLANTS,
        ["participants.csv:3: strategy: 'greedy' is not one of cost_plus, ladder, price_taker, adaptive"],
    ),
    "a price with a fraction": (
        PARTICIPANTS.replace("45000", "45000.5"), PLANTS,
        ["participants.csv:3: willingness_fen_per_mwh: '45000.5' is not an integer"],
    ),
    "a control character in a name": (
        PARTICIPANTS.replace("工厂", "工\u0007厂"), PLANTS,
        ["participants.csv:3: name_zh: contains the unprintable character U+0007"],
    ),
    "a plant twice, of nobody, elsewhere, without power, of no day": (
        PARTICIPANTS,
        PLANTS + "sun-1,sun,,,biogas,,10,,,\nx,moon,,,biogas,,10,,,\ny,sun,,,biogas,,10,area-350200,,\n"
        "z,sun,,,biogas,,0,,,\nw,sun,,,biogas,,10,,,2026-02-30\n",
        [
            "plants.csv:4: plant: sun-1 is already on line 2",
            "plants.csv:5: owner: 'moon' is not in the participants table",
            "plants.csv:6: area: 'area-350200' is not its owner's area 'area-350100'",
            "plants.csv:7: capacity_w: 0 is less than 1",
            "plants.csv:8: commissioned: '2026-02-30' is not a day of the calendar: YYYY-MM-DD",
        ],
    ),
    "a technology that nobody knows": (
        PARTICIPANTS, PLANTS.replace("solar_pv", "fusion", 1),
        ["plants.csv:2: technology: 'fusion' is not one of solar_pv, wind_onshore, wind_offshore, small_hydro, "
         "biomass, biogas, other"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_MEMBERS)
def test_bad_members_and_plants_are_refused_by_line_and_field(tmp_path: Path, name: str) -> None:
    participants, plants, expected = BAD_MEMBERS[name]
    assert problems_of(tmp_path, participants, plants, PROFILES) == expected


def test_problems_of_all_three_files_come_together_and_strangers_are_not_blamed_on_a_broken_table(
    tmp_path: Path,
) -> None:
    participants, plants = PARTICIPANTS.replace("28000", "cheap"), PLANTS.replace(",2000,", ",two,")
    found = problems_of(tmp_path, participants, plants, PROFILES.replace("500", "-5"))
    assert [problem.split(": ")[:2] for problem in found] == [
        ["participants.csv:2", "cost_fen_per_mwh"],
        ["plants.csv:3", "capacity_w"],
        ["profiles.csv:4", "load_wh"],
    ]


def test_the_first_twenty_problems_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"2026-11-02T14:00+08:00,ghost{number},1,0\n" for number in range(50))
    with pytest.raises(InputError) as caught:
        read(tmp_path, PARTICIPANTS, PLANTS, PROFILES + rows)
    assert len(caught.value.problems) == 20
    assert caught.value.total == 50


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    read(tmp_path)
    for missing in (tmp_path / "none.csv", tmp_path / "none.parquet", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_inputs(tmp_path / "participants.csv", tmp_path / "plants.csv", missing)


def test_mixed_steps_and_gaps_are_noted_and_count_as_nothing(tmp_path: Path) -> None:
    profiles = HEADER + "".join(
        f"2026-11-02T{time}+08:00,{who},100,10\n"
        for who, times in {
            "sun": ("10:00", "11:00", "11:15", "11:30", "13:00"),
            "mill": ("10:00", "11:00", "12:00", "13:00"),
        }.items()
        for time in times
    )
    inputs = read(tmp_path, with_row(PARTICIPANTS, "idle,,,,,,,,,,,"), PLANTS, profiles)
    assert inputs.generation_wh["sun"].tolist() == [100, 300, 0, 100]
    assert inputs.generation_wh["idle"].tolist() == [0, 0, 0, 0]
    assert inputs.notes[:5] == (
        "profiles.csv: 1 participant metered every 60 minutes: mill",
        "profiles.csv: 1 participant with mixed steps of 15 and 60 minutes: sun",
        "profiles.csv: 1 participant without any reading: 0 Wh: idle",
        "profiles.csv: sun: 1 hour of 4 without a reading, taken as 0 Wh: 2026-11-02T04:00:00Z",
        "profiles.csv: sun: 1 hour of 4 with quarters missing, taken as 0 Wh: 2026-11-02T03:00:00Z",
    )


def test_sums_that_were_rounded_are_counted(tmp_path: Path) -> None:
    inputs = read(tmp_path, PARTICIPANTS, PLANTS, PROFILES.replace("500", "500.5").replace("600", "600.4"))
    assert inputs.load_wh["mill"].tolist() == [501, 600]
    assert inputs.notes[-1] == "profiles.csv: 2 hourly sums were rounded to whole Wh"


def test_unknown_columns_are_noted_without_the_folder(tmp_path: Path) -> None:
    inputs = read(tmp_path, PARTICIPANTS.replace("kind", "colour"))
    assert inputs.notes[0] == "participants.csv:1: colour: unknown column, not used"


def test_names_are_brought_to_nfc(tmp_path: Path) -> None:
    assert read(tmp_path, PARTICIPANTS.replace("Mill", "Cafe\u0301")).participants[0].name_en == "Caf\u00e9"


@given(st.data())
def test_hourly_sums_and_plant_shares_conserve_every_watt_hour(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    quarters = data.draw(
        st.lists(st.tuples(st.integers(0, 95), st.integers(0, 10**13)), min_size=1, unique_by=lambda item: item[0])
    )
    capacities = data.draw(st.lists(st.integers(1, 10**11), min_size=1, max_size=4))
    start = NOON_MS - 12 * HOUR_MS
    # One quarter between hours keeps single readings from looking like late 60-minute steps.
    rows = {start + (quarter - quarter % 4) * HOUR_MS + quarter % 4 * 900_000: energy for quarter, energy in quarters}
    profiles = HEADER + "".join(f"{time},sun,{energy},0\n" for time, energy in rows.items())
    plants = "plant,owner,technology,capacity_w\n" + "".join(
        f"p{number},sun,biogas,{capacity}\n" for number, capacity in enumerate(capacities)
    )
    inputs = read(tmp_path_factory.mktemp("conserve"), "participant\nsun\n", plants, profiles)
    total = inputs.generation_wh["sun"]
    assert sum(total.tolist()) == sum(rows.values())
    assert sum(inputs.plant_generation_wh.values()).tolist() == total.tolist()  # type: ignore[union-attr]
    assert all(int(part.min()) >= 0 for part in inputs.plant_generation_wh.values())


@given(st.sampled_from(["participants", "plants", "profiles"]), st.data())
def test_whatever_is_in_a_file_nothing_but_an_input_error_comes_out(
    tmp_path_factory: pytest.TempPathFactory, which: str, data: st.DataObject
) -> None:
    tables = {"participants": PARTICIPANTS.encode(), "plants": PLANTS.encode(), "profiles": PROFILES.encode()}
    content = bytearray(tables[which])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + 1] = data.draw(st.binary(max_size=3))
    tables[which] = bytes(content)
    try:
        inputs = read(tmp_path_factory.mktemp("any"), **tables)
    except InputError as error:
        text = str(error)
    else:
        text = f"{len(inputs.participants)} participants"
    assert text


def test_reading_inputs_needs_no_weather_library() -> None:
    program = "import sys, sample_data as s; s.read_inputs(*s.SAMPLE_FILES); print('pvlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert run.stdout == "False\n"
