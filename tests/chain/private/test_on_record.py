"""What an export says about private data, and that nothing private is in it."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from chain.errors import ExportError, PrivateError
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
from tests.sample_export import copy_of


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


def test_a_readers_key_is_the_one_on_the_record() -> None:
    assert reader_on_record(opened(), SUBJECT) == Reader(SUBJECT, signer(SUBJECT).public_key)


def test_an_operator_of_genesis_has_the_key_of_genesis() -> None:
    assert reader_on_record(opened(), "registrar").public_key == little_network.signer("registrar").public_key


@pytest.mark.parametrize("ask", [recorded_hashes, reader_on_record])
def test_an_account_that_nobody_knows_has_neither_hash_nor_key(ask: Any) -> None:
    with pytest.raises(PrivateError) as caught:
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


def test_a_table_without_the_columns_is_refused_by_name() -> None:
    channels = opened().channels
    governance = channels["governance"]
    schema = governance.schemas["participants"]
    fewer = replace_columns(schema, "information_hash")
    without = replace(governance, schemas={**governance.schemas, "participants": fewer})
    with pytest.raises(PrivateError, match="information_hash"):
        recorded_hashes(replace(opened(), channels={**channels, "governance": without}), SUBJECT)
    none = replace(governance, schemas={})
    with pytest.raises(PrivateError, match="no table"):
        recorded_hashes(replace(opened(), channels={**channels, "governance": none}), SUBJECT)


def test_a_changed_file_is_not_believed(tmp_path: Path) -> None:
    sample = recorded_export()
    export = copy_of(sample.export, tmp_path / "copy")
    (path,) = export.glob("governance/tables/participants/*.parquet")
    path.write_bytes(path.read_bytes().replace(information_hash(record()).encode()[:8], b"00000000"))
    path.write_bytes(path.read_bytes() + b"\0")
    damaged = open_record(export, sample.policy.read_bytes(), "policy")
    with pytest.raises(ExportError) as caught:
        recorded_hashes(damaged, SUBJECT)
    assert caught.value.code == "segment"


def replace_columns(schema: Any, without: str) -> Any:
    return structs.replace(schema, columns=tuple(column for column in schema.columns if column.name != without))
