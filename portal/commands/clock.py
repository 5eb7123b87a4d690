"""The system's clock, which commands hand to `chain`."""

import time


def system_clock() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000
