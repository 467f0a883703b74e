"""What really runs: the link, the processes, what the slots answer. Files are believed last.

Comes in: places and a runner. Goes out: the state of this moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from nextloop.rollout import asking, connections, link, release
from nextloop.rollout.asking import Ready
from nextloop.rollout.places import SLOTS, Places
from nextloop.rollout.release import Release
from nextloop.rollout.runner import Runner


@dataclass(frozen=True)
class Slot:
    """One slot.

    Attributes:
        name: Blue or green.
        runs: Whether anything of it is there.
        ready: What it answers, None if it does not.
        release: What it was last started as, None if nothing readable says it.
        requests: That it has accepted and not finished.
    """

    name: str
    runs: bool
    ready: Ready | None
    release: Release | None
    requests: int

    @property
    def serves(self) -> Release | None:
        """The release that it was started as, if that is what it answers."""
        if self.release is None or self.ready is None:
            return None
        return self.release if self.ready == expected(self.name, self.release) else None


@dataclass(frozen=True)
class State:
    """Both slots and which of them gets the requests.

    Attributes:
        live: As the link says, None if it says nothing.
        slots: By name.
    """

    live: str | None
    slots: dict[str, Slot]

    @property
    def live_slot(self) -> Slot | None:
        """The slot that gets the requests."""
        return self.slots[self.live] if self.live else None

    @property
    def idle_slot(self) -> Slot:
        """The slot that the next release goes to."""
        return self.slots[link.other(self.live or SLOTS[1])]


def look(places: Places, runner: Runner) -> State:
    """Look at everything, now."""
    return State(link.live(places), {slot: look_at(places, runner, slot) for slot in SLOTS})


def look_at(places: Places, runner: Runner, slot: str) -> Slot:
    """Look at one slot."""
    runs = runner.runs(slot)
    path = places.socket(slot)
    return Slot(
        slot,
        runs,
        asking.ready(path) if runs else None,
        release.read(places, slot),
        connections.count(path),
    )


def expected(slot: str, wanted: Release) -> Ready:
    """Say what a slot answers that runs a release."""
    return Ready(slot, wanted.code, wanted.version, wanted.digest)
