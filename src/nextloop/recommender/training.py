"""Recommender: trains all models, compares them on later orders, and makes each ready to serve.

A dataset and a configuration go in; per model its metrics and a bundle come out. The sequence:
count before the validation, grow the rankers' trees on cross-fitted rows, choose by the validation,
count again before the test and judge once, count again on everything. The trees stay those that
were judged; only counts and histories are refreshed, and trees read counts as shares and lifts,
which keep their meaning as counts grow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nextloop.recommender.bundle import Bundle
from nextloop.recommender.comparing import Metrics, compare, models_of
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Dataset
from nextloop.recommender.evaluation import Judged
from nextloop.recommender.guests import Guests
from nextloop.recommender.preparing import Progress, count_until, grown, prepare
from nextloop.recommender.split import Split
from nextloop.recommender.threads import limited


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
    with limited(config.num_threads):
        return _trained(dataset, config, progress, split, production)


def _trained(
    dataset: Dataset,
    config: TrainingConfig,
    progress: Progress,
    split: Split | None,
    production: Bundle | None,
) -> TrainingResult:
    prepared = prepare(dataset, config, progress, split)
    config = prepared.config
    progress("growing the ranker", 0.35)
    trees, notes = grown(prepared, config)
    progress("choosing by the validation", 0.5)
    histories, split = prepared.histories, prepared.split
    validation = compare(histories, prepared.state, trees, split.validation, config)
    progress("judging on the test", 0.65)
    later = count_until(dataset, split.before_test, config, split.cut)
    test = compare(histories, later, trees, split.test, config, production)
    progress("counting everything", 0.9)
    everything = np.ones(len(dataset.interactions), bool)
    final = count_until(dataset, everything, config, dataset.as_of + 1)
    guests = Guests.of(dataset, config.history_orders)
    results = {
        model.name: ModelResult(
            test.metrics[model.name],
            validation.metrics[model.name],
            Bundle(model, final, guests, config, dataset.as_of),
            test.judged[model.name],
            test.completed[model.name],
        )
        for model in models_of(final, trees, replace(config, num_threads=1))
    }
    progress("done", 1.0)
    best = _best(results, config.k)
    return TrainingResult(results, best, _sizes(split), notes)


def _best(models: dict[str, ModelResult], k: int) -> str:
    """Choose by the validation; `max` keeps the first of equals, the simplest."""
    return max(models, key=lambda name: models[name].validation.get(f"ndcg_at_{k}", 0.0))


def _sizes(split: Split) -> dict[str, int]:
    parts = ("fit", "validation", "before_test", "test")
    sizes = {f"{part}_orders": int(getattr(split, part).sum()) for part in parts}
    return {"validation_cut": split.validation_cut, "cut": split.cut, **sizes}
