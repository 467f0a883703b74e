"""Ship events: from the API's own disk to the landing, at least once.

In comes a spool's folder, out go files below ``events/`` in the landing. A file is removed here
once it is there; one that is there already with the same bytes was shipped by a run that died.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nextloop.errors import DataFault, UsageFault
from nextloop.storage import files
from nextloop.storage.landing import EVENTS_FOLDER
from nextloop.storage.places import is_bucket, place_at
from nextloop.storage.spool_files import closed, still_open


@dataclass(frozen=True)
class Shipped:
    """What a run did.

    Attributes:
        files: How many files are in the landing now that were not before.
        events: Lines in them.
        open_files: How many files stayed, because a process still writes to them.
    """

    files: int
    events: int
    open_files: int


def ship(spool: Path, landing: str) -> Shipped:
    """Move what no process writes to any more.

    Args:
        spool: The API's folder of events.
        landing: The landing, a folder or bucket.

    Returns:
        What was moved.

    Raises:
        UsageFault: There is no such landing.
        DataFault: The landing has other bytes under a file's name.
    """
    if not is_bucket(landing) and not Path(landing).is_dir():
        raise UsageFault(
            f"there is no landing at {landing}", "Name it by --landing, or make the folder."
        )
    moved = events = 0
    for path in closed(spool):
        content = path.read_bytes()
        if content:
            _put(f"{place_at(landing)}/{EVENTS_FOLDER}/{path.name}", content)
        path.unlink(missing_ok=True)  # another shipper may have been as far
        moved, events = moved + bool(content), events + content.count(b"\n")
    return Shipped(moved, events, still_open(spool))


def _put(target: str, content: bytes) -> None:
    if not is_bucket(target) and not Path(target).parent.is_dir():
        Path(target).parent.mkdir(exist_ok=True)
        _sync(Path(target).parent.parent)
    if not files.create_new(target, content) and files.read_bytes(target) != content:
        raise DataFault(
            f"{target} is there with other events",
            "Move it away and ship again; no event of either is lost.",
        )
    if not is_bucket(target):
        _sync(Path(target))
        _sync(Path(target).parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
