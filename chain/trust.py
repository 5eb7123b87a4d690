"""The reader's own trust: policies pinned earlier, by network (trust rule 1).

1. A pin is the reader's decision, kept in the reader's folder, never in an export:
   `$GRIDPROOF_TRUST`, else `$XDG_CONFIG_HOME/gridproof/trust`, else `~/.config/gridproof/trust`.
2. `<network>/<sha256 of the policy>.policy`; its content is hashed again when read.
3. An export, or evidence, is judged by the pin that equals its newest policy. If the network is pinned, but to other
   policies, that is an error and not "self-asserted": someone may have signed the record anew with other keys.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from chain.errors import PolicyError
from chain.policy import parse_policy
from chain.reader import ExportReader
from chain.record import AnchorSource, exported_policies
from chain.text import check_name


@dataclass(frozen=True, slots=True)
class ReaderPolicy:
    """What to hand to `chain.record.open_record`."""

    text: bytes | None
    source: AnchorSource


def trust_folder() -> Path:
    """Rule 1."""
    if given := os.environ.get("GRIDPROOF_TRUST"):
        return Path(given)
    config = os.environ.get("XDG_CONFIG_HOME")
    return (Path(config) if config else Path.home() / ".config") / "gridproof" / "trust"


def pin_policy(network: str, policy: bytes) -> Path:
    """Trust `policy` for `network` from now on; returns where that is written down. Raises `PolicyError`."""
    parse_policy(policy).require_validators(network)
    folder = trust_folder() / check_name(network, "network")
    path = folder / f"{sha256(policy).hexdigest()}.policy"
    partial = path.with_suffix(".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(policy)
        os.replace(partial, path)
    except OSError as error:
        raise PolicyError("trust-folder", f"cannot be written: {error.strerror}", str(folder)) from None
    return path


def reader_policy(export: Path, given: Path | None) -> ReaderPolicy:
    """The policy to judge `export` by: the given file, else a pin, else none (self-asserted)."""
    if given is not None:
        return ReaderPolicy(read_policy_file(given), "policy")
    reader = ExportReader(export)
    return pinned_policy(reader.manifest().network, lambda: exported_policies(reader)[-1])


def pinned_policy(network: str, newest: Callable[[], bytes]) -> ReaderPolicy:
    """Rules 2 and 3 for what was signed under the policy `newest()`, which is only asked for where there are pins.

    Raises `PolicyError`, and `ParseError` for a network whose name is none.
    """
    folder = trust_folder() / check_name(network, "network")
    pins = sorted(folder.glob("*.policy"))
    if not pins:
        return ReaderPolicy(None, "self-asserted")
    own = newest()
    pin = folder / f"{sha256(own).hexdigest()}.policy"
    if pin not in pins:
        raise PolicyError(
            "pinned-other",
            f"you have pinned another policy for network {network} (in {folder}); this may have been signed anew "
            "with other keys. Hand in the policy you trust with --policy",
            network,
        )
    if _read(pin) != own:
        raise PolicyError("pin-damaged", "the pinned policy is not the one that its name says", str(pin))
    return ReaderPolicy(own, "pinned")


def read_policy_file(path: Path) -> bytes:
    """A policy that the reader hands in; `PolicyError` when it cannot be read or is malformed."""
    text = _read(path)
    try:
        parse_policy(text)
    except PolicyError as error:
        raise error.at(str(path)) from None
    return text


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError("policy-file", f"cannot be read: {error.strerror}", str(path)) from None
