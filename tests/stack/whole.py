"""All of a stack, MLflow and Airflow with it, after a week's life; and what is asked of it."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.alerting import scaling
from tests.alerting.slack import Slack, listening
from tests.stack.airflow import Airflow
from tests.stack.driving import LEAST, Callers, Stack, calling, until
from tests.stack.listening import processes

# Two cores are shared by Airflow here: ranges have to hold some of its heartbeats.
WHOLE_FACTOR = 20
WHOLE_LEAST = LEAST | {"[": 30, "for": 15}


def ask(stack: Stack, path: str) -> Any:
    """Ask Prometheus."""
    address = f"http://127.0.0.1:{stack.port('prometheus_port')}/api/v1/{path}"
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)["data"]


def results(stack: Stack, query: str) -> Any:
    """Evaluate a query now."""
    return ask(stack, f"query?{urllib.parse.urlencode({'query': query})}")["result"]


def database_folder(stack: Stack) -> Path:
    """Find PostgreSQL's files, wherever they had to be."""
    for entry in processes(stack.folder):
        words = (entry / "cmdline").read_bytes().split(b"\0")
        if words[0].endswith(b"/postgres") and b"-D" in words:
            return Path(words[words.index(b"-D") + 1].decode())
    return stack.folder / "mlflow" / "postgres"


@pytest.fixture(scope="session")
def whole_slack() -> Iterator[Slack]:
    """Listen in Slack's place."""
    with listening() as found:
        yield found


@pytest.fixture(scope="session")
def whole_folder() -> Iterator[Path]:
    """A folder whose path leaves room for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def whole(whole_folder: Path, whole_slack: Slack) -> Iterator[Stack]:
    """Start all of a stack, its monitoring twenty times as fast, with secrets that are known."""
    monitoring = whole_folder / "monitoring"
    for name in ("prometheus", "alertmanager"):
        scaling.copy(name, monitoring, WHOLE_FACTOR, WHOLE_LEAST)
    shutil.copytree(scaling.MONITORING / "airflow", monitoring / "airflow")
    made = Stack.make(
        whole_folder / "s",
        without="",
        monitoring=monitoring,
        slack_webhook_file=whole_folder / "webhook",
        silence_seconds=60,
    )
    made.webhook = whole_slack.url(f"page/{secrets.token_hex(16)}")
    (whole_folder / "webhook").write_text(made.webhook)
    made.variables["NEXTLOOP_SERVING__EVENTS_FILE_SECONDS"] = "5"
    try:
        made.up()
        made.database = database_folder(made)
        added = made.command("keys", "add", "tests", "--all-hotels", "--json", stack=False)
        made.key = json.loads(added)["key"]
        made.environment["NEXTLOOP_ROLLOUT__KEY"] = made.key
        yield made
    finally:
        made.command("stack", "down")
        if made.database is not None:  # where root has it, outside of the folder
            shutil.rmtree(made.database, ignore_errors=True)


@pytest.fixture(scope="session")
def airflow(whole: Stack) -> Airflow:
    return Airflow(
        f"http://127.0.0.1:{whole.port('airflow_port')}",
        whole.folder / "airflow" / "simple_auth_manager_passwords.json.generated",
    )


@pytest.fixture(scope="session")
def week(whole: Stack, airflow: Airflow) -> Iterator[Callers]:
    """A week's life: callers ask and tell, a file comes, Airflow runs the batch."""
    with calling(whole, key=whole.key, tells=True) as callers:
        until(lambda: callers.statuses.get(202, 0) > 20)
        until(lambda: list((whole.folder / "landing" / "events").glob("**/*.jsonl")), 150)
        again(whole)
        assert airflow.run("ingest_orders") == "success"
        yield callers


def again(stack: Stack) -> None:
    """Let orders of before come again in another file, and one that is none."""
    file = min((stack.folder / "landing").glob("**/*.csv"))
    lines = file.read_text("utf-8").splitlines()[:50]
    (file.parent / "again.csv").write_text("\n".join([*lines, "no,order"]) + "\n", "utf-8")
