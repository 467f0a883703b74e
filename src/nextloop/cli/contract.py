"""`nextloop contract`: what an order file must be, and what is wrong with one before it is sent.

Comes in: a language, or files. Goes out: the contract, or faults with line, column and mend.
"""

from __future__ import annotations

from typing import Annotated

import typer

from nextloop.cli import output
from nextloop.cli.contract_words import WORDS
from nextloop.cli.language import InLanguage, language_of
from nextloop.cli.options import AsJson
from nextloop.cli.progress import progress
from nextloop.cli.session import begin
from nextloop.errors import DataFault

app = typer.Typer(
    no_args_is_help=True,
    help="The order file's contract, for who writes the export: show, check.",
    rich_markup_mode="markdown",
)


@app.command()
def show(
    language: InLanguage = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print a small order file and nothing else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the contract: columns, forms, rules with their codes, a small order file.

    Example: nextloop contract show --language ko
    """
    from nextloop.cli.contract_text import contract_lines
    from nextloop.jobs.contract.terms import terms

    found = terms(language_of(language))
    if example:
        output.say(found.example.rstrip("\n"))
    elif as_json:
        output.emit_json(found)
    else:
        contract_lines(found, WORDS[found.language])


@app.command()
def check(
    files: Annotated[
        list[str],
        typer.Argument(help="Order files, folders, gs:// addresses, or - for a pipe."),
    ],
    language: InLanguage = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Rejected rows to show of each file; all are counted.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with order files before they are sent; nothing is stored.

    The reader is the one that takes the files in later. Exit code 3: rows or files would be
    rejected.

    Example: nextloop contract check orders-2017-W51.csv
    """
    from nextloop.cli.contract_text import check_lines, check_record
    from nextloop.jobs.contract.check import check as job

    spoken = language_of(language)
    settings = begin()
    with progress("check", unit="files") as step:
        report = job(files, settings, spoken, limit, step.update)
    if as_json:
        output.emit_json(check_record(report))
    else:
        check_lines(report, WORDS[spoken])
    if not report.fine:
        raise typer.Exit(DataFault.exit_code)
