"""The training job: feature tables to compared models, registered, the best of them staged.

Nothing is put into production here: `registry.lifecycle.promote` is a step of its own.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field

from nextloop.errors import DataFault
from nextloop.features.reader import read_arrow, versions
from nextloop.jobs import metrics
from nextloop.jobs.progress import Progress
from nextloop.jobs.training_pages import training_pages
from nextloop.jobs.tuning import tuned
from nextloop.recommender.arrow import from_arrow
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.training import TrainingResult
from nextloop.recommender.training import train as train_models
from nextloop.registry import artifact, lifecycle
from nextloop.registry.publish import publish, trained_models
from nextloop.registry.resolve import resolve
from nextloop.settings import Settings
from nextloop.storage.lake import open_lake
from nextloop.tables import INTERACTIONS, ITEM_FEATURES

_STEPS = 100


@dataclass
class TrainReport:
    """What a training gave.

    Attributes:
        as_of: Last day that was learned from.
        k: Length of the lists that were judged.
        versions: Registered version by model, the simplest model first.
        metrics: On the holdout, by model.
        best: The model that the validation chose.
        staged: Versions that are staged now.
        split: Orders of each part.
        notes: What a reader should know.
        seconds: By step.
    """

    as_of: dt.date
    k: int
    versions: dict[str, int]
    metrics: dict[str, dict[str, float]]
    best: str
    staged: list[int]
    split: dict[str, int]
    notes: list[str]
    seconds: dict[str, float] = field(default_factory=dict)


@metrics.telling_faults("train")
def train(
    settings: Settings, as_of: dt.date | None = None, progress: Progress | None = None
) -> TrainReport:
    """Train all models on the features as of a date, register them, stage the best.

    Args:
        settings: Where the lake is, how models are trained.
        as_of: A date for which features were made; the latest if None.
        progress: Told what is done, in hundredths.

    Raises:
        DataFault: There are no features for the date, or no orders in them.
    """
    tell = progress or (lambda *_: None)
    started = time.monotonic()
    lake = open_lake(settings.lake)
    made = versions(lake)
    interactions = read_arrow(lake, INTERACTIONS, as_of, version=made.get(INTERACTIONS.name))
    date: dt.date = interactions["as_of"][0].as_py()
    items = read_arrow(lake, ITEM_FEATURES, date, version=made.get(ITEM_FEATURES.name))
    found = {table.name: made[table.name] for table in (INTERACTIONS, ITEM_FEATURES)}
    dataset = from_arrow(interactions, items)
    tell(0, _STEPS, "looking for better settings")
    config, trials = tuned(dataset, config_of(settings), settings.recommender)
    result = train_models(
        dataset,
        config,
        lambda step, share: tell(int(share * 80), _STEPS, step),
        production=_production(settings),
    )
    trained = time.monotonic()
    tell(80, _STEPS, "registering")
    refs = publish(
        trained_models(result),
        settings,
        as_of=date,
        table_versions=found,
        params=result.split,
        pictures=training_pages(result, config, date),
        trials=trials,
    )
    tell(95, _STEPS, "staging the best")
    staged = lifecycle.stage_best(settings)
    tell(_STEPS, _STEPS, "staged")
    report = _report(result, config, date)
    report.versions = {ref.model: ref.version for ref in refs}
    report.staged = list(staged.staged)
    report.seconds = {
        "train": round(trained - started, 3),
        "register": round(time.monotonic() - trained, 3),
    }
    metrics.leave_train(settings, report)
    return report


def _production(settings: Settings) -> Bundle | None:
    """Read the model that answers now, if there is one that this version can read."""
    try:
        ref = resolve("production", settings)
        return Bundle.from_files(artifact.read(ref.bundle_folder, ref.digest))
    except DataFault:
        return None


def config_of(settings: Settings) -> TrainingConfig:
    """Return the training's configuration that the settings ask for."""
    wanted = settings.recommender
    return TrainingConfig(
        k=wanted.k,
        holdout_days=wanted.holdout_days,
        seed=wanted.seed,
        folds=wanted.folds,
        num_threads=wanted.num_threads,
    )


def _report(result: TrainingResult, config: TrainingConfig, as_of: dt.date) -> TrainReport:
    return TrainReport(
        as_of=as_of,
        k=config.k,
        versions={},
        metrics={name: dict(model.metrics) for name, model in result.models.items()},
        best=result.best,
        staged=[],
        split=result.split,
        notes=list(result.notes),
    )
