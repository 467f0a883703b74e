"""What is counted of nginx, declared once: how callers were answered, and its connections.

Comes in: nothing. Goes out: declarations. All but the first have the names that
nginx-prometheus-exporter gives them, which dashboards for nginx expect.

Source: https://github.com/nginx/nginx-prometheus-exporter#exported-metrics
"""

from __future__ import annotations

from nextloop.telemetry.kinds import CounterMetric, GaugeMetric, Metric

REQUESTS = CounterMetric(
    "nextloop_nginx_requests_total",
    "Requests as their callers saw them answered, by the slot that answered (`none`: none did).",
    "requests",
    ("slot", "status"),
)
UP = GaugeMetric("nginx_up", "Whether nginx answers; 1 or 0.", "1")
ACTIVE = GaugeMetric("nginx_connections_active", "Open connections of callers.", "connections")
READING = GaugeMetric(
    "nginx_connections_reading", "Of them those that send a request.", "connections"
)
WRITING = GaugeMetric(
    "nginx_connections_writing", "Of them those that are being answered.", "connections"
)
WAITING = GaugeMetric(
    "nginx_connections_waiting", "Of them those that are kept for another request.", "connections"
)

ALL: tuple[Metric, ...] = (REQUESTS, UP, ACTIVE, READING, WRITING, WAITING)
