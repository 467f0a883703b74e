"""The metrics of a job that ends: left in a file, which node_exporter serves from then on.

In: values of declared gauges. Out: `FOLDER/nextloop_JOB.prom`, replaced whole.

Source: https://github.com/prometheus/node_exporter#textfile-collector
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, write_to_textfile

from nextloop.errors import SystemFault
from nextloop.telemetry.metrics import GaugeMetric

Labels = tuple[str, ...]


def leave(folder: Path, job: str, values: Mapping[GaugeMetric, Mapping[Labels, float]]) -> None:
    """Write a job's metrics.

    Args:
        folder: The textfile collector's; made if it is missing.
        job: Names the file.
        values: By metric and by the values of its labels, in their order.

    Raises:
        SystemFault: The folder cannot be written.
    """
    registry = CollectorRegistry()
    for metric, series in values.items():
        gauge = metric.on(registry)
        for labels, value in series.items():
            (gauge.labels(*labels) if labels else gauge).set(value)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_to_textfile(str(folder / f"nextloop_{job}.prom"), registry)
    except OSError as error:
        raise SystemFault(
            f"The metrics cannot be left in {folder}: {error.strerror}.",
            "Make the folder writable, or unset NEXTLOOP_METRICS_FOLDER; the job itself is done.",
        ) from error
