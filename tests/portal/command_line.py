"""The type of the fixture `run`: one command line as its user types it."""

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
"""Words → exit code, standard output, standard error."""
