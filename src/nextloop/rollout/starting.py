"""A release into the idle slot, until it is ready and has proven itself. No caller notices.

Comes in: a release. Goes out: a slot that answers as it should, or nothing of it.
"""

from __future__ import annotations

import time
from typing import Final

from nextloop.errors import ReleaseFault, SystemFault
from nextloop.rollout import asking, release
from nextloop.rollout.places import Places
from nextloop.rollout.release import Release
from nextloop.rollout.runner import Runner
from nextloop.rollout.state import expected
from nextloop.settings import RolloutSettings

_LOOK_SECONDS: Final = 0.05


def start(
    settings: RolloutSettings, places: Places, runner: Runner, slot: str, wanted: Release
) -> None:
    """Start a release and wait until it is ready; nothing else of the slot may run.

    Raises:
        ReleaseFault: It did not become ready, or something else did.
        SystemFault: The slot's socket is another program's.
    """
    if not runner.runs(slot) and asking.ask(places.socket(slot), "/healthz") is not None:
        raise SystemFault(
            f"Something that is no slot of ours answers on {places.socket(slot)}.",
            "Stop that program, or set NEXTLOOP_ROLLOUT__FOLDER to another folder.",
        )
    release.write(places, slot, wanted)
    runner.start(slot, wanted)
    await_ready(settings, places, runner, slot, wanted)


def await_ready(
    settings: RolloutSettings, places: Places, runner: Runner, slot: str, wanted: Release
) -> None:
    """Wait for as many right answers in a row as the settings ask for.

    Raises:
        ReleaseFault: It ended, took too long, or what answers is not what was asked for.
    """
    until = time.monotonic() + settings.ready_seconds
    in_a_row = 0
    while in_a_row < settings.ready_answers:
        found = asking.ready(places.socket(slot))
        if found is None:
            in_a_row = 0
            _check_alive(runner, slot)
        elif found != expected(slot, wanted):
            raise ReleaseFault(
                f"{slot} became ready as slot {found.slot} with model version {found.version} "
                f"({found.digest[:12]}) on code {found.code}; asked for was {wanted.label}.",
                "It got no requests. Was the code changed while it was deployed?",
            )
        else:
            in_a_row += 1
        if time.monotonic() > until:
            raise ReleaseFault(
                f"{slot} was not ready {settings.ready_answers} times in a row within "
                f"{settings.ready_seconds:g} s; it said last: {runner.said(slot) or 'nothing'}",
                f"It got no requests. Its log: {places.log(slot)}",
            )
        time.sleep(_LOOK_SECONDS)


def _check_alive(runner: Runner, slot: str) -> None:
    if not runner.runs(slot):
        raise ReleaseFault(
            f"{slot} ended before it was ready: {runner.said(slot) or 'it said nothing'}",
            "It got no requests; the release before answers as it did.",
        )
