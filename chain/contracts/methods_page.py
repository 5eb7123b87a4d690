"""`docs/methods.md`: every method's arguments, and every action of the alliance, as the code declares them.

`python -m chain.contracts.methods_page > docs/methods.md` writes it; a test compares. Types are those that the bytes on
the record must have; what a field means is the text under it in the code, its own or that of the record it stands in.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from textwrap import dedent

import msgspec
from msgspec import inspect as shape

from chain.contract import Contract, Method
from chain.contracts.alliance_actions import Action, kind_of_type
from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS

_COMMON = {
    "account": "The account that it is about.",
    "action": "What is proposed.",
    "approve": "Yes or no; a vote is final.",
    "area": "Administrative code of the market area.",
    "beneficiary_account": "Account of the beneficiary, if it has one.",
    "bundle": "The certificate bundle.",
    "bundles": "Certificate bundles.",
    "channel": "Name of the channel.",
    "contract": "Name of the contract.",
    "directory": "Directory of the organisation; empty: none, the roles are given one by one.",
    "first": "One of the two channels, in any order.",
    "information_hash": "Commitment to the private record, 32 bytes, hex.",
    "key": "Verifier key line.",
    "kind": "`generator`, `consumer`, `prosumer`, `retailer`, `aggregator`, …; `operator` for an institution's own.",
    "name_en": "Name in English.",
    "name_zh": "Name in Chinese.",
    "openness": "Who may read the channel's content.",
    "organisation": "An organisation of the alliance; empty: none.",
    "owner": "Account of the owner.",
    "parent": "The organisation above it; empty: none.",
    "period_start": "First moment of the consumption that is claimed, ms UTC.",
    "plant": "Name of the plant.",
    "possession": "Signature by the new key over account and key, 64 bytes, hex.",
    "proposal": "Entry in which it was proposed.",
    "public_key": "The new key: Ed25519, 32 bytes, hex.",
    "purpose": "What the certificate is cancelled for.",
    "reader": "Account of the reader.",
    "reason": "Why, for the record.",
    "roles": "Sorted and unique; empty where a directory gives them.",
    "second": "The other one.",
    "session": "Its id: `<area>-<yyyymmddhh>` of the delivery hour, UTC+8.",
    "threshold": "How many validators are a quorum from then on.",
    "to": "Account of the receiver.",
    "validator": "Name of the validator.",
    "voltage": "Connection voltage class, for instance `10kV`; empty: none.",
    "zone": "Grid zone inside the area; empty: none.",
}
"""Arguments whose record says no more than their name: they mean the same wherever they stand."""

_HEAD = """# What a call takes

Written by `python -m chain.contracts.methods_page`. A call names a contract, a method and these arguments, as JSON; who
may call it: [roles.md](roles.md). Arguments that nobody names have their default. Rows of a batch lie beside the call.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    installed = {contract.name: contract for contract in (*GOVERNANCE_CONTRACTS, *AREA_CONTRACTS)}
    for _, contract in sorted(installed.items()):
        parts += [_method(contract, method) for method in contract.methods]
    parts.append("## Actions of the alliance\n\nThe `action` of `alliance.propose`: an object with its `kind`.\n")
    for action in Action.__args__:
        parts.append(f"### `{kind_of_type(action)}`\n\n{_summary(action)}\n\n{_table(action)}")
    return "\n".join(parts)


def _method(contract: Contract, method: Method) -> str:
    batch = method.batch
    rows = f"\nRows: `{', '.join(column.name for column in batch.columns)}` (table `{batch.table}`).\n" if batch else ""
    return f"## `{contract.name}.{method.name}`\n\n{_table(method.arguments)}{rows}"


def _table(record: type[msgspec.Struct]) -> str:
    fields = msgspec.structs.fields(record)
    if not fields:
        return "No arguments.\n"
    told = dict(_told(record))
    known = {field.name: field.type for field in _fields(record)}
    lines = ["| argument | type | meaning |", "|---|---|---|"]
    for field in fields:
        default = "" if field.required else f"; `{msgspec.json.encode(field.default).decode()}` if not given"
        lines.append(
            f"| `{field.name}` | {_type(known[field.name])}{default} | {told.get(field.name) or _COMMON[field.name]} |"
        )
    return "\n".join(lines) + "\n"


def _fields(record: type[msgspec.Struct]) -> tuple[shape.Field, ...]:
    found = shape.type_info(record)
    return found.fields if isinstance(found, shape.StructType) else ()


def _type(found: shape.Type) -> str:
    """A type in words of JSON."""
    while isinstance(found, shape.Metadata):
        found = found.type
    if isinstance(found, shape.VarTupleType | shape.ListType):
        return f"list of {_type(found.item_type)}"
    if isinstance(found, shape.LiteralType):
        return " or ".join(f"`{value}`" for value in found.values)
    if isinstance(found, shape.UnionType):
        if all(isinstance(kind, shape.StructType) for kind in found.types):
            return "an action, below"
        return " or ".join(_type(kind) for kind in found.types)
    names = {shape.StrType: "text", shape.IntType: "integer", shape.BoolType: "true or false", shape.NoneType: "null"}
    return names.get(type(found), "object")


def _summary(record: type[msgspec.Struct]) -> str:
    return " ".join((record.__doc__ or "").split())


def _told(record: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    """(field, the text under it), the record's own after those of the records it extends."""
    for one in reversed(record.__mro__):
        if one.__module__.startswith("chain."):
            (body,) = ast.parse(dedent(inspect.getsource(one))).body
            assert isinstance(body, ast.ClassDef)  # noqa: S101 - the source of a class is one
            for field, text in zip(body.body, body.body[1:], strict=False):
                if not isinstance(field, ast.AnnAssign):
                    continue
                if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                    yield ast.unparse(field.target), " ".join(str(text.value.value).split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
