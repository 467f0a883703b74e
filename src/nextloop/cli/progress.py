"""Progress of a step: a bar on a terminal, plain lines elsewhere, nothing with --quiet.

Comes in: how much is done. Goes out: standard error only, so that results can be piped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nextloop.cli import output

# A line this often is enough to see in a log that something still moves.
_SECONDS_BETWEEN_LINES = 5.0


@dataclass(slots=True)
class Step:
    """What a command tells about a step while it runs."""

    name: str
    total: int | None
    unit: str
    done: int = 0
    detail: str = ""
    show: Callable[[Step], None] = field(default=lambda _: None, repr=False)

    def advance(self, count: int = 1, detail: str = "") -> None:
        """Say that more is done.

        Args:
            count: How many units more.
            detail: What is being worked on, a few words.
        """
        self.done += count
        self.detail = detail or self.detail
        self.show(self)

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Say how much is done in all; fits a callback `(done, total, detail)` of a job.

        Args:
            done: Units done so far.
            total: Units there are; unchanged when left out.
            detail: What is being worked on, a few words.
        """
        self.done = done
        self.total = self.total if total is None else total
        self.detail = detail or self.detail
        self.show(self)


@contextmanager
def progress(name: str, total: int | None = None, unit: str = "") -> Iterator[Step]:
    """Show a step while it runs and how long it took.

    Args:
        name: The step, such as `ingest`.
        total: How many units there are; None when that is not known.
        unit: What is counted, such as `files`.

    Yields:
        The step to tell progress to.
    """
    step = Step(name, total, unit)
    if output.is_quiet():
        yield step
    elif sys.stderr.isatty():
        yield from _with_bar(step)
    else:
        yield from _with_lines(step)


def _with_bar(step: Step) -> Iterator[Step]:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(finished_text="[green]ok[/]"),
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[counted]}"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
    )
    with Progress(*columns, console=output.console(sys.stderr)) as bars:
        task = bars.add_task(step.name, total=step.total, counted=_counted(step), detail="")

        def show(now: Step) -> None:
            bars.update(
                task,
                total=now.total,
                completed=now.done,
                counted=_counted(now),
                detail=now.detail,
            )

        step.show = show
        yield step
        whole = step.total or step.done or 1
        bars.update(task, total=whole, completed=whole, counted=_counted(step), detail="")


def _with_lines(step: Step) -> Iterator[Step]:
    started = last = time.monotonic()

    def show(now: Step) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            output.note(f"{now.name}: {_counted(now)} {now.detail}".rstrip())

    step.show = show
    output.note(f"{step.name} ...")
    yield step
    seconds = time.monotonic() - started
    output.note(f"{step.name}: {_counted(step)} done in {seconds:.1f} s".replace(":  ", ": "))


def _counted(step: Step) -> str:
    if step.total is not None:
        return f"{step.done:,}/{step.total:,} {step.unit}".rstrip()
    return f"{step.done:,} {step.unit}".rstrip() if step.done else ""
