"""Recommender: trains all models, compares them on later orders, and makes each ready to serve.

A dataset and a configuration go in; per model its metrics and a bundle come out. The sequence:
count before the validation, grow the ranker's trees on cross-fitted rows, choose by the validation,
count again before the test and judge once, count again on everything. The trees stay those that
were judged; only counts and histories are refreshed, and trees read counts as shares and lifts,
which keep their meaning as counts grow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import lightgbm as lgb
import numpy as np

from nextloop.recommender.arrays import Flags
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.cross_fit import cross_fitted, rows_of
from nextloop.recommender.dataset import Dataset
from nextloop.recommender.evaluation import judge, spread, summarize
from nextloop.recommender.guests import Guests
from nextloop.recommender.protocol import Model
from nextloop.recommender.queries import Histories
from nextloop.recommender.ranker import Ranker, grow
from nextloop.recommender.split import Split
from nextloop.recommender.state import State

Progress = Callable[[str, float], None]
Metrics = dict[str, float]


@dataclass(frozen=True, eq=False)
class ModelResult:
    """One trained model.

    Args:
        metrics: On the test, by name as `evaluation.summarize` says; only `orders` without a test.
        validation: The same on the validation, by which the best model was chosen.
        bundle: Ready to serve, counted on all orders.
    """

    metrics: Metrics
    validation: Metrics
    bundle: Bundle


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What a training gave.

    Args:
        models: Results by model, the simplest first.
        best: The model with the best NDCG on the validation; the simplest of equals.
        split: First days of validation and test in days since 1970-01-01, and orders of each part.
        notes: What a reader should know, such as why there is no ranker.
    """

    models: dict[str, ModelResult]
    best: str
    split: dict[str, int]
    notes: tuple[str, ...]


def train(
    dataset: Dataset, config: TrainingConfig, progress: Progress = lambda _step, _done: None
) -> TrainingResult:
    """Train, compare and refit all models.

    Args:
        dataset: Feature tables as of a date; nothing later is in them.
        config: Every number of the training.
        progress: Called with the step that begins and the share that is done, 0 to 1.

    Returns:
        All models that the data allow.

    Raises:
        DataFault: If there are no orders at all.
    """
    split = Split.of(dataset.interactions, config)
    histories = Histories.of(dataset.catalog, dataset.interactions, config.history_orders)
    progress("counting before the validation", 0.0)
    early = _count(dataset, split.fit, config, split.validation_cut)
    progress("growing the ranker", 0.1)
    trees, notes = _grow(histories, early, split, config)
    progress("choosing by the validation", 0.5)
    validation = _judge(histories, early, trees, split.validation, config)
    progress("judging on the test", 0.65)
    later = _count(dataset, split.before_test, config, split.cut)
    test = _judge(histories, later, trees, split.test, config)
    progress("counting everything", 0.9)
    everything = np.ones(len(dataset.interactions), bool)
    final = _count(dataset, everything, config, dataset.as_of + 1)
    guests = Guests.of(dataset, config.history_orders)
    results = {
        model.name: ModelResult(
            test[model.name],
            validation[model.name],
            Bundle(model, final, guests, config, dataset.as_of),
        )
        for model in _models(final, trees, replace(config, num_threads=1))
    }
    progress("done", 1.0)
    return TrainingResult(results, _best(results, config.k), _sizes(split), notes)


def _count(dataset: Dataset, teaching: Flags, config: TrainingConfig, until: int) -> State:
    """Count orders before a day, with the menu as it was known by then."""
    orders = dataset.interactions.take(teaching)
    return State.fit(orders, dataset.catalog.known_before(until), config, until - 1)


def _models(state: State, trees: lgb.Booster | None, config: TrainingConfig) -> list[Model]:
    models: list[Model] = list(state.models)
    if trees is not None:
        models.append(Ranker(state, trees, config.candidates, config.num_threads))
    return models


def _grow(
    histories: Histories, state: State, split: Split, config: TrainingConfig
) -> tuple[lgb.Booster | None, tuple[str, ...]]:
    """Grow the ranker's trees, or say why there are none."""
    menu, last_day = state.catalog, split.validation_cut - 1
    rows = cross_fitted(histories, menu, split.fit, config, last_day)
    if len(rows.group) < config.min_training_orders:
        found, needed = len(rows.group), config.min_training_orders
        return None, (f"no ranker: {found} orders teach it, {needed} are needed",)
    asked = spread(np.flatnonzero(split.validation), config.evaluation_orders)
    held = rows_of(histories, state, asked, config)
    return grow(rows, held, config), ()


def _judge(
    histories: Histories,
    state: State,
    trees: lgb.Booster | None,
    asked: Flags,
    config: TrainingConfig,
) -> dict[str, Metrics]:
    """Judge every model on the same orders, all of them fitted on one state."""
    orders = spread(np.flatnonzero(asked), config.evaluation_orders)
    found = {}
    for model in _models(state, trees, config):
        judged = judge(model, histories, orders, state.catalog, config.k)
        found[model.name] = summarize(judged, state.catalog, config)
    return found


def _best(models: dict[str, ModelResult], k: int) -> str:
    """Choose by the validation; `max` keeps the first of equals, the simplest."""
    return max(models, key=lambda name: models[name].validation.get(f"ndcg_at_{k}", 0.0))


def _sizes(split: Split) -> dict[str, int]:
    parts = ("fit", "validation", "before_test", "test")
    sizes = {f"{part}_orders": int(getattr(split, part).sum()) for part in parts}
    return {"validation_cut": split.validation_cut, "cut": split.cut, **sizes}
