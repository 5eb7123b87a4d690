"""The record: a compact consortium ledger, its contracts, its proofs and its export.

Knows nothing of DuckDB, Whoosh or Streamlit. See `docs/architecture.md` for the rooms, `docs/format.md` for the bytes.
"""
