"""A job on a cluster, one of whose workers dies under it: what it makes, shows and records."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.order_files import KEY
from tests.spark.local_cluster import LocalCluster

from nextloop import settings
from nextloop.jobs.ingest import ingest
from nextloop.simulator import SimulatorConfig, simulate, write
from nextloop.storage import delta
from nextloop.storage.lake import open_lake
from nextloop.tables import ORDER_LINES, ORDERS, REJECTED_ROWS, Table

TABLES = (ORDERS, ORDER_LINES, REJECTED_ROWS)
SECONDS = 480

pytestmark = [pytest.mark.spark, pytest.mark.timeout(600)]


@dataclass
class Bereft:
    """A run that lost a worker.

    Attributes:
        landing: What it read.
        lake: What it made.
        killed: How many processes died.
        workers_left: Of the cluster's, when it was done.
        printed: On standard output.
        said: On standard error, with --debug.
        events: What the engine recorded.
    """

    landing: Path
    lake: Path
    killed: int
    workers_left: int
    printed: dict[str, Any]
    said: str
    events: list[dict[str, Any]]


@pytest.fixture(scope="module")
def landing(tmp_path_factory) -> Path:
    """Six weeks of two hotels, a row of a hundred broken."""
    root: Path = tmp_path_factory.mktemp("orders")
    start = date(2017, 11, 6)
    config = SimulatorConfig(hotels=2, weeks=6, orders=6_000, start=start, broken_rows=0.01)
    write(simulate(config), root / "landing", root / "truth")
    return root / "landing"


@pytest.fixture(scope="module")
def bereft(landing, cluster, tmp_path_factory) -> Bereft:
    """Ingest by the real command; a worker is killed as soon as the first file has been read."""
    root = tmp_path_factory.mktemp("bereft")
    lake = root / "lake"
    process = start_ingest(landing, lake, root, cluster)
    await_first_file(lake, process)
    killed = kill_worker(cluster)
    assert process.poll() is None, "the run was over before its worker died"
    assert not published(lake)
    printed, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    events = [
        json.loads(line)
        for log in (root / "log").rglob("events_*")
        for line in log.read_text("utf-8").splitlines()
    ]
    left = cluster.status()["workers_alive"]
    cluster.up()
    return Bereft(landing, lake, killed, left, json.loads(printed), said, events)


def start_ingest(
    landing: Path, lake: Path, root: Path, cluster: LocalCluster
) -> subprocess.Popen[str]:
    """Start the command, with an engine that records what it does."""
    (root / "log").mkdir()
    logged = f"spark.eventLog.enabled true\nspark.eventLog.dir file://{root}/log\n"
    (root / "spark-defaults.conf").write_text(f"{logged}spark.eventLog.compress false\n")
    return subprocess.Popen(
        [sys.executable, "-m", "nextloop.cli", "--debug", "ingest", "--landing", str(landing),
         "--lake", str(lake), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **cluster.variables, "SPARK_CONF_DIR": str(root),
             "NEXTLOOP_PRIVACY__GUEST_KEY": KEY},
    )  # fmt: skip


def await_first_file(lake: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a task has read a file: the others are being read, or about to be."""
    until = time.monotonic() + SECONDS
    while not any(lake.glob("staging/*/*.parquet")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.005)


def kill_worker(cluster: LocalCluster) -> int:
    """Kill a worker and all below it; return how many that were."""
    found = cluster.status()["processes"]
    (worker,) = (one["pid"] for one in found if one["name"] == "worker-1")
    return kill_tree(worker)


def kill_tree(pid: int) -> int:
    os.kill(pid, signal.SIGSTOP)  # nothing is started in the place of what dies
    below = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    killed = sum(kill_tree(child) for child in below)
    os.kill(pid, signal.SIGKILL)
    return killed + 1


def published(lake: Path) -> bool:
    """Tell whether any order shows."""
    try:
        return bool(delta.read(open_lake(lake), ORDERS).num_rows)
    except Exception:  # noqa: BLE001 there is no table yet
        return False


def rows(lake: Path, table: Table) -> pa.Table:
    """A table's rows by its key, without what names the run."""
    kept = [name for name in table.schema.names if name != "run_id"]
    by_key = [(name, "ascending") for name in table.key]
    return delta.read(open_lake(lake), table).sort_by(by_key).select(kept)


def test_worker_was_lost(bereft):
    """The worker died with its executor and the executor's Python, and was missing to the end."""
    assert bereft.killed >= 3
    assert bereft.workers_left == 1
    lost = [one for one in bereft.events if one["Event"] == "SparkListenerExecutorRemoved"]
    assert lost


def test_result_is_the_same(bereft, tmp_path, sail):
    """Every row of every table is as a run makes it under which nothing dies."""
    lake = tmp_path / "lake"
    flags = {"landing": str(bereft.landing), "lake": str(lake), "privacy.guest_key": KEY}
    report = ingest(settings.load(flags), sail)
    for name in ("rows_in", "accepted", "rejected", "superseded"):
        assert bereft.printed[name] == getattr(report, name)
    for table in TABLES:
        ours, theirs = rows(bereft.lake, table), rows(lake, table)
        assert ours.num_rows > 0
        assert ours.equals(theirs), table.name


def test_no_file_is_torn_or_doubled(bereft):
    """Each slice is one whole file, whatever attempts there were to write it."""
    lake = open_lake(bereft.lake)
    for table in TABLES:
        found = delta.slices(lake, table)
        parts = [Path(one["path"]) for one in found]
        assert len({part.name for part in parts}) == len(parts)
        folder = bereft.lake / table.name
        assert [(folder / part).stat().st_size for part in parts] == [
            one["size_bytes"] for one in found
        ]


def test_stages_stand_beside_the_engines_work(bereft):
    """Every job of the engine bears the name of the stage that asked for it, and its tag."""
    told = [one["Properties"] for one in bereft.events if one["Event"] == "SparkListenerJobStart"]
    stages = {"validation", "transformation", "conversion"}
    assert {one["spark.jobGroup.id"] for one in told} == stages
    assert all(one["spark.job.description"] == one["spark.jobGroup.id"] for one in told)
    # Reading the schema of a file is a job of no query, and tags are a query's.
    queries = [one for one in told if "spark.sql.execution.id" in one]
    assert queries
    assert all(f"nextloop-{one['spark.jobGroup.id']}" in one["spark.job.tags"] for one in queries)


def test_debug_shows_the_engines_words(bereft):
    """What is kept from the terminal otherwise is there on request."""
    assert 'Setting Spark log level to "WARN"' in bereft.said
    assert "ExecutorLost" in bereft.said or "Lost executor" in bereft.said
