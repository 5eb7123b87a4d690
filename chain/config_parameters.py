"""Parameters of contracts in a configuration file, each against the type that its contract declares.

1. A contract is one that this release installs. Its parameters are its fields, each of its own type; nothing that has
   no default is missing.
2. What the file says elsewhere is no parameter here: the area of a channel, and what the alliance is born with.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chain.config_file import Table
from chain.contract import Contract
from chain.contracts.alliance_state import ALLIANCE
from chain.near import near
from chain.shapes import explained

_ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    ALLIANCE: {
        "channels": "[[channel]] lists them",
        "faults": "it is `faults` of [network]",
        "organisations": "[[organisation]] lists them",
    },
    "auction": {"area": "it is the `area` of each [[channel]]"},
}
"""Rule 2."""


def read_parameters(table: Table, contracts: Sequence[Contract]) -> dict[str, Mapping[str, Any]]:
    """Contract → parameters, of those that run there; problems are noted with their lines."""
    known = {contract.name: contract for contract in contracts}
    found: dict[str, Mapping[str, Any]] = {}
    for name in table.content:
        contract = known.get(name)
        if contract is None:
            table.problem("unknown-contract", (name,), f"no contract that runs there{near(name, known)}")
            continue
        found[name] = _read(table.optional_table(name), contract)
    return found


def _read(table: Table, contract: Contract) -> Mapping[str, Any]:
    """Rules 1 and 2 for one contract."""
    elsewhere = _ELSEWHERE.get(contract.name, {})
    fields = {field.encode_name: field for field in msgspec.structs.fields(contract.parameters)}
    for name, value in table.content.items():
        if name in elsewhere:
            table.problem("elsewhere", (name,), f"not a parameter to set here: {elsewhere[name]}")
        elif name not in fields:
            table.problem(
                "unknown-key", (name,), f"no parameter of {contract.name}{near(name, fields.keys() - elsewhere)}"
            )
        else:
            _check_value(table, name, value, fields[name].type)
    for name, field in fields.items():
        if field.required and name not in table.content and name not in elsewhere:
            table.problem("missing", (name,), f"{contract.name} has no default for {name}")
    return table.content


def _check_value(table: Table, name: str, value: Any, kind: Any) -> None:
    if table.is_bad(name):
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        path, sentence = explained(error, kind, value, name)
        table.problem("type", (name, *path), sentence)
