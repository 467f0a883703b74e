"""`nextloop events`: what callers told of offers, from the API into a table and a report."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.contract_words import Count
from nextloop.cli.options import AsJson, LakeFolder, Landing, date_of
from nextloop.cli.progress import progress
from nextloop.cli.session import begin

if TYPE_CHECKING:
    from nextloop.jobs.event_intake import EventsReport

app = typer.Typer(
    no_args_is_help=True,
    help="Callers' events: from the API to the landing, into a table, and what came of offers.",
)
Day = Annotated[str | None, typer.Option(metavar="DATE", help="YYYY-MM-DD, the hotel's day.")]


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
            if shipped.open_files:
                output.note(f"{shipped.open_files:,} more still being written: they come later.")
        if every is None:
            return
        time.sleep(every)


@app.command()
def ingest(landing: Landing = None, lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """Take the landing's new files of events into the table `events`; `nextloop ingest` does too.

    An event that came before counts once. Lines that cannot be read go to rejected_rows.

    Example: nextloop events ingest --landing landing --lake lake
    """
    from nextloop.jobs.event_intake import take_in

    settings = begin({"landing": landing, "lake": lake})
    with progress("events", unit="files") as step:
        report = take_in(settings, step.update)
    if as_json:
        output.emit_json(report)
    show(report, settings.lake, quiet=as_json)


def show(report: EventsReport, lake: str, *, quiet: bool) -> None:
    """Print what became of files of events; only what needs a look if quiet."""
    if not quiet:
        output.say(_summary(report))
        for reason, lines in sorted(report.reasons.items()):
            output.say(f"  rejected {lines:,}: {reason}")
        if report.rejected:
            output.note(f"See the rejected lines: nextloop rejects show --lake {lake}")
    for name in report.unfinished:
        output.warn(f"{output.printable(name)} was changed while it was read; run it again.")
    for table in report.rewound:
        output.note(f"An earlier run did not finish; what it left in {table} was taken back.")


def _summary(report: EventsReport) -> str:
    files = f"{report.new_files:,} new file{'' if report.new_files == 1 else 's'} of events"
    if report.seen_files:
        files += f" ({report.seen_files:,} seen before)"
    if not report.events_in:
        return files
    return (
        f"{files}: {report.events_in:,} in = {report.accepted:,} accepted + "
        f"{Count(report.doubles):double} + {report.rejected:,} rejected"
    )


@app.command()
def report(
    by: Annotated[
        str, typer.Option(help="What to tell apart: hotel, model, slot, day; commas between.")
    ] = "hotel,model",
    since: Day = None,
    until: Day = None,
    lake: LakeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Tell what became of the lists that were shown: hit rate, revenue.

    A list is a hit when an item of it was ordered with its request_id; the interval is of 95 %.
    `beside` was paid for items that were ordered with it and not in it.

    Example: nextloop events report --by day,model --since 2017-12-01
    """
    from nextloop.jobs.event_report import report as job

    names = list(dict.fromkeys(name.strip() for name in by.split(",") if name.strip()))
    first = date_of(since, "--since") if since else None
    last = date_of(until, "--until") if until else None
    found = job(begin({"lake": lake}), names, first, last)
    if as_json:
        output.emit_json(found)
        return
    if names and found["rows"]:
        output.table([_row(row) for row in found["rows"]])
    total = found["total"]
    lists, hits = Count(total["lists"]), Count(total["hits"])
    output.say(f"{lists:list} shown, {hits:hit}, {total['revenue']:,} paid")
    if total["unpriced"]:
        orders = Count(total["unpriced"])
        output.note(f"For {orders:order} of offered items nobody told what was paid.")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    hidden = ("hit_rate_low", "hit_rate_high", "unpriced")
    interval = f"{row['hit_rate_low']:.3f}-{row['hit_rate_high']:.3f}"
    shown = {name: value for name, value in row.items() if name not in hidden}
    at = list(shown).index("hit_rate") + 1
    cells = list(shown.items())
    return dict([*cells[:at], ("95 %", interval), *cells[at:]])
