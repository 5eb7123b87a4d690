"""Relations derived from what was verified: the entries of the logs, the beacon, the policy (`sql/log/*.sql`).

1. `light_rows` costs nothing and is filled when an export is opened.
2. `entry_rows` parses every entry: it is filled when a query first names one of its relations.
3. A relation's rows are columns in the order of its CREATE TABLE; times are milliseconds UTC.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from chain import jcs
from chain.entry import Block, Entry, Receipt, Seal, Transaction, Trigger, parse_entry
from chain.record import ChannelRecord, Record
from queries.catalogue import Relation

Rows = Mapping[str, list[tuple[Any, ...]]]

_HASH_HEX = 64

ENTRY_RELATIONS = frozenset({"blocks", "entries", "events", "receipts", "transactions", "triggers"})
"""Rule 2."""


def fill(engine: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Put rows into the empty relations that `queries.catalogue` made."""
    for name, values in rows.items():
        if values:
            columns = engine.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [name]
            ).fetchall()
            engine.from_arrow(_arrow(columns, values)).insert_into(name)


def _arrow(columns: Iterable[tuple[str, str]], rows: list[tuple[Any, ...]]) -> pa.Table:
    kinds = {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "BOOLEAN": pa.bool_(),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("ms", "UTC"),
    }
    named = zip(columns, zip(*rows, strict=True), strict=True)
    return pa.table({name: pa.array(values, kinds[kind]) for (name, kind), values in named})


def light_rows(record: Record) -> Rows:
    """Rule 1."""
    channels = record.channels.values()
    return {
        "beacon_rounds": [
            (leaf.round, leaf.time, leaf.policy_sha256, head.channel, head.size, head.root, head.height, head.closed)
            for leaf in record.leaves
            for head in leaf.heads
        ],
        "channels": [_channel(record, channel) for channel in channels],
        "cosignatures": _cosignatures(record),
        "operators": [
            (
                channel.channel,
                operator.account,
                operator.name_zh,
                operator.name_en,
                ",".join(sorted(operator.roles)),
                operator.public_key,
            )
            for channel in channels
            for operator in channel.genesis.operators
        ],
        "policy": _policy(record),
        "seals": [
            _seal(channel.channel, segment.entry, segment.seal, segment.path)
            for channel in channels
            for segment in sorted((s for found in channel.segments.values() for s in found), key=lambda s: s.entry)
        ],
    }


def catalogue_rows(relations: Iterable[Relation]) -> Rows:
    """The catalogue as relations of its own."""
    listed = list(relations)
    return {
        "relations": [
            (relation.name, relation.kind, relation.grain, ", ".join(relation.source), relation.evidence)
            for relation in listed
        ],
        "relation_columns": [
            (relation.name, number, column.name, column.type, column.comment)
            for relation in listed
            for number, column in enumerate(relation.columns, 1)
        ],
    }


def entry_rows(record: Record) -> Rows:
    """Rule 2."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in sorted(ENTRY_RELATIONS)}
    for channel in record.channels.values():
        _EntryReader(channel, rows).read()
    return rows


def entry_of(channel: ChannelRecord, index: int) -> Entry:
    """A verified log's entry."""
    return parse_entry(channel.entries[index], f"{channel.channel} entry {index}")


def block_entries(channel: ChannelRecord) -> list[int]:
    """Indexes of the block entries, in order."""
    return [index for index, data in enumerate(channel.entries) if isinstance(_block(channel, index, data), Block)]


def closing_block(blocks: list[int], index: int) -> int:
    """The block entry that closes the block of entry `index`; `blocks` as `block_entries` gives them."""
    return blocks[bisect_left(blocks, index)]


def _block(channel: ChannelRecord, index: int, data: bytes) -> Entry | None:
    # A cheap look first: most entries are no blocks. What looks like one is parsed.
    return entry_of(channel, index) if b'"kind":"block"' in data else None


class _EntryReader:
    """One channel's entries as rows."""

    def __init__(self, channel: ChannelRecord, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        self.channel = channel
        self.name = channel.channel
        self.rows = rows
        self.leaves = channel.tree.subtrees(0, 0, channel.tree.size).hex()

    def read(self) -> None:
        entries = [entry_of(self.channel, index) for index in range(len(self.channel.entries))]
        first = 0
        for index, entry in enumerate(entries):
            if isinstance(entry, Block):
                for inside in range(first, index + 1):
                    self._add(inside, entries[inside], entry)
                first = index + 1

    def _add(self, index: int, entry: Entry, block: Block) -> None:
        data = self.channel.entries[index]
        leaf = self.leaves[_HASH_HEX * index : _HASH_HEX * (index + 1)]
        kind = entry.kind
        self.rows["entries"].append((self.name, index, kind, block.height, block.time, len(data), leaf))
        if isinstance(entry, Block):
            self._add_block(index, entry)
        elif isinstance(entry, Transaction):
            self._add_transaction(index, entry, block)
        elif isinstance(entry, Trigger):
            receipt = entry.receipt
            self.rows["triggers"].append(
                (
                    *(self.name, index, block.height, block.time, entry.contract, entry.method, entry.key, entry.due),
                    *(receipt.status, receipt.code, receipt.detail),
                )
            )
            self._add_receipt(index, kind, receipt, block)

    def _add_block(self, index: int, block: Block) -> None:
        self.rows["blocks"].append(
            (
                *(self.name, index, block.height, block.time, block.first, block.count, block.beacon_round),
                *(block.previous, block.catalogue_root, block.state_root or None),
            )
        )

    def _add_transaction(self, index: int, entry: Transaction, block: Block) -> None:
        body, receipt = entry.body, entry.receipt
        self.rows["transactions"].append(
            (
                *(self.name, index, block.height, block.time, body.account, body.contract, body.method, body.nonce),
                *(body.schema, body.valid_until, jcs.encode(body.arguments).decode()),
                *(body.rows_count, body.rows_root or None, entry.signature),
                *(receipt.status, receipt.code, receipt.detail),
            )
        )
        self._add_receipt(index, entry.kind, receipt, block)

    def _add_receipt(self, index: int, kind: str, receipt: Receipt, block: Block) -> None:
        for written in receipt.tables:
            place = (self.name, index, block.time, kind, receipt.status)
            self.rows["receipts"].append((*place, written.table, written.rows_count, written.rows_root))
        for number, event in enumerate(receipt.events):
            data = jcs.encode(event.data).decode()
            self.rows["events"].append((self.name, index, number, block.time, event.name, data))


def _channel(record: Record, channel: ChannelRecord) -> tuple[Any, ...]:
    genesis, last = channel.genesis, channel.last_block
    head = next(head for head in record.leaves[-1].heads if head.channel == channel.channel)
    return (
        *(channel.channel, head.size, head.root, head.height, head.closed, channel.sealed_to),
        *(genesis.time, last.time, genesis.deployment, genesis.faults),
        jcs.encode(msgspec.to_builtins(genesis.contracts)).decode(),
        jcs.encode(genesis.parameters).decode(),
    )


def _cosignatures(record: Record) -> list[tuple[Any, ...]]:
    logs = {"beacon": record.beacon, **{name: channel.checkpoint for name, channel in record.channels.items()}}
    return [
        (log, verified.checkpoint.size, verified.checkpoint.root.hex(), name, time_s * 1000)
        for log, verified in logs.items()
        for name, time_s in verified.cosigners
    ]


def _policy(record: Record) -> list[tuple[Any, ...]]:
    policy, source = record.anchor.policy, record.anchor.source
    return [
        *(("log", key.name, str(key), None, None, source) for key in policy.logs),
        *(("witness", name, str(key), None, None, source) for name, key in policy.witnesses.items()),
        *(("group", g.name, None, g.threshold, ",".join(g.members), source) for g in policy.groups.values()),
        ("quorum", policy.quorum, None, None, None, source),
    ]


def _seal(channel: str, entry: int, seal: Seal, path: str) -> tuple[Any, ...]:
    return (
        *(channel, entry, seal.table, seal.first, seal.end, seal.rows_count),
        *(seal.rows_root, seal.schema_sha256, seal.sha256, path),
    )
