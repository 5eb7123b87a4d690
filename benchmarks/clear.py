"""Clearing an order book.

- 100,000 bids and 100,000 asks: from plain columns to priced trades and sums, bounds checked; and the same book as a
  contract's round, from declarations to rows.
- The same book in `pymarket`'s P2P mechanism, whose time grows faster than the square of the orders: by default at a
  size that takes it some seconds. `python -m benchmarks.clear 1000` takes the size that our aim speaks of, and
  minutes.
"""

import argparse
import json
import random
import sys
import warnings
from dataclasses import dataclass

from benchmarks import Row, median_of, row, seconds
from chain.market import AuctionParameters, Clearing, Declaration, References, clear_book, make_book, play_round
from chain.market.columns import Side
from chain.units import EnergyWh, PriceFenPerMwh, TimeMs

ORDERS_PER_SIDE = 100_000
PEER_ORDERS_PER_SIDE = 300
ACCOUNTS_PER_SIDE = 100
_TICK = PriceFenPerMwh(1)


@dataclass(frozen=True, slots=True)
class Orders:
    """A book as plain columns: bids, then as many asks."""

    price: list[int]
    quantity: list[int]
    declared_ms: list[int]


def orders_of(per_side: int) -> Orders:
    """A reproducible book in which about half of the energy trades."""
    chance = random.Random(20261102)
    size = 2 * per_side
    return Orders(
        [chance.randint(1, 60_000) for _ in range(size)],
        [chance.randint(1, 1_000_000) for _ in range(size)],
        [chance.randint(0, 900_000) for _ in range(size)],
    )


def clear_columns(orders: Orders) -> Clearing:
    """What `gridproof clear` does between reading and printing."""
    size = len(orders.price)
    book = make_book(
        is_bid=[index < size // 2 for index in range(size)],
        price=orders.price,
        quantity=orders.quantity,
        account=[f"account-{index}" for index in range(size)],
        declared_ms=orders.declared_ms,
        entry=[0] * size,
        row=range(size),
    )
    return clear_book(book, "uniform", _TICK)


def declarations_of(orders: Orders) -> list[Declaration]:
    """The same book as signed batches, with limits for λ."""
    per_account = len(orders.price) // (2 * ACCOUNTS_PER_SIDE)
    declarations = []
    for number in range(2 * ACCOUNTS_PER_SIDE):
        is_bid = number < ACCOUNTS_PER_SIDE
        rows = slice(number * per_account, (number + 1) * per_account)
        prices = tuple(PriceFenPerMwh(price) for price in orders.price[rows])
        limits = tuple(PriceFenPerMwh(price + 5_000 if is_bid else price - 5_000) for price in prices)
        energies = tuple(EnergyWh(quantity) for quantity in orders.quantity[rows])
        declared = TimeMs(orders.declared_ms[number * per_account])
        side: Side = "bid" if is_bid else "ask"
        declarations.append(
            Declaration(f"account-{number}", side, declared, number, 1, prices, limits, prices, energies)
        )
    return declarations


def peer_seconds(orders: Orders) -> float:
    """`pymarket`'s P2P mechanism on the same book, once: it draws its pairs at random, from a fixed seed."""
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pymarket

        market = pymarket.Market()
        for index, (price, quantity) in enumerate(zip(orders.price, orders.quantity, strict=True)):
            market.accept_bid(quantity, price, index, index < len(orders.price) // 2)
        return seconds(lambda: market.run("p2p", p_coef=0.5, r=np.random.RandomState(1)))


def run(peer_orders_per_side: int = PEER_ORDERS_PER_SIDE) -> list[Row]:
    """The rows; the size of the comparison is in its name."""
    large, small = orders_of(ORDERS_PER_SIDE), orders_of(peer_orders_per_side)
    declarations, parameters = declarations_of(large), AuctionParameters(pricing="uniform")
    size = f"{ORDERS_PER_SIDE:,} + {ORDERS_PER_SIDE:,} orders"
    peer_size = f"{peer_orders_per_side:,} + {peer_orders_per_side:,} orders"
    count = 2 * peer_orders_per_side
    return [
        row(f"clear {size}", median_of(lambda: clear_columns(large)), "s"),
        row(
            f"play the first round of {size}",
            median_of(lambda: play_round(declarations, 1, References(), parameters)),
            "s",
        ),
        row(
            f"clear {peer_size}",
            count / median_of(lambda: clear_columns(small)),
            "orders/s",
            f"pymarket P2P, the same {peer_size}",
            count / peer_seconds(small),
        ),
    ]


def main() -> None:
    """`python -m benchmarks.clear [ORDERS_PER_SIDE]`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clear", description="Measure clearing.")
    parser.add_argument("orders", nargs="?", type=int, default=PEER_ORDERS_PER_SIDE, help="a side, for pymarket")
    sys.stdout.write(json.dumps(run(parser.parse_args().orders), indent=2) + "\n")


if __name__ == "__main__":
    main()
