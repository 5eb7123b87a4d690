"""Admission and execution: every way to be dropped, every way to be rejected, in the order of the rules."""

from collections.abc import Callable
from typing import Any, Literal

import msgspec
import pytest

from chain.contract import RESTRICTED_UNTIL
from chain.entry import Event
from chain.execution import GENERAL_CODES
from chain.limits import LIMITS
from chain.replica import Outcome
from chain.transaction import SignedTransaction, Signer
from tests.chain.contract_fixture import CONTRACT, SUBMITTED
from tests.chain.contracts.replica_fixture import World, member, signer

ROWS = SUBMITTED.encode_lines([("a", 1), ("b", 2)])


@pytest.fixture
def world() -> World:
    return World([CONTRACT], {"regulator": ("regulator",)}, [member("alice"), member("bob")])


def sign(world: World, by: Signer | None = None, **changes: Any) -> SignedTransaction:
    """Alice's next call of `notes.write`, with changes."""
    call: dict[str, Any] = {
        "network": world.replica.address.network,
        "channel": world.replica.address.channel,
        "nonce": world.replica.nonce("alice") + 1,
        "contract": "notes",
        "method": "write",
        "arguments": {"text": "hello"},
        "valid_until": world.time_ms + 60_000,
        "schema": 3,
    }
    return (by or signer("alice")).transaction(**{**call, **changes})


def outcome(world: World, transaction: SignedTransaction) -> Outcome:
    (found,) = world.block(transaction).outcomes
    return found


def altered(transaction: SignedTransaction, **changes: Any) -> SignedTransaction:
    """The body changed after it was signed."""
    body = msgspec.structs.replace(transaction.body, **changes)
    return SignedTransaction(body, msgspec.json.encode(body, order="sorted"), transaction.signature, transaction.rows)


def with_rows(transaction: SignedTransaction, rows: bytes) -> SignedTransaction:
    return SignedTransaction(transaction.body, transaction.body_bytes, transaction.signature, rows)


Make = Callable[[World], SignedTransaction]

DROPPED: dict[str, tuple[str, Make]] = {
    "another network": ("address", lambda w: sign(w, network="cd" * 32)),
    "another channel": ("address", lambda w: sign(w, channel="area-350200")),
    "an unknown account": ("unknown-account", lambda w: sign(w, signer("carol"))),
    "more bytes than a transaction may have": (
        "size",
        lambda w: sign(w, arguments={"text": "a", "more": ["x" * 1_000] * 60}),
    ),
    "the nonce again": ("nonce", lambda w: sign(w, nonce=w.replica.nonce("alice"))),
    "a nonce skipped": ("nonce", lambda w: sign(w, nonce=w.replica.nonce("alice") + 2)),
    "nonce 0": ("nonce", lambda w: sign(w, nonce=0)),
    "a negative nonce": ("nonce", lambda w: sign(w, nonce=-1)),
    "signed by somebody else": ("signature", lambda w: sign(w, Signer("alice", signer("bob").seed))),
    "the body changed": ("signature", lambda w: altered(sign(w), arguments={"text": "other"})),
    "a signature of zeros": ("signature", lambda w: altered_signature(sign(w), "00" * 64)),
    "a signature in upper case": ("malformed", lambda w: altered_signature(sign(w), sign(w).signature.upper())),
    "a signature that is no hex": ("malformed", lambda w: altered_signature(sign(w), "é" * 128)),
    "an argument with a control character": ("malformed", lambda w: sign(w, arguments={"text": "a\x00"})),
    "an argument that is not NFC": ("malformed", lambda w: sign(w, arguments={"text": "e\u0301"})),
    "an argument that is a float": ("malformed", lambda w: sign(w, arguments={"text": 1.5})),
    "an argument beyond 53 bits": ("malformed", lambda w: sign(w, arguments={"text": 2**53})),
    "a method that is no name": ("malformed", lambda w: sign(w, method="\u202eetirw")),
    "rows announced and not sent": ("rows", lambda w: with_rows(sign(w, method="batch", arguments={}, rows=ROWS), b"")),
    "other rows": ("rows", lambda w: with_rows(sign(w, method="batch", arguments={}, rows=ROWS), b'["a","1"]\n')),
    "rows in another order": (
        "rows",
        lambda w: with_rows(sign(w, method="batch", arguments={}, rows=ROWS), b'["b","2"]\n["a","1"]\n'),
    ),
    "rows without the last newline": (
        "rows",
        lambda w: with_rows(sign(w, method="batch", arguments={}, rows=ROWS), ROWS[:-1]),
    ),
    "a row more": (
        "rows",
        lambda w: with_rows(sign(w, method="batch", arguments={}, rows=ROWS), ROWS + b'["c","3"]\n'),
    ),
    "rows for a method that takes none": ("rows", lambda w: sign(w, rows=ROWS)),
    "rows for an unknown method": ("rows", lambda w: sign(w, method="nothing", rows=ROWS)),
    "rows for an unknown contract": ("rows", lambda w: sign(w, contract="nothing", rows=ROWS)),
    "rows that were not signed": ("rows", lambda w: with_rows(sign(w, method="batch", arguments={}), ROWS)),
    "signed rows of another schema": ("rows", lambda w: sign(w, method="batch", arguments={}, rows=b'["a",1]\n')),
    "signed rows that are not canonical": (
        "rows",
        lambda w: sign(w, method="batch", arguments={}, rows=b'["a", "1"]\n'),
    ),
    "signed rows that are no JSON": ("rows", lambda w: sign(w, method="batch", arguments={}, rows=b"\xff\n")),
    "signed rows with money of 38 digits": (
        "rows",
        lambda w: sign(w, method="batch", arguments={}, rows=b'["a","' + b"1" * 38 + b'"]\n'),
    ),
}


def altered_signature(transaction: SignedTransaction, signature: str) -> SignedTransaction:
    return SignedTransaction(transaction.body, transaction.body_bytes, signature, transaction.rows)


@pytest.mark.parametrize(("code", "make"), DROPPED.values(), ids=DROPPED)
def test_what_is_not_admissible_is_dropped_and_leaves_no_trace(world: World, code: str, make: Make) -> None:
    before = world.replica.state.root()
    block = world.block(make(world))
    (found,) = block.outcomes
    assert (found.entry, found.receipt) == (None, None)
    assert found.dropped is not None
    assert found.dropped.code == code
    assert len(block.entries) == 1
    assert world.replica.state.root() == before


def test_more_rows_than_one_signature_may_cover_are_dropped(world: World) -> None:
    rows = b'["a","1"]\n' * (LIMITS.rows_per_batch_max + 1)
    found = outcome(world, sign(world, method="batch", arguments={}, rows=rows))
    assert found.dropped is not None
    assert found.dropped.code == "rows"


def test_a_stranger_cannot_burn_the_nonce_of_an_account(world: World) -> None:
    forged = [
        sign(world, Signer("alice", signer("bob").seed)),
        altered(sign(world), arguments={"text": "other"}),
        with_rows(sign(world, method="batch", arguments={}, rows=ROWS), b""),
    ]
    block = world.block(*forged, sign(world))
    assert [o.dropped is None for o in block.outcomes] == [False, False, False, True]
    assert world.replica.nonce("alice") == 1


def test_a_recorded_transaction_cannot_be_replayed(world: World) -> None:
    transaction = sign(world)
    assert outcome(world, transaction).receipt is not None
    again = outcome(world, transaction)
    assert again.dropped is not None
    assert again.dropped.code == "nonce"


def test_nonces_run_on_within_a_block_and_are_each_accounts_own(world: World) -> None:
    block = world.block(
        sign(world),
        sign(world, nonce=2),
        sign(world, signer("bob"), nonce=1),
        sign(world, nonce=2),
        sign(world, nonce=3),
    )
    assert [o.dropped is None for o in block.outcomes] == [True, True, True, False, True]
    assert (world.replica.nonce("alice"), world.replica.nonce("bob")) == (3, 1)


REJECTED: dict[str, tuple[str, Make]] = {
    "too late by a millisecond": ("expired", lambda w: sign(w, valid_until=w.time_ms + 999)),
    "an unknown contract": ("unknown-contract", lambda w: sign(w, contract="nothing")),
    "an older version of the contract": ("contract-version", lambda w: sign(w, schema=2)),
    "a newer version of the contract": ("contract-version", lambda w: sign(w, schema=4)),
    "an unknown method": ("unknown-method", lambda w: sign(w, method="nothing")),
    "a trigger called as a method": ("unknown-method", lambda w: sign(w, method="fire")),
    "a role that the caller does not hold": (
        "forbidden",
        lambda w: sign(w, method="schedule", arguments={"due": 1, "key": "k"}),
    ),
    "a batch without rows": ("rows-missing", lambda w: sign(w, method="batch", arguments={})),
    "no arguments": ("bad-arguments", lambda w: sign(w, arguments={})),
    "an argument too many": ("bad-arguments", lambda w: sign(w, arguments={"text": "a", "more": 1})),
    "an argument of another type": ("bad-arguments", lambda w: sign(w, arguments={"text": 1})),
    "a number written as text": ("bad-arguments", lambda w: sign(w, arguments={"text": "a", "count": "1"})),
    "more events than a receipt carries": (
        "too-many-events",
        lambda w: sign(w, method="many", arguments={"events": LIMITS.events_per_receipt_max + 1}),
    ),
    "a receipt larger than an entry": (
        "entry-size",
        lambda w: sign(w, method="many", arguments={"events": 32, "size": 2_100}),
    ),
    "the contract's own reason": ("no", lambda w: sign(w, method="refuse")),
}


@pytest.mark.parametrize(("code", "make"), REJECTED.values(), ids=REJECTED)
def test_a_refused_call_is_on_the_record_and_changes_nothing_but_the_nonce(world: World, code: str, make: Make) -> None:
    memory, due = world.memory(), world.replica.next_due_ms
    block = world.block(make(world))
    (found,) = block.outcomes
    assert found.receipt is not None
    assert (found.receipt.status, found.receipt.code) == ("rejected", code)
    assert (found.receipt.events, found.receipt.tables) == ((), ())
    assert len(found.receipt.detail) <= LIMITS.detail_characters_max
    assert len(block.entries) == 2
    assert world.memory() == memory
    assert world.replica.next_due_ms == due
    assert world.replica.nonce("alice") == 1
    assert all(table.pending_count == 0 for table in world.replica.tables.values())
    assert block.segments == ()


@pytest.mark.parametrize("status", ["suspended", "revoked"])
def test_the_call_of_an_account_that_is_not_active_is_rejected(
    world: World, status: Literal["suspended", "revoked"]
) -> None:
    account = msgspec.structs.replace(member("alice"), status=status)
    world.block(imports=[Event(data=msgspec.to_builtins(account), name="participant.changed")])
    receipt = outcome(world, sign(world)).receipt
    assert receipt is not None
    assert (receipt.status, receipt.code) == ("rejected", "inactive")
    assert world.replica.nonce("alice") == 1


def test_a_restricted_account_is_refused_until_its_time_is_over(world: World) -> None:
    world.replica.state.put(RESTRICTED_UNTIL, "alice", world.time_ms + 2_000)
    first, second = (outcome(world, sign(world)).receipt for _ in range(2))
    assert first is not None and second is not None
    assert (first.code, second.code) == ("restricted", "ok")


def test_a_batch_of_an_account_that_may_not_call_is_dropped_with_its_rows(world: World) -> None:
    batch = sign(world, method="batch", arguments={}, rows=ROWS)
    world.replica.state.put(RESTRICTED_UNTIL, "alice", world.time_ms + 2_000)
    restricted = outcome(world, batch)
    suspended = msgspec.structs.replace(member("alice"), status="suspended")
    world.block(imports=[Event(data=msgspec.to_builtins(suspended), name="participant.changed")])
    inactive = outcome(world, batch)
    assert restricted.dropped is not None and inactive.dropped is not None
    assert (restricted.dropped.code, inactive.dropped.code) == ("restricted", "inactive")
    assert world.rows("notes_submitted") == []
    assert world.replica.nonce("alice") == 0
    world.block(imports=[Event(data=msgspec.to_builtins(member("alice")), name="participant.changed")])
    receipt = outcome(world, batch).receipt
    assert receipt is not None and receipt.code == "ok"


def test_every_general_code_has_a_case_here() -> None:
    assert {code for code, _ in REJECTED.values()} - {"no"} | {"inactive", "restricted"} == set(GENERAL_CODES)


def test_of_two_reasons_the_first_by_the_rules_is_given(world: World) -> None:
    late: dict[str, Any] = {"valid_until": 0}
    worse: list[tuple[str, dict[str, Any]]] = [
        ("expired", {**late, "contract": "nothing"}),
        ("unknown-contract", {"contract": "nothing", "schema": 9, "method": "nothing"}),
        ("contract-version", {"schema": 9, "method": "nothing"}),
        ("unknown-method", {"method": "nothing", "arguments": {"bad": 1}}),
        ("forbidden", {"method": "schedule", "arguments": {"bad": 1}}),
        ("rows-missing", {"method": "batch", "arguments": {"bad": 1}}),
    ]
    for code, changes in worse:
        receipt = outcome(world, sign(world, **changes)).receipt
        assert receipt is not None
        assert receipt.code == code


def test_a_transaction_is_valid_until_its_last_millisecond(world: World) -> None:
    receipt = outcome(world, sign(world, valid_until=world.time_ms + 1_000)).receipt
    assert receipt is not None
    assert receipt.code == "ok"


@pytest.mark.parametrize("events", [0, 1, LIMITS.events_per_receipt_max])
def test_events_are_allowed_to_the_limit(world: World, events: int) -> None:
    receipt = outcome(world, sign(world, method="many", arguments={"events": events})).receipt
    assert receipt is not None
    assert (receipt.code, len(receipt.events)) == ("ok", events)


def test_a_refused_batch_keeps_its_rows_as_they_were_signed(world: World) -> None:
    rows = SUBMITTED.encode_lines([("a", 1), ("b", -2)])
    transaction = sign(world, method="batch", arguments={}, rows=rows)
    receipt = outcome(world, transaction).receipt
    assert receipt is not None
    assert receipt.code == "no"
    (written,) = receipt.tables
    assert (written.table, written.rows_count, written.rows_root) == (
        "notes_submitted",
        2,
        transaction.body.rows_root,
    )
    assert world.rows("notes_submitted") == [("a", 1), ("b", -2)]
    assert world.rows("notes") == []


def test_the_reason_for_bad_arguments_is_ours_and_not_a_librarys(world: World) -> None:
    receipt = outcome(world, sign(world, arguments={"text": 1})).receipt
    assert receipt is not None
    assert receipt.detail == "not the arguments of notes.write"


def test_a_long_detail_is_cut(world: World) -> None:
    receipt = outcome(world, sign(world, method="refuse", arguments={"text": "水" * 300})).receipt
    assert receipt is not None
    assert receipt.detail == "refused: " + "水" * (LIMITS.detail_characters_max - 9)
