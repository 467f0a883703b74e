"""A slot that gets no new requests: it finishes what it has accepted, then it is stopped.

Comes in: the slot that the link does not name. Goes out: how it ended.
"""

from __future__ import annotations

import time
from typing import Final

from nextloop.errors import SystemFault
from nextloop.rollout import connections, history, link
from nextloop.rollout.places import Places
from nextloop.rollout.runner import Runner, Stopped
from nextloop.settings import RolloutSettings

_LOOK_SECONDS: Final = 0.02
# A worker of nginx may have followed the link just before it was renamed and connect just after.
_SETTLE_SECONDS: Final = 0.25


def retire(settings: RolloutSettings, places: Places, runner: Runner, slot: str) -> Stopped:
    """Let a slot finish and stop it.

    Args:
        settings: Of this process.
        places: Of the rollout.
        runner: That started it.
        slot: Its name.

    Returns:
        How it ended.

    Raises:
        SystemFault: It gets requests now.
    """
    if link.live(places) == slot:
        raise SystemFault(f"{slot} gets the requests.", "Deploy or roll back first.")
    if not runner.runs(slot):
        return Stopped()
    drain(places, slot, settings.drain_seconds)
    stopped = runner.stop(slot, settings.stop_seconds)
    history.append(places, "stopped", slot=slot, killed=stopped.was_killed, cut=stopped.cut)
    return stopped


def drain(places: Places, slot: str, seconds: float) -> bool:
    """Wait until a slot has nothing to do, for some time at least and some time at most.

    SIGTERM closes its listener at once, so what is on its way has to have arrived before.

    Returns:
        Whether it has nothing to do.
    """
    until, quiet_since = time.monotonic() + seconds, time.monotonic()
    while True:
        now = time.monotonic()
        if connections.count(places.socket(slot)):
            quiet_since = now
        if now - quiet_since >= _SETTLE_SECONDS:
            return True
        if now >= until:
            return False
        time.sleep(_LOOK_SECONDS)
