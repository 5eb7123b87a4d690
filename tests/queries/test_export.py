"""An export, opened: its relations are the record's, and an export that does not hold is not opened."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import queries
from chain.errors import ChainError
from chain.parquet import decode_parquet
from chain.trust import pin_policy
from queries.derived import ENTRY_RELATIONS, entry_of
from queries.errors import QueryError, QueryLimitError, RefusedError
from tests.queries.asked_export import AREA, asked_export, opened
from tests.sample_export import NETWORK, copy_of


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return copy_of(asked_export().folder, tmp_path / "export")


def test_every_sealed_row_is_in_its_relation_with_its_coordinates() -> None:
    record = opened().record
    for table in sorted({table for channel in record.channels.values() for table in channel.schemas}):
        expected = []
        for name, channel in record.channels.items():
            for segment in channel.segments.get(table, ()):
                data = record.reader.read(segment.path)
                entries, positions, rows = decode_parquet(channel.schemas[table], data, segment.path)
                expected += [(name, *place) for place in zip(entries, positions, rows, strict=True)]
        columns = "* REPLACE (" + ", ".join(times(table)) + ")" if times(table) else "*"
        found = opened().sql(f"SELECT {columns} FROM {table} ORDER BY channel, entry, position").rows()
        assert [(*row[:3], row[3:]) for row in found] == sorted(expected, key=lambda item: item[:3]), table


def times(table: str) -> list[str]:
    rows = opened().sql("SELECT name, type FROM relation_columns WHERE relation = $1", [table]).rows()
    return [f'epoch_ms("{name}") AS "{name}"' for name, kind in rows if kind == "TIMESTAMP WITH TIME ZONE"]


def test_every_entry_of_every_log_is_in_the_log_relations() -> None:
    for name, channel in opened().record.channels.items():
        kinds = [entry_of(channel, index).kind for index in range(len(channel.entries))]
        rows = opened().sql("SELECT kind FROM entries WHERE channel = $c ORDER BY entry", {"c": name}).rows()
        assert [kind for (kind,) in rows] == kinds
        for relation, kind in (("transactions", "transaction"), ("triggers", "trigger"), ("blocks", "block")):
            (count,) = opened().sql(f"SELECT count(*) FROM {relation} WHERE channel = ?", [name]).rows()[0]
            assert count == kinds.count(kind)


def test_receipts_state_exactly_the_rows_that_the_tables_hold() -> None:
    for relation in opened().relations:
        if relation.kind == "table":
            stated = "SELECT coalesce(sum(rows_count), 0) FROM receipts WHERE table_name = $1"
            (expected,) = opened().sql(stated, [relation.name]).rows()[0]
            (found,) = opened().sql(f"SELECT count(*) FROM {relation.name}").rows()[0]
            assert found == expected, relation.name


def test_views_agree_with_the_contracts_own_sums() -> None:
    difference = opened().sql(
        "SELECT p.session FROM prices AS p JOIN sessions AS s USING (channel, session) "
        "WHERE (p.paid_e8, p.received_e8, p.quantity_wh, p.trades) "
        "IS DISTINCT FROM (s.paid_e8, s.received_e8, s.traded_wh, s.trades)"
    )
    assert len(difference) == 0
    named = opened().sql("SELECT count(*) FROM trades_named WHERE buyer_name_zh IS NOT NULL AND seller_name_en <> ''")
    assert named.rows() == opened().sql("SELECT count(*) FROM trades").rows()
    held = opened().sql("SELECT sum(quantity_wh) FROM certificates_now WHERE status <> 'split'").rows()
    issued = opened().sql("SELECT sum(quantity_wh) FROM certificates WHERE parent IS NULL").rows()
    assert held == issued
    (lives,) = opened().sql("SELECT count(*) FROM certificate_life").rows()[0]
    assert lives == opened().sql("SELECT count(*) FROM certificate_events").rows()[0][0]


def test_orders_know_their_account_session_and_outcome() -> None:
    outcomes = dict(opened().sql("SELECT status, count(*) FROM orders GROUP BY ALL").rows())
    assert set(outcomes) == {"accepted", "rejected"}
    (unknown,) = opened().sql("SELECT count(*) FROM orders WHERE account IS NULL OR session IS NULL").rows()[0]
    assert unknown == 0


def test_logs_are_parsed_when_a_query_first_names_them(export: Path) -> None:
    with queries.open(export, asked_export().policy) as fresh:
        fresh.sql("SELECT * FROM trades")
        assert not fresh._filled
        assert len(fresh.sql("SELECT * FROM orders LIMIT 1")) == 1
        assert fresh._filled
        assert all(len(fresh.sql(f"SELECT * FROM {name} LIMIT 1")) == 1 for name in ENTRY_RELATIONS)


def test_the_status_says_what_the_answer_rests_on() -> None:
    status = opened().sql("SELECT 1").status
    record = opened().record
    assert (status.network, status.signers, status.verified) == (NETWORK, "policy", True)
    assert status.beacon_root == record.beacon.checkpoint.root.hex()
    assert {c.channel: c.complete_to for c in status.channels} == {n: c.sealed_to for n, c in record.channels.items()}
    assert status.statement.startswith("Complete and verified inputs: ")
    assert "one trust domain" in status.statement
    assert status.to_dict()["statement"] == status.statement


def test_without_a_policy_of_the_readers_nothing_is_called_verified(export: Path) -> None:
    with queries.open(export) as own:
        status = own.sql("SELECT 1").status
    assert (status.signers, status.verified) == ("self-asserted", False)
    assert "not verified" in status.statement
    assert "verified inputs" not in status.statement


def test_an_export_that_is_older_than_the_reader_wants_is_refused() -> None:
    signed_s = opened().status.quorum_time_s
    folder, policy = asked_export().folder, asked_export().policy
    with queries.open(folder, policy, signed_since_s=signed_s) as fresh:
        assert fresh.status.verified
    with pytest.raises(ChainError, match="stale"):
        queries.open(folder, policy, signed_since_s=signed_s + 1)


def test_a_pinned_policy_is_the_readers_own(export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDPROOF_TRUST", str(tmp_path / "trust"))
    pin_policy(NETWORK, asked_export().policy)
    with queries.open(export) as pinned:
        assert pinned.status.signers == "pinned"
        assert pinned.status.verified


def segment(export: Path) -> Path:
    return sorted((export / AREA / "tables" / "trades").glob("*.parquet"))[0]


def flip(export: Path) -> None:
    data = bytearray(segment(export).read_bytes())
    data[len(data) // 2] ^= 1
    segment(export).write_bytes(data)


def patch_statistics(export: Path) -> None:
    data = segment(export).read_bytes()
    segment(export).write_bytes(data[:-40] + bytes(8) + data[-32:])


def rename_columns(export: Path) -> None:
    frame = pl.read_parquet(segment(export))
    frame.rename({"buyer": "seller", "seller": "buyer"}).write_parquet(segment(export))


def drop_row(export: Path) -> None:
    pl.read_parquet(segment(export))[1:].write_parquet(segment(export))


def swap(export: Path) -> None:
    other = next((export / AREA / "tables" / "rounds").glob("*.parquet"))
    data = segment(export).read_bytes()
    segment(export).write_bytes(other.read_bytes())
    other.write_bytes(data)


def link(export: Path) -> None:
    path = segment(export)
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a flipped byte": flip,
    "a patched footer": patch_statistics,
    "two columns renamed": rename_columns,
    "a row left out": drop_row,
    "two segments exchanged": swap,
    "a segment left out": lambda export: segment(export).unlink(),
    "a link": link,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_segment_is_named_before_a_parser_touches_it(name: str, export: Path) -> None:
    path = segment(export).relative_to(export).as_posix()
    DAMAGES[name](export)
    for _ in range(2):
        with pytest.raises(ChainError) as caught:
            queries.open(export, asked_export().policy)
        assert caught.value.where in (path, path.replace("trades", "rounds")) or "rounds" in caught.value.where


@pytest.mark.parametrize("name", ["beacon/checkpoint", f"{AREA}/checkpoint", "manifest.json", "policy/0"])
def test_a_damaged_log_or_hint_is_refused(name: str, export: Path) -> None:
    data = bytearray((export / name).read_bytes())
    data[len(data) // 2] ^= 1
    (export / name).write_bytes(data)
    with pytest.raises(ChainError):
        queries.open(export, asked_export().policy)


def test_a_folder_that_is_no_export_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ChainError, match="no export"):
        queries.open(tmp_path)


def test_parameters_are_bound_by_place_and_by_name() -> None:
    assert opened().sql("SELECT $1 + $2", [1, 2]).rows() == [(3,)]
    assert opened().sql("SELECT ? + ?", [1, 2]).rows() == [(3,)]
    assert opened().sql("SELECT $name", {"name": "'; DROP TABLE trades; --"}).rows() == [("'; DROP TABLE trades; --",)]


@pytest.mark.parametrize("parameters", [None, [1], {"x": 1}])
def test_parameters_that_do_not_fit_are_our_own_error(parameters: list[int] | dict[str, int] | None) -> None:
    with pytest.raises(QueryError):
        opened().sql("SELECT $a + $b", parameters)


def test_a_result_is_cut_at_the_limit_and_says_so() -> None:
    result = opened().sql("SELECT * FROM range(1000)", limit_rows=10)
    assert (len(result), result.truncated) == (10, True)
    assert "cut after 10 rows" in result.notes[0]
    whole = opened().sql("SELECT * FROM range(10)", limit_rows=10)
    assert (len(whole), whole.truncated, whole.notes) == (10, False, ())


FOREVER = "SELECT count(*) FROM range(1000000) AS a, range(1000000) AS b, range(1000000) AS c WHERE a.range < b.range"


def test_a_query_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(QueryLimitError) as caught:
        opened().sql(FOREVER, timeout_s=0.2)
    assert caught.value.code == "timeout"
    assert opened().sql("SELECT 1").rows() == [(1,)]


def test_a_query_is_cancelled_from_another_thread(export: Path) -> None:
    with queries.open(export, asked_export().policy) as own:
        timer = threading.Timer(0.3, own.cancel)
        timer.start()
        with pytest.raises(QueryLimitError) as caught:
            own.sql(FOREVER)
        timer.join()
        assert caught.value.code == "cancelled"


def test_queries_of_several_threads_do_not_disturb_each_other() -> None:
    found: list[int] = []

    def ask(number: int) -> None:
        query = "SELECT $1 + count(*) * 0 FROM transactions"
        found.extend(opened().sql(query, [number]).rows()[0][0] for _ in range(5))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(list(range(4)) * 5)


def test_a_closed_export_says_so_and_its_results_stay(export: Path) -> None:
    with queries.open(export, asked_export().policy) as own:
        result = own.sql("SELECT * FROM trades")
    assert len(result.pl()) == len(result)
    with pytest.raises(QueryError, match="closed"):
        own.sql("SELECT 1")


def test_a_relation_of_another_name_is_refused() -> None:
    with pytest.raises(RefusedError):
        opened().sql("SELECT * FROM tradez")


def test_the_same_query_gives_the_same_answer_in_every_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    query = "SELECT CAST(delivery_start AS VARCHAR), date_trunc('day', delivery_start) FROM sessions ORDER BY ALL"
    before = opened().sql(query).rows()
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        with queries.open(asked_export().folder, asked_export().policy) as elsewhere:
            assert elsewhere.sql(query).rows() == before
    finally:
        monkeypatch.undo()
        time.tzset()
