"""All of a stack, MLflow and Airflow with it, after a week's life; and what is asked of it."""

from __future__ import annotations

import json
import secrets
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.alerting.slack import Slack, listening
from tests.stack import making
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
    with making.short_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def whole(whole_folder: Path, whole_slack: Slack) -> Iterator[Stack]:
    """Start all of a stack, its monitoring twenty times as fast, with secrets that are known."""
    webhook = whole_slack.url(f"page/{secrets.token_hex(16)}")
    every = {"without": "", "silence_seconds": 60}
    with making.watched(whole_folder, webhook, WHOLE_FACTOR, WHOLE_LEAST, **every) as made:
        made.variables["NEXTLOOP_SERVING__EVENTS_FILE_SECONDS"] = "5"
        made.up()
        made.database = database_folder(made)
        added = made.command("keys", "add", "tests", "--all-hotels", "--json", stack=False)
        made.key = json.loads(added)["key"]
        made.environment["NEXTLOOP_ROLLOUT__KEY"] = made.key
        yield made


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
