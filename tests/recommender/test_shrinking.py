"""How far counts are trusted follows from the counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextloop.recommender.shrinking import STRENGTHS, shrunk, strength

EXPECTED = np.full(400, 20.0)


def test_counts_that_differ_by_chance_alone_leave_the_prior_in_charge():
    """Rates that are all alike make the prior worth many orders."""
    observed = np.random.default_rng(1).poisson(EXPECTED).astype(float)

    assert strength(observed, EXPECTED, 1.0) >= 256


@pytest.mark.parametrize("shape", [1, 4, 16])
def test_the_spread_of_the_rates_is_found(shape):
    """Rates drawn from a Gamma distribution give back its shape, within a factor of two."""
    rng = np.random.default_rng(2)
    observed = rng.poisson(EXPECTED * rng.gamma(shape, 1 / shape, len(EXPECTED))).astype(float)

    assert shape / 2 <= strength(observed, EXPECTED, 1.0) <= shape * 2


def test_where_nothing_could_be_seen_the_prior_is_all():
    """Without anything expected the strongest prior is chosen, and its rate given."""
    nothing = np.zeros(3)

    assert strength(nothing, nothing, 0.7) == STRENGTHS[-1]
    assert shrunk(nothing, nothing, 0.7, 8.0).tolist() == pytest.approx([0.7] * 3)


@given(
    st.integers(0, 10_000),
    st.floats(0.01, 1e4),
    st.floats(1e-6, 1e3),
    st.sampled_from(STRENGTHS.tolist()),
)
def test_a_rate_lies_between_its_prior_and_what_was_seen(observed, expected, prior, worth):
    """Shrinking never overshoots, and some strength is always found."""
    n, mean = np.array([float(observed)]), np.array([expected])
    rate = float(shrunk(n, mean, prior, worth)[0])

    low, high = sorted((prior, observed / expected))
    assert low * (1 - 1e-9) <= rate <= high * (1 + 1e-9)
    assert strength(n, mean, prior) in STRENGTHS
