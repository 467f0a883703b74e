"""Recommender: how good ranked lists are. Scores and truths go in, numbers from 0 to 1 come out.

Formulas: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002
(DCG), with the ideal list over min(k, number of truths) as in DNNTSP (Yu et al., KDD 2020);
Voorhees, TREC-8 1999 (reciprocal rank). Repeat and explore apart: Li et al., "A next basket
recommendation reality check", TOIS 2023.
"""

from __future__ import annotations

import numpy as np

from nextloop.recommender.arrays import Codes, Flags, Floats, Ints, Scores

NO_ITEM = -1


def top_k(scores: Scores, offered: Flags, k: int) -> Codes:
    """Rank what is offered.

    Args:
        scores: Finite scores, higher is better, shape (q, n).
        offered: What may be ranked, shape (n,) or (q, n).
        k: Length of the lists, 1 or more.

    Returns:
        Places of the best items, best first, equal scores by place, padded with `NO_ITEM`; shape
        (q, k).
    """
    allowed = np.broadcast_to(offered, scores.shape)
    order = np.argsort(np.where(allowed, -scores, np.inf), axis=1, kind="stable")[:, :k]
    top = np.where(np.take_along_axis(allowed, order, axis=1), order, NO_ITEM)
    ranked = np.full((len(scores), k), NO_ITEM, np.int32)
    ranked[:, : top.shape[1]] = top
    return ranked


def hits(top: Codes, truth: Flags) -> Flags:
    """Mark which ranked items are true.

    Args:
        top: Lists from `top_k`, shape (q, k).
        truth: What was ordered, shape (q, n).

    Returns:
        Shape (q, k); padding never hits.
    """
    found: Flags = np.take_along_axis(truth, np.maximum(top, 0).astype(np.int64), axis=1)
    real: Flags = top != NO_ITEM
    return found & real


def recall(hit: Flags, n_true: Ints) -> Floats:
    """Share of the true items that are in the list.

    Args:
        hit: Marks from `hits`, shape (q, k).
        n_true: True items of each query, those outside the menu included, shape (q,).

    Returns:
        Shape (q,); not a number where nothing is true.
    """
    with np.errstate(invalid="ignore"):
        share: Floats = hit.sum(axis=1) / n_true
    return share


def ndcg(hit: Flags, n_true: Ints) -> Floats:
    """Discounted gain of the list over that of the best list possible.

    DCG = sum over ranks r = 1..k of hit(r) / log2(r + 1); the ideal has its first min(k, n_true)
    ranks hit.

    Args:
        hit: Marks from `hits`, shape (q, k).
        n_true: True items of each query, 1 or more, shape (q,).

    Returns:
        Shape (q,).
    """
    k = hit.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(n_true, k) - 1]
    gain: Floats = (hit @ discount) / ideal
    return gain


def reciprocal_rank(hit: Flags) -> Floats:
    """One over the rank of the first hit, 0 without one.

    Args:
        hit: Marks from `hits`, shape (q, k).

    Returns:
        Shape (q,).
    """
    rank = np.asarray(hit.argmax(axis=1) + 1, np.float64)
    return np.asarray(hit.any(axis=1), np.float64) / rank


def hit_rate(hit: Flags) -> Floats:
    """Whether the list has any hit.

    Args:
        hit: Marks from `hits`, shape (q, k).

    Returns:
        1 or 0, shape (q,).
    """
    return np.asarray(hit.any(axis=1), np.float64)


def novelty(top: Codes, usual: Scores) -> Floats:
    """Share of orders without the offered items, averaged over the list.

    Vargas and Castells, "Rank and relevance in novelty and diversity metrics for recommender
    systems", RecSys 2011 (popularity complement).

    Args:
        top: Lists from `top_k`, shape (q, k).
        usual: Share of orders with each item, shape (n,).

    Returns:
        0 where every order has all of them, near 1 where they are rare; not a number for empty
        lists; shape (q,).
    """
    real = top != NO_ITEM
    rare = np.where(real, 1 - usual[np.maximum(top, 0)], 0)
    with np.errstate(invalid="ignore"):
        share: Floats = np.asarray(rare.sum(axis=1), np.float64) / real.sum(axis=1)
    return share


def bootstrap_interval(
    values: Floats, owner: Ints, resamples: int, seed: int, level: float = 0.95
) -> tuple[float, float]:
    """Interval of a mean by resampling owners, so that orders of one guest stay together.

    Efron, "Better bootstrap confidence intervals", JASA 1987 (percentile method); clusters as in
    Davison and Hinkley, "Bootstrap methods", 1997, section 3.8.

    Args:
        values: One value a query; those that are not numbers are left out.
        owner: Whose query it is, any codes from 0, shape as `values`.
        resamples: Number of resamples.
        seed: Seed of the resampling.
        level: Share of the resampled means inside.

    Returns:
        Lower and upper end; not numbers without values.
    """
    ok = ~np.isnan(values)
    if not ok.any():
        return float("nan"), float("nan")
    _, unit = np.unique(owner[ok], return_inverse=True)
    total, size = np.bincount(unit, values[ok]), np.bincount(unit)
    drawn = np.random.default_rng(seed).integers(len(size), size=(resamples, len(size)))
    means = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
