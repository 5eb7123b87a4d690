"""Judges the record: replay of sessions; certificate, carbon and credit audit and surveillance as they come.

Builds on `chain` and `queries`, knows nothing of the portal.
"""

from audit.errors import AuditError, ReplayError
from audit.replay import RoundStep, SessionReplay, replay_session
from audit.schedule import Difference
from audit.session_index import SessionIndex, index_sessions, sessions_of

__all__ = [
    "AuditError",
    "Difference",
    "ReplayError",
    "RoundStep",
    "SessionIndex",
    "SessionReplay",
    "index_sessions",
    "replay_session",
    "sessions_of",
]
