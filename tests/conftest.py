"""What every test gets: an empty working folder, a home and an environment of its own.

The quick tests run first, those that need Apache Spark last.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from tests.gcs.stand_in import gcs, gcs_server, stand_in
from tests.registry.mlflow_server import server
from tests.spark.local_cluster import cluster

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["cluster", "gcs", "gcs_server", "server", "stand_in"]

# Two busy cores make single examples slow: the suite's own timeout guards against hanging.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")

# Apache Spark's workers are to run this Python, not the first one on PATH.
os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what fails fast first."""
    items.sort(key=_slowness)


def _slowness(item: pytest.Item) -> int:
    if item.get_closest_marker("spark"):
        return 2
    return 1 if item.get_closest_marker("slow") else 0


@pytest.fixture(autouse=True)
def _clean_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep settings, folders and keys of whoever runs the tests apart from the tests."""
    for name in list(os.environ):
        if name.startswith("NEXTLOOP_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def sail() -> Iterator[SparkSession]:
    """Start the embedded engine once for all tests: it takes a second or two."""
    from nextloop import spark

    with spark.session("sail") as session:
        yield session
