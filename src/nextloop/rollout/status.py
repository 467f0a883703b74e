"""Status: what runs, who answers, and what is wrong, without changing anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nextloop.errors import NextLoopError
from nextloop.rollout import asking
from nextloop.rollout.access_log import PROBE
from nextloop.rollout.asking import Ready
from nextloop.rollout.rollout import Rollout
from nextloop.rollout.state import Slot, look


@dataclass(frozen=True)
class Status:
    """A rollout's state.

    Attributes:
        ok: The live slot answers through the proxy, as what it was started as.
        folder: Of its files.
        url: Where callers reach it.
        live: The slot that the link names.
        answers: Who answers through the proxy.
        slots: Both.
        problems: What is wrong, in sentences.
    """

    ok: bool
    folder: Path
    url: str
    live: str | None
    answers: Ready | None
    slots: tuple[Slot, ...]
    problems: tuple[str, ...]


def status(rollout: Rollout) -> Status:
    """Look at a rollout.

    Args:
        rollout: Which.

    Returns:
        What was found.
    """
    state = look(rollout.places, rollout.runner)
    host, port = rollout.proxy.front
    answers = asking.ready(
        rollout.proxy.front, host=rollout.proxy.host, request_id=f"{PROBE}status"
    )
    problems = []
    live = state.live_slot
    if live is None:
        problems.append("No slot gets requests.")
    elif live.ready is None:
        problems.append(f"{live.name} gets the requests and is not ready.")
    elif live.serves is None:
        problems.append(f"{live.name} answers as another release than it was started as.")
    elif answers != live.ready:
        problems.append(f"{live.name} is live, and does not answer through the proxy.")
    try:
        if wrong := rollout.proxy.problem():
            problems.append(f"{wrong}.")
    except NextLoopError as fault:
        problems.append(fault.message)
    return Status(
        not problems,
        rollout.places.folder,
        f"http://{host}:{port}",
        state.live,
        answers,
        tuple(state.slots.values()),
        tuple(problems),
    )
