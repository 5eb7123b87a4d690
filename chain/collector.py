"""Python's cyclic garbage collector, out of the way while a block is made.

A batch of 10,000 orders is tens of thousands of tuples that live until the next seal. The collector would go through
all of them again and again while they come into being, and they are in no cycle: a third of what a batch costs. It
goes on between blocks.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No cyclic collection within. There is one collector: a thread that leaves may end another's pause."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
