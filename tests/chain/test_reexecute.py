"""Re-execution names what it finds: entry, member, both values."""

from pathlib import Path
from typing import Any

import pytest

from chain.beacon import GovernanceFeed
from chain.entry import parse_entry
from chain.imports import GOVERNANCE
from chain.record import open_record
from chain.reexecute import execute_channel, first_difference
from chain.replica import CommittedBlock, Replica
from tests.chain.tamper.forgery import Edit, Forgery, is_transaction, refusal
from tests.sample_export import AREAS, sample_export

AREA, _ = AREAS


def test_a_visitor_sees_every_block_with_the_state_after_it() -> None:
    sample = sample_export()
    record = open_record(sample.export, sample.policy, "policy")
    feed = GovernanceFeed()
    feed.extend(record.channels[GOVERNANCE].entries)
    seen: list[tuple[int, int]] = []
    done: list[int] = []

    def visit(replica: Replica, block: CommittedBlock) -> None:
        assert replica.tree.size == block.size
        seen.append((block.block.height, replica.height))

    summary = execute_channel(record.channels[AREA], record.reader, record.leaves, feed, done.append, visit)
    assert seen == [(height, height) for height in range(summary.blocks)]
    assert sum(done) == summary.entries


EDITS: dict[str, tuple[str, Edit, str]] = {
    "a trade more": (
        "round",
        lambda entry: entry["receipt"]["events"][0]["data"].update(trades=99),
        "entry.receipt.events[0].data.trades is 99 on the record, re-execution gives ",
    ),
    "another outcome": (
        "round",
        lambda entry: entry["receipt"]["events"][0]["data"].update(status="suspended"),
        'entry.receipt.events[0].data.status is "suspended" on the record, re-execution gives ',
    ),
    "an event less": (
        "round",
        lambda entry: entry["receipt"].update(events=[]),
        "entry.receipt.events is [] on the record, re-execution gives [",
    ),
    "another due time": (
        "round",
        lambda entry: entry.update(due=entry["due"] - 1),
        "entry.due is ",
    ),
    "another session": (
        "settle",
        lambda entry: entry.update(key="350100-2026110299"),
        'entry.key is "350100-2026110299" on the record, re-execution gives "350100-',
    ),
    "another settlement": (
        "settle",
        lambda entry: entry["receipt"]["tables"][0].update(rows_root="ab" * 32),
        "entry.receipt.tables[0].rows_root is ",
    ),
}


@pytest.mark.parametrize(("method", "edit", "words"), EDITS.values(), ids=EDITS.keys())
def test_what_a_trigger_did_cannot_be_told_otherwise(method: str, edit: Edit, words: str, tmp_path: Path) -> None:
    sample = sample_export()
    forged = Forgery(sample.export)
    index = forged.find(AREA, lambda entry: entry["kind"] == "trigger" and entry["method"] == method)
    forged.edit(AREA, index, edit)
    forged.relink()
    error = refusal(forged.write(tmp_path / "forged", sample.keys), sample.policy)
    assert error.where == f"{AREA} entry {index}"
    assert words in str(error), str(error)


def test_an_account_that_governance_never_accepted_is_not_imported(tmp_path: Path) -> None:
    """The governance receipt is made a rejection: it is found there, before any area trusts its import."""
    sample = sample_export()
    forged = Forgery(sample.export)
    index = forged.find(GOVERNANCE, is_transaction("register"))
    forged.edit(GOVERNANCE, index, lambda entry: entry["receipt"].update(status="rejected", code="kind", events=[]))
    forged.relink()
    error = refusal(forged.write(tmp_path / "forged", sample.keys), sample.policy)
    assert error.where == f"{GOVERNANCE} entry {index}"


def test_an_imported_account_of_no_shape_is_our_own_error(tmp_path: Path) -> None:
    sample = sample_export()
    forged = Forgery(sample.export)
    index = forged.find(GOVERNANCE, is_transaction("register"))
    forged.edit(GOVERNANCE, index, lambda entry: entry["receipt"]["events"][0].update(data={"account": 5}))
    forged.relink()
    assert refusal(forged.write(tmp_path / "forged", sample.keys), sample.policy).where == f"{GOVERNANCE} entry {index}"


def test_every_entry_of_the_sample_is_of_a_known_kind() -> None:
    kinds = {type(parse_entry(data)).__name__ for data in Forgery(sample_export().export).entries[AREA]}
    assert kinds == {"Genesis", "Transaction", "Trigger", "Seal", "Block"}


@pytest.mark.parametrize(
    ("recorded", "recomputed", "expected"),
    [
        ({"a": 1}, {"a": 2}, ("entry.a", 1, 2)),
        ({"a": 1, "b": 2}, {"a": 1}, ("entry.b", 2, None)),
        ({"a": [1, 2]}, {"a": [1, 3]}, ("entry.a[1]", 2, 3)),
        ({"a": [1]}, {"a": [1, 3]}, ("entry.a", [1], [1, 3])),
        ({"b": 1, "a": {"c": [{"d": "x"}]}}, {"b": 2, "a": {"c": [{"d": "y"}]}}, ("entry.a.c[0].d", "x", "y")),
        (5, "5", ("entry", 5, "5")),
    ],
)
def test_the_first_difference_is_named_by_its_path(recorded: Any, recomputed: Any, expected: tuple[Any, ...]) -> None:
    assert first_difference("entry", recorded, recomputed) == expected
