"""Validators promise before they sign, and never sign a second history (trust rule 3)."""

from pathlib import Path
from typing import Any

import pytest

from chain.errors import ChainError, LedgerError
from chain.journal import Journal
from chain.limits import LIMITS
from chain.merkle import Tree
from chain.note import (
    COSIGNATURE_V1,
    ED25519,
    SigningKey,
    encode_note,
    parse_checkpoint,
    parse_note,
    verify_cosignature,
)
from chain.policy import Policy, encode_policy, parse_policy, verify_checkpoint
from chain.validator import LogTree, SigningState, Validators, sign_checkpoint, sign_handover

ORIGIN = "gridproof/test/area-1"
NOW_MS = 1_793_577_600_999
KEYS = {
    name: SigningKey(f"gridproof/test/validator/{name}", COSIGNATURE_V1, name.encode().ljust(32, b"."))
    for name in ("regulator", "dispatcher", "national", "provincial")
}
LOG_KEY = SigningKey(ORIGIN, ED25519, b"l" * 32)


def tree(*leaves: bytes) -> Tree:
    grown = Tree()
    grown.extend(leaves)
    return grown


def log(*leaves: bytes, origin: str = ORIGIN, time_ms: int = NOW_MS) -> LogTree:
    return LogTree(origin, tree(*leaves), time_ms)


def validators(folder: Path, keys: dict[str, SigningKey] | None = None, now_ms: int = NOW_MS) -> Validators:
    state = SigningState(Journal(folder / "signing-state"), lambda: now_ms)
    return Validators(KEYS if keys is None else keys, state)


def policy(threshold: int = 3, keys: dict[str, SigningKey] | None = None) -> Policy:
    verifiers = {name: key.verifier_key for name, key in (keys or KEYS).items()}
    return parse_policy(encode_policy([LOG_KEY.verifier_key], verifiers, threshold))


def test_every_key_cosigns_the_head_at_the_second_of_its_clock(tmp_path: Path) -> None:
    signatures = validators(tmp_path).cosign(log(b"a", b"b"))
    text = f"{ORIGIN}\n2\n".encode()
    assert [signature.name for signature in signatures] == [KEYS[name].name for name in sorted(KEYS)]
    note = sign_checkpoint(log(b"a", b"b"), LOG_KEY, policy(), validators(tmp_path))
    assert note.text.startswith(text)
    for name, signature in zip(sorted(KEYS), signatures, strict=True):
        assert verify_cosignature(note.text, signature, KEYS[name].verifier_key) == NOW_MS // 1_000


def test_the_signed_note_satisfies_the_policy(tmp_path: Path) -> None:
    note = sign_checkpoint(log(b"a"), LOG_KEY, policy(), validators(tmp_path))
    verified = verify_checkpoint(note, policy(), ORIGIN)
    assert verified.checkpoint == parse_checkpoint(note.text)
    assert verified.checkpoint.root == tree(b"a").root()


def test_a_log_may_grow_and_the_same_head_may_be_signed_again(tmp_path: Path) -> None:
    ours = validators(tmp_path)
    for leaves in ((b"a",), (b"a",), (b"a", b"b", b"c"), (b"a", b"b", b"c", b"d")):
        assert len(ours.cosign(log(*leaves))) == 4


REFUSED: dict[str, tuple[str, LogTree]] = {
    "a smaller log": ("rollback", log(b"a", b"b")),
    "an empty log": ("rollback", log()),
    "another leaf at the same size": ("fork", log(b"a", b"b", b"x")),
    "another early leaf in a longer log": ("fork", log(b"x", b"b", b"c", b"d", b"e")),
    "another last leaf in a longer log": ("fork", log(b"a", b"b", b"x", b"d")),
    "a block of the future": ("clock", log(b"a", b"b", b"c", b"d", time_ms=NOW_MS + 1)),
}


@pytest.mark.parametrize(("code", "other"), REFUSED.values(), ids=REFUSED)
def test_a_second_history_is_never_signed(tmp_path: Path, code: str, other: LogTree) -> None:
    ours = validators(tmp_path)
    ours.cosign(log(b"a", b"b", b"c"))
    before = (tmp_path / "signing-state").read_bytes()
    with pytest.raises(LedgerError) as caught:
        ours.cosign(other)
    assert caught.value.code == code
    assert (tmp_path / "signing-state").read_bytes() == before
    ours.cosign(log(b"a", b"b", b"c", b"d"))


@pytest.mark.parametrize(("code", "other"), REFUSED.values(), ids=REFUSED)
def test_nor_after_a_restart(tmp_path: Path, code: str, other: LogTree) -> None:
    validators(tmp_path).cosign(log(b"a"))
    validators(tmp_path).cosign(log(b"a", b"b", b"c"))
    with pytest.raises(LedgerError) as caught:
        validators(tmp_path).cosign(other)
    assert caught.value.code == code


def test_logs_are_told_apart_by_their_origin(tmp_path: Path) -> None:
    ours = validators(tmp_path)
    ours.cosign(log(b"a", b"b"))
    ours.cosign(log(b"x", origin="gridproof/test/area-2"))
    with pytest.raises(LedgerError):
        ours.cosign(log(b"y", origin="gridproof/test/area-2"))


def test_a_key_that_joins_later_does_not_free_the_others(tmp_path: Path) -> None:
    fewer = {name: KEYS[name] for name in ("regulator", "dispatcher")}
    validators(tmp_path, fewer).cosign(log(b"a", b"b"))
    everybody = validators(tmp_path)
    assert not everybody.has_signed(ORIGIN)
    with pytest.raises(LedgerError):
        everybody.cosign(log(b"x", b"y", b"z"))
    everybody.cosign(log(b"a", b"b", b"c"))
    assert everybody.has_signed(ORIGIN)


def test_lost_signing_state_shows(tmp_path: Path) -> None:
    ours = validators(tmp_path)
    assert not ours.has_signed(ORIGIN)
    ours.cosign(log(b"a"))
    assert ours.has_signed(ORIGIN)
    assert not ours.has_signed("gridproof/test/area-2")
    (tmp_path / "signing-state").unlink()
    assert not validators(tmp_path).has_signed(ORIGIN)


def test_the_promise_is_on_disk_before_any_signature_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    append, cosign = Journal.append, SigningKey.cosign

    def appending(journal: Journal, payload: bytes) -> None:
        append(journal, payload)
        steps.append("journal")

    def signing(key: SigningKey, text: bytes, time_s: int) -> Any:
        steps.append("signature")
        return cosign(key, text, time_s)

    monkeypatch.setattr(Journal, "append", appending)
    monkeypatch.setattr(SigningKey, "cosign", signing)
    validators(tmp_path).cosign(log(b"a"))
    assert steps == ["journal", *["signature"] * 4]


def test_no_signature_leaves_when_the_promise_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(journal: Journal, payload: bytes) -> None:
        raise LedgerError("disk", "cannot write: No space left on device")

    ours = validators(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", fails)
        with pytest.raises(LedgerError):
            ours.cosign(log(b"a"))
    assert not ours.has_signed(ORIGIN)
    assert (tmp_path / "signing-state").stat().st_size == 8


def test_the_log_key_signs_only_what_has_its_quorum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = {name: KEYS[name] for name in ("regulator", "dispatcher")}

    def signs(key: SigningKey, text: bytes) -> None:
        raise AssertionError("the log key signed")

    monkeypatch.setattr(SigningKey, "sign", signs)
    with pytest.raises(LedgerError) as caught:
        sign_checkpoint(log(b"a"), LOG_KEY, policy(), validators(tmp_path, two))
    assert caught.value.code == "no-quorum"


def test_cosigners_whom_the_policy_does_not_know_do_not_count(tmp_path: Path) -> None:
    strangers = {
        f"stranger-{n}": SigningKey(f"gridproof/test/validator/stranger-{n}", COSIGNATURE_V1, bytes([n]) * 32)
        for n in range(4)
    }
    with pytest.raises(LedgerError) as caught:
        sign_checkpoint(log(b"a"), LOG_KEY, policy(), validators(tmp_path, strangers))
    assert caught.value.code == "no-quorum"


@pytest.mark.parametrize("record", [b"\x00", b"\x93\x01\x02\x03", b"\xff\xff"])
def test_a_file_of_something_else_is_no_signing_state(tmp_path: Path, record: bytes) -> None:
    with Journal(tmp_path / "signing-state") as journal:
        journal.append(record)
    with pytest.raises(ChainError) as caught:
        validators(tmp_path)
    assert caught.value.code == "signing-state"


NEW_KEY = SigningKey("gridproof/test/validator/regulator", COSIGNATURE_V1, b"another key".ljust(32, b"."))


def pair(folder: Path, old: dict[str, SigningKey], new: dict[str, SigningKey]) -> tuple[Validators, Validators]:
    state = SigningState(Journal(folder / "signing-state"), lambda: NOW_MS)
    return Validators(old, state), Validators(new, state)


def test_a_replaced_key_keeps_its_name_and_promises_for_itself(tmp_path: Path) -> None:
    old, new = pair(tmp_path, KEYS, {**KEYS, "regulator": NEW_KEY})
    old.cosign(log(b"a", b"b"))
    assert not new.has_signed(ORIGIN)
    # The new key has promised nothing; the others hold the log to what they signed.
    with pytest.raises(LedgerError, match="has signed another root"):
        new.cosign(log(b"x", b"y", b"z"))
    new.cosign(log(b"a", b"b", b"c"))
    state = old.state
    assert state.size(KEYS["regulator"].verifier_key, ORIGIN) == 2
    assert state.size(NEW_KEY.verifier_key, ORIGIN) == 3


def test_a_handover_has_both_quorums_and_each_key_signs_once(tmp_path: Path) -> None:
    changed = {**KEYS, "regulator": NEW_KEY}
    both = pair(tmp_path, KEYS, changed)
    note = sign_handover(log(b"a"), LOG_KEY, policy(), policy(keys=changed), both)
    assert len(note.signatures) == 1 + 5
    for judge in (policy(), policy(keys=changed)):
        assert verify_checkpoint(note, judge, ORIGIN).checkpoint.size == 1


def test_a_handover_between_the_largest_policies_is_made_and_read_again(tmp_path: Path) -> None:
    """Everybody is replaced at once, the names are as long as names may be, and all are needed."""
    many = range(LIMITS.policy_members_max)
    network, sides = "n" * 64, []
    log_key = SigningKey(f"gridproof/{network}/{'l' * 64}", ED25519, b"log".ljust(32, b"."))
    for side in (b"old", b"new"):
        seeds = {f"{n:02d}" + "v" * 62: bytes([n]) + side.ljust(31, b".") for n in many}
        keys = {
            name: SigningKey(f"gridproof/{network}/validator/{name}", COSIGNATURE_V1, seeds[name]) for name in seeds
        }
        witnesses = {name: key.verifier_key for name, key in keys.items()}
        sides.append((keys, parse_policy(encode_policy([log_key.verifier_key], witnesses, len(keys)))))
    (old_keys, old), (new_keys, new) = sides
    tree = Tree()
    tree.extend([b"a"])
    head = LogTree(log_key.name, tree, NOW_MS)
    note = sign_handover(head, log_key, old, new, pair(tmp_path, old_keys, new_keys))
    assert len(note.signatures) == LIMITS.note_signatures_max == 1 + 2 * LIMITS.policy_members_max
    again = parse_note(encode_note(note))
    for judge in (old, new):
        assert verify_checkpoint(again, judge, log_key.name).checkpoint.size == 1


@pytest.mark.parametrize("missing", ["old", "new"])
def test_a_handover_without_one_of_the_quorums_promises_nothing(missing: str, tmp_path: Path) -> None:
    two = {name: KEYS[name] for name in ("regulator", "dispatcher")}
    both = pair(tmp_path, two if missing == "old" else KEYS, two if missing == "new" else KEYS)
    with pytest.raises(LedgerError) as caught:
        sign_handover(log(b"a"), LOG_KEY, policy(), policy(), both)
    assert caught.value.code == "no-quorum"
    assert not both[0].has_signed(ORIGIN)


def test_without_a_quorum_nobody_promises(tmp_path: Path) -> None:
    two = validators(tmp_path, {name: KEYS[name] for name in ("regulator", "dispatcher")})
    with pytest.raises(LedgerError):
        sign_checkpoint(log(b"a"), LOG_KEY, policy(), two)
    assert not two.has_signed(ORIGIN)
