"""`up`, `status` and `down`: from whatever state a stack is in to all of it, or to none of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nextloop import settings as settings_tree
from nextloop.errors import DataFault, NextLoopError, ReleaseFault, SystemFault
from nextloop.rollout import reconcile, state
from nextloop.rollout.deploy import deploy
from nextloop.rollout.rollout import rollout_of
from nextloop.rollout.status import status as rollout_status
from nextloop.settings import Settings
from nextloop.spark.cluster import ports
from nextloop.stack import first, running
from nextloop.stack.part import Part
from nextloop.stack.parts import parts_of
from nextloop.stack.places import Places, held, places_of, variables

Tell = Callable[[str], None]


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
        missing = _missing(settings, places, tell)
        for part in missing:
            running.check(part)
        _check_rollout(settings)
        # MLflow is what training writes to; what is watched comes before what watches.
        for part in [part for part in missing if part.name == "mlflow"]:
            _start(part, places, own, tell)
        first.prepare_lake(settings, places, own, tell)
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


def _missing(settings: Settings, places: Places, tell: Tell) -> list[Part]:
    """List the parts that are not there; what is left of one that does not answer is ended."""
    missing = []
    for part in parts_of(settings, places):
        if running.found(part.name, places):
            if running.answers_soon(part):
                continue
            tell(f"stopping {part.name}, which does not answer")
            running.stop(part.name, places)
        missing.append(part)
    return missing


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


def _deploy(settings: Settings, tell: Tell) -> None:
    """Have the model in production answer: by a release, or by what is left of the one before."""
    rollout = rollout_of(settings.rollout)
    if rollout.places.folder.exists():
        try:
            if reconcile.reconcile(rollout).live is not None:
                return
        except ReleaseFault as fault:  # this checkout's code is another one by now
            tell(f"{fault.message} Releasing what is here now.")
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
