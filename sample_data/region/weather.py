"""Sun, clouds and wind of each zone, at the middle of every quarter of an hour.

1. Sun: pvlib's solar position and Ineichen clear-sky irradiance for the zone's place, turned onto a plane tilted
   18° to the south. Linke turbidity is stated here, not looked up, so that the data file of a release cannot move it.
2. Clouds: an hourly Markov chain per area (clear, broken, overcast) plus an AR(1) per zone; cloud cover N lets
   1 − 0.75·N^3.4 of the clear-sky irradiance through (Kasten and Czeplak, Solar Energy 24, 1980).
3. Wind: the Taiwan strait in November, where the north-east monsoon blows in surges. A Gaussian AR(1) (area and
   zone parts) is mapped to a Weibull distribution of shape 2.3 and scaled by the surge: strong on Monday and
   Tuesday, a lull in the night to Friday, strong again from Saturday.

Whatever passes through a sine, a logarithm or a power is rounded here (0.01 W/m², 0.0001 of transmittance, 1 mm/s):
their last bits differ between processors, and without rounding could surface as a different watt-hour.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pvlib

from sample_data.region.noise import Noise, Series

DAYS = 7
QUARTERS = DAYS * 96
START = "2026-11-02T00:00+08:00"
"""Monday, first quarter of an hour."""

_TILT_DEGREES = 18
_AZIMUTH_DEGREES = 180
_LINKE_TURBIDITY = 4.2
_ALTITUDE_M = 20
_WEIBULL_SHAPE = 2.3
_SHARED = 0.85
"""How much of the wind's wander a whole area shares."""
_CLOUD_COVER = (0.10, 0.55, 0.90)
_CLOUD_MOVES = ((0.93, 0.06, 0.01), (0.07, 0.86, 0.07), (0.01, 0.09, 0.90))
_SURGE: tuple[tuple[int, float], ...] = (
    (0, 1.10), (30, 1.20), (54, 0.95), (72, 0.80), (90, 0.60), (97, 0.20), (103, 0.22), (112, 0.60), (126, 0.85),
    (144, 1.15), (156, 1.05), (168, 0.95),
)  # fmt: skip
"""The monsoon's strength by hour of the week."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A network zone and its weather."""

    name: str
    """Zone id."""
    area: str
    """Channel of its market area."""
    name_zh: str
    """Chinese name of the district."""
    name_en: str
    """English name of the district."""
    latitude: float
    """Degrees north."""
    longitude: float
    """Degrees east."""
    wind_m_s: float
    """Weibull scale at hub height outside surges and lulls."""


ZONES: tuple[Zone, ...] = (
    Zone("fz-gulou", "area-350100", "鼓楼", "Gulou", 26.08, 119.30, 6.0),
    Zone("fz-mawei", "area-350100", "马尾", "Mawei", 25.99, 119.46, 7.6),
    Zone("fz-changle", "area-350100", "长乐", "Changle", 25.90, 119.62, 9.6),
    Zone("fz-minhou", "area-350100", "闽侯", "Minhou", 26.15, 119.13, 6.4),
    Zone("xm-siming", "area-350200", "思明", "Siming", 24.45, 118.09, 7.0),
    Zone("xm-haicang", "area-350200", "海沧", "Haicang", 24.49, 117.99, 7.2),
    Zone("xm-jimei", "area-350200", "集美", "Jimei", 24.60, 118.08, 7.4),
    Zone("xm-xiangan", "area-350200", "翔安", "Xiang'an", 24.62, 118.24, 9.2),
)
ZONE_BY_NAME = {zone.name: zone for zone in ZONES}


@cache
def sunshine_w_m2(zone_name: str) -> Series:
    """Irradiance on the tilted plane under the zone's clouds."""
    zone = ZONE_BY_NAME[zone_name]
    middles = pd.date_range(START, periods=QUARTERS, freq="15min") + pd.Timedelta("7min30s")
    sun = pvlib.solarposition.get_solarposition(middles, zone.latitude, zone.longitude, altitude=_ALTITUDE_M)
    zenith, azimuth = sun["apparent_zenith"].to_numpy(), sun["azimuth"].to_numpy()
    airmass = pvlib.atmosphere.get_absolute_airmass(pvlib.atmosphere.get_relative_airmass(zenith))
    extra = pvlib.irradiance.get_extra_radiation(middles.day_of_year.to_numpy())
    with np.errstate(divide="ignore", invalid="ignore"):  # at night, where irradiance is 0
        clear = pvlib.clearsky.ineichen(zenith, airmass, _LINKE_TURBIDITY, _ALTITUDE_M, extra)
    plane = pvlib.irradiance.get_total_irradiance(
        _TILT_DEGREES, _AZIMUTH_DEGREES, zenith, azimuth, clear["dni"], clear["ghi"], clear["dhi"]
    )
    shining: Series = np.asarray(plane["poa_global"], dtype=np.float64)
    irradiance = np.round(np.where(np.isnan(shining), 0.0, shining), 2)
    through: Series = np.round(1.0 - 0.75 * cloud_cover(zone_name) ** 3.4, 4)
    return irradiance * through


@cache
def cloud_cover(zone_name: str) -> Series:
    """Share of the sky that is covered, 0 to 1."""
    area = ZONE_BY_NAME[zone_name].area
    states = Noise("cloud regime", area).markov(DAYS * 24 + 1, _CLOUD_MOVES, start=0)
    regime = np.asarray(_CLOUD_COVER)[states]
    hours = np.arange(QUARTERS) / 4.0
    smooth = np.interp(hours, np.arange(DAYS * 24 + 1), regime)
    cover: Series = np.clip(smooth + 0.12 * Noise("clouds", zone_name).autoregressive(QUARTERS, 0.92), 0.0, 1.0)
    return cover


@cache
def wind_m_s(zone_name: str) -> Series:
    """Wind speed at hub height."""
    zone = ZONE_BY_NAME[zone_name]
    area = Noise("wind", zone.area).autoregressive(QUARTERS, 0.985)
    local = Noise("wind", zone_name).autoregressive(QUARTERS, 0.96)
    gauss = _SHARED * area + math.sqrt(1.0 - _SHARED * _SHARED) * local
    weibull = np.array([_weibull(float(value)) for value in gauss])
    surge = np.interp(np.arange(QUARTERS) / 4.0, [hour for hour, _ in _SURGE], [factor for _, factor in _SURGE])
    speed: Series = np.round(zone.wind_m_s * surge * weibull, 3)
    return speed


def _weibull(gauss: float) -> float:
    """The Weibull value (scale 1) at the same quantile as a standard normal one."""
    above = 0.5 * math.erfc(gauss / math.sqrt(2.0))
    return math.pow(-math.log(above), 1.0 / _WEIBULL_SHAPE)
