"""`nextloop spark-cluster` starts, mends and stops a cluster, and says what is in its way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.ports import free_port
from tests.spark.local_cluster import LocalCluster

from nextloop.processes import Process, marked, start, stop
from nextloop.spark.cluster import record as records
from nextloop.spark.cluster.looking import MARK, mark
from nextloop.spark.cluster.record import MASTER, Record, Shape

LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}
"""127.0.0.1 as /proc/net/tcp and tcp6 write it."""
SECONDS = 120.0

pytestmark = [pytest.mark.spark, pytest.mark.timeout(300)]


def fresh(tmp_path: Path) -> LocalCluster:
    """A cluster that was never started."""
    return LocalCluster(tmp_path / "state", free_port(), free_port())


def pids(state: dict[str, Any]) -> dict[str, int]:
    return {one["name"]: one["pid"] for one in state["processes"]}


def listening(pid: int) -> set[str]:
    """The addresses on which a process listens."""
    sockets = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        sockets.add(str(one.readlink()).removeprefix("socket:[").removesuffix("]"))
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return {line[1] for line in lines if line[3] == "0A" and line[9] in sockets}


def test_started_cluster_is_up(cluster):
    """All processes run, all workers report, and the printed address is the master's."""
    state = cluster.status()
    assert (state["state"], state["url"], state["problems"]) == ("up", cluster.url, [])
    assert (state["workers"], state["workers_alive"]) == (2, 2)
    assert [one["name"] for one in state["processes"]] == ["master", "worker-1", "worker-2"]
    assert cluster.command("status").returncode == 0


def test_up_again_changes_nothing(cluster):
    """A second `up` finds all of it there."""
    assert pids(cluster.up()) == pids(cluster.status())


def test_another_shape_is_refused(cluster):
    """A cluster that works is not turned into another under its jobs."""
    done = cluster.command("up", "--workers", "3")
    assert done.returncode == 2
    assert "A cluster of another shape runs" in done.stderr
    assert "nextloop spark-cluster down" in done.stderr


def test_nothing_listens_beyond_this_machine(cluster):
    """Master, workers and their pages are on the loopback, and there is no other door."""
    for pid in pids(cluster.status()).values():
        addresses = listening(pid)
        assert len(addresses) == 2  # one for Spark, one for the page
        assert {address.rpartition(":")[0] for address in addresses} <= LOOPBACK


def test_secret_shows_nowhere(cluster):
    """The secret is in files of one's own, and in no process's arguments or environment."""
    record = records.read(cluster.folder)
    assert record is not None
    secret = record.secret.encode()
    for process in record.processes.values():
        for name in ("cmdline", "environ"):
            assert secret not in Path(f"/proc/{process.pid}/{name}").read_bytes()
    holders = [
        path for path in cluster.folder.rglob("*") if path.is_file() and secret in path.read_bytes()
    ]
    assert {path.name for path in holders} == {"cluster.json", "daemons.conf"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in holders)


def test_our_settings_do_not_reach_the_workers(cluster, monkeypatch):
    """Tasks of other jobs cannot read a guest key in the workers' environment."""
    monkeypatch.setenv("NEXTLOOP_PRIVACY__GUEST_KEY", "k" * 40)
    for pid in pids(cluster.up()).values():
        assert b"NEXTLOOP_" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_dead_worker_is_seen_and_replaced(cluster):
    """`status` names what is gone and fails; `up` starts that and leaves the rest running."""
    before = pids(cluster.status())
    os.kill(before["worker-2"], signal.SIGKILL)
    until = time.monotonic() + SECONDS
    while cluster.status()["workers_alive"] != 1 and time.monotonic() < until:
        time.sleep(0.2)
    told = cluster.command("status")
    assert told.returncode == 4
    assert "degraded" in told.stdout
    assert "The worker-2" in told.stderr
    assert cluster.command("up", variables={"SPARK_HOME": "/nowhere"}).returncode == 4
    assert cluster.status()["workers_alive"] == 1  # what cannot be mended is left as it was
    after = pids(cluster.up())
    assert {name for name in before if before[name] != after[name]} == {"worker-2"}
    assert cluster.status()["state"] == "up"


def test_taken_port_is_told_with_its_holder(cluster, tmp_path):
    """Nobody has to search who listens where the cluster should."""
    other = LocalCluster(tmp_path / "state", cluster.port, free_port())
    done = other.command("up")
    assert done.returncode == 4
    master = pids(cluster.status())["master"]
    assert f"Port {cluster.port} is taken by java (process {master})." in done.stderr
    assert "NEXTLOOP_SPARK_CLUSTER__PORT" in done.stderr
    assert cluster.status()["state"] == "up"
    assert marked(MARK, mark(other.folder)) == []


@pytest.mark.parametrize("home", ["", "/nowhere"])
def test_missing_java_is_told(tmp_path, home):
    """Where there is no Java, nothing is started and the advice says what to install."""
    done = fresh(tmp_path).command("up", variables={"JAVA_HOME": home, "PATH": "/nowhere"})
    assert done.returncode == 4
    assert f"There is no Java in {'JAVA_HOME' if home else 'PATH'}" in done.stderr
    assert "Install Java 17" in done.stderr


def test_missing_spark_is_told(tmp_path):
    """The same where Apache Spark is not installed."""
    done = fresh(tmp_path).command("up", variables={"SPARK_HOME": str(tmp_path)})
    assert done.returncode == 4
    assert "There is no Apache Spark" in done.stderr
    assert "requirements/spark.txt" in done.stderr


def sleeping(folder: Path) -> Process:
    """Stand in for a daemon that somebody has to end."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    log = folder.parent / "sleeping.log"
    return start(command, folder.parent, log, {**os.environ, MARK: mark(folder)})


def test_what_dies_at_once_is_quoted_and_leaves_nothing(tmp_path):
    """A master that cannot start is told with its own words; what a crash had left is gone too."""
    other = fresh(tmp_path)
    other.folder.mkdir(mode=0o700)
    left = sleeping(other.folder)
    broken = {"SPARK_CONF_DIR": str(tmp_path / "conf")}
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "spark-env.sh").write_text("echo 'ERROR no licence' >&2; exit 3\n")
    done = other.command("up", variables=broken)
    assert done.returncode == 4
    assert "The master ended as it started: ERROR no licence" in done.stderr
    assert other.status()["state"] == "down"
    assert not left.is_alive()


def test_ctrl_c_leaves_no_half_of_a_cluster(tmp_path):
    """Who gives up waiting for `up` has nothing to clear away."""
    other = fresh(tmp_path)
    with subprocess.Popen(other.arguments("up"), stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + SECONDS
        while not marked(MARK, mark(other.folder)):
            assert time.monotonic() < until, "nothing was started"
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130
    assert marked(MARK, mark(other.folder)) == []
    assert other.status()["state"] == "down"


def test_nothing_to_stop_is_no_fault(tmp_path):
    """`down` twice is as good as once."""
    other = fresh(tmp_path)
    done = other.command("down")
    assert (done.returncode, done.stdout) == (0, "No cluster was running.\n")
    assert other.command("status").returncode == 4


@pytest.mark.parametrize("is_there", [True, False])
def test_down_finds_what_a_crash_left_unrecorded(tmp_path, is_there):
    """A cluster whose record, or whole folder, is lost leaves nothing for ever."""
    other = fresh(tmp_path)
    if is_there:
        other.folder.mkdir(mode=0o700)
    left = sleeping(other.folder)
    state = other.status()
    assert (state["state"], len(state["problems"])) == ("degraded", 1)
    assert json.loads(other.command("down", "--json").stdout) == {"stopped": 1}
    assert not left.is_alive()


def test_down_spares_a_later_process_of_a_recorded_pid(tmp_path):
    """After a reboot the record's pids are other people's."""
    other = fresh(tmp_path)
    other.folder.mkdir(mode=0o700)
    innocent = sleeping(tmp_path)
    stale = Process(innocent.pid, innocent.started, "an earlier boot")
    shape = Shape(other.port, other.page_port, 2, 1, "2g")
    records.write(other.folder, Record(shape, "secret", {MASTER: stale}))
    try:
        assert other.status()["state"] == "down"
        assert json.loads(other.command("down", "--json").stdout) == {"stopped": 0}
        assert innocent.is_alive()
    finally:
        stop([innocent], SECONDS)
