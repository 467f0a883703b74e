from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nextloop.recommender import metrics

# Lists of 4, from a menu of 6:     r  -  r  -          -  -  -  r          -  -  -  -
HIT = np.array([[1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], bool)
TRUE = np.array([3, 1, 6])


def test_the_metrics_of_three_lists_by_hand():
    """Recall, NDCG, reciprocal rank and hit rate are those worked out on paper."""
    log = np.log2
    assert metrics.recall(HIT, TRUE).tolist() == pytest.approx([2 / 3, 1, 0])
    assert metrics.ndcg(HIT, TRUE).tolist() == pytest.approx(
        [(1 + 1 / log(4)) / (1 + 1 / log(3) + 1 / log(4)), 1 / log(5), 0]
    )
    assert metrics.reciprocal_rank(HIT).tolist() == [1, 1 / 4, 0]
    assert metrics.hit_rate(HIT).tolist() == [1, 1, 0]


def test_equal_scores_stand_by_item_and_what_is_not_offered_is_left_out():
    """Ties keep the menu's sequence, lists of short menus are padded."""
    scores = np.array([[1, 2, 2, 9, 2]], np.float32)
    offered = np.array([True, True, True, False, True])

    assert metrics.top_k(scores, offered, 3).tolist() == [[1, 2, 4]]
    assert metrics.top_k(scores, offered, 6).tolist() == [[1, 2, 4, 0, -1, -1]]


def test_padding_never_hits():
    """A list shorter than k hits only with what is in it."""
    truth = np.array([[True, False]])

    assert metrics.hits(np.array([[1, -1]], np.int32), truth).tolist() == [[False, False]]


def test_novelty_is_the_share_of_orders_without_what_is_offered():
    """Averaged over the items of a list, padding left out; an empty list has none."""
    usual = np.array([0.5, 0.1, 0.0], np.float32)
    lists = np.array([[0, 1], [2, -1], [-1, -1]], np.int32)

    novelty = metrics.novelty(lists, usual)

    assert novelty[:2].tolist() == pytest.approx([(0.5 + 0.9) / 2, 1.0])
    assert np.isnan(novelty[2])


BOARDS = st.integers(1, 6).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.float32, (5, n), elements=st.floats(-4, 4, width=32)),
        hnp.arrays(np.bool_, (5, n)),
        st.integers(1, 8),
    )
)


@given(BOARDS)
def test_metrics_stay_between_0_and_1_and_the_best_list_reaches_the_best_values(board):
    """Every metric is a share; ranking the truth first gives an NDCG of 1."""
    scores, truth, k = board
    truth[:, 0] |= ~truth.any(axis=1)
    every, n_true = np.ones(truth.shape[1], bool), truth.sum(axis=1)

    hit = metrics.hits(metrics.top_k(scores, every, k), truth)
    values = [metrics.recall(hit, n_true), metrics.ndcg(hit, n_true)]
    values += [metrics.reciprocal_rank(hit), metrics.hit_rate(hit)]
    for value in values:
        assert ((value >= 0) & (value <= 1 + 1e-12)).all()

    best = metrics.hits(metrics.top_k(truth.astype(np.float32), every, k), truth)
    assert metrics.ndcg(best, n_true) == pytest.approx(1)
    assert metrics.reciprocal_rank(best) == pytest.approx(1)
    assert (metrics.ndcg(hit, n_true) <= metrics.ndcg(best, n_true) + 1e-12).all()


def test_the_interval_of_a_mean_holds_the_mean_and_repeats():
    """The same seed gives the same interval, around the mean."""
    values = np.random.default_rng(3).random(500)
    owner = np.arange(500) // 2

    low, high = metrics.bootstrap_interval(values, owner, 200, seed=1)

    assert low < values.mean() < high
    assert (low, high) == metrics.bootstrap_interval(values, owner, 200, seed=1)


def test_orders_of_one_guest_are_resampled_together():
    """Ten equal orders of each guest say no more than one: the interval is as wide."""
    values = np.random.default_rng(3).random(50)
    apart = metrics.bootstrap_interval(values, np.arange(50), 400, seed=1)
    together = metrics.bootstrap_interval(
        np.repeat(values, 10), np.repeat(np.arange(50), 10), 400, seed=1
    )

    assert together == pytest.approx(apart)


def test_an_interval_of_nothing_is_not_a_number():
    """Without a value there is no interval."""
    low, high = metrics.bootstrap_interval(np.array([np.nan]), np.array([0]), 10, seed=1)

    assert np.isnan(low)
    assert np.isnan(high)
