"""Airflow: whether it schedules, which runs fail, what waits."""

from __future__ import annotations

from typing import Final

from deploy.monitoring.dashboards.panels import Board, Limits, Query, bars, lines, number

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
                    Query("sum(increase(airflow_ti_failures[1d])) or vector(0)"),
                    Limits(1, 3),
                ),
                number(
                    "Tasks without heartbeat",
                    "Killed for it in a day.",
                    "none",
                    Query(
                        "sum(increase(airflow_task_instances_without_heartbeats_killed[1d]))"
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
                    Query("sum(increase(airflow_asset_updates[7d])) or vector(0)"),
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
                    Query("sum by (state) (increase(airflow_ti_finish[1h]))", "{{state}}"),
                    stacked=True,
                ),
                bars(
                    "Failed tasks in a week",
                    "By DAG and task.",
                    "none",
                    Query(
                        "sum by (dag_id, task_id) "
                        '(increase(airflow_ti_finish{state="failed"}[7d])) > 0',
                        "{{dag_id}}.{{task_id}}",
                    ),
                    width=12,
                ),
                lines(
                    "Time of runs that succeeded",
                    "Mean by DAG.",
                    "s",
                    Query(
                        "sum by (dag_id) (rate(airflow_dagrun_duration_success_sum[1d]))"
                        " / sum by (dag_id) (rate(airflow_dagrun_duration_success_count[1d]))",
                        "{{dag_id}}",
                    ),
                ),
                lines(
                    "Delay of runs",
                    "Between when a run was due and when it began, mean by DAG.",
                    "s",
                    Query(
                        "sum by (dag_id) (rate(airflow_dagrun_schedule_delay_sum[1d]))"
                        " / sum by (dag_id) (rate(airflow_dagrun_schedule_delay_count[1d]))",
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
