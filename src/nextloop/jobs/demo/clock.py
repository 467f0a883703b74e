"""How long the demo's stations take. Light to import: the first station is importing the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol


class Step(Protocol):
    """What a station tells its progress to."""

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Take (done, total, what is done now)."""


@dataclass(frozen=True)
class Duration:
    """How long a station took; `cpu_seconds` are those of this process, all threads."""

    station: str
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Clock:
    """Shows each station while it runs and remembers how long it took.

    Attributes:
        show: Opens a station's progress by its name.
        durations: Of the stations that are done, in their order.
    """

    show: Callable[[str], AbstractContextManager[Step]]
    durations: list[Duration] = field(default_factory=list)

    @contextmanager
    def station(self, name: str) -> Iterator[Step]:
        """Time a station.

        Args:
            name: The station.

        Yields:
            What to tell its progress to.
        """
        wall, cpu = time.monotonic(), time.process_time()
        with self.show(name) as step:
            yield step
        took = time.monotonic() - wall, time.process_time() - cpu
        self.durations.append(Duration(name, *(round(seconds, 2) for seconds in took)))
