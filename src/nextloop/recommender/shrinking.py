"""Recommender: how far a count is to be trusted, learned from all counts of its kind.

Counts, what was expected and a prior rate go in; rates come out. Each rate is thought to be drawn
around its prior from a Gamma distribution; how wide that is, is chosen so that the counts are the
likeliest (empirical Bayes; Efron and Morris 1975 for the idea). Where items differ no more than
chance makes them, the prior decides; where they do differ, their own counts do.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from nextloop.recommender.arrays import Floats

STRENGTHS = 2.0 ** np.arange(13)
"""What a prior may be worth, in expected orders: 1 to 4096."""


def strength(observed: Floats, expected: Floats, prior: Floats | float) -> float:
    """Choose what a prior is worth.

    Args:
        observed: Counts.
        expected: What they would be if nothing mattered, 0 where nothing could be seen.
        prior: Rates that are likely beforehand, as a multiple of the expected count.

    Returns:
        The one of `STRENGTHS` under which the counts are the likeliest; the largest of equals.
    """
    seen = expected > 0
    n, mean = observed[seen], expected[seen]
    rate = np.broadcast_to(np.asarray(prior, np.float64), observed.shape)[seen]
    known = [_log_likelihood(n, mean, rate, worth) for worth in STRENGTHS[::-1]]
    return float(STRENGTHS[::-1][int(np.argmax(known))])


def shrunk(observed: Floats, expected: Floats, prior: Floats | float, worth: float) -> Floats:
    """Give the mean of each rate, knowing its count.

    Args:
        observed: Counts.
        expected: What they would be if nothing mattered.
        prior: Rates that are likely beforehand.
        worth: What the prior is worth in expected orders.

    Returns:
        (observed + worth * prior) / (expected + worth).
    """
    rates: Floats = (observed + worth * prior) / (expected + worth)
    return rates


def _log_likelihood(n: Floats, expected: Floats, rate: Floats, worth: float) -> float:
    """Score counts whose mean is Gamma distributed: the negative binomial without its constant."""
    shape = worth * rate
    likely = gammaln(n + shape) - gammaln(shape) + shape * np.log(worth / (worth + expected))
    return float((likely + n * np.log(expected / (worth + expected))).sum())
