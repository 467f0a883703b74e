"""Recommender: keeps matrix products to the threads that were asked for.

BLAS takes every core it sees for products of a millisecond; its threads then wait for each other
wherever anything else runs (a training on two busy cores took 42 s of CPU instead of 26), and sums
change with their number. Comes in: a number of threads; goes out: what holds it, until it is left.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import threadpoolctl


def limited(number: int) -> AbstractContextManager[object]:
    """Let BLAS use so many threads from now on; leaving the context gives back what was before.

    Args:
        number: Threads, 1 or more.

    Returns:
        The context.
    """
    context: AbstractContextManager[object] = threadpoolctl.threadpool_limits(number, "blas")
    return context
