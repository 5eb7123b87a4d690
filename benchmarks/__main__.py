"""`python -m benchmarks [NAME…] [--json]`: the same as `gridproof bench`."""

import argparse
import json
import sys

from rich.console import Console
from rich.table import Table

import benchmarks


def figure(value: float | None) -> str:
    """Three significant digits, thousands grouped; a rate of 122,431/s needs no more."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(rows: list[benchmarks.Row]) -> Table:
    """The rows for a person."""
    shown = Table(box=None, pad_edge=False)
    for heading in ("benchmark", "value", "unit", "baseline", "its value", "ratio"):
        shown.add_column(heading, justify="right" if heading in {"value", "its value", "ratio"} else "left")
    for item in rows:
        shown.add_row(
            item["name"],
            figure(item["value"]),
            item["unit"],
            item["baseline"] or "",
            figure(item["baseline_value"]),
            figure(item["ratio"]),
        )
    return shown


def report(wanted: list[str], as_json: bool) -> None:
    """Measure and print; progress goes to standard error, so that standard output is the report alone."""
    with Console(stderr=True).status("measuring"):
        rows = list(benchmarks.run(wanted))
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    else:
        Console().print(table(rows))


def main() -> None:
    """Parse the command line and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure this machine.")
    parser.add_argument("name", nargs="*", help=f"which (default: all): {', '.join(benchmarks.names())}")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    asked = parser.parse_args()
    try:
        report(asked.name, asked.json)
    except benchmarks.BenchmarkError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
