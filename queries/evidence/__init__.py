"""Evidence: one self-contained file that proves rows or entries to whoever holds the policy (`docs/evidence.md`)."""
