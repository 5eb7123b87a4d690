"""The record: a compact consortium ledger, its contracts, its proofs and its export.

Knows nothing of DuckDB, Whoosh or Streamlit. See `docs/architecture.md` for the rooms, `docs/format.md` for the bytes.

Here stands what it takes to check a proof against a policy, and no more, so that `import chain` stays light: no Polars,
no contract. The other doors are modules:

    chain.verify       `verify_export`: everything about an export, re-execution included
    chain.record       `open_record`: the same without re-execution
    chain.trust        the reader's own policies
    chain.network      `Network`: found, run and reopen a network
    chain.export       `seal_all`, `export_network`: write the record as files
    chain.transaction  `Signer`: sign calls
    chain.market       orders, books, rounds, fees: the auction's rules as functions
"""

from chain.commitment import field_commitment
from chain.errors import ChainError
from chain.merkle import Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion
from chain.note import parse_note
from chain.policy import parse_policy, verify_checkpoint

__all__ = [
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
]
