"""Recommender: judges all models on the same orders, and beside what is in production.

Counts, trees and orders go in; metrics and values by order come out, by model.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from nextloop.recommender.arrays import Flags
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.evaluation import Judged, judge, spread
from nextloop.recommender.protocol import Model
from nextloop.recommender.queries import Histories
from nextloop.recommender.ranker import Ranker, Trees
from nextloop.recommender.state import State
from nextloop.recommender.summary import COMPLETE, paired, plain, summarize

Metrics = dict[str, float]

GAIN = "gain_over_production_"
"""Prefix of what a model is better by than the one in production, on the same orders."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What all models gave on the same orders, by model.

    Args:
        metrics: By name as `summary.summarize` says, the missing item's with its prefix.
        judged: Values by order, whole next orders.
        completed: Values by order, the missing item of orders of several items.
    """

    metrics: dict[str, Metrics] = field(default_factory=dict)
    judged: dict[str, Judged] = field(default_factory=dict)
    completed: dict[str, Judged] = field(default_factory=dict)


def models_of(state: State, trees: Trees | None, config: TrainingConfig) -> list[Model]:
    """List the models that stand on some counts.

    Args:
        state: Counts of orders.
        trees: The ranker's, none if it could not be taught.
        config: Candidates and threads of the ranker.

    Returns:
        The models, the simplest first.
    """
    models: list[Model] = list(state.models)
    if trees is not None:
        models.append(Ranker.of(state, trees, config))
    return models


def compare(
    histories: Histories,
    state: State,
    trees: Trees | None,
    asked: Flags,
    config: TrainingConfig,
    production: Bundle | None = None,
) -> Comparison:
    """Judge every model on the same orders, all of them fitted on one state.

    Args:
        histories: All orders, to look back from each.
        state: Counts of orders before all that are asked.
        trees: The ranker's, none if it could not be taught.
        asked: Which orders are asked; `config.evaluation_orders` of them at most.
        config: Length of the lists and numbers of the intervals.
        production: What answers now, judged on the same counts.

    Returns:
        Metrics and values by model.
    """
    orders = spread(np.flatnonzero(asked), config.evaluation_orders)
    hidden = histories.interactions.hidden(config.seed)
    found = Comparison()
    for model in models_of(state, trees, config):
        whole = judge(model, histories, orders, state, config.k)
        rest = judge(model, histories, orders, state, config.k, hidden)
        metrics = summarize(whole, state.catalog, config)
        metrics |= {COMPLETE + name: value for name, value in plain(rest, config).items()}
        found.judged[model.name], found.completed[model.name] = whole, rest
        found.metrics[model.name] = metrics
    if production is not None and len(orders):
        now = judge(standing(production, state), histories, orders, state, config.k)
        for name, gains in _gains(found.judged, now, config).items():
            found.metrics[name] |= gains
    return found


def standing(production: Bundle, state: State) -> Model:
    """Let a trained model stand on other counts, such as those that all others are judged with.

    Args:
        production: The model, with its own counts.
        state: Counts of orders before all that it will be asked.

    Returns:
        The same model on those counts.
    """
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
