"""Verify the signatures of a whole block before any of it is executed, here or in other processes.

Verification is four fifths of the work of a single-signature transaction. Done in a loop of its own it does not throw
execution out of the processor's caches at every transaction; done elsewhere, and ahead, it runs beside execution.

1. The outcome is the same whatever does it: `chain.execution.admit` has the last word, since an account's key may
   change within the block. A result counts for the transaction and key that it was asked for, and for no other.
2. Signatures of blocks to come may be checked ahead (`ahead`); so are the hashes of their rows.
3. A process that dies takes nothing with it: what it owed is done here, and so is everything after.
4. No process is started before there is work for it, and none unless somebody asked for them.
"""

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple

from chain.contract import ACCOUNTS, Account
from chain.processes import without_main
from chain.signature_work import Checked, Found, Work, begin, check_all
from chain.state import State
from chain.transaction import CONTEXT, SignedTransaction

SignerCheck = Callable[[Sequence[SignedTransaction], State], Sequence[Checked]]
"""One per transaction."""

_SIGNATURE = re.compile(r"[0-9a-f]{128}")

_LARGE_BYTES = 1 << 16
"""Rows that are work enough for one task."""

Block = tuple[int, Sequence[SignedTransaction]]
"""(time, transactions) of a block to come."""

_BLOCKS_TOGETHER = 4
"""Blocks whose signatures are asked for at once: with too little to do a process waits more than it works."""
_GROUPS_AHEAD = 2
"""So many times these blocks are checked before their turn: no process waits, and there is not too much to hold."""
_ELSEWHERE_FROM = 8
"""Below this many signatures handing them to somebody else costs more than it saves."""


def check_in_turn(transactions: Sequence[SignedTransaction], state: State) -> list[Checked]:
    """One after the other."""
    keys = [_key(transaction, state) for transaction in transactions]
    return _results(keys, check_all([_work(t, key, b"") for t, key in zip(transactions, keys, strict=True)]))


class ThreadedCheck:
    """Half of a block here, half in another thread: libsodium runs without Python's global lock."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="signatures")

    def __call__(self, transactions: Sequence[SignedTransaction], state: State) -> list[Checked]:
        # Keys are read here: the state belongs to the thread that executes.
        keys = [_key(transaction, state) for transaction in transactions]
        work = [_work(transaction, key, b"") for transaction, key in zip(transactions, keys, strict=True)]
        if len(work) < _ELSEWHERE_FROM or _cores() < 2:
            return _results(keys, check_all(work))
        middle = len(work) // 2
        there = self._pool.submit(check_all, work[middle:])
        return _results(keys, check_all(work[:middle]) + there.result())

    def ahead(self, transactions: Sequence[SignedTransaction], state: State) -> None:
        """Nothing is gained by it with threads."""

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown()


class _Pending(NamedTuple):
    """A transaction whose check is under way."""

    transaction: SignedTransaction
    """Kept, so that no other object takes its identity."""
    key: str
    answer: "Future[list[Found]]"
    position: int


_Answers = dict["Future[list[Found]]", list[Found]]
"""What has been fetched for one block."""


class PooledCheck:
    """Signatures in `processes` processes, ahead of execution where the caller tells what comes."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool: Executor | None = None
        self._is_broken = False
        self._pending: dict[int, _Pending] = {}

    def __call__(self, transactions: Sequence[SignedTransaction], state: State) -> list[Checked]:
        self.ahead(transactions, state)
        # What a process has answered is one list for many transactions: fetched under its lock once, not for each.
        answers: _Answers = {}
        return [self._take(transaction, _key(transaction, state), answers) for transaction in transactions]

    def ahead(self, transactions: Sequence[SignedTransaction], state: State) -> None:
        """Begin to check what will be asked for, under the keys that the accounts have now (rules 1 and 2)."""
        fresh = [transaction for transaction in transactions if id(transaction) not in self._pending]
        share = -(-len(fresh) // self._processes)
        if any(len(transaction.rows) >= _LARGE_BYTES for transaction in fresh):
            share = 1
        for start in range(0, len(fresh), share or 1):
            self._submit(fresh[start : start + share], state)

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        self._pending.clear()
        self._is_broken = True

    def _submit(self, transactions: Sequence[SignedTransaction], state: State) -> None:
        if self._is_broken:
            return
        keys = [_key(transaction, state) for transaction in transactions]
        work = [_work(t, key, t.rows) for t, key in zip(transactions, keys, strict=True)]
        try:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(self._processes, get_context("spawn"), begin)
            # Rule 4: a process may start with any task.
            with without_main():
                answer = self._pool.submit(check_all, work)
        except (BrokenProcessPool, OSError):
            self._is_broken = True
            return
        for position, (transaction, key) in enumerate(zip(transactions, keys, strict=True)):
            self._pending[id(transaction)] = _Pending(transaction, key, answer, position)

    def _take(self, transaction: SignedTransaction, key: str, answers: _Answers) -> Checked:
        """Rules 1 and 3."""
        pending = self._pending.pop(id(transaction), None)
        if pending is not None and pending.key == key:
            try:
                if pending.answer not in answers:
                    answers[pending.answer] = pending.answer.result()
            except BrokenProcessPool:
                self._is_broken = True
            else:
                holds, levels = answers[pending.answer][pending.position]
                return Checked(key if holds else "", levels)
        return _results([key], check_all([_work(transaction, key, b"")]))[0]


class SignatureChecks:
    """What a network checks signatures with: a thread, or processes once somebody asks for them (rule 4)."""

    def __init__(self) -> None:
        self._check: ThreadedCheck | PooledCheck = ThreadedCheck()

    def __call__(self, transactions: Sequence[SignedTransaction], state: State) -> list[Checked]:
        return self._check(transactions, state)

    def use_processes(self, processes: int) -> None:
        """From now on in so many processes."""
        self._check.close()
        self._check = PooledCheck(processes)

    def looking_ahead(self, blocks: Iterable[Block], state: State) -> Iterator[Block]:
        """The same `blocks`, each handed out while those after it are being checked (rule 2)."""
        source = iter(blocks)
        coming: deque[list[Block]] = deque()
        while group := list(islice(source, _BLOCKS_TOGETHER)):
            self._check.ahead([transaction for _, transactions in group for transaction in transactions], state)
            coming.append(group)
            if len(coming) > _GROUPS_AHEAD:
                yield from coming.popleft()
        for group in coming:
            yield from group

    def close(self) -> None:
        """End thread and processes."""
        self._check.close()


def _cores() -> int:
    """On how many this process may run: with one, a second thread only takes turns with the first."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _key(transaction: SignedTransaction, state: State) -> str:
    caller: Account | None = state.get(ACCOUNTS, transaction.body.account)
    return caller.public_key if caller is not None else ""


def _work(transaction: SignedTransaction, key: str, rows: bytes) -> Work:
    """Without a key there is nothing to verify under: an empty one, which libsodium refuses."""
    if not _SIGNATURE.fullmatch(transaction.signature):
        return b"", b"", b"", b""
    return bytes.fromhex(transaction.signature), CONTEXT + transaction.body_bytes, bytes.fromhex(key), rows


def _results(keys: Sequence[str], found: Sequence[Found]) -> list[Checked]:
    return [Checked(key if holds else "", levels) for key, (holds, levels) in zip(keys, found, strict=True)]
