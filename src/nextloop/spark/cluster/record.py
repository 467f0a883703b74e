"""What is known of a cluster between two commands: one JSON file in a folder of one's own.

The folder is 0700 and the file 0600, for the secret in it: whoever knows it may run code here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from nextloop import locks
from nextloop.errors import SystemFault, UsageFault
from nextloop.processes import Process
from nextloop.settings import SparkClusterSettings

MASTER: Final = "master"
_RECORD: Final = "cluster.json"


@dataclass(frozen=True)
class Shape:
    """What a cluster was asked to be.

    Attributes:
        port: Of the master.
        page_port: Of the master's page.
        workers: How many.
        cores: Of each worker.
        memory: Of each worker, as Spark writes it.
    """

    port: int
    page_port: int
    workers: int
    cores: int
    memory: str

    @property
    def url(self) -> str:
        """What NEXTLOOP_SPARK is to be."""
        return f"spark://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        """Where the master shows what it does."""
        return f"http://127.0.0.1:{self.page_port}"

    @property
    def names(self) -> list[str]:
        """The processes, master first."""
        return [MASTER, *(f"worker-{number}" for number in range(1, self.workers + 1))]


@dataclass(frozen=True)
class Record:
    """A cluster that was started.

    Attributes:
        shape: What it was asked to be.
        secret: Whoever knows it may use it.
        processes: By name, as last started.
    """

    shape: Shape
    secret: str = field(repr=False)
    processes: dict[str, Process] = field(default_factory=dict)

    def with_process(self, name: str, process: Process) -> Record:
        """Return the record with one process more, or another in its place."""
        return replace(self, processes={**self.processes, name: process})


def shape_of(settings: SparkClusterSettings) -> Shape:
    """Return what the settings ask a cluster to be."""
    cores = settings.worker_cores or max(1, (os.cpu_count() or 1) // settings.workers)
    return Shape(settings.port, settings.page_port, settings.workers, cores, settings.worker_memory)


def folder_of(named: Path | None) -> Path:
    """Return the folder that the settings name, or the place for such things in one's home."""
    if named is not None:
        return named.absolute()
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "nextloop" / "spark"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder and keep other commands out of it.

    Raises:
        UsageFault: It is somebody else's, or open to others.
        SystemFault: Another command is at it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UsageFault(
            f"The folder {folder} is not yours alone, and the cluster's secret is to lie in it.",
            f"chmod 700 {folder}, or set NEXTLOOP_SPARK_CLUSTER__FOLDER to another.",
        )
    busy = SystemFault(
        f"Another spark-cluster command is at work in {folder}.", "Wait until it is done."
    )
    with locks.held(folder / "lock", lambda _: busy):
        yield


def write(folder: Path, record: Record) -> None:
    """Keep a record, whole or not at all."""
    draft = folder / f"{_RECORD}.new"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(record), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / _RECORD)


def read(folder: Path) -> Record | None:
    """Return the record, or None if there is none or it cannot be read as one."""
    try:
        found = json.loads((folder / _RECORD).read_text("utf-8"))
        processes = {name: Process(**each) for name, each in found["processes"].items()}
        return Record(Shape(**found["shape"]), str(found["secret"]), processes)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def forget(folder: Path) -> None:
    """Remove the record."""
    (folder / _RECORD).unlink(missing_ok=True)


def access(named: Path | None, master: str) -> dict[str, str]:
    """Return what a session needs to be let in, if this is the cluster that is meant.

    Args:
        named: The folder of the settings.
        master: The engine that is asked for.

    Returns:
        Spark configuration; empty for every other engine.
    """
    record = read(folder_of(named)) if master.startswith("spark://") else None
    if record is None or master != record.shape.url:
        return {}
    return {"spark.authenticate": "true", "spark.authenticate.secret": record.secret}
