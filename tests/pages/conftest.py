"""Everything that `make up` starts, on ports of its own, and a browser to look at it with."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.browser import Browser, opened
from tests.rollout.conftest import free_port
from tests.stack.driving import Stack

PORTS = ("mlflow_port", "database_port", "airflow_port")


@dataclass(frozen=True)
class Running:
    """A stack that runs: where its pages are, and who signs in."""

    stack: Stack
    parts: dict[str, Any]

    def page(self, part: str) -> str:
        """Return where a part answers people."""
        found: str = self.parts[part]["page"].rstrip("/")
        if part != "prometheus":
            return found
        # Debian's has its pages below /classic, others at the top: the first one leads there.
        led = httpx.get(found, follow_redirects=True, timeout=30).url.path
        return found + led.rpartition("/")[0]

    def login(self, part: str) -> tuple[str, str]:
        """Return name and password."""
        name, _, password = self.parts[part]["login"].partition(" / ")
        return name, password


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """Start all parts; `make test-pages` installs what they are."""
    folder = Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp"))
    ports = {name: free_port() for name in PORTS}
    stack = Stack.make(folder / "s", **{"without": "", **ports})
    # Callers' keys of this machine's user are none of the stack's.
    stack.variables["NEXTLOOP_SERVING__KEYS_FILE"] = str(folder / "keys.json")
    try:
        report = stack.up()
        yield Running(stack, {part["part"]: part for part in report["rows"]})
    finally:
        stack.command("stack", "down")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start Chromium."""
    with opened(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture
def signed_in(browser: Browser, running: Running) -> Iterator[Browser]:
    """Sign in to MLflow and Airflow as their administrators."""
    name, password = running.login("mlflow")
    basic = base64.b64encode(f"{name}:{password}".encode()).decode()
    browser.call("Network.setExtraHTTPHeaders", headers={"Authorization": f"Basic {basic}"})
    browser.call(
        "Network.setCookie",
        name="_token",
        value=airflow_token(running),
        url=running.page("airflow"),
    )
    yield browser
    browser.call("Network.setExtraHTTPHeaders", headers={})


def airflow_token(running: Running) -> str:
    """Ask Airflow for what its page keeps of somebody who has signed in."""
    name, password = running.login("airflow")
    answer = httpx.post(
        f"{running.page('airflow')}/auth/token",
        json={"username": name, "password": password},
        timeout=60,
    )
    found: str = answer.raise_for_status().json()["access_token"]
    return found
