"""Measurements: each module here is one benchmark and has `run() -> list[Row]`.

1. A benchmark's name is its module's, with `-` for `_`: `commit_single.py` is `commit-single`.
2. A row names what was measured, its value and unit, and a baseline measured in the same run on the same machine:
   the ratio travels from machine to machine, the value does not.
3. A value is the median of five runs, after one that is not counted (`median_of`).
"""

import importlib
import pkgutil
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypedDict

__all__ = ["RUNS", "BenchmarkError", "Row", "median_of", "names", "row", "run", "seconds"]

RUNS = 5


class Row(TypedDict):
    """One line of the report; a measurement without a peer has None in the last three."""

    name: str
    value: float
    unit: str
    baseline: str | None
    baseline_value: float | None
    ratio: float | None


class BenchmarkError(Exception):
    """A benchmark that does not exist, or that needs a package which is not installed."""


def row(name: str, value: float, unit: str, baseline: str | None = None, baseline_value: float | None = None) -> Row:
    """A row whose ratio is value ÷ baseline, in the same unit."""
    ratio = value / baseline_value if baseline_value else None
    return Row(name=name, value=value, unit=unit, baseline=baseline, baseline_value=baseline_value, ratio=ratio)


def seconds(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def median_of(action: Callable[[], object], runs: int = RUNS) -> float:
    """Median wall time in seconds of `runs` calls, after one that warms caches and is not counted."""
    action()
    return statistics.median(seconds(action) for _ in range(runs))


def names() -> list[str]:
    """Every benchmark, sorted."""
    modules = pkgutil.iter_modules(__path__)
    return sorted(module.name.replace("_", "-") for module in modules if not module.name.startswith("_"))


def run(wanted: Iterable[str] = ()) -> Iterator[Row]:
    """Rows of the benchmarks `wanted` (none named: all), as each is finished. Raises BenchmarkError."""
    known = names()
    chosen = list(dict.fromkeys(wanted)) or known
    for name in chosen:
        if name not in known:
            raise BenchmarkError(f"there is no benchmark {name!r}; there are: {', '.join(known)}")
    for name in chosen:
        try:
            module = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
        except ModuleNotFoundError as error:
            raise BenchmarkError(
                f"benchmark {name} needs {error.name}, which is not installed: run 'make setup', "
                "or install gridproof with its extra 'dev'"
            ) from error
        yield from module.run()
