"""`nextloop events`: what callers told of offers, on its way to the landing."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson, Landing
from nextloop.cli.session import begin

app = typer.Typer(no_args_is_help=True, help="Bring callers' events from the API to the landing.")


@app.command()
def ship(
    landing: Landing = None,
    every: Annotated[
        float | None,
        typer.Option("--every", help="Go on, and ship again after so many seconds.", min=1),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Move closed files of events to `events/` in the landing; each is there at least once.

    Example: nextloop events ship --every 60
    """
    from nextloop.jobs.events import ship as job

    settings = begin({"landing": landing}, service=every is not None)
    while True:
        shipped = job(settings.serving.events_folder, settings.landing)
        if as_json:
            output.emit_json(shipped)
        else:
            output.say(f"Shipped {shipped.events:,} events in {shipped.files:,} files")
        if every is None:
            return
        time.sleep(every)
