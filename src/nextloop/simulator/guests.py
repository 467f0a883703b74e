"""Guests: who comes again, what they like, and what they are called.

In come a hotel's lettings, out go its guests; tastes are drawn for all guests of a world.
"""

from __future__ import annotations

import numpy as np

from nextloop.simulator import catalog
from nextloop.simulator.clock import DAY
from nextloop.simulator.columns import Flags, Floats, Guests, Ints
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.lettings import Lettings
from nextloop.simulator.names import syllables
from nextloop.simulator.preferences import PERSONAL_TASTE
from nextloop.simulator.streams import stream

FORMER_TRIES = 6
"""Former guests thought of for a return; those in the house or anonymous cannot be it."""
NAME_SYLLABLES = 5


def who_comes(
    config: SimulatorConfig, rng: np.random.Generator, lettings: Lettings, anonymous: Flags
) -> Ints:
    """Give each stay a guest: mostly a new one, at times one who left at least a day before.

    Args:
        config: `repeat_stays` counts.
        rng: The hotel's stream of stays.
        lettings: The hotel's, by arrival.
        anonymous: Which guests have no number; they are never known to come again.

    Returns:
        For each stay the place of its guest's first stay.
    """
    arrive, leave = lettings.arrive, lettings.leave
    guest = np.arange(len(arrive))
    by_leave = np.argsort(leave, kind="stable")
    gone = np.searchsorted(leave[by_leave], arrive - DAY)
    last_leave = leave.copy()
    picks = rng.random((len(arrive), FORMER_TRIES))
    for stay in _returning(config, rng, gone, anonymous).tolist():
        former = guest[by_leave[(picks[stay] * gone[stay]).astype(np.int64)]]
        free = former[~anonymous[former] & (last_leave[former] < arrive[stay] - DAY)]
        if len(free):
            guest[stay] = free[0]
            last_leave[free[0]] = leave[stay]
    return guest


def _returning(
    config: SimulatorConfig, rng: np.random.Generator, gone: Ints, anonymous: Flags
) -> Ints:
    """Choose the stays of guests who were here before, likelier the more have left by then."""
    can = np.flatnonzero((gone > 0) & ~anonymous)
    wanted = min(len(can), round(config.repeat_stays * len(gone)))
    key = np.log(rng.random(len(can))) / gone[can]
    return np.sort(can[np.argsort(-key, kind="stable")[:wanted]])


def register(
    config: SimulatorConfig, hotel: int, guest: Ints, anonymous: Flags
) -> tuple[Guests, Ints]:
    """Number a hotel's guests by first check-in and draw their kinds and names.

    Args:
        config: The seed counts.
        hotel: Place of the hotel among all.
        guest: From `who_comes`.
        anonymous: Which stays' guests have no number.

    Returns:
        The guests, and each stay's guest as a row of them.
    """
    first, rank = np.unique(guest, return_inverse=True)
    rng = stream(config.seed, "guests", hotel)
    shares = np.cumsum([kind.share for kind in catalog.load().kinds])
    known = ~anonymous[first]
    guests = Guests(
        hotel=np.full(len(first), hotel),
        customer_seq=np.where(known, np.cumsum(known), 0),
        kind=np.searchsorted(shares[:-1], rng.random(len(first)), side="right"),
        name=np.array(syllables(rng.random((len(first), NAME_SYLLABLES)))),
    )
    return guests, rank


def tastes(config: SimulatorConfig, guests: Guests) -> Floats:
    """Draw each guest's hidden taste around that of its kind.

    Args:
        config: The seed counts.
        guests: All guests of a world.

    Returns:
        Tastes, `(guests, axes)`.
    """
    kinds = catalog.load().kinds
    centres = np.array([kind.centre for kind in kinds])
    own = stream(config.seed, "tastes").standard_normal((len(guests), centres.shape[1]))
    return np.asarray(centres[guests.kind] + PERSONAL_TASTE * own)
