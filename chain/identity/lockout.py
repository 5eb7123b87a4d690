"""Lock-out: who fails to log in too often in a short time waits.

1. `failures_max` failures of an account within `window_ms` lock it out for `lock_out_ms` from the last of them
   ("locked-out"). A success forgets the failures before it.
2. A clock that jumps back prolongs nothing beyond `lock_out_ms`: failures and locks from the future count as of now.
3. At most `accounts_max` accounts are remembered. To make room, what has run out goes first, then the account whose
   last failure is the oldest, but never one that is locked out: flooding this with names frees nobody. When all are
   locked out, everyone waits ("too-many").

Only failures of accounts that exist are worth recording: a stranger's inventions would only take room.
"""

import threading
from dataclasses import dataclass, field

from chain.errors import ChallengeError
from chain.identity.limits import IDENTITY_LIMITS
from chain.outside import Clock


@dataclass(slots=True)
class _Record:
    """What is remembered of one account."""

    failures: list[int] = field(default_factory=list)
    """Their times, the newest last."""
    locked_until: int = 0


class LockOut:
    """See the module's docstring. May be used from several threads."""

    def __init__(
        self,
        clock: Clock,
        failures_max: int = IDENTITY_LIMITS.failures_max,
        window_ms: int = IDENTITY_LIMITS.failures_window_ms,
        lock_out_ms: int = IDENTITY_LIMITS.lock_out_ms,
        accounts_max: int = IDENTITY_LIMITS.lock_out_accounts_max,
    ) -> None:
        if min(failures_max, window_ms, lock_out_ms, accounts_max) < 1:
            raise ChallengeError("lock-out", "the bounds of a lock-out are at least 1")
        self._clock = clock
        self._failures_max = failures_max
        self._window_ms = window_ms
        self._lock_out_ms = lock_out_ms
        self._accounts_max = accounts_max
        self._records: dict[str, _Record] = {}
        self._lock = threading.Lock()

    def require_open(self, account: str) -> None:
        """`ChallengeError` while the account is locked out; ask before anything is verified."""
        with self._lock:
            now = self._clock()
            record = self._current(account, now)
            if record is not None and record.locked_until > now:
                seconds = -(-(record.locked_until - now) // 1_000)
                sentence = f"too many failed logins of {account}: try again in {seconds} s"
                raise ChallengeError("locked-out", sentence)
            if record is None:
                self._room(now)

    def failed(self, account: str) -> None:
        """Remember a refused login."""
        with self._lock:
            now = self._clock()
            record = self._current(account, now)
            if record is None:
                oldest = self._room(now)
                if oldest is not None:
                    del self._records[oldest]
                record = _Record()
            # Put last: `_records` is ordered by the last failure.
            self._records.pop(account, None)
            self._records[account] = record
            record.failures = [*record.failures, now][-self._failures_max :]
            if len(record.failures) == self._failures_max:
                record.locked_until = now + self._lock_out_ms

    def succeeded(self, account: str) -> None:
        """Forget the failures of an account that has logged in."""
        with self._lock:
            self._records.pop(account, None)

    def __len__(self) -> int:
        """Accounts remembered."""
        return len(self._records)

    def _current(self, account: str, now: int) -> _Record | None:
        """What still counts of an account; rule 2."""
        record = self._records.get(account)
        if record is None:
            return None
        record.locked_until = min(record.locked_until, now + self._lock_out_ms)
        record.failures = [min(time, now) for time in record.failures if time > now - self._window_ms]
        if record.locked_until <= now:
            if record.locked_until:
                # The wait is over: it begins with a clean sheet.
                record.failures, record.locked_until = [], 0
            if not record.failures:
                del self._records[account]
                return None
        return record

    def _room(self, now: int) -> str | None:
        """Rule 3: the account to forget for a new one, None while there is room."""
        if len(self._records) < self._accounts_max:
            return None
        for account in list(self._records):
            self._current(account, now)
        if len(self._records) < self._accounts_max:
            return None
        oldest = next((name for name, record in self._records.items() if record.locked_until <= now), None)
        if oldest is None:
            raise ChallengeError("too-many", "too many accounts are locked out: try again in a few minutes")
        return oldest
