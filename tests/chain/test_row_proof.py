"""Named roots: what an entry commits to for a table under each of them, and whose signature stands behind it."""

from collections.abc import Callable

import msgspec
import pytest

from chain.entry import Block, Encoder, Entry, Event, Genesis, Operator, Receipt, Transaction, Trigger, Written
from chain.errors import ChainError, ParseError, ProofError, SignatureError
from chain.row_proof import given_keys, is_signed, require_author, stated_root, submitted_root, written_root
from chain.transaction import SignedTransaction, Signer

AUTHOR = Signer("trader", bytes(range(32)))
STRANGER = Signer("trader", bytes(32))
ROWS = Written(rows_count=2, rows_root="cd" * 32, table="trades")


def sent_by(signer: Signer) -> SignedTransaction:
    return signer.transaction(
        network="ab" * 32,
        channel="area-350100",
        nonce=7,
        contract="auction",
        method="declare",
        arguments={"session": "350100-2026110209"},
        valid_until=1,
        rows=b"[1]\n[2]\n[3]\n",
    )


SENT = sent_by(AUTHOR)
BATCH = Written(rows_count=3, rows_root=SENT.body.rows_root, table="orders_submitted")


def receipt(*tables: Written, status: str = "accepted", events: tuple[Event, ...] = ()) -> Receipt:
    return Receipt(
        code="ok",
        detail="",
        events=events,
        status="accepted" if status == "accepted" else "rejected",
        tables=tables,
    )


def transaction(*tables: Written, status: str = "accepted", signature: str = SENT.signature) -> Transaction:
    return Transaction(body=SENT.body, kind="transaction", receipt=receipt(*tables, status=status), signature=signature)


def trigger(*tables: Written, status: str = "accepted", events: tuple[Event, ...] = ()) -> Trigger:
    stated = receipt(*tables, status=status, events=events)
    return Trigger(contract="auction", due=1, key="k", kind="trigger", method="round", receipt=stated)


def block() -> Block:
    hashes = {"catalogue_root": "", "previous": "", "state_root": ""}
    return Block(beacon_round=0, count=1, first=0, height=0, kind="block", state_keys=0, time=1, **hashes)


ROOTS: dict[str, tuple[Callable[[Entry, str, str], Written], Entry, str, Written | str]] = {
    "a taken batch is submitted": (submitted_root, transaction(BATCH, ROWS), "orders_submitted", BATCH),
    "a rejected batch is submitted": (submitted_root, transaction(BATCH, status="rejected"), "orders_submitted", BATCH),
    "a taken batch is written": (written_root, transaction(BATCH), "orders_submitted", BATCH),
    "a rejected batch is never written": (
        written_root,
        transaction(BATCH, status="rejected"),
        "orders_submitted",
        "rejected",
    ),
    "what a call wrote is written": (written_root, transaction(BATCH, ROWS), "trades", ROWS),
    "what a call wrote is not submitted": (submitted_root, transaction(BATCH, ROWS), "trades", "submitted"),
    "what a trigger wrote is written": (written_root, trigger(ROWS), "trades", ROWS),
    "what a rejected trigger states is not written": (
        written_root,
        trigger(ROWS, status="rejected"),
        "trades",
        "rejected",
    ),
    "a trigger submits nothing": (submitted_root, trigger(BATCH), "orders_submitted", "submitted"),
    "a copy of the signed rows in another table is not submitted": (
        submitted_root,
        transaction(BATCH, Written(rows_count=3, rows_root=BATCH.rows_root, table="copies")),
        "copies",
        "submitted",
    ),
    "another root than the signed one": (
        submitted_root,
        transaction(Written(rows_count=3, rows_root="cd" * 32, table="orders_submitted")),
        "orders_submitted",
        "submitted",
    ),
    "another count than the signed one": (
        submitted_root,
        transaction(Written(rows_count=4, rows_root=BATCH.rows_root, table="orders_submitted")),
        "orders_submitted",
        "submitted",
    ),
    "a table that the receipt does not name": (written_root, transaction(BATCH), "trades", "writer"),
    "a table that the receipt names twice": (written_root, transaction(ROWS, ROWS), "trades", "writer"),
    "a block writes no rows": (written_root, block(), "trades", "writer"),
    "a receipt states, whatever became of the call": (
        stated_root,
        transaction(BATCH, status="rejected"),
        "orders_submitted",
        BATCH,
    ),
}


@pytest.mark.parametrize("name", ROOTS)
def test_a_root_has_a_name_and_the_name_a_meaning(name: str) -> None:
    judge, entry, table, expected = ROOTS[name]
    if isinstance(expected, Written):
        assert judge(entry, table, "here") == expected
        return
    with pytest.raises(ProofError) as caught:
        judge(entry, table, "here")
    assert (caught.value.code, caught.value.where) == (expected, "here")


def registered(
    account: str, public_key: str, name: str = "participant.registered", status: str = "accepted"
) -> Trigger:
    return trigger(status=status, events=(Event(data={"account": account, "public_key": public_key}, name=name),))


def genesis(operator: Signer) -> Genesis:
    return Genesis(
        channel="governance",
        contracts=(),
        deployment="embedded",
        encoder=Encoder("polars", "", "2.1.0"),
        faults=0,
        format="gridproof/1",
        governance="",
        kind="genesis",
        name="n",
        operators=(
            msgspec.convert(
                {name: "" for name in Operator.__struct_fields__ if name not in ("account", "public_key", "roles")}
                | {"account": operator.account, "public_key": operator.public_key, "roles": []},
                Operator,
            ),
        ),
        parameters={},
        policy="",
        release="",
        schemas=(),
        time=0,
    )


GIVERS: dict[str, tuple[Entry, bool]] = {
    "a registration": (registered("trader", AUTHOR.public_key), True),
    "a change": (registered("trader", AUTHOR.public_key, "participant.changed"), True),
    "genesis, to an operator": (genesis(AUTHOR), True),
    "a registration that was rejected": (registered("trader", AUTHOR.public_key, status="rejected"), False),
    "a registration of somebody else": (registered("other", AUTHOR.public_key), False),
    "a registration of another key": (registered("trader", STRANGER.public_key), False),
    "an event of another name": (registered("trader", AUTHOR.public_key, "participant.asked"), False),
    "an event without a key": (trigger(events=(Event(data={"account": "trader"}, name="participant.changed"),)), False),
    "an event whose key is a number": (
        trigger(events=(Event(data={"account": "trader", "public_key": 1}, name="participant.changed"),)),
        False,
    ),
    "a block": (block(), False),
}


@pytest.mark.parametrize("name", GIVERS)
def test_an_author_holds_a_key_that_governance_gave(name: str) -> None:
    giver, holds = GIVERS[name]
    assert (("trader", AUTHOR.public_key) in given_keys(giver)) == holds
    if holds:
        require_author(transaction(BATCH), AUTHOR.public_key, giver, "here")
        return
    with pytest.raises(SignatureError) as caught:
        require_author(transaction(BATCH), AUTHOR.public_key, giver, "here")
    assert (caught.value.code, caught.value.where) == ("author-key", "here")


def test_validators_cannot_make_up_an_authors_signature() -> None:
    forged = transaction(BATCH, signature=sent_by(STRANGER).signature)
    with pytest.raises(SignatureError) as caught:
        require_author(forged, AUTHOR.public_key, registered("trader", AUTHOR.public_key), "here")
    assert caught.value.code == "author"
    with pytest.raises(SignatureError):
        require_author(forged, STRANGER.public_key, registered("trader", AUTHOR.public_key), "here")


def test_a_signature_is_for_one_body() -> None:
    other = msgspec.structs.replace(SENT.body, nonce=8)
    assert is_signed(transaction(BATCH), AUTHOR.public_key, "here")
    assert not is_signed(msgspec.structs.replace(transaction(BATCH), body=other), AUTHOR.public_key, "here")


NO_KEYS = {"empty": "", "short": "ab" * 31, "capitals": "AB" * 32, "no hex": "zz" * 32}


@pytest.mark.parametrize("name", NO_KEYS)
def test_what_is_no_key_or_signature_is_our_own_error(name: str) -> None:
    with pytest.raises(ParseError):
        is_signed(transaction(BATCH), NO_KEYS[name], "here")
    with pytest.raises(ChainError):
        is_signed(transaction(BATCH, signature=NO_KEYS[name]), AUTHOR.public_key, "here")
