"""Registry: stage, promote, roll back; every change goes through the ledger first.

Comes in: what somebody wants, and why. Goes out: changes in the ledger, and after them MLflow's
alias and tags. A command that dies in between has decided; `reconcile` makes the rest follow.
"""

from __future__ import annotations

import getpass
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from nextloop.errors import NextLoopError, SystemFault, UsageFault
from nextloop.registry import admission, changes, gate, ledger, resolve, states
from nextloop.registry.creation import follow_lake
from nextloop.registry.ledger import Change, Entry, LedgerMoved
from nextloop.registry.projection import project
from nextloop.registry.store import Store, locate, opened
from nextloop.registry.versions import every
from nextloop.settings import Settings

Entries = tuple[Entry, ...]
_TRIES: Final = 60  # twenty processes that race need about twenty; each try takes milliseconds
_MAX_REASON: Final = 1000


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    Attributes:
        changed: Whether the ledger has new rows.
        message: The same in a sentence.
        production: Version in production now, None if there is none.
        staged: Versions that are staged now.
    """

    changed: bool
    message: str
    production: int | None
    staged: tuple[int, ...]


def stage_best(settings: Settings, n: int | None = None) -> Outcome:
    """Stage the best versions of the newest training that pass the gate.

    Args:
        settings: Of this process.
        n: How many at most; the setting `registry.staging_size` if None.

    Returns:
        What was done; nothing if they are staged already.

    Raises:
        DataFault: There is no finished training, or none of its versions passes.
        SystemFault: MLflow or the lake refuses.
    """
    store = resolve.existing(settings)
    with opened(store) as client:
        passed = admission.passing(client, store, every(client, store))
    best = gate.best(passed, store.metric)[: n or store.staging_size]
    reason = f"best of the training of {best[0].as_of} by {store.metric}"

    def decide(entries: Entries) -> Sequence[Change]:
        for ref in best:
            admission.check_digest(ref, entries)
        return changes.staging(entries, best, user(), reason)

    for ref in best:
        admission.check_files(store, ref)
    done = _record(store, decide)
    shown = ", ".join(str(ref.version) for ref in best)
    return _finish(store, done, f"Best that pass the gate, best first: {shown}")


def promote(
    settings: Settings, version: str | int, reason: str, seen: Entries | None = None
) -> Outcome:
    """Put a version into production; the one that was there is archived.

    The model itself is examined by `jobs.promotion.promote`, which people and schedules use.

    Args:
        settings: Of this process.
        version: Its number, or `staging` for the best that is staged.
        reason: Why, for the ledger; any language.
        seen: The ledger's entries when the version was examined, None if it was not held against
            what is in production.

    Returns:
        What was done; nothing if it is in production already.

    Raises:
        UsageFault: The version is no number, or there is no reason.
        DataFault: There is no such version, the gate refuses it, its files are not intact, or
            somebody else changed what is in production since `seen`.
        SystemFault: MLflow or the lake refuses.
    """
    reason, store = checked(reason), resolve.existing(settings)
    ref = admission.candidate(settings, version)

    def decide(entries: Entries) -> Sequence[Change]:
        if seen is not None:
            admission.check_unmoved(seen, entries)
        admission.check_digest(ref, entries)
        return changes.promotion(entries, ref, user(), reason)

    done = _record(store, decide)
    return _finish(store, done, f"Version {ref.version} ({ref.model}) is in production")


def rollback(settings: Settings, to: int | None = None, reason: str = "rollback") -> Outcome:
    """Put an earlier production version back; it was judged before, so only its files are checked.

    Args:
        settings: Of this process.
        to: Which; the one before the present if None. Rolling back twice goes back twice.
        reason: Why, for the ledger.

    Returns:
        What was done; nothing if `to` is in production already.

    Raises:
        DataFault: There is no earlier version, `to` never was in production, its files are not
            intact, or somebody else changed what is in production meanwhile.
        SystemFault: The lake or MLflow refuses.
    """
    reason, store = checked(reason), locate(settings)
    seen = ledger.read(store.lake).entries
    target = admission.rollback_target(seen, to)
    ref = resolve.ref_of(store, states.latest(seen)[target])
    admission.check_files(store, ref)

    def decide(entries: Entries) -> Sequence[Change]:
        if to is None:
            admission.check_unmoved(seen, entries)
        return changes.rolling_back(entries, target, user(), reason)

    done = _record(store, decide)
    return _finish(store, done, f"Version {target} ({ref.model}) is in production")


def history(settings: Settings) -> list[Entry]:
    """Read the ledger, oldest change first."""
    return list(ledger.read(locate(settings).lake).entries)


def reconcile(settings: Settings) -> list[str]:
    """Make MLflow's alias, tags and paths equal to the ledger and to where the lake lies.

    Args:
        settings: Of this process.

    Returns:
        What was not, one sentence each; empty if all was well.

    Raises:
        DataFault: There is no lake or no MLflow database.
        SystemFault: MLflow refuses.
    """
    store = resolve.existing(settings)
    moved = [f"the lake lies in {store.lake.root} now"] if follow_lake(store) else []
    with opened(store) as client:
        return moved + project(client, store)


def user() -> str:
    """Name who runs this process, for the ledger."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"


def _record(store: Store, decide: Callable[[Entries], Sequence[Change]]) -> Sequence[Change]:
    """Decide on the ledger as it is and record it, again if it moved meanwhile."""
    for _ in range(_TRIES):
        seen = ledger.read(store.lake)
        wanted = decide(seen.entries)
        if not wanted:
            return wanted
        try:
            ledger.append(seen, wanted)
        except LedgerMoved:
            time.sleep(random.uniform(0, 0.05))
        else:
            return wanted
    raise SystemFault(
        f"The ledger in {store.lake.root} moved {_TRIES} times while this was decided.",
        "Nothing was changed. See who writes to it, and run this again.",
    )


def _finish(store: Store, done: Sequence[Change], text: str) -> Outcome:
    """Tell MLflow what the ledger says now; the decision stands even if it cannot be told."""
    text += "." if done else ": nothing to change."
    try:
        with opened(store) as client:
            project(client, store)
    except NextLoopError as fault:
        raise SystemFault(
            f"{text} But MLflow could not be told: {fault.message}",
            "The ledger holds; when MLflow answers again, run: nextloop models reconcile",
        ) from fault
    entries = ledger.read(store.lake).entries
    now, state = states.production(entries), states.states(entries)
    staged = tuple(sorted(version for version, each in state.items() if each == "staging"))
    return Outcome(bool(done), text, now.version if now else None, staged)


def checked(reason: str) -> str:
    """Refuse a reason that tells nobody anything.

    Args:
        reason: Why somebody wants a change.

    Returns:
        The same on one line.

    Raises:
        UsageFault: It is empty or longer than 1000 characters.
    """
    text = " ".join(reason.split())
    if not text or len(text) > _MAX_REASON:
        raise UsageFault(
            f"The reason has {len(text)} characters; it needs 1 to {_MAX_REASON}.",
            "Say in a sentence why, for those who read the history: --reason 'WHY'",
        )
    return text
