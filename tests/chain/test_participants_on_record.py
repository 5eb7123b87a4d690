"""Who an account is, as a verified export has it: what a login is compared with."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from chain.errors import AccountError, ChallengeError, ExportError
from chain.identity.challenge import ChallengeBook, RegisteredIdentity, answer_challenge
from chain.participants_on_record import account_versions, registered_identity
from chain.private.record import information_hash
from chain.record import Record, open_record
from tests.chain import little_network
from tests.chain.private.private_fixture import SUBJECT, record, signer
from tests.chain.private.recorded_export import add_rows, recorded_export
from tests.sample_export import copy_of


@cache
def opened() -> Record:
    sample = recorded_export()
    return open_record(sample.export, sample.policy.read_bytes(), "policy")


def log_in(identity: RegisteredIdentity) -> str:
    """The subject's key answers a challenge of a service that has read the record."""
    book = ChallengeBook("https://example.org", opened().network_id, 60_000, bytes, lambda: 1_000)
    answer = answer_challenge(book.issue(SUBJECT), signer(SUBJECT), information_hash(record()))
    return book.accept(answer, identity)


def test_P1_who_holds_the_registered_key_logs_in_by_what_the_record_says() -> None:
    assert log_in(registered_identity(opened(), SUBJECT)) == SUBJECT


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"public_key": signer("another").public_key}, "wrong-key"),
        ({"information_hash": ""}, "wrong-information-hash"),
        ({"status": "suspended"}, "suspended"),
        ({"status": "revoked"}, "revoked"),
    ],
)
def test_the_last_row_decides_about_a_login(change: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add_rows(monkeypatch, change)
    with pytest.raises(ChallengeError) as caught:
        log_in(registered_identity(opened(), SUBJECT))
    assert caught.value.code == code


def test_every_version_of_an_account_is_there_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    add_rows(monkeypatch, {"status": "suspended"}, {"status": "active"})
    versions = account_versions(opened(), SUBJECT)
    assert [one.identity.status for one in versions] == ["active", "suspended", "active"]
    assert versions[0].time_ms == little_network.START_MS + 10_000
    assert sorted(one.entry for one in versions) == [one.entry for one in versions]


def test_an_operator_of_genesis_is_as_genesis_says() -> None:
    key = little_network.signer("registrar").public_key
    assert registered_identity(opened(), "registrar") == RegisteredIdentity("registrar", key, "", "active")


def test_an_account_that_nobody_knows_is_refused() -> None:
    with pytest.raises(AccountError) as caught:
        registered_identity(opened(), "nobody")
    assert caught.value.code == "no-account"
    assert account_versions(opened(), "nobody") == ()


def test_a_status_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    add_rows(monkeypatch, {"status": "on holiday"})
    with pytest.raises(ExportError, match="none that this release knows"):
        registered_identity(opened(), SUBJECT)


def test_a_table_without_the_columns_is_refused_by_name() -> None:
    channels = opened().channels
    governance = channels["governance"]
    schema = governance.schemas["participants"]
    fewer = replace_columns(schema, "information_hash")
    without = replace(governance, schemas={**governance.schemas, "participants": fewer})
    with pytest.raises(ExportError, match="information_hash"):
        registered_identity(replace(opened(), channels={**channels, "governance": without}), SUBJECT)
    none = replace(governance, schemas={})
    with pytest.raises(ExportError, match="no table"):
        registered_identity(replace(opened(), channels={**channels, "governance": none}), SUBJECT)


def test_a_changed_file_is_not_believed(tmp_path: Path) -> None:
    sample = recorded_export()
    export = copy_of(sample.export, tmp_path / "copy")
    (path,) = export.glob("governance/tables/participants/*.parquet")
    path.write_bytes(path.read_bytes().replace(information_hash(record()).encode()[:8], b"00000000"))
    path.write_bytes(path.read_bytes() + b"\0")
    damaged = open_record(export, sample.policy.read_bytes(), "policy")
    with pytest.raises(ExportError) as caught:
        registered_identity(damaged, SUBJECT)
    assert caught.value.code == "segment"


def replace_columns(schema: Any, without: str) -> Any:
    return structs.replace(schema, columns=tuple(column for column in schema.columns if column.name != without))
