"""Reconcile: from whatever a crash, a reboot or a hand left, to one live slot and no leftovers.

Comes in: what really runs. Goes out: what was put right. Run it after a crash, at boot and every
minute: it does nothing where there is nothing to do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from nextloop.rollout import history, link, retiring, starting, watch
from nextloop.rollout.places import held
from nextloop.rollout.release import Release
from nextloop.rollout.rollout import Rollout
from nextloop.rollout.state import Slot, State, look

_MINUTE: Final = 60.0


@dataclass(frozen=True)
class Reconciled:
    """What a reconciliation did.

    Attributes:
        live: The slot that answers, None if nothing was ever deployed.
        release: In it.
        done: What was put right, in sentences; empty if nothing had to be.
    """

    live: str | None
    release: Release | None
    done: tuple[str, ...]


def reconcile(rollout: Rollout) -> Reconciled:
    """Put everything right.

    Args:
        rollout: Whose.

    Returns:
        What was done.

    Raises:
        ReleaseFault: The slot that is to answer cannot be started.
        SystemFault: Another command is at work, or nginx refuses.
    """
    done: list[str] = []
    with held(rollout.places, "reconcile"):
        events = history.read(rollout.places)
        state = look(rollout.places, rollout.runner)
        _settle_live(rollout, state, events, done)
        state = look(rollout.places, rollout.runner)
        if state.live is not None and rollout.proxy.ensure():
            done.append("nginx was started or reloaded")
        _settle_idle(rollout, state, events, done)
        live = state.live_slot
        if live is not None and live.release is not None:
            watch.prove(rollout.proxy, live.name, live.release)
            if history.complete(rollout.places, live.name, live.release):
                done.append("the history was completed")
        if done:
            history.append(rollout.places, "reconciled", done=done)
    return Reconciled(state.live, live.release if live else None, tuple(done))


def _settle_live(
    rollout: Rollout, state: State, events: list[history.Event], done: list[str]
) -> None:
    """Let the link name a slot that answers."""
    linked = state.live_slot
    if linked is not None and linked.serves is not None:
        return
    for slot in state.slots.values():
        if slot.serves is not None and history.was_live(events, slot.release):
            link.point(rollout.places, slot.name)
            done.append(f"{slot.name} answers, so it gets the requests")
            return
    if linked is None:
        return  # nothing was ever let in front of callers, or nothing of it is left
    wanted = _wanted(linked, events)
    if wanted is None:
        return
    rollout.runner.stop(linked.name, rollout.settings.stop_seconds)
    starting.start(rollout.settings, rollout.places, rollout.runner, linked.name, wanted)
    done.append(f"{linked.name} was started again")


def _wanted(linked: Slot, events: list[history.Event]) -> Release | None:
    """Tell what a slot that is down should run: its record, or else the last release of all."""
    led = history.line_of_releases(events)
    return linked.release or (led[-1] if led else None)


def _settle_idle(
    rollout: Rollout, state: State, events: list[history.Event], done: list[str]
) -> None:
    """Stop what gets no requests, unless it is kept to go back to."""
    kept = {state.live} - {None}
    if state.live is not None and _is_warm(rollout, state.idle_slot, events):
        kept.add(state.idle_slot.name)
    for slot in state.slots.values():
        if slot.runs and slot.name not in kept:
            stopped = retiring.retire(rollout.settings, rollout.places, rollout.runner, slot.name)
            how = f"killed with {stopped.cut} requests" if stopped.was_killed else "stopped"
            done.append(f"{slot.name} was left over and is {how}")


def _is_warm(rollout: Rollout, slot: Slot, events: list[history.Event]) -> bool:
    if slot.serves is None or (events and not history.was_live(events, slot.release)):
        return False
    age = time.time() - rollout.places.link.lstat().st_mtime
    return age < rollout.settings.warm_minutes * _MINUTE


def stop_all(rollout: Rollout) -> None:
    """Stop nginx and both slots; files stay, so that `reconcile` brings back what was live.

    Raises:
        SystemFault: Another command is at work.
    """
    with held(rollout.places, "down"):
        rollout.proxy.stop(rollout.settings.drain_seconds)
        for slot in look(rollout.places, rollout.runner).slots.values():
            if slot.runs:
                rollout.runner.stop(slot.name, rollout.settings.stop_seconds)
        history.append(rollout.places, "down")
