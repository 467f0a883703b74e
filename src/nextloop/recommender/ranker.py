"""Recommender, model `ranker`: learns how far to trust each signal, by gradient-boosted trees.

Rows of features go in, LambdaRank trees come out: Burges, "From RankNet to LambdaRank to
LambdaMART", MSR-TR-2010-82, as LightGBM implements it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import lightgbm as lgb
import numpy as np

from nextloop.recommender import ranking_features
from nextloop.recommender.arrays import Flags, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.cross_fit import Rows
from nextloop.recommender.metrics import NO_ITEM, top_k
from nextloop.recommender.queries import Queries
from nextloop.recommender.state import State

_BELOW = np.float32(-100)  # puts what is no candidate below all candidates, by its first score


@dataclass(frozen=True, eq=False)
class Trees:
    """What the two rankers learned.

    Args:
        opening: Trees for queries without a cart.
        completing: Trees for queries with one; the same ones if too few orders taught it.
    """

    opening: lgb.Booster
    completing: lgb.Booster


@dataclass(frozen=True, eq=False)
class Ranker:
    """Trees over the other models' scores, the guest's own orders, the item and the situation.

    Args:
        state: Counts of orders.
        trees: The trained trees.
        candidates: Items of a menu that the trees score; the rest follow by their first score.
        weights: Own, near and pull weight of the first score that the trees were grown from.
        num_threads: Threads of one scoring.
    """

    state: State
    trees: Trees
    candidates: int
    weights: tuple[float, float, float]
    num_threads: int = 1

    name: ClassVar[str] = "ranker"

    @classmethod
    def of(cls, state: State, trees: Trees, config: TrainingConfig) -> Self:
        """Make the ranker from its parts and the configuration that they were made with."""
        return cls(state, trees, config.candidates, config.weights, config.num_threads)

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says: first scores that the trees correct for the candidates."""
        feature = ranking_features.matrix(self.state, queries)
        first = ranking_features.first_scores(feature, *self.weights)
        asked = self.state.catalog.offered[queries.rows] & (queries.cart == 0)
        if self.candidates < first.shape[1]:
            asked = self._best(first, asked)
        score = first + _BELOW
        for trees, these in self._by_trees(queries):
            query, place = np.nonzero(asked & these[:, None])
            if len(query):
                found = self._predict(trees, feature[query, place])
                score[query, place] = first[query, place] + found
        return score

    def _best(self, first: Scores, offered: Flags) -> Flags:
        """Mark the candidates among what is on offer."""
        chosen = top_k(first, offered, self.candidates)
        marked = np.zeros_like(offered)
        query, number = np.nonzero(chosen != NO_ITEM)
        marked[query, chosen[query, number]] = True
        return marked

    def _by_trees(self, queries: Queries) -> Iterator[tuple[lgb.Booster, Flags]]:
        completing: Flags = np.asarray(queries.cart.any(axis=1))
        if completing.any():
            yield self.trees.completing, completing
        if not completing.all():
            yield self.trees.opening, ~completing

    def _predict(self, trees: lgb.Booster, feature: Scores) -> Scores:
        raw: Any = trees.predict(
            feature, raw_score=True, num_threads=self.num_threads, validate_features=False
        )
        return np.asarray(raw, np.float32)


def grow(rows: Rows, validation: Rows, config: TrainingConfig) -> lgb.Booster:
    """Train the trees; equal rows and configuration give byte-equal trees.

    Args:
        rows: Cross-fitted rows.
        validation: Rows of later orders; training stops when NDCG@k on them gets no better. None
            left: all trees are grown.
        config: Sizes, seed and threads.

    Returns:
        The trees up to the best one.
    """
    settings: dict[str, Any] = {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [config.k],
        "lambdarank_truncation_level": 2 * config.k,  # pairs that can enter the list and its next
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "min_data_in_leaf": config.min_leaf_rows,
        "lambda_l2": 10.0,  # .3967 for .3946 on simulated validation weeks
        "max_bin": 63,  # half the time of 255 for the same lists
        "bin_construct_sample_cnt": 50_000,  # borders of bins; a second less than with 200,000
        "seed": config.seed,
        "num_threads": config.num_threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
    names = list(ranking_features.NAMES)
    data = lgb.Dataset(
        rows.feature, rows.label, group=rows.group, init_score=rows.first, feature_name=names
    )
    checks: dict[str, Any] = {}
    if len(validation.group):
        held = data.create_valid(
            validation.feature,
            validation.label,
            group=validation.group,
            init_score=validation.first,
        )
        stop = lgb.early_stopping(config.early_stopping, verbose=False)
        checks = {"valid_sets": [held], "callbacks": [stop]}
    trees = lgb.train(settings, data, config.trees, **checks)
    return load(dump(trees))


def dump(trees: lgb.Booster) -> str:
    """Write trees as LightGBM's text, up to the best one."""
    return trees.model_to_string(num_iteration=trees.best_iteration)


def load(text: str) -> lgb.Booster:
    """Read trees from LightGBM's text."""
    return lgb.Booster(model_str=text)
