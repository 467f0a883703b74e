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
class Prepared:
    """What was counted before the validation: all that trees grow from.

    Args:
        histories: All orders, to look back from each.
        split: Which orders taught, which are asked.
        state: Counts before the validation.
        lessons: Cross-fitted rows.
        held: Rows of the validation, for early stopping.
    """

    histories: Histories
    split: Split
    state: State
    lessons: Lessons
    held: Lessons


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
    prepared = prepare(dataset, config, progress, split)
    progress("growing the ranker", 0.35)
    trees, notes = grown(prepared, config)
    progress("choosing by the validation", 0.5)
    asked = prepared.split.validation
    validation, _, _ = _judge(prepared, prepared.state, trees, asked, config, None)
    progress("judging on the test", 0.65)
    later = _count(dataset, prepared.split.before_test, config, prepared.split.cut)
    asked = prepared.split.test
    test, judged, completed = _judge(prepared, later, trees, asked, config, production)
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
        for model in _models(final, trees, replace(config, num_threads=1))
    }
    progress("done", 1.0)
    best = _best(results, config.k)
    return TrainingResult(results, best, _sizes(prepared.split), notes)


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
    state = _count(dataset, split.fit, config, split.validation_cut)
    progress("describing what teaches", 0.1)
    lessons = cross_fitted(histories, state.catalog, split, config, split.validation_cut - 1)
    asked = spread(np.flatnonzero(split.validation), config.evaluation_orders)
    return Prepared(histories, split, state, lessons, rows_of(histories, state, asked, config))


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


def validated(prepared: Prepared, trees: Trees, config: TrainingConfig) -> Metrics:
    """Judge trees on the validation.

    Args:
        prepared: What they grew from.
        trees: The trees.
        config: The configuration that they grew with.

    Returns:
        Metrics by name.
    """
    model = Ranker(prepared.state, trees, config.candidates, config.num_threads)
    orders = spread(np.flatnonzero(prepared.split.validation), config.evaluation_orders)
    judged = judge(model, prepared.histories, orders, prepared.state, config.k)
    return summarize(judged, prepared.state.catalog, config)


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
    prepared: Prepared,
    state: State,
    trees: Trees | None,
    asked: Flags,
    config: TrainingConfig,
    production: Bundle | None,
) -> tuple[dict[str, Metrics], dict[str, Judged], dict[str, Judged]]:
    """Judge every model on the same orders, all of them fitted on one state."""
    orders = spread(np.flatnonzero(asked), config.evaluation_orders)
    histories = prepared.histories
    hidden = histories.interactions.hidden(config.seed)
    found, whole, completed = dict[str, Metrics](), dict[str, Judged](), dict[str, Judged]()
    for model in _models(state, trees, config):
        name = model.name
        whole[name] = judge(model, histories, orders, state, config.k)
        completed[name] = judge(model, histories, orders, state, config.k, hidden)
        found[name] = summarize(whole[name], state.catalog, config)
        rest = plain(completed[name], config)
        found[name] |= {COMPLETE + metric: value for metric, value in rest.items()}
    if production is not None and len(orders):
        now = judge(_standing(production, state), histories, orders, state, config.k)
        for name, gains in _gains(whole, now, config).items():
            found[name] |= gains
    return found, whole, completed


def _standing(production: Bundle, state: State) -> Model:
    """Let what is in production stand on the counts that all others are judged with."""
    if isinstance(production.model, Ranker):
        return replace(production.model, state=state)
    return next(model for model in state.models if model.name == production.model.name)


def _gains(
    judged: dict[str, Judged], production: Judged, config: TrainingConfig
) -> dict[str, Metrics]:
    metric, ends = f"ndcg_at_{config.k}", ("", "_low", "_high")
    return {
        name: {
            f"{GAIN}{metric}{end}": value
            for end, value in zip(ends, paired(mine, production, metric, config), strict=True)
        }
        for name, mine in judged.items()
    }


def _best(models: dict[str, ModelResult], k: int) -> str:
    """Choose by the validation; `max` keeps the first of equals, the simplest."""
    return max(models, key=lambda name: models[name].validation.get(f"ndcg_at_{k}", 0.0))


def _sizes(split: Split) -> dict[str, int]:
    parts = ("fit", "validation", "before_test", "test")
    sizes = {f"{part}_orders": int(getattr(split, part).sum()) for part in parts}
    return {"validation_cut": split.validation_cut, "cut": split.cut, **sizes}
