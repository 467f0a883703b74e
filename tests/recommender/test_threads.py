"""Matrix products keep to the threads that were asked for."""

from __future__ import annotations

import numpy as np
import threadpoolctl

from nextloop.recommender.threads import limited


def _blas() -> set[int]:
    assert np.eye(2).shape == (2, 2)  # numpy, and with it a BLAS, is loaded
    pools = threadpoolctl.threadpool_info()
    return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}


def test_threads_are_given_back():
    """Within the context BLAS has the threads that were asked for, after it those of before."""
    before = _blas()
    with limited(1):
        assert _blas() == {1}
        with limited(2):
            assert _blas() == {2}
        assert _blas() == {1}
    assert _blas() == before
