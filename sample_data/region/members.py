"""Who takes part: about 110 members an area, drawn from the tables below.

1. Costs and willingness to pay (fen/MWh) are drawn per member from its kind's range. Solar is cheapest and biomass
   dearest, hospitals and data centres pay most: so prices follow sun, wind and working hours.
2. Three members in four state a limit beyond their quote, so that λ rounds can move them.
3. Members with a rooftop plant are prosumers: each hour they sell their surplus or buy their deficit.
4. Households are pseudonyms.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sample_data.records import Strategy, Technology
from sample_data.region.names import member_name, plant_name, pseudonym
from sample_data.region.noise import Noise

AREAS: tuple[tuple[str, str], ...] = (("area-350100", "fz"), ("area-350200", "xm"))
"""Channel of each area and the prefix of its members' accounts."""


@dataclass(frozen=True, slots=True)
class LoadKind:
    """A kind of consumer."""

    kind: str
    counts: tuple[int, int]
    """Members in Fuzhou and in Xiamen."""
    peak_w: tuple[int, int]
    """Range of the weekly peak."""
    willingness: tuple[int, int]
    """Range of the willingness to pay."""
    voltage: str
    rooftops: int
    """How many of them, in each area, own a rooftop plant."""
    strategies: tuple[Strategy, ...]


@dataclass(frozen=True, slots=True)
class PlantKind:
    """A kind of producer."""

    technology: Technology
    counts: tuple[int, int]
    """Members in Fuzhou and in Xiamen."""
    capacity_w: tuple[int, int]
    """Range of one plant's capacity."""
    cost: tuple[int, int]
    """Range of the cost."""
    voltage: str
    zones: tuple[tuple[str, ...], tuple[str, ...]]
    """Where they stand, in Fuzhou and in Xiamen."""
    strategies: tuple[Strategy, ...]


LOAD_KINDS: tuple[LoadKind, ...] = (
    LoadKind("factory", (16, 16), (1_200_000, 6_000_000), (40_000, 52_000), "10kV", 7,
             ("ladder", "ladder", "adaptive")),
    LoadKind("school", (6, 6), (300_000, 2_400_000), (46_000, 52_000), "10kV", 3, ("cost_plus", "ladder")),
    LoadKind("hospital", (5, 5), (900_000, 2_800_000), (56_000, 60_000), "10kV", 1, ("adaptive", "ladder")),
    LoadKind("data_centre", (4, 4), (2_500_000, 6_500_000), (53_000, 58_000), "35kV", 0, ("ladder", "adaptive")),
    LoadKind("mall", (6, 6), (800_000, 2_600_000), (50_000, 56_000), "10kV", 2, ("ladder", "cost_plus")),
    LoadKind("cold_store", (3, 3), (600_000, 1_600_000), (35_000, 42_000), "10kV", 1, ("adaptive", "ladder")),
    LoadKind("charging", (3, 4), (600_000, 2_000_000), (38_000, 48_000), "10kV", 0, ("adaptive",)),
    LoadKind("community", (12, 12), (400_000, 1_300_000), (48_000, 55_000), "10kV", 0, ("ladder", "cost_plus")),
    LoadKind("household", (26, 24), (3_000, 7_500), (46_000, 58_000), "0.4kV", 6, ("cost_plus", "adaptive")),
)  # fmt: skip

_FZ_OPEN = ("fz-changle", "fz-minhou", "fz-mawei")
_XM_OPEN = ("xm-xiangan", "xm-jimei", "xm-haicang")
PLANT_KINDS: tuple[PlantKind, ...] = (
    PlantKind("solar_pv", (10, 11), (2_500_000, 7_500_000), (26_000, 33_000), "10kV", (_FZ_OPEN, _XM_OPEN),
              ("price_taker", "ladder", "cost_plus")),
    PlantKind("wind_onshore", (5, 4), (5_000_000, 11_000_000), (29_000, 36_000), "35kV",
              (("fz-changle", "fz-mawei"), ("xm-xiangan",)), ("ladder", "adaptive")),
    PlantKind("wind_offshore", (2, 3), (9_000_000, 15_000_000), (34_000, 40_000), "110kV",
              (("fz-changle",), ("xm-xiangan",)), ("ladder", "adaptive")),
    PlantKind("small_hydro", (6, 0), (1_000_000, 4_000_000), (30_000, 38_000), "10kV",
              (("fz-minhou",), ()), ("ladder", "cost_plus")),
    PlantKind("biomass", (3, 5), (4_000_000, 7_000_000), (45_500, 52_000), "35kV",
              (("fz-minhou", "fz-mawei"), ("xm-haicang", "xm-jimei")), ("cost_plus", "ladder")),
    PlantKind("biogas", (2, 3), (700_000, 1_500_000), (46_500, 50_000), "10kV",
              (("fz-mawei",), ("xm-haicang",)), ("cost_plus",)),
)  # fmt: skip

_LOAD_ZONES = (
    ("fz-gulou", "fz-mawei", "fz-changle", "fz-minhou"),
    ("xm-siming", "xm-haicang", "xm-jimei", "xm-xiangan"),
)
_ASK_LIMIT_BP = (-1_200, -200)
_BID_LIMIT_BP = (1_500, 3_000)
"""How far limits lie beyond cost and willingness: a buyer's must leave room for the evening's value."""
_QUARTER_HOUR_EVERY = 7
"""Every seventh producer is metered every quarter of an hour."""
_SECOND_PLANT_EVERY = 6
"""Every sixth producer has a second plant."""


@dataclass(frozen=True, slots=True)
class Device:
    """A plant of the region."""

    plant: str
    name_zh: str
    name_en: str
    technology: Technology
    capacity_w: int
    zone: str
    commissioned: str


@dataclass(frozen=True, slots=True)
class Member:
    """A participant of the region with what it owns."""

    account: str
    name_zh: str
    name_en: str
    kind: str
    area: str
    zone: str
    voltage: str
    cost: int
    willingness: int
    ask_limit: int | None
    bid_limit: int | None
    strategy: Strategy
    peak_w: int
    """Weekly peak of its own consumption; 0 for a mere producer's auxiliaries, which are not metered apart."""
    step_minutes: int
    """Its meter's step: 15 or 60."""
    devices: tuple[Device, ...]


def members() -> tuple[Member, ...]:
    """Everyone, sorted by account."""
    everyone = [
        member
        for index, (area, prefix) in enumerate(AREAS)
        for member in (*_consumers(index, area, prefix), *_producers(index, area, prefix))
    ]
    return tuple(sorted(everyone, key=lambda member: member.account))


def _consumers(index: int, area: str, prefix: str) -> Iterator[Member]:
    for kind in LOAD_KINDS:
        for number in range(kind.counts[index]):
            noise = Noise("consumer", area, kind.kind, str(number))
            account, names = _identity(kind.kind, area, prefix, number, noise)
            zone = _LOAD_ZONES[index][noise.below(4)]
            peak_w = noise.between(*kind.peak_w, 100 if kind.kind == "household" else 10_000)
            willingness = noise.between(*kind.willingness, 10)
            cost = noise.between(29_000, 36_000, 10)
            rooftop = _rooftop(account, names, zone, peak_w, noise) if number < kind.rooftops else ()
            yield Member(
                account, *names, kind.kind, area, zone, kind.voltage, cost, willingness,
                _limit(cost, _ASK_LIMIT_BP, noise) if rooftop else None, _limit(willingness, _BID_LIMIT_BP, noise),
                kind.strategies[number % len(kind.strategies)], peak_w, 60, rooftop,
            )  # fmt: skip


def _identity(kind: str, area: str, prefix: str, number: int, noise: Noise) -> tuple[str, tuple[str, str]]:
    """Account and names; a household's are its pseudonym."""
    if kind != "household":
        return f"{prefix}-{kind.replace('_', '-')}-{number + 1:02d}", member_name(area, kind, number)
    alias = pseudonym(noise.below(31**4))
    return f"{prefix}-home-{alias.lower()}", (f"住户{alias}", f"Household {alias}")


def _rooftop(account: str, names: tuple[str, str], zone: str, peak_w: int, noise: Noise) -> tuple[Device, ...]:
    """A rooftop plant of half to one and a half times the peak load."""
    step = 500 if peak_w < 100_000 else 10_000
    capacity_w = noise.between(peak_w // 2 // step * step + step, peak_w * 3 // 2 // step * step + step, step)
    zh, en = plant_name(names, "solar_pv", 1, rooftop=True)
    return (Device(f"{account}-pv1", zh, en, "solar_pv", capacity_w, zone, _commissioned(noise)),)


def _producers(index: int, area: str, prefix: str) -> Iterator[Member]:
    for order, (kind, number) in enumerate((k, n) for k in PLANT_KINDS for n in range(k.counts[index])):
        noise = Noise("producer", area, kind.technology, str(number))
        account = f"{prefix}-{kind.technology.replace('_', '-')}-{number + 1:02d}"
        names = member_name(area, kind.technology, number)
        zone = kind.zones[index][noise.below(len(kind.zones[index]))]
        cost = noise.between(*kind.cost, 10)
        count = 2 if order % _SECOND_PLANT_EVERY == _SECOND_PLANT_EVERY - 1 else 1
        devices = tuple(
            Device(
                f"{account}-p{plant}", *plant_name(names, kind.technology, plant, rooftop=False), kind.technology,
                noise.between(*kind.capacity_w, 50_000) // count, zone, _commissioned(noise),
            )
            for plant in range(1, count + 1)
        )  # fmt: skip
        yield Member(
            account, *names, "producer", area, zone, kind.voltage, cost, 50_000,
            _limit(cost, _ASK_LIMIT_BP, noise), None, kind.strategies[number % len(kind.strategies)], 0,
            15 if order % _QUARTER_HOUR_EVERY == 0 else 60, devices,
        )  # fmt: skip


def _limit(price: int, range_bp: tuple[int, int], noise: Noise) -> int | None:
    """A limit beyond a price, on the tick; one member in four states none."""
    basis_points = noise.between(*range_bp, 100)
    return None if noise.below(4) == 0 else price * (10_000 + basis_points) // 100_000 * 10


def _commissioned(noise: Noise) -> str:
    return f"{noise.between(2012, 2025, 1)}-{noise.between(1, 12, 1):02d}-{noise.between(1, 28, 1):02d}"
