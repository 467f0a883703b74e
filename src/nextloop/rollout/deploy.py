"""Deploy: code and a model version into the idle slot, in front of callers if they are good.

Comes in: which code and model. Goes out: what was done. The order is fixed: resolve, start, ready,
golden answers, rename, proof, watch, and only then the slot before may go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nextloop.errors import NextLoopError
from nextloop.registry import resolve
from nextloop.registry.versions import ModelRef
from nextloop.rollout import golden, history, retiring, starting, switching
from nextloop.rollout.golden import Case
from nextloop.rollout.places import held
from nextloop.rollout.release import Release
from nextloop.rollout.rollout import Rollout, rollout_of
from nextloop.rollout.state import State, look
from nextloop.rollout.watch import Watched
from nextloop.settings import Settings
from nextloop.storage.lake import open_lake

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Deployed:
    """What a deploy did.

    Attributes:
        changed: Whether another release answers now.
        slot: That answers.
        release: In it.
        before: That answered before, None if nothing did.
        watched: What was seen of it; None if nothing changed.
        message: The same in a sentence.
    """

    changed: bool
    slot: str
    release: Release
    before: Release | None
    watched: Watched | None
    message: str


def deploy(
    settings: Settings,
    model: str = "production",
    code: str | None = None,
    tell: Tell = lambda _: None,
) -> Deployed:
    """Put code and a model version in front of callers.

    Args:
        settings: Of this process.
        model: `production`, `staging` or a version's number; resolved here and never again.
        code: A checkout, environment or image; this one if None.
        tell: Told each step as it begins.

    Returns:
        What was done; nothing if the same answers already.

    Raises:
        UsageFault: There is no such code.
        DataFault: There is no such model, or its files are not what was registered.
        SystemFault: Another deploy is at work, or nginx refuses.
        ReleaseFault: The release is bad; the one before answers.
    """
    rollout = rollout_of(settings.rollout)
    with held(rollout.places, f"deploy of model {model}"):
        tell("resolving code and model")
        ref, wanted = plan(settings, rollout, model, code)
        state = look(rollout.places, rollout.runner)
        if same := _same(rollout, state, wanted):
            return same
        asked = golden.cases(rollout.places, ref, settings.rollout.golden)
        rollout.proxy.ensure()
        wanted, answered = _fill(rollout, state, wanted, asked, tell)
        slot = state.idle_slot.name
        tell(f"switching to {slot} and watching it for {settings.rollout.watch_seconds:g} s")
        seen = switching.switch(rollout, slot, wanted, state, answered)
        golden.record(rollout.places, wanted.digest, answered)
        return _done(rollout, state, slot, wanted, seen, tell)


def plan(
    settings: Settings, rollout: Rollout, model: str, code: str | None
) -> tuple[ModelRef, Release]:
    """Resolve what is to be released, once."""
    lake = open_lake(settings.lake).root
    ref = resolve.resolve(model, settings)
    found = rollout.runner.code_at(code)
    release = Release.new(
        code=found.name, place=found.place, version=ref.version, digest=ref.digest, lake=lake
    )
    return ref, release


def _same(rollout: Rollout, state: State, wanted: Release) -> Deployed | None:
    """Tell that there is nothing to do, if so."""
    found = state.live_slot
    if found is None or found.serves is None or not wanted.equals(found.serves):
        return None
    rollout.proxy.ensure()
    said = f"{found.name} answers with {wanted.label} already; nothing was changed."
    return Deployed(
        changed=False,
        slot=found.name,
        release=found.serves,
        before=found.serves,
        watched=None,
        message=said,
    )


def _fill(
    rollout: Rollout, state: State, wanted: Release, asked: list[Case], tell: Tell
) -> tuple[Release, list[Case]]:
    """Have the release in the idle slot, ready and proven; take one that is there still."""
    slot = state.idle_slot
    try:
        if slot.serves is not None and wanted.equals(slot.serves):
            wanted = slot.serves
            tell(f"{slot.name} is warm")
        else:
            retiring.retire(rollout.settings, rollout.places, rollout.runner, slot.name)
            history.append(rollout.places, "deploying", wanted, slot=slot.name)
            tell(f"starting {wanted.label} in {slot.name}")
            starting.start(rollout.settings, rollout.places, rollout.runner, slot.name, wanted)
        tell(f"asking {slot.name} {len(asked)} golden questions")
        key = rollout.settings.key.get_secret_value() if rollout.settings.key else ""
        return wanted, golden.check(rollout.places.socket(slot.name), wanted, asked, key)
    except NextLoopError as fault:
        history.append(rollout.places, "refused", wanted, slot=slot.name, why=fault.message)
        retiring.retire(rollout.settings, rollout.places, rollout.runner, slot.name)
        raise


def _done(
    rollout: Rollout, state: State, slot: str, wanted: Release, seen: Watched, tell: Tell
) -> Deployed:
    before = state.live_slot
    history.append(
        rollout.places, "deployed", wanted, slot=slot, failed=seen.failed, requests=seen.requests
    )
    if before is not None and not rollout.settings.warm_minutes:
        tell(f"letting {before.name} finish")
        retiring.retire(rollout.settings, rollout.places, rollout.runner, before.name)
    said = (
        f"{slot} answers with {wanted.label}; {seen.failed} of {seen.requests} requests failed "
        f"in the {seen.seconds:.0f} s after the switch."
    )
    return Deployed(
        changed=True,
        slot=slot,
        release=wanted,
        before=before.release if before else None,
        watched=seen,
        message=said,
    )
