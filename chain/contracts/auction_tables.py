"""The tables of the contract `auction`. Energy in Wh, prices in fen/MWh, money in 10⁻⁸ CNY."""

from chain.schema import Column, Schema

_SESSION = Column("session", "text")

ORDERS_SUBMITTED = Schema(
    table="orders_submitted",
    columns=(
        Column("side", "text", "bid|ask"),
        Column("price_fen_per_mwh", "int", "fen/MWh"),
        Column("limit_fen_per_mwh", "int", "fen/MWh", null=True),
        Column("quantity_wh", "int", "Wh"),
        Column("salt", "text", "16 random bytes, hex; null: the member does not mind guesses", null=True),
    ),
)
"""A declaration's rows as its member signed them; the entry tells account, session and outcome.

Until a round closes orders are confidential, while `rows_root` is on the log at once. With few likely prices and
quantities a root can be guessed; the owner's salt prevents that.
"""

ROUNDS = Schema(
    table="rounds",
    columns=(
        _SESSION,
        Column("round", "int"),
        Column("status", "text", "cleared|suspended|no_trade|one_sided|empty"),
        Column("declarations", "int"),
        Column("moved_orders", "int"),
        Column("lowest_ask_fen_per_mwh", "int", "fen/MWh", null=True),
        Column("highest_bid_fen_per_mwh", "int", "fen/MWh", null=True),
        Column("trades", "int"),
        Column("traded_wh", "decimal", "Wh"),
        Column("price_fen_per_mwh", "int", "fen/MWh", null=True),
        Column("paid_e8", "decimal", "1e-8 CNY"),
        Column("received_e8", "decimal", "1e-8 CNY"),
        Column("welfare_e8", "decimal", "1e-8 CNY"),
        Column("reference_ask_fen_per_mwh", "int", "fen/MWh", null=True),
        Column("reference_bid_fen_per_mwh", "int", "fen/MWh", null=True),
    ),
)
"""One row per round played. `price` is the one price of a uniform round, else null; references are for the next."""

TRADES = Schema(
    table="trades",
    columns=(
        _SESSION,
        Column("round", "int"),
        Column("trade", "int"),
        Column("buyer", "text"),
        Column("bid_entry", "int"),
        Column("bid_row", "int"),
        Column("seller", "text"),
        Column("ask_entry", "int"),
        Column("ask_row", "int"),
        Column("quantity_wh", "int", "Wh"),
        Column("bid_fen_per_mwh", "int", "fen/MWh"),
        Column("ask_fen_per_mwh", "int", "fen/MWh"),
        Column("buyer_price_fen_per_mwh", "int", "fen/MWh"),
        Column("seller_price_fen_per_mwh", "int", "fen/MWh"),
        Column("paid_e8", "decimal", "1e-8 CNY"),
        Column("received_e8", "decimal", "1e-8 CNY"),
        Column("fee_fen_per_mwh", "int", "fen/MWh"),
        Column("buyer_fee_e8", "decimal", "1e-8 CNY"),
        Column("seller_fee_e8", "decimal", "1e-8 CNY"),
    ),
)
"""One row per trade, `trade` numbered through the session in matching order. `paid`, `received` are before fees."""

ORDER_RESULTS = Schema(
    table="order_results",
    columns=(
        _SESSION,
        Column("order_entry", "int"),
        Column("order_row", "int"),
        Column("account", "text"),
        Column("side", "text", "bid|ask"),
        Column("status", "text", "filled|partly_filled|returned|withdrawn|unrevealed"),
        Column("quantity_wh", "int", "Wh"),
        Column("traded_wh", "int", "Wh"),
        Column("initial_fen_per_mwh", "int", "fen/MWh"),
        Column("last_fen_per_mwh", "int", "fen/MWh"),
        Column("round", "int"),
    ),
)
"""One row per order at its end: in the round that returned it, or at the close."""

SETTLEMENTS = Schema(
    table="settlements",
    columns=(
        _SESSION,
        Column("account", "text"),
        Column("side", "text", "bid|ask"),
        Column("trades", "int"),
        Column("traded_wh", "decimal", "Wh"),
        Column("energy_e8", "decimal", "1e-8 CNY"),
        Column("fee_e8", "decimal", "1e-8 CNY"),
        Column("net_e8", "decimal", "1e-8 CNY"),
    ),
)
"""One row per account and session with trades. `net` = what the account receives (+) or pays (−), fees included."""

SESSIONS = Schema(
    table="sessions",
    columns=(
        _SESSION,
        Column("delivery_start", "time", "ms UTC"),
        Column("delivery_end", "time", "ms UTC"),
        Column("opened", "time", "ms UTC"),
        Column("closed", "time", "ms UTC"),
        Column("status", "text", "traded|no_trade|no_declarations"),
        Column("pricing", "text", "midpoint|uniform|pay_as_bid"),
        Column("rounds", "int"),
        Column("suspensions", "int"),
        Column("declarations", "int"),
        Column("orders", "int"),
        Column("trades", "int"),
        Column("traded_wh", "decimal", "Wh"),
        Column("paid_e8", "decimal", "1e-8 CNY"),
        Column("received_e8", "decimal", "1e-8 CNY"),
        Column("fees_e8", "decimal", "1e-8 CNY"),
        Column("spread_e8", "decimal", "1e-8 CNY"),
        Column("welfare_e8", "decimal", "1e-8 CNY"),
    ),
)
"""One row per session, at its settlement. paid + buyers' fees = received − sellers' fees + fees + spread."""

TABLES = (ORDER_RESULTS, ORDERS_SUBMITTED, ROUNDS, SESSIONS, SETTLEMENTS, TRADES)
