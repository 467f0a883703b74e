"""Looks for better settings of the ranker's trees, on the validation weeks, for a given time.

A dataset and a configuration go in; the best configuration and every trial come out. Orders are
counted and described once: only what grows the trees is searched, and nothing of the test is seen.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Dataset
from nextloop.recommender.preparing import Prepared, grown, prepare, validated
from nextloop.recommender.split import Split
from nextloop.recommender.threads import limited
from nextloop.registry.keeping import Trial
from nextloop.settings import RecommenderSettings

if TYPE_CHECKING:
    import optuna

SEARCHED = ("learning_rate", "leaves", "min_leaf_rows", "trees")


def tuned(
    dataset: Dataset,
    config: TrainingConfig,
    wanted: RecommenderSettings,
    split: Split | None = None,
) -> tuple[TrainingConfig, list[Trial]]:
    """Search, if there is time for it.

    Args:
        dataset: What is learned from.
        config: Where the search begins; its settings are the first trial.
        wanted: Seconds and trials of the search; 0 seconds search nothing.
        split: Which orders teach and which are asked; by time if None.

    Returns:
        The configuration with the best NDCG on the validation, the earliest of equals, and all
        trials. How many there are depends on the time; what each gives does not.
    """
    if not wanted.tune_seconds:
        return config, []
    with limited(config.num_threads):
        prepared = prepare(dataset, config, lambda *_: None, split)
        if grown(prepared, replace(config, trees=1))[0] is None:
            return config, []
        return _search(prepared, prepared.config, wanted)


def _search(
    prepared: Prepared, config: TrainingConfig, wanted: RecommenderSettings
) -> tuple[TrainingConfig, list[Trial]]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=config.seed)
    )
    study.enqueue_trial({name: getattr(config, name) for name in SEARCHED})
    trials = list[Trial]()

    def measure(trial: optuna.Trial) -> float:
        tried = replace(config, **_suggested(trial))
        trees, _ = grown(prepared, tried)
        metrics = validated(prepared, trees, tried) if trees else {}
        params = {name: asdict(tried)[name] for name in SEARCHED}
        trials.append(Trial(trial.number, params, metrics))
        return metrics.get(f"ndcg_at_{config.k}", 0.0)

    study.optimize(measure, n_trials=wanted.tune_trials, timeout=wanted.tune_seconds)
    best = max(trials, key=lambda trial: trial.metrics.get(f"ndcg_at_{config.k}", 0.0))
    return replace(config, **best.params), trials


def _suggested(trial: optuna.Trial) -> dict[str, Any]:
    """Draw what grows the trees; the bounds keep an answer within its 2 ms."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        "leaves": trial.suggest_int("leaves", 7, 31),
        "min_leaf_rows": trial.suggest_int("min_leaf_rows", 20, 400, log=True),
        "trees": trial.suggest_int("trees", 40, 200, step=20),
    }
