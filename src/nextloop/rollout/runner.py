"""What a slot is, behind one protocol: a plain process, or a service of Docker Compose.

Comes in: the settings. Goes out: the runner that they name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from nextloop.rollout.places import Places
from nextloop.rollout.release import Release
from nextloop.settings import RolloutSettings

KEY_VARIABLE: Final = "NEXTLOOP_ROLLOUT__KEY"
"""Opens every hotel: it is the switcher's, and no slot needs it."""


@dataclass(frozen=True)
class Code:
    """Code that can be started.

    Attributes:
        place: Where it lies, pinned: a Python's path, or an image's digest.
        name: What it says of itself, see `nextloop.serving.identity`.
    """

    place: str
    name: str


@dataclass(frozen=True)
class Stopped:
    """How a slot ended.

    Attributes:
        was_killed: It did not end by itself in time.
        cut: Requests that it had accepted and that ended with it; None if that cannot be told.
    """

    was_killed: bool = False
    cut: int | None = 0


class Runner(Protocol):
    """Starts and stops slots; knows nothing of links, releases before or the proxy."""

    def code_at(self, place: str | None) -> Code:
        """Resolve code once, so that every later start runs the same.

        Args:
            place: A checkout, environment or image; the runner's usual one if None.

        Raises:
            UsageFault: There is no NextLoop that can be served.
        """
        ...

    def start(self, slot: str, release: Release) -> None:
        """Begin to run a release; whether it becomes ready is asked of the slot."""
        ...

    def runs(self, slot: str) -> bool:
        """Tell whether anything of a slot is there, ready or not."""
        ...

    def stop(self, slot: str, seconds: float) -> Stopped:
        """Ask a slot to end and insist after some time; nothing to stop is no fault."""
        ...

    def said(self, slot: str) -> str:
        """Return the last thing that a slot said, for whoever has to find out why."""
        ...


def runner_of(
    settings: RolloutSettings, places: Places, variables: Mapping[str, str] | None = None
) -> Runner:
    """Make the runner that the settings name.

    Args:
        settings: Of this process.
        places: Of the rollout.
        variables: Environment that slots get beside this process's own.
    """
    if settings.runner == "compose":
        from nextloop.rollout.compose import ComposeRunner

        return ComposeRunner(settings, places)
    from nextloop.rollout.plain import ProcessRunner

    return ProcessRunner(places, dict(variables or {}))


def environment() -> dict[str, str]:
    """Give this process's environment as slots may have it: without the switcher's API key."""
    return {name: value for name, value in os.environ.items() if name.upper() != KEY_VARIABLE}


def telling(lines: Sequence[str]) -> str:
    """Find the line of a log that most likely says why a slot ended: the last error, or the last.

    Args:
        lines: The log's last lines.

    Returns:
        The line; nothing if there is none.
    """
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (errors or [line for line in lines if line.strip()] or [""])[-1]
