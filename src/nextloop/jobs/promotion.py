"""The job behind `nextloop models promote`: examine a version, then put it into production.

A version goes in; the ledger's change comes out, or a fault that names every examination that it
did not pass. The gate against popularity is the registry's own; here the model itself is loaded,
asked, timed and held against the one that answers guests now.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from nextloop.errors import DataFault
from nextloop.jobs import metrics
from nextloop.jobs.reproducing import dataset_of
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.duel import duel
from nextloop.recommender.rehearsal import rehearse
from nextloop.registry import admission, artifact, ledger, lifecycle, resolve, states
from nextloop.registry.lifecycle import Outcome
from nextloop.registry.record import recorded
from nextloop.registry.versions import ModelRef
from nextloop.settings import Settings

_SHOWN = 3


class NotPromoted(DataFault):
    """A version did not pass; what was in production stays there."""


@dataclass(frozen=True)
class Examination:
    """One thing that was looked at.

    Attributes:
        passed: Whether it is as it should be.
        words: What was found, in a sentence with its figures.
    """

    passed: bool
    words: str


def promote(settings: Settings, what: str | int, reason: str) -> Outcome:
    """Put a version into production if it passes every examination.

    Args:
        settings: Of this process; `registry` has the limits.
        what: A number, or `staging` for the best that is staged.
        reason: Why, for the ledger.

    Returns:
        What was done; nothing if it is in production already.

    Raises:
        UsageFault: It names no version, or there is no reason.
        NotPromoted: It does not pass.
        DataFault: There is no such version, or another one was put into production meanwhile.
        SystemFault: MLflow or the lake refuses.
    """
    lifecycle.checked(reason)
    started = time.monotonic()
    with metrics.tell_fault(settings, "promote", but=NotPromoted):
        try:
            outcome = _promoted(settings, what, reason)
        except NotPromoted:
            metrics.leave_promote(settings, time.monotonic() - started)
            raise
    metrics.leave_promote(settings, time.monotonic() - started)
    return outcome


def _promoted(settings: Settings, what: str | int, reason: str) -> Outcome:
    seen = ledger.read(resolve.existing(settings).lake).entries
    ref, now = admission.candidate(settings, what), states.production(seen)
    if now is None or now.version != ref.version:
        failed = [each.words for each in examine(settings, ref, now) if not each.passed]
        if failed:
            raise NotPromoted(
                f"Version {ref.version} ({ref.model}) is not promoted: {'; '.join(failed)}.",
                "See for whom it is worse: nextloop models compare "
                f"{ref.version} production. The limits are settings: nextloop settings",
            )
    return lifecycle.promote(settings, ref.version, reason, seen=seen)


def examine(
    settings: Settings, ref: ModelRef, production: ledger.Entry | None
) -> Iterator[Examination]:
    """Look at a version's size, answers and speed, and hold it against production.

    Args:
        settings: `registry` has the limits.
        ref: The version.
        production: What is in production, None if nothing is.

    Yields:
        What was found, the quick examinations first.

    Raises:
        DataFault: Its files are not intact, or what the comparison needs is gone.
    """
    limits = settings.registry
    files = artifact.read(ref.bundle_folder, ref.digest)
    size = sum(map(len, files.values()))
    yield Examination(
        size <= limits.max_model_bytes,
        f"its files are {size:,} bytes, {limits.max_model_bytes:,} are allowed",
    )
    bundle = Bundle.from_files(files)
    found = rehearse(bundle)
    shown = "; ".join(found.faults[:_SHOWN])
    yield Examination(
        found.cases > 0 and not found.faults,
        f"{len(found.faults)} faults in {found.cases} golden cases{': ' if shown else ''}{shown}",
    )
    slow, allowed = found.p99_milliseconds, limits.max_answer_milliseconds
    yield Examination(
        slow <= allowed,
        f"99 of 100 answers take up to {slow:.1f} ms of a core, {allowed:g} ms are allowed",
    )
    if production is not None:
        yield _beside(settings, ref, bundle, production.version)


def _beside(settings: Settings, ref: ModelRef, bundle: Bundle, production: int) -> Examination:
    """Hold it against production, on the test days of the one that learned from later days."""
    present = resolve.resolve(production, settings)
    other = Bundle.from_files(artifact.read(present.bundle_folder, present.digest))
    newer = max((present, ref), key=lambda each: (each.as_of, each.version))
    found = duel(bundle, other, dataset_of(settings, recorded(settings, newer.version)))
    whole, margin = found.whole, settings.registry.production_margin
    return Examination(
        whole.gain >= -margin,
        f"{found.metric} is {whole.first:.4f} where version {production} in production has "
        f"{whole.second:.4f} ({whole.gain:+.4f}, 95 % interval {whole.low:+.4f} to "
        f"{whole.high:+.4f}), {margin:g} below is allowed",
    )
