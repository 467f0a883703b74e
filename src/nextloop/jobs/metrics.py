"""What the jobs leave for Prometheus: their reports as the gauges that `telemetry` declares.

In: settings and a run's report, or its fault. Out: textfiles in the folder that the settings name;
nothing if they name none. A folder that cannot be written is a warning: the run itself is done.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

from nextloop.errors import SystemFault
from nextloop.orders.reasons import REASONS
from nextloop.settings import Settings
from nextloop.telemetry import logs, metrics, textfile

if TYPE_CHECKING:
    from nextloop.jobs.features import FeaturesReport
    from nextloop.jobs.ingest.report import IngestReport
    from nextloop.jobs.train import TrainReport

Left = Mapping[metrics.GaugeMetric, Mapping[textfile.Labels, float]]
_P = ParamSpec("_P")
_R = TypeVar("_R")
_Job = Callable[Concatenate[Settings, _P], _R]
_OUTCOMES: Final = ("accepted", "rejected", "superseded")


def leave_ingest(
    settings: Settings,
    report: IngestReport,
    landing: float,
    lake: dt.datetime | None,
    lists: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Leave what an ingest run did.

    Args:
        settings: Name the folder.
        report: The run's; gets the warning.
        landing: When the landing's newest file was written, in seconds since 1970.
        lake: The newest order in the lake, None if there is none.
        lists: What became of the lists of the last 28 days, a row a model version.
    """
    files = {
        "ingested": report.new_files,
        "seen": report.seen_files,
        "refused": len(report.refused),
    }
    reasons = {**dict.fromkeys(REASONS, 0), **report.reasons}
    found: Left = {
        **_done("ingest", report.seconds),
        metrics.INGEST_INPUT_ROWS: {(): report.rows_in},
        metrics.INGEST_ROWS: {(name,): getattr(report, name) for name in _OUTCOMES},
        metrics.INGEST_REPLACED_ROWS: {(): report.replaced},
        metrics.INGEST_REJECTED_ROWS: {(reason,): rows for reason, rows in reasons.items()},
        metrics.INGEST_FILES: {(name,): count for name, count in files.items()},
        metrics.LANDING_NEWEST: {(): landing},
        metrics.LAKE_NEWEST: {(): lake.timestamp()} if lake else {},
        metrics.SHOWN_LISTS: {(_version(row),): row["lists"] for row in lists},
        metrics.HIT_LISTS: {(_version(row),): row["hits"] for row in lists},
    }
    if fault := _left(settings, "ingest", found):
        report.warnings.append(f"{fault.message} {fault.hint}")


def leave_features(settings: Settings, report: FeaturesReport) -> None:
    """Leave what a features run did."""
    _leave(
        settings,
        "features",
        {
            **_done("features", {"features": report.seconds}),
            metrics.FEATURE_ROWS: {(name,): rows for name, rows in report.rows.items()},
            metrics.FEATURES_AS_OF: {(): _start_of(report.as_of)},
        },
    )


def leave_train(settings: Settings, report: TrainReport) -> None:
    """Leave what a training gave."""
    reached = {name: found.get(f"ndcg_at_{report.k}") for name, found in report.metrics.items()}
    _leave(
        settings,
        "train",
        {
            **_done("train", report.seconds),
            metrics.TRAINED_AS_OF: {(): _start_of(report.as_of)},
            metrics.HOLDOUT_NDCG: {
                (name,): value
                for name, value in reached.items()
                if value is not None and math.isfinite(value)
            },
        },
    )


def leave_promote(settings: Settings, seconds: float) -> None:
    """Leave that a version was examined, whether or not it was put into production."""
    _leave(settings, "promote", _done("promote", {"promote": round(seconds, 3)}))


def telling_faults(job: str) -> Callable[[_Job[_P, _R]], _Job[_P, _R]]:
    """Let a job leave when it ended with a fault.

    Args:
        job: Its name.

    Returns:
        A decorator for functions whose first argument is the settings.
    """

    def wrap(run: _Job[_P, _R]) -> _Job[_P, _R]:
        @functools.wraps(run)
        def told(settings: Settings, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
            with tell_fault(settings, job):
                return run(settings, *args, **kwargs)

        return told

    return wrap


@contextmanager
def tell_fault(
    settings: Settings, job: str, but: type[Exception] | tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Leave when what runs within ended with a fault; its last success stays beside.

    Args:
        settings: Name the folder.
        job: The job's name.
        but: Faults that are an answer.
    """
    try:
        yield
    except but:
        raise
    except Exception:
        _leave(settings, job, {metrics.JOB_FAILURE: {(job,): time.time()}}, "_failure")
        raise


def _version(row: Mapping[str, Any]) -> str:
    return "none" if row["model_version"] is None else str(row["model_version"])


def _done(job: str, seconds: Mapping[str, float]) -> Left:
    return {
        metrics.JOB_SUCCESS: {(job,): time.time()},
        metrics.JOB_STAGE_SECONDS: {(job, stage): took for stage, took in seconds.items()},
    }


def _start_of(day: dt.date) -> float:
    return dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()


def _leave(settings: Settings, job: str, found: Left, part: str = "") -> None:
    if fault := _left(settings, f"{job}{part}", found):
        logs.get(__name__).warning(fault.message, hint=fault.hint)


def _left(settings: Settings, name: str, found: Left) -> SystemFault | None:
    if settings.metrics_folder is None:
        return None
    try:
        textfile.leave(settings.metrics_folder, name, found)
    except SystemFault as fault:
        return fault
    return None
