"""What an analyst's SQL cannot reach, what it can, and how a mistake is told."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from queries.engine import Engine
from queries.errors import QueryError, RefusedError
from queries.limits import QUERY_LIMITS
from queries.sandbox import check_query
from queries.shape import require_shape
from tests.queries.asked_export import opened

RELATIONS = frozenset({"trades", "orders"})

ESCAPES: dict[str, str] = {
    "a file by name": "SELECT * FROM '/etc/passwd'",
    "a file by quoted identifier": 'SELECT * FROM "/etc/passwd"',
    "a parquet file": "SELECT * FROM 'other.parquet'",
    "a url": "SELECT * FROM 'https://example.org/x.csv'",
    "read_csv": "SELECT * FROM read_csv('/etc/passwd')",
    "read_parquet": "SELECT * FROM read_parquet('x.parquet')",
    "parquet_scan": "SELECT * FROM parquet_scan('x.parquet')",
    "read_text": "SELECT content FROM read_text('/etc/passwd')",
    "read_blob": "FROM read_blob('/etc/passwd')",
    "read_json": "FROM read_json_auto('x.json')",
    "read_duckdb": "FROM read_duckdb('x.db')",
    "glob": "SELECT * FROM glob('/*')",
    "sniff_csv": "FROM sniff_csv('/etc/passwd')",
    "parquet metadata": "FROM parquet_metadata('x.parquet')",
    "a file in a subquery": "SELECT (SELECT count(*) FROM read_text('/etc/passwd')) FROM trades",
    "a file in a CTE": "WITH x AS (FROM read_text('/etc/passwd')) SELECT * FROM x",
    "a file in EXPLAIN": "EXPLAIN SELECT * FROM read_text('/etc/passwd')",
    "a file in EXPLAIN ANALYZE": "EXPLAIN ANALYZE SELECT * FROM read_text('/etc/passwd')",
    "a file in DESCRIBE": "DESCRIBE SELECT * FROM read_csv('/etc/passwd')",
    "a file in SUMMARIZE": "SUMMARIZE 'x.parquet'",
    "a file in a join": "SELECT * FROM trades JOIN read_csv('x') USING (entry)",
    "a file in a lateral join": "SELECT * FROM trades, LATERAL (SELECT * FROM read_text('/etc/passwd'))",
    "a file in PIVOT": "PIVOT 'x.csv' ON a IN ('b') USING sum(c)",
    "a file in a set operation": "SELECT 1 UNION ALL SELECT size FROM read_text('/etc/passwd')",
    "a CTE with the name of a file": 'WITH "/etc/passwd" AS (SELECT 1) SELECT * FROM "/etc/passwd"',
    "a CTE with the name of the engine's catalogue": "WITH duckdb_views AS (SELECT 1) SELECT * FROM duckdb_views",
    "COPY to a file": "COPY (SELECT 1) TO '/tmp/x.csv'",
    "COPY from a file": "COPY trades FROM '/etc/passwd'",
    "EXPORT DATABASE": "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE": "IMPORT DATABASE '/tmp/x'",
    "ATTACH": "ATTACH '/tmp/x.db'",
    "DETACH": "DETACH memory",
    "USE": "USE memory",
    "INSTALL": "INSTALL httpfs",
    "LOAD": "LOAD httpfs",
    "SET": "SET enable_external_access = true",
    "RESET": "RESET lock_configuration",
    "PRAGMA": "PRAGMA database_list",
    "CALL": "CALL pragma_version()",
    "CREATE TABLE": "CREATE TABLE x AS SELECT 1",
    "CREATE MACRO": "CREATE MACRO f() AS 1",
    "CREATE SECRET": "CREATE SECRET s (TYPE s3)",
    "INSERT": "INSERT INTO trades VALUES (1)",
    "UPDATE": "UPDATE trades SET entry = 0",
    "DELETE": "DELETE FROM trades",
    "DROP": "DROP VIEW trades",
    "INSERT inside WITH": "WITH x AS (INSERT INTO trades VALUES (1) RETURNING *) SELECT * FROM x",
    "DELETE inside WITH": "WITH x AS (DELETE FROM trades RETURNING *) SELECT * FROM x",
    "PREPARE": "PREPARE p AS SELECT 1",
    "EXECUTE": "EXECUTE p",
    "VACUUM": "VACUUM",
    "CHECKPOINT": "CHECKPOINT",
    "BEGIN": "BEGIN",
    "two statements": "SELECT 1; SELECT 2",
    "no statement": "-- nothing",
    "SQL from text": "FROM query('SELECT 1')",
    "a table from text": "FROM query_table('trades')",
    "serialized SQL": "FROM json_execute_serialized_sql('{}')",
    "the environment": "SELECT getenv('HOME')",
    "the environment in a lambda": "SELECT list_transform([1], lambda x: getenv('HOME'))",
    "the environment as a method": "SELECT 'HOME'.getenv()",
    "a setting": "SELECT current_setting('temp_directory')",
    "a variable": "SELECT getvariable('x')",
    "settings": "FROM duckdb_settings()",
    "secrets": "FROM duckdb_secrets()",
    "logs": "FROM duckdb_logs()",
    "the engine's views, with paths": "FROM duckdb_views()",
    "the information schema": "SELECT * FROM information_schema.tables",
    "the engine's catalogue": "SELECT * FROM pg_catalog.pg_class",
    "another database": "SELECT * FROM other.main.trades",
    "SHOW DATABASES": "SHOW DATABASES",
    "SHOW ALL TABLES": "SHOW ALL TABLES",
    "waiting": "SELECT sleep_ms(100000)",
    "writing the log": "SELECT write_log('x')",
    "time travel": "SELECT * FROM trades AT (VERSION => 1)",
    "EXPLAIN with options": "EXPLAIN (FORMAT json) SELECT 1",
    "PIVOT that makes a type": "PIVOT trades ON session USING sum(quantity_wh)",
    "brackets, open": "SELECT " + "(" * 6_000,
    "lists, open": "SELECT " + "[" * 6_000,
    "minus signs": "SELECT " + "- " * 6_000,
    "set operations": "SELECT 1" + " UNION SELECT 1" * 201,
    "named subqueries": "WITH " + ", ".join(f"x{n} AS NOT MATERIALIZED (SELECT 1)" for n in range(51)) + " SELECT 1",
    "half a character": "SELECT '\ud800'",
    "too long": "SELECT 1 -- " + "x" * QUERY_LIMITS.query_characters_max,
    "too deep": "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "too many parts": "SELECT " + "+".join(["1"] * 30_000),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = Engine(tmp_path_factory.mktemp("spill"))
    yield made
    made.close()


@pytest.mark.parametrize("name", ESCAPES)
def test_an_escape_is_refused_before_anything_runs(name: str, engine: Engine) -> None:
    with pytest.raises(QueryError):
        check_query(engine.connection, ESCAPES[name], RELATIONS)


SHAPES: dict[str, tuple[str, int, int]] = {
    "brackets": ("SELECT " + "(" * 101, 1, 108),
    "brackets after a Chinese text": ("SELECT '中文', 1\n" + "{" * 101, 2, 101),
    "brackets hidden in no string": ("SELECT 'a''(', e'\\'(', $$($$, \"(\" /* ( */ -- (\n" + "(" * 101, 2, 101),
    "named subqueries in each other": ("SELECT " + "(with a as ((" * 9, 1, 7 + 13 * 9 - 1),
    "operators": ("SELECT" + " -" * 101, 1, 208),
    "set operations": ("SELECT 1\n" + "except SELECT 1\n" * 201, 202, 1),
    "named subqueries": ("WITH " + "x AS\n(SELECT 1), " * 51, 52, 1),
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_the_parser_would_choke_on_is_refused_with_its_place_before_it_is_parsed(name: str) -> None:
    text, line, column = SHAPES[name]
    with pytest.raises(RefusedError) as caught:
        require_shape(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_brackets_in_strings_names_and_comments_are_no_nesting() -> None:
    many = "(" * 200
    require_shape(f"SELECT '{many}', \"{many}\", $${many}$$ /* {many} */ -- {many}")
    require_shape("SELECT " + "(" * 100 + "1" + ")" * 100 + ", (1)" * 300)


def test_no_name_of_the_engines_catalogue_can_be_hidden_behind_a_with(engine: Engine) -> None:
    rows = engine.connection.execute(
        "SELECT DISTINCT view_name FROM duckdb_views() WHERE internal AND schema_name <> 'information_schema'"
    ).fetchall()
    assert len(rows) > 30
    for (name,) in rows:
        hidden = f"SELECT a.* FROM {name} a, (WITH {name.upper()} AS (SELECT 1) SELECT 1) b"
        with pytest.raises(RefusedError) as caught:
            check_query(engine.connection, hidden, RELATIONS)
        assert caught.value.line == 1


SECOND_WALL: dict[str, str] = {
    name: ESCAPES[name]
    for name in (
        "a file by name",
        "read_csv",
        "read_text",
        "glob",
        "COPY to a file",
        "ATTACH",
        "INSTALL",
        "LOAD",
        "SET",
        "RESET",
        "INSERT inside WITH",
        "CREATE TABLE",
        "CREATE SECRET",
        "EXPORT DATABASE",
        "parquet metadata",
        "read_duckdb",
    )
}


@pytest.mark.parametrize("name", SECOND_WALL)
def test_the_engine_refuses_it_too_should_the_sandbox_ever_let_it_through(name: str) -> None:
    with pytest.raises(QueryError):
        opened()._engine.run(SECOND_WALL[name], None, 10, 30)


def test_a_variable_of_python_is_no_relation() -> None:
    trades_of_mine = duckdb.sql("SELECT 1 AS x").to_arrow_table()
    assert trades_of_mine.num_rows == 1
    with pytest.raises(QueryError):
        opened()._engine.run("SELECT * FROM trades_of_mine", None, 10, 30)


def test_even_a_cached_segment_of_this_export_is_read_through_its_relation_only() -> None:
    path = next(path for tables in opened()._files.values() for paths in tables.values() for path in paths)
    with pytest.raises(RefusedError):
        opened().sql(f"SELECT * FROM '{path}'")
    with pytest.raises(QueryError):
        opened()._engine.run(f"COPY (SELECT 1 AS x) TO '{path}'", None, 10, 30)
    assert path.read_bytes()[:4] == b"PAR1"


ALLOWED: dict[str, str] = {
    "WITH": "WITH x AS (SELECT 1 AS n) SELECT n FROM x",
    "recursion": "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT max(n) FROM r",
    "VALUES": "VALUES (1), (2)",
    "FROM first": "FROM trades",
    "TABLE": "TABLE trades",
    "main": "SELECT * FROM main.trades LIMIT 1",
    "upper case": "SELECT * FROM TRADES LIMIT 1",
    "DESCRIBE": "DESCRIBE trades",
    "SUMMARIZE": "SUMMARIZE SELECT quantity_wh FROM trades",
    "SHOW TABLES": "SHOW TABLES",
    "EXPLAIN": "EXPLAIN SELECT * FROM trades",
    "EXPLAIN ANALYZE": "explain analyze SELECT count(*) FROM trades",
    "window": "SELECT row_number() OVER (ORDER BY entry) FROM trades",
    "subquery": "SELECT * FROM (SELECT entry FROM trades) WHERE entry IN (SELECT entry FROM trades)",
    "set operation": "SELECT entry FROM trades EXCEPT SELECT entry FROM orders",
    "PIVOT with its values": "FROM (PIVOT orders ON side IN ('bid', 'ask') USING count(*) GROUP BY channel)",
    "unnest and range": "SELECT unnest([1, 2]), i FROM range(3) AS t(i)",
    "lateral": "SELECT * FROM trades AS t, LATERAL (SELECT t.entry + 1) LIMIT 1",
    "json": "SELECT j.key FROM json_each('{\"a\": 1}') AS j",
    "a comment before": "-- why\n/* because */ SELECT 1",
    "a semicolon behind": "SELECT 1;",
    "Chinese names": "WITH 成交 AS (SELECT entry FROM trades) SELECT count(*) AS 笔数 FROM 成交",
    "macros": "SELECT mwh(quantity_wh), cny(paid_e8) FROM trades LIMIT 1",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_an_analyst_writes_is_answered(name: str) -> None:
    assert opened().sql(ALLOWED[name]).columns


MISTAKES: dict[str, tuple[str, str, int, int, str]] = {
    "syntax": ("SELEC 1", "syntax", 1, 1, ""),
    "relation": ("SELECT *\nFROM tradez", "relation", 2, 6, "trades"),
    "column": ("SELECT entry, quantity_hw FROM trades", "unknown-name", 1, 15, "quantity_wh"),
    "column behind Chinese": ("SELECT '成交量', quantity_hw FROM trades", "unknown-name", 1, 15, "quantity_wh"),
    "function": ("SELECT mwhh(1)", "unknown-name", 1, 8, "mwh"),
    "conversion": ("SELECT CAST(session AS INTEGER) FROM trades", "conversion", 1, 8, ""),
    "a file": ("SELECT *\nFROM trades\nJOIN 'x.csv' ON true", "relation", 3, 6, ""),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_an_error_names_its_place_and_the_near_name(name: str) -> None:
    query, code, line, column, suggestion = MISTAKES[name]
    with pytest.raises(QueryError) as caught:
        opened().sql(query)
    error = caught.value
    assert (error.code, error.line, error.column) == (code, line, column)
    assert error.suggestions[:1] == ((suggestion,) if suggestion else ())
    assert "Error:" not in str(error)


def test_paths_of_the_cache_are_not_shown_by_the_catalogue() -> None:
    shown = opened().sql("SELECT * FROM relations").json() + opened().sql("SHOW TABLES").json()
    assert str(Path(next(iter(opened()._cache.segments.iterdir()))).parent) not in shown
