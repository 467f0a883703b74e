"""A stack driven by the real command, on ports of its own, and callers of its API."""

from __future__ import annotations

import csv
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.ports import free_port

FAULTY = Path(__file__).with_name("faulty.py")
FACTOR = 60
# Seconds that nothing is made shorter than: two busy cores have to keep up.
LEAST = {
    "[": 10, "for": 5, "scrape_interval": 2, "scrape_timeout": 2, "evaluation_interval": 1,
    "group_wait": 1, "group_interval": 1, "repeat_interval": 5, "resolve_timeout": 300,
}  # fmt: skip
SILENCE = 20
PORTS = (
    "prometheus_port", "alertmanager_port", "node_port", "nginx_port", "deadman_port",
    "messages_port", "mlflow_port", "mlflow_metrics_port", "database_port", "airflow_port",
    "airflow_metrics_port", "statsd_port",
)  # fmt: skip


@dataclass
class Stack:
    """One stack, driven by the real command."""

    folder: Path
    variables: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    key: str = ""
    webhook: str = ""
    database: Path | None = None

    @classmethod
    def make(cls, folder: Path, **settings: object) -> Stack:
        """Choose ports."""
        stack = {name: free_port() for name in PORTS} | {"without": "mlflow airflow"} | settings
        rollout = {"port": free_port(), "inner_port": free_port(), "watch_seconds": 0}
        variables = {f"NEXTLOOP_STACK__{name.upper()}": str(v) for name, v in stack.items()}
        variables |= {f"NEXTLOOP_ROLLOUT__{name.upper()}": str(v) for name, v in rollout.items()}
        return cls(folder, variables)

    def command(self, *arguments: str, code: int = 0, stack: bool = True) -> str:
        """Run a command of nextloop; return what it printed, and said after it."""
        where = ("--folder", str(self.folder)) if stack else ()
        done = subprocess.run(
            [sys.executable, "-m", "nextloop.cli", *arguments, *where],
            env={**os.environ, **self.variables, **self.environment},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def up(self, code: int = 0) -> Any:
        """Start what is missing; return the report, or what it complained of."""
        said = self.command("stack", "up", "--json", code=code)
        if code:
            return said
        found = json.loads(said)
        self.environment = found["environment"]
        return found

    def port(self, name: str) -> int:
        """Return a port of the stack, or of the rollout."""
        stack = self.variables.get(f"NEXTLOOP_STACK__{name.upper()}")
        return int(stack or self.variables[f"NEXTLOOP_ROLLOUT__{name.upper()}"])


@dataclass
class Callers:
    """Who asks for offers ten times a second, and may tell what became of them."""

    port: int
    questions: Sequence[dict[str, Any]]
    key: str = ""
    tells: bool = False
    asked: int = 0
    statuses: dict[int, int] = field(default_factory=dict)

    def ask(self) -> None:
        """Ask once, on a new connection."""
        question = self.questions[self.asked % len(self.questions)]
        self.asked += 1
        answer = self._post("/v1/recommendations", question)
        if self.tells and answer.get("offers"):
            hotel = question["hotel_seq"]
            item = answer["offers"][0]["item_seq"]
            told = {"request_id": answer["request_id"], "hotel_seq": hotel, "item_seq": item}
            at = datetime.now(UTC).isoformat(timespec="seconds")
            events = [
                {**told, "event_id": f"{answer['request_id']}-{kind}", "kind": kind, "at": at}
                for kind in ("shown", "ordered")
            ]
            self._post("/v1/events", {"events": events})

    def _post(self, path: str, body: object) -> Any:
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["X-Api-Key"] = self.key
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            status, found = answer.status, json.loads(answer.read())
        except OSError:
            status, found = 0, {}
        finally:
            connection.close()
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return found


@contextmanager
def calling(stack: Stack, *, key: str = "", tells: bool = False) -> Iterator[Callers]:
    """Let callers ask until the block ends: for a guest who is known, or as last week's guests."""
    hotel, customer = known_guest(stack)
    known = [{"hotel_seq": hotel, "customer_seq": customer}]
    callers = Callers(stack.port("port"), last_week(stack) if tells else known, key, tells)
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.1):
            callers.ask()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield callers
    finally:
        over.set()
        thread.join()


def last_week(stack: Stack) -> list[dict[str, Any]]:
    """Make a question of each order of the newest file, in an order of chance."""
    newest = max((stack.folder / "landing").glob("**/*.csv"))
    questions = []
    with newest.open(encoding="utf-8-sig", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["customer_seq"].isdigit() and row["check_in"][:4].isdigit():
                counts = {"adults": "visit_adult_cnt", "children": "visit_child_cnt"}
                questions.append(
                    {
                        "hotel_seq": int(row["hotel_seq"]),
                        "customer_seq": int(row["customer_seq"]),
                        "at": row["reg_date"].replace(" ", "T"),
                        "stay": {"check_in": row["check_in"][:10]},
                        "party": {k: int(row[v]) for k, v in counts.items() if row[v].isdigit()},
                    }
                )
    random.Random(7).shuffle(questions)
    return questions


def known_guest(stack: Stack) -> tuple[int, int]:
    """Find who has ordered most often: answers to others do without the model."""
    orders: Counter[tuple[int, int]] = Counter()
    for file in (stack.folder / "landing").glob("**/*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as rows:
            for row in csv.DictReader(rows):
                if row["customer_seq"].isdigit() and row["status"] == "COMPLETE":
                    orders[int(row["hotel_seq"]), int(row["customer_seq"])] += 1
    return orders.most_common(1)[0][0]


def until(done: Any, seconds: float = 60) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.2)
