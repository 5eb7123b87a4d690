"""What a vote needs that is not a signed call: keys of new validators, drafts of new channels, and their beginning.

The private half stays in the ledger folder; what is printed is what the proposal names.
"""

import json
import re
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from chain.channel_draft import read_draft
from chain.errors import ConfigError
from chain.fields import AREA_PATTERN, Openness
from chain.limits import LIMITS
from chain.network import Network
from chain.network_config import parse_channel_parameters
from chain.text import from_hex
from portal.commands.clock import system_clock
from portal.commands.files import read_bounded
from portal.commands.options import Ledger

Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="Name of the channel, for instance area-350900.")]


def validator_key(
    ledger: Ledger,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the validator in the policy.")],
) -> None:
    """Make a validator's key, keep it here, and print its verifier key line for a proposal.

    It signs nothing before the alliance has admitted it (`admit-validator`) or put it in the place of the validator's
    present key (`replace-validator`), and a beacon round has handed over.
    """
    with Network.open(ledger, system_clock) as opened:
        sys.stdout.write(f"{opened.hold_validator(name, secrets.token_bytes(32))}\n")
    sys.stderr.write(f"a new key for {name}: another call makes another one, and only a vote gives it a meaning\n")


def draft_channel(
    ledger: Ledger,
    channel: Channel,
    area: Annotated[str, typer.Option(help="Administrative code of the area whose market it will be.")],
    openness: Annotated[Openness, typer.Option(help="Who may read it.")] = "public",
    parameters: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Parameters of its contracts, TOML: a table per contract.")
    ] = None,
) -> None:
    """Draft a channel: its genesis and its log's key stay here; print the arguments of the proposal that creates it.

    They name the log's verifier key and the genesis hash that the vote is on: nothing else can begin the channel.
    """
    if not re.fullmatch(AREA_PATTERN, area):
        raise ConfigError("area", f"{area!r} is not an administrative code of 6, 9 or 12 digits", "--area")
    given = {}
    if parameters is not None:
        try:
            given = parse_channel_parameters(read_bounded(parameters, LIMITS.config_bytes_max), str(parameters))
        except OSError as error:
            raise ConfigError("file", f"cannot be read: {error.strerror}", str(parameters)) from None
    with Network.open(ledger, system_clock) as opened:
        draft = opened.draft_channel(channel, area, system_clock(), secrets.token_bytes(32), given)
    action = {"kind": "create-channel", **draft, "openness": openness}
    sys.stdout.write(json.dumps({"action": dict(sorted(action.items()))}) + "\n")


def show_draft(
    ledger: Ledger,
    channel: Channel,
    genesis_hash: Annotated[str, typer.Argument(metavar="HASH", help="The genesis hash that the proposal names.")],
) -> None:
    """Print a drafted genesis, the very bytes that hash to HASH, so that who votes sees what the vote is on."""
    sys.stdout.write(read_draft(ledger, channel, from_hex(genesis_hash, 32, "HASH").hex()).decode() + "\n")


def create_channel(ledger: Ledger, channel: Channel) -> None:
    """Begin a channel that the alliance has voted for, with the genesis that was voted; the next round pins it."""
    with Network.open(ledger, system_clock) as opened:
        begun = opened.create_channel(channel)
        root = begun.replica.tree.root().hex()
    sys.stdout.write(f"{channel} has begun, root {root}\nnext: gridproof network beacon {ledger}\n")
