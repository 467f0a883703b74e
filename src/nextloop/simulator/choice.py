"""How a guest chooses: the weights from which orders are drawn and by which the truth ranks.

In come a hotel's preferences and the situations of its orders, out go weights of every item of
the hotel. The simulator and the truth both use these functions, so they cannot disagree.

The model is a multinomial logit: a guest picks an item with a probability proportional to
exp(appeal + hour + day of stay + party + coupon + taste . loading + liked before + goes with).

Source: McFadden 1974, "Conditional logit analysis of qualitative choice behavior".
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import numpy as np

from nextloop.simulator.catalog import HOURS
from nextloop.simulator.columns import PARTIES, Floats, Ints
from nextloop.simulator.streams import coin

EFFECTS: Final = frozenset({"hour", "stay", "party", "coupon", "taste", "repeat", "pair"})
"""What can be left out to see what it is worth."""

LIKED: Final = 0.7
"""Share of first tries that a guest likes."""

DISLIKE: Final = -0.7
"""Log effect on an item that was tried and not liked."""


@dataclass(frozen=True)
class Preferences:
    """What moves choices in one hotel; all effects are logs, strengths already applied.

    Attributes:
        seed: The world's seed, from which likings follow.
        first_item: Row of the hotel's first item among all items.
        category: Each item's category, `(items,)`.
        appeal: Each item's own appeal, `(items,)`.
        loading: What each item has of each taste, `(items, axes)`.
        repeat: Pull of an item that was liked before, `(items,)`.
        pair: What an item in the basket does to each other one, `(items, items)`.
        hour: By category, weekend and hour, `(categories, 2, 24)`; -inf when not served.
        hour_share: Share of a day's orders by weekend and hour, `(2, 24)`.
        stay: By category and part of the stay, `(categories, 4)`.
        party: By category and party, `(categories, 4)`.
        coupon: By category and coupon (the last column is no coupon), `(categories, coupons + 1)`.
    """

    seed: int
    first_item: int
    category: Ints
    appeal: Floats
    loading: Floats
    repeat: Floats
    pair: Floats
    hour: Floats
    hour_share: Floats
    stay: Floats
    party: Floats
    coupon: Floats

    @property
    def item_count(self) -> int:
        """Items on the menu."""
        return len(self.category)


@dataclass(frozen=True)
class Factors:
    """The exponentials of preferences, laid out for lookups; a left-out effect is 1.

    Attributes:
        moment: Appeal and hour, row `24 * weekend + hour`, `(48, items)`.
        situation: Stay, party and coupon, row `(4 * stay + party) * coupons + coupon`.
        pair: `(items, items)`; 0 on the diagonal: nobody orders an item twice in one order.
        coupons: Columns of the coupon effect, one more than there are coupons.
    """

    moment: Floats
    situation: Floats
    pair: Floats
    coupons: int


def factors(preferences: Preferences, effects: AbstractSet[str] = EFFECTS) -> Factors:
    """Lay preferences out for lookups.

    Args:
        preferences: One hotel's.
        effects: Which of `EFFECTS` to keep.

    Returns:
        Factors, all 0 or more; opening hours count even when the hour's effect is left out.
    """
    of_item = preferences.category
    hour = preferences.hour if "hour" in effects else _hour_blind(preferences)
    moment = preferences.appeal + hour[of_item].reshape(len(of_item), -1).T
    shapes = [("stay", preferences.stay), ("party", preferences.party)]
    shapes.append(("coupon", preferences.coupon))
    stay, party, coupon = (
        (effect if name in effects else np.zeros_like(effect))[of_item].T for name, effect in shapes
    )
    situation = stay[:, None, None] + party[None, :, None] + coupon[None, None]
    pair = np.exp(preferences.pair if "pair" in effects else np.zeros_like(preferences.pair))
    np.fill_diagonal(pair, 0.0)
    return Factors(
        moment=np.exp(moment),
        situation=np.exp(situation.reshape(-1, len(of_item))),
        pair=pair,
        coupons=coupon.shape[0],
    )


def situations(
    factors: Factors, weekend: Ints, hour: Ints, stay_part: Ints, party: Ints, coupon: Ints
) -> Floats:
    """Weigh every item in each situation, before the guest's own taste and past.

    Args:
        factors: The hotel's.
        weekend: 1 on Saturdays and Sundays, else 0, `(n,)`.
        hour: 0-23 by the hotel's clock, `(n,)`.
        stay_part: Along `STAY_PARTS`, `(n,)`.
        party: Along `PARTIES`, `(n,)`.
        coupon: The hotel's coupon in hand, -1 for none, `(n,)`.

    Returns:
        Weights, `(n, items)`; 0 when not served.
    """
    held = np.where(coupon < 0, factors.coupons - 1, coupon)
    row = (stay_part * len(PARTIES) + party) * factors.coupons + held
    weights: Floats = factors.moment[weekend * HOURS + hour]
    weights *= factors.situation[row]
    return weights


def tastes(preferences: Preferences, taste: Floats) -> Floats:
    """Weigh every item by what guests like; plain loops, since BLAS sums differ by thread count.

    Args:
        preferences: The hotel's.
        taste: Each guest's taste, `(n, axes)`; 0 is a guest of no taste.

    Returns:
        Factors, `(n, items)`.
    """
    total = np.zeros((len(taste), preferences.item_count))
    for axis in range(taste.shape[1]):
        total += taste[:, axis, None] * preferences.loading[None, :, axis]
    return np.exp(total)


def likings(preferences: Preferences, guest: Ints, item: Ints) -> Floats:
    """Tell what having ordered an item does to ordering it again.

    Args:
        preferences: The hotel's.
        guest: Rows among all guests, `(n,)`.
        item: Items of the hotel, counted from 0 on its menu, `(n,)`.

    Returns:
        Factors, `(n,)`: above 1 for an item that the guest liked and may want again.
    """
    pull = preferences.repeat[item]
    liked = coin(preferences.seed, guest, item + preferences.first_item) < LIKED
    return np.exp(np.where(liked, pull, DISLIKE + np.minimum(pull, 0.0)))


def draw(weights: Floats, uniform: Floats) -> Ints:
    """Choose one item a row.

    Args:
        weights: `(n, items)`, 0 or more, each row with something above 0.
        uniform: `(n,)` from [0, 1).

    Returns:
        The chosen items, `(n,)`.
    """
    sums = np.cumsum(weights, axis=1)
    aim = uniform * sums[:, -1]
    return np.asarray(np.count_nonzero(sums <= aim[:, None], axis=1), dtype=np.int64)


def _hour_blind(preferences: Preferences) -> Floats:
    """Replace each hour's effect by the day's mean, and keep what is not served at 0."""
    hour, share = preferences.hour, preferences.hour_share
    served = np.isfinite(hour)
    weight = share * served
    mean = (np.exp(hour) * weight).sum(axis=2) / np.maximum(weight.sum(axis=2), 1e-12)
    level = np.log(np.maximum(mean, 1e-12))[:, :, None]
    return np.where(served, level, -np.inf)
