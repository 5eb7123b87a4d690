"""The three tables, as bytes: UTF-8, `\\n`, comma, rows sorted by their keys."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sample_data.records import FUEL_CODES
from sample_data.region.energy import generation_wh, load_wh
from sample_data.region.members import Member, members
from sample_data.region.weather import START


def tables() -> dict[str, bytes]:
    """File name → content of every file under `sample_data/files/`."""
    everyone = members()
    return {
        "participants.csv": participants_csv(everyone),
        "plants.csv": plants_csv(everyone),
        "profiles.csv": profiles_csv(everyone),
    }


def write_tables(folder: Path) -> list[Path]:
    """Write the files into a folder."""
    paths = []
    for name, content in tables().items():
        path = folder / name
        path.write_bytes(content)
        paths.append(path)
    return paths


def participants_csv(everyone: Sequence[Member]) -> bytes:
    """One row per member."""
    header = (
        "participant", "name_zh", "name_en", "kind", "area", "zone", "voltage", "cost_fen_per_mwh",
        "willingness_fen_per_mwh", "ask_limit_fen_per_mwh", "bid_limit_fen_per_mwh", "strategy",
    )  # fmt: skip
    rows = (
        (m.account, m.name_zh, m.name_en, m.kind, m.area, m.zone, m.voltage, m.cost, m.willingness,
         m.ask_limit, m.bid_limit, m.strategy)
        for m in everyone
    )  # fmt: skip
    return _csv(header, rows)


def plants_csv(everyone: Sequence[Member]) -> bytes:
    """One row per plant."""
    header = (
        "plant", "owner", "name_zh", "name_en", "technology", "fuel_code", "capacity_w", "area", "zone", "commissioned"
    )  # fmt: skip
    rows = [
        (d.plant, m.account, d.name_zh, d.name_en, d.technology, FUEL_CODES[d.technology], d.capacity_w, m.area,
         d.zone, d.commissioned)
        for m in everyone
        for d in m.devices
    ]  # fmt: skip
    return _csv(header, sorted(rows))


def profiles_csv(everyone: Sequence[Member]) -> bytes:
    """One row per member and step of its meter."""
    labels = {minutes: _labels(minutes) for minutes in (15, 60)}
    rows = (
        (time, member.account, generated, consumed)
        for member in everyone
        for time, generated, consumed in zip(
            labels[member.step_minutes], generation_wh(member).tolist(), load_wh(member).tolist(), strict=True
        )
    )
    return _csv(("time", "participant", "generation_wh", "load_wh"), rows)


def _labels(minutes: int) -> list[str]:
    start = datetime.fromisoformat(START)
    return [
        (start + timedelta(minutes=minutes * step)).isoformat(timespec="minutes") for step in range(7 * 1440 // minutes)
    ]


def _csv(header: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> bytes:
    """None becomes an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")
