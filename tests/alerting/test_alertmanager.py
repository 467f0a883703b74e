"""What reaches Slack of what Prometheus says: the real Alertmanager and a Slack of our own."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from tests.alerting import scaling
from tests.alerting.conftest import alert

CONFIG = scaling.MONITORING / "alertmanager/alertmanager.yml"


def amtool(*arguments):
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_configuration_is_taken():
    """amtool takes the configuration with its templates."""
    said = amtool("check-config", str(CONFIG))
    assert "SUCCESS" in said
    assert "1 templates" in said


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=ApiDown", "severity=page", "service=api"], "slack-page"),
        (["alertname=ModelStale", "severity=ticket", "service=model"], "slack-ticket"),
        (["alertname=Watchdog", "severity=none", "service=prometheus"], "deadman"),
        (["alertname=Unheard"], "slack-ticket"),
    ],
)
def test_alert_goes_to_who_has_to_act(labels, receiver):
    """Pages, tickets and heartbeats go different ways; an alert without severity is not lost."""
    assert amtool("config", "routes", "test", f"--config.file={CONFIG}", *labels) == receiver


def test_page_says_it_in_both_languages_and_where_to_look(alertmanager, slack):
    """State, summary, numbers, runbook and dashboard; and a message when it is over."""
    alertmanager.tell(alert("ApiDown", "page", "api", instance="b:8081"))
    text = slack.wait_for("ApiDown", path="page")
    for part in (
        "[PAGE 긴급] ApiDown",
        "ApiDown of b:8081",
        "ApiDown 경보",
        "7 of 10 are away.",
        "docs/runbooks/ApiDown.md",
        "http://dowhat-monitoring-1:8000/runbooks/ApiDown|Runbook 대응 절차",
        "http://dowhat-monitoring-1:3000/d/nextloop-api",
        "Dashboard 대시보드",
        "severity 심각도 page",
        "danger",
    ):
        assert part in text
    alertmanager.tell(alert("ApiDown", "page", "api", ended=True, instance="b:8081"))
    assert "good" in slack.wait_for("[RESOLVED 해결] ApiDown", path="page")
    assert slack.texts("ticket") == []


def test_alerts_of_one_name_come_as_one_message(alertmanager, slack):
    """Two machines with the same fault are one message that counts and names both."""
    alertmanager.tell(
        alert("HostClockOff", "ticket", "host", instance="a:9100"),
        alert("HostClockOff", "ticket", "host", instance="b:9100"),
    )
    text = slack.wait_for("[TICKET 확인] HostClockOff ×2", path="ticket")
    assert "HostClockOff of a:9100" in text
    assert "HostClockOff of b:9100" in text
    assert len(slack.texts("ticket")) == 1


FULL_DISK = {"instance": "b:9100", "mountpoint": "/"}


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        (("NginxDown", "page", "nginx", {}), ("ApiErrorsBurnFast", "page", "api", {})),
        (("ApiDown", "page", "api", {}), ("ApiErrorsBurnFast", "page", "api", {})),
        (("ApiErrorsBurnFast", "page", "api", {}), ("ApiErrorsBurnSlow", "ticket", "api", {})),
        (
            ("HostDown", "page", "host", {"host": "b", "instance": "b:9100"}),
            ("NginxDown", "page", "nginx", {"host": "b", "instance": "b:9113"}),
        ),
        (
            ("HostDiskFull", "page", "host", FULL_DISK),
            ("HostDiskFillsUp", "ticket", "host", FULL_DISK),
        ),
    ],
    ids=lambda one: one[0],
)
def test_cause_holds_back_its_effects(alertmanager, slack, cause, effect):
    """One cause is one message; what follows from it is not told beside it."""
    # Made here: Alertmanager tells at once of what began before its group's wait.
    alertmanager.tell(*(alert(*one[:3], **one[3]) for one in (cause, effect)))
    slack.wait_for(cause[0])
    time.sleep(1.5)
    assert not [text for text in slack.texts() if f"] {effect[0]}" in text]


def test_fault_elsewhere_is_not_held_back(alertmanager, slack):
    """A machine that is away says nothing of another one, nor a full disk of another disk."""
    alertmanager.tell(
        alert("HostDown", "page", "host", host="a", instance="a:9100"),
        alert("NginxDown", "page", "nginx", host="b", instance="b:9113"),
        alert("HostInodesLow", "ticket", "host", host="b", instance="b:9100", mountpoint="/x"),
        alert("ModelStale", "ticket", "model"),
    )
    for name in ("HostDown", "NginxDown", "HostInodesLow", "ModelStale"):
        slack.wait_for(name)


def test_message_that_slack_refuses_is_sent_again(alertmanager, slack):
    """A Slack that fails twice gets the message once it works again."""
    slack.refusals = 2
    alertmanager.tell(alert("ApiDown", "page", "api"))
    slack.wait_for("ApiDown", path="page", seconds=60)
    assert slack.refusals == 0


def test_heartbeat_goes_to_the_switch_alone_again_and_again(alertmanager, slack):
    """Watchdog reaches the dead-man's switch repeatedly, and Slack's channels never."""
    for _ in range(4):
        alertmanager.tell(alert("Watchdog", "none", "prometheus"))
        time.sleep(1)
    beats = [body for path, _, body in slack.came if path == "deadman"]
    assert len(beats) >= 2
    assert beats[0]["alerts"][0]["labels"]["alertname"] == "Watchdog"
    assert slack.texts("page") == slack.texts("ticket") == []


def test_webhook_is_told_to_nobody(alertmanager, slack):
    """The address of a webhook is in no answer and in no line of the log."""
    alertmanager.tell(alert("ApiDown", "page", "api"))
    slack.wait_for("ApiDown", path="page")
    told = json.dumps(alertmanager.get("/api/v2/status"))
    told += (alertmanager.folder / "alertmanager.log").read_text()
    assert slack.url("page") not in told
