"""Registry: may a version be offered to guests at all? Pure.

Comes in: versions with their metrics. Goes out: a verdict with its reason in words. A version must
be at least as good as its hotel's popularity, measured in the same training on the same holdout:
what learned less than a count of orders knows has no place in front of guests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nextloop.registry.tracking import VALIDATION
from nextloop.registry.versions import ModelRef

BASELINE: Final = "popularity"
"""The recommender's name of the model that every other one is held against."""


@dataclass(frozen=True)
class Verdict:
    """Whether a version passes, and why or why not."""

    passed: bool
    reason: str


def judge(ref: ModelRef, versions: Sequence[ModelRef], metric: str, margin: float) -> Verdict:
    """Hold a version against popularity.

    Args:
        ref: The version.
        versions: All versions; its training's popularity must be among them.
        metric: Which metric, higher is better.
        margin: By how much it must be better; 0 lets an equal one pass.

    Returns:
        The verdict; popularity itself always passes, as what is fallen back to.
    """
    if ref.model == BASELINE:
        return Verdict(passed=True, reason=f"it is {BASELINE} itself")
    baselines = [v for v in versions if v.training == ref.training and v.model == BASELINE]
    if not baselines:
        return Verdict(passed=False, reason=f"its training has no {BASELINE} to compare with")
    mine, least = ref.metrics.get(metric), baselines[-1].metrics.get(metric)
    if mine is None or least is None:
        return Verdict(passed=False, reason=f"its training did not measure {metric}")
    text = f"{metric} {mine:.4f}, {BASELINE} {least:.4f}, margin {margin:g}"
    return Verdict(passed=mine >= least + margin, reason=text)


def best(versions: Sequence[ModelRef], metric: str) -> list[ModelRef]:
    """Order versions by a metric, as measured before the holdout if it was.

    Args:
        versions: Of one training, or their metrics do not compare.
        metric: Which metric, higher is better.

    Returns:
        Best first, equal ones by version; those without the metric last.
    """

    def key(ref: ModelRef) -> tuple[float, int]:
        value = ref.metrics.get(VALIDATION + metric, ref.metrics.get(metric, -math.inf))
        return (-value, ref.version)

    return sorted(versions, key=key)
