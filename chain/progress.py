"""How long work says how far it is: one signature for everything that a progress bar may listen to."""

from typing import Protocol


class Progress(Protocol):
    """Told of work done, for a progress bar."""

    def __call__(self, what: str, done: int, total: int, /) -> None: ...


def no_progress(what: str, done: int, total: int, /) -> None:
    """A `Progress` that tells nobody."""
