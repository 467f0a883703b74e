"""The switch to a slot that is ready: rename, prove, watch; and back, if it does not do well.

Comes in: a slot that passed everything that can be asked before. Goes out: what was seen of it,
or the slot before in its place again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from nextloop.errors import NextLoopError, ReleaseFault
from nextloop.rollout import history, link, retiring, watch
from nextloop.rollout.access_log import AccessLog
from nextloop.rollout.golden import Case
from nextloop.rollout.release import Release
from nextloop.rollout.rollout import Rollout
from nextloop.rollout.state import State
from nextloop.rollout.watch import Watched


def switch(
    rollout: Rollout, slot: str, wanted: Release, before: State, cases: Sequence[Case]
) -> Watched:
    """Let a slot answer callers, and look whether it does well.

    Args:
        rollout: Whose.
        slot: That answers from now on.
        wanted: Runs in it.
        before: The state to go back to.
        cases: Questions to ask by the way.

    Returns:
        What was seen of it.

    Raises:
        ReleaseFault: It did not do well; the slot before answers again.
    """
    log = AccessLog(rollout.places.access_log)
    seen = Watched(slot)

    def look_on(latest: Watched) -> None:
        nonlocal seen
        seen = latest

    link.point(rollout.places, slot)
    history.append(rollout.places, history.SWITCHED, wanted, slot=slot)
    try:
        watch.prove(rollout.proxy, slot, wanted)
        return watch.watch(rollout.settings, rollout.proxy, slot, log, cases, look_on)
    except ReleaseFault as fault:
        seen.add(log.ended())
        raise _back(rollout, slot, wanted, before, seen, fault) from fault


def _back(
    rollout: Rollout,
    slot: str,
    wanted: Release,
    before: State,
    seen: Watched,
    fault: ReleaseFault,
) -> ReleaseFault:
    """Rename back at once; write, count and stop afterwards."""
    if before.live:
        link.point(rollout.places, before.live)
    else:
        link.remove(rollout.places)
    # What the slot took and did not answer ends in the log when it is gone.
    log = AccessLog(rollout.places.access_log)
    told = {"why": fault.message, "failed": seen.failed, "requests": seen.requests}
    history.append(rollout.places, "switched_back", wanted, slot=slot, to=before.live, **told)
    with suppress(NextLoopError):
        retiring.retire(rollout.settings, rollout.places, rollout.runner, slot)
    time.sleep(0)  # let nginx write its lines
    seen.add(log.ended())
    to = f"Switched back to {before.live}" if before.live else "There was nothing to go back to"
    return ReleaseFault(
        f"{fault.message} {to}; {seen.failed} of {seen.requests} requests of callers failed.",
        f"See {rollout.places.log(slot)}, and what was done: nextloop rollout history",
    )
