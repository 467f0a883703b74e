"""`up` and `down`: from whatever a cluster's state is to all of it, or to none of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nextloop.errors import NextLoopError, SystemFault, UsageFault
from nextloop.processes import marked, stop
from nextloop.settings import SparkClusterSettings
from nextloop.spark import java
from nextloop.spark.cluster import daemons, looking, ports
from nextloop.spark.cluster import record as records
from nextloop.spark.cluster.record import MASTER, Record, Shape

Tell = Callable[[str], None]
_START_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.2
_TAIL_LINES: Final = 3


def up(settings: SparkClusterSettings, tell: Tell = lambda _: None) -> looking.Status:
    """Start what is not there: all of it, or workers that are gone.

    Args:
        settings: Where and how large.
        tell: Told what is done.

    Returns:
        The state, which is up: the master answers and all workers report to it.

    Raises:
        UsageFault: A cluster of another shape runs.
        SystemFault: Apache Spark or Java is missing, a port is taken, or a process ends at once.
            Nothing that this call began to start anew is left running.
    """
    folder, shape = records.folder_of(settings.folder), records.shape_of(settings)
    with records.held(folder):
        record = _usable(folder, shape)
        if record is not None:
            # It has jobs, maybe: what cannot be mended is left as it is.
            _start_missing(folder, record, tell)
            return looking.status(settings.folder)
        daemons.home()
        java.check_java()
        _stop_all(folder)
        _check_ports(shape)
        try:
            _start_missing(folder, _prepared(folder, shape), tell)
        except (NextLoopError, KeyboardInterrupt):
            _stop_all(folder)
            raise
        return looking.status(settings.folder)


def down(settings: SparkClusterSettings) -> int:
    """Stop all processes of the cluster, whatever state it is in.

    Args:
        settings: Where it is recorded.

    Returns:
        How many processes were stopped.

    Raises:
        SystemFault: One of them cannot be stopped.
    """
    folder = records.folder_of(settings.folder)
    if not folder.exists() and not marked(looking.MARK, looking.mark(folder)):
        return 0  # and no folder is made for it
    with records.held(folder):
        return _stop_all(folder)


def _prepared(folder: Path, shape: Shape) -> Record:
    """Write down what is to be started, and make the folder ready for it."""
    record = Record(shape, secrets.token_hex(32))
    records.write(folder, record)
    daemons.prepare(folder, record)
    return record


def _usable(folder: Path, shape: Shape) -> Record | None:
    """Return the record of a cluster whose master works; None if one is to be started anew."""
    record = records.read(folder)
    if record is None or not _has_live_master(folder, record) or not looking.ask(record.shape):
        return None
    if record.shape != shape:
        raise UsageFault(
            f"A cluster of another shape runs in {folder}: {_words(record.shape)}; asked for is "
            f"{_words(shape)}.",
            "Stop it first: nextloop spark-cluster down",
        )
    return record


def _has_live_master(folder: Path, record: Record) -> bool:
    return any(each.name == MASTER and each.is_alive for each in looking.daemons_of(folder, record))


def _words(shape: Shape) -> str:
    return f"{shape.url}, {shape.workers} workers of {shape.cores} cores and {shape.memory}"


def _check_ports(shape: Shape) -> None:
    for port, setting in ((shape.port, "PORT"), (shape.page_port, "PAGE_PORT")):
        if not ports.is_free(port):
            raise SystemFault(
                f"Port {port} is taken by {ports.holder(port)}.",
                f"Stop it, or set NEXTLOOP_SPARK_CLUSTER__{setting} to another port.",
            )


def _start_missing(folder: Path, record: Record, tell: Tell) -> None:
    missing = [each.name for each in looking.daemons_of(folder, record) if not each.is_alive]
    for name in missing:
        tell(f"starting {name}")
        # Written down at once: who ends this command now leaves nothing that `down` cannot find.
        record = record.with_process(name, daemons.launch(folder, record.shape, name))
        records.write(folder, record)
        if name == MASTER:
            _await(folder, record, workers=0)
    if missing:
        tell("waiting for the workers")
    _await(folder, record, workers=record.shape.workers)


def _await(folder: Path, record: Record, workers: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        page = looking.ask(record.shape)
        if page and page.workers >= workers:
            return
        for each in looking.daemons_of(folder, record):
            if each.name in record.processes and not each.is_alive:
                raise SystemFault(
                    f"The {each.name} ended as it started: {_tail(each.log)}",
                    f"All of it is in {each.log}.",
                )
        time.sleep(_LOOK_SECONDS)
    raise SystemFault(
        f"The cluster was not ready within {_START_SECONDS:.0f} seconds.",
        f"The logs are in {folder}.",
    )


def _tail(log: Path) -> str:
    """Return the lines that most likely say why, or the last ones."""
    lines = [line.strip() for line in log.read_text("utf-8", errors="replace").splitlines()]
    telling = [line for line in lines if "ERROR" in line or "Exception" in line or "rror:" in line]
    return " / ".join((telling or lines)[:_TAIL_LINES])[:600]


def _stop_all(folder: Path) -> int:
    """Stop workers, which end their executors, then the master, then what is left of either."""
    record = records.read(folder)
    found = dict(record.processes) if record else {}
    master = [process for name, process in found.items() if name == MASTER]
    workers = [process for name, process in found.items() if name != MASTER]
    running = {process for process in (*found.values(), *marked(looking.MARK, looking.mark(folder)))
               if process.is_alive()}  # fmt: skip
    for group in (workers, master):
        stop(group, _STOP_SECONDS)
    stop(marked(looking.MARK, looking.mark(folder)), _STOP_SECONDS)
    if left := marked(looking.MARK, looking.mark(folder)):
        raise SystemFault(
            f"Process {left[0].pid} of the cluster does not end.", f"kill -9 {left[0].pid}"
        )
    daemons.clear(folder)
    records.forget(folder)
    return len(running)
