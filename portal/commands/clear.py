"""`gridproof clear BOOK.csv`: clears one order book once, with the code that the auction contract runs.

1. The book is a table of `side, account, price, quantity, time` and optionally `limit`: integers, price and limit in
   fen/MWh (may be negative), quantity in Wh (> 0), time in milliseconds or ISO 8601 with a zone.
2. Equal prices are served by time, equal times by row of the file.
3. A limit only says how far λ may move an order between rounds; one clearing checks it and does not use it.
4. What the market refuses is refused here, as `file:line: field: problem`, exit code 2. One thing is a warning only:
   an account on both sides of the book. In a session the contract rejects its second side; a pocket calculator may be
   asked what would happen.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from chain.errors import LimitError
from chain.market import MARKET_LIMITS, AuctionParameters, Book, Clearing, clear_book, make_book, order_problem
from chain.market.columns import Pricing
from chain.units import PriceFenPerMwh
from sample_data.csv_input import Column, InputError, Problem, Problems, Table, read_table

COLUMNS: Final = (
    Column("side", "choice", choices=("bid", "ask")),
    Column("account", "text"),
    Column("price", "integer"),
    Column("quantity", "integer", minimum=1),
    Column("time", "time"),
    Column("limit", "integer", required=False),
)
_ROWS_SHOWN_MAX: Final = 40
_TICK_MAX: Final = MARKET_LIMITS.tick_max


def clear(
    book: Annotated[
        Path, typer.Argument(metavar="BOOK", help="The order book: side, account, price, quantity, time[, limit].")
    ],
    pricing: Annotated[
        Pricing,
        typer.Option(
            help="midpoint: half way between the two prices, per trade. uniform: one price for all. "
            "pay_as_bid: the buyer pays its bid, the seller gets its ask."
        ),
    ] = "midpoint",
    tick: Annotated[int, typer.Option(min=1, max=_TICK_MAX, help="Prices are multiples of this, fen/MWh.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON, exact integers.")] = False,
) -> None:
    """Clear one order book once: the trading centre's pocket calculator, the same code as the contract.

    BOOK is a CSV with the columns side (bid or ask), account, price (fen/MWh), quantity (Wh), time (milliseconds, or
    ISO 8601 with a zone) and optionally limit (fen/MWh). Comma, semicolon or tab; a BOM is fine.
    """
    table = read_table(book, COLUMNS)
    orders = order_book(table, tick)
    for warning in (*table.warnings, *_both_sides(table)):
        sys.stderr.write(f"{warning}\n")
    clearing = clear_book(orders, pricing, PriceFenPerMwh(tick))
    answer = result(orders, clearing, pricing)
    if as_json:
        sys.stdout.write(json.dumps(answer) + "\n")
    else:
        _show(answer, pricing)


def order_book(table: Table, tick: int) -> Book:
    """The table as a book; `InputError` names every line that the market would refuse."""
    parameters = AuctionParameters(
        tick=PriceFenPerMwh(tick),
        price_min=PriceFenPerMwh(-(MARKET_LIMITS.price_magnitude_max // tick * tick)),
        price_max=PriceFenPerMwh(MARKET_LIMITS.price_magnitude_max // tick * tick),
    )
    columns, problems = table.columns, Problems()
    orders = zip(columns["side"], columns["price"], columns["limit"], columns["quantity"], strict=True)
    for line, order in zip(table.lines, orders, strict=True):
        problem = order_problem(*order, parameters)
        if problem is not None:
            _, field, sentence = problem
            problems.add(table.file, line, field, sentence)
    problems.raise_if_any()
    size = len(table.lines)
    try:
        return make_book(
            is_bid=[side == "bid" for side in columns["side"]],
            price=columns["price"],
            quantity=columns["quantity"],
            account=columns["account"],
            declared_ms=columns["time"],
            entry=[0] * size,
            row=range(size),
            limit=columns["limit"],
        )
    except LimitError as error:
        raise InputError([Problem(table.file, 0, "", str(error))], 1) from error


def result(book: Book, clearing: Clearing, pricing: Pricing) -> dict[str, Any]:
    """The answer as JSON has it: integers, trades in matching order, unfilled orders by priority, bids first."""
    matching, prices, totals = clearing.matching, clearing.prices, clearing.totals
    trades = [
        {"buyer": book.account[bid], "seller": book.account[ask], "quantity": quantity, "price": price}
        for bid, ask, quantity, price in zip(
            matching.bid.tolist(),
            matching.ask.tolist(),
            matching.quantity.tolist(),
            prices.buyer.tolist(),
            strict=True,
        )
    ]
    if pricing == "pay_as_bid":
        for trade, price in zip(trades, prices.seller.tolist(), strict=True):
            trade["seller_price"] = price
    unfilled = [
        {"side": side, "account": book.account[index], "quantity": quantity, "price": price}
        for side, ranked in (("bid", matching.bids), ("ask", matching.asks))
        for index, quantity, price in zip(
            ranked.tolist(), matching.residual[ranked].tolist(), book.price[ranked].tolist(), strict=True
        )
        if quantity
    ]
    return {
        "price": totals.price,
        "quantity": totals.quantity_wh,
        "trades": trades,
        "unfilled": unfilled,
        "welfare": totals.welfare_e8,
    }


def _both_sides(table: Table) -> list[str]:
    """Rule 4's warning."""
    pairs = list(zip(table.columns["account"], table.columns["side"], strict=True))
    bidders = {account for account, side in pairs if side == "bid"}
    both = sorted(bidders.intersection(account for account, side in pairs if side == "ask"))
    if not both:
        return []
    more = f" and {len(both) - 3:,} more" if len(both) > 3 else ""
    return [f"{table.file}: on both sides, which a session rejects: {', '.join(both[:3])}{more}"]


def _show(answer: dict[str, Any], pricing: Pricing) -> None:
    console = Console()
    price = "" if answer["price"] is None else f" at {answer['price']:,} fen/MWh"
    welfare = answer["welfare"]
    console.print(
        f"{pricing}: {answer['quantity']:,} Wh traded{price}, welfare {welfare:,} × 10⁻⁸ CNY", highlight=False
    )
    headings = {"quantity": "quantity, Wh", "price": "price, fen/MWh", "seller_price": "seller gets, fen/MWh"}
    for title, rows in (("Trades", answer["trades"]), ("Unfilled", answer["unfilled"])):
        if not rows:
            console.print(f"{title}: none")
            continue
        grid = Grid(title=title, title_justify="left", box=None, pad_edge=False)
        for key, value in rows[0].items():
            grid.add_column(headings.get(key, key), justify="right" if isinstance(value, int) else "left")
        for row in rows[:_ROWS_SHOWN_MAX]:
            grid.add_row(*(f"{value:,}" if isinstance(value, int) else escape(value) for value in row.values()))
        console.print(grid)
        if len(rows) > _ROWS_SHOWN_MAX:
            console.print(f"… and {len(rows) - _ROWS_SHOWN_MAX:,} more; --json prints all", highlight=False)
