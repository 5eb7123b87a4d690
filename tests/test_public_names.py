"""What each package offers to the others, name by name: a name is added or taken away here first."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PUBLIC: dict[str, list[str]] = {
    "audit": [
        "AuditError",
        "Difference",
        "ReplayError",
        "RoundStep",
        "SessionIndex",
        "SessionReplay",
        "index_sessions",
        "replay_session",
        "sessions_of",
    ],
    "benchmarks": ["RUNS", "BenchmarkError", "Row", "median_of", "names", "row", "run", "seconds"],
    "chain": [
        "ChainError",
        "Tree",
        "field_commitment",
        "leaf_hash",
        "node_hash",
        "parse_note",
        "parse_policy",
        "verify_checkpoint",
        "verify_consistency",
        "verify_inclusion",
    ],
    "portal": [],
    "queries": [
        "EvidenceError",
        "Export",
        "QueriesError",
        "QueryError",
        "Result",
        "Status",
        "Verdict",
        "check",
        "open",
    ],
    "sample_data": [
        "SAMPLE_FILES",
        "STRATEGIES",
        "DefaultUsed",
        "InputError",
        "Inputs",
        "OrderRow",
        "Participant",
        "Plant",
        "forecast_wh",
        "orders_for",
        "read_inputs",
        "requote",
    ],
}


@pytest.mark.parametrize("package", sorted(PUBLIC))
def test_a_package_offers_exactly_these_names(package: str) -> None:
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(PUBLIC[package])
    assert [name for name in PUBLIC[package] if not hasattr(module, name)] == []


def test_the_chain_stays_light_to_import() -> None:
    code = "import sys, chain; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert set(run.stdout.split()) & {"numpy", "pandas", "polars", "pyarrow", "chain.network", "chain.schema"} == set()


def test_every_door_that_the_chain_names_exists() -> None:
    text = importlib.import_module("chain").__doc__ or ""
    doors = re.findall(r"^    (chain\.[a-z_.]+) {2,}(.+)$", text, re.MULTILINE)
    assert len(doors) > 5
    for module, description in doors:
        names = re.findall(r"`(\w+)`", description)
        assert [name for name in names if not hasattr(importlib.import_module(module), name)] == [], module
