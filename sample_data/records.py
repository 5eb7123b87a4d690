"""What an input says once it has been read: frozen records and the named defaults (`sample_data/README.md`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Strategy = Literal["cost_plus", "ladder", "price_taker", "adaptive"]
STRATEGIES: tuple[Strategy, ...] = ("cost_plus", "ladder", "price_taker", "adaptive")
"""How a member quotes; `sample_data.bidding` says what each does."""

Technology = Literal["solar_pv", "wind_onshore", "wind_offshore", "small_hydro", "biomass", "biogas", "other"]

FUEL_CODES: Mapping[Technology, str] = {
    "solar_pv": "F01040100",
    "wind_onshore": "F01050100",
    "wind_offshore": "F01050100",
    "small_hydro": "F01050200",
    "biomass": "F01010000",
    "biogas": "F01030000",
    "other": "F00000000",
}
"""EECS energy input codes (AIB EECS Rules, Fact Sheet 5), as EN 16325 and EnergyTag certificates carry them."""


@dataclass(frozen=True, slots=True)
class InputDefaults:
    """What a missing column or an empty cell stands for; each use is recorded in `Inputs.defaults_used`."""

    kind: str = "other"
    """Participant's kind."""
    area: str = "area-350100"
    """Channel of the participant's market area (Fuzhou)."""
    zone: str = "zone-1"
    """Network zone inside the area."""
    voltage: str = "10kV"
    """Connection voltage."""
    cost_fen_per_mwh: int = 38_000
    """What own generation costs: 380 CNY/MWh, near Fujian's benchmark price for coal power."""
    willingness_fen_per_mwh: int = 46_000
    """What a megawatt-hour is worth to a buyer in an ordinary hour."""
    strategy: Strategy = "ladder"
    """How the participant quotes."""
    commissioned: str = "2020-01-01"
    """First day of a plant's operation, UTC+8."""


DEFAULTS = InputDefaults()


@dataclass(frozen=True, slots=True)
class InputLimits:
    """Bounds of an input; past one, a named error and nothing is kept."""

    file_bytes_max: int = 512 * 2**20
    """A table that is read into memory."""
    rows_max: int = 5_000_000
    """Rows of one table."""
    participants_max: int = 100_000
    """Rows of the participants table."""
    plants_max: int = 100_000
    """Rows of the plants table."""
    hours_max: int = 26_352
    """Hours from the first reading to the last: three years."""
    cells_max: int = 50_000_000
    """Participants × hours; each cell holds 16 bytes."""
    reading_wh_max: int = 10**13
    """Energy of one reading: 10 TWh."""
    price_fen_per_mwh_max: int = 10_000_000
    """Magnitude of a cost, a willingness or a limit: 100,000 CNY/MWh."""
    capacity_w_max: int = 10**11
    """Capacity of one plant: 100 GW."""
    problems_shown_max: int = 20
    """Problems that an `InputError` carries; the others are counted."""
    problems_held_max: int = 5_000
    """Problems in memory at once, from which the first are chosen."""
    notes_max: int = 50
    """Notes of one kind that are written out; the rest are counted."""


INPUT_LIMITS = InputLimits()


@dataclass(frozen=True, slots=True)
class Participant:
    """A member of the market, as its row says."""

    account: str
    """Account id, `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`; column `participant`."""
    name_zh: str
    """Chinese name, or a pseudonym for a household."""
    name_en: str
    """English name, or a pseudonym for a household."""
    kind: str
    """What it is: `factory`, `school`, `hospital`, …; free text of the record's alphabet."""
    area: str
    """Channel of its market area."""
    zone: str
    """Network zone inside the area; network fees depend on it."""
    voltage: str
    """Connection voltage, for instance `10kV`; network fees depend on it."""
    cost_fen_per_mwh: int
    """What a megawatt-hour of its own generation costs."""
    willingness_fen_per_mwh: int
    """What a megawatt-hour is worth to it in an ordinary hour."""
    ask_limit_fen_per_mwh: int | None
    """The least it accepts as a seller, however rounds move its ask; None: its asks do not move."""
    bid_limit_fen_per_mwh: int | None
    """The most it pays as a buyer, however rounds move its bid; None: its bids do not move."""
    strategy: Strategy
    """How it quotes."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A production device."""

    plant: str
    """Plant id, a name like an account id."""
    owner: str
    """Account of the participant whose generation it produces."""
    name_zh: str
    """Chinese name."""
    name_en: str
    """English name."""
    technology: Technology
    """What it is."""
    fuel_code: str
    """EECS energy input code."""
    capacity_w: int
    """Rated capacity, W, > 0."""
    area: str
    """Channel of its market area: its owner's."""
    zone: str
    """Network zone inside the area."""
    commissioned: str
    """First day of operation, `YYYY-MM-DD`, UTC+8."""


@dataclass(frozen=True, slots=True)
class DefaultUsed:
    """A named default that stood in for a missing column or empty cells."""

    table: str
    """`participants` or `plants`."""
    column: str
    """The column that was missing or had empty cells."""
    value: str
    """What was used instead; a rule in words where it depends on the row."""
    rows: int
    """How many rows it stands in, > 0."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """A whole input: who, with what, when. Arrays are read-only and have one element per hour of `hours`."""

    participants: tuple[Participant, ...]
    """Sorted by account."""
    plants: tuple[Plant, ...]
    """Sorted by plant."""
    hours: tuple[int, ...]
    """Start of each hour, milliseconds UTC, without a hole from the first reading to the last."""
    generation_wh: Mapping[str, NDArray[np.int64]]
    """Metered generation per account, Wh."""
    load_wh: Mapping[str, NDArray[np.int64]]
    """Metered consumption per account, Wh."""
    plant_generation_wh: Mapping[str, NDArray[np.int64]]
    """Metered generation per plant, Wh; per owner they add up to `generation_wh`."""
    notes: tuple[str, ...]
    """What a reader should know: mixed steps, gaps, ignored columns, rounding."""
    defaults_used: tuple[DefaultUsed, ...]
    """Which named defaults stood in, sorted by table and column."""
