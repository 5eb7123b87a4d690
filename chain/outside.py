"""What comes from outside and is handed in: time and chance. Nothing in `chain` reads a clock or draws for itself."""

from collections.abc import Callable

Clock = Callable[[], int]
"""Milliseconds since 1970 UTC."""

RandomBytes = Callable[[int], bytes]
"""So many bytes that nobody can foretell, each time others: the operating system's, handed in."""
