"""What state a cluster is in: what its record says, what runs, what the master's page tells."""

from __future__ import annotations

import http.client
import json
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from nextloop.processes import marked
from nextloop.spark.cluster import record as records
from nextloop.spark.cluster.record import MASTER, Record, Shape

MARK: Final = "SPARK_IDENT_STRING"
"""Spark's own variable for telling clusters of a machine apart; children inherit it."""
_ASK_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Daemon:
    """One process of a cluster: whether it runs, and the file that it writes to."""

    name: str
    pid: int
    is_alive: bool
    log: Path


@dataclass(frozen=True)
class Page:
    """What a master tells of itself.

    Attributes:
        url: As it calls itself.
        workers: That report to it.
        cores: Of them, together.
        cores_used: Of these.
        applications: Names of those that run.
    """

    url: str
    workers: int
    cores: int
    cores_used: int
    applications: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """A cluster's state.

    Attributes:
        state: `up`: all that was asked for is there; `degraded`: some of it; `down`: none.
        folder: Of its record and logs.
        url: What NEXTLOOP_SPARK is to be; empty without a record, like what follows.
        page: Where the master shows what it does.
        workers: How many were asked for.
        workers_alive: How many report to the master.
        cores: Of them, together.
        cores_used: Of these.
        applications: What runs on it.
        processes: Master first.
        problems: Why it is not up, in sentences.
    """

    state: Literal["up", "degraded", "down"]
    folder: Path
    url: str = ""
    page: str = ""
    workers: int = 0
    workers_alive: int = 0
    cores: int = 0
    cores_used: int = 0
    applications: tuple[str, ...] = ()
    processes: tuple[Daemon, ...] = ()
    problems: tuple[str, ...] = field(default=())


def status(named: Path | None) -> Status:
    """Look at a cluster.

    Args:
        named: The folder of the settings.
    """
    folder = records.folder_of(named)
    record = records.read(folder)
    if record is None:
        strays = tuple(f"Process {one.pid} has no record." for one in marked(MARK, mark(folder)))
        return Status("degraded" if strays else "down", folder, problems=strays)
    daemons = tuple(daemons_of(folder, record))
    page = ask(record.shape) if any(each.is_alive for each in daemons) else None
    problems = tuple(_problems(record.shape, daemons, page))
    up_or_not: Literal["up", "degraded"] = "degraded" if problems else "up"
    return Status(
        up_or_not if any(each.is_alive for each in daemons) else "down",
        folder,
        record.shape.url,
        record.shape.page,
        record.shape.workers,
        page.workers if page else 0,
        page.cores if page else 0,
        page.cores_used if page else 0,
        page.applications if page else (),
        daemons,
        problems,
    )


def mark(folder: Path) -> str:
    """Return what a cluster's processes are found by, should the record be lost."""
    return f"nextloop:{folder}"


def daemons_of(folder: Path, record: Record) -> list[Daemon]:
    """List a cluster's processes, those that were asked for and never started among them."""
    found = []
    for name in record.shape.names:
        process = record.processes.get(name)
        alive = process is not None and process.is_alive()
        found.append(Daemon(name, process.pid if process else 0, alive, log_of(folder, name)))
    return found


def log_of(folder: Path, name: str) -> Path:
    """Return the file that a process writes to."""
    return folder / f"{name}.log"


def ask(shape: Shape) -> Page | None:
    """Ask the master's page; None if it does not answer, or another master does."""
    try:
        with urllib.request.urlopen(f"{shape.page}/json/", timeout=_ASK_SECONDS) as answer:  # noqa: S310 loopback
            told: dict[str, Any] = json.load(answer)
    except (OSError, ValueError, http.client.HTTPException):
        return None
    if told.get("url") != shape.url or told.get("status") != "ALIVE":
        return None
    return Page(
        url=shape.url,
        workers=sum(worker["state"] == "ALIVE" for worker in told["workers"]),
        cores=told["cores"],
        cores_used=told["coresused"],
        applications=tuple(app["name"] for app in told["activeapps"]),
    )


def _problems(shape: Shape, daemons: tuple[Daemon, ...], page: Page | None) -> list[str]:
    found = [
        f"The {each.name} (process {each.pid}) is gone: {each.log} may say why."
        for each in daemons
        if not each.is_alive
    ]
    if page is None and any(each.name == MASTER and each.is_alive for each in daemons):
        found.append(f"The master does not answer on {shape.page}.")
    if page and page.workers < shape.workers and not found:
        found.append(f"Only {page.workers} of {shape.workers} workers report to the master.")
    return found
