"""A small export whose participants committed to private records: made once per process, never changed."""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chain import participants_on_record
from chain.contracts.participant import possession_message
from chain.export import export_network, seal_all
from chain.imports import GOVERNANCE
from chain.network import Network
from chain.private.record import information_hash, make_record
from chain.transaction import SignedTransaction
from tests.chain import little_network
from tests.chain.private.private_fixture import SUBJECT, record, signer, source

OTHER_SUBJECT = "fz-factory-01"
LATER_MS = little_network.START_MS + 60_000


@dataclass(frozen=True, slots=True)
class RecordedExport:
    """Look, do not touch."""

    export: Path
    policy: Path
    """The file that a reader trusts."""
    ledger: Path
    """The network's own folder, closed."""


@cache
def recorded_export() -> RecordedExport:
    folder = Path(tempfile.mkdtemp(prefix="gridproof-private-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    other = make_record(OTHER_SUBJECT, {"legal_representative": "another person"}, source("other subject"))
    with little_network.found(folder / "ledger") as network:
        for step, (account, digest) in enumerate(
            ((SUBJECT, information_hash(record())), (OTHER_SUBJECT, information_hash(other))), 1
        ):
            call = _registration(network, account, digest)
            network.commit(GOVERNANCE, little_network.START_MS + 10_000 * step, [call])
        seal_all(network, little_network.signer("regulator"), LATER_MS)
        export_network(network, folder / "export")
        (folder / "trusted.policy").write_bytes(network.policy.text)
    return RecordedExport(folder / "export", folder / "trusted.policy", folder / "ledger")


def _registration(network: Network, account: str, digest: str) -> SignedTransaction:
    known = signer(account)
    return little_network.signer("registrar").transaction(
        network=network.network_id,
        channel=GOVERNANCE,
        nonce=network.channels[GOVERNANCE].replica.nonce("registrar") + 1,
        contract="participant",
        method="register",
        arguments={
            "account": account,
            "area": "350100",
            "information_hash": digest,
            "kind": "consumer",
            "name_en": account,
            "name_zh": account,
            "possession": known.sign_bytes(possession_message(account, known.public_key)),
            "public_key": known.public_key,
            "roles": ["member"],
            "voltage": "10kV",
            "zone": "",
        },
        valid_until=little_network.FAR_MS,
    )


def add_rows(monkeypatch: pytest.MonkeyPatch, *changes: dict[str, Any], instead: bool = False) -> None:
    """Later rows of the subject, as a rotation or a suspension writes them; `instead` of those that are there."""
    real = participants_on_record.decode_parquet

    def more(schema: Any, data: bytes, where: str) -> tuple[list[int], list[int], list[Any]]:
        entries, positions, rows = real(schema, data, where)
        names = [column.name for column in schema.columns]
        newest = dict(zip(names, next(row for row in rows if row[0] == SUBJECT), strict=True))
        if instead:
            rows = [("nobody", *row[1:]) for row in rows]
        for change in changes:
            newest |= change
            entries, positions = [*entries, entries[-1] + 1], [*positions, 0]
            rows = [*rows, tuple(newest[name] for name in names)]
        return entries, positions, rows

    monkeypatch.setattr(participants_on_record, "decode_parquet", more)
