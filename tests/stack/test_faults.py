"""What breaks reaches Slack within 90 s, and so does its end; a quiet spell brings nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from tests.alerting import promtool
from tests.stack.driving import FAULTY, calling, until

from nextloop.telemetry import metrics, textfile
from nextloop.telemetry.kinds import GaugeMetric

SECONDS = 90
DAY = 86_400
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def callers(stack):
    """Somebody asks all the time."""
    with calling(stack) as found:
        yield found


@pytest.fixture(scope="module")
def fault(stack, short_folder):
    """Release code that can be made to fail; return the file that makes it."""
    file = short_folder / "fault"
    python = short_folder / "code" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAULTY}" "{file}" "$@"\n')
    python.chmod(0o755)
    stack.command("rollout", "deploy", "--code", str(python.parents[1]), stack=False)
    return file


def processes_with(text):
    """Find processes by a word of their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if entry.name.isdigit() and text in line and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def kill(text):
    found = processes_with(text)
    assert found, f"nothing runs with {text}"
    for pid in found:
        os.kill(pid, signal.SIGKILL)


def told(slack, name, began):
    """Wait for an alert's message; a human would have it in time."""
    text = slack.wait_for(f"[PAGE 긴급] {name}", since=began, seconds=SECONDS)
    assert f"docs/runbooks/{name}.md" in text
    sys.stderr.write(f"{name}: told after {time.monotonic() - began:.0f} s\n")
    return text


def over(slack, name, began):
    """Wait for the message that an alert has ended."""
    slack.wait_for(f"[RESOLVED 해결] {name}", since=began, seconds=SECONDS)
    sys.stderr.write(f"{name}: over after {time.monotonic() - began:.0f} s\n")


def ours(texts):
    """Leave out what is said of the machine that the tests run on: it may well be busy."""
    return [text for text in texts if "] Host" not in text]


def test_quiet_spell_brings_nothing(stack, callers, slack):
    """Half an hour and more of the monitoring's time without a fault is without a word."""
    until(lambda: callers.statuses.get(200, 0) > 50)
    time.sleep(40)
    assert ours(slack.texts()) == []
    assert set(callers.statuses) == {200}
    before = callers.statuses[200]
    counted = answered(stack)
    assert before - 1 <= counted <= callers.statuses[200] + 1


def answered(stack):
    """Ask what counts nginx's answers how many were right; rollouts' own questions are none."""
    address = f"http://127.0.0.1:{stack.port('nginx_port')}/metrics"
    with urllib.request.urlopen(address, timeout=10) as answer:
        text = answer.read().decode()
    samples = re.findall(r'nextloop_nginx_requests_total\{.*status="200"\} (\S+)', text)
    return sum(map(float, samples))


def test_api_that_is_killed(stack, callers, slack):
    """A slot that dies is told, and that it answers again."""
    began = time.monotonic()
    kill(f"--uds {stack.folder}/rollout/run/")
    assert "운영 중인 API 슬롯" in told(slack, "ApiDown", began)
    began = time.monotonic()
    stack.command("rollout", "reconcile", stack=False)
    over(slack, "ApiDown", began)


def test_api_that_fails(stack, callers, slack, fault):
    """A slot that answers 500 to callers, and says that it is ready, is told."""
    until(lambda: not burning(stack), seconds=150)  # what the slot before lost, when it was killed
    time.sleep(5)
    began = time.monotonic()
    fault.write_text("fail")
    assert "5xx" in told(slack, "ApiErrorsBurnFast", began)
    began = time.monotonic()
    fault.unlink()
    over(slack, "ApiErrorsBurnFast", began)


def burning(stack):
    """Tell whether the promise on errors burns fast."""
    address = f"http://127.0.0.1:{stack.port('prometheus_port')}/api/v1/alerts"
    with urllib.request.urlopen(address, timeout=30) as answer:
        found = json.load(answer)["data"]["alerts"]
    return any(one["labels"]["alertname"] == "ApiErrorsBurnFast" for one in found)


def test_api_that_is_slow(stack, callers, slack, fault):
    """A slot that answers rightly and late is told."""
    began = time.monotonic()
    fault.write_text("slow")
    assert "100 ms" in told(slack, "ApiLatencyBurnFast", began)
    began = time.monotonic()
    fault.unlink()
    over(slack, "ApiLatencyBurnFast", began)


def test_nginx_that_is_killed(stack, callers, slack):
    """A proxy that dies is told once, and not as a dead API as well."""
    began = time.monotonic()
    seen = len(slack.texts())
    masters = processes_with(f"{stack.folder}/rollout/nginx/nginx.conf")
    children = [
        int(pid)
        for master in masters
        for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()
    ]
    assert masters
    for pid in [*masters, *children]:
        os.kill(pid, signal.SIGKILL)
    told(slack, "NginxDown", began)
    time.sleep(10)
    assert not [text for text in slack.texts()[seen:] if "[PAGE 긴급] ApiDown" in text]
    began = time.monotonic()
    stack.command("rollout", "reconcile", stack=False)
    over(slack, "NginxDown", began)


def test_job_that_fails(stack, slack, short_folder):
    """A job that ends with a fault is told with its name, and its next success too."""
    began = time.monotonic()
    stack.command("ingest", "--landing", str(short_folder / "nowhere"), stack=False, code=2)
    text = slack.wait_for("[TICKET 확인] BatchJobFailed", since=began, seconds=SECONDS)
    assert "The job ingest failed" in text
    began = time.monotonic()
    stack.command("ingest", stack=False)
    over(slack, "BatchJobFailed", began)


def test_batch_that_is_stale(stack, slack):
    """Features of eleven days ago are told, and that they are fresh again."""
    folder = stack.folder / "metrics"
    kept = (folder / "nextloop_features.prom").read_text()
    began = time.monotonic()
    values: dict[GaugeMetric, dict[tuple[str, ...], float]] = {
        metrics.FEATURES_AS_OF: {(): time.time() - 11 * DAY},
        metrics.JOB_SUCCESS: {("features",): time.time()},
    }
    textfile.leave(folder, "features", values)
    assert "older than 10 days" in told(slack, "BatchFreshnessBurnFast", began)
    began = time.monotonic()
    (folder / "nextloop_features.prom").write_text(kept)
    over(slack, "BatchFreshnessBurnFast", began)


def test_rules_ask_for_what_there_is(stack):
    """Every metric of a rule is in the live Prometheus, but those of parts that do not run here."""
    address = f"http://127.0.0.1:{stack.port('prometheus_port')}/api/v1/label/__name__/values"
    with urllib.request.urlopen(address, timeout=30) as answer:
        live = set(json.load(answer)["data"])
    asked = set().union(*(promtool.metrics_in(rule.body["expr"]) for rule in promtool.all_rules()))
    assert len(asked) > 50
    elsewhere = ("airflow_", "mlflow_", "container_")
    missing = {name for name in asked - live if not name.startswith(elsewhere)}
    # Callers of this test tell nothing of what became of the offers.
    assert missing <= {"nextloop_offer_events_total"}


def test_monitoring_that_is_killed(stack, slack):
    """Prometheus dies: the dead-man's switch says so, and that it is back after `up`."""
    began = time.monotonic()
    kill(f"--config.file={stack.folder}/prometheus/prometheus.yml")
    assert "모니터링이 멈췄습니다" in told(slack, "Watchdog", began)
    began = time.monotonic()
    stack.up()
    over(slack, "Watchdog", began)


def test_table_is_true(stack):
    """After all that, everything is up, and the table says so to people as well."""
    said = subprocess.run(
        [sys.executable, "-m", "nextloop.cli", "stack", "status", "--folder", str(stack.folder)],
        env={**os.environ, **stack.variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    for part in ("api", "node", "nginx", "alertmanager", "deadman", "prometheus"):
        assert part in said.stdout
