"""A real Airflow for tests: what `make airflow` starts, with quicker hearts, and its REST API."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stations import ROOT, free_port

ENDED = {"success", "failed"}
BUSY = ("database is locked", "Another backfill is running")
PATIENCE = 24  # times ten seconds
_QUICK = {
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__NEXTLOOP__RETRY_SECONDS": "2",
}


@dataclass
class Airflow:
    """An Airflow that runs.

    Attributes:
        url: Where its page and API are.
        home: Its folder.
        environment: What it was started with.
        process: The script that has started it.
        printed: What that script has printed.
        token: Of the API.
    """

    url: str
    home: Path
    environment: dict[str, str]
    process: subprocess.Popen[str]
    printed: str
    token: str = ""

    def ask(self, path: str, content: Any = None, method: str | None = None) -> Any:
        """Call the REST API."""
        data = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)  # noqa: S310 loopback
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 the same
            return json.loads(answer.read() or b"null")

    def log_in(self) -> None:
        """Use the password that was printed."""
        found = re.search(r"user admin, password (\S+)", self.printed)
        assert found, self.printed
        account = {"username": "admin", "password": found[1]}
        self.token = self.ask("/auth/token", account)["access_token"]

    def command(self, *arguments: str) -> str:
        """Run an `airflow` command as an operator would: again, if SQLite let another write.

        A backfill that it stopped half way blocks the next one until the scheduler has tidied it
        away, two minutes later.
        """
        done = self._typed(*arguments)
        for _ in range(PATIENCE):
            if not any(words in done.stderr for words in BUSY):
                break
            time.sleep(10)
            done = self._typed(*arguments)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def _typed(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("airflow"), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def pause(self, dag: str, paused: bool = True) -> None:
        """Pause a DAG, or let it go on."""
        self.ask(f"/api/v2/dags/{dag}", {"is_paused": paused}, "PATCH")

    def trigger(self, dag: str, logical_date: str | None = None) -> str:
        """Start a run; return its id."""
        run = self.ask(f"/api/v2/dags/{dag}/dagRuns", {"logical_date": logical_date})
        return str(run["dag_run_id"])

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """Every run of a DAG, oldest first."""
        found: list[dict[str, Any]] = self.ask(f"/api/v2/dags/{dag}/dagRuns?order_by=id")[
            "dag_runs"
        ]
        return found

    def wait_for_end(
        self, dag: str, run: str | None = None, seconds: float = 450
    ) -> dict[str, Any]:
        """Wait until a run, the newest if none is named, has ended; return it."""
        end = time.monotonic() + seconds
        while True:
            for found in reversed(self.runs(dag)):
                if run in {None, found["dag_run_id"]}:
                    if found["state"] in ENDED:
                        return found
                    break
            assert time.monotonic() < end, f"{self.states(dag, run)}\n{self.errors()}"
            time.sleep(1)

    def states(self, dag: str, run: str | None) -> dict[str, str]:
        """The state of each task of a run."""
        run = run or self.runs(dag)[-1]["dag_run_id"]
        tasks = self.ask(f"/api/v2/dags/{dag}/dagRuns/{quote(run)}/taskInstances")
        return {task["task_id"]: task["state"] for task in tasks["task_instances"]}

    def result(self, dag: str, run: str, task: str) -> Any:
        """What a task has returned."""
        place = f"/api/v2/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}/xcomEntries"
        return self.ask(f"{place}/return_value?deserialize=true")["value"]

    def errors(self) -> str:
        """What tasks have complained of, for a test that fails."""
        files = self.home.glob("logs/dag_id=*/**/*.log")
        lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
        return "\n".join(line[:1000] for line in lines if '"level":"error"' in line)

    def logs(self) -> str:
        """Everything that Airflow has written: its own log and every task's."""
        files = [*self.home.glob("*.log"), *self.home.glob("logs/**/*.log")]
        return "\n".join(file.read_text("utf-8", "replace") for file in files)


@contextmanager
def started(home: Path, **variables: str) -> Iterator[Airflow]:
    """Start Airflow by the script of `make airflow` and stop it as Ctrl-C does."""
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**kept, **_QUICK, "AIRFLOW_HOME": str(home), **variables}
    with subprocess.Popen(
        [ROOT / "scripts/airflow.sh", "--port", str(port)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed = _until_ready(process)
            found = Airflow(f"http://127.0.0.1:{port}", home, environment, process, printed)
            found.log_in()
            yield found
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            finally:
                process.kill()


def _until_ready(process: subprocess.Popen[str]) -> str:
    printed = ""
    for line in process.stdout:
        printed += line
        if "Ctrl-C stops all" in line:
            return printed
    raise AssertionError(f"Airflow did not start:\n{printed}")
