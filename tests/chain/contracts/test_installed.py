"""Which contracts run where, and that genesis pins their code, all of it."""

import ast
import importlib.util
from pathlib import Path

import msgspec
import pytest

from chain.contract import Contract, code_sha256
from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS, code_of, resolve_contracts
from chain.entry import ContractCode, Genesis
from chain.errors import LedgerError
from tests.chain.contracts.replica_fixture import World

EVERY = tuple({contract.name: contract for contract in (*GOVERNANCE_CONTRACTS, *AREA_CONTRACTS)}.values())
RULES = (
    "chain.calendar",
    "chain.consortium",
    "chain.contracts.",
    "chain.fields",
    "chain.imports",
    "chain.market.",
    "chain.registry.",
)
"""Where the rules of contracts and the shapes of what they tell are written. What lies below is the machine that runs
them."""


def genesis(*codes: ContractCode) -> Genesis:
    base = World([], {}).replica.genesis
    return msgspec.structs.replace(base, contracts=codes)


@pytest.mark.parametrize("contracts", [GOVERNANCE_CONTRACTS, AREA_CONTRACTS], ids=["governance", "area"])
def test_contracts_are_listed_by_name_once_and_record_is_one_of_them(contracts: tuple[Contract, ...]) -> None:
    names = [contract.name for contract in contracts]
    assert names == sorted(set(names))
    assert "record" in names


def test_no_two_contracts_write_the_same_table() -> None:
    for contracts in (GOVERNANCE_CONTRACTS, AREA_CONTRACTS):
        tables = [schema.table for contract in contracts for schema in contract.tables]
        assert len(tables) == len(set(tables))


@pytest.mark.parametrize("contract", EVERY, ids=lambda contract: contract.name)
def test_a_contract_is_well_formed(contract: Contract) -> None:
    for schema in contract.tables:
        schema.check()
    batches = [method.batch for method in contract.methods if method.batch is not None]
    assert all(batch in contract.tables and batch.table.endswith("_submitted") for batch in batches)
    assert len({batch.table for batch in batches}) == len(batches)
    for named in (contract.methods, contract.triggers):
        names = [item.name for item in named]
        assert len(names) == len(set(names))
    assert all(method.callers for method in contract.methods)
    given = {"area": "350100"} if "area" in contract.parameters.__struct_fields__ else {}
    msgspec.convert(given, contract.parameters)


def imported(module: str) -> set[str]:
    """Modules of the rules that `module` imports."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith(RULES)}


@pytest.mark.parametrize("contract", EVERY, ids=lambda contract: contract.name)
def test_the_code_on_the_record_is_all_modules_in_which_the_rules_are_written(contract: Contract) -> None:
    needed: set[str] = set()
    todo = {module for module in contract.sources if module.startswith("chain.contracts.")}
    while todo:
        module = todo.pop()
        if module not in needed:
            needed.add(module)
            todo |= imported(module)
    assert sorted(needed) == list(contract.sources)


def test_genesis_names_code_by_the_hash_of_its_sources() -> None:
    codes = code_of(AREA_CONTRACTS[::-1])
    assert [code.name for code in codes] == [contract.name for contract in AREA_CONTRACTS]
    assert codes[0].code_sha256 == code_sha256(AREA_CONTRACTS[0].sources)
    assert len({code.code_sha256 for code in code_of(EVERY)}) == len(EVERY)


def test_the_contracts_that_genesis_names_are_found() -> None:
    assert resolve_contracts(genesis(*code_of(AREA_CONTRACTS))) == AREA_CONTRACTS
    assert resolve_contracts(genesis(*code_of(GOVERNANCE_CONTRACTS))) == GOVERNANCE_CONTRACTS


@pytest.mark.parametrize(
    "change",
    [{"code_sha256": "00" * 32}, {"version": 99}, {"name": "futures"}, {"name": "certificate"}],
    ids=["other code", "another version", "an unknown contract", "the code of another"],
)
def test_code_that_is_not_the_one_on_the_record_does_not_run_it(change: dict[str, object]) -> None:
    code = msgspec.structs.replace(code_of(AREA_CONTRACTS)[0], **change)
    with pytest.raises(LedgerError) as caught:
        resolve_contracts(genesis(code))
    assert caught.value.code == "contract-code"
