"""Exports of a real network whose alliance has decided: policies, channels, openness, a retirement. Made once.

Policy 0: four validators. Policy 1: `auditor` joins, 4 of 5. Policy 2: a channel is created, so its log is known.
Policy 3: two validators have other keys. Then one area is retired and closed, another becomes the members' own.
"""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chain.export import export_network, seal_all
from chain.imports import GOVERNANCE
from chain.ledger_keys import NetworkKeys
from chain.network import Network
from tests.chain.little_alliance import PRIVATE, admit_member, admit_validator, decide, found, keys, now
from tests.chain.little_network import AREA, seed_of, signer

NEW = "area-350300"
FIVE = ("auditor", "dispatcher", "national-centre", "provincial-centre", "regulator")
VOTERS = FIVE[1:]


@dataclass(frozen=True, slots=True)
class AllianceExport:
    """Folders are shared: look, do not touch."""

    first: Path
    """Under policy 0."""
    second: Path
    """Under policy 1."""
    whole: Path
    """Under policy 3, everything."""
    member: Path
    public: Path
    policies: tuple[bytes, ...]
    eras: tuple[NetworkKeys, ...]
    """The keys behind each policy: with these a test is the corrupt quorum itself."""


@cache
def alliance_export() -> AllianceExport:
    """The exports, made at the first call."""
    folder = Path(tempfile.mkdtemp(prefix="gridproof-alliance-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with found(folder / "ledger") as network:
        network.commit(GOVERNANCE, now(network))
        _export(network, folder / "first")
        admit_member(network, "auditor")
        admit_validator(network, "auditor", 4)
        _export(network, folder / "second")
        _create_channel(network)
        for validator in ("dispatcher", "regulator"):
            key = network.hold_validator(validator, seed_of(f"validator/{validator}/2"))
            _decide(network, {"kind": "replace-validator", "key": str(key), "validator": validator})
        network.beacon(now(network))
        _decide(network, {"channel": PRIVATE, "kind": "retire-channel"})
        _decide(network, {"channel": AREA, "kind": "set-openness", "openness": "members"})
        network.beacon(now(network))
        network.commit(PRIVATE, now(network))
        _export(network, folder / "whole")
        for profile in ("member", "public"):
            export_network(network, folder / profile, profile=profile)
        policies = tuple(policy.text for policy in network.signers.history.policies)
    paths = [folder / name for name in ("first", "second", "whole", "member", "public")]
    return AllianceExport(*paths, policies, _eras())


def _eras() -> tuple[NetworkKeys, ...]:
    """Keys behind policies 0 to 3."""
    five = {**keys().validators, "auditor": seed_of("validator/auditor")}
    renewed = {name: seed_of(f"validator/{name}/2") for name in ("dispatcher", "regulator")}
    logs = {**keys().logs, NEW: seed_of(f"log/{NEW}")}
    second, third, fourth = NetworkKeys(logs, five), NetworkKeys(logs, five), NetworkKeys(logs, {**five, **renewed})
    return keys(), second, third, fourth


def _decide(network: Network, action: dict[str, Any]) -> None:
    decide(network, action, VOTERS)


def _create_channel(network: Network) -> None:
    drafted = network.draft_channel(NEW, "350300", now(network), seed_of(f"log/{NEW}"))
    _decide(network, {**drafted, "kind": "create-channel", "openness": "managers"})
    network.create_channel(NEW)
    network.beacon(now(network))


def _export(network: Network, target: Path) -> None:
    seal_all(network, signer("regulator"), now(network))
    export_network(network, target)
