"""The auction's pure core: integers in, integers out; no clock, randomness, files or ledger.

`play_round` is a session's round (for the contract and its replay), `clear_book` one clearing of one book. The
rules and their sources are in docs/rules.md.
"""

from chain.market.book import Book, make_book
from chain.market.clearing import Clearing, Totals, clear_book
from chain.market.conservation import Violation, end_status, end_violations, energy_violations, money_violations
from chain.market.fees import FeeSchedule, NetworkFees, make_schedule, network_fees
from chain.market.limits import MARKET_LIMITS, MarketLimits
from chain.market.parameters import PRICINGS, AuctionParameters, check_orders, order_problem
from chain.market.play import Declaration, Moves, RoundOutcome, Trades, play_round
from chain.market.rounds import References

__all__ = [
    "MARKET_LIMITS",
    "PRICINGS",
    "AuctionParameters",
    "Book",
    "Clearing",
    "Declaration",
    "FeeSchedule",
    "MarketLimits",
    "Moves",
    "NetworkFees",
    "References",
    "RoundOutcome",
    "Totals",
    "Trades",
    "Violation",
    "check_orders",
    "clear_book",
    "end_status",
    "end_violations",
    "energy_violations",
    "make_book",
    "make_schedule",
    "money_violations",
    "network_fees",
    "order_problem",
    "play_round",
]
