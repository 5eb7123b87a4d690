"""The reader's own trust: policies pinned earlier, by network (trust rule 1).

1. A pin is the reader's decision, kept in the reader's folder, never in an export:
   `$GRIDPROOF_TRUST`, else `$XDG_CONFIG_HOME/gridproof/trust`, else `~/.config/gridproof/trust`.
2. `<network>/<sha256 of the policy>.policy`; its content is hashed again when read.
3. An export, or evidence, is judged by the pin that is one of its policies, the newest of them; from there
   `chain.handover` leads to its newest policy. If the network is pinned, but to other policies, that is an error and
   not "self-asserted": someone may have signed the record anew with other keys.
4. Whoever pins a successor retires what it follows, as `<sha256>.retired`: keys of a retired policy, all of them
   together, could otherwise show this reader a history that ends before the change. Where only a retired policy fits,
   the error says so. A retired policy is pinned again only by hand (`pin_policy`).
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from chain.durable import make_folders, replace_file
from chain.errors import PolicyError
from chain.handover import Anchor, AnchorSource, exported_policies
from chain.policy import parse_policy
from chain.reader import ExportReader
from chain.text import check_name

_RETIRED = ".retired"


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
    path = folder / _pin(policy)
    try:
        make_folders(folder)
        replace_file(path, policy)
        path.with_suffix(_RETIRED).unlink(missing_ok=True)
    except OSError as error:
        raise PolicyError("trust-folder", f"cannot be written: {error.strerror}", str(folder)) from None
    return path


def pin_newest(network: str, anchor: Anchor) -> Path:
    """Rule 4: trust the newest policy of a record that was verified from a policy of the reader's; `PolicyError` else.

    The policies before it are retired, whether they were pinned or handed in.
    """
    if anchor.start is None:
        judged = "its own word" if not anchor.is_readers else "a policy that is none of its own"
        sentence = f"judged by {judged}, the record pins nothing: hand in with --policy one that it was signed under"
        raise PolicyError("pin", sentence, network)
    path = pin_policy(network, anchor.own.text)
    for policy in anchor.policies:
        if policy != anchor.own:
            _retire(path.with_name(_pin(policy.text)), policy.text)
    return path


def _retire(pin: Path, policy: bytes) -> None:
    """Rule 4: the retired file first, so that no moment knows of neither."""
    try:
        replace_file(pin.with_suffix(_RETIRED), policy)
        pin.unlink(missing_ok=True)
    except OSError as error:
        raise PolicyError("trust-folder", f"cannot be written: {error.strerror}", str(pin.parent)) from None


def reader_policy(export: Path, given: Path | None) -> ReaderPolicy:
    """The policy to judge `export` by: the given file, else a pin, else none (self-asserted)."""
    if given is not None:
        return ReaderPolicy(read_policy_file(given), "policy")
    reader = ExportReader(export)
    return pinned_policy(reader.manifest().network, lambda: exported_policies(reader))


def pinned_policy(network: str, policies: Callable[[], Sequence[bytes]]) -> ReaderPolicy:
    """Rules 2-4 for what was signed under `policies()`, oldest first, which are only asked for where there are pins.

    Raises `PolicyError`, and `ParseError` for a network whose name is none.
    """
    folder = trust_folder() / check_name(network, "network")
    if not any(path.suffix in (".policy", _RETIRED) for path in folder.glob("*.*")):
        return ReaderPolicy(None, "self-asserted")
    signed_under = policies()
    for own in reversed(signed_under):
        pin = folder / _pin(own)
        if pin.is_file():
            if _read(pin) != own:
                raise PolicyError("pin-damaged", "the pinned policy is not the one that its name says", str(pin))
            return ReaderPolicy(own, "pinned")
    if any((folder / _pin(own)).with_suffix(_RETIRED).exists() for own in signed_under):
        raise PolicyError(
            "pinned-retired",
            f"signed under a policy that was retired: you have pinned a newer one for network {network} (in {folder}). "
            "Ask for a newer export; evidence counts beside one (--record)",
            network,
        )
    raise PolicyError(
        "pinned-other",
        f"you have pinned another policy for network {network} (in {folder}); this may have been signed anew "
        "with other keys. Hand in the policy you trust with --policy",
        network,
    )


def _pin(policy: bytes) -> str:
    """Rule 2."""
    return f"{sha256(policy).hexdigest()}.policy"


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
