"""node_exporter and Prometheus, the real ones, on ports and folders of a test's own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.ports import free_port
from tests.serving.conftest import lake, model_refs

__all__ = ["lake", "model_refs"]

SECONDS = 30.0


def get(url: str) -> str:
    """Ask, without a proxy, until there is an answer."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return httpx.get(url, trust_env=False).raise_for_status().text
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@contextmanager
def program(*command: str) -> Iterator[None]:
    """Run a program while a block runs."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def node_exporter(textfiles: Path, *flags: str) -> Iterator[str]:
    """Serve a folder's textfiles; give the address."""
    address = f"127.0.0.1:{free_port()}"
    with program(
        "prometheus-node-exporter", *flags, "--collector.textfile",
        f"--collector.textfile.directory={textfiles}", f"--web.listen-address={address}",
    ):  # fmt: skip
        get(f"http://{address}/metrics")
        yield address


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    url: str

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Evaluate a query now."""
        found = get(str(httpx.URL(f"{self.url}/api/v1/query", params={"query": query})))
        result: list[dict[str, Any]] = json.loads(found)["data"]["result"]
        return result


@pytest.fixture
def prometheus(tmp_path: Path) -> Callable[[dict[str, str]], Any]:
    """Give what starts Prometheus on targets by job, scraped every second."""

    @contextmanager
    def start(targets: dict[str, str]) -> Iterator[Prometheus]:
        address = f"127.0.0.1:{free_port()}"
        jobs = [
            {
                "job_name": job,
                "honor_labels": True,
                "static_configs": [{"targets": [where], "labels": {"slot": "blue"}}],
            }
            for job, where in {**targets, "prometheus": address}.items()
        ]
        rules = {"name": "r", "rules": [{"record": "job:up:min", "expr": "min by (job) (up)"}]}
        (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [rules]}), "utf-8")
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "scrape_configs": jobs,
        }
        file = tmp_path / "prometheus.yml"
        file.write_text(yaml.safe_dump(settings), "utf-8")
        with program(
            "prometheus", f"--config.file={file}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address={address}",
        ):  # fmt: skip
            get(f"http://{address}/-/ready")
            yield Prometheus(f"http://{address}")

    return start
