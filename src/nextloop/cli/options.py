"""Options that several commands share, worded once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from nextloop.errors import UsageFault

Landing = Annotated[
    str | None, typer.Option("--landing", help="Folder of the order files.", metavar="FOLDER")
]
LakeFolder = Annotated[
    str | None, typer.Option("--lake", help="Folder of the tables and models.", metavar="FOLDER")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Last local date that counts (YYYY-MM-DD).", metavar="DATE"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


def date_of(text: str, option: str = "--as-of") -> dt.date:
    """Read a date that was given as an option.

    Raises:
        UsageFault: It is not a date as YYYY-MM-DD.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageFault(
            f"{option} is {text!r}, which is not a date.", "Write it as YYYY-MM-DD: 2017-12-25"
        ) from None
