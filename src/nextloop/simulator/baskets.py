"""What is ordered: a hotel's guests fill their baskets, order after order.

In come moments and tastes, out go the items of each line. All guests' first orders are drawn at
once, then all second ones, since a guest's next choice depends on what it liked before.
"""

from __future__ import annotations

import numpy as np

from nextloop.simulator import choice
from nextloop.simulator.choice import Factors, Preferences
from nextloop.simulator.columns import Flags, Floats, Ints, Stays
from nextloop.simulator.moments import MOST_LINES, Moments

GUESTS_AT_ONCE = 2048
"""Bounds memory: guests x items weights are held for so many guests."""


def fill(
    preferences: Preferences,
    moments: Moments,
    stays: Stays,
    taste: Floats,
    rng: np.random.Generator,
) -> tuple[Ints, Flags]:
    """Choose the items of every line of a hotel.

    Args:
        preferences: The hotel's.
        moments: Its orders to come, by guest and time.
        stays: Its stays.
        taste: Taste of every guest of the world, `(guests, axes)`.
        rng: The hotel's stream of choices.

    Returns:
        Item of each order's lines, `(orders, MOST_LINES)`, -1 beyond the last line; and whether
        the guest had ordered it before.
    """
    table = choice.factors(preferences)
    lots = rng.random((len(moments.at), MOST_LINES))
    items = np.full((len(moments.at), MOST_LINES), -1)
    again = np.zeros(items.shape, dtype=np.bool_)
    guest = stays.guest[moments.stay]
    first_order = np.flatnonzero(np.diff(guest, prepend=-1))
    for start in range(0, len(first_order), GUESTS_AT_ONCE):
        heads = first_order[start : start + GUESTS_AT_ONCE]
        after = first_order[start + GUESTS_AT_ONCE : start + GUESTS_AT_ONCE + 1]
        end = int(after[0]) if len(after) else len(guest)
        block = _Block(preferences, table, guest[heads], taste)
        counts = np.diff(np.append(heads, end))
        for turn in range(int(counts.max())):
            whose = np.flatnonzero(counts > turn)
            rows = heads[whose] + turn
            by_size = np.argsort(-moments.line_count[rows], kind="stable")
            whose, rows = whose[by_size], rows[by_size]
            items[rows], again[rows] = block.order(whose, rows, moments, stays, lots)
    return items, again


class _Block:
    """Some guests of a hotel and what they have ordered so far."""

    def __init__(
        self, preferences: Preferences, table: Factors, guests: Ints, taste: Floats
    ) -> None:
        self.preferences = preferences
        self.table = table
        self.guests = guests
        self.wish = choice.tastes(preferences, taste[guests])
        self.seen = np.zeros(self.wish.shape, dtype=np.bool_)

    def order(
        self, whose: Ints, rows: Ints, moments: Moments, stays: Stays, lots: Floats
    ) -> tuple[Ints, Flags]:
        """Let guests `whose` make the orders `rows`, which stand with the longest first."""
        stay = moments.stay[rows]
        weights = choice.situations(
            self.table,
            moments.weekend[rows],
            moments.hour[rows],
            moments.stay_part[rows],
            stays.party[stay],
            stays.coupon[stay],
        )
        weights *= self.wish[whose]
        items = np.full((len(rows), MOST_LINES), -1)
        counts = moments.line_count[rows]
        for line in range(int(counts[0])):
            longer = int(np.count_nonzero(counts > line))
            weights = weights[:longer]
            picked = choice.draw(weights, lots[rows[:longer], line])
            items[:longer, line] = picked
            weights *= self.table.pair[picked]
        again = self._remember(whose, items)
        return items, again

    def _remember(self, whose: Ints, items: Ints) -> Flags:
        """Let each item ordered for the first time change the guest's wish for it."""
        again = self.seen[whose[:, None], items] & (items >= 0)
        order, line = np.nonzero((items >= 0) & ~again)
        guest, item = whose[order], items[order, line]
        self.wish[guest, item] *= choice.likings(self.preferences, self.guests[guest], item)
        self.seen[guest, item] = True
        return again
