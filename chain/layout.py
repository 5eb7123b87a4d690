"""Every path, in one place: the export's and the ledger folder's. Derived from checked names, never read from input.

Export, see `docs/format.md` section 9:

    manifest.json · policy/<n> · policy/<n>.handover · <log>/{checkpoint,vkey,tile/…}
    <channel>/tables/<table>/<first>-<end>.parquet

Ledger folder (the operator's own disk, not for handing out):

    lock · keys.json · signing-state · <log>/journal · <channel>/journal-<first> · <channel>/snapshot-<size>
    <channel>/segments/<table>/<first>-<end>.parquet · <channel>/genesis-<hash> · policy/<n> · policy/<n>.handover
"""

import re
from collections.abc import Iterable

from chain.errors import ParseError
from chain.text import check_name, check_table_name

BEACON = "beacon"
POLICY_FOLDER = "policy"
MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint"
VKEY = "vkey"

LOCK = "lock"
KEYS = "keys.json"
SIGNING_STATE = "signing-state"

JOURNAL = "journal"
SNAPSHOT = "snapshot"
_NUMBERED = re.compile(r"(?:journal|snapshot)-([0-9]{12})")


def check_channel(channel: object, where: str = "channel") -> str:
    """A channel's name: a name that is no other folder of an export; `ParseError` otherwise."""
    name = check_name(channel, where)
    if name in (BEACON, POLICY_FOLDER, MANIFEST, LOCK, KEYS, SIGNING_STATE):
        raise ParseError("channel-name", f"{name!r} is reserved", where)
    return name


def origin(network: str, log: str) -> str:
    """Origin line of a log's checkpoints; `log` is a channel or `beacon`."""
    return f"gridproof/{check_name(network, 'network')}/{check_name(log, 'log')}"


def validator_name(network: str, validator: str) -> str:
    """Key name of a validator's cosignatures."""
    return f"gridproof/{check_name(network, 'network')}/validator/{check_name(validator, 'validator')}"


def policy_path(number: int) -> str:
    """The `number`-th policy, from 0."""
    return f"{POLICY_FOLDER}/{number}"


def handover_path(number: int) -> str:
    """The beacon checkpoint that hands over to the `number`-th policy, from 1; in an export and in a ledger folder."""
    return f"{POLICY_FOLDER}/{number}.handover"


def log_path(log: str, name: str) -> str:
    """A file of one log: `checkpoint`, `vkey` or a tile path of `chain.tiles`."""
    return f"{log}/{name}"


def segment_path(channel: str, table: str, first: int, end: int) -> str:
    """A sealed segment's file in an export."""
    return f"{check_channel(channel)}/tables/{_segment(table, first, end)}"


def draft_path(channel: str, genesis_hash: str) -> str:
    """A genesis entry in the ledger folder, drafted before the vote on the channel; by the hash that the vote is on."""
    return f"{check_channel(channel)}/genesis-{genesis_hash}"


def journal_path(log: str, first: int = 0) -> str:
    """A log's write-ahead log in the ledger folder: the one whose first entry is `first`."""
    return f"{log}/journal-{first:012d}" if first else f"{log}/journal"


def snapshot_path(channel: str, size: int) -> str:
    """A channel's state in the ledger folder, as it was at that size of its log."""
    return f"{check_channel(channel)}/snapshot-{size:012d}"


def numbers_of(names: Iterable[str], kind: str) -> list[int]:
    """The numbers, ascending, of the files among `names` that are called `<kind>-<12 digits>`."""
    return sorted(int(match[1]) for match in map(_NUMBERED.fullmatch, names) if match and match[0].startswith(kind))


def stored_segment_path(channel: str, table: str, first: int, end: int) -> str:
    """A sealed segment's file in the ledger folder."""
    return f"{check_channel(channel)}/segments/{_segment(table, first, end)}"


def _segment(table: str, first: int, end: int) -> str:
    return f"{check_table_name(table, 'table')}/{first}-{end}.parquet"
