"""What every verb of a rollout works with, made once from the settings.

Comes in: settings. Goes out: places, runner and proxy that belong together.
"""

from __future__ import annotations

from dataclasses import dataclass

from nextloop.rollout.places import Places, places_of
from nextloop.rollout.proxy import Proxy
from nextloop.rollout.runner import Runner, runner_of
from nextloop.settings import RolloutSettings


@dataclass(frozen=True)
class Rollout:
    """Two slots and what is around them."""

    settings: RolloutSettings
    places: Places
    runner: Runner
    proxy: Proxy


def rollout_of(settings: RolloutSettings) -> Rollout:
    """Find the rollout that the settings name; nothing is made or started.

    Raises:
        UsageFault: Its folder cannot be one.
    """
    places = places_of(settings)
    return Rollout(settings, places, runner_of(settings, places), Proxy(settings, places))
