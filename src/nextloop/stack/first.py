"""What a stack begins with: hotels that are made up, their tables, and a first model.

Comes in: a landing or nothing. Goes out: a lake with a model in production.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from nextloop.errors import DataFault, SystemFault
from nextloop.registry import resolve
from nextloop.settings import Settings
from nextloop.stack.places import Places
from nextloop.storage.lake import is_lake
from nextloop.storage.places import is_bucket

# Enough to train on and little enough to wait for: half a minute on two cores.
_SIMULATED: Final = ("--hotels", "3", "--weeks", "8", "--orders", "12000")
_WEEKS: Final = 8


def prepare_lake(
    settings: Settings, places: Places, own: Mapping[str, str], tell: Callable[[str], None]
) -> None:
    """Make a lake with a model in production where there is none.

    Args:
        settings: As commands of this stack read them.
        places: Of the stack.
        own: The stack's environment.
        tell: Told what is done.

    Raises:
        SystemFault: One of the commands failed.
    """
    if _has_model(settings):
        return
    landing = _landing(settings, places)
    if not landing.is_dir() or not any(landing.iterdir()):
        tell(f"simulating {_WEEKS} weeks of 3 hotels into {landing}")
        _simulate(places, own, landing)
    tell("taking them in, training and promoting the first model")
    _run(places, own, "run")


def _landing(settings: Settings, places: Places) -> Path:
    """Return where our commands, which run in the stack's folder, find the landing."""
    if is_bucket(settings.landing):
        return Path(settings.landing)  # as it is, for the simulator to refuse
    return (places.folder / settings.landing).resolve()


def _simulate(places: Places, own: Mapping[str, str], landing: Path) -> None:
    """Fill a landing with all weeks at once: one that was stopped half way is begun anew."""
    draft = landing.with_name(f".{landing.name}.simulating")
    truth = landing.with_name(f"{landing.name}-truth")
    if draft.exists():
        shutil.rmtree(draft)
    monday = dt.date.today() - dt.timedelta(days=dt.date.today().weekday())  # noqa: DTZ011 files are of local weeks
    start = (monday - dt.timedelta(weeks=_WEEKS)).isoformat()
    folders = ("--out", str(draft), "--truth", str(truth))
    _run(places, own, "simulate", *folders, *_SIMULATED, "--start", start)
    try:
        draft.replace(landing)
    except OSError as refused:  # a disk's root, or another disk
        raise SystemFault(
            f"{draft} cannot be put in the place of {landing}: {refused.strerror}",
            "Name one that can be made, such as a folder below: NEXTLOOP_LANDING=FOLDER/landing",
        ) from refused


def _has_model(settings: Settings) -> bool:
    if not is_lake(settings.lake):
        return False
    try:
        resolve.resolve("production", settings)
    except DataFault:
        return False
    return True


def _run(places: Places, own: Mapping[str, str], *arguments: str) -> None:
    """Run one of our commands; what it says goes into a log."""
    log = places.log(arguments[0])
    with log.open("w", encoding="utf-8") as words:
        done = subprocess.run(  # noqa: S603 our own command
            [sys.executable, "-m", "nextloop.cli", *arguments],
            cwd=places.folder, env={**os.environ, **own}, stdin=subprocess.DEVNULL,
            stdout=words, stderr=words, check=False,
        )  # fmt: skip
    if done.returncode:
        lines = log.read_text("utf-8", errors="replace").splitlines()
        why = next((line for line in reversed(lines) if line.startswith("error: ")), "see its log")
        raise SystemFault(f"nextloop {arguments[0]} failed: {why}", f"All of it is in {log}.")
