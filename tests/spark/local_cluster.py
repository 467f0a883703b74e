"""A cluster of this machine for tests, started and stopped by the real command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyspark_gcs
import pytest
from tests.ports import free_port


@dataclass(frozen=True)
class LocalCluster:
    """A cluster that may run.

    Attributes:
        folder: Of its record.
        port: Of its master.
        page_port: Of its master's page.
    """

    folder: Path
    port: int
    page_port: int

    @property
    def url(self) -> str:
        """What NEXTLOOP_SPARK is to be."""
        return f"spark://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """What a process needs to use it."""
        return {"NEXTLOOP_SPARK": self.url, "NEXTLOOP_SPARK_CLUSTER__FOLDER": str(self.folder)}

    def command(
        self, verb: str, *more: str, variables: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `nextloop spark-cluster VERB` on it."""
        return subprocess.run(
            self.arguments(verb, *more),
            check=False, capture_output=True, text=True, timeout=240,
            env={**os.environ, **(variables or {})},
        )  # fmt: skip

    def arguments(self, verb: str, *more: str) -> list[str]:
        """Spell `nextloop spark-cluster VERB` of it."""
        command = [sys.executable, "-m", "nextloop.cli", "spark-cluster", verb]
        ports = ["--port", str(self.port), "--page-port", str(self.page_port)]
        return [*command, "--folder", str(self.folder), *(ports if verb == "up" else []), *more]

    def up(self) -> dict[str, Any]:
        """Start what is missing of it and return its state."""
        done = self.command("up", "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def status(self) -> dict[str, Any]:
        """Look at its state."""
        found: dict[str, Any] = json.loads(self.command("status", "--json").stdout)
        return found


def connector_jar() -> Path:
    """Find the Hadoop connector that the tests' environment has, so that none is downloaded."""
    (found,) = Path(pyspark_gcs.__file__).parent.glob("jars/gcs-connector-*.jar")
    return found


@contextmanager
def guarded(cluster: LocalCluster) -> Iterator[None]:
    """See to it that a cluster ends, also where this process is killed before it can do it."""
    down = [sys.executable, "-m", "nextloop.cli", "spark-cluster", "down", "--folder"]
    # More than once: an `up` that was under way keeps others out until it is done.
    code = (
        "import subprocess, sys, time; sys.stdin.read()\n"
        "while subprocess.run(sys.argv[1:]).returncode: time.sleep(1)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, *down, str(cluster.folder)],
        stdin=subprocess.PIPE,  # ends with this process, however that ends
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ):
        yield


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Start one master and two workers once for all tests."""
    found = LocalCluster(tmp_path_factory.mktemp("cluster") / "state", free_port(), free_port())
    with guarded(found):
        found.up()
        yield found
        assert found.command("down").returncode == 0
