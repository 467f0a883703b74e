"""Parties: how many adults, children and babies a stay brings, and what its orders say of it.

In come the stays' guests, out come the people of each stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.simulator.columns import PARTIES, Columns, Floats, Ints
from nextloop.simulator.config import SimulatorConfig

TRIOS, FOURS = 0.04, 0.01
"""Shares of stays with three and four adults."""
CHILDREN = ((1, 0.60), (2, 0.30), (3, 0.10))
"""Children of a stay that brings any, and their shares; 1.5 on average."""
SAME_PARTY = 0.8
"""Share of returning guests who bring as many as the first time."""


@dataclass(frozen=True)
class Parties(Columns):
    """One row a stay; `party` counts along `PARTIES`, `visitor_cnt` is -1 for null."""

    adults: Ints
    children: Ints
    babies: Ints
    party: Ints
    visitor_cnt: Ints


def parties(config: SimulatorConfig, rng: np.random.Generator, guest: Ints) -> Parties:
    """Draw the people of each stay.

    Args:
        config: The means and `unknown_visitors` count.
        rng: The hotel's stream of stays.
        guest: For each stay the place of its guest's first stay.

    Returns:
        Parties, one a stay.
    """
    lot = rng.random((3, len(guest)))
    alone = 2 * (1 - TRIOS - FOURS) + 3 * TRIOS + 4 * FOURS - config.adults_mean
    adults = 1 + np.searchsorted([alone, 1 - TRIOS - FOURS, 1 - FOURS], lot[0], side="right")
    children = _children(config, lot[1])
    babies = (lot[2] < config.babies_mean).astype(np.int64)
    as_before = np.where(rng.random(len(guest)) < SAME_PARTY, guest, np.arange(len(guest)))
    adults, children, babies = adults[as_before], children[as_before], babies[as_before]
    return Parties(
        adults=adults,
        children=children,
        babies=babies,
        party=_party(adults, children + babies),
        visitor_cnt=_visitors(config, rng, adults + children + babies),
    )


def _children(config: SimulatorConfig, lot: Floats) -> Ints:
    """Turn one lot into 0 or more children: shares of those who bring any, the rest none."""
    mean = sum(count * share for count, share in CHILDREN)
    bring = config.children_mean / mean
    steps = np.cumsum([bring * share for _, share in reversed(CHILDREN)])
    counts = np.array([*(count for count, _ in reversed(CHILDREN)), 0])
    return np.asarray(counts[np.searchsorted(steps, lot, side="right")])


def _party(adults: Ints, young: Ints) -> Ints:
    family = PARTIES.index("family")
    return np.where(young > 0, family, np.minimum(adults - 1, family - 1))


def _visitors(config: SimulatorConfig, rng: np.random.Generator, people: Ints) -> Ints:
    """Return the visitors as orders show them: mostly the people, sometimes 0 or null (-1)."""
    lot = rng.random(len(people))
    unknown = np.where(lot < config.unknown_visitors / 2, 0, -1)
    return np.where(lot < config.unknown_visitors, unknown, people)
