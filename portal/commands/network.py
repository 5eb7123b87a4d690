"""`gridproof network …`: found a network from one file, and run it in one process (`docs/network.md`).

1. Time is the system's clock. A block whose time the clock has not reached is refused; so is every block after a clock
   jumped back, until it has caught up. Nothing is lost meanwhile.
2. One process per ledger folder: a second one is told so.
3. Keys of logs and validators are drawn by the operating system and stay in the ledger folder; accounts sign with
   keystores (`gridproof keys`), opened by a password for this one call.
4. What others need goes to standard output, what is said about it to standard error.
"""

import json
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from chain.errors import ConfigError, ExportError, LedgerError
from chain.export import export_network, seal_all
from chain.founding import derive_keys
from chain.limits import LIMITS
from chain.network import Network
from chain.network_config import parse_network_config
from chain.replica import Outcome
from chain.text import printable
from chain.transaction import SignedTransaction, Signer
from chain.trust import pin_policy
from chain.units import HOUR_MS
from portal.commands.call_shape import check_call
from portal.commands.clock import system_clock
from portal.commands.files import read_given, write_new
from portal.commands.keystores import open_keystore, read_keystore
from portal.commands.network_channels import create_channel, draft_channel, show_draft, validator_key
from portal.commands.network_status import described, told
from portal.commands.options import AsJson, ExportProfile, Key, Ledger, PasswordFile
from portal.commands.progress import progress_bars

network = typer.Typer(
    help="Found a network from one file, and run it.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
network.command("validator-key")(validator_key)
network.command("draft-channel")(draft_channel)
network.command("show-draft")(show_draft)
network.command("create-channel")(create_channel)

_EXIT_INPUT = 2
_ROWS_BYTES_MAX = LIMITS.rows_per_batch_max * LIMITS.text_bytes_max
"""Of a file of rows: as many as a batch has at most, each as long as a text may be."""


@network.command()
def create(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The configuration, TOML.")],
    ledger: Annotated[Path, typer.Argument(metavar="LEDGER", help="A new or empty folder for the ledger.")],
    as_json: AsJson = False,
) -> None:
    """Found a network: genesis of every channel, keys of logs and validators, beacon round 0.

    Everything that is wrong with CONFIG is named with its line, and then nothing is written (exit 2). The first policy
    is written beside the folder, as `LEDGER.policy`, and pinned in your trust store: hand it to whoever is to check the
    record. LEDGER holds the private keys: keep it to yourself, and keep a copy of it.
    """
    beside = ledger.parent / f"{ledger.name}.policy"
    if beside.is_symlink() or beside.exists():
        raise LedgerError("exists", "something is there already; nothing is ever overwritten", str(beside))
    found = parse_network_config(
        _read(config, LIMITS.config_bytes_max),
        str(config),
        lambda name: read_keystore(config.parent / name),
        system_clock(),
    )
    keys = derive_keys(found, lambda _: secrets.token_bytes(32))
    with Network.create(ledger, found, keys, system_clock) as made:
        beside.write_bytes(made.policy.text)
        pin_policy(made.name, made.policy.text)
        content = described(made)
    _print(content, as_json)
    for note in _notes(content):
        sys.stderr.write(f"note: {note}\n")
    sys.stderr.write(f"{beside}: its policy, pinned in your trust store\n")


@network.command()
def status(ledger: Ledger, as_json: AsJson = False) -> None:
    """Show the network: channels and their heights, the policy in force and what it survives, members, open votes."""
    with Network.open(ledger, system_clock) as opened:
        _print(described(opened), as_json)


@network.command()
def call(
    ledger: Ledger,
    contract: Annotated[str, typer.Argument(metavar="CONTRACT", help="For instance `alliance`.")],
    method: Annotated[str, typer.Argument(metavar="METHOD", help="For instance `propose`.")],
    arguments: Annotated[
        Path,
        typer.Argument(metavar="ARGUMENTS", help="A file with the arguments, one JSON object; `-`: standard input."),
    ],
    key: Key,
    channel: Annotated[str, typer.Option(help="The channel to call on.")] = "governance",
    rows: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rows of a batch: a line each, a canonical JSON array.")
    ] = None,
    password_file: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign one call and cut a block with it: exit 0 if the contract accepted it, 1 if it did not.

    Contract, method and the shape of the arguments are checked before anything is signed (exit 2 where they are wrong).
    A rejected call is on the record too, with its code. One that is not admissible (another nonce, an unknown account)
    is dropped: nothing of it stays.
    """
    given = _arguments(arguments)
    lines = _rows(rows) if rows is not None else b""
    signer = open_keystore(key, password_file)
    with Network.open(ledger, system_clock) as opened:
        request = _request(opened, channel, signer, contract, method, given, lines, str(arguments))
        block = opened.commit(channel, system_clock(), [request])
    outcome = block.outcomes[0]
    if as_json:
        content = {"channel": channel, "height": block.block.height, **_outcome(outcome)}
        _write(json.dumps(content, ensure_ascii=False))
    else:
        _write("\n".join(_outcome_lines(channel, block.block.height, outcome)))
    if outcome.receipt is None or outcome.receipt.status != "accepted":
        raise typer.Exit(1)


@network.command()
def beacon(ledger: Ledger, as_json: AsJson = False) -> None:
    """Cut a beacon round: channels learn what governance has decided since the last one.

    Where the alliance has voted for another policy, both quorums sign the handover here: the new policy is in force,
    and is written beside the folder as `LEDGER.policy.<number>`: hand it to new readers.
    A channel whose retirement a round has pinned cuts a block: its last one, which a further round pins, unless a
    session is still open there. Then the round after its settlement closes it.
    """
    with Network.open(ledger, system_clock) as opened:
        before = opened.policy
        opened.beacon(system_clock())
        retired = [name for name, info in opened.pinned.items() if info.retired is not None]
        closing = [name for name in sorted(retired) if not opened.channels[name].replica.is_closed]
        for name in closing:
            opened.commit(name, system_clock())
        closed = [name for name in closing if opened.channels[name].replica.is_closed]
        leaf = opened.beacon(system_clock()) if closing else opened.leaves[-1]
        handed_over = opened.policy != before
        policies = opened.signers.history.policies
    written = _hand_out(ledger, len(policies) - 1, policies[-1].text)
    if as_json:
        content = {"round": leaf.round, "time": leaf.time, "handed_over": handed_over, "closed": closed}
        _write(json.dumps({**content, "policy": None if written is None else str(written)}))
        return
    _write(f"round {leaf.round} pins {len(leaf.heads)} channels")
    if handed_over:
        _write("a new policy is in force: both quorums have signed the handover")
    if written is not None:
        _write(f"{written}: the policy, for new readers; who has an older one verifies an export with --pin")
    for name in closing:
        state = "closed" if name in closed else "retiring: it closes once its open session is settled"
        _write(f"{name} is {state}")


@network.command()
def export(
    ledger: Ledger,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; it must not exist.")],
    profile: ExportProfile = "regulator",
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="KEYSTORE", help="Of an account that may ask for a seal; needed where rows wait."
        ),
    ] = None,
    password_file: PasswordFile = None,
) -> None:
    """Seal what waits, cut a beacon round, and write the record as an export."""
    signer = open_keystore(key, password_file) if key is not None else None
    with Network.open(ledger, system_clock) as opened, progress_bars() as progress:
        if signer is not None:
            seal_all(opened, signer, system_clock())
        elif _rows_wait(opened):
            sentence = "rows wait for a seal: give --key of an account with a role of an institution, as the regulator"
            raise ExportError("unsealed", sentence, str(ledger))
        else:
            opened.beacon(system_clock())
        export_network(opened, out, progress, profile)
    _write(f"{out}: profile {profile}\nnext: gridproof verify {out}")


def _notes(found: dict[str, Any]) -> list[str]:
    """What is allowed and probably not meant."""
    notes = []
    if not found["policy"]["survives"]["silent"]:
        notes.append("every validator must sign: one that is silent stops the network")
    if len(found["channels"]) == 1:
        notes.append("there is no [[channel]]: no market until the alliance creates one")
    return notes


def _hand_out(ledger: Path, number: int, policy: bytes) -> Path | None:
    """Write the policy in force beside the ledger, unless it is that of genesis or lies there already."""
    path = ledger.parent / f"{ledger.name}.policy.{number}"
    if number == 0 or (path.is_file() and path.read_bytes() == policy):
        return None
    write_new(path, policy)
    return path


def _rows_wait(opened: Network) -> bool:
    replicas = (ledger.replica for ledger in opened.channels.values())
    return any(table.pending_count for replica in replicas for table in replica.tables.values())


def _request(
    opened: Network,
    channel: str,
    signer: Signer,
    contract: str,
    method: str,
    given: dict[str, Any],
    lines: bytes,
    source: str,
) -> SignedTransaction:
    """What is signed; `ConfigError` for what no contract of the channel takes."""
    if channel not in opened.channels:
        names = ", ".join(sorted(opened.channels))
        raise LedgerError(
            "channel-unknown", f"this network has no channel {channel}; it runs {names}", str(opened.folder)
        )
    replica = opened.channels[channel].replica
    check_call(replica.contracts, channel, contract, method, given, source)
    return signer.transaction(
        network=opened.network_id,
        channel=channel,
        nonce=replica.nonce(signer.account) + 1,
        contract=contract,
        method=method,
        arguments=given,
        valid_until=system_clock() + HOUR_MS,
        schema=replica.contracts[contract].version,
        rows=lines,
    )


def _outcome(outcome: Outcome) -> dict[str, Any]:
    dropped = outcome.dropped
    return {
        "entry": outcome.entry,
        "receipt": None if outcome.receipt is None else msgspec.to_builtins(outcome.receipt),
        "dropped": None if dropped is None else {"code": dropped.code, "problem": str(dropped)},
    }


def _outcome_lines(channel: str, height: int, outcome: Outcome) -> list[str]:
    receipt = outcome.receipt
    if receipt is None:
        return [f"not admissible, nothing of it is on the record: {outcome.dropped}"]
    head = f"{channel} block {height} entry {outcome.entry}: {receipt.status}"
    lines = [head if receipt.status == "accepted" else f"{head} ({receipt.code}: {printable(receipt.detail)})"]
    lines += [f"  {event.name} {json.dumps(event.data, ensure_ascii=False)}" for event in receipt.events]
    return [printable(line) for line in lines] + [f"  {rows.table}: {rows.rows_count} rows" for rows in receipt.tables]


def _arguments(path: Path) -> dict[str, Any]:
    """One JSON object; exit 2 where it is none."""
    data = _read(path, LIMITS.transaction_bytes_max)
    try:
        if len(data) > LIMITS.transaction_bytes_max:
            raise msgspec.DecodeError(f"more than {LIMITS.transaction_bytes_max} bytes, which no call carries")
        found: dict[str, Any] = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        sys.stderr.write(f"{path}: not a JSON object: {error}\n")
        raise typer.Exit(_EXIT_INPUT) from None
    return found


def _rows(path: Path) -> bytes:
    """The lines of a batch; whether they are rows of the contract's table is found when the block is cut."""
    data = _read(path, _ROWS_BYTES_MAX)
    if len(data) > _ROWS_BYTES_MAX:
        raise ConfigError("size", f"more than {_ROWS_BYTES_MAX} bytes, which no batch has", str(path))
    return data


def _read(path: Path, bytes_max: int) -> bytes:
    try:
        return read_given(path, bytes_max)
    except OSError as error:
        raise ConfigError("file", f"cannot be read: {error.strerror}", str(path)) from None


def _print(found: dict[str, Any], as_json: bool) -> None:
    _write(json.dumps(found, ensure_ascii=False) if as_json else told(found))


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
