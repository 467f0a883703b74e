"""Whether all is well, in one look; what is not is told by the other five."""

from __future__ import annotations

from typing import Final

from deploy.monitoring.dashboards.panels import Board, Limits, Query, bars, lines, names, number

_DAY: Final = 86_400
FRESHNESS: Final = tuple(
    Query(f"time() - max(nextloop_{metric}_timestamp_seconds)", name)
    for name, metric in (
        ("landing: newest file", "landing_newest_file"),
        ("lake: newest order", "lake_newest_order"),
        ("features as of", "features_as_of"),
        ("training as of", "trained_as_of"),
        ("answering model as of", "model_as_of"),
    )
)
AVAILABILITY: Final = Query(
    '1 - (sum(rate(http_requests_total{status=~"5.."}[1h])) or vector(0))'
    " / (sum(rate(http_requests_total[1h])) > 0)",
    "answered",
)
FAILED_JOBS: Final = Query(
    "count(max by (job_name) (nextloop_job_last_failure_timestamp_seconds) unless on (job_name)"
    " (max by (job_name) (nextloop_job_last_success_timestamp_seconds)"
    " >= max by (job_name) (nextloop_job_last_failure_timestamp_seconds))) or vector(0)",
    "failed",
)


def quantile(share: float, selector: str = "", by: str = "") -> str:
    """Write the query of a quantile of the requests' durations.

    Args:
        share: Such as 0.99.
        selector: Labels to choose by, in braces.
        by: More labels to keep.

    Returns:
        PromQL, in seconds.
    """
    kept = f"le, {by}" if by else "le"
    metric = f"http_request_duration_seconds_bucket{selector}"
    return f"histogram_quantile({share}, sum by ({kept}) (rate({metric}[$__rate_interval])))"


BOARD: Final = Board(
    "overview",
    "NextLoop: overview",
    "Whether guests get offers, how fresh these are, and what fails.",
    (
        (
            "Now",
            (
                number(
                    "Answered without a fault",
                    "Share of the last hour's requests that got no 5xx; 99.9 % is promised.",
                    "percentunit",
                    AVAILABILITY,
                    Limits(0.999, 0.99),
                ),
                number(
                    "Slowest hundredth",
                    "99 of 100 requests are answered within this time; 100 ms is promised.",
                    "s",
                    Query(quantile(0.99)),
                    Limits(0.05, 0.1),
                ),
                number(
                    "Requests",
                    "All requests to the API, probes and scrapes left out.",
                    "reqps",
                    Query("sum(rate(http_requests_total[$__rate_interval]))"),
                ),
                number(
                    "Alerts that fire",
                    "The Watchdog, which always fires, left out.",
                    "none",
                    Query('count(ALERTS{alertstate="firing",alertname!="Watchdog"}) or vector(0)'),
                    Limits(1, 2),
                ),
                number(
                    "Jobs that failed last",
                    "Jobs whose last run ended with a fault.",
                    "none",
                    FAILED_JOBS,
                    Limits(1, 1),
                ),
                names(
                    "Model that answers",
                    "By slot; a slot that rests keeps its own until it is stopped.",
                    Query("nextloop_model_info", "{{slot}}: {{model}} v{{version}}"),
                ),
            ),
        ),
        (
            "Lately",
            (
                lines(
                    "Requests by status",
                    "What callers got.",
                    "reqps",
                    Query(
                        "sum by (status) (rate(http_requests_total[$__rate_interval]))",
                        "{{status}}",
                    ),
                    stacked=True,
                ),
                lines(
                    "Time to answer",
                    "Quantiles over both slots.",
                    "s",
                    Query(quantile(0.5), "half"),
                    Query(quantile(0.95), "95 of 100"),
                    Query(quantile(0.99), "99 of 100"),
                    limits=Limits(0.05, 0.1),
                ),
                bars(
                    "How old",
                    "Since the newest file, order and day that each station knows.",
                    "s",
                    *FRESHNESS,
                    limits=Limits(9 * _DAY, 10 * _DAY),
                ),
                bars(
                    "Machines' busiest part",
                    "Share in use: processor, memory and the fullest disk.",
                    "percentunit",
                    Query(
                        "max(1 - avg by (instance)"
                        ' (rate(node_cpu_seconds_total{mode="idle"}[5m])))',
                        "processor",
                    ),
                    Query(
                        "max(1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
                        "memory",
                    ),
                    Query(
                        'max(1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs|overlay"}'
                        ' / node_filesystem_size_bytes{fstype!~"tmpfs|ramfs|overlay"})',
                        "disk",
                    ),
                    limits=Limits(0.8, 0.9),
                ),
                bars(
                    "What can be scraped",
                    "1 answers, 0 does not; of the two slots one may rest.",
                    "none",
                    Query("min by (job) (up)", "{{job}}"),
                ),
            ),
        ),
    ),
)
