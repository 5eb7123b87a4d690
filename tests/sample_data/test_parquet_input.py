"""Tables in Parquet: what tools write is understood, what is unclear is refused by row and field."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.csv_input import InputError
from sample_data.inputs import read_inputs

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
TABLES = {
    "participants.csv": "participant,kind,cost_fen_per_mwh,ask_limit_fen_per_mwh\nsun,producer,28000,26000\nmill,,,\n",
    "plants.csv": "plant,owner,technology,capacity_w,commissioned\nsun-1,sun,solar_pv,5000,2021-05-06\n",
    "profiles.csv": (
        "time,participant,generation_wh,load_wh\n2026-11-02T12:00+08:00,sun,1000,0\n2026-11-02T13:00+08:00,sun,2000,0\n"
        "2026-11-02T12:00+08:00,mill,0,500\n2026-11-02T13:00+08:00,mill,0,600\n"
    ),
}


def write_csv(folder: Path) -> tuple[Path, Path, Path]:
    """The three tables as CSV."""
    for name, text in TABLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "participants.csv", folder / "plants.csv", folder / "profiles.csv"


def frames() -> dict[str, pl.DataFrame]:
    """The profiles as a data frame, in the types that tools write."""
    hour = [datetime(2026, 11, 2, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC)]
    frame = pl.DataFrame(
        {
            "time": [*hour, *hour],
            "participant": ["sun", "sun", "mill", "mill"],
            "generation_wh": [1000, 2000, 0, 0],
            "load_wh": [0, 0, 500, 600],
        }
    )
    local = pl.col("time").dt.convert_time_zone("Asia/Shanghai")
    return {
        "integers and UTC": frame,
        "floats and local time": frame.with_columns(local, pl.col("generation_wh", "load_wh").cast(pl.Float64)),
        "decimals and nanoseconds": frame.with_columns(
            pl.col("time").dt.cast_time_unit("ns"), pl.col("generation_wh", "load_wh").cast(pl.Decimal(20, 3))
        ),
        "text and categories": frame.with_columns(
            local.dt.to_string("iso:strict"), pl.col("participant").cast(pl.Categorical), pl.col("load_wh").cast(str)
        ),
    }


@pytest.mark.parametrize("name", frames())
def test_parquet_says_the_same_as_csv(tmp_path: Path, name: str) -> None:
    expected = read_inputs(*write_csv(tmp_path))
    frames()[name].write_parquet(tmp_path / "profiles.parquet")
    pl.read_csv(tmp_path / "participants.csv").write_parquet(tmp_path / "participants.parquet")
    pl.read_csv(tmp_path / "plants.csv", try_parse_dates=True).write_parquet(tmp_path / "plants.parquet")
    inputs = read_inputs(*(tmp_path / f"{table}.parquet" for table in ("participants", "plants", "profiles")))
    assert inputs.participants == expected.participants
    assert inputs.plants == expected.plants
    assert inputs.plants[0].commissioned == "2021-05-06"
    assert inputs.hours == expected.hours
    for account in ("sun", "mill"):
        assert inputs.generation_wh[account].tolist() == expected.generation_wh[account].tolist()
        assert inputs.load_wh[account].tolist() == expected.load_wh[account].tolist()


BAD_FRAMES: dict[str, tuple[dict[str, object], str]] = {
    "a time without zone": (
        {"time": [datetime(2026, 11, 2, 4, tzinfo=UTC).replace(tzinfo=None)]},
        ":1: time: '2026-11-02T04:00:00.000000' has no time zone",
    ),
    "a time finer than milliseconds": (
        {"time": [datetime(2026, 11, 2, 4, 0, 0, 7, UTC)]},
        ":1: time: '2026-11-02T04:00:00.000007Z' is finer than a millisecond",
    ),
    "NaN": ({"load_wh": [float("nan")]}, ":1: load_wh: 'nan' is not a number"),
    "nothing": ({"load_wh": pl.Series([None], dtype=pl.Int64)}, ":1: load_wh: is empty"),
    "negative energy": ({"generation_wh": [-2]}, ":1: generation_wh: -2 is less than 0"),
    "too much energy": ({"generation_wh": [10**14]}, ":1: generation_wh: 100000000000000 is more than"),
    "a type that is no number": ({"load_wh": [True]}, "load_wh: type bool is not understood"),
    "an unknown participant": ({"participant": ["moon"]}, ":1: participant: 'moon' is not in the participants"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_bad_parquet_is_refused_by_row_and_field(tmp_path: Path, name: str) -> None:
    columns, sentence = BAD_FRAMES[name]
    good = {"time": [NOON], "participant": ["sun"], "generation_wh": [1], "load_wh": [1]}
    pl.DataFrame({**good, **columns}).write_parquet(tmp_path / "profiles.parquet")
    with pytest.raises(InputError) as caught:
        read_inputs(*write_csv(tmp_path)[:2], tmp_path / "profiles.parquet")
    assert sentence in str(caught.value)


def test_a_column_missing_or_twice_is_refused(tmp_path: Path) -> None:
    one, path = pa.array([1]), tmp_path / "profiles.parquet"
    for names, sentence in (
        (["time", "load_wh"], "participant: this column is missing; there are time, load_wh"),
        (["time", "time", "participant", "generation_wh", "load_wh"], "time: this column is there twice"),
    ):
        pq.write_table(pa.table([one] * len(names), names=names), path)
        with pytest.raises(InputError, match=sentence):
            read_inputs(*write_csv(tmp_path)[:2], path)


def test_what_is_no_parquet_or_has_no_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "profiles.parquet"
    path.write_bytes(b"PAR1" + bytes(40) + b"PAR1")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_inputs(*write_csv(tmp_path)[:2], path)
    frames()["integers and UTC"].clear().write_parquet(path)
    with pytest.raises(InputError, match="has a header but no rows"):
        read_inputs(*write_csv(tmp_path)[:2], path)


def test_an_unknown_column_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "profiles.parquet"
    frames()["integers and UTC"].with_columns(meter=1).write_parquet(path)
    assert read_inputs(*write_csv(tmp_path)[:2], path).notes[0] == "profiles.parquet: meter: unknown column, not used"


@given(st.integers(0, 10**4), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_an_input_error_or_still_a_table(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = folder / "profiles.parquet"
    frames()["integers and UTC"].write_parquet(path)
    content = bytearray(path.read_bytes())
    place %= len(content)
    content[place : place + len(damage)] = damage
    path.write_bytes(bytes(content))
    try:
        text = str(read_inputs(*write_csv(folder)[:2], path).hours)
    except InputError as error:
        text = str(error)
    assert text
