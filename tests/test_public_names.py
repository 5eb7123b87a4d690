"""What each package offers to the others, name by name: a name is added or taken away here first."""

import importlib

import pytest

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
