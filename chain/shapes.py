"""Where a value is not of its type, in words: place, what stands there, what is expected, and what was perhaps meant.

`msgspec` says it in the names of its own types; here a name that nearly is one gets a "did you mean", a choice its
list, and a number its unit, which is the last word of its name.
"""

import re
from typing import Any

import msgspec
from msgspec import inspect

from chain.near import near
from chain.toml_lines import Path

_AT = re.compile(r"(?P<sentence>.*?)(?: - at `(?:key in )?\$?(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<key>[A-Za-z0-9_]+)|\[(?P<number>[0-9]+)\]|\[\.\.\.\]")
_FIELD = re.compile(r"Object (?P<what>contains unknown|missing required) field `(?P<key>[^`]*)`")
_BOUND = re.compile(r"Expected `int` (?P<sign>>=|<=) (?P<bound>-?[0-9]+)")
_KINDS = {
    "`int`": "an integer", "`str`": "text", "`bool`": "true or false", "`array`": "a list", "`object`": "an object",
    "`null`": "null", "`float`": "a number with a fraction", " | ": " or ",
}  # fmt: skip
_UNITS = {
    "_ms": "milliseconds", "_minutes": "minutes", "_wh": "Wh", "_fen_per_mwh": "fen per MWh", "_bytes": "bytes",
}  # fmt: skip


def explained(error: msgspec.ValidationError, kind: Any, value: Any, name: str = "") -> tuple[Path, str]:
    """Path of what is wrong with `value`, which should be a `kind`, and a sentence; `name`: of the value itself."""
    match = _AT.fullmatch(str(error))
    path, sentence = (_path(match["path"] or ""), match["sentence"]) if match else ((), str(error))
    field = _FIELD.fullmatch(sentence)
    here = _type_at(inspect.type_info(kind), value, path)
    if field and field["what"] == "contains unknown":
        known = [one.encode_name for one in here.fields] if isinstance(here, inspect.StructType) else []
        return (*path, field["key"]), f"there is no such field here{near(field['key'], known)}"
    if field:
        choices = _choices(_member(here, field["key"]))
        return (*path, field["key"]), "it is missing" + (f": one of {', '.join(choices)}" if choices else "")
    if sentence.startswith("Invalid"):
        found = _value_at(value, path)
        outer = _type_at(inspect.type_info(kind), value, path[:-1])
        choices = _choices(here) or (_choices(_member(outer, str(path[-1]))) if path else [])
        return path, f"{found!r}{near(str(found), choices)}" if choices else _plain(sentence)
    bound = _BOUND.fullmatch(sentence)
    if bound:
        last = next((str(step) for step in reversed(path) if isinstance(step, str)), name)
        unit = next((f" {unit}" for suffix, unit in _UNITS.items() if f"_{last}".endswith(suffix)), "")
        side = "at least" if bound["sign"] == ">=" else "at most"
        return path, f"an integer, {side} {int(bound['bound'])}{unit}"
    return path, _plain(sentence)


def _plain(sentence: str) -> str:
    """The library's words without its type names."""
    for name, words in _KINDS.items():
        sentence = sentence.replace(name, words)
    return sentence[:1].lower() + sentence[1:]


def _path(text: str) -> Path:
    """`[0].price` as a path."""
    return tuple(
        int(step["number"]) if step["number"] is not None else step["key"] or 0 for step in _STEP.finditer(text)
    )


def _value_at(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _type_at(info: Any, value: Any, path: Path) -> Any:
    """What the type says of the place, as far as it can be followed; None beyond that."""
    for step in path:
        info = _step(_chosen(info, value), step)
        value = _value_at(value, (step,))
    return _chosen(info, value)


def _step(info: Any, step: int | str) -> Any:
    match info:
        case inspect.StructType():
            return next((one.type for one in info.fields if one.encode_name == step), None)
        case inspect.DictType():
            return info.value_type
        case inspect.ListType() | inspect.VarTupleType():
            return info.item_type
        case _:
            return None


def _chosen(info: Any, value: Any) -> Any:
    """Of tagged records the one whose tag stands there; of optional ones the record."""
    while isinstance(info, inspect.Metadata):
        info = info.type
    if not isinstance(info, inspect.UnionType):
        return info
    records = [one for one in info.types if isinstance(one, inspect.StructType)]
    if len(records) == 1 and len(info.types) == 2:
        return records[0]
    tagged = (one for one in records if isinstance(value, dict) and value.get(one.tag_field) == one.tag)
    return next(tagged, info)


def _member(info: Any, key: str) -> Any:
    """The type of a record's field; of a union of records their tags."""
    if isinstance(info, inspect.UnionType):
        records = [one for one in info.types if isinstance(one, inspect.StructType) and one.tag_field == key]
        return inspect.LiteralType(tuple(str(one.tag) for one in records)) if records else None
    return _step(info, key)


def _choices(info: Any) -> list[str]:
    while isinstance(info, inspect.Metadata):
        info = info.type
    return sorted(str(one) for one in info.values) if isinstance(info, inspect.LiteralType) else []
