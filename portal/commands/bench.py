"""`gridproof bench`: measure this machine, each figure beside a baseline of the same run."""

from typing import Annotated

import typer

from benchmarks.__main__ import report


def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Which benchmarks; all if none.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False,
) -> None:
    """Measure this machine. Ratios travel from machine to machine, values do not."""
    report(names or [], as_json)
