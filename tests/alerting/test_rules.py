"""Every alert by promtool: it fires, not early, and ends; no threshold can change unseen."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml
from tests.alerting import promtool
from tests.alerting.promtool import PROMETHEUS, ROOT, Rule

RULES = promtool.all_rules()
ALERTS = promtool.alerts()
EVERYWHERE = {"summary", "summary_ko", "description", "dashboard", "runbook"}
SERVICES = {
    "api", "nginx", "model", "batch", "airflow", "mlflow", "host", "container", "prometheus",
    "alertmanager",
}  # fmt: skip
RUNBOOKS = ROOT / "docs/runbooks"


def name(rule: Rule) -> str:
    return rule.name


def test_configuration_is_taken():
    """promtool takes the configuration and every rule, and finds no rule twice."""
    for command in (
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "--lint-fatal", *(f"rules/{path.name}" for path in promtool.RULES)],
    ):
        done = subprocess.run(
            ["promtool", *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "WARNING" not in done.stdout


@pytest.mark.parametrize("path", promtool.TESTS, ids=lambda path: path.stem)
def test_rules_pass_their_tests(path):
    """promtool's tests pass as they stand in the repository."""
    done = subprocess.run(
        ["promtool", "test", "rules", path.name],
        cwd=path.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS, ids=name)
def test_alert_fires_late_enough_and_ends(alert):
    """An alert has a case in which it is silent, then fires, then is silent again."""
    if alert.name == "Watchdog":  # always fires: that is what it is for
        return
    said = [
        [bool(check["exp_alerts"]) for check in test["alert_rule_test"]]
        for _, test in promtool.cases(alert.name)
    ]
    assert any(not case[0] and any(case) and not case[-1] for case in said)


@pytest.mark.parametrize("alert", ALERTS, ids=name)
def test_no_threshold_can_change_unseen(alert, tmp_path):
    """Each number and each time of an alert, a quarter or one step off, fails one of its tests."""
    whole = promtool.needed(alert, [rule for rule in RULES if rule.file == alert.file])
    assert promtool.run(tmp_path, alert.name, whole).returncode == 0
    survived = [
        what
        for what, rules in promtool.mutants(whole)
        if promtool.run(tmp_path, alert.name, rules).returncode == 0
    ]
    assert survived == []


def test_thresholds_are_found():
    """The test above changes something in every alert but the heartbeat."""
    for alert in ALERTS:
        whole = promtool.needed(alert, [rule for rule in RULES if rule.file == alert.file])
        assert list(promtool.mutants(whole)) or alert.name in {"Watchdog", "PrometheusJobMissing"}


@pytest.mark.parametrize("alert", ALERTS, ids=name)
def test_alert_says_what_who_is_paged_needs(alert):
    """Severity, part, both languages, a number, a dashboard that there is, and its runbook."""
    said = alert.body["annotations"]
    assert said.keys() == EVERYWHERE
    assert alert.body["labels"]["severity"] in {"page", "ticket", "none"}
    assert alert.body["labels"]["service"] in SERVICES
    assert re.search(r"[가-힣]", said["summary_ko"])
    assert re.search(r"\$value|\d|minute", said["description"]) or alert.name == "Watchdog"
    assert said["dashboard"] in {
        f"nextloop-{board}"
        for board in ("overview", "api", "pipeline", "model", "airflow", "hosts")
    }
    assert said["runbook"] == f"docs/runbooks/{alert.name}.md"


def test_alerts_and_runbooks_match_both_ways():
    """No alert without a runbook, no runbook without an alert, and the list names them all."""
    names = {alert.name for alert in ALERTS}
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == names
    listed = re.findall(r"\[(\w+)\]\((\w+)\.md\)", (RUNBOOKS / "README.md").read_text("utf-8"))
    assert sorted(listed) == sorted((one, one) for one in names)


@pytest.mark.parametrize("alert", ALERTS, ids=name)
def test_runbook_names_its_rule_and_alerts_that_there_are(alert):
    """A runbook leads to its rule and to no alert that is gone."""
    text = (RUNBOOKS / f"{alert.name}.md").read_text("utf-8")
    assert f"prometheus/rules/{alert.file}`" in text
    assert f"`{alert.body['annotations']['dashboard']}`" in text
    parts = "Api|Nginx|Model|Batch|Airflow|Mlflow|Host|Container|Prometheus|Alertmanager"
    named = set(re.findall(rf"\b(?:{parts})(?:[A-Z][a-z]+)+\b", text))
    known = {rule.name for rule in ALERTS}
    assert {one for one in named - known if not any(k.startswith(one) for k in known)} == set()


def test_recording_rules_are_named_level_metric_operation():
    """`level:metric:operation`, as Prometheus's own practices ask for."""
    records = [rule.name for rule in RULES if "record" in rule.body]
    assert [name for name in records if not re.fullmatch(r"[a-z_]+:[a-z_]+:\w+", name)] == []


def test_every_job_has_its_targets():
    """Each job of the configuration has its file of targets, and each file is some job's."""
    text = (PROMETHEUS / "prometheus.yml").read_text("utf-8")
    named = {
        file
        for job in yaml.safe_load(text)["scrape_configs"]
        for source in job["file_sd_configs"]
        for file in source["files"]
    }
    assert named == {f"targets/{path.name}" for path in (PROMETHEUS / "targets").glob("*.yml")}
