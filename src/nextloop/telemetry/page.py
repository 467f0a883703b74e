"""docs/metrics.md: every metric, from its declaration.

In: `telemetry.metrics`. Out: one Markdown page. `make metrics` writes it; a test holds that it is
current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from nextloop.telemetry import metrics, proxy
from nextloop.telemetry.kinds import CounterMetric, HistogramMetric, Metric

_TITLE: Final = """\
# Metrics

<!-- Written by `make metrics` from nextloop.telemetry.metrics: edit that. -->

Units are base units: seconds since 1970 for moments, shares from 0 to 1. No label names a hotel, a
guest, an item, a path or a run, so the number of series does not grow with traffic: a slot has
fewer than 400. Metrics of other programs that dashboards name are listed, with the releases that
were looked at, in `deploy/monitoring/dashboards/outside.py`.
"""
_API: Final = """\
## The API

`GET /metrics` of each slot, behind nginx: `127.0.0.1:8081/blue/metrics` and `/green/metrics`, on
`rollout.inner_address` and `rollout.inner_port`. The label `slot` is in the samples, so scrape with
`honor_labels: true` or add none of that name.

A slot is one process by design: one model, one answer at a time, two slots for releases. There are
no worker files to merge, and a counter that begins anew after a restart is what `rate` and
`increase` expect. Sum over `slot` before dividing: after a switch the old slot's counters stay.

Probes and scrapes (`/healthz`, `/readyz`, `/metrics`) are not counted. `handler` is a route of the
API or `none`, `method` one of HTTP's own or `other`.
"""
_PROXY: Final = """\
## The proxy

`nextloop rollout metrics` on the serving host reads nginx's log and its status, and answers on
`127.0.0.1:9113/metrics` (`rollout.inner_address`). What callers saw, faults of a slot that died
included, is only here.
"""
_MODEL: Final = """\
## The model

Served by the API too. Share of fallback answers, coverage and hit rate are quotients:

    sum(rate(nextloop_fallback_answers_total[1h]))
      / sum(rate(nextloop_recommendation_requests_total[1h]))
    max(nextloop_offered_items / nextloop_model_items)
    sum(rate(nextloop_offer_events_total{kind="ordered"}[1d]))
      / sum(rate(nextloop_offer_events_total{kind="shown"}[1d]))

Drift is the population stability index of the last day against what the model was trained on, a
feature a series. A ten-thousandth stands for an empty band:

@PSI@

| feature | a value is | expected is |
|---|---|---|
| `hour` | the request's hour by the hotel's clock, in bands of 3 | the orders' |
| `weekday` | likewise, 0 is Monday | the orders' |
| `stay_day` | the day of the stay: 0, 1, 2, 3 for later | the orders' |
| `party` | alone, couple, group, family | the orders' |
| `offer` | how popular each offered item is in its hotel: 1, 2-3, 4-10, 11-30, 31 and later | \
that of what the model offers to the questions it is examined with |

Values that a request does not tell are in no band. Below 0.1 is usually called stable and above
0.25 a shift; that is a convention, and few requests give a high index: 1,000 a day at least.
"""
_JOBS: Final = """\
## The jobs

A job ends before anybody asks it. With `NEXTLOOP_METRICS_FOLDER` set to the folder of
node_exporter's textfile collector (`--collector.textfile.directory`), each run replaces
`nextloop_JOB.prom` there, and `nextloop_JOB_failure.prom` when it ends with a fault; node_exporter
serves what is there from then on. All are gauges, of the last run.

Freshness is `time() - nextloop_..._timestamp_seconds`: of the landing, the lake, the features, the
training and, above, the model that answers. The job failed last if its failure is later than its
success.

The hit rate that counts is `sum(nextloop_hit_lists) / sum(nextloop_shown_lists)`, of the table of
events. What the API counts is quicker, and counts an event that is told again once more.
"""
_SHARE: Final = """\
clamp_min(
      sum by (version, feature, band) (increase(nextloop_model_feature_values_total[1d]))
        / on (version, feature) group_left
      sum by (version, feature) (increase(nextloop_model_feature_values_total[1d])),
      0.0001
    )"""
_EXPECTED: Final = (
    "clamp_min(max by (version, feature, band) (nextloop_model_feature_expected_ratio), 0.0001)"
)
PSI: Final = f"""\
sum by (version, feature) (
  (
    {_SHARE}
    - {_EXPECTED}
  )
  * ln(
    {_SHARE}
    / {_EXPECTED}
  )
)"""


def metrics_page() -> str:
    """Return the page as Markdown, equal for equal declarations."""
    shown = "\n".join(f"    {line}" for line in PSI.splitlines())
    return "\n".join(
        [
            _TITLE,
            _API,
            *_table(metrics.API),
            _PROXY,
            *_table(proxy.ALL),
            _MODEL.replace("@PSI@", shown),
            *_table(metrics.MODEL),
            _JOBS,
            *_table(metrics.JOBS),
        ]
    )


def _table(declared: Iterable[Metric]) -> Iterator[str]:
    yield "| metric | type | unit | labels | what it says |\n|---|---|---|---|---|"
    yield from map(_row, declared)
    yield ""
    for metric in declared:
        if isinstance(metric, HistogramMetric):
            bounds = ", ".join(f"{bound:g}" for bound in metric.buckets)
            yield f"`{metric.name}` has the buckets {bounds}.\n"


def _row(metric: Metric) -> str:
    kind = _kind(metric)
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {kind} | {metric.unit} | {labels} | {metric.help} |"


def _kind(metric: Metric) -> str:
    if isinstance(metric, CounterMetric):
        return "counter"
    return "histogram" if isinstance(metric, HistogramMetric) else "gauge"


if __name__ == "__main__":
    sys.stdout.write(metrics_page())
