"""What the jobs leave for Prometheus: their reports as the gauges that `telemetry` declares."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nextloop.errors import SystemFault
from nextloop.settings import Settings
from nextloop.telemetry import logs, metrics, textfile

if TYPE_CHECKING:
    from nextloop.jobs.features import FeaturesReport
    from nextloop.jobs.ingest.report import IngestReport

Left = Mapping[metrics.GaugeMetric, Mapping[textfile.Labels, float]]


def leave_ingest(settings: Settings, report: IngestReport) -> None:
    """Leave what an ingest run did, if the settings name a folder.

    A folder that cannot be written is a warning of the report: the run itself is done.
    """
    if settings.metrics_folder is None:
        return
    outcomes = ("accepted", "rejected", "superseded", "replaced")
    files = {
        "ingested": report.new_files,
        "seen": report.seen_files,
        "refused": len(report.refused),
    }
    found: Left = {
        metrics.JOB_SUCCESS: {("ingest",): time.time()},
        metrics.JOB_STAGE_SECONDS: {
            ("ingest", stage): seconds for stage, seconds in report.seconds.items()
        },
        metrics.INGEST_ROWS: {(name,): getattr(report, name) for name in outcomes},
        metrics.INGEST_REJECTED_ROWS: {(reason,): rows for reason, rows in report.reasons.items()},
        metrics.INGEST_FILES: {(name,): count for name, count in files.items()},
    }
    try:
        textfile.leave(settings.metrics_folder, "ingest", found)
    except SystemFault as fault:
        report.warnings.append(f"{fault.message} {fault.hint}")


def leave_features(settings: Settings, report: FeaturesReport) -> None:
    """Leave what a features run did, if the settings name a folder."""
    if settings.metrics_folder is None:
        return
    day = dt.datetime.combine(report.as_of, dt.time(), dt.UTC)
    found: Left = {
        metrics.JOB_SUCCESS: {("features",): time.time()},
        metrics.JOB_STAGE_SECONDS: {("features", "features"): report.seconds},
        metrics.FEATURE_ROWS: {(name,): rows for name, rows in report.rows.items()},
        metrics.FEATURES_AS_OF: {(): day.timestamp()},
    }
    try:
        textfile.leave(settings.metrics_folder, "features", found)
    except SystemFault as fault:
        logs.get(__name__).warning(fault.message, hint=fault.hint)
