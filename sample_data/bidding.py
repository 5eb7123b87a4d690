"""From a member's hour to its orders: named strategies, in integers, the same on every machine.

A member quotes on its forecast, not on what its meter will say: the difference becomes deviation. Everything that
looks random is drawn by hashing (seed, account, hour, purpose): no generator, no order of calls, no float.

1. Forecast: generation off by up to ±15 %, load by up to ±6 %, triangular (`forecast_wh`).
2. One side a session: a forecast surplus is offered, a deficit is bid for, in whole lots; less than a lot is left to
   deviation.
3. A buyer's willingness follows the hour like a time-of-use tariff (`VALUE_BY_HOUR_BP`); its limit is its column, but
   no more than 8 % above the hour's value. A seller adds a margin that follows scarcity (`MARGIN_BY_HOUR_BP`); its
   limit is its column.
4. `cost_plus`: one row a little on the safe side of cost or value. `ladder`: three or four rows, each dearer to get.
   `price_taker`: one row at its limit, to be sure to trade. `adaptive`: two rows around the last price, up to 15 %
   on the safe side of cost or value; without a last price like `cost_plus`.
5. Every price is a multiple of the tick; an ask is never below its limit, a bid never above. A member that states no
   limit has rows without one: λ rounds leave them alone.
6. Nobody quotes outside the auction's price range: a bid above it becomes the highest bid, an ask below it the lowest
   ask; a bid below or an ask above could never trade and is not declared.
7. After a suspension (auction rule 7) a member re-quotes: half the way to its limit, to the limit the third time,
   then it leaves (`requote`).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chain.units import HOUR_MS
from sample_data.records import Participant

Side = Literal["bid", "ask"]

TICK_FEN_PER_MWH = 10
"""Prices are multiples of this."""
LOT_WH = 1_000
"""Quantities are multiples of this."""
PRICE_MIN_FEN_PER_MWH = -20_000
PRICE_MAX_FEN_PER_MWH = 150_000
"""The auction's price range."""
ORDER_WH_MAX = 10**12
"""Quantity of one row."""
REQUOTES_MAX = 3
"""How often a member re-quotes in one session before it leaves."""
GENERATION_ERROR_BP = 1_500
"""Largest forecast error of generation."""
LOAD_ERROR_BP = 600
"""Largest forecast error of load."""

VALUE_BY_HOUR_BP: tuple[int, ...] = (
    8_600, 8_300, 8_000, 7_700, 7_800, 8_300, 9_000, 9_700, 10_200, 10_300, 10_200, 10_000,
    9_500, 9_600, 9_900, 10_200, 10_600, 11_400, 11_900, 11_800, 11_200, 10_500, 9_800, 9_200,
)  # fmt: skip
"""What a megawatt-hour is worth to buyers by hour of day (UTC+8), basis points of the willingness."""
MARGIN_BY_HOUR_BP: tuple[int, ...] = (
    100, 50, 0, 0, 0, 50, 150, 300, 300, 200, 50, 0,
    0, 0, 50, 150, 350, 700, 900, 900, 700, 400, 250, 150,
)  # fmt: skip
"""What sellers add to their cost by hour of day (UTC+8), basis points."""

_LADDERS: tuple[tuple[tuple[int, int], ...], ...] = (
    ((45, 0), (30, 350), (25, 800)),
    ((40, -50), (25, 250), (20, 600), (15, 1_100)),
)
"""Per ladder its rungs: percent of the quantity, and basis points on the safe side of cost or value."""

_RESERVE_BP = 800
"""How far above the hour's value a buyer's limit lies at most."""
_ADAPTIVE_REACH_BP = 1_500
"""How far from cost or value an adaptive member follows the last price."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as a member declares it."""

    side: Side
    """`bid` buys, `ask` sells."""
    price_fen_per_mwh: int
    """Initial price, a multiple of the tick."""
    limit_fen_per_mwh: int | None
    """How far rounds may move the price: at most this for a bid, at least this for an ask; None: not at all."""
    quantity_wh: int
    """Energy in the delivery hour, a positive multiple of the lot."""


@dataclass(frozen=True, slots=True)
class _Quote:
    """A member's position in one hour, before its strategy."""

    side: Side
    fair: int
    """Cost plus margin for a seller, the hour's value for a buyer."""
    limit: int | None
    """On the tick, on the member's side of it."""
    account: str
    hour_ms: int
    seed: int

    def price(self, safer_bp: int) -> int:
        """`fair`, moved by basis points of itself to the member's advantage, on the tick, within the limit."""
        return self.within(shifted(self.fair, safer_bp if self.side == "ask" else -safer_bp))

    def within(self, price: int) -> int:
        """The price on the tick (rounded to the member's advantage) and not beyond its limit."""
        if self.side == "ask":
            return _up(price) if self.limit is None else max(_up(price), self.limit)
        return _down(price) if self.limit is None else min(_down(price), self.limit)


def forecast_wh(seed: int, account: str, hour_ms: int, generation_wh: int, load_wh: int) -> int:
    """What a member expects of an hour when it quotes: generation less load, Wh, each with its forecast error."""
    generation_bp = _triangular(GENERATION_ERROR_BP, seed, account, hour_ms, "generation")
    load_bp = _triangular(LOAD_ERROR_BP, seed, account, hour_ms, "load")
    return shifted(generation_wh, generation_bp) - shifted(load_wh, load_bp)


def orders_for(
    participant: Participant, hour_ms: int, surplus_wh: int, seed: int, last_price: int | None
) -> list[OrderRow]:
    """A member's rows for one delivery hour: one side, none or up to four rows.

    `surplus_wh`: forecast of generation less load; > 0 is offered, < 0 bid for. `last_price`: fen/MWh of the area's
    last trade, None if there is none yet.
    """
    lots = abs(surplus_wh) // LOT_WH
    if lots == 0:
        return []
    quote = _quote(participant, hour_ms, "ask" if surplus_wh > 0 else "bid", seed)
    rungs = _RUNGS[participant.strategy](quote, last_price)
    limit = None if participant.strategy == "price_taker" else quote.limit
    rows = [
        _in_range(OrderRow(quote.side, price, limit, min(part * LOT_WH, ORDER_WH_MAX)))
        for (_, price), part in zip(rungs, _parts(lots, [share for share, _ in rungs]), strict=True)
        if part
    ]
    return [row for row in rows if row is not None]


def requote(
    participant: Participant, hour_ms: int, rows: Sequence[OrderRow], seed: int, attempt: int
) -> list[OrderRow]:
    """What a member declares after its rows were returned by a suspension; an empty list means that it leaves.

    `attempt` counts from 1. Bids never fall and asks never rise; nobody goes beyond its limit or, without one, beyond
    cost and value. From the second time on, one member in eight loses patience.
    """
    if attempt > REQUOTES_MAX:
        return []
    if attempt > 1 and _draw(8, seed, participant.account, hour_ms, f"patience {attempt}") == 0:
        return []
    return [_conceded(participant, hour_ms, row, attempt, seed) for row in rows]


def shifted(value: int, basis_points: int) -> int:
    """`value` moved up (> 0) or down (< 0) by basis points of its magnitude; rounded down."""
    return value + abs(value) * basis_points // 10_000


def hour_of_day(hour_ms: int) -> int:
    """Hour of the settlement day, 0 to 23, UTC+8."""
    return (hour_ms // HOUR_MS + 8) % 24


def _quote(participant: Participant, hour_ms: int, side: Side, seed: int) -> _Quote:
    hour = hour_of_day(hour_ms)
    jitter = _triangular(150, seed, participant.account, hour_ms, "quote")
    if side == "ask":
        fair = shifted(participant.cost_fen_per_mwh, MARGIN_BY_HOUR_BP[hour] + jitter)
        floor = participant.ask_limit_fen_per_mwh
        return _Quote(side, fair, None if floor is None else _up(floor), participant.account, hour_ms, seed)
    fair = shifted(participant.willingness_fen_per_mwh, VALUE_BY_HOUR_BP[hour] - 10_000 + jitter)
    ceiling = participant.bid_limit_fen_per_mwh
    if ceiling is not None:
        ceiling = _down(min(ceiling, shifted(fair, _RESERVE_BP)))
    return _Quote(side, fair, ceiling, participant.account, hour_ms, seed)


def _cost_plus(quote: _Quote, _last_price: int | None) -> list[tuple[int, int]]:
    return [(100, quote.price(100 + _draw(400, quote.seed, quote.account, 0, "margin")))]


def _ladder(quote: _Quote, _last_price: int | None) -> list[tuple[int, int]]:
    rungs = _LADDERS[_draw(len(_LADDERS), quote.seed, quote.account, 0, "ladder")]
    return [(share, quote.price(safer_bp)) for share, safer_bp in rungs]


def _price_taker(quote: _Quote, _last_price: int | None) -> list[tuple[int, int]]:
    return [(100, quote.limit if quote.limit is not None else quote.price(-1_000))]


def _adaptive(quote: _Quote, last_price: int | None) -> list[tuple[int, int]]:
    """Most to be sure to trade, some to gain: a seller just below and somewhat above the last price."""
    if last_price is None:
        return _cost_plus(quote, last_price)
    sign = 1 if quote.side == "ask" else -1
    low, high = sorted((quote.price(0), quote.price(_ADAPTIVE_REACH_BP)))
    return [
        (share, quote.within(min(max(shifted(last_price, sign * safer_bp), low), high)))
        for share, safer_bp in ((60, -100), (40, 300))
    ]


_RUNGS: dict[str, Callable[[_Quote, int | None], list[tuple[int, int]]]] = {
    "cost_plus": _cost_plus,
    "ladder": _ladder,
    "price_taker": _price_taker,
    "adaptive": _adaptive,
}
"""Per strategy: its rungs, percent of the quantity and price."""


def _in_range(row: OrderRow) -> OrderRow | None:
    """The row inside the auction's price range, None where it could never trade (rule 6)."""
    low, high, price, limit = PRICE_MIN_FEN_PER_MWH, PRICE_MAX_FEN_PER_MWH, row.price_fen_per_mwh, row.limit_fen_per_mwh
    if (row.side == "ask" and price > high) or (row.side == "bid" and price < low):
        return None
    inside = None if limit is None else min(max(limit, low), high)
    return replace(row, price_fen_per_mwh=min(max(price, low), high), limit_fen_per_mwh=inside)


def _conceded(participant: Participant, hour_ms: int, row: OrderRow, attempt: int, seed: int) -> OrderRow:
    """The row moved toward its member's last word, rounded toward it and never beyond; never backwards."""
    target = row.limit_fen_per_mwh
    if target is None:
        fair = _quote(participant, hour_ms, row.side, seed).fair
        price = row.price_fen_per_mwh
        target = min(_up(fair), price) if row.side == "ask" else max(_down(fair), price)
        target = min(max(target, PRICE_MIN_FEN_PER_MWH), PRICE_MAX_FEN_PER_MWH)
    distance = target - row.price_fen_per_mwh
    step = distance if attempt >= REQUOTES_MAX else distance // 2
    price = row.price_fen_per_mwh + (_up(step) if step > 0 else _down(step))
    return replace(row, price_fen_per_mwh=price if abs(price - row.price_fen_per_mwh) <= abs(distance) else target)


def _parts(lots: int, shares: Sequence[int]) -> list[int]:
    """Lots split by percent, rounded down; the first rung takes the rest."""
    parts = [lots * share // 100 for share in shares]
    parts[0] += lots - sum(parts)
    return parts


def _draw(bound: int, seed: int, account: str, hour_ms: int, purpose: str) -> int:
    """An integer from [0, bound), fixed by what it is for."""
    text = f"gridproof/bidding/v1\n{seed}\n{account}\n{hour_ms}\n{purpose}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big") % bound


def _triangular(bound: int, seed: int, account: str, hour_ms: int, purpose: str) -> int:
    """An integer from [−bound, bound], most likely near 0."""
    side = bound + 1
    both = _draw(side * side, seed, account, hour_ms, purpose)
    return both // side + both % side - bound


def _down(price: int) -> int:
    return price // TICK_FEN_PER_MWH * TICK_FEN_PER_MWH


def _up(price: int) -> int:
    return -(-price // TICK_FEN_PER_MWH) * TICK_FEN_PER_MWH
