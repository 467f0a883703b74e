"""When the features are new: train the models, compare them, stage the best.

특성(feature) 표가 새로 만들어지면 모델을 학습하고 비교하여 가장 좋은 모델을 `staging`에 올립니다.

- `train` 최신 특성으로 학습 / trains on the newest features, whatever update has started the run:
  several updates become one run
- `announce_model` `model` 자산을 갱신 / updates the asset with the versions

자세한 설명: docs/airflow.md
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from nextloop_orchestration import alerts, announcements, steps
from nextloop_orchestration.assets import FEATURES, MODEL
from nextloop_orchestration.operators import NextLoopOperator


@dag(
    schedule=[FEATURES],
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    deadline=alerts.on_missed_deadline(),
    on_failure_callback=alerts.on_failure(),
    default_args=steps.defaults(),
    tags=["nextloop", "model"],
    doc_md=__doc__,
)
def train_recommender() -> None:
    """Wire the training."""

    @task(outlets=[MODEL])
    def announce_model(report: Any, *, outlet_events: Any = None) -> None:
        """Update the asset with the versions that were registered and staged."""
        outlet_events[MODEL].extra = announcements.model_extra(report)

    train = NextLoopOperator(
        task_id="train", arguments=["train"], execution_timeout=timedelta(hours=3)
    )
    announce_model(train.output)


train_recommender()
