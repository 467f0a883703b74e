"""Hosts and containers: processor, memory, disk, network, and what watches them."""

from __future__ import annotations

from typing import Final

from deploy.monitoring.dashboards.panels import Board, Limits, Query, lines, number

_DISKS: Final = '{fstype!~"tmpfs|ramfs|overlay"}'
_NAMED: Final = '{name!=""}'

BOARD: Final = Board(
    "hosts",
    "NextLoop: hosts and containers",
    "What machines and containers use, and whether Prometheus and MLflow keep up.",
    (
        (
            "Hosts",
            (
                lines(
                    "Processor",
                    "Share in use.",
                    "percentunit",
                    Query(
                        "1 - avg by (instance) "
                        '(rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
                        "{{instance}}",
                    ),
                    limits=Limits(0.8, 0.9),
                ),
                lines(
                    "Memory",
                    "Share in use, what can be freed at once left out.",
                    "percentunit",
                    Query(
                        "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
                        "{{instance}}",
                    ),
                    limits=Limits(0.85, 0.92),
                ),
                lines(
                    "Disks",
                    "Share in use, by place.",
                    "percentunit",
                    Query(
                        f"1 - node_filesystem_avail_bytes{_DISKS}"
                        f" / node_filesystem_size_bytes{_DISKS}",
                        "{{instance}} {{mountpoint}}",
                    ),
                    limits=Limits(0.8, 0.9),
                ),
                lines(
                    "Load",
                    "Runnable processes for each core, 5 minutes.",
                    "none",
                    Query(
                        "node_load5 / on (instance) "
                        'count by (instance) (node_cpu_seconds_total{mode="idle"})',
                        "{{instance}}",
                    ),
                    limits=Limits(1, 2),
                ),
                lines(
                    "Network",
                    "In and out, the machine's own loop left out.",
                    "Bps",
                    Query(
                        "sum by (instance) (rate(node_network_receive_bytes_total"
                        '{device!="lo"}[$__rate_interval]))',
                        "{{instance}} in",
                    ),
                    Query(
                        "sum by (instance) (rate(node_network_transmit_bytes_total"
                        '{device!="lo"}[$__rate_interval]))',
                        "{{instance}} out",
                    ),
                ),
                lines(
                    "Disk traffic",
                    "Read and written.",
                    "Bps",
                    Query(
                        "sum by (instance) (rate(node_disk_read_bytes_total[$__rate_interval]))",
                        "{{instance}} read",
                    ),
                    Query(
                        "sum by (instance) (rate(node_disk_written_bytes_total[$__rate_interval]))",
                        "{{instance}} written",
                    ),
                ),
            ),
        ),
        (
            "Containers",
            (
                lines(
                    "Processor",
                    "Cores in use.",
                    "none",
                    Query(
                        "sum by (name) "
                        f"(rate(container_cpu_usage_seconds_total{_NAMED}[$__rate_interval]))",
                        "{{name}}",
                    ),
                ),
                lines(
                    "Memory",
                    "Working set, of which the limit counts.",
                    "bytes",
                    Query(
                        f"max by (name) (container_memory_working_set_bytes{_NAMED})", "{{name}}"
                    ),
                ),
                lines(
                    "Out of memory",
                    "Times in an hour that the kernel killed in it.",
                    "none",
                    Query(
                        f"sum by (name) (increase(container_oom_events_total{_NAMED}[1h]))",
                        "{{name}}",
                    ),
                ),
                lines(
                    "Network",
                    "In and out.",
                    "Bps",
                    Query(
                        "sum by (name) (rate("
                        f"container_network_receive_bytes_total{_NAMED}[$__rate_interval]))",
                        "{{name}} in",
                    ),
                    Query(
                        "sum by (name) (rate("
                        f"container_network_transmit_bytes_total{_NAMED}[$__rate_interval]))",
                        "{{name}} out",
                    ),
                ),
            ),
        ),
        (
            "Services",
            (
                number(
                    "Series in Prometheus",
                    "Held now.",
                    "short",
                    Query("max(prometheus_tsdb_head_series)"),
                    Limits(50_000, 100_000),
                ),
                number(
                    "Rules that fail",
                    "Evaluations in an hour.",
                    "none",
                    Query("sum(increase(prometheus_rule_evaluation_failures_total[1h]))"),
                    Limits(1, 1),
                ),
                number(
                    "Messages that failed",
                    "Of Alertmanager's, in an hour.",
                    "none",
                    Query("sum(increase(alertmanager_notifications_failed_total[1h]))"),
                    Limits(1, 3),
                ),
                lines(
                    "MLflow's requests",
                    "By status.",
                    "reqps",
                    Query(
                        "sum by (status) (rate(mlflow_http_request_total[$__rate_interval]))",
                        "{{status}}",
                    ),
                ),
            ),
        ),
    ),
)
