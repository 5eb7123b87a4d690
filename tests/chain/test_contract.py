"""What a contract may touch, and how its code is named."""

from pathlib import Path

import msgspec
import pytest

from chain import contract as contract_module
from chain.contract import ACCOUNTS, Call, code_sha256, operator_account
from chain.entry import Event, Operator
from chain.errors import ChainError, LedgerError, RejectError
from chain.imports import told_account
from chain.limits import LIMITS
from chain.state import Overlay, State
from tests.chain.contract_fixture import CONTRACT, NOTES, SUBMITTED, Parameters
from tests.chain.contracts.replica_fixture import GENESIS_MS, member


def call(state: State | None = None, due_ms: int = 0) -> Call:
    return Call(
        "notes", "area-1", GENESIS_MS, 7, Parameters(), Overlay(state or State()), frozenset({"notes"}), due_ms=due_ms
    )


def test_a_contract_sees_and_writes_only_its_own_spaces() -> None:
    state = State()
    state.put("other.memory", "k", "theirs")
    state.put("notes.memory", "k", "ours")
    one = call(state)
    assert one.get("memory", "k") == "ours"
    one.put("memory", "k", "new")
    one.put("memory", "l", 1)
    assert list(one.items("memory")) == [("k", "new"), ("l", 1)]
    one.delete("memory", "k")
    one.overlay.apply()
    assert state.items("notes.memory") == [("l", 1)]
    assert state.get("other.memory", "k") == "theirs"


def test_accounts_are_known_by_id() -> None:
    state = State()
    state.put(ACCOUNTS, "bob", member("bob"))
    state.put(ACCOUNTS, "alice", member("alice"))
    one = call(state)
    assert [account for account, _ in one.accounts()] == ["alice", "bob"]
    assert one.account("alice") == member("alice")
    assert one.account("carol") is None


def test_a_new_account_is_known_at_once_and_never_replaced() -> None:
    state = State()
    one = call(state)
    one.register_account(member("alice"))
    assert one.account("alice") == member("alice")
    assert state.get(ACCOUNTS, "alice") is None
    with pytest.raises(LedgerError) as caught:
        one.register_account(member("alice", ("regulator",)))
    assert caught.value.code == "account-taken"


def test_a_trigger_has_no_caller() -> None:
    with pytest.raises(LedgerError) as caught:
        _ = call().account_id
    assert caught.value.code == "no-caller"


def test_a_refusal_carries_code_and_sentence() -> None:
    with pytest.raises(RejectError) as caught:
        call().reject("no-session", "there is none")
    assert (caught.value.code, caught.value.sentence) == ("no-session", "there is none")


def test_an_events_members_stand_in_key_order() -> None:
    one = call()
    one.event("done", {"b": 1, "a": 2})
    assert list(one.events[0].data) == ["a", "b"]


def test_one_event_more_than_a_receipt_carries_is_refused() -> None:
    one = call()
    for _ in range(LIMITS.events_per_receipt_max):
        one.event("one", {})
    with pytest.raises(RejectError) as caught:
        one.event("one", {})
    assert caught.value.code == "too-many-events"


def test_rows_keep_the_order_in_which_they_were_written() -> None:
    one = call()
    one.write(NOTES, ("a", 1, 0), ("b", 2, 0))
    one.write(NOTES, ("c", 3, 0))
    assert one.written == {"notes": [("a", 1, 0), ("b", 2, 0), ("c", 3, 0)]}


def test_a_trigger_schedules_nothing_that_is_due_before_itself() -> None:
    one = call(due_ms=GENESIS_MS)
    one.schedule(GENESIS_MS, "fire", "k")
    with pytest.raises(LedgerError) as caught:
        one.schedule(GENESIS_MS - 1, "fire", "k")
    assert caught.value.code == "trigger-order"
    assert one.scheduled == [(GENESIS_MS, "notes", "k", "fire")]


def test_methods_and_triggers_are_found_by_name_and_are_not_each_other() -> None:
    assert CONTRACT.method("write") is not None
    assert CONTRACT.trigger("fire") is not None
    assert CONTRACT.method("fire") is None
    assert CONTRACT.trigger("write") is None


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def _digest(folder: Path, name: str, text: bytes) -> str:
    (folder / f"{name}.py").write_bytes(text)
    return code_sha256((name,))


def test_the_code_of_a_contract_is_its_sources_name_and_text(module: Path) -> None:
    digests = [
        _digest(module, "contract_code_a", b"X = 1\n"),
        _digest(module, "contract_code_b", b"X = 1\n"),
        _digest(module, "contract_code_c", b"X = 2\n"),
        code_sha256(("contract_code_a", "contract_code_b")),
        code_sha256(("contract_code_b", "contract_code_a")),
        code_sha256(()),
    ]
    assert len(set(digests)) == len(digests)


def test_line_ends_do_not_change_the_code(module: Path) -> None:
    unix = _digest(module, "contract_code_lf", b"X = 1\nY = 2\n")
    code_sha256.cache_clear()
    assert _digest(module, "contract_code_lf", b"X = 1\r\nY = 2\r\n") == unix


def test_a_module_without_source_has_no_code() -> None:
    with pytest.raises(ChainError) as caught:
        code_sha256(("chain.no_such_module",))
    assert caught.value.code == "contract-source"
    assert contract_module.__file__ is not None


def test_a_contract_writes_no_table_that_is_not_its_own() -> None:
    with pytest.raises(LedgerError) as caught:
        call().write(SUBMITTED, ("a", 1))
    assert caught.value.code == "foreign-table"


@pytest.mark.parametrize(("space", "key"), [("memory", "a/b"), ("memory", "钥"), ("a/b", "k")])
def test_a_state_key_that_the_tree_could_not_hold_is_refused(space: str, key: str) -> None:
    with pytest.raises(LedgerError) as caught:
        call().put(space, key, 1)
    assert caught.value.code == "state-key"


def test_an_operator_has_an_account_from_genesis() -> None:
    operator = Operator("grid", "Grid", "电网", "grid-company", "ab" * 32, ("dispatcher",))
    account = operator_account(operator)
    assert (account.account, account.kind, account.public_key) == ("grid", "operator", "ab" * 32)
    assert (account.roles, account.area, account.status) == (("dispatcher",), "", "active")


@pytest.mark.parametrize("key", ["", "ab", "zz" * 32, "AB" * 32])
def test_an_operator_whose_key_is_none_is_refused(key: str) -> None:
    with pytest.raises(ChainError):
        operator_account(Operator("grid", "Grid", "电网", "grid-company", key, ()))


def told(**changes: object) -> Event:
    data = {**msgspec.to_builtins(member("alice")), **changes}
    return Event(data, "participant.registered")


def test_an_account_is_imported_as_governance_tells_of_it() -> None:
    assert told_account(told()) == member("alice")
    assert told_account(told(status="revoked")).status == "revoked"


@pytest.mark.parametrize("changes", [{"public_key": "no key"}, {"roles": 7}, {"status": "gone"}, {"more": 1}])
def test_what_tells_of_no_account_is_our_own_error(changes: dict[str, object]) -> None:
    with pytest.raises(ChainError):
        told_account(told(**changes))
