"""Seals and their files: what is sealed is all there is, and each file is what its seal says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.entry import Block, parse_entry
from chain.errors import ChainError, ExportError
from chain.export import export_network
from chain.imports import GOVERNANCE
from chain.record import ChannelRecord, open_record
from chain.schema import parse_schema
from chain.seals import check_segment_file, sealed_tables
from tests.chain.little_network import START_MS, found, register
from tests.chain.tamper.forgery import Forgery, forgery
from tests.sample_export import AREAS, copy_of, sample_export

AREA = AREAS[0]


def area() -> ChannelRecord:
    return open_record(sample_export().export, sample_export().policy, "policy").channels[AREA]


def sealed(forged: Forgery) -> dict[str, int]:
    """Table → segments, of the area's log as it is now."""
    entries = forged.entries[AREA]
    schemas = {schema.table: schema for schema in (parse_schema(value, AREA) for value in area().genesis.schemas)}
    last = parse_entry(entries[-1])
    assert isinstance(last, Block)
    return {table: len(found) for table, found in sealed_tables(AREA, entries, schemas, last).segments.items()}


def test_the_segments_of_every_table_are_those_of_the_record() -> None:
    assert sealed(forgery()) == {table: len(segments) for table, segments in area().segments.items()}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a gap before it": ({"first": 1}, "does not follow 0"),
    "an end beyond itself": ({"end": 10**6}, "does not follow 0"),
    "an end before its first": ({"end": 0}, "does not follow 0"),
    "no rows": ({"rows_count": 0}, "does not follow 0"),
    "another schema": ({"schema_sha256": "12" * 32}, "fits no schema of genesis"),
    "a table that nobody knows": ({"table": "secrets"}, "fits no schema of genesis"),
}


@pytest.mark.parametrize(("members", "words"), WRONG.values(), ids=WRONG)
def test_a_seal_that_leaves_something_out_is_named(members: dict[str, Any], words: str) -> None:
    forged = forgery()
    index = forged.seal_of(AREA, "trades")
    forged.edit(AREA, index, lambda seal: seal.update(members))
    with pytest.raises(ExportError) as caught:
        sealed(forged)
    assert (caught.value.code, caught.value.where) == ("seal", f"{AREA} entry {index}")
    assert words in caught.value.sentence


OTHER_CATALOGUES: dict[str, Callable[[Forgery], object]] = {
    "other rows": lambda forged: forged.edit(AREA, forged.seal_of(AREA, "trades"), lambda s: s.update(rows_count=1)),
    "another file": lambda forged: forged.edit(
        AREA, forged.seal_of(AREA, "trades"), lambda s: s.update(sha256="0" * 64)
    ),
    "another root": lambda forged: forged.edit(
        AREA, len(forged.entries[AREA]) - 1, lambda block: block.update(catalogue_root="12" * 32)
    ),
}


@pytest.mark.parametrize("change", OTHER_CATALOGUES.values(), ids=OTHER_CATALOGUES)
def test_seals_that_do_not_make_the_catalogue_are_refused(change: Callable[[Forgery], object]) -> None:
    forged = forgery()
    change(forged)
    with pytest.raises(ChainError) as caught:
        sealed(forged)
    assert (caught.value.code, caught.value.where) == ("catalogue", AREA)


def test_a_file_changed_after_opening_is_still_refused(tmp_path: Path) -> None:
    sample = sample_export()
    record = open_record(copy_of(sample.export, tmp_path / "export"), sample.policy, "policy")
    segment = record.channels[AREA].segments["trades"][0]
    check_segment_file(record.reader, segment)
    (tmp_path / "export" / segment.path).write_bytes(b"changed meanwhile")
    with pytest.raises(ExportError, match="its seal"):
        check_segment_file(record.reader, segment)


def test_rows_that_no_seal_covers_are_refused(tmp_path: Path) -> None:
    """A quorum could otherwise leave the last trades out of every table and still show an honest log."""
    with found(tmp_path / "ledger") as network:
        network.commit(GOVERNANCE, START_MS + 1_000, [register(network, "late")])
        network.beacon(START_MS + 2_000)
        for ledger in network.channels.values():
            for table in ledger.replica.tables.values():
                table.pending_count = 0
        export_network(network, tmp_path / "export")
        policy = network.policy.text
    with pytest.raises(ExportError) as caught:
        open_record(tmp_path / "export", policy, "policy")
    assert caught.value.code == "unsealed"
    assert "organisations" in str(caught.value)
