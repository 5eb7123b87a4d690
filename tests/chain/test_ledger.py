"""One channel on disk: what is durable, what is signed, what is dropped, and that replaying gives the same bytes."""

from pathlib import Path

import pytest

from chain.contracts.installed import resolve_contracts
from chain.entry import Block, Event, encode_entry, parse_entry
from chain.errors import LedgerError
from chain.imports import GOVERNANCE
from chain.journal import Journal
from chain.layout import journal_path
from chain.ledger import read_genesis
from chain.note import parse_checkpoint
from chain.policy import verify_checkpoint
from chain.registry.tables import METER_READINGS
from chain.replica import Replica
from chain.transaction import SignedTransaction
from tests.chain.little_network import AREA, START_MS, call, found, next_calls, register, reopened


def test_every_block_is_signed_by_its_log_and_a_quorum(tmp_path: Path) -> None:
    with found(tmp_path) as network:
        for number in range(3):
            block = network.commit(AREA, START_MS + 1 + number, next_calls(network, AREA))
            note = network.channels[AREA].checkpoint
            assert note is not None
            verified = verify_checkpoint(note, network.policy, f"gridproof/little/{AREA}")
            assert (verified.checkpoint.size, verified.checkpoint.root) == (block.size, block.root)
            assert len(verified.cosigners) == 4
            assert isinstance(parse_entry(block.entries[-1]), Block)


def test_what_is_not_admissible_is_dropped_and_leaves_no_entry(tmp_path: Path) -> None:
    with found(tmp_path) as network:
        good = call(network, AREA, "regulator", "seal")
        strange = call(network, GOVERNANCE, "regulator", "seal")
        unsigned = SignedTransaction(good.body, good.body_bytes, "00" * 64)
        block = network.commit(AREA, START_MS + 1, [strange, unsigned, good, good])
        codes = [outcome.dropped.code if outcome.dropped else None for outcome in block.outcomes]
        assert codes == ["address", "signature", None, "nonce"]
        assert [outcome.entry for outcome in block.outcomes] == [None, None, 2, None]
        assert len(block.entries) == 2
        assert network.channels[AREA].replica.nonce("regulator") == 1


def test_the_rows_of_a_rejected_batch_survive_a_restart(tmp_path: Path) -> None:
    with found(tmp_path) as network:
        rows = METER_READINGS.encode_lines([("nobody", START_MS, 60, 5)])
        network.commit(AREA, START_MS + 1, [call(network, AREA, "metering", "record_readings", rows)])
        assert network.channels[AREA].replica.tables["meter_readings_submitted"].pending_count == 1
    with reopened(tmp_path) as network:
        assert network.channels[AREA].replica.tables["meter_readings_submitted"].pending_count == 1


def test_the_journal_holds_a_record_per_block_and_nothing_else(tmp_path: Path) -> None:
    with found(tmp_path) as network:
        network.commit(GOVERNANCE, START_MS + 1, [register(network, "one")])
        network.commit(GOVERNANCE, START_MS + 2)
    with Journal(tmp_path / journal_path(GOVERNANCE)) as journal:
        assert len(list(journal.records())) == 3


def test_a_journal_that_executes_to_other_entries_is_refused_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with found(tmp_path) as network:
        network.commit(AREA, START_MS + 1)
        network.commit(AREA, START_MS + 2)
    execute = Replica.execute_block

    def otherwise(replica: Replica, time_ms: int, *rest: object) -> object:
        return execute(replica, time_ms + (replica.height == 1 and replica.genesis.channel == AREA), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Replica, "execute_block", otherwise)
    with pytest.raises(LedgerError, match=f"{AREA} block 2: executing the journal again gives another block"):
        reopened(tmp_path)


def test_genesis_is_read_without_executing_anything(tmp_path: Path) -> None:
    with found(tmp_path) as network:
        expected = network.channels[AREA].entries[0]
    genesis = read_genesis(tmp_path, AREA)
    assert encode_entry(genesis) == expected
    assert [contract.name for contract in resolve_contracts(genesis)] == ["auction", "certificate", "conduct", "record"]
    with pytest.raises(LedgerError, match="this channel has no blocks"):
        read_genesis(tmp_path, "area-350200")


def test_a_block_that_fails_within_leaves_no_trace_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with found(tmp_path) as network:
        before = (tmp_path / journal_path(AREA)).read_bytes()

        def fail(*_: object) -> list[Event]:
            raise LedgerError("test", "a contract broke a rule")

        monkeypatch.setattr(Replica, "_run_triggers", fail)
        with pytest.raises(LedgerError, match="a contract broke a rule"):
            network.commit(AREA, START_MS + 1)
        monkeypatch.undo()
        assert (tmp_path / journal_path(AREA)).read_bytes() == before
        with pytest.raises(LedgerError, match="open the ledger again"):
            network.commit(AREA, START_MS + 2)
    with reopened(tmp_path) as network:
        assert network.commit(AREA, START_MS + 1).block.height == 1


def test_the_checkpoint_names_the_log_by_its_origin(tmp_path: Path) -> None:
    with found(tmp_path) as network:
        for channel, ledger in network.channels.items():
            assert ledger.checkpoint is not None
            assert parse_checkpoint(ledger.checkpoint.text).origin == f"gridproof/little/{channel}"
