"""The DAGs as Airflow loads them: whole, owned, bounded, documented, and due when they should."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta

import pytest

from conftest import ROOT

DAGS = ["ingest_orders", "release_recommender", "train_recommender"]


def load(monkeypatch=None, **variables):
    """Load the folder as the DAG processor does."""
    from airflow.dag_processing.dagbag import DagBag

    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    bag = DagBag(ROOT / "orchestration/dags", bundle_name="dags-folder")
    assert bag.import_errors == {}
    return bag.dags


@pytest.fixture(scope="module")
def dags():
    """All DAGs, with nothing set."""
    return load()


@pytest.fixture(params=DAGS)
def dag(request, dags):
    """Each DAG."""
    return dags[request.param]


def test_there_are_three(dags):
    """No more, no fewer, and none has an import error."""
    assert sorted(dags) == DAGS


def test_a_run_is_alone_bounded_and_never_caught_up(dag):
    """One run at a time, none for the past by itself, an end to each."""
    assert dag.max_active_runs == 1
    assert not dag.catchup
    assert dag.dagrun_timeout <= timedelta(hours=12)
    assert {"nextloop"} < set(dag.tags)


def test_documentation_is_in_both_languages(dag):
    """A page that an operator reads, Korean and English, naming every task."""
    assert "docs/airflow.md" in dag.doc_md
    assert any("가" <= letter <= "힣" for letter in dag.doc_md)
    assert [task for task in dag.task_ids if f"`{task}`" not in dag.doc_md] == []


def test_every_task_is_owned_retried_and_bounded(dag):
    """Three retries, the wait doubling up to an hour; a timeout; somebody is told."""
    for task in dag.tasks:
        assert task.owner == "nextloop"
        assert (task.retries, task.retry_exponential_backoff) == (3, 2.0)
        assert task.retry_delay == timedelta(minutes=5)
        assert task.max_retry_delay == timedelta(hours=1)
        assert timedelta(0) < task.execution_timeout < dag.dagrun_timeout
        assert [type(each).__name__ for each in task.on_failure_callback] == ["SlackAlert"]


def test_late_and_stopped_runs_are_told(dag):
    """The deadline is counted from the queue, so that backfilled weeks are not late at once."""
    (deadline,) = dag.deadline
    assert type(deadline.reference).__name__ == "DagRunQueuedAtDeadline"
    assert deadline.interval == timedelta(hours=3)
    assert deadline.callback.path == "nextloop_orchestration.alerts.SlackAlert"
    assert type(dag.on_failure_callback).__name__ == "SlackAlert"


def test_dags_survive_serialization(dag):
    """What the scheduler gets is what was written."""
    from airflow.serialization.serialized_objects import DagSerialization

    again = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert again.dag_id == dag.dag_id
    assert sorted(again.task_dict) == sorted(dag.task_ids)


def test_the_batch_is_due_on_tuesdays_at_four_in_seoul(dags):
    """Which is Monday evening in UTC, all year round."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables.base import TimeRestriction

    dag = DagSerialization.from_dict(DagSerialization.to_dict(dags["ingest_orders"]))
    start = dt.datetime(2026, 10, 20, tzinfo=dt.UTC)
    infos = dag.iter_dagrun_infos_between(start, start + timedelta(days=21))
    ends = [info.data_interval.end.isoformat() for info in infos]
    assert ends == [f"2026-{day}T19:00:00+00:00" for day in ("10-26", "11-02", "11-09")]
    never_run = TimeRestriction(earliest=None, latest=None, catchup=False)
    due = dag.timetable.next_dagrun_info(last_automated_data_interval=None, restriction=never_run)
    local = due.run_after.in_timezone("Asia/Seoul")
    assert (local.isoweekday(), local.hour, local.minute) == (2, 4, 0)


def test_a_batch_runs_its_steps_in_order(dags):
    """Features follow ingest even where a file was refused, which another task tells."""
    dag = dags["ingest_orders"]
    below = {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}
    assert below == {
        "list_files": ["ingest"],
        "ingest": ["check_refused", "features"],
        "features": ["announce_features"],
        "announce_features": [],
        "check_refused": [],
    }


def test_assets_lead_from_dag_to_dag(dags):
    """Features to training, model to release."""
    outlets = {
        task.task_id: [outlet.name for outlet in task.outlets]
        for dag in dags.values()
        for task in dag.tasks
        if task.outlets
    }
    assert outlets == {"announce_features": ["features"], "announce_model": ["model"]}
    schedules = [dags[name].timetable.asset_condition for name in DAGS[1:]]
    assert [[asset.name for asset in each.objects] for each in schedules] == [
        ["model"],
        ["features"],
    ]


def test_a_release_deploys_only_where_it_is_set(dags, monkeypatch):
    """The rollout is a setting, off unless somebody turns it on."""
    assert dags["release_recommender"].task_ids == ["promote"]
    again = load(monkeypatch, AIRFLOW__NEXTLOOP__ROLLOUT="true")["release_recommender"]
    assert again.get_task("promote").downstream_task_ids == {"deploy"}
    assert again.get_task("deploy").arguments == ["rollout", "deploy"]


def test_a_cluster_in_the_settings_gets_the_submit_operator(dags, monkeypatch):
    """Only for what runs the engine."""
    assert type(dags["ingest_orders"].get_task("ingest")).__name__ == "NextLoopOperator"
    again = load(monkeypatch, NEXTLOOP_SPARK="spark://master:7077")
    kinds = {t.task_id: type(t).__name__ for dag in again.values() for t in dag.tasks}
    assert {kinds["ingest"], kinds["features"]} == {"NextLoopSubmitOperator"}
    assert {kinds["train"], kinds["promote"]} == {"NextLoopOperator"}


def test_a_wrong_setting_is_an_import_error_that_says_which(monkeypatch):
    """Airflow's page shows it; no DAG runs on a setting that nobody meant."""
    from airflow.dag_processing.dagbag import DagBag

    monkeypatch.setenv("AIRFLOW__NEXTLOOP__DEADLINE_MINUTES", "soon")
    bag = DagBag(ROOT / "orchestration/dags", bundle_name="dags-folder")
    assert len(bag.import_errors) == 3
    assert all("deadline_minutes is 'soon'" in text for text in bag.import_errors.values())
