"""A Slack of our own, and the real Alertmanager that posts to it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.alerting import scaling
from tests.alerting.slack import Slack, listening
from tests.ports import free_port


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """The real ones; without them nothing here means anything."""
    for program in ("promtool", "prometheus", "amtool", "prometheus-alertmanager"):
        assert shutil.which(program), f"{program} is missing: scripts/monitoring.sh"


@pytest.fixture
def slack() -> Iterator[Slack]:
    """Listen in Slack's place."""
    with listening() as found:
        yield found


@dataclass
class Alertmanager:
    """One that runs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> Any:
        """Ask its API."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return json.load(answer)

    def tell(self, *alerts: dict[str, Any]) -> None:
        """Give it alerts, as Prometheus would."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v2/alerts",
            json.dumps(alerts).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 loopback


def alert(name: str, severity: str, service: str, *, ended: bool = False, **labels: str) -> Any:
    """Make an alert as the rules do."""
    now = datetime.now(UTC)
    ends = now if ended else now + timedelta(minutes=5)
    return {
        "labels": {"alertname": name, "severity": severity, "service": service, **labels},
        "annotations": {
            "summary": f"{name} of {labels.get('instance', 'all')}",
            "summary_ko": f"{name} 경보",
            "description": "7 of 10 are away.",
            "dashboard": "nextloop-api",
            "runbook": f"docs/runbooks/{name}.md",
        },
        # Not earlier: of an alert that is older than its group waits Alertmanager tells at once.
        "startsAt": (now - timedelta(seconds=1 if ended else 0)).isoformat(),
        "endsAt": ends.isoformat(),
    }


def start_alertmanager(folder: Path, slack: Slack, deadman: str) -> Alertmanager:
    """Start the real one with the project's configuration, a hundred times quicker."""
    config = scaling.copy("alertmanager", folder, 100, {"group_wait": 0.5, "resolve_timeout": 300})
    file = config / "alertmanager.yml"
    text = file.read_text("utf-8")
    assert "http://dowhat-backend-1:9099/" in text
    text = text.replace("http://dowhat-backend-1:9099/", deadman)
    file.write_text(text.replace("/etc/alertmanager/", f"{config}/"), "utf-8")
    (config / "secrets").mkdir()
    for kind in ("page", "ticket"):
        (config / "secrets" / f"slack_{kind}_url").write_text(f"{slack.url(kind)}\n")
    port = free_port()
    with (folder / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus-alertmanager", f"--config.file={file}",
                f"--storage.path={folder / 'data'}", "--cluster.listen-address=",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    until = time.monotonic() + 30
    found = Alertmanager(folder, port, process)
    while True:
        try:
            found.get("/api/v2/status")
        except OSError:
            assert process.poll() is None, (folder / "alertmanager.log").read_text()
            assert time.monotonic() < until, "Alertmanager does not answer"
            time.sleep(0.05)
        else:
            return found


@pytest.fixture
def alertmanager(tmp_path: Path, slack: Slack) -> Iterator[Alertmanager]:
    """Start Alertmanager; heartbeats go to Slack's path `deadman`."""
    found = start_alertmanager(tmp_path, slack, slack.url("deadman"))
    yield found
    found.process.terminate()
    found.process.wait(10)
