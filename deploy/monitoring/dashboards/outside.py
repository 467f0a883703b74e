"""Metrics that others make and dashboards name, each with the program whose release was looked at.

A name that is neither here nor in `nextloop.telemetry.metrics` is in no panel: a test holds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

METRICS: Final[Mapping[str, frozenset[str]]] = {
    # What Prometheus adds to every target and alert by itself.
    "Prometheus 2.42": frozenset(
        {
            "ALERTS",
            "prometheus_rule_evaluation_failures_total",
            "prometheus_tsdb_head_series",
            "up",
        }
    ),
    "Alertmanager 0.25": frozenset({"alertmanager_notifications_failed_total"}),
    "node_exporter 1.5": frozenset(
        {
            "node_cpu_seconds_total",
            "node_disk_read_bytes_total",
            "node_disk_written_bytes_total",
            "node_filesystem_avail_bytes",
            "node_filesystem_size_bytes",
            "node_load5",
            "node_memory_MemAvailable_bytes",
            "node_memory_MemTotal_bytes",
            "node_network_receive_bytes_total",
            "node_network_transmit_bytes_total",
        }
    ),
    # With the label `name`, of containers that Docker runs. Not seen live by our tests: it is in no
    # package, and nothing of the local stack is a container.
    "cAdvisor 0.49": frozenset(
        {
            "container_cpu_usage_seconds_total",
            "container_memory_working_set_bytes",
            "container_network_receive_bytes_total",
            "container_network_transmit_bytes_total",
            "container_oom_events_total",
        }
    ),
    # `nextloop rollout metrics`: stub_status knows connections and no statuses, the log does.
    "NextLoop's reader of nginx's log and status": frozenset(
        {
            "nextloop_nginx_requests_total",
            "nginx_connections_active",
            "nginx_connections_reading",
            "nginx_connections_waiting",
            "nginx_connections_writing",
            "nginx_up",
        }
    ),
    # The API's process, by prometheus-client's ProcessCollector.
    "prometheus-client 0.26": frozenset(
        {
            "process_cpu_seconds_total",
            "process_max_fds",
            "process_open_fds",
            "process_resident_memory_bytes",
        }
    ),
    # By statsd_exporter with deploy/monitoring/airflow/statsd_mapping.yaml: tags are labels, dots
    # underscores, timers histograms in seconds. Names: Airflow's metrics_template.yaml.
    "Airflow 3.3": frozenset(
        {
            "airflow_asset_updates",
            "airflow_dag_processing_import_errors",
            "airflow_dag_processing_total_parse_time",
            "airflow_dagrun_duration_success_count",
            "airflow_dagrun_duration_success_sum",
            "airflow_dagrun_schedule_delay_count",
            "airflow_dagrun_schedule_delay_sum",
            "airflow_executor_open_slots",
            "airflow_executor_queued_tasks",
            "airflow_executor_running_tasks",
            "airflow_scheduler_heartbeat",
            "airflow_scheduler_tasks_starving",
            "airflow_task_instances_without_heartbeats_killed",
            "airflow_ti_failures",
            "airflow_ti_finish",
        }
    ),
    # By deploy/mlflow/metrics.py. Files of models go by a route that MLflow does not count.
    "MLflow 3.17": frozenset({"mlflow_http_request_total"}),
}
