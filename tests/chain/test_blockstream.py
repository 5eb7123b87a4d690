"""From a log back to the inputs of its blocks, and from those to the same log again."""

from typing import Any

import msgspec
import pytest

from chain.blockstream import BlockInput, block_inputs, parse_genesis
from chain.contracts import record
from chain.entry import Block, Body, Event, encode_entry, parse_entry
from chain.errors import ParseError
from chain.replica import Replica
from tests.chain.contract_fixture import CONTRACT
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, member, signer

MEMBERS = [Event(data=msgspec.to_builtins(member(name)), name="participant.registered") for name in ("alice", "bob")]


def log() -> tuple[list[bytes], dict[int, bytes]]:
    """A log of a few blocks, and the lines of its batches by entry."""
    world = World([CONTRACT], {"regulator": ("regulator",)}, [member("alice"), member("bob")])
    batches: dict[int, bytes] = {}
    for number in range(3):
        calls = [
            signer("alice").transaction(
                network=world.replica.address.network,
                channel=world.replica.address.channel,
                nonce=world.replica.nonce("alice") + ahead,
                contract="notes",
                method=method,
                arguments=arguments,
                valid_until=2**53 - 1,
                schema=3,
                rows=rows,
            )
            for ahead, (method, arguments, rows) in enumerate(
                [
                    ("write", {"text": f"第{number}"}, b""),
                    ("batch", {}, b'["a","%d"]\n["b","2"]\n' % (number - 1)),
                    ("refuse", {"text": "x"}, b""),
                ],
                start=1,
            )
        ]
        block = world.block(*calls)
        batches |= {o.entry: c.rows for o, c in zip(block.outcomes, calls, strict=True) if o.entry is not None}
    world.advance(GENESIS_MS + 16 * 3_600_000)
    return world.entries, batches


ENTRIES, ROWS = log()


def rows_of(entry: int, _: Body) -> bytes:
    return ROWS[entry]


def inputs(entries: list[bytes], first: int = 0) -> list[BlockInput]:
    return list(block_inputs(entries, first, rows_of, "area-1"))


def test_executing_the_inputs_again_gives_the_same_log() -> None:
    genesis = parse_genesis(ENTRIES, "area-1")
    replica = Replica(genesis, sorted((CONTRACT, record.CONTRACT), key=lambda contract: contract.name))
    again = list(replica.initial_block.entries)
    for given in inputs(ENTRIES)[1:]:
        imports = MEMBERS if given.block.height == 1 else []
        block = replica.execute_block(given.block.time, given.block.beacon_round, imports, given.transactions)
        assert block.entries == given.entries
        again += block.entries
    assert again == ENTRIES


def test_every_entry_belongs_to_one_block() -> None:
    found = inputs(ENTRIES)
    assert [data for given in found for data in given.entries] == ENTRIES
    assert [given.block.height for given in found] == list(range(len(found)))
    assert all(encode_entry(given.block) == given.entries[-1] for given in found)


def test_a_run_of_blocks_may_start_anywhere() -> None:
    second = inputs(ENTRIES)[2]
    run = ENTRIES[second.block.first :]
    assert inputs(run, second.block.first) == inputs(ENTRIES)[2:]


def test_entries_after_the_last_block_are_refused() -> None:
    for end in range(1, len(ENTRIES)):
        if isinstance(parse_entry(ENTRIES[end - 1]), Block):
            continue
        with pytest.raises(ParseError) as caught:
            inputs(ENTRIES[:end])
        assert caught.value.code == "open-block"


@pytest.mark.parametrize(
    "changes",
    [{"first": 1}, {"first": -1}, {"count": 1}, {"count": 3}],
    ids=str,
)
def test_a_block_that_misstates_its_range_is_refused(changes: dict[str, Any]) -> None:
    block = parse_entry(ENTRIES[1])
    assert isinstance(block, Block)
    forged = encode_entry(msgspec.structs.replace(block, **changes))
    with pytest.raises(ParseError) as caught:
        inputs([ENTRIES[0], forged, *ENTRIES[2:]])
    assert caught.value.code == "block-range"


def test_a_log_that_begins_twice_is_refused() -> None:
    with pytest.raises(ParseError) as caught:
        inputs(ENTRIES[:2] + ENTRIES)
    assert caught.value.code == "block-range"


def test_a_block_left_out_doubled_or_moved_is_refused() -> None:
    runs = [list(given.entries) for given in inputs(ENTRIES)]
    for shuffled in (
        [*runs[:1], *runs[2:]],
        [*runs[:2], runs[1], *runs[2:]],
        [runs[0], runs[2], runs[1], *runs[3:]],
    ):
        with pytest.raises(ParseError):
            inputs([data for run in shuffled for data in run])


@pytest.mark.parametrize("entries", [[], ENTRIES[1:], [b"{}"], [b""]], ids=["empty", "headless", "no entry", "nothing"])
def test_a_log_begins_with_its_genesis(entries: list[bytes]) -> None:
    with pytest.raises(ParseError):
        parse_genesis(entries, "area-1")


def test_a_damaged_entry_is_named_by_its_index_in_the_log() -> None:
    with pytest.raises(ParseError) as caught:
        inputs([*ENTRIES[:3], b"{}", *ENTRIES[4:]])
    assert caught.value.where == "area-1 entry 3"
