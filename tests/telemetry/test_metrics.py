"""Metrics: each declared once, named by Prometheus's rules, without personal labels."""

from __future__ import annotations

import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from nextloop.telemetry import metrics

PERSONAL = {"hotel", "guest", "guest_key", "customer", "customer_seq", "item", "room", "stay"}


def test_every_declaration_is_listed_once():
    """ALL holds each declared metric, and no name twice."""
    declared = [value for value in vars(metrics).values() if isinstance(value, metrics.Metric)]
    assert sorted(metric.name for metric in declared) == sorted(
        metric.name for metric in metrics.ALL
    )
    assert len({metric.name for metric in metrics.ALL}) == len(metrics.ALL)


@pytest.mark.parametrize("metric", metrics.ALL, ids=lambda metric: metric.name)
def test_name_says_kind_and_unit(metric):
    """Counters end in _total, the others in what they count; all start with nextloop or http."""
    suffix = {
        metrics.CounterMetric: r"_total",
        metrics.HistogramMetric: r"_(seconds|bytes|score)",
        metrics.GaugeMetric: r"_(info|seconds|bytes|ratio|rows|files|items|lists)",
    }[type(metric)]
    assert re.fullmatch(rf"(nextloop|http)_[a-z_]+{suffix}", metric.name)
    assert metric.help.endswith(".")


@pytest.mark.parametrize("metric", metrics.ALL, ids=lambda metric: metric.name)
def test_unit_is_the_one_in_the_name(metric):
    """What a name ends in, less `_total`, is the declared unit; a description has the unit 1."""
    last = metric.name.removesuffix("_total").rpartition("_")[2]
    assert metric.unit == ("1" if last == "info" else last)


@pytest.mark.parametrize("metric", metrics.JOBS, ids=lambda metric: metric.name)
def test_jobs_leave_gauges(metric):
    """A process that ends counts nothing up; and `job` is Prometheus's own label."""
    assert isinstance(metric, metrics.GaugeMetric)
    assert "job" not in metric.labels


@pytest.mark.parametrize("metric", metrics.ALL, ids=lambda metric: metric.name)
def test_labels_are_few_and_name_nobody(metric):
    """No label has as many values as there are hotels, guests or items."""
    assert not PERSONAL & set(metric.labels)
    assert len(metric.labels) <= 4


def test_instruments_appear_on_their_own_registry():
    """What is made on a registry is served from it under the declared name."""
    registry = CollectorRegistry()
    metrics.RECOMMENDATION_REQUESTS.on(registry).labels("guest", "blue", "3").inc()
    metrics.RECOMMENDATION_DURATION.on(registry).labels("blue", "3").observe(0.003)
    metrics.INGEST_INPUT_ROWS.on(registry).set(7)
    text = generate_latest(registry).decode()
    assert (
        'nextloop_recommendation_requests_total{slot="blue",source="guest",version="3"} 1.0' in text
    )
    assert (
        'nextloop_recommendation_duration_seconds_bucket{le="0.005",slot="blue",version="3"} 1.0'
        in text
    )
    assert "nextloop_ingest_input_rows 7.0" in text


def test_buckets_rise():
    """Buckets are in rising order."""
    for metric in metrics.ALL:
        if isinstance(metric, metrics.HistogramMetric):
            assert list(metric.buckets) == sorted(set(metric.buckets))
