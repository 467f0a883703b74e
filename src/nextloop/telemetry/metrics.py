"""Every metric of NextLoop, declared once: name, help, unit, labels, buckets.

Comes in: nothing. Goes out: declarations; a process turns those it serves into instruments on a
registry of its own, and docs/metrics.md lists them. Base units, `_total` for counters, and never a
hotel, guest or item as label.

Source: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from nextloop.telemetry.kinds import CounterMetric, GaugeMetric, HistogramMetric, Metric

__all__ = ["CounterMetric", "GaugeMetric", "HistogramMetric", "Metric"]

# An answer takes single milliseconds; 0.1 s and above are already alarming.
REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# Shares of orders lie between 0 and 1; the ranker's scores are logarithms, and below 0 mostly.
SCORE_BUCKETS = (-8.0, -4.0, -2.0, -1.0, -0.5, 0.0, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)

# Who counts: the slot that the process is (`none` beside a rollout) and the version it answers
# with, which a process never changes.
_WHO = ("slot", "version")

# The first two names are those that dashboards for FastAPI expect.
HTTP_REQUESTS = CounterMetric(
    "http_requests_total",
    "Requests by method, route and status; paths that no route has are the route none.",
    "requests",
    ("method", "handler", "status", "slot"),
)
HTTP_DURATION = HistogramMetric(
    "http_request_duration_seconds",
    "Time from a request's arrival to the end of its answer.",
    "seconds",
    REQUEST_BUCKETS,
    ("method", "handler", "slot"),
)
RECOMMENDATION_REQUESTS = CounterMetric(
    "nextloop_recommendation_requests_total",
    "Answered recommendation requests, by what the answer was made from.",
    "requests",
    ("source", *_WHO),
)
RECOMMENDATION_DURATION = HistogramMetric(
    "nextloop_recommendation_duration_seconds",
    "Time to score and rank one recommendation request.",
    "seconds",
    REQUEST_BUCKETS,
    _WHO,
)
OFFER_EVENTS = CounterMetric(
    "nextloop_offer_events_total",
    "Events that callers told of offers, by kind: shown, added, ordered, refused.",
    "events",
    ("kind", "slot"),
)

FALLBACK_ANSWERS = CounterMetric(
    "nextloop_fallback_answers_total",
    "Answers that had to do without the guest's history or without the ranker.",
    "answers",
    _WHO,
)
RECOMMENDATION_SCORE = HistogramMetric(
    "nextloop_recommendation_score",
    "Score of the best offer of each answer; compare within one version only.",
    "score",
    SCORE_BUCKETS,
    _WHO,
)
MODEL_INFO = GaugeMetric(
    "nextloop_model_info",
    "The model that answers; always 1.",
    "1",
    (*_WHO, "model", "digest"),
)
MODEL_LOADED = GaugeMetric(
    "nextloop_model_loaded_timestamp_seconds",
    "When the model that answers was loaded, in seconds since 1970.",
    "seconds",
    _WHO,
)
MODEL_AS_OF = GaugeMetric(
    "nextloop_model_as_of_timestamp_seconds",
    "The last day that the model that answers learned from, its start in UTC, in seconds since "
    "1970.",
    "seconds",
    _WHO,
)
MODEL_ITEMS = GaugeMetric(
    "nextloop_model_items",
    "Items that the model that answers may offer, over all hotels.",
    "items",
    _WHO,
)
OFFERED_ITEMS = GaugeMetric(
    "nextloop_offered_items",
    "Of them those that were offered at least once since the model was loaded.",
    "items",
    _WHO,
)
FEATURE_VALUES = CounterMetric(
    "nextloop_model_feature_values_total",
    "What requests and offers were like: how often each feature had a value of the band.",
    "values",
    ("feature", "band", *_WHO),
)
FEATURE_EXPECTED = GaugeMetric(
    "nextloop_model_feature_expected_ratio",
    "The share of values that training had in the band; what drift is measured against.",
    "ratio",
    ("feature", "band", *_WHO),
)

# What a job did last: gauges, because each run's process leaves them once and ends. The label is
# not called job, which Prometheus uses for what it scraped.
JOB_SUCCESS = GaugeMetric(
    "nextloop_job_last_success_timestamp_seconds",
    "When the job last ran to its end, be it with refused files, in seconds since 1970.",
    "seconds",
    ("job_name",),
)
JOB_FAILURE = GaugeMetric(
    "nextloop_job_last_failure_timestamp_seconds",
    "When the job last ended with a fault, in seconds since 1970; its last success stays beside.",
    "seconds",
    ("job_name",),
)
JOB_STAGE_SECONDS = GaugeMetric(
    "nextloop_job_stage_duration_seconds",
    "How long each stage of the job's last run took.",
    "seconds",
    ("job_name", "stage"),
)
INGEST_INPUT_ROWS = GaugeMetric(
    "nextloop_ingest_input_rows",
    "Rows that the last ingest run read; accepted + rejected + superseded.",
    "rows",
)
INGEST_ROWS = GaugeMetric(
    "nextloop_ingest_rows",
    "Rows of the last ingest run, by what became of them: accepted, rejected, superseded.",
    "rows",
    ("outcome",),
)
INGEST_REPLACED_ROWS = GaugeMetric(
    "nextloop_ingest_replaced_rows",
    "Accepted rows of the last ingest run that renewed a stored order.",
    "rows",
)
INGEST_REJECTED_ROWS = GaugeMetric(
    "nextloop_ingest_rejected_rows",
    "Rejected rows of the last ingest run, by reason code; 0 for reasons that did not occur.",
    "rows",
    ("reason",),
)
INGEST_FILES = GaugeMetric(
    "nextloop_ingest_files",
    "Landing files of the last ingest run: ingested, seen before, refused.",
    "files",
    ("outcome",),
)
LANDING_NEWEST = GaugeMetric(
    "nextloop_landing_newest_file_timestamp_seconds",
    "When the landing's newest order file was written, in seconds since 1970.",
    "seconds",
)
LAKE_NEWEST = GaugeMetric(
    "nextloop_lake_newest_order_timestamp_seconds",
    "The newest order in the lake, in seconds since 1970.",
    "seconds",
)
SHOWN_LISTS = GaugeMetric(
    "nextloop_shown_lists",
    "Lists of offers that were shown in the last 28 days, by the model version that made them; an "
    "event that was told twice counts once.",
    "lists",
    ("version",),
)
HIT_LISTS = GaugeMetric(
    "nextloop_hit_lists",
    "Of them those of which something was ordered.",
    "lists",
    ("version",),
)
FEATURE_ROWS = GaugeMetric(
    "nextloop_feature_rows",
    "Rows of each feature table as of the last date.",
    "rows",
    ("table",),
)
FEATURES_AS_OF = GaugeMetric(
    "nextloop_features_as_of_timestamp_seconds",
    "The last day that the newest features know, its start in UTC, in seconds since 1970.",
    "seconds",
)
TRAINED_AS_OF = GaugeMetric(
    "nextloop_trained_as_of_timestamp_seconds",
    "The last day that the newest training learned from, its start in UTC, in seconds since 1970.",
    "seconds",
)
HOLDOUT_NDCG = GaugeMetric(
    "nextloop_holdout_ndcg_ratio",
    "NDCG at the list's length that each model of the last training reached on the holdout.",
    "ratio",
    ("model",),
)

API: tuple[Metric, ...] = (
    HTTP_REQUESTS,
    HTTP_DURATION,
    RECOMMENDATION_REQUESTS,
    RECOMMENDATION_DURATION,
    OFFER_EVENTS,
)
MODEL: tuple[Metric, ...] = (
    MODEL_INFO,
    MODEL_LOADED,
    MODEL_AS_OF,
    FALLBACK_ANSWERS,
    RECOMMENDATION_SCORE,
    MODEL_ITEMS,
    OFFERED_ITEMS,
    FEATURE_VALUES,
    FEATURE_EXPECTED,
)
JOBS: tuple[Metric, ...] = (
    JOB_SUCCESS,
    JOB_FAILURE,
    JOB_STAGE_SECONDS,
    INGEST_INPUT_ROWS,
    INGEST_ROWS,
    INGEST_REPLACED_ROWS,
    INGEST_REJECTED_ROWS,
    INGEST_FILES,
    LANDING_NEWEST,
    LAKE_NEWEST,
    SHOWN_LISTS,
    HIT_LISTS,
    FEATURE_ROWS,
    FEATURES_AS_OF,
    TRAINED_AS_OF,
    HOLDOUT_NDCG,
)
ALL: tuple[Metric, ...] = (*API, *MODEL, *JOBS)
