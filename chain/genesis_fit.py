"""Whether a genesis entry fits the code that is to run it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chain.contract import Contract
from chain.entry import FORMAT, Genesis
from chain.errors import LedgerError, ParseError
from chain.parquet import require_encoder
from chain.schema import Schema
from chain.text import check_name, from_hex


def parameters_of(contract: Contract, value: Any) -> Any:
    """What the record says, as the contract's own type; `ParseError` where it is not of that type."""
    try:
        return msgspec.convert(value if value is not None else {}, contract.parameters)
    except msgspec.ValidationError as error:
        raise ParseError("parameters", str(error), f"genesis.parameters.{contract.name}") from None


def check_genesis(genesis: Genesis, contracts: Mapping[str, Contract], schemas: Sequence[Schema]) -> None:
    """Genesis fits the code that is to run it; `ParseError`, `LedgerError` or `LimitError` otherwise."""
    if genesis.format != FORMAT:
        raise ParseError("format", f"format {genesis.format!r}, this code reads {FORMAT!r}", "genesis")
    require_encoder(genesis.encoder)
    names = [code.name for code in genesis.contracts]
    if names != sorted(contracts) or "record" not in names:
        raise LedgerError("contracts", f"genesis names the contracts {', '.join(names)}", "genesis")
    operators = [check_name(operator.account, "genesis.operators") for operator in genesis.operators]
    if operators != sorted(set(operators)):
        raise ParseError("operators", "operators must be unique and sorted", "genesis.operators")
    for operator in genesis.operators:
        from_hex(operator.public_key, 32, f"genesis.operators.{operator.account}")
    tables = [schema.table for schema in schemas]
    if tables != sorted(set(tables)):
        raise ParseError("schemas", "tables must be unique and sorted", "genesis.schemas")
    declared = sorted(
        (schema for contract in contracts.values() for schema in contract.tables), key=lambda schema: schema.table
    )
    if declared != list(schemas):
        raise LedgerError("schemas", "the tables on the record are not those of the contracts here", "genesis")
    for name, contract in contracts.items():
        # Only here: what governance decides later it has judged itself, and it must not stop a channel.
        if contract.check_parameters is not None:
            contract.check_parameters(parameters_of(contract, genesis.parameters.get(name)))
