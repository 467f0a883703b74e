"""Recommender: counts before the validation and grows the ranker's trees on cross-fitted rows.

A dataset, a split and a configuration go in; counts, rows and trees come out. A training does this
once, a search for settings grows trees many times from the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np

from nextloop.recommender.arrays import Flags, Ints, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.cross_fit import Lessons, cross_fitted, rows_of
from nextloop.recommender.dataset import Dataset
from nextloop.recommender.evaluation import judge, spread
from nextloop.recommender.queries import Histories, Queries
from nextloop.recommender.ranker import Ranker, Trees, grow
from nextloop.recommender.ranking_features import first_scores, matrix
from nextloop.recommender.split import Split
from nextloop.recommender.state import State
from nextloop.recommender.summary import summarize

_WEIGHTS: Final = ((0.1, 0.3), (1.0, 1.0))
"""What own orders and neighbours may count from the start; the first of equals is taken."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What was counted before the validation: all that trees grow from.

    Args:
        config: Every number of the training, with what was learned of them.
        histories: All orders, to look back from each.
        split: Which orders taught, which are asked.
        state: Counts before the validation.
        lessons: Cross-fitted rows.
        held: Rows of the validation, for early stopping.
    """

    config: TrainingConfig
    histories: Histories
    split: Split
    state: State
    lessons: Lessons
    held: Lessons


def prepare(
    dataset: Dataset, config: TrainingConfig, progress: Progress, split: Split | None = None
) -> Prepared:
    """Count before the validation and make the rows that teach the ranker.

    Args:
        dataset: Feature tables as of a date.
        config: Every number of the training.
        progress: Called with the step that begins and the share that is done.
        split: Which orders teach and which are asked; by time if None.

    Returns:
        What trees grow from.

    Raises:
        DataFault: If there are no orders at all.
    """
    split = split or Split.of(dataset.interactions, config)
    histories = Histories.of(dataset.catalog, dataset.interactions, config.history_orders)
    progress("counting before the validation", 0.0)
    state = count_until(dataset, split.fit, config, split.validation_cut)
    progress("describing what teaches", 0.1)
    asked = spread(np.flatnonzero(split.validation), config.evaluation_orders)
    config = _with_weights(histories, state, asked, config)
    lessons = cross_fitted(histories, state.catalog, split, config, split.validation_cut - 1)
    held = rows_of(histories, state, asked, config)
    return Prepared(config, histories, split, state, lessons, held)


@dataclass(frozen=True, eq=False)
class _Beginning:
    """What the trees begin at, as a model of its own."""

    state: State
    weights: tuple[float, float, float]

    name: ClassVar[str] = "beginning"

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says."""
        return first_scores(matrix(self.state, queries), *self.weights)


def _with_weights(
    histories: Histories, state: State, asked: Ints, config: TrainingConfig
) -> TrainingConfig:
    """Choose how far history is trusted from the start, by the validation.

    Where orders hardly differ by situation and kind of guest, it is nearly all there is.
    """
    if not len(asked):
        return config

    def judged(tried: TrainingConfig) -> float:
        found = judge(_Beginning(state, tried.weights), histories, asked, state, config.k)
        return float(found.value[f"ndcg_at_{config.k}"].mean())

    return max((replace(config, own_weight=o, near_weight=n) for o, n in _WEIGHTS), key=judged)


def grown(prepared: Prepared, config: TrainingConfig) -> tuple[Trees | None, tuple[str, ...]]:
    """Grow the ranker's trees, or say why there are none.

    Args:
        prepared: What they grow from.
        config: Sizes, seed and threads.

    Returns:
        The trees, and notes.
    """
    lessons, held = prepared.lessons, prepared.held
    found, needed = len(lessons.opening.group), config.min_training_orders
    if found < needed:
        return None, (f"no ranker: {found} orders teach it, {needed} are needed",)
    opening = grow(lessons.opening, held.opening, config)
    if len(lessons.completing.group) < needed:
        return Trees(opening, opening), ()
    return Trees(opening, grow(lessons.completing, held.completing, config)), ()


def validated(prepared: Prepared, trees: Trees, config: TrainingConfig) -> dict[str, float]:
    """Judge trees on the validation.

    Args:
        prepared: What they grew from.
        trees: The trees.
        config: The configuration that they grew with.

    Returns:
        Metrics by name.
    """
    model = Ranker.of(prepared.state, trees, config)
    orders = spread(np.flatnonzero(prepared.split.validation), config.evaluation_orders)
    judged = judge(model, prepared.histories, orders, prepared.state, config.k)
    return summarize(judged, prepared.state.catalog, config)


def count_until(dataset: Dataset, teaching: Flags, config: TrainingConfig, until: int) -> State:
    """Count orders before a day, with the menu as it was known by then.

    Args:
        dataset: All orders.
        teaching: Which of them are counted.
        config: How to smooth and shrink.
        until: The first day that is not counted, in days since 1970-01-01.

    Returns:
        The counts.
    """
    orders = dataset.interactions.take(teaching)
    return State.fit(orders, dataset.catalog.known_before(until), config, until - 1)
