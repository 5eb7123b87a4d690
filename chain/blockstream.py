"""From the entries of a log back to the inputs of its blocks: what a restart and a verifier feed to a replica."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chain import jcs
from chain.entry import Block, Body, Genesis, Transaction, parse_entry
from chain.errors import ParseError
from chain.transaction import SignedTransaction

RowsOf = Callable[[int, Body], bytes]
"""(entry index, body) → the lines of a batch's rows as submitted."""


@dataclass(frozen=True, slots=True)
class BlockInput:
    """What determines a block."""

    block: Block
    transactions: tuple[SignedTransaction, ...]
    entries: tuple[bytes, ...]
    """As they stand in the log, the `block` entry last."""


def parse_genesis(entries: Sequence[bytes], where: str) -> Genesis:
    """Leaf 0 of a log; `ParseError` otherwise."""
    genesis = parse_entry(entries[0], f"{where} entry 0") if entries else None
    if not isinstance(genesis, Genesis):
        raise ParseError("genesis", "the log does not begin with a genesis entry", where)
    return genesis


def signed_transaction(entry: Transaction, rows: bytes) -> SignedTransaction:
    """A transaction as its author handed it in, from its entry and the lines of its rows."""
    return SignedTransaction(entry.body, jcs.encode(entry.body), entry.signature, rows)


def block_inputs(entries: Sequence[bytes], first: int, rows_of: RowsOf, where: str) -> Iterator[BlockInput]:
    """The blocks of `entries`, which start at log index `first` and end with a `block` entry; `ParseError` otherwise.

    Block 0 is the first when `first` is 0; its genesis entry is no input.
    """
    start = 0
    transactions: list[SignedTransaction] = []
    for offset, data in enumerate(entries):
        index = first + offset
        entry = parse_entry(data, f"{where} entry {index}")
        if isinstance(entry, Transaction):
            rows = rows_of(index, entry.body) if entry.body.rows_count else b""
            transactions.append(signed_transaction(entry, rows))
        elif isinstance(entry, Block):
            if (entry.first, entry.count) != (first + start, offset + 1 - start):
                sentence = f"the block says {entry.count} entries from {entry.first} on"
                raise ParseError("block-range", sentence, f"{where} entry {index}")
            yield BlockInput(entry, tuple(transactions), tuple(entries[start : offset + 1]))
            start, transactions = offset + 1, []
    if start != len(entries):
        raise ParseError("open-block", f"entries from {first + start} on belong to no block", where)
