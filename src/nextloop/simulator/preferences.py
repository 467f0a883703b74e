"""A hotel's preferences: the catalogue's effects, its own opening hours, and chance pairs.

In come the catalogue, a hotel's menu and its departments' hours, out go its `Preferences`.
"""

from __future__ import annotations

import numpy as np

from nextloop.simulator.catalog import HOURS, Catalog, is_open
from nextloop.simulator.choice import Preferences
from nextloop.simulator.columns import Flags, Floats, Ints, Items
from nextloop.simulator.config import SimulatorConfig

SAME_KIND = -0.8
"""Log effect of a paid item on others of its category: few order two stews."""
SAME_REQUESTS = 0.3
"""The same between requests of a category: who asks for towels may ask for a pillow."""
TABLE = frozenset({"kitchen", "cafe", "bar"})
OTHER_WORLD = -1.6
"""Log effect between what is eaten or drunk and all else: towels seldom come with dinner."""
OWN_PARTNERS = 2
"""Chance partners of each paid item, which only co-occurrence can tell."""
OWN_LIFT = 1.5
"""Log effect between chance partners."""
PERSONAL_TASTE = 0.5
"""Spread of a guest's taste around that of its kind, on each axis."""
TWIST = 0.2
"""Spread of a category's popularity between hotels, log."""
PAID_SCATTER = 0.3
REQUEST_SCATTER = 0.1
"""Spread of an item's loadings around its category's."""


def preferences(
    config: SimulatorConfig,
    source: Catalog,
    rng: np.random.Generator,
    items: Items,
    first_item: int,
    spans: dict[str, tuple[int, int]],
    coupon_categories: list[int],
) -> Preferences:
    """Assemble one hotel's preferences.

    Args:
        config: The strengths count.
        source: The catalogue.
        rng: The hotel's stream.
        items: Its menu.
        first_item: Row of its first item among all items.
        spans: Opening hours by kind of department; absent kinds are not in the hotel.
        coupon_categories: Category of each of its coupons.

    Returns:
        Preferences with the strengths applied.
    """
    categories = source.categories
    share = np.array([source.weekday_hours, source.weekend_hours])
    share = share / share.sum(axis=1, keepdims=True)
    paid = items.price > 0
    scatter = np.where(paid, PAID_SCATTER, REQUEST_SCATTER)[:, None]
    centre = np.array([category.taste for category in categories])[items.category]
    loading = config.taste_strength * (centre + rng.standard_normal(centre.shape) * scatter)
    repeat = np.array([category.repeat for category in categories])[items.category]
    return Preferences(
        seed=config.seed,
        first_item=first_item,
        category=items.category,
        appeal=_appeal(source, rng, items.category) - _taste_mean(source, loading),
        loading=loading,
        repeat=config.repeat_strength * repeat,
        pair=config.pair_strength * _pairs(source, rng, items.category, paid),
        hour=_hours(config, source, spans, share),
        hour_share=share,
        stay=config.stay_strength * np.array([category.stay for category in categories]),
        party=config.party_strength * np.array([category.party for category in categories]),
        coupon=_coupon_effect(config, len(categories), coupon_categories),
    )


def _appeal(source: Catalog, rng: np.random.Generator, category: Ints) -> Floats:
    """Draw appeals so that a category's share does not grow with its number of items."""
    spread = np.array([kind.spread for kind in source.categories])
    share = np.array([kind.share for kind in source.categories])
    twist = rng.normal(0.0, TWIST, len(share))
    own = spread[category] * rng.standard_normal(len(category))
    total = np.bincount(category, weights=np.exp(own), minlength=len(share))
    level = np.log(share) + twist
    return np.asarray(own + level[category] - np.log(total[category]))


def _taste_mean(source: Catalog, loading: Floats) -> Floats:
    """Return each item's mean taste effect over guests, as a log, so that shares hold."""
    spread: Floats = PERSONAL_TASTE**2 / 2 * (loading**2).sum(axis=1)
    mean = np.zeros(len(loading))
    for kind in source.kinds:
        mean += kind.share * np.exp((loading * np.array(kind.centre)).sum(axis=1) + spread)
    return np.log(mean)


def _hours(
    config: SimulatorConfig, source: Catalog, spans: dict[str, tuple[int, int]], share: Floats
) -> Floats:
    """Return effects `(categories, 2, 24)` whose mean over a day is 1, so that shares hold."""
    effects = np.full((len(source.categories), 2, HOURS), -np.inf)
    for number, category in enumerate(source.categories):
        if category.department not in spans:
            continue
        served = is_open(spans[category.department]) & is_open(category.served)
        for weekend in (0, 1):
            effect = config.hour_strength * category.hour_effect()
            mean = (share[weekend] * np.exp(effect) * served).sum()
            effect = effect - np.log(mean) + weekend * config.hour_strength * category.weekend
            effects[number, weekend] = np.where(served, effect, -np.inf)
    return effects


def _pairs(source: Catalog, rng: np.random.Generator, category: Ints, paid: Flags) -> Floats:
    count = len(source.categories)
    between = np.zeros((count, count))
    for first, second, effect in source.pairs:
        between[first, second] = between[second, first] = effect
    for number, kind in enumerate(source.categories):
        between[number, number] = SAME_KIND if kind.paid else SAME_REQUESTS
        for other, another in enumerate(source.categories):
            if (kind.department in TABLE) != (another.department in TABLE):
                between[number, other] += OTHER_WORLD
    lift = between[np.ix_(category, category)]
    buyable = np.flatnonzero(paid)
    for _ in range(OWN_PARTNERS):
        partner = buyable[rng.integers(0, len(buyable), len(buyable))]
        lift[buyable, partner] += OWN_LIFT
        lift[partner, buyable] += OWN_LIFT
    return np.asarray(lift)


def _coupon_effect(config: SimulatorConfig, categories: int, held: list[int]) -> Floats:
    effect = np.zeros((categories, len(held) + 1))
    for column, category in enumerate(held):
        effect[category, column] = config.coupon_strength
    return effect
