"""Every limit of `queries`, in one frozen record. Past one: a `QueryLimitError` or `EvidenceError`, nothing lost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QueryLimits:
    query_characters_max: int = 20_000
    """The text of a query."""
    query_brackets_max: int = 100
    """Depth of brackets in it."""
    query_operators_max: int = 100
    """Operators and opening brackets in a row."""
    query_set_operations_max: int = 200
    """UNION, EXCEPT and INTERSECT in it."""
    query_with_max: int = 50
    """Subqueries that it names with AS."""
    query_with_depth_max: int = 8
    """Depth of them in each other."""
    query_nodes_max: int = 50_000
    """Nodes of its syntax tree that the sandbox looks at."""
    checked_queries_max: int = 256
    """Query texts that an open export remembers to have let through."""
    rows_max: int = 10_000_000
    """Rows that a result holds unless the caller says otherwise; past it the result is cut and says so."""
    timeout_s: int = 300
    """Seconds that a query may run unless the caller says otherwise."""
    memory_mb: int = 4_096
    """Memory of the engine, of all queries on one export together."""
    threads: int = 0
    """Threads of the engine; 0: as many as there are cores."""
    spill_mb: int = 8_192
    """Disk that the engine may use for what does not fit in memory, in the cache folder."""
    cache_index_files_max: int = 100_000
    """Files whose unchanged state the cache's index remembers."""
    settled_ms: int = 2_000
    """A file that changed less than this before it was hashed is hashed again the next time: its time stamps are too
    coarse to tell whether it changed since."""
    suggestions_max: int = 3
    """Near names that an error offers."""
    evidence_bytes_max: int = 64 * 2**20
    """An evidence file."""
    evidence_rows_max: int = 100_000
    """Rows and entries that one evidence file proves."""


QUERY_LIMITS = QueryLimits()
