"""Random numbers by name: each part of the simulator draws from a stream of its own.

In come the seed and a name, out comes a generator. Because no part shares a stream with another,
turning one thing on (broken rows, say) leaves every other draw as it was.

Source: https://numpy.org/doc/stable/reference/random/parallel.html
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
import numpy.typing as npt

_MIX_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B: Final = np.uint64(0x94D049BB133111EB)
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_LOW_32_BITS: Final = 0xFFFFFFFF


def stream(seed: int, *name: str | int) -> np.random.Generator:
    """Open the stream of random numbers that has this name.

    Args:
        seed: The world's seed, 0 or more.
        name: What the numbers are for, e.g. ``"stays", 3``.

    Returns:
        A generator that gives the same numbers for the same seed and name in every process.
    """
    key = tuple(zlib.crc32(str(part).encode()) for part in name)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def coin(
    seed: int, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Give each pair of numbers a fixed draw, so that it need not be stored to be had again.

    Args:
        seed: The world's seed.
        first: Number of the first kind, e.g. a guest; 0 or more.
        second: Number of the second kind, e.g. an item; same shape.

    Returns:
        Uniform draws from [0, 1), one per pair.

    Source: SplitMix64's finaliser, Steele, Lea and Flood, OOPSLA 2014.
    """
    with np.errstate(over="ignore"):
        mixed = first.astype(np.uint64) * _STEP + np.uint64(seed & _LOW_32_BITS)
        mixed = _scramble(mixed) + second.astype(np.uint64) * _STEP
        mixed = _scramble(mixed)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _scramble(mixed: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_A
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_B
    return mixed ^ (mixed >> np.uint64(31))
