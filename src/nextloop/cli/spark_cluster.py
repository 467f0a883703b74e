"""`nextloop spark-cluster`: a standalone cluster of Apache Spark on this machine.

Comes in: how many workers, and where. Goes out: processes that outlive the command, and what to
set to use them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson
from nextloop.cli.session import begin
from nextloop.errors import SystemFault

if TYPE_CHECKING:
    from nextloop.settings import SparkClusterSettings
    from nextloop.spark.cluster import Status

app = typer.Typer(
    no_args_is_help=True,
    help="A cluster of Apache Spark on this machine: up, down, status.",
    rich_markup_mode="markdown",
)
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Where its record and logs lie.", metavar="FOLDER")
]


@app.command()
def up(
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="How many workers; 2 if left out.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="The master's port; 7077 if left out.")
    ] = None,
    page_port: Annotated[
        int | None, typer.Option("--page-port", help="Port of its page; 7080 if left out.")
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Start one master and its workers, or what is missing of them; they outlive the command.

    It returns when all of them are ready. They listen on this machine only, and let in only whom
    reads their secret in the folder, which is yours alone: jobs of yours that have
    NEXTLOOP_SPARK set to the address find it by themselves.

    Example: nextloop spark-cluster up --workers 2
    """
    flags = {"workers": workers, "port": port, "page_port": page_port, "folder": folder}
    settings = _settings(flags)
    from nextloop.spark import cluster

    found = cluster.up(settings, output.note)
    if as_json:
        output.emit_json(found)
        return
    output.say(f"Up: {found.workers_alive} workers, {found.cores} cores. Its page: {found.page}")
    output.say("Use it:")
    output.say(f"  export NEXTLOOP_SPARK={found.url}")
    if settings.folder is not None:
        output.say(f"  export NEXTLOOP_SPARK_CLUSTER__FOLDER={found.folder}")


@app.command()
def down(folder: Folder = None, as_json: AsJson = False) -> None:
    """Stop the cluster, whatever state it is in; nothing to stop is no fault.

    Example: nextloop spark-cluster down
    """
    settings = _settings({"folder": folder})
    from nextloop.spark import cluster

    stopped = cluster.down(settings)
    if as_json:
        output.emit_json({"stopped": stopped})
    else:
        output.say(f"Stopped {stopped} processes." if stopped else "No cluster was running.")


@app.command()
def status(folder: Folder = None, as_json: AsJson = False) -> None:
    """Show what runs; the exit code is 0 if all of it does, else 4.

    Example: nextloop spark-cluster status --json
    """
    settings = _settings({"folder": folder})
    from nextloop.spark import cluster

    found = cluster.status(settings.folder)
    if as_json:
        output.emit_json(found)
    else:
        _show(found)
    raise typer.Exit(0 if found.state == "up" else SystemFault.exit_code)


def _settings(flags: dict[str, Any]) -> SparkClusterSettings:
    tree = begin({f"spark_cluster.{name}": value for name, value in flags.items()})
    return tree.spark_cluster


def _show(found: Status) -> None:
    told: dict[str, Any] = {"state": found.state, "folder": found.folder}
    if found.url:
        told |= {
            "url": found.url,
            "page": found.page,
            "workers": f"{found.workers_alive} of {found.workers}",
            "cores used": f"{found.cores_used} of {found.cores}",
            "applications": list(found.applications),
        }
    output.emit(told)
    if found.processes:
        rows = [
            # The pid as text: it is a name, not a quantity.
            {"process": one.name, "pid": str(one.pid), "alive": one.is_alive, "log": str(one.log)}
            for one in found.processes
        ]
        output.table(rows)
    for problem in found.problems:
        output.warn(problem)
    if found.state == "degraded":
        output.note("Start what is missing: nextloop spark-cluster up")
