"""Rows of an evidence file, each shown to lie under the root that its group names (rules 7–9 of `docs/evidence.md`)."""

from typing import Any

import msgspec

from chain.entry import Genesis, Seal, Transaction, Trigger
from chain.errors import ParseError
from chain.merkle import HASH_BYTES, leaf_hash
from chain.row_proof import SUBMITTED, require_author, submitted_root, written_root
from chain.schema import Schema, parse_schema
from chain.text import from_hex
from queries.errors import EvidenceError
from queries.evidence.channel import CheckedChannel, require_root
from queries.evidence.document import RowPart, TablePart
from queries.evidence.verdict import ProvenRow, RowProof


def proven_rows(channel: CheckedChannel, governance: CheckedChannel, network: str, network_id: str) -> list[ProvenRow]:
    """Rules 7–9 for all rows of one channel."""
    parts = channel.part.tables
    genesis = channel.genesis(network, network_id) if any(part.root != "sealed" for part in parts) else None
    tables = [_Table(channel, part, genesis, f"{channel.name}.tables[{n}]") for n, part in enumerate(parts)]
    names = [(table.schema.table, table.part.root) for table in tables]
    if names != sorted(set(names)):
        raise EvidenceError("order", "row groups are not sorted, each once", channel.name)
    origins: dict[int, Transaction | Trigger] = {}
    for table in tables:
        table.check()
        origins |= table.origins
    keys = _authors(channel, governance, origins)
    return [row for table in tables for row in table.rows(keys)]


def _authors(
    channel: CheckedChannel, governance: CheckedChannel, origins: dict[int, Transaction | Trigger]
) -> dict[int, str]:
    """Rule 9: transaction → the public key under which its signature holds."""
    signed = {index: entry for index, entry in origins.items() if isinstance(entry, Transaction)}
    if [author.entry for author in channel.part.authors] != sorted(signed):
        raise EvidenceError("order", "authors are not those of the rows' transactions, sorted", channel.name)
    for author in channel.part.authors:
        where = f"{channel.name} entry {author.entry}"
        require_author(signed[author.entry], author.public_key, governance.entry(author.key_entry), where)
    return {author.entry: author.public_key for author in channel.part.authors}


class _Table:
    """One group of rows: of one table, under one named root."""

    def __init__(self, channel: CheckedChannel, part: TablePart, genesis: Genesis | None, where: str) -> None:
        self.channel = channel
        self.part = part
        self.where = where
        self.schema = _schema(part, where)
        self.origins: dict[int, Transaction | Trigger] = {}
        self._genesis = genesis
        places = [(row.entry, row.position) for row in part.rows]
        if not places or places != sorted(set(places)):
            raise EvidenceError("order", "rows are missing, or not sorted, each once", where)

    def check(self) -> None:
        """Rules 7 and 8."""
        if self.part.root == "sealed":
            self._check_segments()
        else:
            self._check_unsealed()
        self._check_origins()

    def rows(self, keys: dict[int, str]) -> list[ProvenRow]:
        """The rows with their values; `keys` are those of their authors."""
        lines = "".join(f"{row.data}\n" for row in self.part.rows).encode()
        values = self.schema.decode_lines(lines, self.where)
        if len(values) != len(self.part.rows):
            raise EvidenceError("row", "a row is not one line of JSON", self.where)
        names = [column.name for column in self.schema.columns]
        return [
            self._proven(row, dict(zip(names, content, strict=True)), keys.get(row.entry, ""))
            for row, content in zip(self.part.rows, values, strict=True)
        ]

    def _check_segments(self) -> None:
        """Rule 7 under the root `sealed`."""
        by_seal: dict[int, dict[int, RowPart]] = {}
        for row in self.part.rows:
            if row.seal is None or row.index is None:
                raise EvidenceError("seal", "a sealed row has no place in a segment", self.where)
            if by_seal.setdefault(row.seal, {}).setdefault(row.index, row) is not row:
                raise EvidenceError("row", "two rows at one place", self.where)
        if [segment.seal for segment in self.part.segments] != sorted(by_seal):
            raise EvidenceError("order", "segments are not those of the rows, sorted", self.where)
        for segment in self.part.segments:
            rows = by_seal[segment.seal]
            seal = self.channel.entry(segment.seal)
            where = f"{self.where} seal {segment.seal}"
            if not isinstance(seal, Seal) or seal.table != self.schema.table:
                raise EvidenceError("seal", "not a seal of this table", where)
            if seal.schema_sha256 != self.schema.sha256:
                raise EvidenceError("schema", "the seal is for other columns", where)
            if any(not seal.first <= row.entry < seal.end for row in rows.values()):
                raise EvidenceError("seal", "a row's entry lies outside the segment", where)
            _require_rows(seal.rows_count, rows, segment.nodes, seal.rows_root, where)

    def _check_unsealed(self) -> None:
        """Rule 7 under the other roots: nothing is said of a seal, and the columns are those of genesis."""
        if self.part.segments or any(row.seal is not None or row.index is not None for row in self.part.rows):
            raise EvidenceError("seal", f"rows under the root {self.part.root} claim a seal", self.where)
        canonical = self.part.schema.encode()
        schemas = self._genesis.schemas if self._genesis is not None else ()
        if canonical not in (parse_schema(value, self.where).canonical for value in schemas):
            raise EvidenceError("schema", "the channel's genesis has no such table with such columns", self.where)

    def _check_origins(self) -> None:
        """Rule 8."""
        by_entry: dict[int, dict[int, RowPart]] = {}
        for row in self.part.rows:
            by_entry.setdefault(row.entry, {})[row.position] = row
        if [origin.entry for origin in self.part.origins] != sorted(by_entry):
            raise EvidenceError("order", "writing entries are not those of the rows, sorted", self.where)
        judge = submitted_root if self._proof == "submitted" else written_root
        for origin in self.part.origins:
            where = f"{self.where} entry {origin.entry}"
            entry = self.channel.entry(origin.entry)
            stated = judge(entry, self.schema.table, where)
            _require_rows(stated.rows_count, by_entry[origin.entry], origin.nodes, stated.rows_root, where)
            if isinstance(entry, Transaction | Trigger):
                self.origins[origin.entry] = entry

    @property
    def _proof(self) -> RowProof:
        """What the origin of these rows shows; a sealed batch is as it was submitted, taken or not."""
        if self.part.root == "sealed":
            return "submitted" if self.schema.table.endswith(SUBMITTED) else "written"
        return self.part.root

    def _proven(self, row: RowPart, values: dict[str, Any], public_key: str) -> ProvenRow:
        entry = self.origins[row.entry]
        return ProvenRow(
            channel=self.channel.name,
            table=self.schema.table,
            entry=row.entry,
            position=row.position,
            values=values,
            columns=self.schema.columns,
            proof=self._proof,
            receipt=entry.receipt.status,
            code=entry.receipt.code,
            account=entry.body.account if isinstance(entry, Transaction) else "",
            time_ms=self.channel.block_time(row.entry),
            seal=row.seal,
            root=self.part.root,
            public_key=public_key,
        )


def _schema(part: TablePart, where: str) -> Schema:
    """A schema whose text is canonical: the hash in the seal is over these bytes."""
    try:
        schema = parse_schema(msgspec.json.decode(part.schema), where)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise ParseError("schema", "not JSON", where) from None
    if schema.canonical != part.schema.encode():
        raise ParseError("schema", "not canonical", where)
    return schema


def _require_rows(size: int, rows: dict[int, RowPart], nodes: str, root: str, where: str) -> None:
    hashes = {index: leaf_hash(row.data.encode()) for index, row in rows.items()}
    require_root(size, hashes, nodes, from_hex(root, HASH_BYTES, where), where)
