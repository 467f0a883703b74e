"""Registry: a finished training becomes runs and versions.

Comes in: what training gave and what it read. Goes out: one version a model, none of them staged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from nextloop.errors import UsageFault
from nextloop.recommender.training import TrainingResult
from nextloop.registry import keeping, lineage, tracking
from nextloop.registry.creation import prepared
from nextloop.registry.keeping import Trial
from nextloop.registry.store import locate
from nextloop.registry.tracking import TrainedModel
from nextloop.registry.versions import ModelRef, register
from nextloop.settings import Settings


def trained_models(result: TrainingResult) -> list[TrainedModel]:
    """Take what is to be logged out of a training's result.

    Args:
        result: Of `recommender.training.train`.

    Returns:
        One a model, the simplest first.
    """
    return [
        TrainedModel(
            name=name,
            params=asdict(model.bundle.config),
            metrics=model.metrics,
            files=model.bundle.to_files(),
            validation=model.validation,
        )
        for name, model in result.models.items()
    ]


def publish(
    models: Sequence[TrainedModel],
    settings: Settings,
    *,
    as_of: date,
    table_versions: Mapping[str, int],
    params: Mapping[str, Any],
    pictures: Mapping[str, str] | None = None,
    trials: Sequence[Trial] = (),
) -> list[ModelRef]:
    """Log a training and register its models.

    All models are logged before the first is registered, and the training's run is finished after
    the last: what a killed process leaves is never staged.

    Args:
        models: Of one training, measured on one holdout; names are unique.
        settings: Of this process.
        as_of: Last day that they learned from.
        table_versions: Versions of the tables that were read, by name.
        params: Of the training as a whole: seeds, thread counts, sizes of the split.
        pictures: Pages and pictures to keep with the training's run, text by path.
        trials: What a search for settings tried, each a run of its own.

    Returns:
        One version a model, in their order.

    Raises:
        UsageFault: There is no model, or two have one name.
        DataFault: A model's files are no model's, or the lake is not there.
        SystemFault: MLflow or the disk refuses.
    """
    if not models or len({model.name for model in models}) != len(models):
        raise UsageFault("A training is published with one or more models of different names.")
    store = locate(settings)
    tags = {**lineage.tags(table_versions), "as_of": as_of.isoformat()}
    with prepared(store) as (client, experiment):
        title = f"training {as_of}"
        with tracking.training(client, experiment, title, params, tags) as parent:
            keeping.log_texts(client, store, parent, pictures or {})
            for trial in trials:
                keeping.log_trial(client, experiment, parent, trial, tags)
            logged = [
                tracking.log_model(client, store, experiment, parent, model, tags)
                for model in models
            ]
            return register(client, store, logged, as_of)
