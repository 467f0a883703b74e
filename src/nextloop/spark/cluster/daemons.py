"""How Apache Spark's master and workers are started: commands, environment, properties.

In: the shape of a cluster. Out: processes. Everything listens on the loopback only, and nobody is
let in without the secret, which stands in a file of one's own and in no list of processes.

Source: https://spark.apache.org/docs/4.1.0/spark-standalone.html
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Final

from nextloop.errors import SystemFault
from nextloop.processes import Process, start
from nextloop.spark.cluster.looking import MARK, log_of, mark
from nextloop.spark.cluster.record import MASTER, Record, Shape

_CLASS: Final = {
    "master": "org.apache.spark.deploy.master.Master",
    "worker": "org.apache.spark.deploy.worker.Worker",
}
_PROPERTIES: Final = {
    "spark.authenticate": "true",
    # Taken ports are a fault: the next free one would be another cluster than the printed one.
    "spark.port.maxRetries": "0",
    # The doors that ask for no secret stay shut: submission by HTTP, and the pages' buttons.
    "spark.master.rest.enabled": "false",
    "spark.master.ui.decommission.allow.mode": "DENY",
    "spark.ui.killEnabled": "false",
    # What jobs leave in the workers' folders: copies of jars, and their tasks' words.
    "spark.worker.cleanup.enabled": "true",
    "spark.worker.cleanup.appDataTtl": "86400",
}
_KEPT: Final = frozenset({"SPARK_HOME", "SPARK_CONF_DIR", "SPARK_LOCAL_DIRS"})
_WORK: Final = "work"
_SCRATCH: Final = "scratch"


def home() -> Path:
    """Find Apache Spark: SPARK_HOME's, or the one in this environment.

    Raises:
        SystemFault: There is none.
    """
    if named := os.environ.get("SPARK_HOME"):
        found: Path | None = Path(named)
    else:
        package = importlib.util.find_spec("pyspark")
        found = Path(package.origin).parent if package and package.origin else None
    if found is None or not (found / "bin" / "spark-class").is_file():
        raise SystemFault(
            f"There is no Apache Spark in {found or 'this environment'}.",
            "Install requirements/spark.txt and Java 17: docs/scale.md.",
        )
    return found


def prepare(folder: Path, record: Record) -> None:
    """Write the daemons' properties and make room for what workers put down."""
    shutil.rmtree(folder / _WORK, ignore_errors=True)
    shutil.rmtree(folder / _SCRATCH, ignore_errors=True)
    (folder / _SCRATCH).mkdir(mode=0o700)
    properties = {**_PROPERTIES, "spark.authenticate.secret": record.secret}
    path = _properties(folder)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name} {value}\n" for name, value in properties.items())


def clear(folder: Path) -> None:
    """Remove what is of no use without the processes; the logs stay."""
    for name in (_WORK, _SCRATCH):
        shutil.rmtree(folder / name, ignore_errors=True)
    _properties(folder).unlink(missing_ok=True)


def launch(folder: Path, shape: Shape, name: str) -> Process:
    """Start one of a cluster's processes."""
    kind = MASTER if name == MASTER else "worker"
    arguments = _master(shape) if kind == MASTER else _worker(shape, folder / _WORK / name)
    command = [str(home() / "bin" / "spark-class"), _CLASS[kind], "--host", "127.0.0.1"]
    properties = ["--properties-file", str(_properties(folder))]
    return start(
        [*command, *properties, *arguments],
        folder,
        log_of(folder, name),
        {**_environment(folder), MARK: mark(folder)},
    )


def _master(shape: Shape) -> list[str]:
    return ["--port", str(shape.port), "--webui-port", str(shape.page_port)]


def _worker(shape: Shape, folder: Path) -> list[str]:
    own = ["--webui-port", "0", "--cores", str(shape.cores), "--memory", shape.memory]
    return [*own, "--work-dir", str(folder), shape.url]


def _environment(folder: Path) -> dict[str, str]:
    """Give this process's environment without our secrets and another Spark's wishes."""
    own = ("NEXTLOOP_", "SPARK_", "PYSPARK_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not name.startswith(own)
    }
    small = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    return {
        "SPARK_LOCAL_DIRS": str(folder / _SCRATCH),
        **kept,
        # The pages listen where this says, whatever --host says.
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "512m",
        "SPARK_DAEMON_JAVA_OPTS": small,
        "SPARK_LAUNCHER_OPTS": small,
    }


def _properties(folder: Path) -> Path:
    return folder / "daemons.conf"
