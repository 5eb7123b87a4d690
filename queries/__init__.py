"""Answers over an export: SQL, search, ranges; every answer can carry a proof."""
