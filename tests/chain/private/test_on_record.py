"""What an export says about private data, and that nothing private is in it."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

import chain.private.on_record
from chain.errors import AccountError, ExportError, PrivateError
from chain.identity.challenge import RegisteredIdentity
from chain.participants_on_record import AccountVersion
from chain.private.disclosure import disclose, verify_disclosure
from chain.private.on_record import reader_on_record, recorded_hashes
from chain.private.record import encode_record, information_hash
from chain.private.sealed import Reader, seal
from chain.private.vault import Vault
from chain.record import Record, open_record
from chain.verify import verify_export
from tests.chain import little_network
from tests.chain.private.private_fixture import SUBJECT, VALUES, record, signer, source
from tests.chain.private.recorded_export import add_rows, recorded_export
from tests.private_scan import assert_nowhere


@cache
def opened() -> Record:
    sample = recorded_export()
    return open_record(sample.export, sample.policy.read_bytes(), "policy")


def test_F14_the_salted_hash_of_the_information_is_on_the_record_and_opens_there() -> None:
    (found,) = recorded_hashes(opened(), SUBJECT)
    assert found.information_hash == information_hash(record())
    assert found.time_ms == little_network.START_MS + 10_000
    shown = disclose(record(), ["legal_representative"])
    assert verify_disclosure(shown, found.information_hash) == {"legal_representative": VALUES["legal_representative"]}


def test_B3_no_private_value_and_no_salt_reaches_the_export_or_the_ledger() -> None:
    made = record()
    secrets = [VALUES, *(one.salt for one in made.fields), encode_record(made)]
    for folder in (recorded_export().export, recorded_export().ledger):
        assert_nowhere([*secrets, *(bytes.fromhex(one.commitment) for one in made.fields)], folder)


def test_B3_after_erasure_the_hash_opens_nothing_and_the_record_verifies(tmp_path: Path) -> None:
    sample, made = recorded_export(), record()
    with Vault(tmp_path / "vault", create=True) as vault:
        vault.put(seal(made, [Reader(SUBJECT, signer(SUBJECT).public_key)], source()))
        left = vault.erase(SUBJECT, little_network.FAR_MS)
    (found,) = recorded_hashes(opened(), SUBJECT)
    assert found.information_hash == left.information_hash
    salts = [one.salt for one in made.fields]
    assert_nowhere([VALUES, *salts], tmp_path / "vault")
    assert_nowhere([VALUES, *salts], sample.export)
    verify_export(sample.export, sample.policy.read_bytes(), "policy")


HOSTILE: dict[str, tuple[Any, Any]] = {
    "no time": (None, ""),
    "a time in words": ("today", ""),
    "a time before all": (-(2**53 - 1), ""),
    "a time after all": (2**53 - 1, ""),
    "a truth value": (True, ""),
    "no hash": (0, None),
    "a short hash": (0, "ab"),
    "a number as hash": (0, 7),
}


@pytest.mark.parametrize(("time", "hashed"), HOSTILE.values(), ids=HOSTILE.keys())
def test_columns_of_other_kinds_are_refused(time: Any, hashed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = RegisteredIdentity(SUBJECT, signer(SUBJECT).public_key, hashed, "active")
    version = AccountVersion(identity, 1, 0, time)
    monkeypatch.setattr(chain.private.on_record, "account_versions", lambda record, account: (version,))
    with pytest.raises(ExportError) as caught:
        recorded_hashes(opened(), SUBJECT)
    assert caught.value.code == "column"


@pytest.mark.parametrize("key", [None, 7, "", "zz" * 32])
def test_what_is_no_key_seals_nothing(key: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = RegisteredIdentity(SUBJECT, key, "", "active")
    monkeypatch.setattr(chain.private.on_record, "registered_identity", lambda record, account: identity)
    with pytest.raises(ExportError):
        reader_on_record(opened(), SUBJECT)


def test_a_readers_key_is_the_one_on_the_record() -> None:
    assert reader_on_record(opened(), SUBJECT) == Reader(SUBJECT, signer(SUBJECT).public_key)


def test_an_operator_of_genesis_has_the_key_of_genesis() -> None:
    assert reader_on_record(opened(), "registrar").public_key == little_network.signer("registrar").public_key


@pytest.mark.parametrize("ask", [recorded_hashes, reader_on_record])
def test_an_account_that_nobody_knows_has_neither_hash_nor_key(ask: Any) -> None:
    with pytest.raises(AccountError) as caught:
        ask(opened(), "nobody")
    assert caught.value.code == "no-account"


def test_the_last_row_of_an_account_is_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [signer(name).public_key for name in ("first", "second")]
    add_rows(monkeypatch, {"public_key": keys[0]}, {"public_key": keys[1], "information_hash": "ab" * 32})
    assert reader_on_record(opened(), SUBJECT) == Reader(SUBJECT, keys[1])
    hashes = [found.information_hash for found in recorded_hashes(opened(), SUBJECT)]
    assert hashes == [information_hash(record())] * 2 + ["ab" * 32]


@pytest.mark.parametrize("status", ["suspended", "revoked"])
def test_nothing_is_sealed_to_an_account_that_is_not_active(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add_rows(monkeypatch, {"status": status})
    with pytest.raises(PrivateError, match=status):
        reader_on_record(opened(), SUBJECT)
