"""`up`, `status` and `down`: from whatever state a stack is in to all of it, or to none of it."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nextloop import settings as settings_tree
from nextloop.errors import DataFault, NextLoopError, SystemFault
from nextloop.registry import resolve
from nextloop.rollout import reconcile, state
from nextloop.rollout.deploy import deploy
from nextloop.rollout.rollout import rollout_of
from nextloop.rollout.status import status as rollout_status
from nextloop.settings import Settings
from nextloop.spark.cluster import ports
from nextloop.stack import running
from nextloop.stack.part import Part
from nextloop.stack.parts import parts_of
from nextloop.stack.places import Places, held, places_of, variables
from nextloop.storage.lake import is_lake

Tell = Callable[[str], None]
# Enough to train on and little enough to wait for: half a minute on two cores.
_SIMULATED: Final = ("--hotels", "3", "--weeks", "8", "--orders", "12000")
_WEEKS: Final = 8


@dataclass(frozen=True)
class Row:
    """One line of what runs.

    Attributes:
        part: Its name.
        state: `up`, `down`, or what else is to be said.
        page: Where it answers people.
        login: Who signs in, and with what; or what it is for.
    """

    part: str
    state: str
    page: str
    login: str

    @property
    def ok(self) -> bool:
        """Whether it is as it should be."""
        return self.state.startswith("up")


@dataclass(frozen=True)
class Status:
    """A stack's state.

    Attributes:
        folder: All of it.
        rows: By part, the API first.
        environment: What commands for this stack need.
    """

    folder: Path
    rows: tuple[Row, ...]
    environment: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether all of it runs."""
        return all(row.ok for row in self.rows)


def up(settings: Settings, tell: Tell = lambda _: None) -> Status:
    """Start what is not there; the first time also simulate hotels, train and promote a model.

    Args:
        settings: Of this process.
        tell: Told what is done.

    Returns:
        What runs where.

    Raises:
        SystemFault: A program is missing, a port is taken, or a part does not start.
    """
    places = places_of(settings)
    own = variables(settings, places)
    with held(places):
        settings = _settings_with(own)
        missing = [
            part for part in parts_of(settings, places) if not running.found(part.name, places)
        ]
        for part in missing:
            running.check(part)
        _check_rollout(settings)
        # MLflow is what training writes to; what is watched comes before what watches.
        for part in [part for part in missing if part.name == "mlflow"]:
            _start(part, places, own, tell)
        _prepare_lake(settings, places, own, tell)
        _deploy(settings, tell)
        for part in [part for part in missing if part.name != "mlflow"]:
            _start(part, places, own, tell)
        return _look(settings, places, own)


def status(settings: Settings) -> Status:
    """Look at a stack, without changing anything.

    Args:
        settings: Of this process.
    """
    places = places_of(settings)
    own = variables(settings, places)
    return _look(_settings_with(own), places, own)


def down(settings: Settings, tell: Tell = lambda _: None) -> int:
    """Stop all of it, what watches first; `up` finds the data as they were.

    Args:
        settings: Of this process.
        tell: Told what is done.

    Returns:
        How many parts were stopped.
    """
    places = places_of(settings)
    if not places.folder.exists():
        return 0
    with held(places):
        settings = _settings_with(variables(settings, places))
        stopped = 0
        every = settings.stack.model_copy(update={"without": "", "slack_webhook_file": None})
        for part in reversed(parts_of(settings.model_copy(update={"stack": every}), places)):
            if running.found(part.name, places):
                tell(f"stopping {part.name}")
                stopped += running.stop(part.name, places)
        rollout = rollout_of(settings.rollout)
        if rollout.places.folder.exists():
            tell("stopping the API and nginx")
            slots = state.look(rollout.places, rollout.runner).slots.values()
            stopped += any(slot.runs for slot in slots)
            reconcile.stop_all(rollout)
        return stopped


def _settings_with(own: Mapping[str, str]) -> Settings:
    """Read the settings as commands of this stack read them, from here on in this process too."""
    os.environ.update(own)
    return settings_tree.load()


def _start(part: Part, places: Places, own: Mapping[str, str], tell: Tell) -> None:
    tell(f"starting {part.name}")
    running.start(part, places, own)
    running.await_answer(part, places)


def _check_rollout(settings: Settings) -> None:
    """See that nginx can have its ports, unless it has them."""
    rollout = rollout_of(settings.rollout)
    if rollout.proxy.generation() is not None:
        return
    for setting in ("port", "inner_port"):
        port = getattr(settings.rollout, setting)
        if not ports.is_free(port):
            raise SystemFault(
                f"Port {port} of the API is taken by {ports.holder(port)}.",
                f"Stop it, or set NEXTLOOP_ROLLOUT__{setting.upper()} to another port.",
            )


def _prepare_lake(settings: Settings, places: Places, own: Mapping[str, str], tell: Tell) -> None:
    """Make a lake with a model in production where there is none."""
    if _has_model(settings):
        return
    landing = Path(settings.landing)
    if not landing.is_dir() or not any(landing.iterdir()):
        tell(f"simulating {_WEEKS} weeks of 3 hotels into {landing}")
        monday = dt.date.today() - dt.timedelta(days=dt.date.today().weekday())  # noqa: DTZ011 files are of local weeks
        start = (monday - dt.timedelta(weeks=_WEEKS)).isoformat()
        _run(places, own, "simulate", "--out", str(landing), *_SIMULATED, "--start", start)
    tell("taking them in, training and promoting the first model")
    _run(places, own, "run")


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


def _deploy(settings: Settings, tell: Tell) -> None:
    """Have the model in production answer: by a release, or by what is left of the one before."""
    rollout = rollout_of(settings.rollout)
    if rollout.places.folder.exists() and reconcile.reconcile(rollout).live is not None:
        return
    try:
        deploy(settings, tell=tell)
    except DataFault as fault:
        raise SystemFault(f"The API has no model: {fault.message}", fault.hint) from fault


def _look(settings: Settings, places: Places, own: Mapping[str, str]) -> Status:
    rows = [_api(settings)]
    for part in parts_of(settings, places):
        is_there = bool(running.found(part.name, places))
        said = "up" if is_there and running.answers(part) else "does not answer"
        rows.append(Row(part.name, said if is_there else "down", part.page, part.login()))
    return Status(places.folder, tuple(rows), own)


def _api(settings: Settings) -> Row:
    try:
        found = rollout_status(rollout_of(settings.rollout))
    except NextLoopError as fault:
        return Row("api", f"down: {fault.message}", "", "")
    said = f"up, {found.live} answers" if found.ok else " ".join(("down:", *found.problems))
    return Row("api", said, found.url, "no sign-in: this machine only")
