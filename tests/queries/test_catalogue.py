"""Every relation and column is documented, in the database and on the page; macros are exact."""

from pathlib import Path

import pytest

from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS
from chain.schema import Schema
from queries import catalogue
from queries.sandbox import check_query
from queries.tables_page import tables_page
from tests.queries.asked_export import opened

CONTRACTS = {contract.name: contract for contract in (*GOVERNANCE_CONTRACTS, *AREA_CONTRACTS)}
SCHEMAS = [(name, schema) for name, contract in sorted(CONTRACTS.items()) for schema in contract.tables]


@pytest.mark.parametrize(("contract", "schema"), SCHEMAS, ids=[schema.table for _, schema in SCHEMAS])
def test_every_table_of_the_contracts_is_documented_column_by_column(contract: str, schema: Schema) -> None:
    definition = catalogue.definitions("tables")[schema.table]
    names = [column.name for column in schema.columns]
    assert catalogue.documented_columns(definition) == ["channel", "entry", "position", *names]
    assert definition.source == (f"contract {contract}",)


def test_no_table_is_documented_that_no_contract_writes() -> None:
    assert set(catalogue.definitions("tables")) == {schema.table for _, schema in SCHEMAS}


def test_every_relation_of_an_export_says_its_grain_and_every_column_its_meaning() -> None:
    for relation in opened().relations:
        assert relation.grain, relation.name
        assert [column.name for column in relation.columns if not column.comment] == [], relation.name
        rows = opened().sql("SELECT count(*) FROM relation_columns WHERE relation = $1", [relation.name]).rows()
        assert rows == [(len(relation.columns),)]


@pytest.mark.parametrize("name", catalogue.definitions("views"))
def test_a_view_names_exactly_the_relations_that_it_reads(name: str) -> None:
    view = catalogue.definitions("views")[name]
    made = view.text.index("CREATE VIEW")
    query = view.text[view.text.index(" AS\n", made) + 4 : view.text.index(";", made)]
    names = {relation.name for relation in opened().relations}
    assert check_query(opened()._engine.connection, query, names).relations == set(view.source)


def test_a_relation_with_evidence_carries_its_coordinates() -> None:
    for relation in opened().relations:
        names = [column.name for column in relation.columns]
        if relation.evidence != catalogue.NO_EVIDENCE:
            assert names[:2] == ["channel", "entry"]
        if relation.evidence not in (catalogue.NO_EVIDENCE, catalogue.ENTRY_EVIDENCE):
            assert names[2] == "position"
            assert relation.evidence in catalogue.definitions("tables")


def test_no_column_of_money_or_energy_is_a_float() -> None:
    for relation in opened().relations:
        assert [column.name for column in relation.columns if column.type in ("DOUBLE", "FLOAT")] == []


MACROS: dict[str, tuple[str, object]] = {
    "mwh(1234567)": ("DECIMAL(38,6)", "1.234567"),
    "mwh(-1)": ("DECIMAL(38,6)", "-0.000001"),
    "mwh(CAST(99999999999999999999999999999999 AS HUGEINT))": (
        "DECIMAL(38,6)",
        "99999999999999999999999999.999999",
    ),
    "cny(123456789012)": ("DECIMAL(38,8)", "1234.56789012"),
    "fen(123456789)": ("DECIMAL(38,6)", "123.456789"),
    "cny_per_mwh(-38050)": ("DECIMAL(38,2)", "-380.50"),
    "ratio_rounded(7, 2)": ("HUGEINT", "4"),
    "ratio_rounded(-7, 2)": ("HUGEINT", "-4"),
    "ratio_rounded(5, 3)": ("HUGEINT", "2"),
    "ratio_rounded(0, 3)": ("HUGEINT", "0"),
    "ratio_rounded(5, 0)": ("HUGEINT", "None"),
    "ratio_rounded(CAST('90071992547409930000001' AS DECIMAL(38, 0)), 2)": ("HUGEINT", "45035996273704965000001"),
    "local_time(TIMESTAMPTZ '2026-11-01 16:30:00+00')": ("TIMESTAMP", "2026-11-02 00:30:00"),
    "settlement_day(TIMESTAMPTZ '2026-11-01 15:59:59+00')": ("DATE", "2026-11-01"),
    "settlement_day(TIMESTAMPTZ '2026-11-01 16:00:00+00')": ("DATE", "2026-11-02"),
}


@pytest.mark.parametrize("call", MACROS)
def test_a_macro_is_exact(call: str) -> None:
    result = opened().sql(f"SELECT {call}")
    kind, value = MACROS[call]
    assert (result.types[0], str(result.rows()[0][0])) == (kind, value)


def test_the_page_of_all_tables_is_up_to_date() -> None:
    page = Path(__file__).resolve().parent.parent.parent / "docs" / "tables.md"
    assert page.read_text(encoding="utf-8") == tables_page(opened().relations)
