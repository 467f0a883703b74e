"""Every Tuesday at 04:00 in Seoul: the hotels' new order files into orders and features.

매주 화요일 04:00(서울): 새 주문 파일을 `orders`, `order_lines`, `rejected_rows` 표로 읽어 들이고,
지난 일요일까지의 특성(feature) 표를 만듭니다.

- `list_files` 파일 목록 / what lies in the landing
- `ingest` 새 파일(주문, API 이벤트)을 읽음, 이미 읽은 파일은 건너뜀 / takes in what is new, of
  orders and of the API's events
- `features` 지난 일요일 기준 특성 표 / the tables as of last Sunday
- `announce_features` 새 특성이 있으면 `features` 자산을 갱신 / updates the asset if they are new
- `check_refused` 읽을 수 없는 파일이 있으면 실패 / fails if a file could not be read; the good
  files are in all the same

Rerun or backfill any week: a run's as-of date follows from its own date, so the tables are equal.
다시 실행하거나 backfill 해도 같은 표가 됩니다. 자세한 설명: docs/airflow.md
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task

from nextloop_orchestration import alerts, announcements, landing, steps, weeks
from nextloop_orchestration.assets import FEATURES


@dag(
    schedule=CronTriggerTimetable(weeks.SCHEDULE, timezone=weeks.TIMEZONE),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    deadline=alerts.on_missed_deadline(),
    on_failure_callback=alerts.on_failure(),
    default_args=steps.defaults(),
    user_defined_macros={"as_of": weeks.as_of},
    tags=["nextloop", "batch"],
    doc_md=__doc__,
)
def ingest_orders() -> None:
    """Wire the weekly batch."""

    @task
    def list_files() -> dict[str, Any]:
        """List the landing's order files."""
        return landing.summary(landing.order_files(*steps.landing()))

    @task(inlets=[FEATURES], outlets=[FEATURES])
    def announce_features(
        report: Any, *, inlet_events: Any = None, outlet_events: Any = None
    ) -> None:
        """Update the asset if these features are new and the newest."""
        earlier = inlet_events[FEATURES]
        announced = earlier[-1].extra["as_of"] if earlier else None
        outlet_events[FEATURES].extra = announcements.features_extra(report, announced)

    @task
    def check_refused(report: Any) -> None:
        """Fail if a file could not be read."""
        announcements.refuse(report["refused"])

    ingest = steps.batch(
        "ingest", ["ingest"], refusals_are_reported=True, execution_timeout=timedelta(hours=3)
    )
    features = steps.batch(
        "features",
        ["features", "--as-of", "{{ as_of(data_interval_end | default(dag_run.run_after)) }}"],
        execution_timeout=timedelta(hours=2),
    )
    list_files() >> ingest >> features
    announce_features(features.output)
    check_refused(ingest.output)


ingest_orders()
