"""Seeded random streams. One per named thing, so that adding a member changes nobody else's draws.

Only raw PCG64 integers are taken from numpy: its bit streams are frozen (NEP 19), its distributions are not.
Normal draws are sums of twelve uniforms (Irwin–Hall), so no library's logarithm can move a digit of them.
"""

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

_SEED = "gridproof/region/v1"


class Noise:
    """The random stream of one named thing."""

    def __init__(self, *names: str) -> None:
        digest = hashlib.sha256("\n".join((_SEED, *names)).encode()).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest[:16], "big"))

    def uniform(self, count: int) -> Series:
        """`count` draws from [0, 1)."""
        return np.asarray(self._raw(count), dtype=np.float64) * 2.0**-53

    def normal(self, count: int) -> Series:
        """`count` draws of mean 0 and variance 1, within ±6."""
        # Summed as integers: exact, so no order of additions matters.
        sums = self._raw(12 * count).reshape(count, 12).sum(axis=1)
        return np.asarray(sums, dtype=np.float64) * 2.0**-53 - 6.0

    def below(self, bound: int) -> int:
        """An integer from [0, bound)."""
        return int(self._bits.random_raw()) % bound

    def between(self, low: int, high: int, step: int) -> int:
        """A multiple of `step` from [low, high]."""
        return low + step * self.below((high - low) // step + 1)

    def autoregressive(self, count: int, memory: float) -> Series:
        """AR(1) of variance 1: each value keeps `memory` of the one before."""
        shocks = self.normal(count) * math.sqrt(1.0 - memory * memory)
        values = np.empty(count)
        last = float(self.normal(1)[0])
        for index in range(count):
            last = memory * last + float(shocks[index])
            values[index] = last
        return values

    def markov(self, count: int, moves: tuple[tuple[float, ...], ...], start: int) -> NDArray[np.int64]:
        """A Markov chain's states; `moves[a][b]` is the probability of going from a to b."""
        draws = self.uniform(count)
        states = np.empty(count, dtype=np.int64)
        state = start
        for index in range(count):
            reached = 0.0
            for candidate, probability in enumerate(moves[state]):
                reached += probability
                if draws[index] < reached:
                    state = candidate
                    break
            states[index] = state
        return states

    def _raw(self, count: int) -> NDArray[np.uint64]:
        """`count` integers of 53 bits."""
        return np.asarray(self._bits.random_raw(count), dtype=np.uint64) >> np.uint64(11)
