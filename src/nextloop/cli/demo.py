"""`nextloop demo`: the whole chain on simulated hotels, from order files to answers and a report.

Comes in: how many hotels, weeks and orders. Goes out: what would be offered to three guests and
why, how long each station took, a page to look at, and what to type next.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson
from nextloop.cli.progress import Step, progress
from nextloop.cli.session import begin

if TYPE_CHECKING:
    from nextloop.jobs.demo.asking import Asked
    from nextloop.jobs.demo.chain import DemoReport
    from nextloop.jobs.demo.folder import DemoFolder

_UNITS = {
    "simulate": "steps",
    "ingest": "weeks",
    "features": "tables",
    "train": "%",
    "ask": "guests",
}
# What a demo says itself: set to nothing so that neither it nor the API that it starts reads what
# somebody's shell says about a lake of their own.
_OWN_VARIABLES = (
    "NEXTLOOP_LANDING",
    "NEXTLOOP_LAKE",
    "NEXTLOOP_PRIVACY__GUEST_KEY",
    "NEXTLOOP_PRIVACY__GUEST_KEY_FILE",
    "NEXTLOOP_MLFLOW__TRACKING_URI",
    "NEXTLOOP_SERVING__KEYS_FILE",
)


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder of the demo.")] = Path("demo"),
    hotels: Annotated[int, typer.Option(min=1, max=200, help="Simulated hotels.")] = 5,
    weeks: Annotated[int, typer.Option(min=4, max=520, help="Weekly order files.")] = 12,
    orders: Annotated[int, typer.Option(min=1000, help="Orders of all of them together.")] = 60_000,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal hotels.")] = 20261122,
    keep: Annotated[
        bool,
        typer.Option("--keep/--fresh", help="Go on in an earlier demo's folder, or start afresh."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run the whole chain on simulated hotels and end: files, tables, models, answers, a report.

    The weekly files arrive one after the other, each is taken in; then features are made, models
    trained and compared, the best promoted and served, and three guests asked for. Everything
    lies in one folder; an earlier demo there is replaced.

    Example: nextloop demo --hotels 2 --weeks 4 --orders 5000
    """
    from nextloop.jobs.demo.clock import Clock

    clock = Clock(_station)
    with clock.station("load"):  # Spark, LightGBM and MLflow take seconds to import
        from nextloop.jobs.demo import folder as folders
        from nextloop.jobs.demo.chain import BROKEN_ROWS, made_with
        from nextloop.jobs.demo.chain import demo as job
        from nextloop.serving.background import run_in_background
        from nextloop.simulator import SimulatorConfig

    config = SimulatorConfig(
        hotels=hotels, weeks=weeks, orders=orders, seed=seed, broken_rows=BROKEN_ROWS
    )
    clear = [name for name in _OWN_VARIABLES if os.environ.get(name)]
    with folders.opened(out, made_with(config), keep=keep) as folder:
        report = job(folder, config, _settings(folder), clock, run_in_background)
    following = _next(folder, clear)
    if as_json:
        output.emit_json({**output.plain(report), "next": following})
    else:
        _show(report, following)


def _settings(folder: DemoFolder) -> Any:
    """Read the demo's own settings; the API's process finds them by the same variables."""
    if os.environ.get("NEXTLOOP_CONFIG") or Path("nextloop.toml").is_file():
        output.note(f"The demo reads {folder.settings}, not your settings file.")
    os.environ.update(dict.fromkeys(_OWN_VARIABLES, ""))
    os.environ["NEXTLOOP_CONFIG"] = str(folder.settings)
    return begin()


def _station(name: str) -> AbstractContextManager[Step]:
    return progress(name, unit=_UNITS.get(name, ""))


def _show(report: DemoReport, following: Sequence[str]) -> None:
    from nextloop.cli import train as train_command

    for asked in report.asked:
        _show_answer(asked)
    train_command.show(report.trained, report.production)
    output.say(f"{report.promotion}\n")
    rows = [
        {"station": one.station, "seconds": one.seconds, "CPU seconds": one.cpu_seconds}
        for one in report.durations
    ]
    output.table(rows, title="Where the time went")
    seconds = sum(one.seconds for one in report.durations)
    output.say(f"Done in {seconds:.0f} s. Look at {report.page} in a browser. Try next:")
    for command in following:
        output.say(f"  {command}")


def _show_answer(asked: Asked) -> None:
    """Print one guest's offers, each with its reason in Korean and English."""
    from rich import box
    from rich.table import Table

    guest = asked.guest
    grid = Table(
        title=f"{guest.title} · {guest.title_ko}\n{guest.facts}\n{guest.facts_ko}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_lines=True,
    )
    grid.add_column("", justify="right")
    grid.add_column("offer", overflow="fold", ratio=1)
    grid.add_column("price", justify="right")
    grid.add_column("why", overflow="fold", ratio=2)
    for offer in asked.offers:
        why = f"{offer.reason}\n{offer.reason_ko}"
        grid.add_row(str(offer.rank), offer.item_name, f"₩{offer.price:,}", why)
    output.console().print(grid)


def _next(folder: DemoFolder, cleared: Sequence[str]) -> list[str]:
    """Give commands that work as they stand, in this shell and folder."""
    unset = [part for name in cleared for part in ("-u", name)]
    words = [*(["env", *unset] if unset else []), *_program(), "--config", str(folder.settings)]
    start = shlex.join(words)
    return [f"{start} {rest}" for rest in ("tables show orders", "models list", "serve")]


def _program() -> list[str]:
    """Say how this program was called, as short as it works."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return [sys.executable, "-m", "nextloop.cli"]
    found = shutil.which(called.name)
    if found and Path(found).resolve() == called.resolve():
        return [called.name]
    return [str(called)]
