"""Recommender: trains all models, compares them on later orders, and makes each ready to serve.

A dataset and a configuration go in; per model its metrics and a bundle come out. The sequence:
count before the validation, grow the rankers' trees on cross-fitted rows, choose by the validation,
count again before the test and judge once, count again on everything. The trees stay those that
were judged; only counts and histories are refreshed, and trees read counts as shares and lifts,
which keep their meaning as counts grow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nextloop.recommender.arrays import Flags
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.cross_fit import Lessons, cross_fitted, rows_of
from nextloop.recommender.dataset import Dataset
from nextloop.recommender.evaluation import Judged, judge, spread
from nextloop.recommender.guests import Guests
from nextloop.recommender.protocol import Model
from nextloop.recommender.queries import Histories
from nextloop.recommender.ranker import Ranker, Trees, grow
from nextloop.recommender.split import Split
from nextloop.recommender.state import State
from nextloop.recommender.summary import COMPLETE, paired, plain, summarize

Progress = Callable[[str, float], None]
Metrics = dict[str, float]

GAIN = "gain_over_production_"
"""Prefix of what a model is better by than the one in production, on the same orders."""


@dataclass(frozen=True, eq=False)
class ModelResult:
    """One trained model.

    Args:
        metrics: On the test, by name as `summary.summarize` says; only `orders` without a test.
        validation: The same on the validation, by which the best model was chosen.
        bundle: Ready to serve, counted on all orders.
        judged: Values by order of the test, whole next orders.
        completed: The same for the missing item of orders of several items.
    """

    metrics: Metrics
    validation: Metrics
    bundle: Bundle
    judged: Judged
    completed: Judged


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


@dataclass(frozen=True, eq=False)
class Taught:
    """What was learned before the validation: enough to judge settings by.

    Args:
        histories: All orders, to look back from each.
        split: Which orders taught, which are asked.
        state: Counts before the validation.
        trees: The ranker's, none if too few orders teach.
        notes: Why there are none.
    """

    histories: Histories
    split: Split
    state: State
    trees: Trees | None
    notes: tuple[str, ...]


def train(
    dataset: Dataset,
    config: TrainingConfig,
    progress: Progress = lambda _step, _done: None,
    split: Split | None = None,
    production: Bundle | None = None,
) -> TrainingResult:
    """Train, compare and refit all models.

    Args:
        dataset: Feature tables as of a date; nothing later is in them.
        config: Every number of the training.
        progress: Called with the step that begins and the share that is done, 0 to 1.
        split: Which orders teach and which are asked; the time split of the configuration if None.
        production: What answers now; its trees, on the counts that all others get, are judged
            beside them.

    Returns:
        All models that the data allow.

    Raises:
        DataFault: If there are no orders at all.
    """
    taught = teach(dataset, config, progress, split)
    progress("choosing by the validation", 0.5)
    validation, _, _ = _judge(taught, taught.state, taught.split.validation, config, None)
    progress("judging on the test", 0.65)
    later = _count(dataset, taught.split.before_test, config, taught.split.cut)
    test, judged, completed = _judge(taught, later, taught.split.test, config, production)
    progress("counting everything", 0.9)
    everything = np.ones(len(dataset.interactions), bool)
    final = _count(dataset, everything, config, dataset.as_of + 1)
    guests = Guests.of(dataset, config.history_orders)
    results = {
        model.name: ModelResult(
            test[model.name],
            validation[model.name],
            Bundle(model, final, guests, config, dataset.as_of),
            judged[model.name],
            completed[model.name],
        )
        for model in _models(final, taught.trees, replace(config, num_threads=1))
    }
    progress("done", 1.0)
    best = _best(results, config.k)
    return TrainingResult(results, best, _sizes(taught.split), taught.notes)


def teach(
    dataset: Dataset, config: TrainingConfig, progress: Progress, split: Split | None = None
) -> Taught:
    """Count before the validation and grow the ranker's trees, or say why there are none.

    Args:
        dataset: Feature tables as of a date.
        config: Every number of the training.
        progress: Called with the step that begins and the share that is done.
        split: Which orders teach and which are asked; by time if None.

    Returns:
        What was learned.

    Raises:
        DataFault: If there are no orders at all.
    """
    split = split or Split.of(dataset.interactions, config)
    histories = Histories.of(dataset.catalog, dataset.interactions, config.history_orders)
    progress("counting before the validation", 0.0)
    state = _count(dataset, split.fit, config, split.validation_cut)
    progress("growing the ranker", 0.1)
    last_day = split.validation_cut - 1
    rows = cross_fitted(histories, state.catalog, split, config, last_day)
    found, needed = len(rows.opening.group), config.min_training_orders
    if found < needed:
        notes = (f"no ranker: {found} orders teach it, {needed} are needed",)
        return Taught(histories, split, state, None, notes)
    asked = spread(np.flatnonzero(split.validation), config.evaluation_orders)
    held = rows_of(histories, state, asked, config)
    return Taught(histories, split, state, _grow(rows, held, config), ())


def validated(taught: Taught, config: TrainingConfig) -> Metrics:
    """Judge the ranker on the validation, the simplest model if there is none.

    Args:
        taught: What was learned before the validation.
        config: The configuration that it was learned with.

    Returns:
        Metrics by name.
    """
    model = _models(taught.state, taught.trees, config)[0 if taught.trees is None else -1]
    orders = spread(np.flatnonzero(taught.split.validation), config.evaluation_orders)
    judged = judge(model, taught.histories, orders, taught.state, config.k)
    return summarize(judged, taught.state.catalog, config)


def _grow(rows: Lessons, held: Lessons, config: TrainingConfig) -> Trees:
    opening = grow(rows.opening, held.opening, config)
    enough = len(rows.completing.group) >= config.min_training_orders
    completing = grow(rows.completing, held.completing, config) if enough else opening
    return Trees(opening, completing)


def _count(dataset: Dataset, teaching: Flags, config: TrainingConfig, until: int) -> State:
    """Count orders before a day, with the menu as it was known by then."""
    orders = dataset.interactions.take(teaching)
    return State.fit(orders, dataset.catalog.known_before(until), config, until - 1)


def _models(state: State, trees: Trees | None, config: TrainingConfig) -> list[Model]:
    models: list[Model] = list(state.models)
    if trees is not None:
        models.append(Ranker(state, trees, config.candidates, config.num_threads))
    return models


def _judge(
    taught: Taught, state: State, asked: Flags, config: TrainingConfig, production: Bundle | None
) -> tuple[dict[str, Metrics], dict[str, Judged], dict[str, Judged]]:
    """Judge every model on the same orders, all of them fitted on one state."""
    orders = spread(np.flatnonzero(asked), config.evaluation_orders)
    hidden = taught.histories.interactions.hidden(config.seed)
    found, whole, completed = dict[str, Metrics](), dict[str, Judged](), dict[str, Judged]()
    for model in _models(state, taught.trees, config):
        name, histories = model.name, taught.histories
        whole[name] = judge(model, histories, orders, state, config.k)
        completed[name] = judge(model, histories, orders, state, config.k, hidden)
        found[name] = summarize(whole[name], state.catalog, config)
        rest = plain(completed[name], config)
        found[name] |= {COMPLETE + metric: value for metric, value in rest.items()}
    if production is not None and len(orders):
        standing = production.model
        if isinstance(standing, Ranker):
            standing = replace(standing, state=state)
        else:
            standing = next(model for model in state.models if model.name == standing.name)
        now = judge(standing, taught.histories, orders, state, config.k)
        metric = f"ndcg_at_{config.k}"
        for name, judged in whole.items():
            parts = zip(("", "_low", "_high"), paired(judged, now, metric, config), strict=True)
            found[name] |= {f"{GAIN}{metric}{part}": value for part, value in parts}
    return found, whole, completed


def _best(models: dict[str, ModelResult], k: int) -> str:
    """Choose by the validation; `max` keeps the first of equals, the simplest."""
    return max(models, key=lambda name: models[name].validation.get(f"ndcg_at_{k}", 0.0))


def _sizes(split: Split) -> dict[str, int]:
    parts = ("fit", "validation", "before_test", "test")
    sizes = {f"{part}_orders": int(getattr(split, part).sum()) for part in parts}
    return {"validation_cut": split.validation_cut, "cut": split.cut, **sizes}
