"""`nextloop run`: the whole chain on one's own files."""

from __future__ import annotations

import typer

from nextloop.cli import ingest as ingest_command
from nextloop.cli import output
from nextloop.cli import train as train_command
from nextloop.cli.options import AsJson, AsOf, LakeFolder, Landing, date_of
from nextloop.cli.progress import progress
from nextloop.cli.session import begin


def run(
    landing: Landing = None, lake: LakeFolder = None, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """Run the chain once: ingest, features, train, promote the best model.

    Without --as-of it is the date of the newest order. Afterwards `nextloop serve` answers.

    Example: nextloop run --landing landing --lake lake --as-of 2017-12-25
    """
    from nextloop.jobs.run import run as job

    settings = begin({"landing": landing, "lake": lake})
    report = job(settings, date_of(as_of) if as_of else None, progress)
    if as_json:
        output.emit_json(report)
    else:
        ingest_command.show(report.ingest, as_json=False, lake=settings.lake)
        train_command.show(report.train, report.production)
        output.say(report.promotion)
        output.note(f"Ask it: nextloop serve --lake {settings.lake}")
    raise typer.Exit(ingest_command.exit_code(report.ingest))
