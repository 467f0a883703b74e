"""When a model is new: put the best that is staged into production, and deploy it if so set.

새 모델이 `staging`에 오르면 가장 좋은 버전을 `production`으로 승격하고, 설정되어 있으면 배포합니다.

- `promote` 승격, 이미 production이면 아무 일도 없음 / promotes; nothing if it is there already
- `deploy` 설정 `rollout`이 켜져 있을 때만 / only where the setting `rollout` is true

사람이 결정하려면 이 DAG을 일시 정지(pause)하고 직접 승격하세요. / To decide by hand, pause this DAG
and use `nextloop models promote`. 자세한 설명: docs/airflow.md
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from nextloop_orchestration import alerts, settings, steps
from nextloop_orchestration.assets import MODEL
from nextloop_orchestration.operators import NextLoopOperator


@dag(
    schedule=[MODEL],
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=4),
    deadline=alerts.on_missed_deadline(),
    on_failure_callback=alerts.on_failure(),
    default_args=steps.defaults(),
    tags=["nextloop", "model"],
    doc_md=__doc__,
)
def release_recommender() -> None:
    """Wire the release."""
    promote = NextLoopOperator(
        task_id="promote",
        arguments=["models", "promote", "staging", "--reason", "release_recommender {{ run_id }}"],
    )
    if settings.load().rollout:
        deploy = NextLoopOperator(
            task_id="deploy",
            arguments=["rollout", "deploy"],
            execution_timeout=timedelta(hours=1),
        )
        promote >> deploy


release_recommender()
