"""The table of all parsers of foreign bytes: how each is called, with which errors it may refuse, and valid samples.

Whoever writes a parser adds a row; a test finds those that are missing.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from chain import blockstream, jcs, ledger, snapshot, trust
from chain.commitment import parse_private
from chain.contracts.auction_tables import TRADES
from chain.entry import parse_beacon_leaf, parse_entry
from chain.errors import ChainError
from chain.identity.challenge import parse_challenge, parse_response
from chain.identity.deposit import parse_deposit_number
from chain.identity.keystore import parse_keystore
from chain.journal import Journal, read_records
from chain.layout import MANIFEST, journal_path
from chain.ledger_keys import KeyFile
from chain.merkle import HASH_BYTES
from chain.network_config import parse_channel_parameters, parse_network_config
from chain.note import VerifierKey, parse_checkpoint, parse_note
from chain.parquet import count_rows, decode_parquet
from chain.policy import parse_policy
from chain.private.disclosure import parse_disclosure
from chain.private.record import parse_record
from chain.private.sealed import open_sealed, read_header
from chain.reader import ExportReader, decode_vkey
from chain.record import open_record
from chain.schema import parse_schema
from chain.secret_file import read_secret_file
from chain.tables import parse_seal
from chain.text import check_name, check_text, from_hex
from chain.tiles import parse_entry_bundle, parse_tile_path
from chain.transaction import parse_transaction
from chain.validator import SigningState
from portal.commands.private_fields import read_fields
from queries import check
from queries.cache import SegmentCache
from queries.credential import check_credential
from queries.errors import QueriesError
from queries.evidence.document import decode_nodes, parse_document
from sample_data import csv_cells
from sample_data.csv_cells import CellError
from sample_data.csv_input import InputError, read_table
from sample_data.inputs import PROFILE_COLUMNS, read_inputs
from sample_data.parquet_input import read_parquet_table
from sample_data.problems import Problems
from tests.chain.private import private_fixture
from tests.fuzz import samples
from tests.sample_export import sample_export

Samples = Callable[[], list[bytes]]


@dataclass(frozen=True, slots=True)
class Parser:
    """A way in for foreign bytes."""

    name: str
    """What is parsed."""
    call: Callable[[bytes], object]
    samples: Samples
    """Valid ones: `call` takes them."""
    covers: tuple[str, ...] = ()
    """`module.function` of the public parsers that it calls."""
    errors: tuple[type[Exception], ...] = (ChainError,)
    slow: bool = False
    """Reads whole files or every character: fewer examples, smaller bombs."""
    samples_hold: bool = True
    """False: a sample is right in shape, but not true."""


@cache
def folder() -> Path:
    """Of this process, for parsers that read files."""
    return Path(mkdtemp(prefix="gridproof-fuzz-"))


def in_file(name: str, call: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A parser that reads a file, as one that takes bytes."""

    def parse(data: bytes) -> object:
        path = folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        path.chmod(0o600)
        return call(path)

    return parse


def as_text(call: Callable[[str], object]) -> Callable[[bytes], object]:
    """A parser of text: what is no UTF-8 arrives as lone surrogates."""
    return lambda data: call(data.decode("utf-8", "surrogateescape"))


def _journal(path: Path) -> list[bytes]:
    with Journal(path) as journal:
        return list(journal.records())


def _promises(data: bytes) -> SigningState:
    path = folder() / "promises"
    path.unlink(missing_ok=True)
    with Journal(path) as journal:
        journal.append(data or b"\x00")
        return SigningState(journal, lambda: 0)


def _genesis(data: bytes) -> object:
    path = folder() / "ledger" / journal_path(samples.AREA)
    path.unlink(missing_ok=True)
    with Journal(path) as journal:
        journal.append(data or b"\x00")
    return ledger.read_genesis(folder() / "ledger", samples.AREA)


def _opened_with(name: str) -> Callable[[bytes], object]:
    """The whole export with one of its files replaced."""

    def parse(data: bytes) -> object:
        copy = folder() / "export"
        if not copy.exists():
            shutil.copytree(samples.sample_folder(), copy)
        kept = (copy / name).read_bytes()
        try:
            (copy / name).write_bytes(data)
            return open_record(copy, sample_export().policy, "policy")
        finally:
            (copy / name).write_bytes(kept)

    return parse


def _inputs(data: bytes) -> object:
    paths = [folder() / "inputs" / name for name in samples.TABLES]
    for path, table in zip(paths, samples.TABLES.values(), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_text(table, encoding="utf-8")
    paths[data[0] % 3 if data else 0].write_bytes(data)
    return read_inputs(*paths)


def _table(path: Path) -> None:
    problems = Problems()
    read_parquet_table(path, PROFILE_COLUMNS, problems)
    problems.raise_if_any()


def _cell(text: str) -> None:
    """Every kind of cell; at least one must take a sample."""
    refused = 0
    kinds: list[Callable[[], object]] = [
        lambda: csv_cells.parse_text(text),
        lambda: csv_cells.parse_integer(text, comma_is_delimiter=False),
        lambda: csv_cells.parse_decimal(text, comma_is_delimiter=False),
        lambda: csv_cells.parse_time(text),
        lambda: csv_cells.parse_choice(text, ("solar_pv", "biomass")),
    ]
    for parse in kinds:
        try:
            parse()
        except CellError as error:
            refused, last = refused + 1, error
    for kind in ("text", "integer", "decimal", "time", "choice"):
        csv_cells.parse_whole(kind, [text, text], ("solar_pv", "biomass"))
    if refused == len(kinds):
        raise last


def _manifest(path: Path) -> object:
    return ExportReader(path.parent).manifest()


def _cache(path: Path) -> object:
    path.parent.chmod(0o700)
    return SegmentCache(path.parent)


def _private(data: bytes) -> object:
    return open_sealed(data, private_fixture.signer("trader").seed)


_QUERIES = (ChainError, QueriesError)
_CELLS = tuple(
    f"sample_data.csv_cells.parse_{kind}" for kind in ("choice", "decimal", "integer", "text", "time", "whole")
)

PARSERS: tuple[Parser, ...] = (
    Parser("canonical JSON", jcs.decode, samples.schemas),
    Parser("a signed note", parse_note, samples.notes, ("chain.note.parse_note",)),
    Parser("a checkpoint", parse_checkpoint, samples.checkpoints, ("chain.note.parse_checkpoint",)),
    Parser("a verifier key", as_text(lambda text: VerifierKey.parse(text.rstrip("\n"))), samples.vkeys),
    Parser("a vkey file", lambda data: decode_vkey(data, "vkey"), samples.vkeys, ("chain.reader.decode_vkey",)),
    Parser("a policy", parse_policy, lambda: [sample_export().policy], ("chain.policy.parse_policy",)),
    Parser(
        "the reader's policy file",
        in_file("policy", trust.read_policy_file),
        lambda: [sample_export().policy],
        ("chain.trust.read_policy_file",),
    ),
    Parser("an entry", parse_entry, samples.entries, ("chain.entry.parse_entry",)),
    Parser(
        "a genesis",
        lambda data: blockstream.parse_genesis([data], "log"),
        lambda: samples.entries()[:1],
        ("chain.blockstream.parse_genesis",),
    ),
    Parser(
        "a beacon leaf",
        parse_beacon_leaf,
        lambda: samples.record().beacon_entries[:3],
        ("chain.entry.parse_beacon_leaf",),
    ),
    Parser("a transaction", parse_transaction, samples.transactions, ("chain.transaction.parse_transaction",)),
    Parser(
        "a schema",
        lambda data: parse_schema(jcs.decode(data), "schema"),
        samples.schemas,
        ("chain.schema.parse_schema",),
    ),
    Parser("rows", TRADES.decode_lines, samples.rows),
    Parser(
        "an entry bundle",
        lambda data: parse_entry_bundle(data, 256),
        samples.bundles,
        ("chain.tiles.parse_entry_bundle",),
    ),
    Parser(
        "a tile's path",
        as_text(parse_tile_path),
        lambda: [b"tile/0/000", b"tile/entries/x001/x234/067.p/255"],
        ("chain.tiles.parse_tile_path",),
    ),
    Parser("a name", as_text(lambda text: check_name(text, "name")), lambda: [b"area-350100"]),
    Parser("a text", as_text(lambda text: check_text(text, "text")), lambda: ["闽江 é".encode()]),
    Parser("a hash", as_text(lambda text: from_hex(text, HASH_BYTES, "hash")), lambda: [b"ab" * 32]),
    Parser("a manifest", in_file(f"manifest/{MANIFEST}", _manifest), samples.manifests),
    *(
        Parser(
            f"an export with another {name}",
            _opened_with(name),
            lambda name=name: [samples.file(name)],  # type: ignore[misc]
            ("chain.record.open_record", "chain.record.open_channel", "chain.handover.open_anchor"),
            slow=True,
        )
        for name in (MANIFEST, "policy/0", "beacon/checkpoint", f"{samples.AREA}/tile/entries/000")
    ),
    Parser(
        "a segment file, decoded",
        lambda data: decode_parquet(TRADES, data, "file"),
        samples.parquet,
        ("chain.parquet.decode_parquet",),
        slow=True,
    ),
    Parser("a segment file, counted", lambda data: count_rows(TRADES, data, "file"), samples.parquet, slow=True),
    Parser("a journal", in_file("journal", _journal), samples.journals, slow=True),
    Parser(
        "a journal, read only",
        in_file("journal", lambda path: list(read_records(path))),
        samples.journals,
        ("chain.journal.read_records",),
        slow=True,
        samples_hold=False,
    ),
    Parser(
        "a snapshot",
        in_file("snapshot", lambda path: snapshot.read_snapshot(path, lambda space: object)),
        samples.snapshots,
        ("chain.snapshot.read_snapshot",),
        slow=True,
        samples_hold=False,
    ),
    Parser("a seal", parse_seal, samples.seals, ("chain.tables.parse_seal",)),
    Parser(
        "a private value",
        lambda data: parse_private("field", data),
        lambda: [b'{"name":"n"}'],
        ("chain.commitment.parse_private",),
    ),
    Parser(
        "a network's configuration",
        lambda data: parse_network_config(data, "network.toml", lambda name: b"00" * 32),
        samples.network_configs,
        ("chain.network_config.parse_network_config", "chain.config_parameters.read_parameters"),
        samples_hold=False,
    ),
    Parser(
        "a channel's parameters",
        lambda data: parse_channel_parameters(data, "channel.toml"),
        lambda: [b"[record]\nsegment_rows_max = 1_000\n", b"[auction]\ntick = 10\n"],
        ("chain.network_config.parse_channel_parameters",),
        samples_hold=False,
    ),
    Parser("signing state", _promises, samples.promises, slow=True),
    Parser("a journalled block", _genesis, samples.journal_blocks, ("chain.ledger.read_genesis",), slow=True),
    Parser("a key file", in_file("ledger-keys/keys.json", lambda path: KeyFile.read(path.parent)), samples.key_files),
    Parser(
        "a secret file",
        in_file("secret", lambda path: read_secret_file(path, 4_096)),
        samples.keystores,
        ("chain.secret_file.read_secret_file",),
    ),
    Parser("a keystore", parse_keystore, samples.keystores, ("chain.identity.keystore.parse_keystore",)),
    Parser("a challenge", parse_challenge, samples.challenges, ("chain.identity.challenge.parse_challenge",)),
    Parser("a response", parse_response, samples.responses, ("chain.identity.challenge.parse_response",)),
    Parser(
        "a deposit number",
        as_text(parse_deposit_number),
        lambda: [b"00000000000295"],
        ("chain.identity.deposit.parse_deposit_number",),
        samples_hold=False,
    ),
    Parser(
        "a private record",
        parse_record,
        samples.private_records,
        ("chain.private.record.parse_record", "chain.private.record.decode_quietly", "chain.private.record.read_field"),
    ),
    Parser("a sealed file's header", read_header, samples.sealed_files, ("chain.private.sealed.read_header",)),
    Parser("a sealed file", _private, samples.sealed_files, ("chain.private.sealed.open_sealed",)),
    Parser("a disclosure", parse_disclosure, samples.disclosures, ("chain.private.disclosure.parse_disclosure",)),
    Parser("private fields as JSON", in_file("fields.json", read_fields), lambda: samples.private_fields()[:1]),
    Parser(
        "private fields as TOML", in_file("fields.toml", read_fields), lambda: samples.private_fields()[1:], slow=True
    ),
    Parser(
        "evidence, its shape",
        parse_document,
        samples.evidence,
        ("queries.evidence.document.parse_document",),
        _QUERIES,
    ),
    Parser("evidence, checked", check, samples.evidence, errors=_QUERIES, slow=True),
    Parser(
        "nodes of a proof",
        as_text(lambda text: decode_nodes(text, "nodes")),
        samples.nodes,
        ("queries.evidence.document.decode_nodes",),
        _QUERIES,
    ),
    Parser("a credential", check_credential, samples.credentials, (), _QUERIES, slow=True, samples_hold=False),
    Parser(
        "the cache's index", in_file("cache/segments.index", _cache), samples.cache_indexes, (), _QUERIES, slow=True
    ),
    Parser(
        "a CSV table",
        in_file("table.csv", lambda path: read_table(path, PROFILE_COLUMNS)),
        lambda: samples.tables()[2:],
        ("sample_data.csv_input.read_table",),
        (InputError,),
        slow=True,
    ),
    Parser(
        "a Parquet table",
        in_file("table.parquet", _table),
        samples.parquet_tables,
        ("sample_data.parquet_input.read_parquet_table",),
        (InputError,),
        slow=True,
        samples_hold=False,
    ),
    Parser(
        "somebody's market",
        _inputs,
        samples.tables,
        ("sample_data.inputs.read_inputs",),
        (InputError,),
        slow=True,
        samples_hold=False,
    ),
    Parser("a cell", as_text(_cell), samples.cells, _CELLS, (CellError,), slow=True),
)
"""Every one of them."""

NO_PARSERS: dict[str, str] = {
    "chain.channel_draft.read_draft": "compares the file's hash and hands out its bytes; parse_genesis reads them",
    "chain.contracts.alliance_actions.decode_action": "reads what its own contract has put into the state",
    "chain.verify.open_older": "opens a folder by chain.record.open_record",
    "chain.execution.open_call": "takes no bytes: prepares a call of a contract",
    "queries.export.open_export": "opens the folder by chain.record.open_record, files by queries.cache",
}
"""Public functions whose names begin as those of parsers do, and why they are not in the table."""
