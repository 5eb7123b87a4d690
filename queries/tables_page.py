"""`docs/tables.md`: every relation and macro, as the database itself describes them.

`python -m queries.tables_page EXPORT > docs/tables.md` writes it from any export of this release; a test compares.
"""

import sys
from collections.abc import Iterable

from queries.catalogue import Relation, definitions
from queries.export import open_export

_KINDS = {
    "table": ("Tables", "Sealed rows, over all channels. The first three columns are a row's coordinates."),
    "view": ("Views", "Questions that come up every day, answered from the tables."),
    "log": ("Logs", "What the entries of the logs, the beacon and the policy say."),
}
_HEAD = """# What can be asked

The relations and macros of `gridproof sql` and `queries.open(…).sql`. This page is written from the database itself
(`queries/sql/*/*.sql`), where `DESCRIBE`, `relations` and `relation_columns` say the same. Energy is in Wh, prices in
fen/MWh, money in 1e-8 CNY (energy × price, exact), times are UTC; the macros turn them into what people read.

**Evidence** says what a row becomes with `--evidence`: the row of that table, a log entry, or nothing. The result needs
the columns `channel, entry` and, for a table's row, `position`.
"""


def tables_page(relations: Iterable[Relation]) -> str:
    """The page for these relations."""
    listed = list(relations)
    parts = [_HEAD]
    for kind, (title, sentence) in _KINDS.items():
        parts.append(f"## {title}\n\n{sentence}\n")
        parts += [_section(relation) for relation in listed if relation.kind == kind]
    parts.append("## Macros\n\n| macro | gives |\n|---|---|\n" + "".join(_macros()))
    return "\n".join(parts)


def _section(relation: Relation) -> str:
    source = f" Source: {', '.join(relation.source)}." if relation.source != ("log",) else ""
    lines = [
        f"### {relation.name}\n",
        f"{relation.grain[0].upper()}{relation.grain[1:]}.{source} Evidence: {relation.evidence}.\n",
        "| column | type | meaning |\n|---|---|---|",
        *(f"| `{c.name}` | {c.type} | {c.comment.replace('|', '/')} |" for c in relation.columns),
    ]
    return "\n".join(lines) + "\n"


def _macros() -> list[str]:
    found = []
    for definition in definitions("macros").values():
        call, _, meaning = definition.grain.partition(": ")
        found.append(f"| `{call}` | {meaning} |\n")
    return found


if __name__ == "__main__":
    with open_export(sys.argv[1]) as export:
        sys.stdout.write(tables_page(export.relations))
