"""Recommender, model `ranker`: learns how far to trust each signal, by gradient-boosted trees.

Rows of features go in, LambdaRank trees come out: Burges, "From RankNet to LambdaRank to
LambdaMART", MSR-TR-2010-82, as LightGBM implements it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import lightgbm as lgb
import numpy as np

from nextloop.recommender import ranking_features
from nextloop.recommender.arrays import Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.cross_fit import Rows
from nextloop.recommender.metrics import top_k
from nextloop.recommender.queries import Queries
from nextloop.recommender.state import State


@dataclass(frozen=True, eq=False)
class Ranker:
    """Trees over the other models' scores, the guest's own orders, the item and the situation.

    Args:
        state: Counts of orders.
        trees: The trained trees.
        candidates: Items of a menu that the trees score; the rest follow by their first score.
        num_threads: Threads of one scoring.
    """

    state: State
    trees: lgb.Booster
    candidates: int
    num_threads: int = 1

    name: ClassVar[str] = "ranker"

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says: trees for the candidates, the rest below them."""
        feature = ranking_features.matrix(self.state, queries)
        q, n, width = feature.shape
        if n <= self.candidates:
            return self._predict(feature.reshape(q * n, width)).reshape(q, n)
        first = ranking_features.first_scores(self.state, queries)
        offered = self.state.catalog.offered[queries.rows]
        chosen = top_k(np.where(offered, first, -np.inf), np.ones(n, bool), self.candidates)
        query = np.arange(q)[:, None]
        by_trees = self._predict(feature[query, chosen].reshape(-1, width)).reshape(q, -1)
        worst = by_trees.min(axis=1, keepdims=True) - 1
        score: Scores = worst - 1 / (
            1 + np.exp(first)
        )  # in the sequence of the first score, below worst
        score[query, chosen] = by_trees
        return score

    def _predict(self, feature: Scores) -> Scores:
        raw: Any = self.trees.predict(
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
        "seed": config.seed,
        "num_threads": config.num_threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
    names = list(ranking_features.NAMES)
    data = lgb.Dataset(rows.feature, rows.label, group=rows.group, feature_name=names)
    checks: dict[str, Any] = {}
    if len(validation.group):
        held = data.create_valid(validation.feature, validation.label, group=validation.group)
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
