"""What was done, by whom and when: a file to which lines are only added.

Comes in: events. Goes out: the same in order, and from them which releases were live. A line that
a crash cut off is passed over.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from nextloop.rollout.places import Places, sync
from nextloop.rollout.release import Release

Event = Mapping[str, Any]
SWITCHED: Final = "switched"
BACK: Final = ("switched_back", "rolled_back")


def append(places: Places, event: str, release: Release | None = None, **details: Any) -> None:
    """Add one event and wait until the disk has it.

    Args:
        places: Of the rollout.
        event: Its kind.
        release: Whom it is about.
        details: What else is to be known.
    """
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "event": event,
        "by": _user(),
        **({"release": asdict(release)} if release else {}),
        **details,
    }
    text = json.dumps(line, ensure_ascii=False)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    handle = os.open(places.history, flags, 0o600)
    try:
        size = os.fstat(handle).st_size
        cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, f"{chr(10) if cut else ''}{text}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    sync(places.folder)


def read(places: Places) -> list[Event]:
    """Return all events, oldest first."""
    try:
        lines = places.history.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = (_parsed(line) for line in lines)
    return [event for event in found if event is not None]


def line_of_releases(events: Sequence[Event]) -> list[Release]:
    """Return the releases that led to the present one, which is the last.

    One that was switched back or rolled back is not among them any more: going back twice goes
    back twice.
    """
    stack: list[Release] = []
    for event in events:
        if event["event"] == SWITCHED and (release := _release(event)):
            stack.append(release)
        elif event["event"] in BACK and stack:
            stack.pop()
    return stack


def complete(places: Places, slot: str, release: Release) -> bool:
    """Write down a switch that was made and, because of a crash or a hand, not written down.

    Args:
        places: Of the rollout.
        slot: That gets the requests.
        release: In it.

    Returns:
        Whether anything was missing.
    """
    led = line_of_releases(read(places))
    if led and led[-1].equals(release):
        return False
    back = len(led) > 1 and led[-2].equals(release)
    event = "rolled_back" if back else SWITCHED
    append(places, event, release, slot=slot, reason="found so afterwards")
    return True


def was_live(events: Sequence[Event], release: Release | None) -> bool:
    """Tell whether a release ever got requests."""
    return release is not None and any(
        event["event"] == SWITCHED and (found := _release(event)) and found.id == release.id
        for event in events
    )


def _release(event: Event) -> Release | None:
    try:
        return Release(**event["release"])
    except (KeyError, TypeError):
        return None


def _parsed(line: str) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return str(os.getuid())
