"""The whole chain on one's own files: ingest, features, train, promote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from nextloop.jobs.features import FeaturesReport, features, newest_date
from nextloop.jobs.ingest import IngestReport, ingest
from nextloop.jobs.promotion import NotPromoted, promote
from nextloop.jobs.sessions import session_for
from nextloop.jobs.train import TrainReport, train
from nextloop.registry import lifecycle, states
from nextloop.settings import Settings


class Step(Protocol):
    """What a job tells its progress to."""

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Take (done, total, what is done now)."""


Stations = Callable[[str], AbstractContextManager[Step]]
"""Opens a station's progress by its name."""


@dataclass
class RunReport:
    """What the chain gave, station by station."""

    ingest: IngestReport
    features: FeaturesReport
    train: TrainReport
    production: int | None
    promotion: str


def run(settings: Settings, as_of: dt.date | None, station: Stations) -> RunReport:
    """Run every station once, in the order in which the data passes.

    Args:
        settings: Where landing and lake are, the engine, the models.
        as_of: The last local date that counts; that of the newest order if None.
        station: Opens a station's progress.

    Raises:
        NextLoopError: A station could not do its work; what the earlier ones published stays.
    """
    with session_for(settings, None) as spark:
        with station("ingest") as step:
            taken = ingest(settings, spark, step.update)
        date = as_of or newest_date(settings)
        with station("features") as step:
            made = features(settings, date, spark, step.update)
    with station("train") as step:
        trained = train(settings, date, step.update)
    with station("promote"):
        production, message = _released(settings, f"best of the training as of {date}")
    return RunReport(taken, made, trained, production, message)


def _released(settings: Settings, reason: str) -> tuple[int | None, str]:
    """Promote the best; if it is not better than what is there, that stays and the run is done."""
    try:
        promoted = promote(settings, "staging", reason)
    except NotPromoted as refused:
        now = states.production(lifecycle.history(settings))
        if now is None:
            raise
        return now.version, f"{refused.message} Version {now.version} stays in production."
    return promoted.production, promoted.message
