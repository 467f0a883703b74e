"""`nextloop tables`: what is stored, what it means, what is in it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson, LakeFolder
from nextloop.cli.session import begin

app = typer.Typer(
    no_args_is_help=True,
    help="The lake's tables: list, show, history, vacuum.",
    rich_markup_mode="markdown",
)
Name = Annotated[str, typer.Argument(help="The table, e.g. orders.")]


@app.command("list")
def list_tables(lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """List the tables with grain, rows, size and version.

    Example: nextloop tables list --lake lake
    """
    from nextloop.jobs.tables import overview

    output.table(overview(begin({"lake": lake})), as_json=as_json)


@app.command()
def show(
    name: Name,
    lake: LakeFolder = None,
    version: Annotated[
        int | None, typer.Option(min=0, help="A version; the newest if left out.")
    ] = None,
    rows: Annotated[int, typer.Option(min=0, max=1000, help="Rows of the sample.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show one table: schema, grain, key, rows, versions and a sample.

    Example: nextloop tables show orders --rows 3
    """
    from nextloop.jobs.tables import describe

    found = describe(begin({"lake": lake}), name, version, rows)
    if as_json:
        output.emit_json(found)
        return
    output.emit(
        {key: found[key] for key in ("name", "grain", "key", "rows", "version", "bytes", "folder")}
    )
    output.table(found["columns"], title="\nColumns")
    _show_sample(found["sample"])


@app.command()
def history(name: Name, lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """Show the table's versions, the newest first.

    Example: nextloop tables history orders
    """
    from nextloop.jobs.tables import versions

    output.table(versions(begin({"lake": lake}), name), as_json=as_json)


@app.command()
def vacuum(
    lake: LakeFolder = None,
    hours: Annotated[
        int, typer.Option(min=1, help="Only files older than this; longer than any run takes.")
    ] = 168,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove data files that killed or overtaken runs left. Every version stays readable.

    Example: nextloop tables vacuum --dry-run
    """
    from nextloop.jobs.tables import vacuum as job

    found = job(begin({"lake": lake}), hours, dry_run)
    if found or as_json:
        output.table(found, as_json=as_json)
    else:
        output.say(f"No run older than {hours} hours left a file behind.")


def _show_sample(sample: list[dict[str, Any]]) -> None:
    # Tables are wider than any screen: one block of name and value a row can be read.
    for number, row in enumerate(sample, 1):
        output.emit(row, title=f"\nRow {number}")
