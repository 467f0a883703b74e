"""`nextloop models compare` and `reproduce`: a version beside another one, and beside itself."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson, LakeFolder
from nextloop.cli.progress import progress
from nextloop.cli.session import begin
from nextloop.errors import DataFault

if TYPE_CHECKING:
    from nextloop.jobs.reproducing import Reproduction
    from nextloop.recommender.duel import Difference

Version = Annotated[str, typer.Argument(help="A number, `production` or `staging`.")]


def compare(
    first: Version,
    second: Annotated[str, typer.Argument(help="What it is held against; the same words.")] = (
        "production"
    ),
    lake: LakeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Say which of two versions is better, for whom, and whether that is sure.

    Both answer for the same orders, the last days of the one that learned from later days; guests
    are resampled whole (paired bootstrap).

    Example: nextloop models compare 4 production
    """
    from nextloop.jobs.versus import versus

    found = versus(begin({"lake": lake}), first, second)
    if as_json:
        output.emit_json(found)
        return
    for sentence in found.words:
        output.say(sentence)
    parts = [found.whole, *found.parts]
    output.table([_part(part, found.first, found.second) for part in parts], title=found.metric)


def _part(part: Difference, first: int, second: int) -> dict[str, Any]:
    return {
        "of": part.part,
        "orders": part.orders,
        f"version {first}": f"{part.first:.4f}",
        f"version {second}": f"{part.second:.4f}",
        "gain": f"{part.gain:+.4f}",
        "interval": f"{part.low:+.4f} to {part.high:+.4f}",
        "so it is": part.verdict,
    }


def reproduce(
    version: Version,
    work: Annotated[
        Path | None,
        typer.Option("--work", help="Folder to keep what is trained; none keeps nothing."),
    ] = None,
    lake: LakeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Train a version again from its record, and say whether its files came out again.

    The record has the tables' versions, every parameter, seeds and threads. Exit code 3 if a file
    is other; code, locks and libraries that changed are named.

    Example: nextloop models reproduce production --work again
    """
    from nextloop.jobs.reproducing import reproduce as job

    settings = begin({"lake": lake})
    with (
        TemporaryDirectory(prefix="nextloop-again-") as scratch,
        progress("train again", total=100, unit="%") as step,
    ):
        found = job(settings, version, work or Path(scratch), step.update)
    if as_json:
        output.emit_json(found)
    else:
        _said(found)
    if not found.equal:
        raise typer.Exit(DataFault.exit_code)


def _said(found: Reproduction) -> None:
    name = f"Version {found.version} ({found.model})"
    if found.equal:
        output.say(f"{name} came out again: every file is the same, digest {found.digest[:12]}.")
    else:
        output.say(f"{name} did not come out again: {', '.join(found.differing_files)} differ.")
    for change in found.changed:
        output.say(f"Since then: {change}.")
