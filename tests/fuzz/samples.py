"""Valid samples of everything that a stranger may hand over, made once per process."""

import io
import json
from functools import cache
from pathlib import Path

import msgspec
import polars as pl

from chain import jcs
from chain.contracts.auction_tables import TRADES
from chain.entry import Transaction, parse_entry
from chain.identity.challenge import FORMAT as CHALLENGE_FORMAT
from chain.identity.challenge import Challenge, answer_challenge
from chain.journal import Journal
from chain.layout import BEACON, CHECKPOINT, MANIFEST, VKEY, journal_path, log_path, policy_path
from chain.note import parse_note
from chain.private.disclosure import disclose, encode_disclosure
from chain.private.record import encode_record
from chain.private.sealed import seal
from chain.reader import ExportReader
from chain.record import Record, open_record
from chain.seals import SealedSegment, check_segment_file
from chain.transaction import SignedTransaction
from queries.evidence.build import build_evidence
from tests.chain.identity.test_keystore import by_hand
from tests.chain.private import private_fixture
from tests.sample_data.test_inputs import PARTICIPANTS, PLANTS, PROFILES
from tests.sample_export import AREAS, sample_export

AREA = AREAS[0]
TABLES = {"participants.csv": PARTICIPANTS, "plants.csv": PLANTS, "profiles.csv": PROFILES}


def file(path: str) -> bytes:
    """A file of the sample export."""
    return ExportReader(sample_export().export).read(path)


@cache
def record() -> Record:
    return open_record(sample_export().export, sample_export().policy, "policy")


@cache
def entries() -> list[bytes]:
    """One entry of each kind, and some more."""
    log = record().channels[AREA].entries
    kinds = {parse_entry(data).kind: data for data in log}
    return [*kinds.values(), *log[1:40:6]]


@cache
def transactions() -> list[bytes]:
    found = (parse_entry(data) for data in record().channels[AREA].entries)
    signed = [entry for entry in found if isinstance(entry, Transaction)]
    return [SignedTransaction(entry.body, jcs.encode(entry.body), entry.signature).wire() for entry in signed[:8]]


def notes() -> list[bytes]:
    return [file(log_path(log, CHECKPOINT)) for log in (BEACON, AREA)]


def checkpoints() -> list[bytes]:
    return [parse_note(note).text for note in notes()]


def vkeys() -> list[bytes]:
    return [file(log_path(AREA, VKEY)), *(b"%s\n" % key for key in file(policy_path(0)).split() if b"+" in key)]


def bundles() -> list[bytes]:
    return [file(log_path(AREA, "tile/entries/000"))]


def seals() -> list[bytes]:
    return [data for data in entries() if parse_entry(data).kind == "seal"]


def snapshots() -> list[bytes]:
    """Of a channel, and something like one."""
    found = sorted(sample_export().ledger.glob("*/snapshot-*"))
    return [b"GPSNAP1\n" + bytes(40), *(path.read_bytes() for path in found[:1])]


def network_configs() -> list[bytes]:
    """Every kind of value and table that TOML has."""
    text = """name = "n"
faults = 1
validators = ["a", "b"]
time = 2026-11-02T10:00:00Z

[[organisations]]
name = "regulator"
roles = ["regulator"]

[channels.area-350100]
area = "350100"
openness = "public"

[parameters.record]
segment_rows_max = 1_000
"""
    return [text.encode()]


def manifests() -> list[bytes]:
    return [file(MANIFEST)]


def schemas() -> list[bytes]:
    return [schema.canonical for schema in record().channels[AREA].schemas.values()]


@cache
def trades() -> SealedSegment:
    return record().channels[AREA].segments["trades"][0]


def parquet() -> list[bytes]:
    return [file(trades().path)]


@cache
def rows() -> list[bytes]:
    found = pl.read_parquet(io.BytesIO(parquet()[0])).drop("entry", "position").head(5).rows()
    money = [column.type == "decimal" for column in TRADES.columns]
    lines = [tuple(int(v) if is_money else v for v, is_money in zip(row, money, strict=True)) for row in found]
    return [TRADES.encode_lines(lines)]


@cache
def evidence() -> list[bytes]:
    """Under every root, and a log entry."""
    log = [parse_entry(data) for data in record().channels[AREA].entries]
    order = next(
        index
        for index, entry in enumerate(log)
        if isinstance(entry, Transaction) and entry.body.rows_count and entry.receipt.status == "accepted"
    )
    place = ("orders_submitted", AREA, order, 0)
    found = [build_evidence(record(), [place], _read, root) for root in ("sealed", "submitted", "written")]
    return [*found, build_evidence(record(), [("", AREA, 3, -1)], _read)]


def _read(opened: Record, segment: SealedSegment) -> bytes:
    return check_segment_file(opened.reader, segment)


def nodes() -> list[bytes]:
    return [json.loads(data)["beacon"]["nodes"].encode() for data in evidence()] + [b"", b"AAAA"]


@cache
def credentials() -> list[bytes]:
    """Right in shape; no more is needed to reach every rule of the parser."""
    content = {
        "account": "350100-member-0",
        "deposit_number": "00000000000297",
        "evidence": json.loads(evidence()[3]),
        "format": "gridproof-credential/1",
        "information_hash": "ab" * 32,
        "public_key": "cd" * 32,
    }
    return [jcs.encode(content)]


def keystores() -> list[bytes]:
    return [by_hand()]


def key_files() -> list[bytes]:
    return [(sample_export().ledger / "keys.json").read_bytes()]


def challenges() -> list[bytes]:
    return [jcs.encode(_challenge())]


def responses() -> list[bytes]:
    return [answer_challenge(_challenge(), private_fixture.signer(private_fixture.SUBJECT), "ab" * 32)]


def _challenge() -> Challenge:
    account, origin = private_fixture.SUBJECT, "https://portal.example:8501"
    return Challenge(account, 1_793_592_060_000, CHALLENGE_FORMAT, 1_793_592_000_000, "ab" * 32, "cd" * 32, origin)


def private_records() -> list[bytes]:
    return [encode_record(private_fixture.record())]


@cache
def sealed_files() -> list[bytes]:
    readers = [private_fixture.reader(account) for account in ("regulator", "trader")]
    return [seal(private_fixture.record(), readers, private_fixture.source("sealing"))]


def disclosures() -> list[bytes]:
    return [encode_disclosure(disclose(private_fixture.record(), ["turnover_fen", "contact"]))]


def private_fields() -> list[bytes]:
    return [json.dumps(private_fixture.VALUES).encode(), 'bank_account = "6222"\n[contact]\nname = "林"\n'.encode()]


@cache
def journals() -> list[bytes]:
    """Of a channel, and of the signing state."""
    ledger = sample_export().ledger
    return [(ledger / journal_path(BEACON)).read_bytes()[:4_000], (ledger / "signing-state").read_bytes()[:4_000]]


def promises() -> list[bytes]:
    """What validators have promised: records of the signing state."""
    with Journal(sample_export().ledger / "signing-state") as journal:
        return list(journal.records())[:3]


@cache
def journal_blocks() -> list[bytes]:
    """Blocks as they are journalled."""
    genesis = record().channels[AREA].entries[:2]
    return [msgspec.msgpack.encode((genesis, {})), msgspec.msgpack.encode((genesis, {5: b"[1]\n"}))]


def tables() -> list[bytes]:
    return [table.encode() for table in TABLES.values()]


@cache
def parquet_tables() -> list[bytes]:
    """The profiles table as Parquet."""
    sink = io.BytesIO()
    pl.read_csv(io.BytesIO(PROFILES.encode())).write_parquet(sink)
    return [sink.getvalue()]


def cells() -> list[bytes]:
    return [b"12", b"-12,00", b"1.5", b"1e-3", b"2026-11-02T10:00:00+08:00", "闽江".encode(), b"solar_pv", b"1.000"]


def cache_indexes() -> list[bytes]:
    return [b'{"originals":{"1-2-3-4-5":"' + b"ab" * 32 + b'"},"copies":{}}']


def sample_folder() -> Path:
    return sample_export().export
