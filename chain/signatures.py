"""Verify the signatures of a whole block before any of it is executed.

Verification is four fifths of the work of a single-signature transaction. Done in a loop of its own it does not throw
execution out of the processor's caches at every transaction, and libsodium runs without Python's global lock, so a
second core can help. The outcome is the same whatever does it: `chain.execution.admit` has the last word, since an
account's key may change within the block.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from chain.contract import ACCOUNTS, Account
from chain.errors import AdmissionError
from chain.state import State
from chain.transaction import SignedTransaction, verify_signature

SignerCheck = Callable[[Sequence[SignedTransaction], State], list[str]]
"""Per transaction the public key (hex) of its account as it is in the state, if that key signed; "" otherwise."""

_THREADED_FROM = 8
"""Below this many signatures handing them to another thread costs more than it saves."""


def check_in_turn(transactions: Sequence[SignedTransaction], state: State) -> list[str]:
    """One after the other."""
    return _check([(transaction, _key(transaction, state)) for transaction in transactions])


class ThreadedCheck:
    """Half of a block here, half in another thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="signatures")

    def __call__(self, transactions: Sequence[SignedTransaction], state: State) -> list[str]:
        # Keys are read here: the state belongs to the thread that executes.
        work = [(transaction, _key(transaction, state)) for transaction in transactions]
        if len(work) < _THREADED_FROM:
            return _check(work)
        middle = len(work) // 2
        there = self._pool.submit(_check, work[middle:])
        return _check(work[:middle]) + there.result()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown()


def _key(transaction: SignedTransaction, state: State) -> str:
    caller: Account | None = state.get(ACCOUNTS, transaction.body.account)
    return caller.public_key if caller is not None else ""


def _check(work: Sequence[tuple[SignedTransaction, str]]) -> list[str]:
    found = []
    for transaction, key in work:
        try:
            if key:
                verify_signature(transaction, bytes.fromhex(key))
            found.append(key)
        except AdmissionError:
            found.append("")
    return found
