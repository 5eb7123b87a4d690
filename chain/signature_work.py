"""What a process of the signature pool does: bytes in, bytes out. It imports little, so that it starts quickly.

Whether a signature holds is libsodium's word, the leaf hashes of rows are RFC 6962's: the same in every process.
"""

import os
import signal
import threading
from collections.abc import Sequence
from hashlib import sha256
from multiprocessing import connection, parent_process
from typing import NamedTuple

from nacl import bindings
from nacl.exceptions import CryptoError

from chain.merkle import levels_of

Work = tuple[bytes, bytes, bytes, bytes]
"""(signature, message, public key, the lines of a batch's rows or b"")"""

Found = tuple[bool, list[bytes]]
"""(whether the signature holds, the nodes of the tree over the rows as `chain.merkle.levels_of` gives them)"""


class Checked(NamedTuple):
    """What is known of a transaction before it is admitted."""

    key: str
    """The public key (hex) of its account as it is in the state, if that key signed; "" otherwise."""
    row_levels: Sequence[bytes] = ()
    """Nodes of the tree over its rows (`chain.merkle.levels_of`), where they are known already."""


def is_signature(signature: bytes, message: bytes, public_key: bytes) -> bool:
    """Whether libsodium takes `signature` for one over `message` by `public_key`, small-order keys refused."""
    if len(signature) != 64 or len(public_key) != 32:
        # libsodium takes the lengths for granted.
        return False
    try:
        bindings.crypto_sign_open(signature + message, public_key)
    except (CryptoError, ValueError):
        return False
    return True


def row_levels(lines: bytes) -> list[bytes]:
    """Nodes of the tree over the rows in `lines`, level by level, the leaf hashes first."""
    rows = lines.split(b"\n")
    rows.pop()
    return levels_of(b"".join([sha256(b"\x00" + row).digest() for row in rows]))


def check_all(work: Sequence[Work]) -> list[Found]:
    """Each on its own; rows are hashed only under a signature that holds."""
    found = []
    for signature, message, key, lines in work:
        holds = is_signature(signature, message, key)
        found.append((holds, row_levels(lines) if holds and lines else []))
    return found


def begin() -> None:
    """First thing in a new process: an interrupt from the keyboard is its parent's, and it ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
