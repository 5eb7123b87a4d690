"""Evidence that holds: made from a record, checked from its bytes and a policy alone."""

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.merkle import leaf_hash
from chain.record import Record
from chain.seals import SealedSegment
from queries import EvidenceError, check
from queries.catalogue import definitions
from queries.evidence.build import build_evidence
from queries.evidence.document import parse_document
from tests.queries.asked_export import AREA, REJECTED_ORDERS, asked_export, opened

TABLES = sorted(definitions("tables"))


@pytest.mark.parametrize("table", TABLES)
def test_every_row_of_every_table_can_leave_the_building(table: str) -> None:
    result = opened().sql(f"SELECT * FROM {table} ORDER BY channel, entry, position LIMIT 300")
    if not len(result):
        with pytest.raises(EvidenceError, match="no row to prove"):
            result.evidence()
        return
    verdict = check(result.evidence(), asked_export().policy)
    assert verdict.verified
    assert [(row.channel, row.entry, row.position) for row in verdict.rows] == [row[:3] for row in result.rows()]
    for proven, row in zip(verdict.rows, json.loads(result.json())["rows"], strict=True):
        shown = dict(zip(result.columns, row, strict=True))
        for column in proven.columns:
            if column.type != "time":
                value = proven.values[column.name]
                expected = int(shown[column.name]) if column.type == "decimal" else shown[column.name]
                assert value == expected, column.name


@settings(max_examples=20)
@given(st.data())
def test_any_choice_of_rows_and_entries_is_proven_together(data: st.DataObject) -> None:
    tables = data.draw(st.lists(st.sampled_from(TABLES), max_size=3, unique=True))
    places: list[tuple[str, str, int, int]] = []
    for table in tables:
        found = opened().sql(f"SELECT channel, entry, position FROM {table}").rows()
        chosen = data.draw(st.lists(st.sampled_from(found), max_size=5, unique=True)) if found else []
        places += [(table, *place) for place in chosen]
    size = len(opened().record.channels[AREA].entries)
    places += [("", AREA, entry, -1) for entry in data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=4))]
    verdict = check(opened().evidence(places), asked_export().policy)
    found_rows = {(row.table, row.channel, row.entry, row.position) for row in verdict.rows}
    assert found_rows | {("", entry.channel, entry.entry, -1) for entry in verdict.entries} == set(places)


NO_ROWS: dict[str, tuple[object, object]] = {
    "a position before the first": (5, -99_999_999),
    "position minus one": (5, -1),
    "a position past the last": (5, 10**12),
    "an entry that is null": (None, 0),
    "a position that is null": (5, None),
    "an entry that is true": (True, 0),
    "an entry before the first": (-1, 0),
}


@pytest.mark.parametrize("name", NO_ROWS)
def test_coordinates_of_no_row_are_refused(name: str) -> None:
    rows = opened().sql(f"SELECT entry FROM trades WHERE channel = '{AREA}' LIMIT 1").rows()
    entry, position = NO_ROWS[name]
    place: Any = ("trades", AREA, rows[0][0] if entry == 5 else entry, position)
    with pytest.raises(EvidenceError):
        opened().evidence([place])


@pytest.mark.parametrize("column", ["entry", "position"])
def test_a_sealed_row_without_coordinates_proves_nothing(column: str) -> None:
    def without(record: Record, segment: SealedSegment) -> bytes:
        frame = pl.read_parquet(opened()._cache.read(record, segment))
        sink = io.BytesIO()
        frame.with_columns(pl.lit(None, frame.schema[column]).alias(column)).write_parquet(sink)
        return sink.getvalue()

    place = opened().sql(f"SELECT channel, entry, position FROM trades WHERE channel = '{AREA}' LIMIT 1").rows()[0]
    with pytest.raises(EvidenceError, match="no entry or no position"):
        build_evidence(opened().record, [("trades", *place)], without)


def test_an_order_of_a_rejected_batch_is_submitted_and_never_written() -> None:
    result = opened().sql("SELECT * FROM orders WHERE status = 'rejected' ORDER BY position")
    assert len(result) == REJECTED_ORDERS
    verdict = check(result.evidence(), asked_export().policy)
    assert {(row.proof, row.receipt, row.code) for row in verdict.rows} == {("submitted", "rejected", "no-session")}
    assert f"{REJECTED_ORDERS} of the rows were submitted and rejected" in verdict.statement


def test_a_trade_is_written_and_an_accepted_order_is_submitted() -> None:
    policy = asked_export().policy
    trade = check(opened().sql("SELECT * FROM trades LIMIT 1").evidence(), policy).rows[0]
    assert (trade.proof, trade.receipt, trade.account) == ("written", "accepted", "")
    order = check(opened().sql("SELECT * FROM orders WHERE status = 'accepted' LIMIT 1").evidence(), policy).rows[0]
    assert (order.proof, order.receipt) == ("submitted", "accepted")
    assert order.account


@pytest.mark.parametrize("relation", ["blocks", "transactions", "triggers", "seals", "entries", "events", "receipts"])
def test_an_entry_of_the_log_is_proven_with_the_time_of_its_block(relation: str) -> None:
    result = opened().sql(f"SELECT channel, entry FROM {relation} ORDER BY channel, entry LIMIT 3")
    verdict = check(result.evidence(), asked_export().policy)
    found = opened().sql('SELECT channel, entry, leaf_hash, epoch_ms("time") FROM entries').rows()
    known = {(channel, entry): (leaf, time_ms) for channel, entry, leaf, time_ms in found}
    for entry in verdict.entries:
        proven = (leaf_hash(entry.data.encode()).hex(), entry.time_ms)
        assert proven == known[entry.channel, entry.entry]


def test_evidence_says_whose_word_it_is() -> None:
    data = opened().sql("SELECT * FROM trades LIMIT 1").evidence()
    trusted, own = check(data, asked_export().policy), check(data)
    assert (trusted.signers, trusted.verified) == ("policy", True)
    assert (own.signers, own.verified) == ("self-asserted", False)
    assert "not verified" in own.statement
    for verdict in (trusted, own):
        assert "one trust domain" in verdict.statement
        assert "included" in verdict.statement
        assert "complete" not in verdict.statement


def test_stale_evidence_is_refused_on_request() -> None:
    data = opened().sql("SELECT * FROM trades LIMIT 1").evidence()
    signed_at = check(data, asked_export().policy).quorum_time_s
    assert check(data, asked_export().policy, signed_since_s=signed_at).verified
    with pytest.raises(EvidenceError, match="stale"):
        check(data, asked_export().policy, signed_since_s=signed_at + 1)


def test_the_same_rows_in_any_order_make_the_same_file() -> None:
    up = opened().sql("SELECT * FROM trades ORDER BY entry, position LIMIT 20")
    down = opened().sql("SELECT * FROM (SELECT * FROM trades ORDER BY entry, position LIMIT 20) ORDER BY trade DESC")
    assert up.evidence() == down.evidence()
    assert up.evidence([3, 1]) == up.evidence([1, 3, 3])


def test_evidence_is_written_to_a_file(tmp_path: Path) -> None:
    path = opened().sql("SELECT * FROM trades LIMIT 2").write_evidence(tmp_path / "evidence.json", 1)
    assert len(check(path.read_bytes(), asked_export().policy).rows) == 1


def test_a_thousand_rows_fit_in_a_megabyte() -> None:
    result = opened().sql("SELECT * FROM certificate_events LIMIT 1000")
    data = result.evidence()
    assert len(data) <= 1_000_000
    assert parse_document(data).network == opened().status.network


ASKED_WRONGLY: dict[str, tuple[str, str]] = {
    "no coordinates": ("SELECT session FROM trades", "coordinates"),
    "no position": ("SELECT channel, entry FROM trades", "coordinates"),
    "an aggregate": ("SELECT session, trades FROM prices", "coordinates"),
    "two tables": ("SELECT t.* FROM trades AS t, orders AS o LIMIT 1", "table"),
    "no rows": ("SELECT * FROM trades WHERE false", "no-row"),
    "a place without a row": ("SELECT channel, entry, 999 AS position FROM trades LIMIT 1", "no-row"),
    "an entry beyond the log": ("SELECT channel, 999999 AS entry, position FROM trades LIMIT 1", "no-entry"),
    "another channel": ("SELECT 'nowhere' AS channel, entry, position FROM trades LIMIT 1", "no-channel"),
    "another channel's table": ("SELECT 'governance' AS channel, 1 AS entry, position FROM trades LIMIT 1", "no-table"),
    "a table that is none": ("SELECT *, 'nothing' AS table_name FROM trades LIMIT 1", "no-table"),
    "null": ("SELECT NULL AS channel, entry, position FROM trades LIMIT 1", "coordinates"),
}


@pytest.mark.parametrize("name", ASKED_WRONGLY)
def test_rows_that_carry_no_coordinates_make_no_evidence(name: str) -> None:
    query, code = ASKED_WRONGLY[name]
    result = opened().sql(query)
    with pytest.raises(EvidenceError) as caught:
        result.evidence()
    assert caught.value.code == code


@pytest.mark.parametrize("index", [-1, 2, 10**9])
def test_a_row_that_the_result_does_not_have_makes_no_evidence(index: int) -> None:
    with pytest.raises(EvidenceError):
        opened().sql("SELECT * FROM trades LIMIT 2").evidence(index)


def test_rows_of_several_tables_are_told_apart_by_their_table_name() -> None:
    result = opened().sql(
        "(SELECT channel, entry, position, 'trades' AS table_name FROM trades LIMIT 2) UNION ALL "
        "(SELECT channel, entry, position, 'rounds' FROM rounds LIMIT 2)"
    )
    assert {row.table for row in check(result.evidence(), asked_export().policy).rows} == {"rounds", "trades"}
