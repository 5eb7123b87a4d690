"""What each member generates and consumes: power curves and load shapes become integer Wh.

1. Solar: irradiance × capacity, cell 25 K above the air at full sun and −0.35 %/K above 25 °C, 14 % losses, DC 1.25
   times the rated AC power, clipped there (PVWatts, NREL/TP-6A20-62641).
2. Wind: cubic from 3 m/s to the rated 11.5 m/s, nothing above 25 m/s; 6 % wakes and outages.
3. Small hydro in the dry season: a third of its capacity, held back in ponds for morning and evening.
4. Biomass and biogas: steady, with a slow wander.
5. Loads: a 24-hour shape for working days and one for the weekend, times a slow wander.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sample_data.records import Technology
from sample_data.region.members import Device, Member
from sample_data.region.noise import Noise, Series
from sample_data.region.weather import DAYS, QUARTERS, sunshine_w_m2, wind_m_s

_HOURS = np.arange(QUARTERS) / 4.0
_HOUR_OF_DAY = _HOURS % 24.0

_SHAPES: dict[str, tuple[str, str]] = {
    # Percent of the peak by hour of day, working day and weekend.
    "factory-1": ("20 20 20 20 20 20 25 45 85 98 100 96 70 92 100 100 98 80 50 35 28 25 22 20", "18 " * 24),
    "factory-2": (
        "38 34 32 32 32 34 45 70 92 98 100 98 84 94 100 100 98 94 90 88 84 78 62 45",
        "34 32 30 30 30 32 40 58 76 80 82 80 70 78 80 80 78 74 70 66 60 52 44 38",
    ),
    "factory-3": (
        "86 86 85 85 85 86 88 92 97 99 100 99 95 98 100 100 99 98 96 95 93 91 89 87",
        "82 82 81 81 81 82 83 86 90 92 92 91 89 91 92 92 91 90 89 88 87 86 84 83",
    ),
    "school": (
        "22 20 20 20 20 24 45 70 92 100 98 92 80 84 96 96 90 72 62 66 64 50 36 26",
        "20 19 19 19 19 20 26 32 36 38 38 38 36 36 36 36 36 36 38 38 36 32 26 22",
    ),
    "hospital": (
        "58 56 55 55 55 58 66 80 95 100 100 97 88 92 97 97 93 86 78 74 72 68 64 60",
        "56 54 53 53 53 56 62 72 82 86 86 84 78 80 82 82 80 76 73 71 69 66 62 58",
    ),
    "data_centre": ("91 90 90 89 89 90 91 93 95 97 98 98 98 99 100 100 99 98 98 98 97 96 94 92",) * 2,
    "mall": (
        "18 16 16 16 16 18 22 30 48 72 84 90 92 88 86 86 88 92 98 100 98 90 52 24",
        "18 16 16 16 16 18 22 30 50 78 92 98 100 98 96 96 98 100 100 100 100 94 58 26",
    ),
    "cold_store": ("96 97 98 99 100 98 92 84 78 76 76 78 82 82 80 78 76 74 74 76 80 86 90 94",) * 2,
    "charging": ("88 82 72 58 44 36 30 32 36 38 44 66 72 60 46 42 44 52 60 68 78 88 96 100",) * 2,
    "community": (
        "42 36 33 31 31 34 46 58 56 50 50 56 60 54 50 50 56 70 90 100 98 88 70 52",
        "46 40 35 33 32 34 42 54 62 64 64 70 72 66 62 62 66 78 94 100 98 90 74 56",
    ),
    "household": (
        "24 18 16 15 15 18 38 52 36 26 26 46 52 32 26 26 34 66 94 100 92 78 54 34",
        "28 22 18 16 16 18 30 48 54 50 50 64 68 54 46 46 52 74 96 100 94 80 58 38",
    ),
}
_WANDER = {"household": 0.28, "charging": 0.12, "community": 0.05, "factory": 0.06}


def generation_wh(member: Member) -> NDArray[np.int64]:
    """Generation of a member's plants at the steps of its meter, whole Wh, never above capacity."""
    total = np.zeros(QUARTERS)
    for device in member.devices:
        total += _OUTPUT[device.technology](device) * (device.capacity_w / 4.0)
    return _metered(total, member.step_minutes)


def load_wh(member: Member) -> NDArray[np.int64]:
    """Consumption of a member at the steps of its meter, whole Wh."""
    if not member.peak_w:
        return _metered(np.zeros(QUARTERS), member.step_minutes)
    noise = Noise("load", member.account)
    shape = member.kind
    if shape == "factory":
        shape += f"-{1 + noise.below(3)}"
    working, weekend = (np.array([float(word) for word in text.split()]) / 100.0 for text in _SHAPES[shape])
    hourly = np.concatenate([weekend if day % 7 >= 5 else working for day in range(DAYS + 1)])
    shift = noise.below(5) / 4.0 - 0.5
    smooth = np.interp(_HOURS + shift, np.arange(hourly.size), hourly)
    wander = 1.0 + _WANDER.get(member.kind, 0.03) * np.clip(noise.autoregressive(QUARTERS, 0.93), -2.5, 2.5)
    return _metered(smooth * wander * (member.peak_w / 4.0), member.step_minutes)


def _metered(quarter_wh: Series, step_minutes: int) -> NDArray[np.int64]:
    """Sums of the meter's step, rounded down so that no capacity is ever exceeded."""
    steps = quarter_wh.reshape(-1, step_minutes // 15).sum(axis=1)
    whole: NDArray[np.int64] = np.floor(steps).astype(np.int64)
    return whole


def _solar(device: Device) -> Series:
    sun = sunshine_w_m2(device.zone) / 1000.0
    air_c = np.round(21.0 + 5.0 * np.sin((_HOUR_OF_DAY - 9.0) * np.pi / 12.0), 2)
    cell_c = air_c + 25.0 * sun
    soiling = 1.0 - 0.01 * Noise("soiling", device.plant).below(6)
    passing = 1.0 + 0.04 * np.clip(Noise("passing clouds", device.plant).autoregressive(QUARTERS, 0.5), -2.0, 2.0)
    share: Series = np.clip(1.25 * 0.86 * soiling * passing * sun * (1.0 - 0.0035 * (cell_c - 25.0)), 0.0, 1.0)
    return share


def _wind(device: Device) -> Series:
    speed = wind_m_s(device.zone) * (1.0 + 0.05 * Noise("site wind", device.plant).autoregressive(QUARTERS, 0.9))
    speed = speed + (0.4 if device.technology == "wind_offshore" else 0.0)
    part = (speed * speed * speed - 27.0) / (11.5 * 11.5 * 11.5 - 27.0)
    return np.asarray(0.94 * np.where((speed < 3.0) | (speed > 25.0), 0.0, np.clip(part, 0.0, 1.0)))


def _hydro(device: Device) -> Series:
    ponded = np.interp(_HOUR_OF_DAY, (0, 6, 7, 10, 11, 16, 17, 21, 22, 24), (20, 20, 42, 42, 26, 26, 62, 62, 22, 20))
    river = 1.0 + 0.15 * Noise("river", device.plant).autoregressive(QUARTERS, 0.995)
    share: Series = np.clip(ponded / 100.0 * river, 0.02, 0.98)
    return share


def _steady(device: Device) -> Series:
    share: Series = np.clip(0.86 + 0.05 * Noise("boiler", device.plant).autoregressive(QUARTERS, 0.98), 0.3, 0.98)
    return share


_OUTPUT: dict[Technology, Callable[[Device], Series]] = {
    "solar_pv": _solar,
    "wind_onshore": _wind,
    "wind_offshore": _wind,
    "small_hydro": _hydro,
    "biomass": _steady,
    "biogas": _steady,
}
"""Share of the capacity that a device delivers, per quarter of an hour."""
