"""Single rows proven under a named root, and the ways to make such a proof say more than it shows (trust rule 5)."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chain import jcs
from chain.entry import Transaction
from chain.errors import ProofError
from chain.imports import GOVERNANCE
from chain.merkle import Tree
from chain.parquet import decode_parquet
from chain.row_proof import RowRoot
from chain.seals import check_segment_file
from portal.cli import application
from queries import EvidenceError, Verdict, check
from queries.derived import entry_of
from queries.evidence.build import build_evidence
from queries.evidence.document import encode_nodes
from queries.evidence.multiproof import prove_many
from tests.queries.order_batch import AREA, BUYER, ORDER_WH, ORDERS, SELLER, SOLD, order_batch, prove

Json = dict[str, Any]
ROWS = [0, 1, 4_095, 4_096, 9_999]


def proven(data: bytes) -> Verdict:
    return check(data, order_batch().policy)


@cache
def trade() -> tuple[int, int]:
    """(entry, position) of a trade."""
    entries, positions, _ = rows_of("trades")
    return entries[0], positions[0]


def rows_of(table: str) -> tuple[list[int], list[int], list[tuple[Any, ...]]]:
    channel = order_batch().record.channels[AREA]
    found: tuple[list[int], list[int], list[tuple[Any, ...]]] = ([], [], [])
    for segment in channel.segments[table]:
        data = check_segment_file(order_batch().record.reader, segment)
        for known, more in zip(found, decode_parquet(channel.schemas[table], data, segment.path), strict=True):
            known.extend(more)
    return found


@pytest.mark.parametrize("root", ["submitted", "written", "sealed"])
@pytest.mark.parametrize("row", ROWS)
def test_T4_any_row_of_ten_thousand_orders_under_one_signature_is_provable_alone(row: int, root: RowRoot) -> None:
    batch = order_batch()
    data = prove("orders_submitted", batch.entry, row, root)
    verdict = proven(data)
    assert verdict.verified
    (found,) = verdict.rows
    assert (found.entry, found.position, found.root) == (batch.entry, row, root)
    assert (found.account, found.receipt, found.values["quantity_wh"]) == (SELLER, "accepted", ORDER_WH)
    assert len(data) < 40_000
    signed = entry_of(batch.record.channels[AREA], batch.entry)
    assert isinstance(signed, Transaction)
    assert signed.body.rows_count == ORDERS


def test_T4_a_replayed_batch_is_dropped_by_its_nonce() -> None:
    replayed = order_batch().replayed
    assert replayed.entry is None
    assert replayed.dropped is not None
    assert replayed.dropped.code == "nonce"
    entries, _, rows = rows_of("orders_submitted")
    assert len(rows) == 2 * ORDERS + 1
    assert set(entries) == {order_batch().entry, order_batch().entry + 1, order_batch().rejected}


def test_T4_orders_of_a_batch_are_executed_in_their_order() -> None:
    _, _, trades = rows_of("trades")
    names = [column.name for column in order_batch().record.channels[AREA].schemas["trades"].columns]
    found = [dict(zip(names, values, strict=True)) for values in trades]
    assert [(row["ask_entry"], row["ask_row"], row["trade"]) for row in found] == [
        (order_batch().entry, number, number + found[0]["trade"]) for number in range(SOLD)
    ]
    assert {(row["buyer"], row["bid_entry"], row["bid_row"]) for row in found} == {(BUYER, order_batch().entry + 1, 0)}


WORDS: dict[str, tuple[str, RowRoot, str]] = {
    "an order that was taken, as signed": ("taken", "submitted", "was signed by {}; the call was accepted (ok)"),
    "an order that was taken, as written": ("taken", "written", "was written by an accepted call signed by {}"),
    "an order that was taken, as sealed": (
        "taken",
        "sealed",
        "was signed by {}; the call was accepted (ok); was sealed by entry #",
    ),
    "an order that was rejected, as signed": (
        "rejected",
        "submitted",
        "was signed by {}; the call was rejected (no-session), without effect",
    ),
    "an order that was rejected, as sealed": (
        "rejected",
        "sealed",
        "was signed by {}; the call was rejected (no-session), without effect; was sealed by entry #",
    ),
    "a trade, as written": ("trade", "written", "was written by an accepted call that fell due, signed by nobody"),
    "a trade, as sealed": (
        "trade",
        "sealed",
        "was written by an accepted call that fell due, signed by nobody; was sealed by entry #",
    ),
}


def place(what: str) -> tuple[str, int, int]:
    if what == "trade":
        return ("trades", *trade())
    return "orders_submitted", order_batch().entry if what == "taken" else order_batch().rejected, 7


@pytest.mark.parametrize("name", WORDS)
def test_the_verdict_says_what_the_named_root_shows_and_no_more(name: str) -> None:
    what, root, words = WORDS[name]
    (row,) = proven(prove(*place(what), root)).rows
    assert row.words == words.format(SELLER).replace("#", str(row.seal))
    assert (row.seal is None) == (root != "sealed")
    assert bool(row.public_key) == (what != "trade")
    if root == "submitted":
        assert "written" not in row.words


NOT_UNDER: dict[str, tuple[str, RowRoot, str]] = {
    "a rejected order as written": ("rejected", "written", "rejected"),
    "a trade as submitted": ("trade", "submitted", "submitted"),
}


@pytest.mark.parametrize("name", NOT_UNDER)
def test_a_row_is_not_provable_under_a_root_that_it_does_not_lie_under(name: str) -> None:
    what, root, code = NOT_UNDER[name]
    with pytest.raises(ProofError) as caught:
        prove(*place(what), root)
    assert caught.value.code == code


def test_one_file_may_show_a_row_under_several_roots() -> None:
    sealed, submitted = (
        json.loads(prove("orders_submitted", order_batch().entry, 3, root)) for root in ("sealed", "submitted")
    )
    together = area(sealed)
    together["tables"] += area(submitted)["tables"]
    wanted = {entry["index"]: entry["data"] for part in (sealed, submitted) for entry in area(part)["entries"]}
    tree = order_batch().record.channels[AREA].tree
    together["entries"] = [{"data": wanted[index], "index": index} for index in sorted(wanted)]
    together["nodes"] = encode_nodes(prove_many(tree, sorted(wanted)))
    assert [row.root for row in proven(jcs.encode(sealed)).rows] == ["sealed", "submitted"]
    together["tables"].reverse()
    assert refusal(jcs.encode(sealed)).code == "order"


def area(document: Json) -> Json:
    found: Json = next(part for part in document["channels"] if part["channel"] == AREA)
    return found


def group(document: Json) -> Json:
    found: Json = area(document)["tables"][0]
    return found


def refusal(data: bytes) -> EvidenceError:
    with pytest.raises(EvidenceError) as caught:
        proven(data)
    return caught.value


def relabel(root: RowRoot) -> Callable[[Json], None]:
    return lambda document: group(document).update(root=root)


def as_sealed(document: Json) -> None:
    """Claim a seal as a sealed proof would, with the path that is there."""
    part = group(document)
    part["root"] = "sealed"
    part["segments"] = [{"nodes": part["origins"][0]["nodes"], "seal": area(document)["entries"][-1]["index"]}]
    part["rows"][0].update(index=part["rows"][0]["position"], seal=part["segments"][0]["seal"])


def claim_seal(document: Json) -> None:
    group(document)["rows"][0]["seal"] = area(document)["entries"][-1]["index"]


def shift(by: int) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        group(document)["rows"][0]["position"] += by

    return change


def other_entry(document: Json) -> None:
    """The rejected batch holds the very same rows: present its entry as the one that was taken."""
    other = json.loads(prove("orders_submitted", order_batch().rejected, 7, "submitted"))
    area(document)["entries"] = area(other)["entries"]
    area(document)["nodes"] = area(other)["nodes"]


def other_table(document: Json) -> None:
    schema = json.loads(group(document)["schema"])
    schema["table"] = "orders_taken_submitted"
    group(document)["schema"] = jcs.encode(schema).decode()


def rename(document: Json) -> None:
    one, other = '"name":"price_fen_per_mwh"', '"name":"quantity_wh"'
    schema = group(document)["schema"]
    group(document)["schema"] = schema.replace(one, "?").replace(other, one).replace("?", other)


def smaller_tree(document: Json) -> None:
    """The path of the same row in the tree of the first 8,192 rows."""
    tree = Tree()
    tree.extend([group(document)["rows"][0]["data"].encode()] * (2**13))
    group(document)["origins"][0]["nodes"] = encode_nodes(prove_many(tree, [7]))


def set_key(**members: object) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        area(document)["authors"][0].update(members)

    return change


def forged_signature(document: Json) -> None:
    """A signature that no log ever held: the entry is no longer the logged one."""
    for entry in area(document)["entries"]:
        if '"kind":"transaction"' in entry["data"]:
            head, signature = entry["data"].rsplit('"signature":"', 1)
            entry["data"] = f'{head}"signature":"{"0" if signature[0] != "0" else "1"}{signature[1:]}'


def give_no_key(document: Json) -> None:
    """Name genesis, which gives keys to operators only, as the giver of the member's key."""
    area(document)["authors"][0]["key_entry"] = 0


LIES: dict[str, tuple[str, RowRoot, Callable[[Json], object], str]] = {
    "a rejected order as written": ("rejected", "submitted", relabel("written"), "rejected"),
    "a submitted order as sealed, by its label": ("taken", "submitted", relabel("sealed"), "seal"),
    "a submitted order as sealed, with a seal": ("taken", "submitted", as_sealed, "seal"),
    "a submitted order that names a seal": ("taken", "submitted", claim_seal, "seal"),
    "a sealed order as submitted": ("taken", "sealed", relabel("submitted"), "entry"),
    "a trade as submitted": ("trade", "written", relabel("submitted"), "submitted"),
    "no such root": ("taken", "submitted", lambda d: group(d).update(root="signed"), "json-shape"),
    "no root": ("taken", "submitted", lambda d: group(d).pop("root"), "json-shape"),
    "the next row": ("taken", "submitted", shift(1), "root"),
    "a row far beyond": ("taken", "submitted", shift(ORDERS), "proof-range"),
    "a row of another entry": ("taken", "submitted", other_entry, "entry"),
    "another table": ("taken", "submitted", other_table, "schema"),
    "two columns renamed": ("taken", "submitted", rename, "schema"),
    "two columns renamed, as written": ("taken", "written", rename, "schema"),
    "the path of a smaller tree": ("taken", "submitted", smaller_tree, "proof-length"),
    "no author": ("taken", "submitted", lambda d: area(d).update(authors=[]), "order"),
    "an author of a trade": (
        "trade",
        "written",
        lambda d: area(d).update(authors=[{"entry": trade()[0], "key_entry": 0, "public_key": "00" * 32}]),
        "order",
    ),
    "another key": ("taken", "submitted", set_key(public_key="11" * 32), "author-key"),
    "a key in capitals": ("taken", "submitted", set_key(public_key="AB" * 32), "author-key"),
    "a key that nobody was given": ("taken", "submitted", give_no_key, "author-key"),
    "a key entry that is missing": ("taken", "submitted", set_key(key_entry=10**6), "entry"),
    "another signature": ("taken", "submitted", forged_signature, "root"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_proof_that_claims_more_than_it_shows_is_refused(name: str) -> None:
    what, root, lie, code = LIES[name]
    document = json.loads(prove(*place(what), root))
    lie(document)
    assert refusal(jcs.encode(document)).code == code


def test_the_label_of_a_taken_order_may_be_either_since_both_are_true() -> None:
    document = json.loads(prove("orders_submitted", order_batch().entry, 7, "submitted"))
    group(document)["root"] = "written"
    (row,) = proven(jcs.encode(document)).rows
    assert (row.root, row.proof) == ("written", "written")


def test_the_key_is_the_one_that_governance_gave() -> None:
    document = json.loads(prove("orders_submitted", order_batch().entry, 7, "submitted"))
    author = area(document)["authors"][0]
    governance = next(part for part in document["channels"] if part["channel"] == GOVERNANCE)
    assert [entry["index"] for entry in governance["entries"]] == [0, author["key_entry"]]
    (row,) = proven(jcs.encode(document)).rows
    assert row.public_key == author["public_key"]


def run(*words: str) -> Any:
    return CliRunner().invoke(application(frozenset(words[:1])), list(words))


def test_the_command_writes_what_check_accepts_and_says_in_words(tmp_path: Path) -> None:
    policy, out = tmp_path / "policy", tmp_path / "row.json"
    policy.write_bytes(order_batch().policy)
    where = [str(order_batch().folder), AREA, str(order_batch().rejected), "orders_submitted", "9999", str(out)]
    made = run("prove", *where, "--root", "submitted", "--policy", str(policy), "--strict")
    assert made.exit_code == 0, made.output
    checked = run("check", str(out), "--policy", str(policy), "--strict")
    words = f"was signed by {SELLER}; the call was rejected (no-session), without effect"
    assert checked.exit_code == 0
    assert words in made.stdout
    assert words in checked.stdout
    assert "written" not in checked.stdout
    (row,) = json.loads(run("check", str(out), "--policy", str(policy), "--json").stdout)["rows"]
    assert (row["root"], row["proof"], row["seal"], row["words"]) == ("submitted", "submitted", None, words)


REFUSED: dict[str, tuple[list[str], int, str]] = {
    "a rejected row as written": (["7", "--root", "written"], 2, "a rejected call writes nothing"),
    "no such row": (["10000"], 2, "wrote no row 10000"),
    "nobody vouches for the signers": (["7", "--strict"], 1, "self-asserted"),
    "stale": (["7", "--signed-since", "2099-01-01T00:00+08:00"], 1, "stale"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_command_writes_nothing_when_it_refuses(name: str, tmp_path: Path) -> None:
    (row, *options), code, words = REFUSED[name]
    where = [str(order_batch().folder), AREA, str(order_batch().rejected), "orders_submitted", row]
    found = run("prove", *where, str(tmp_path / "row.json"), *options)
    assert (found.exit_code, list(tmp_path.iterdir())) == (code, []) if code == 2 else found.exit_code != 0
    assert list(tmp_path.iterdir()) == []
    assert words in f"{found.output}{found.stderr}{found.exception}"


def test_the_size_of_a_file_does_not_grow_with_the_batch() -> None:
    sizes = {root: len(prove("orders_submitted", order_batch().entry, 7, root)) for root in ("submitted", "sealed")}
    whole = build_evidence(
        order_batch().record,
        [("orders_submitted", AREA, order_batch().entry, row) for row in range(100)],
        lambda record, segment: check_segment_file(record.reader, segment),
        "submitted",
    )
    assert max(sizes.values()) < 40_000
    assert len(whole) < 60_000
