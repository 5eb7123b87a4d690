"""Every limit of identity off the chain, in one frozen record. Past one: our own error, nothing lost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IdentityLimits:
    keystore_bytes_max: int = 4_096
    """A keystore file; ours are some 700 bytes."""
    password_file_bytes_max: int = 4_096
    """A file that holds a password."""
    password_characters_min: int = 12
    """Code points of a password that protects a new file."""
    password_bytes_max: int = 1_024
    """UTF-8 bytes of a password, before and after normalisation."""
    opslimit_min: int = 2
    """Passes of Argon2id that protect a new file, at the least (OWASP: 2 passes over 19 MiB)."""
    opslimit_max: int = 8
    """Passes that a foreign file may ask for: with `memlimit_bytes_max` about three seconds."""
    memlimit_bytes_min: int = 19 * 2**20
    """Memory of Argon2id that protects a new file, at the least."""
    memlimit_bytes_max: int = 512 * 2**20
    """Memory that a foreign file may ask for."""
    origin_characters_max: int = 267
    """`https://`, a host name of 253 characters and a port."""
    response_bytes_max: int = 4_096
    """A login response, and a challenge."""
    credential_bytes_max: int = 2**20
    """A credential; ours are some 20 kB."""
    challenge_lifetime_ms_max: int = 600_000
    """How long a challenge may be answered: ten minutes."""
    challenges_per_account_max: int = 5
    """Challenges of one account that wait for an answer."""
    challenges_max: int = 10_000
    """Challenges that a book remembers, waiting and answered, until they expire."""
    failures_max: int = 5
    """Refused logins of one account within the window before it is locked out."""
    failures_window_ms: int = 600_000
    """The window: ten minutes."""
    lock_out_ms: int = 900_000
    """How long a lock-out lasts: fifteen minutes."""
    lock_out_accounts_max: int = 10_000
    """Accounts whose failures are remembered."""
    deposit_entry_max: int = 10**12 - 1
    """The last entry index that has a deposit number: twelve digits."""


IDENTITY_LIMITS = IdentityLimits()
