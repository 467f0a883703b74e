"""`nextloop simulate`: order files of made-up hotels, and apart from them the truth behind them.

Comes in: how much, from when on, which seed. Goes out: weekly CSV files of the order contract,
equal in every byte for equal options, and a report of what was written.
"""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson
from nextloop.cli.progress import progress
from nextloop.cli.session import begin
from nextloop.errors import UsageFault

if TYPE_CHECKING:
    from nextloop.simulator import SimulatorConfig, Written


def simulate(  # noqa: PLR0913, PLR0917 each is an option of the command
    out: Annotated[Path, typer.Option("--out", help="Folder for the weekly order files.")],
    truth: Annotated[
        Path | None,
        typer.Option(help="Folder for the hidden truth; OUT-truth beside it if left out."),
    ] = None,
    hotels: Annotated[int, typer.Option(help="Number of hotels.")] = 5,
    weeks: Annotated[int, typer.Option(help="Number of weekly files.")] = 12,
    orders: Annotated[int, typer.Option(help="Orders of all hotels and weeks together.")] = 60_000,
    seed: Annotated[int, typer.Option(help="Equal options and seed give equal bytes.")] = 20261122,
    start: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="The first day, a Monday.")
    ] = "2026-08-31",
    broken_rows: Annotated[
        float, typer.Option(help="Share of rows to damage on purpose, 0 to 1.")
    ] = 0.0,
    force: Annotated[
        bool, typer.Option("--force", help="Write even if the folders hold something else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write order files of simulated hotels, as their export would, and the truth behind them.

    The same folder can be written again: files of an earlier run are replaced or removed,
    anything else in it stops the command.

    Example: nextloop simulate --out landing --hotels 2 --weeks 4 --orders 5000 --seed 7
    """
    begin()
    for place in filter(None, (out, truth)):
        _check_folder(place)
    from nextloop.simulator import SimulatorConfig

    config = SimulatorConfig(
        hotels=hotels,
        weeks=weeks,
        orders=orders,
        seed=seed,
        start=_day(start),
        broken_rows=broken_rows,
    )
    hidden = truth or out.with_name(f"{out.resolve().name}-truth")
    began = time.monotonic()
    written = _make(config, out, hidden, force)
    report = _report(config, written, out, hidden, time.monotonic() - began)
    shown = report | ({"seed": seed, "files": written} if as_json else {"seed": str(seed)})
    output.emit(shown, as_json, title="simulated")
    output.note(f"Next: nextloop ingest --landing {out}")


def _check_folder(place: Path) -> None:
    """Refuse an address: taken for a path, it would make a folder named `gs:` here."""
    if str(place).startswith("gs:"):
        raise UsageFault(
            f"{place} is a bucket, and simulate writes to a folder of this machine.",
            "Give a folder, then copy its files: gcloud storage cp FOLDER/*.csv gs://BUCKET/PREFIX",
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise UsageFault(f"--start {text} is no day", "Write it as in 2026-08-31.") from problem


def _make(config: SimulatorConfig, out: Path, truth: Path, force: bool) -> list[Written]:
    from nextloop import simulator

    simulator.prepare(out, truth, [config.file_name(week) for week in range(config.weeks)], force)
    with progress("simulate", config.hotels, "hotels") as step:
        world = simulator.simulate(config, lambda what: step.advance(detail=what))
    with progress("write", config.weeks, "files") as step:
        return simulator.write(world, out, truth, lambda name: step.advance(detail=name))


def _report(
    config: SimulatorConfig, written: list[Written], out: Path, truth: Path, seconds: float
) -> dict[str, Any]:
    rows, again, twice = (
        sum(getattr(one, name) for one in written) for name in ("rows", "again", "twice")
    )
    return {
        "landing": out,
        "truth": truth,
        "seed": config.seed,
        "hotels": config.hotels,
        "weeks": config.weeks,
        "orders": rows - again - twice,
        "rows": rows,
        "rows_again": again,
        "rows_twice": twice,
        "rows_broken": sum(one.broken for one in written),
        "size_bytes": sum(one.size_bytes for one in written),
        "seconds": round(seconds, 2),
    }
