"""What callers of the API get, by route, status and slot, and what its processes use."""

from __future__ import annotations

from typing import Final

from deploy.monitoring.dashboards.overview import AVAILABILITY, quantile
from deploy.monitoring.dashboards.panels import Board, Limits, Query, lines, names, number

_BY_ROUTE: Final = "sum by (handler, status) (rate(http_requests_total{%s}[$__rate_interval]))"

BOARD: Final = Board(
    "api",
    "NextLoop: API",
    "Rates, faults and times of the API by route, status and slot; its processes; the proxy.",
    (
        (
            "Promise",
            (
                number(
                    "Answered without a fault",
                    "Share of the last hour's requests that got no 5xx; 99.9 % is promised.",
                    "percentunit",
                    AVAILABILITY,
                    Limits(0.999, 0.99),
                ),
                number(
                    "Within 100 ms",
                    "Share of the last hour's requests; 99 % is promised.",
                    "percentunit",
                    Query(
                        'sum(rate(http_request_duration_seconds_bucket{le="0.1"}[1h]))'
                        " / sum(rate(http_request_duration_seconds_count[1h]))"
                    ),
                    Limits(0.99, 0.95),
                ),
                number(
                    "Requests",
                    "All routes and slots.",
                    "reqps",
                    Query("sum(rate(http_requests_total[$__rate_interval]))"),
                ),
                number(
                    "Answers by the model",
                    "Recommendations, those of a batch each for itself.",
                    "reqps",
                    Query("sum(rate(nextloop_recommendation_requests_total[$__rate_interval]))"),
                ),
                names(
                    "Model that answers",
                    "By slot.",
                    Query("nextloop_model_info", "{{slot}}: {{model}} v{{version}}"),
                    width=8,
                ),
            ),
        ),
        (
            "Requests",
            (
                lines(
                    "Answered, by route",
                    "2xx.",
                    "reqps",
                    Query(_BY_ROUTE % 'status=~"2.."', "{{handler}}"),
                ),
                lines(
                    "Refused and failed",
                    "4xx and 5xx by route; paths that no route has are `none`.",
                    "reqps",
                    Query(_BY_ROUTE % 'status=~"[45].."', "{{status}} {{handler}}"),
                ),
                lines(
                    "Time to answer, 99 of 100, by route",
                    "From a request's arrival to the end of its answer.",
                    "s",
                    Query(quantile(0.99, by="handler"), "{{handler}}"),
                    limits=Limits(0.05, 0.1),
                ),
                lines(
                    "Time to answer, 99 of 100, by slot",
                    "Beside each other after a release.",
                    "s",
                    Query(quantile(0.99, by="slot"), "{{slot}}"),
                    limits=Limits(0.05, 0.1),
                ),
                lines(
                    "Time of the model alone",
                    "To score and rank one question.",
                    "s",
                    *(
                        Query(
                            f"histogram_quantile({share}, sum by (le, version) (rate("
                            "nextloop_recommendation_duration_seconds_bucket[$__rate_interval])))",
                            f"v{{{{version}}}}, {name}",
                        )
                        for share, name in ((0.5, "half"), (0.99, "99 of 100"))
                    ),
                ),
                lines(
                    "Requests by slot",
                    "A release shows as one line taking over from the other.",
                    "reqps",
                    Query(
                        "sum by (slot) (rate(http_requests_total[$__rate_interval]))", "{{slot}}"
                    ),
                    stacked=True,
                ),
            ),
        ),
        (
            "Processes",
            (
                lines(
                    "Memory",
                    "Resident, by slot.",
                    "bytes",
                    Query('process_resident_memory_bytes{job="api"}', "{{slot}}"),
                    width=8,
                ),
                lines(
                    "Processor",
                    "Cores in use; a slot answers on one.",
                    "none",
                    Query(
                        'rate(process_cpu_seconds_total{job="api"}[$__rate_interval])', "{{slot}}"
                    ),
                    width=8,
                ),
                lines(
                    "Open files",
                    "Share of what the system allows.",
                    "percentunit",
                    Query('process_open_fds{job="api"} / process_max_fds{job="api"}', "{{slot}}"),
                    width=8,
                ),
            ),
        ),
        (
            "Proxy",
            (
                number(
                    "nginx answers",
                    "1 if it does.",
                    "none",
                    Query("min(nginx_up)"),
                    Limits(1, 0.5),
                    width=3,
                ),
                lines(
                    "What callers got, by status",
                    "As nginx answered them, faults of a slot that died included.",
                    "reqps",
                    Query(
                        "sum by (status) (rate(nextloop_nginx_requests_total[$__rate_interval]))",
                        "{{status}}",
                    ),
                    width=7,
                    stacked=True,
                ),
                lines(
                    "Who answered callers",
                    "By slot; `none` is nginx itself.",
                    "reqps",
                    Query(
                        "sum by (slot) (rate(nextloop_nginx_requests_total[$__rate_interval]))",
                        "{{slot}}",
                    ),
                    width=7,
                    stacked=True,
                ),
                lines(
                    "Connections of callers",
                    "All of them, and which are kept, sending and being answered.",
                    "none",
                    Query("sum(nginx_connections_active)", "all"),
                    Query("sum(nginx_connections_waiting)", "waiting"),
                    Query("sum(nginx_connections_reading)", "sending"),
                    Query("sum(nginx_connections_writing)", "answered"),
                    width=7,
                ),
            ),
        ),
    ),
)
