"""`nextloop stack`: everything on one machine, started, looked at and stopped.

Comes in: a folder, and ports as settings. Goes out: one table of what runs where.
"""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson
from nextloop.cli.session import begin
from nextloop.errors import SystemFault

if TYPE_CHECKING:
    from nextloop.stack.control import Status

app = typer.Typer(
    no_args_is_help=True,
    help="Everything on this machine, within one folder: up, status, down.",
    rich_markup_mode="markdown",
)
Folder = Annotated[
    Path | None, typer.Option("--folder", help="Where all of it lies.", metavar="FOLDER")
]
Without = Annotated[
    str | None,
    typer.Option("--without", help="Parts to leave out, by spaces, such as `mlflow airflow`."),
]


@app.command()
def up(folder: Folder = None, without: Without = None, as_json: AsJson = False) -> None:
    """Start what is not there: MLflow, Airflow, the API behind nginx, Prometheus, Alertmanager.

    The first time it also simulates hotels, trains and promotes a model. All of it listens on
    this machine only, outlives the command, and is started again by the same command. Ports are
    settings: `nextloop settings`, the names that begin with stack and rollout.

    Example: nextloop stack up --folder .stack
    """
    settings = begin({"stack.folder": folder, "stack.without": without})
    from nextloop.stack.control import up as verb

    found = verb(settings, output.note)
    _show(found, as_json=as_json)
    raise typer.Exit(0 if found.ok else SystemFault.exit_code)


@app.command()
def status(folder: Folder = None, without: Without = None, as_json: AsJson = False) -> None:
    """Show what runs, where it answers and who signs in; the exit code is 0 if all is up, else 4.

    Example: nextloop stack status --folder .stack
    """
    settings = begin({"stack.folder": folder, "stack.without": without})
    from nextloop.stack.control import status as verb

    found = verb(settings)
    _show(found, as_json=as_json)
    raise typer.Exit(0 if found.ok else SystemFault.exit_code)


@app.command()
def down(folder: Folder = None, as_json: AsJson = False) -> None:
    """Stop all of it; the next `up` finds tables, models, runs and metrics as they were.

    Example: nextloop stack down --folder .stack
    """
    settings = begin({"stack.folder": folder})
    from nextloop.stack.control import down as verb

    stopped = verb(settings, output.note)
    if as_json:
        output.emit_json({"stopped": stopped})
    else:
        output.say(f"Stopped {stopped} parts." if stopped else "Nothing was running.")


def _show(found: Status, *, as_json: bool) -> None:
    if as_json:
        output.emit_json({"ok": found.ok, **asdict(found)})
        return
    output.table([asdict(row) for row in found.rows])
    output.note(f"All of it lies in {found.folder}. For other commands on it, in a shell:")
    for name, value in found.environment.items():
        output.note(f"  export {name}={shlex.quote(value)}")
