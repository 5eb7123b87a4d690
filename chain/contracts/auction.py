"""The contract `auction`: hourly double auctions of one market area. Rules and sources: `docs/rules.md`.

1. A session trades one delivery hour and is opened an hour before it, by trigger. Minutes 0–15 declare, 15–45 rounds,
   then close and settle. Block time is the gate.
2. `declare`: one signed batch of orders of one side; one side per account and session. A declaration made during the
   rounds plays from the next round on.
3. Rounds are played by trigger every `round_minutes` (`chain.market.play`). A suspended round returns all orders.
4. When a round would change nothing and nobody has declared since the last, trading closes (P1 2.1 (4)).
5. Every order gets exactly one result row: when it is returned, or at the close.
6. Each trade bears a network fee, half each, an odd unit by the buyer. Spread goes to the area's balancing account.
7. Settlement writes one row per account and checks conservation before anything is recorded.
8. A session keeps the parameters it was opened with, to its settlement: they are its terms, in the state from its
   opening. Parameters that governance changes meanwhile are those of the sessions that open from their block on.
9. A retiring channel opens no session; those that are open are played and settled before it ends.
"""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from chain.calendar import utc_stamp
from chain.contract import Account, Arguments, Call, Contract, Method, Space, TriggerMethod
from chain.contracts.auction_state import Parameters, Position, Session, Standing, has_open_sessions
from chain.contracts.auction_tables import (
    ORDER_RESULTS,
    ORDERS_SUBMITTED,
    ROUNDS,
    SESSIONS,
    SETTLEMENTS,
    TABLES,
    TRADES,
)
from chain.contracts.roles import MEMBER
from chain.errors import LedgerError, RejectError
from chain.market.conservation import EndCause, end_status, money_violations
from chain.market.fees import NetworkFees, network_fees
from chain.market.parameters import check_orders
from chain.market.play import Declaration, RoundOutcome, play_round
from chain.market.rounds import References
from chain.units import HOUR_MS, MINUTE_MS, SETTLEMENT_OFFSET_MS, EnergyWh, PriceFenPerMwh, TimeMs

_SALT = re.compile(r"[0-9a-f]{32}")


class DeclareArguments(Arguments, frozen=True):
    """`session`: its id."""

    session: str


def session_id(area: str, open_ms: int) -> str:
    """`<area>-<yyyymmddhh of the delivery hour, UTC+8>`; `area` is its administrative code."""
    stamp = utc_stamp(open_ms + HOUR_MS + SETTLEMENT_OFFSET_MS)
    return f"{area}-{stamp[:8]}{stamp[9:11]}"


def _check_parameters(parameters: Parameters) -> None:
    """Rule 1. Whether a first opening lies after genesis is seen there; later the calendar runs."""
    parameters.check(genesis_ms=0)


def _genesis(call: Call) -> None:
    """Rule 1: the first opening. A schedule that does not hold is found before the network begins."""
    parameters: Parameters = call.parameters
    parameters.check(call.time_ms)
    next_hour = (call.time_ms // HOUR_MS + 1) * HOUR_MS
    call.schedule(parameters.first_open_ms or next_hour, "open", "calendar")


def _open(call: Call, _: str) -> None:
    """Rules 1, 8 and 9."""
    if call.is_retiring:
        return
    parameters: Parameters = call.parameters
    session = session_id(parameters.area, call.due_ms)
    opened = Session(
        asks=0,
        bids=0,
        can_move=False,
        closed_ms=0,
        declarations=0,
        fees_e8="0",
        fresh=False,
        open_ms=call.due_ms,
        paid_e8="0",
        received_e8="0",
        reference_ask=None,
        reference_bid=None,
        round=0,
        suspensions=0,
        traded_wh="0",
        trades=0,
        welfare_e8="0",
    )
    call.put("session", session, opened)
    call.put("terms", session, parameters)
    call.schedule(call.due_ms + parameters.declare_minutes * MINUTE_MS, "round", session)
    call.schedule(call.due_ms + HOUR_MS, "open", "calendar")
    call.event("session.opened", {"delivery_start": opened.delivery_start_ms, "session": session})


def _declare(call: Call, arguments: DeclareArguments) -> None:
    """Rule 2."""
    account = call.account_id
    session: Session | None = call.get("session", arguments.session)
    if session is None:
        call.reject("no-session", f"no session {arguments.session} is open")
    parameters = _terms(call, arguments.session)
    if session.closed_ms or call.time_ms >= session.open_ms + parameters.trading_minutes * MINUTE_MS:
        call.reject("gate-closed", f"session {arguments.session} takes no more declarations")
    if call.caller is not None and call.caller.area != parameters.area:
        call.reject("other-area", f"{account} belongs to area {call.caller.area}")
    sides, prices, limits, quantities, salts = call.columns
    _check_orders(sides, prices, limits, quantities, parameters)
    _check_salts(salts)
    side = sides[0]
    if call.get(f"side:{arguments.session}", account) not in (None, side):
        call.reject("two-sides", f"{account} has declared the other side in this session")
    bids = session.bids + (len(sides) if side == "bid" else 0)
    asks = session.asks + (len(sides) if side == "ask" else 0)
    if max(bids, asks) > parameters.orders_per_side_max:
        call.reject("book-full", f"more than {parameters.orders_per_side_max} orders on one side")
    declaration = Declaration(
        account=account,
        side=side,
        declared_ms=TimeMs(call.time_ms),
        entry=call.entry,
        first_round=session.round + 1,
        initial=tuple(prices),
        limit=tuple(limits),
        price=tuple(prices),
        remaining=tuple(quantities),
    )
    call.put(f"orders:{arguments.session}", f"{call.entry:012d}", Standing(declaration, tuple(quantities)))
    call.put(f"side:{arguments.session}", account, side)
    declared = msgspec.structs.replace(session, asks=asks, bids=bids, declarations=session.declarations + 1, fresh=True)
    call.put("session", arguments.session, declared)


def _check_orders(
    sides: Sequence[Literal["bid", "ask"]],
    prices: Sequence[PriceFenPerMwh],
    limits: Sequence[PriceFenPerMwh | None],
    quantities: Sequence[EnergyWh],
    parameters: Parameters,
) -> None:
    """Each order keeps to the market's rules; `RejectError` with the first that does not."""
    try:
        check_orders(sides, prices, limits, quantities, parameters.market)
    except RejectError as error:
        raise RejectError(error.code, f"{error.where}: {error.sentence}") from None
    if max(quantities) <= parameters.quantity_wh_max:
        return
    for row, quantity in enumerate(quantities):
        if quantity > parameters.quantity_wh_max:
            raise RejectError("quantity-max", f"row {row}: more than {parameters.quantity_wh_max} Wh")


def _running(call: Call, key: str) -> Session:
    session: Session | None = call.get("session", key)
    if session is None:
        raise LedgerError("no-session", f"a trigger for session {key!r}, which is not running", call.channel)
    return session


def _terms(call: Call, key: str) -> Parameters:
    """Rule 8."""
    terms: Parameters = call.get("terms", key)
    return terms


def _check_salts(salts: Sequence[str | None]) -> None:
    """A salt is 16 bytes of lower-case hex; `RejectError` otherwise."""
    if not any(salts) and "" not in salts:
        return
    for row, salt in enumerate(salts):
        if salt is not None and not _SALT.fullmatch(salt):
            raise RejectError("salt", f"row {row}: a salt is 32 lower-case hexadecimal digits")


def _round(call: Call, key: str) -> None:
    """Rules 3 and 4."""
    session = _running(call, key)
    parameters = _terms(call, key)
    close_ms = session.open_ms + parameters.trading_minutes * MINUTE_MS
    if not session.fresh and not session.can_move:
        call.schedule(call.due_ms, "close", key)
        return
    standing: list[tuple[str, Standing]] = list(call.items(f"orders:{key}"))
    references = References(session.reference_ask, session.reference_bid)
    number = session.round + 1
    outcome = play_round([item.declaration for _, item in standing], number, references, parameters.market)
    fees = _record_trades(call, key, session.trades, outcome)
    _record_round(call, key, outcome, len(standing))
    if outcome.status == "suspended":
        _end_orders(call, key, standing, number, "suspension")
    else:
        for (entry, item), after in zip(standing, outcome.declarations, strict=True):
            if after is not item.declaration:
                call.put(f"orders:{key}", entry, Standing(after, item.quantity))
    call.put("session", key, _played(session, outcome, fees))
    next_ms = call.due_ms + parameters.round_minutes * MINUTE_MS
    call.schedule(*((next_ms, "round", key) if next_ms < close_ms else (close_ms, "close", key)))


def _played(session: Session, outcome: RoundOutcome, fees: NetworkFees) -> Session:
    """The session after a round."""
    totals = outcome.totals
    return msgspec.structs.replace(
        session,
        can_move=outcome.can_move,
        fees_e8=str(int(session.fees_e8) + fees.total_e8),
        # A suspension returns everything: members have until the next round to quote anew.
        fresh=outcome.status == "suspended",
        paid_e8=str(int(session.paid_e8) + totals.paid_e8),
        received_e8=str(int(session.received_e8) + totals.received_e8),
        reference_ask=outcome.references.ask,
        reference_bid=outcome.references.bid,
        round=outcome.round_number,
        suspensions=session.suspensions + (outcome.status == "suspended"),
        traded_wh=str(int(session.traded_wh) + totals.quantity_wh),
        trades=session.trades + totals.trades,
        welfare_e8=str(int(session.welfare_e8) + totals.welfare_e8),
    )


def _record_round(call: Call, key: str, outcome: RoundOutcome, declarations: int) -> None:
    totals = outcome.totals
    row = (
        key,
        outcome.round_number,
        outcome.status,
        declarations,
        len(outcome.moves.entry),
        outcome.lowest_ask,
        outcome.highest_bid,
        totals.trades,
        totals.quantity_wh,
        totals.price,
        totals.paid_e8,
        totals.received_e8,
        totals.welfare_e8,
        outcome.references.ask,
        outcome.references.bid,
    )
    call.write(ROUNDS, row)
    call.event(
        "round.played",
        {"round": outcome.round_number, "session": key, "status": outcome.status, "trades": totals.trades},
    )


def _record_trades(call: Call, key: str, first: int, outcome: RoundOutcome) -> NetworkFees:
    """Rule 6: the trades of a round, their fees, and the accounts' positions."""
    trades = outcome.trades
    buyers = [_known(call, account) for account in trades.buyer]
    sellers = [_known(call, account) for account in trades.seller]
    fees = network_fees(
        _terms(call, key).fee_schedule,
        [account.zone for account in sellers],
        [account.zone for account in buyers],
        [account.voltage for account in buyers],
        trades.quantity_wh,
    )
    columns = (
        trades.buyer,
        trades.bid_entry,
        trades.bid_row,
        trades.seller,
        trades.ask_entry,
        trades.ask_row,
        trades.quantity_wh,
        trades.bid_price,
        trades.ask_price,
        trades.buyer_price,
        trades.seller_price,
        trades.paid_e8,
        trades.received_e8,
        fees.fee_fen_per_mwh,
        fees.buyer_e8,
        fees.seller_e8,
    )
    rows = [
        (key, outcome.round_number, first + number, *values) for number, values in enumerate(zip(*columns, strict=True))
    ]
    if rows:
        call.write(TRADES, *rows)
    _add_positions(call, key, "bid", trades.buyer, trades.quantity_wh, trades.paid_e8, fees.buyer_e8)
    _add_positions(call, key, "ask", trades.seller, trades.quantity_wh, trades.received_e8, fees.seller_e8)
    return fees


def _known(call: Call, account: str) -> Account:
    found = call.account(account)
    if found is None:
        raise LedgerError("unknown-account", "an order of an account that this channel does not know", account)
    return found


def _add_positions(
    call: Call,
    key: str,
    side: str,
    accounts: Sequence[str],
    quantities: Sequence[int],
    amounts: Sequence[int],
    fees: Sequence[int],
) -> None:
    sums: dict[str, list[int]] = {}
    for account, quantity, amount, fee in zip(accounts, quantities, amounts, fees, strict=True):
        total = sums.setdefault(account, [0, 0, 0, 0])
        for column, value in enumerate((quantity, amount, fee, 1)):
            total[column] += value
    for account, (quantity, amount, fee, count) in sums.items():
        before: Position = call.get(f"position:{key}", account) or Position("0", "0", side, "0", 0)
        call.put(
            f"position:{key}",
            account,
            Position(
                energy_e8=str(int(before.energy_e8) + amount),
                fee_e8=str(int(before.fee_e8) + fee),
                side=side,
                traded_wh=str(int(before.traded_wh) + quantity),
                trades=before.trades + count,
            ),
        )


def _end_orders(call: Call, key: str, standing: list[tuple[str, Standing]], number: int, cause: EndCause) -> None:
    """Rule 5."""
    rows = []
    for entry, item in standing:
        declaration = item.declaration
        columns = (item.quantity, declaration.remaining, declaration.initial, declaration.price)
        for row, (quantity, remaining, initial, last) in enumerate(zip(*columns, strict=True)):
            status = end_status(quantity, remaining, cause)
            rows.append(
                (
                    key,
                    declaration.entry,
                    row,
                    declaration.account,
                    declaration.side,
                    status,
                    quantity,
                    quantity - remaining,
                    initial,
                    last,
                    number,
                )
            )
        call.delete(f"orders:{key}", entry)
    if rows:
        call.write(ORDER_RESULTS, *rows)


def _close(call: Call, key: str) -> None:
    """Rule 5; settlement follows at its minute."""
    session = _running(call, key)
    standing: list[tuple[str, Standing]] = list(call.items(f"orders:{key}"))
    _end_orders(call, key, standing, session.round, "close")
    call.put("session", key, msgspec.structs.replace(session, closed_ms=call.time_ms))
    for account, _ in list(call.items(f"side:{key}")):
        call.delete(f"side:{key}", account)
    settle_ms = session.open_ms + _terms(call, key).settle_minute * MINUTE_MS
    call.schedule(max(settle_ms, call.due_ms), "settle", key)


def _settle(call: Call, key: str) -> None:
    """Rule 7."""
    session = _running(call, key)
    positions: list[tuple[str, Position]] = list(call.items(f"position:{key}"))
    paid = sum(int(p.energy_e8) + int(p.fee_e8) for _, p in positions if p.side == "bid")
    received = sum(int(p.energy_e8) - int(p.fee_e8) for _, p in positions if p.side == "ask")
    spread = int(session.paid_e8) - int(session.received_e8)
    violations = money_violations(paid, received, int(session.fees_e8), spread)
    bought, sold = (sum(int(p.traded_wh) for _, p in positions if p.side == side) for side in ("bid", "ask"))
    if violations or not bought == sold == int(session.traded_wh):
        raise LedgerError("conservation", f"settlement does not balance: {violations}, {bought}, {sold}", key)
    for account, position in positions:
        call.write(SETTLEMENTS, (key, account, *_settlement(position)))
        call.delete(f"position:{key}", account)
    _add_spread(call, spread)
    call.write(SESSIONS, _session_row(call, key, session, spread))
    call.delete("session", key)
    call.delete("terms", key)
    call.event("session.settled", {"session": key, "trades": session.trades})


def _settlement(position: Position) -> tuple[str, int, int, int, int, int]:
    """(side, trades, energy traded, energy amount, fee, net: receives +, pays −)."""
    energy, fee = int(position.energy_e8), int(position.fee_e8)
    net = energy - fee if position.side == "ask" else -(energy + fee)
    return position.side, position.trades, int(position.traded_wh), energy, fee, net


def _add_spread(call: Call, spread: int) -> None:
    """Rule 6: the area's balancing account."""
    if spread:
        balance = int(call.get("balancing", "spread_e8") or "0")
        call.put("balancing", "spread_e8", str(balance + spread))


def _session_row(call: Call, key: str, session: Session, spread: int) -> tuple[object, ...]:
    status = "traded" if session.trades else "no_trade" if session.declarations else "no_declarations"
    return (
        key,
        session.delivery_start_ms,
        session.delivery_start_ms + HOUR_MS,
        session.open_ms,
        session.closed_ms,
        status,
        _terms(call, key).pricing,
        session.round,
        session.suspensions,
        session.declarations,
        session.bids + session.asks,
        session.trades,
        int(session.traded_wh),
        int(session.paid_e8),
        int(session.received_e8),
        int(session.fees_e8),
        spread,
        int(session.welfare_e8),
    )


_ORDER_CODES = (
    "limit-range",
    "limit-side",
    "limit-tick",
    "price-range",
    "price-tick",
    "quantity-lot",
    "quantity-max",
    "quantity-range",
    "salt",
    "side",
    "two-sides",
)

CONTRACT = Contract(
    name="auction",
    version=1,
    parameters=Parameters,
    methods=(
        Method(
            "declare",
            _declare,
            DeclareArguments,
            callers=(MEMBER,),
            codes=("book-full", "gate-closed", "no-session", "other-area", *_ORDER_CODES),
            batch=ORDERS_SUBMITTED,
        ),
    ),
    triggers=(
        TriggerMethod("close", _close),
        TriggerMethod("open", _open),
        TriggerMethod("round", _round),
        TriggerMethod("settle", _settle),
    ),
    tables=TABLES,
    spaces=(
        Space("balancing", str),
        Space("orders", Standing),
        Space("position", Position),
        Space("session", Session),
        Space("side", str),
        Space("terms", Parameters),
    ),
    check_parameters=_check_parameters,
    genesis=_genesis,
    has_open_positions=has_open_sessions,
    sources=(
        "chain.calendar",
        "chain.contracts.auction",
        "chain.contracts.auction_state",
        "chain.contracts.auction_tables",
        "chain.contracts.roles",
        "chain.market.book",
        "chain.market.clearing",
        "chain.market.columns",
        "chain.market.conservation",
        "chain.market.fees",
        "chain.market.limits",
        "chain.market.matching",
        "chain.market.parameters",
        "chain.market.play",
        "chain.market.pricing",
        "chain.market.rounds",
    ),
)
