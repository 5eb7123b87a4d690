"""The frame around the measurements; the measurements themselves are run by `make bench`."""

import importlib
import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

import benchmarks
from benchmarks.__main__ import figure, report

ROOT = Path(benchmarks.__file__).parent.parent


@pytest.fixture
def _sample(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("benchmarks.a_sample")
    vars(module)["run"] = lambda: [
        benchmarks.row("sample", 122_431.4, "1/s", "bare", 244_862.8),
        benchmarks.row("alone", 0.0456, "s"),
    ]
    monkeypatch.setitem(sys.modules, "benchmarks.a_sample", module)
    monkeypatch.setattr(benchmarks, "names", lambda: ["a-sample"])


def test_every_benchmark_can_be_run() -> None:
    for name in benchmarks.names():
        assert callable(importlib.import_module(f"benchmarks.{name.replace('-', '_')}").run)


def test_a_ratio_is_value_over_baseline() -> None:
    assert benchmarks.row("x", 3.0, "s", "y", 2.0)["ratio"] == 1.5
    assert benchmarks.row("x", 3.0, "s")["ratio"] is None


def test_a_median_is_taken_after_one_run_that_is_not_counted() -> None:
    runs: list[int] = []
    assert benchmarks.median_of(lambda: runs.append(1)) >= 0
    assert len(runs) == benchmarks.RUNS + 1


@pytest.mark.usefixtures("_sample")
def test_json_is_the_rows_alone(capsys: pytest.CaptureFixture[str]) -> None:
    report([], as_json=True)
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["sample", "alone"]
    assert set(rows[0]) == {"name", "value", "unit", "baseline", "baseline_value", "ratio"}
    assert rows[0]["ratio"] == 0.5


@pytest.mark.usefixtures("_sample")
def test_the_table_shows_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    report(["a-sample"], as_json=False)
    shown = capsys.readouterr().out
    assert "122,431" in shown
    assert "alone" in shown


def test_figures_are_short() -> None:
    assert [figure(value) for value in (None, 0.78123, 12.34, 244_862.8)] == ["", "0.781", "12.3", "244,863"]


def test_an_unknown_benchmark_is_answered_with_those_that_exist() -> None:
    command = [sys.executable, "-m", "benchmarks", "speed-of-light"]
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert run.returncode == 2
    assert "there is no benchmark 'speed-of-light'" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.usefixtures("_sample")
def test_a_benchmark_without_its_peer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "benchmarks.a_sample", None)
    with pytest.raises(benchmarks.BenchmarkError, match="make setup"):
        list(benchmarks.run(["a-sample"]))
