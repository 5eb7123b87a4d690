"""Answers over an export: SQL, search, ranges; every answer can carry a proof.

import queries
with queries.open("export", policy="trusted.policy") as export:
    result = export.sql("SELECT session, mwh(quantity_wh) FROM prices")
    result.pl(), result.df(), result.status.statement
    result.write_evidence("evidence.json")
queries.check(evidence_bytes, policy_bytes).statement
"""

from queries.errors import EvidenceError, QueriesError, QueryError
from queries.evidence.check import check
from queries.evidence.verdict import Verdict
from queries.export import Export
from queries.export import open_export as open  # noqa: A004 - `queries.open` reads as what it does
from queries.result import Result
from queries.status import Status

__all__ = [
    "EvidenceError",
    "Export",
    "QueriesError",
    "QueryError",
    "Result",
    "Status",
    "Verdict",
    "check",
    "open",
]
