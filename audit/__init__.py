"""Judges the record: replay, certificates, carbon, credit, market surveillance."""

__all__: list[str] = []
