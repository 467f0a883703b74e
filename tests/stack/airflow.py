"""What an operator does with Airflow: sign in with the first password, start a run, wait for it."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ENDED = {"success", "failed"}


@dataclass
class Airflow:
    """One that runs.

    Attributes:
        url: Of its page.
        passwords: The file with its first one.
        token: Of who signed in.
    """

    url: str
    passwords: Path
    token: str = ""

    @property
    def password(self) -> str:
        """The first password."""
        found: str = json.loads(self.passwords.read_text("utf-8"))["admin"]
        return found

    def ask(self, path: str, body: Any = None) -> Any:
        """Ask, or tell."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, headers)  # noqa: S310 loopback
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 the same
            return json.load(answer)

    def run(self, dag: str, seconds: float = 300) -> str:
        """Run a DAG; return how it ended."""
        account = {"username": "admin", "password": self.password}
        self.token = self.ask("/auth/token", account)["access_token"]
        made = self.ask(f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})
        end = time.monotonic() + seconds
        while True:
            found = self.ask(f"/api/v2/dags/{dag}/dagRuns/{made['dag_run_id']}")
            if found["state"] in _ENDED:
                return str(found["state"])
            assert time.monotonic() < end, f"{dag} is {found['state']}"
            time.sleep(1)
