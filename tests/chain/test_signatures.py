"""Whoever checks signatures, here or elsewhere, ahead or not, finds the same; and nothing dies with a process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chain.contract import ACCOUNTS, Account
from chain.merkle import levels_of
from chain.signature_work import is_signature, row_levels
from chain.signatures import (
    Checked,
    PooledCheck,
    SignatureChecks,
    ThreadedCheck,
    check_in_turn,
)
from chain.state import State
from chain.transaction import SignedTransaction, Signer, row_hashes
from tests.chain.little_network import AREA, found, next_calls, reopened

ROOT = Path(__file__).resolve().parents[2]
ALICE, BOB, MALLORY = (Signer(name, name.encode().ljust(32, b".")) for name in ("alice", "bob", "mallory"))
ROWS = b'["a",1]\n["b",2]\n["c",3]\n'


def known(*signers: Signer) -> State:
    state = State()
    for one in signers:
        state.put(ACCOUNTS, one.account, Account(one.account, "", "consumer", one.public_key, (), "", ""))
    return state


def signed(by: Signer, nonce: int = 1, rows: bytes = b"") -> SignedTransaction:
    return by.transaction(
        network="00" * 32,
        channel="area",
        nonce=nonce,
        contract="record",
        method="seal",
        arguments={},
        valid_until=1,
        rows=rows,
    )


def with_signature(transaction: SignedTransaction, signature: str) -> SignedTransaction:
    return SignedTransaction(transaction.body, transaction.body_bytes, signature, transaction.rows)


def as_alice(transaction: SignedTransaction) -> SignedTransaction:
    body = msgspec.structs.replace(transaction.body, account="alice")
    return SignedTransaction(body, transaction.body_bytes, transaction.signature)


GOOD = signed(ALICE)
CASES: dict[str, tuple[SignedTransaction, bool]] = {
    "good": (GOOD, True),
    "good, with rows": (signed(BOB, 2, ROWS), True),
    "of an account that nobody knows": (signed(MALLORY), False),
    "by another's key": (as_alice(signed(BOB)), False),
    "over another message": (with_signature(signed(ALICE, 2), GOOD.signature), False),
    "in capitals": (with_signature(GOOD, GOOD.signature.upper()), False),
    "too short": (with_signature(GOOD, GOOD.signature[:-2]), False),
    "too long": (with_signature(GOOD, GOOD.signature + "00"), False),
    "with blanks that a lenient parser skips": (with_signature(GOOD, GOOD.signature[:126] + "  "), False),
    "no hex": (with_signature(GOOD, "zz" * 64), False),
    "in other digits": (with_signature(GOOD, "٠" * 128), False),
    "empty": (with_signature(GOOD, ""), False),
    "zeros": (with_signature(GOOD, "00" * 64), False),
}
TRANSACTIONS = [transaction for transaction, _ in CASES.values()]
EXPECTED = [transaction.body.account if good else "" for transaction, good in CASES.values()]
KEYS = {"": "", "alice": ALICE.public_key, "bob": BOB.public_key}


@pytest.fixture(scope="module")
def pool() -> Iterator[PooledCheck]:
    check = PooledCheck(1)
    yield check
    check.close()


def keys(found_keys: Any) -> list[str]:
    return [checked.key for checked in found_keys]


@pytest.mark.parametrize("repeats", [1, 4])
def test_in_turn_in_threads_and_in_processes_the_same_is_found(pool: PooledCheck, repeats: int) -> None:
    threads, expected = ThreadedCheck(), [KEYS[account] for account in EXPECTED] * repeats
    asked = [with_signature(one, one.signature) for one in TRANSACTIONS * repeats]
    state = known(ALICE, BOB)
    assert keys(check_in_turn(asked, state)) == keys(threads(asked, state)) == keys(pool(asked, state)) == expected
    pool.ahead(asked, state)
    assert keys(pool(asked, state)) == expected
    threads.close()


def test_rows_are_hashed_elsewhere_as_they_are_here(pool: PooledCheck) -> None:
    transaction = signed(ALICE, 3, ROWS)
    (checked,) = pool([transaction], known(ALICE))
    assert list(checked.row_levels) == row_levels(ROWS) == levels_of(b"".join(row_hashes(ROWS)))
    (forged,) = pool([with_signature(transaction, "00" * 64)], known(ALICE))
    assert forged == Checked("", [])


def test_what_was_found_under_an_old_key_does_not_count_under_a_new_one(pool: PooledCheck) -> None:
    old, new = Signer("alice", bytes(32)), ALICE
    mine, theirs = signed(new), signed(old)
    pool.ahead([mine, theirs], known(old))
    assert keys(pool([mine, theirs], known(new))) == [new.public_key, ""]


def test_an_account_that_becomes_known_meanwhile_is_checked_when_its_turn_comes(pool: PooledCheck) -> None:
    transaction = signed(ALICE, 7)
    pool.ahead([transaction], State())
    assert keys(pool([transaction], known(ALICE))) == [ALICE.public_key]


def test_keys_and_signatures_of_other_lengths_never_reach_the_library() -> None:
    for signature, key in ((bytes(63), bytes(32)), (bytes(64), b""), (bytes(64), bytes(31)), (b"", bytes(32))):
        assert not is_signature(signature, b"message", key)


def kill_all(check: PooledCheck) -> None:
    for process in list(check._pool._processes.values()):  # type: ignore[union-attr]
        process.kill()  # Not os.kill: the executor may have ended it already, as it does once one has died.
        process.join()


def test_killed_processes_change_nothing_but_the_speed() -> None:
    check, state = PooledCheck(2), known(ALICE, BOB)
    try:
        expected = keys(check(TRANSACTIONS, state))
        kill_all(check)
        assert keys(check(TRANSACTIONS, state)) == expected
        check.ahead(TRANSACTIONS, state)
        assert keys(check(TRANSACTIONS, state)) == expected
    finally:
        check.close()
    assert keys(check(TRANSACTIONS, state)) == expected


def test_processes_killed_between_asking_and_answering_owe_nothing() -> None:
    check, state = PooledCheck(1), known(ALICE)
    many = [signed(ALICE, nonce) for nonce in range(1, 300)]
    try:
        check.ahead(many, state)
        kill_all(check)
        assert keys(check(many, state)) == [ALICE.public_key] * len(many)
    finally:
        check.close()


def test_processes_that_cannot_start_are_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("chain.signatures.ProcessPoolExecutor", fails)
    assert keys(PooledCheck(2)([GOOD], known(ALICE))) == [ALICE.public_key]


def test_nothing_is_started_before_there_is_work() -> None:
    checks = SignatureChecks()
    checks.use_processes(2)
    assert checks._check._pool is None
    checks.close()


def test_a_network_commits_the_same_blocks_whoever_checks_and_however_far_ahead(tmp_path: Path) -> None:
    def life(folder: Path, processes: int) -> list[bytes]:
        with found(folder) as network:
            if processes:
                network.use_processes(processes)
            start = network.channels[AREA].replica.time_ms
            blocks = [(start + 1_000 * n, next_calls(network, AREA) if n % 3 else []) for n in range(1, 3)]
            committed = list(network.commit_many(AREA, blocks))
            assert [block.block.height for block in committed] == [1, 2]
            return list(network.channels[AREA].entries)

    whole = life(tmp_path / "thread", 0)
    assert life(tmp_path / "pool", 1) == whole
    with reopened(tmp_path / "pool") as network:
        assert list(network.channels[AREA].entries) == whole


SCRIPT = """
import os, sys
from pathlib import Path
print("main runs")
from tests.chain.little_network import AREA, found, next_calls
with found(Path(sys.argv[1])) as network:
    network.use_processes(2)
    network.commit(AREA, network.channels[AREA].replica.time_ms + 1, next_calls(network, AREA))
    {then}
"""


@pytest.mark.parametrize(
    ("then", "code"), [("pass", 0), ("sys.exit(3)", 3), ("raise KeyboardInterrupt", -signal.SIGINT)]
)
def test_the_callers_script_is_not_run_again_and_ends_cleanly(tmp_path: Path, then: str, code: int) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(then=then))
    command = [sys.executable, str(script), str(tmp_path / "ledger")]
    run = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert (run.returncode, run.stdout) == (code, "main runs\n"), run.stderr
    assert "Process" not in run.stderr


def test_processes_end_with_their_parent(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        SCRIPT.format(
            then="print(*network._check_signers._check._pool._processes, flush=True); os.kill(os.getpid(), 9)"
        )
    )
    command = [sys.executable, str(script), str(tmp_path / "ledger")]
    run = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    children = [int(pid) for pid in run.stdout.split("\n")[-2].split()]
    assert children
    # Standard output was the children's too: `run` returned when the last of them had closed it.
    assert all(_is_gone(pid) for pid in children)


def _is_gone(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" in status.read_text()
    except FileNotFoundError:
        return True
