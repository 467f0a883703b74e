"""`nextloop ingest`: a landing's new order files into the lake's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from nextloop.cli import output
from nextloop.cli.events import show as show_events
from nextloop.cli.options import AsJson, LakeFolder, Landing
from nextloop.cli.progress import progress
from nextloop.cli.session import begin
from nextloop.errors import DataFault

if TYPE_CHECKING:
    from nextloop.jobs.ingest import IngestReport


def ingest(landing: Landing = None, lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """Take in the landing's new order files: orders, order_lines, rejected_rows.

    Callers' events that `nextloop events ship` brought there go into the table events.
    A file taken in before is skipped. Rows that break the contract go to rejected_rows with file,
    line and reason. A file that cannot be read is refused whole; the others are taken in all the
    same and the exit code is 3.

    Example: nextloop ingest --landing landing --lake lake
    """
    from nextloop.jobs.ingest import ingest as job

    settings = begin({"landing": landing, "lake": lake})
    with progress("ingest", unit="stages") as step:
        report = job(settings, progress=step.update)
    show(report, as_json, settings.lake)
    raise typer.Exit(exit_code(report))


def show(report: IngestReport, as_json: bool, lake: str) -> None:
    """Print what an ingest run did."""
    if as_json:
        output.emit_json(report)
    else:
        output.say(_summary(report))
        for reason, rows in sorted(report.reasons.items()):
            output.say(f"  rejected {rows:,}: {reason}")
    if report.events:
        show_events(report.events, lake, quiet=as_json)
    for refusal in report.refused:
        mend = f" {refusal.mend}" if refusal.mend else ""
        output.warn(f"{refusal.file_name} was refused: {refusal.reason}.{mend}")
    for warning in report.warnings:
        output.warn(warning)
    if report.rejected and not as_json:
        output.note(f"See the rejected rows: nextloop rejects show --lake {lake}")
    for table in report.rewound:
        output.note(f"An earlier run did not finish; what it left in {table} was taken back.")


def exit_code(report: IngestReport) -> int:
    """Return 3 if any file of the landing cannot be read, else 0."""
    return DataFault.exit_code if report.refused else 0


def _summary(report: IngestReport) -> str:
    files = f"{report.new_files:,} new file{'' if report.new_files == 1 else 's'}"
    if report.seen_files:
        files += f" ({report.seen_files:,} seen before)"
    if not report.rows_in:
        return files
    return (
        f"{files}: {report.rows_in:,} rows in = {report.accepted:,} accepted + "
        f"{report.rejected:,} rejected + {report.superseded:,} superseded"
    )
