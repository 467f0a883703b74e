"""Airflow: whether it schedules, which runs fail, what waits."""

from __future__ import annotations

from typing import Final

from deploy.monitoring.dashboards.panels import Board, Limits, Query, bars, lines, number

_FAILED: Final = 'airflow_ti_finish{state="failed"}'


def _since(metric: str, window: str) -> str:
    """Say how much a counter grew, its first value included.

    A series begins with what Airflow first told, which is no increase to Prometheus; and of most
    tasks it tells once a week.
    """
    return f"(({metric} unless {metric} offset {window}) or increase({metric}[{window}]))"


BOARD: Final = Board(
    "airflow",
    "NextLoop: Airflow",
    "Whether the scheduler lives, which tasks and runs fail, how long they take and wait.",
    (
        (
            "Now",
            (
                number(
                    "Scheduler's heartbeats",
                    "A minute; none means that nothing is started.",
                    "none",
                    Query("sum(rate(airflow_scheduler_heartbeat[5m])) * 60"),
                    Limits(6, 1),
                ),
                number(
                    "DAG files that cannot be read",
                    "Import errors.",
                    "none",
                    Query("max(airflow_dag_processing_import_errors)"),
                    Limits(1, 1),
                ),
                number(
                    "Tasks failed",
                    "In a day.",
                    "none",
                    Query(f"sum{_since('airflow_ti_failures', '1d')} or vector(0)"),
                    Limits(1, 3),
                ),
                number(
                    "Tasks without heartbeat",
                    "Killed for it in a day.",
                    "none",
                    Query(
                        "sum"
                        f"{_since('airflow_task_instances_without_heartbeats_killed', '1d')}"
                        " or vector(0)"
                    ),
                    Limits(1, 1),
                ),
                number(
                    "Tasks that wait for a place",
                    "In any pool.",
                    "none",
                    Query("max(airflow_scheduler_tasks_starving) or vector(0)"),
                    Limits(1, 5),
                ),
                number(
                    "Assets updated",
                    "In a week: features and model are assets.",
                    "none",
                    Query(f"sum{_since('airflow_asset_updates', '7d')} or vector(0)"),
                    Limits(2, 1),
                ),
            ),
        ),
        (
            "Tasks and runs",
            (
                lines(
                    "Tasks that ended",
                    "By state.",
                    "none",
                    Query(f"sum by (state) {_since('airflow_ti_finish', '1h')}", "{{state}}"),
                    stacked=True,
                ),
                bars(
                    "Failed tasks in a week",
                    "By DAG and task.",
                    "none",
                    Query(
                        f"sum by (dag_id, task_id) {_since(_FAILED, '7d')} > 0",
                        "{{dag_id}}.{{task_id}}",
                    ),
                    width=12,
                ),
                lines(
                    "Time of runs that succeeded",
                    "Mean of a week by DAG.",
                    "s",
                    Query(
                        f"sum by (dag_id) {_since('airflow_dagrun_duration_success_sum', '7d')}"
                        " / sum by (dag_id) "
                        f"{_since('airflow_dagrun_duration_success_count', '7d')}",
                        "{{dag_id}}",
                    ),
                ),
                lines(
                    "Delay of runs",
                    "Between when a run was due and when it began, mean of a week by DAG.",
                    "s",
                    Query(
                        f"sum by (dag_id) {_since('airflow_dagrun_schedule_delay_sum', '7d')}"
                        " / sum by (dag_id) "
                        f"{_since('airflow_dagrun_schedule_delay_count', '7d')}",
                        "{{dag_id}}",
                    ),
                ),
            ),
        ),
        (
            "Places",
            (
                lines(
                    "Executor",
                    "Tasks running and queued, and places left.",
                    "none",
                    Query("sum(airflow_executor_running_tasks)", "running"),
                    Query("sum(airflow_executor_queued_tasks)", "queued"),
                    Query("sum(airflow_executor_open_slots)", "open"),
                ),
                lines(
                    "Reading DAG files",
                    "Seconds for all of them.",
                    "s",
                    Query("max(airflow_dag_processing_total_parse_time)", "all files"),
                ),
            ),
        ),
    ),
)
