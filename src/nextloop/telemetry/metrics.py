"""Every metric of NextLoop, declared once: name, unit, labels, help, buckets.

Comes in: nothing. Goes out: declarations; a process turns those it serves into instruments on a
registry of its own. Base units, `_total` for counters, and never a hotel, guest or item as label.

Source: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


@dataclass(frozen=True, slots=True)
class CounterMetric:
    """Something that only goes up; its name ends in `_total`."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def on(self, registry: CollectorRegistry) -> Counter:
        """Make the instrument.

        Args:
            registry: Where it is collected; a second one of the same name there is refused.

        Returns:
            The counter.
        """
        return Counter(self.name, self.help, self.labels, registry=registry)


@dataclass(frozen=True, slots=True)
class GaugeMetric:
    """A value that goes up and down, or a description whose value is 1 (`_info`)."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def on(self, registry: CollectorRegistry) -> Gauge:
        """Make the instrument.

        Args:
            registry: Where it is collected; a second one of the same name there is refused.

        Returns:
            The gauge.
        """
        return Gauge(self.name, self.help, self.labels, registry=registry)


@dataclass(frozen=True, slots=True)
class HistogramMetric:
    """A distribution in a base unit that its name ends in."""

    name: str
    help: str
    buckets: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def on(self, registry: CollectorRegistry) -> Histogram:
        """Make the instrument.

        Args:
            registry: Where it is collected; a second one of the same name there is refused.

        Returns:
            The histogram.
        """
        return Histogram(self.name, self.help, self.labels, buckets=self.buckets, registry=registry)


Metric = CounterMetric | GaugeMetric | HistogramMetric

# An answer takes single milliseconds; 0.1 s and above are already alarming.
REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

RECOMMENDATION_REQUESTS = CounterMetric(
    "nextloop_recommendation_requests_total",
    "Answered recommendation requests, by what the answer was made from.",
    ("source",),
)
RECOMMENDATION_DURATION = HistogramMetric(
    "nextloop_recommendation_duration_seconds",
    "Time to score and rank one recommendation request.",
    REQUEST_BUCKETS,
)
FALLBACK_ANSWERS = CounterMetric(
    "nextloop_fallback_answers_total",
    "Answers that had to do without the guest's history or without the ranker.",
)
MODEL_INFO = GaugeMetric(
    "nextloop_model_info",
    "The model version that answers; always 1.",
    ("version", "digest"),
)
MODEL_LOADED = GaugeMetric(
    "nextloop_model_loaded_timestamp_seconds",
    "When the model that answers was loaded, in seconds since 1970.",
)
# Their names are the instrumentator's own, which dashboards for FastAPI expect.
HTTP_REQUESTS = CounterMetric(
    "http_requests_total",
    "Requests by method, route and status; paths that no route has are the route none.",
    ("method", "handler", "status"),
)
HTTP_DURATION = HistogramMetric(
    "http_request_duration_seconds",
    "Time from a request's arrival to the end of its answer.",
    REQUEST_BUCKETS,
    ("method", "handler"),
)

# What a job did last: gauges, because each run's process leaves them once and ends.
JOB_SUCCESS = GaugeMetric(
    "nextloop_job_last_success_timestamp_seconds",
    "When the job last ran to its end, be it with refused files, in seconds since 1970.",
    ("job",),
)
JOB_STAGE_SECONDS = GaugeMetric(
    "nextloop_job_stage_duration_seconds",
    "How long each stage of the job's last run took.",
    ("job", "stage"),
)
INGEST_ROWS = GaugeMetric(
    "nextloop_ingest_rows",
    "Rows of the last ingest run, by what became of them.",
    ("outcome",),
)
INGEST_REJECTED_ROWS = GaugeMetric(
    "nextloop_ingest_rejected_rows",
    "Rejected rows of the last ingest run, by reason code.",
    ("reason",),
)
INGEST_FILES = GaugeMetric(
    "nextloop_ingest_files",
    "Landing files of the last ingest run, by what became of them.",
    ("outcome",),
)
FEATURE_ROWS = GaugeMetric(
    "nextloop_feature_rows",
    "Rows of each feature table as of the last date.",
    ("table",),
)
FEATURES_AS_OF = GaugeMetric(
    "nextloop_features_as_of_timestamp_seconds",
    "The last day that the newest features know, its start in UTC, in seconds since 1970.",
)

ALL: tuple[Metric, ...] = (
    RECOMMENDATION_REQUESTS,
    RECOMMENDATION_DURATION,
    FALLBACK_ANSWERS,
    MODEL_INFO,
    MODEL_LOADED,
    HTTP_REQUESTS,
    HTTP_DURATION,
    JOB_SUCCESS,
    JOB_STAGE_SECONDS,
    INGEST_ROWS,
    INGEST_REJECTED_ROWS,
    INGEST_FILES,
    FEATURE_ROWS,
    FEATURES_AS_OF,
)
