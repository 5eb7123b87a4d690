"""Every error that `audit` raises.

AuditError             code, where, sentence: as `chain.errors.ChainError`
└── ReplayError        a replay that cannot be made
"""

from chain.errors import ChainError


class AuditError(ChainError):
    """A judgement that cannot be made."""


class ReplayError(AuditError):
    """A replay that cannot be made."""
