"""What is shown of a whole stack: every panel, no alert, and what fails."""

from __future__ import annotations

import re
import time

import pytest
from tests.alerting import promtool
from tests.monitoring.panels import PANELS, named, queries
from tests.stack.driving import until
from tests.stack.whole import ask, results

pytestmark = pytest.mark.timeout(900)
# Why a panel or a rule has nothing on one healthy machine.
CONTAINERS = "nothing here is a container; cAdvisor is in no package"
SCHEDULED = "only a run that the clock began can be late, and the batch's is once a week"
FAILED = "nothing has failed yet"
LOST = "no task has lost its heartbeat yet"
SILENT = {
    "container_cpu_usage_seconds_total": CONTAINERS,
    "container_memory_working_set_bytes": CONTAINERS,
    "container_oom_events_total": CONTAINERS,
    "container_network_receive_bytes_total": CONTAINERS,
    "container_network_transmit_bytes_total": CONTAINERS,
    "container_cpu_cfs_periods_total": CONTAINERS,
    "container_cpu_cfs_throttled_periods_total": CONTAINERS,
    "container_spec_memory_limit_bytes": CONTAINERS,
    "container_start_time_seconds": CONTAINERS,
    "airflow_dagrun_schedule_delay_sum": SCHEDULED,
    "airflow_dagrun_schedule_delay_count": SCHEDULED,
    "airflow_task_instances_without_heartbeats_killed": LOST,
    "nextloop_job_last_failure_timestamp_seconds": FAILED,
    "airflow_ti_failures": FAILED,
}
FAILED_TASKS = ("NextLoop: Airflow", "Failed tasks in a week")


def quiet(stack, silent):
    """List queries of panels without series, or without the labels that a legend names."""
    for board, panel in PANELS:
        for target, query in zip(panel["targets"], queries(panel), strict=True):
            if named(query) & silent:
                continue
            labels = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
            found = results(stack, query)
            if not found or any(labels - set(one["metric"]) for one in found):
                yield board["title"], panel["title"]


def test_every_panel_shows_something(whole, week):
    """Each query gives series with its legend's labels, but for what is listed with its reason."""
    until(lambda: set(quiet(whole, SILENT.keys())) == {FAILED_TASKS}, 90)


def test_no_rule_or_panel_names_what_there_is_not(whole, week):
    """Every metric is live, but for those that are listed; and none of the listed is."""
    live = set(ask(whole, "label/__name__/values"))
    rules = [promtool.metrics_in(rule.body["expr"]) for rule in promtool.all_rules()]
    panels = [named(query) for _, panel in PANELS for query in queries(panel)]
    asked = set().union(*rules, *panels)
    assert len(asked) > 90
    assert asked - live == SILENT.keys()


def test_what_airflow_never_said_is_in_its_own_list(whole):
    """The two that cannot be seen here are in the list of names that Airflow ships."""
    files = (promtool.ROOT / ".venv-airflow").glob("lib/*/site-packages/airflow/_shared/**/*.yaml")
    (file,) = (file for file in files if file.name == "metrics_template.yaml")
    for name in ("dagrun.schedule_delay", "task_instances_without_heartbeats_killed"):
        assert f'name: "{name}"' in file.read_text("utf-8")


def test_healthy_stack_is_silent(whole, week, whole_slack):
    """No alert fires or is about to, but the heartbeat and what is said of the busy machine."""
    time.sleep(20)
    alerts = [one["labels"]["alertname"] for one in ask(whole, "alerts")["alerts"]]
    assert "Watchdog" in alerts
    assert [name for name in alerts if not name.startswith(("Watchdog", "Host"))] == []
    assert [text for text in whole_slack.texts() if "] Host" not in text] == []
    assert set(week.statuses) == {200, 202}
    targets = {
        one["labels"]["job"]: one["health"] for one in ask(whole, "targets")["activeTargets"]
    }
    assert {"mlflow", "airflow", "nginx", "node", "api-live"} <= targets.keys()
    assert {job for job, health in targets.items() if health != "up"} <= {"api"}  # the idle slot


def test_task_that_fails_is_shown_and_told(whole, airflow, whole_slack):
    """A file that is none fails the batch's last task: on the panel, and in Slack."""
    began = time.monotonic()
    file = min((whole.folder / "landing").glob("**/*.csv"))
    (file.parent / "broken.csv").write_text("not,orders\n1,2\n", "utf-8")
    assert airflow.run("ingest_orders") == "failed"
    text = whole_slack.wait_for("AirflowTaskFailed", since=began, seconds=90)
    assert "ingest_orders.check_refused" in text
    whole.command("ingest", "--landing", str(whole.folder / "nowhere"), stack=False, code=2)
    silent = {name for name, why in SILENT.items() if why != FAILED}
    until(lambda: not list(quiet(whole, silent)), 60)
