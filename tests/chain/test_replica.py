"""The replica: what a block holds and in which order, when it seals, and that nothing depends on where it runs."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chain import execution
from chain.contracts import record
from chain.entry import Block, Event, Genesis, Seal, Transaction, Trigger, parse_entry
from chain.errors import ExportError, LedgerError, ParseError
from chain.merkle import Tree, leaf_hash, root_of
from chain.replica import Replica
from chain.tables import catalogue_root, file_sha256, sealed_leaf
from chain.units import DAY_MS, HOUR_MS
from tests.chain.contract_fixture import CONTRACT, FIRED, NOTES, SUBMITTED
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, member, signer

ROOT = Path(__file__).resolve().parents[2]
DAY_END_MS = GENESIS_MS + 16 * HOUR_MS
SOON = GENESIS_MS + 60_000


def world(cut: dict[str, int] | None = None, **parameters: Any) -> World:
    """`cut`: how blocks are cut."""
    everyone = [member("alice"), member("bob")]
    given = {"notes": parameters, "record": cut or {}}
    return World([CONTRACT], {"regulator": ("regulator",)}, everyone, parameters=given)


def call(one: World, account: str, method: str, arguments: dict[str, Any], ahead: int = 1) -> Any:
    return signer(account).transaction(
        network=one.replica.address.network,
        channel=one.replica.address.channel,
        nonce=one.replica.nonce(account) + ahead,
        contract="record" if method == "seal" else "notes",
        method=method,
        arguments=arguments,
        valid_until=2**53 - 1,
        schema=1 if method == "seal" else 3,
    )


def kinds(entries: tuple[bytes, ...]) -> list[str]:
    return [parse_entry(data).kind for data in entries]


def fired(one: World) -> list[str]:
    return [str(key) for key in one.column("fired", "key")]


def schedule(one: World, *due_keys: tuple[int, str]) -> None:
    calls = [
        call(one, "regulator", "schedule", {"due": due, "key": key}, ahead)
        for ahead, (due, key) in enumerate(due_keys, 1)
    ]
    assert all(o.receipt is not None and o.receipt.code == "ok" for o in one.block(*calls).outcomes)


def test_block_0_is_genesis_and_its_block_entry() -> None:
    one = world()
    first, last = (parse_entry(data) for data in one.entries[:2])
    assert isinstance(first, Genesis)
    assert isinstance(last, Block)
    assert (last.height, last.first, last.count, last.time, last.beacon_round) == (0, 0, 2, GENESIS_MS, -1)
    assert last.previous == sha256(b"").hexdigest()
    assert last.state_root == ""
    leaves = [sealed_leaf(schema, [], 0, 0) for schema in (FIRED, NOTES, SUBMITTED)]
    assert last.catalogue_root == catalogue_root(leaves)


def test_governance_is_the_network_and_the_others_name_it() -> None:
    governance = World([CONTRACT], {"regulator": ("regulator",)}, channel="governance")
    assert governance.replica.address.network == leaf_hash(governance.entries[0]).hex()
    assert world().replica.address.network == sha256(b"governance").hexdigest()


@pytest.mark.parametrize("time_ms", [GENESIS_MS + 1_000, GENESIS_MS + 999, 0, -1])
def test_a_block_is_later_than_the_last_one(time_ms: int) -> None:
    one = world()
    before = (one.replica.head, one.replica.state.root())
    with pytest.raises(LedgerError) as caught:
        one.replica.execute_block(time_ms, -1, [], [call(one, "alice", "write", {"text": "a"})])
    assert caught.value.code == "block-time"
    assert (one.replica.head, one.replica.state.root()) == before


def test_a_beacon_round_does_not_go_back() -> None:
    one = world()
    one.replica.execute_block(SOON, 4, [], [])
    with pytest.raises(LedgerError) as caught:
        one.replica.execute_block(SOON + 1, 3, [], [])
    assert caught.value.code == "beacon-round"
    block = one.replica.execute_block(SOON + 1, 4, [], [])
    assert block.block.beacon_round == 4


def test_an_import_is_known_before_the_first_transaction_of_its_block() -> None:
    one = world()
    carol = Event(data=msgspec.to_builtins(member("carol")), name="participant.registered")
    transaction = call(one, "carol", "write", {"text": "a"})
    assert one.block(transaction).outcomes[0].dropped is not None
    block = one.block(transaction, imports=[carol])
    assert block.outcomes[0].receipt is not None
    assert kinds(block.entries) == ["transaction", "block"]


@pytest.mark.parametrize(
    "data",
    [{}, {"account": "x"}, {**msgspec.to_builtins(member("x")), "more": 1}],
    ids=["empty", "incomplete", "too much"],
)
def test_an_import_that_is_no_account_is_our_own_error(data: dict[str, Any]) -> None:
    with pytest.raises(LedgerError) as caught:
        world().block(imports=[Event(data=data, name="participant.registered")])
    assert caught.value.code == "import"


def test_an_import_with_a_key_that_is_none_is_our_own_error() -> None:
    data = {**msgspec.to_builtins(member("x")), "public_key": "zz" * 32}
    with pytest.raises(ParseError):
        world().block(imports=[Event(data=data, name="participant.registered")])


def test_triggers_run_by_due_time_then_key_whatever_the_order_of_scheduling() -> None:
    one = world()
    schedule(one, (SOON + 2, "c"), (SOON, "b"), (SOON + 1, "a"), (SOON, "a"), (SOON + 9_000, "later"))
    one.advance(SOON + 2)
    assert fired(one) == ["a", "b", "a", "c"]
    assert one.column("fired", "due") == [SOON, SOON, SOON + 1, SOON + 2]
    assert set(one.column("fired", "at")) == {SOON + 2}
    assert one.replica.next_due_ms == SOON + 9_000


def test_a_trigger_runs_in_the_first_block_whose_time_has_reached_it() -> None:
    one = world()
    schedule(one, (SOON, "k"))
    one.advance(SOON - 1)
    assert fired(one) == []
    one.advance(SOON)
    assert fired(one) == ["k"]
    one.advance(SOON + 1)
    assert fired(one) == ["k"]


def test_a_trigger_that_schedules_one_due_now_runs_it_in_the_same_block() -> None:
    one = world()
    schedule(one, (SOON, "again.again.x"))
    block = one.block(at_ms=SOON)
    assert fired(one) == ["again.again.x", "again.x", "x"]
    assert block.triggers == 3


def test_a_trigger_that_refuses_is_on_the_record_and_changes_nothing() -> None:
    one = world()
    schedule(one, (SOON, "refuse"), (SOON, "then"))
    block = one.block(at_ms=SOON)
    entries = [parse_entry(data) for data in block.entries]
    assert [e.receipt.status for e in entries if isinstance(e, Trigger)] == ["rejected", "accepted"]
    assert fired(one) == ["then"]


def test_what_is_scheduled_is_part_of_the_state() -> None:
    first, second = world(), world()
    schedule(first, (SOON, "a"))
    schedule(second, (SOON, "b"))
    assert first.replica.state.root() != second.replica.state.root()
    assert first.replica.state.items("trigger") == [
        (f"{SOON:015d}:notes:a:fire", SOON),
        (f"{DAY_END_MS:015d}:record:day:day", DAY_END_MS),
    ]


def test_triggers_beyond_the_limit_of_a_block_run_in_the_next() -> None:
    one = world(cut={"triggers_per_block_max": 2})
    schedule(one, (SOON, "a"), (SOON, "b"), (SOON, "c"))
    assert kinds(one.block(at_ms=SOON).entries) == ["trigger", "trigger", "block"]
    assert kinds(one.block(at_ms=SOON + 1).entries) == ["trigger", "block"]


def test_a_trigger_scheduled_twice_runs_once() -> None:
    one = world()
    schedule(one, (SOON, "a"), (SOON, "a"))
    assert kinds(one.block(at_ms=SOON).entries) == ["trigger", "block"]


def test_a_block_takes_no_more_transactions_than_the_record_says() -> None:
    one = world(cut={"transactions_per_block_max": 1})
    before = one.replica.height
    both = [call(one, "alice", "write", {"text": "a"}), call(one, "bob", "write", {"text": "b"})]
    with pytest.raises(LedgerError) as caught:
        one.block(*both)
    assert caught.value.code == "block-size"
    assert one.replica.height == before


def test_a_block_holds_triggers_transactions_seals_and_its_block_entry_in_this_order() -> None:
    one = world()
    schedule(one, (SOON, "b"), (SOON, "a"))
    block = one.block(
        call(one, "bob", "write", {"text": "b"}),
        call(one, "alice", "write", {"text": "a"}),
        call(one, "regulator", "seal", {}),
        call(one, "bob", "write", {"text": "after the request"}, 2),
        at_ms=SOON,
    )
    entries = [parse_entry(data) for data in block.entries]
    assert kinds(block.entries) == ["trigger"] * 2 + ["transaction"] * 4 + ["seal"] * 2 + ["block"]
    assert [e.key for e in entries if isinstance(e, Trigger)] == ["a", "b"]
    assert [e.body.account for e in entries if isinstance(e, Transaction)] == ["bob", "alice", "regulator", "bob"]
    assert [e.table for e in entries if isinstance(e, Seal)] == ["fired", "notes"]
    assert [o.entry for o in block.outcomes] == [block.block.first + 2 + k for k in range(4)]


def test_a_block_entry_says_where_its_block_begins_and_what_came_before() -> None:
    one = world()
    tree = Tree()
    for _ in range(3):
        one.block(call(one, "alice", "write", {"text": "a"}))
    start = 0
    for data in one.entries:
        tree.append(data)
        entry = parse_entry(data)
        if isinstance(entry, Block):
            assert (entry.first, entry.count, entry.previous) == (start, tree.size - start, tree.root(start).hex())
            start = tree.size
    assert one.replica.head.root == tree.root().hex()
    assert (one.replica.head.size, one.replica.head.height) == (tree.size, 4)


def test_the_block_that_seals_commits_to_the_rows_the_file_and_the_state() -> None:
    one = world()
    one.block(call(one, "alice", "write", {"text": "a", "count": 3}))
    block = one.block(call(one, "regulator", "seal", {}))
    (segment,) = block.segments
    seal_entry = block.entries[-2]
    assert parse_entry(seal_entry) == segment.seal
    assert (segment.seal.table, segment.seal.first, segment.seal.rows_count) == ("notes", 0, 3)
    assert segment.seal.end == block.block.first + 1 == one.replica.sealed_to
    assert segment.seal.sha256 == file_sha256(segment.parquet)
    assert block.block.state_root == one.replica.state.root().hex()
    end = segment.seal.end
    leaves = [
        sealed_leaf(FIRED, [], 0, end),
        sealed_leaf(NOTES, [seal_entry], 3, end),
        sealed_leaf(SUBMITTED, [], 0, end),
    ]
    assert block.block.catalogue_root == catalogue_root(leaves)
    assert one.block().block.catalogue_root == block.block.catalogue_root
    assert one.block().block.state_root == ""


def test_segments_of_different_tables_end_together_and_begin_where_their_own_last_one_ended() -> None:
    one = world()
    ends = []
    for text, due in (("a", SOON), ("b", None), ("c", SOON + 20_000)):
        if due is not None:
            schedule(one, (due, "k"))
            one.advance(due)
        one.block(call(one, "alice", "write", {"text": text}))
        block = one.block(call(one, "regulator", "seal", {}))
        ends.append({s.seal.table: (s.seal.first, s.seal.end) for s in block.segments})
        assert len({s.seal.end for s in block.segments}) == 1
    assert sorted(ends[1]) == ["notes"]
    assert ends[1]["notes"][0] == ends[0]["notes"][1]
    assert ends[2]["fired"][0] == ends[0]["fired"][1]
    assert ends[2]["notes"][0] == ends[1]["notes"][1]


def test_a_request_to_seal_with_no_rows_seals_nothing() -> None:
    one = world()
    block = one.block(call(one, "regulator", "seal", {}))
    assert kinds(block.entries) == ["transaction", "block"]
    assert (block.segments, block.block.state_root, one.replica.sealed_to) == ((), "", 0)


def test_the_end_of_the_settlement_day_seals() -> None:
    one = world()
    one.block(call(one, "alice", "write", {"text": "a"}))
    block = one.block(at_ms=DAY_END_MS)
    assert kinds(block.entries) == ["trigger", "seal", "block"]
    assert one.replica.next_due_ms == DAY_END_MS + DAY_MS


def test_a_table_at_its_row_limit_seals() -> None:
    one = world(cut={"segment_rows_max": 5})
    assert one.block(call(one, "alice", "write", {"text": "a", "count": 4})).segments == ()
    block = one.block(
        call(one, "alice", "write", {"text": "b", "count": 3}), call(one, "bob", "write", {"text": "c", "count": 1})
    )
    (segment,) = block.segments
    assert segment.seal.rows_count == 8
    assert one.replica.tables["notes"].pending_count == 0


def test_a_refused_call_changes_nothing_but_log_and_nonce() -> None:
    one, other = world(), world()
    one.block(call(one, "alice", "refuse", {"text": "a"}))
    other.block()
    assert one.memory() == other.memory()
    assert one.replica.next_due_ms == other.replica.next_due_ms
    assert one.replica.tables["notes"].pending_count == 0
    assert one.replica.nonce("alice") == 1
    one.replica.state.delete(execution.NONCES, "alice")
    assert one.replica.state.root() == other.replica.state.root()


def test_an_accepted_call_whose_entry_would_be_too_large_is_refused_as_a_whole() -> None:
    one = world()
    before = one.memory()
    block = one.block(call(one, "alice", "many", {"events": 32, "size": 2_100}))
    entry = parse_entry(block.entries[0])
    assert isinstance(entry, Transaction)
    assert (entry.receipt.status, entry.receipt.code, entry.receipt.events) == ("rejected", "entry-size", ())
    assert one.memory() == before
    assert one.replica.nonce("alice") == 1


def test_a_dropped_transaction_is_counted_and_not_recorded() -> None:
    one = world()
    block = one.block(call(one, "alice", "write", {"text": "a"}, ahead=2))
    assert kinds(block.entries) == ["block"]
    assert [o.dropped is not None for o in block.outcomes] == [True]


def scenario() -> World:
    """A bit of everything, for comparing what different runs make of it."""
    one = world(first_due_ms=GENESIS_MS + 5_000)
    schedule(one, (SOON, "b"), (SOON, "a"), (SOON, "refuse"), (SOON + 1, "again.z"))
    for number in range(6):
        account = ("alice", "bob")[number % 2]
        one.block(
            call(one, account, "write", {"text": f"第{number}", "count": number}),
            call(one, account, "refuse", {"text": "no"}, 2),
            call(one, account, "many", {"events": number, "size": 3}, 3),
            call(one, account, "write", {"text": "skipped"}, 9),
        )
    one.block(call(one, "regulator", "seal", {}), at_ms=SOON + 10)
    one.advance(DAY_END_MS)
    return one


def fingerprint(one: World) -> str:
    digest = sha256(root_of(one.entries) + one.replica.state.root())
    return digest.hexdigest()


def test_two_replicas_make_the_same_bytes() -> None:
    first, second = scenario(), scenario()
    assert first.entries == second.entries
    assert first.replica.state.root() == second.replica.state.root()


@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_the_bytes_do_not_depend_on_the_hash_seed_of_the_process(hash_seed: str) -> None:
    program = "from tests.chain.test_replica import fingerprint, scenario; print(fingerprint(scenario()))"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert run.stdout.strip() == fingerprint(scenario())


GENESIS = world().replica.genesis
CONTRACTS = sorted((CONTRACT, record.CONTRACT), key=lambda contract: contract.name)
OPERATOR = GENESIS.operators[0]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"format": "gridproof/2"}, ParseError),
        ({"encoder": msgspec.structs.replace(GENESIS.encoder, version="1.0")}, ExportError),
        ({"schemas": GENESIS.schemas[::-1]}, ParseError),
        ({"schemas": GENESIS.schemas[1:]}, LedgerError),
        ({"schemas": (GENESIS.schemas[0], *GENESIS.schemas)}, ParseError),
        ({"schemas": ({"table": "x"},)}, ParseError),
        ({"contracts": GENESIS.contracts[:1]}, LedgerError),
        ({"contracts": GENESIS.contracts[::-1]}, LedgerError),
        ({"contracts": (*GENESIS.contracts, GENESIS.contracts[0])}, LedgerError),
        ({"contracts": ()}, LedgerError),
        ({"parameters": {"notes": {"unknown": 1}}}, ParseError),
        ({"parameters": {"notes": {"first_due_ms": "1"}}}, ParseError),
        ({"operators": (OPERATOR, OPERATOR)}, ParseError),
        ({"operators": (msgspec.structs.replace(OPERATOR, public_key="zz" * 32),)}, ParseError),
        ({"operators": (msgspec.structs.replace(OPERATOR, public_key=OPERATOR.public_key.upper()),)}, ParseError),
        ({"operators": (msgspec.structs.replace(OPERATOR, account="../x"),)}, ParseError),
    ],
    ids=lambda value: str(next(iter(value))) if isinstance(value, dict) else "",
)
def test_a_genesis_that_does_not_fit_the_code_is_refused(changes: dict[str, Any], error: type[Exception]) -> None:
    Replica(GENESIS, CONTRACTS)
    with pytest.raises(error):
        Replica(msgspec.structs.replace(GENESIS, **changes), CONTRACTS)
