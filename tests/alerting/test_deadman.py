"""The dead-man's switch: silence is told once, its end is told, and neither is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest
from tests.alerting import scaling
from tests.ports import free_port

SILENCE = 2.0


@dataclass
class Switch:
    """One that runs."""

    port: int
    process: subprocess.Popen[str]

    def post(self, body: bytes) -> int:
        """Send what should be a heartbeat; return the status."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", body, 5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    def beat(self) -> int:
        """Send what Alertmanager sends while Watchdog fires."""
        told = {"alerts": [{"status": "firing", "labels": {"alertname": "Watchdog"}}]}
        return self.post(json.dumps(told).encode())


@pytest.fixture
def switch(tmp_path, slack):
    """Start the real program."""
    (tmp_path / "url").write_text(slack.url("page") + "\n")
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, str(scaling.MONITORING / "deadman.py"), "--port", str(port),
            "--slack-url-file", str(tmp_path / "url"), "--silence", str(SILENCE),
        ],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for _ in range(1000):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            break
        except OSError:
            time.sleep(0.05)
    yield Switch(port, process)
    process.terminate()
    process.communicate(timeout=10)


def test_silence_and_its_end_are_told_once(switch, slack):
    """No word while heartbeats come; one when they stop, one when they come again."""
    for _ in range(6):
        assert switch.beat() == 204
        time.sleep(SILENCE / 4)
    assert slack.texts() == []
    text = slack.wait_for("[PAGE 긴급] Watchdog", seconds=SILENCE * 3)
    assert "모니터링이 멈췄습니다" in text
    assert "docs/runbooks/Watchdog.md" in text
    time.sleep(SILENCE)
    assert len(slack.texts()) == 1
    switch.beat()
    slack.wait_for("[RESOLVED 해결] Watchdog", seconds=SILENCE)
    assert len(slack.texts()) == 2


def test_monitoring_that_never_speaks_is_found(switch, slack):
    """A switch that never heard a heartbeat says so too."""
    slack.wait_for("[PAGE 긴급] Watchdog", seconds=SILENCE * 3)


def test_what_slack_refuses_is_said_again(switch, slack):
    """A message that Slack did not take is not forgotten."""
    slack.refusals = 2
    slack.wait_for("[PAGE 긴급] Watchdog", seconds=SILENCE * 3)
    assert slack.refusals == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b'{"alerts": 1}',
        b'{"alerts": [{"labels": {}}]}',
        b'{"alerts": [{"status": "resolved", "labels": {"alertname": "Watchdog"}}]}',
        b'{"alerts": [{"status": "firing", "labels": {"alertname": "ApiDown"}}]}',
    ],
)
def test_only_watchdog_is_a_heartbeat(switch, slack, body):
    """Nothing else keeps the switch quiet."""
    assert switch.post(body) == 400


def test_webhook_is_not_in_its_words(tmp_path):
    """An address that cannot be reached is not printed: it is a secret."""
    secret = f"http://127.0.0.1:{free_port()}/secret-path"
    (tmp_path / "url").write_text(secret)
    process = subprocess.Popen(
        [
            sys.executable, str(scaling.MONITORING / "deadman.py"), "--port", str(free_port()),
            "--slack-url-file", str(tmp_path / "url"), "--silence", "0.2",
        ],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    first = process.stderr.readline()
    process.terminate()
    said = first + process.communicate(timeout=10)[1]
    assert "Slack does not take the message" in said
    assert "secret-path" not in said
