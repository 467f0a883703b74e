"""Roll back: the release before answers again, at once if its slot is still warm.

Comes in: why. Goes out: what was done. Going back needs no watch: it has been watched before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from nextloop.errors import SystemFault, UsageFault
from nextloop.rollout import history, link, retiring, starting, watch
from nextloop.rollout.places import held
from nextloop.rollout.release import Release
from nextloop.rollout.rollout import Rollout
from nextloop.rollout.state import State, look

_NOTHING = "There is no release before the present one."


@dataclass(frozen=True)
class RolledBack:
    """What a rollback did.

    Attributes:
        slot: That answers now.
        release: In it.
        was_warm: Its slot was still running.
        seconds: From the command's lock to the proof through the proxy.
        message: The same in a sentence.
    """

    slot: str
    release: Release
    was_warm: bool
    seconds: float
    message: str


def rollback(
    rollout: Rollout, reason: str = "", tell: Callable[[str], None] = lambda _: None
) -> RolledBack:
    """Let the release before answer.

    Args:
        rollout: Whose.
        reason: For the history.
        tell: Told each step as it begins.

    Returns:
        What was done.

    Raises:
        UsageFault: There is no release before.
        ReleaseFault: It has to be started again and does not become ready.
        SystemFault: Another command is at work, or the proxy does not follow.
    """
    with held(rollout.places, "rollback"):
        begun = time.monotonic()
        state = look(rollout.places, rollout.runner)
        live = state.live_slot
        was_known = bool(history.line_of_releases(history.read(rollout.places)))
        if live is not None and live.serves is not None:
            history.complete(rollout.places, live.name, live.serves)
        target = _target(rollout, state, was_known=was_known)
        slot = state.idle_slot
        was_warm = slot.serves is not None and target.equals(slot.serves)
        if not was_warm:
            tell(f"starting {target.label} in {slot.name}: it is not warm")
            retiring.retire(rollout.settings, rollout.places, rollout.runner, slot.name)
            starting.start(rollout.settings, rollout.places, rollout.runner, slot.name, target)
        link.point(rollout.places, slot.name)
        history.append(rollout.places, "rolled_back", target, slot=slot.name, reason=reason)
        watch.prove(rollout.proxy, slot.name, target)
        seconds = time.monotonic() - begun
    said = f"{slot.name} answers with {target.label} again, after {seconds:.2f} s."
    return RolledBack(slot.name, target, was_warm, seconds, said)


def _target(rollout: Rollout, state: State, *, was_known: bool) -> Release:
    if state.live is None:
        raise SystemFault("No slot gets requests.", "Repair that first: nextloop rollout reconcile")
    led = history.line_of_releases(history.read(rollout.places))
    if len(led) > 1:
        return led[-2]
    warm = state.idle_slot.serves
    if warm is not None and not was_known:  # the history was lost; what runs is not
        return warm
    raise UsageFault(_NOTHING, "Choose one: nextloop rollout deploy --model VERSION --code PATH")
