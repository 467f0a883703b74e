"""`nextloop rejects`: rows that broke the contract: how many, which, and once more.

Comes in: a lake, and for `retry` a landing. Goes out: counts, rows with their rule, what got in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.contract_words import Count
from nextloop.cli.language import InLanguage, language_of
from nextloop.cli.options import AsJson, LakeFolder, Landing
from nextloop.cli.progress import progress
from nextloop.cli.session import begin

if TYPE_CHECKING:
    from nextloop.jobs.ingest import IngestReport

app = typer.Typer(
    no_args_is_help=True,
    help="Rows that broke the contract: list, show, retry.",
    rich_markup_mode="markdown",
)


@app.command("list")
def list_rejects(lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """Count rejected rows by file, reason and state, and name refused files.

    A row is *mended* when a later content of its file was taken in, or a later run brought the
    order that it names; else it is *open*.

    Example: nextloop rejects list --lake lake
    """
    from nextloop.jobs.rejects.listing import overview

    found = overview(begin({"lake": lake}))
    if as_json:
        output.emit_json(found)
        return
    if found["rejects"]:
        output.table([_printable(row) for row in found["rejects"]])
    if found["refused"]:
        output.table([_printable(row) for row in found["refused"]], title="Refused files")
    rows, open_rows = (sum(row[name] for row in found["rejects"]) for name in ("rows", "open"))
    output.say(f"{Count(rows):row} rejected, {open_rows:,} of them open")


@app.command()
def show(
    file: Annotated[str | None, typer.Argument(help="A file; all if left out.")] = None,
    reason: Annotated[str | None, typer.Option(help="A reason code, e.g. not_a_time.")] = None,
    state: Annotated[str | None, typer.Option(help="open or mended; both if left out.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows to show; all are counted.")] = 20,
    language: InLanguage = None,
    lake: LakeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show rejected rows: line, column, value, rule, what to do, the row with its guest masked.

    Example: nextloop rejects show --reason not_a_time --state open
    """
    from nextloop.jobs.rejects.listing import show as job

    found = job(begin({"lake": lake}), file, reason, state, limit, language_of(language))
    if as_json:
        output.emit_json(found)
        return
    for row in found["shown"]:
        output.emit(_printable(row), title=f"\n{row['file']}:{row['line']}")
    more = found["rows"] - len(found["shown"])
    output.say(f"{Count(found['rows']):row}" + (f", {more:,} more than shown" if more else ""))


@app.command()
def retry(
    files: Annotated[
        list[str] | None, typer.Argument(help="Files, as the landing names them; all if left out.")
    ] = None,
    landing: Landing = None,
    lake: LakeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Take in corrected files, and read rejected rows again by the settings of today.

    Put a corrected file into the landing under its old name or another one; it comes in like any
    new file, and no row is doubled. A file that is as it was is read again: only its rows that
    were rejected can change. Once more changes nothing.

    Example: NEXTLOOP_ORDERS__MAX_ROW_BYTES=4194304 nextloop rejects retry orders-2017-W51.csv
    """
    from nextloop.cli.ingest import exit_code
    from nextloop.cli.ingest import show as show_ingest
    from nextloop.jobs.rejects.retry import retry as job

    settings = begin({"landing": landing, "lake": lake})
    with progress("retry", unit="stages") as step:
        report = job(settings, files or (), progress=step.update)
    show_ingest(report, as_json, settings.lake)
    if not as_json:
        _show_retried(report)
    raise typer.Exit(exit_code(report))


def _show_retried(report: IngestReport) -> None:
    """Print what became of rejected rows that were read again."""
    for file in report.retried:
        name = output.printable(f"{file.file_name}, revision {file.file_revision}")
        if file.refused:
            output.warn(f"{name} cannot be read by the settings of today: {file.refused}.")
            continue
        output.say(
            f"{name}: {Count(file.before):row} rejected before, {file.accepted:,} accepted + "
            f"{file.superseded:,} superseded + {file.rejected:,} rejected now"
        )
    for gone in report.gone:
        output.note(f"{output.printable(gone)} is not in the landing any more; skipped.")


def _printable(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: output.printable(value) if isinstance(value, str) else value
        for name, value in row.items()
    }
