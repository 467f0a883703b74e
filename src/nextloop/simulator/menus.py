"""Menus: which of the catalogue's dishes and requests a hotel has, and at what price.

In come the catalogue and a hotel's departments, out go its items.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nextloop.simulator.catalog import Catalog, Category, Dish
from nextloop.simulator.columns import Ints, Items

PRICE_STEP = 500
"""Won; prices are whole steps."""
CHEAPEST, DEAREST = 0.85, 1.35
"""Price level of a hotel against the catalogue."""
EVERYWHERE = 2
"""The first dishes of each category are on every hotel's menu."""


def menu(
    source: Catalog,
    rng: np.random.Generator,
    hotel: int,
    seq_of: Mapping[str, int],
    first_seq: int,
    sizes: tuple[int, int],
) -> Items:
    """Choose what a hotel sells and what can be asked for.

    Args:
        source: The catalogue.
        rng: The hotel's stream.
        hotel: Place of the hotel among all.
        seq_of: department_seq by kind of the departments that it has.
        first_seq: item_seq of its first item.
        sizes: Smallest and largest number of items.

    Returns:
        One row an item, by category.
    """
    categories = [c for c in source.categories if c.department in seq_of]
    number = {category.name: place for place, category in enumerate(source.categories)}
    choices = [_choices(rng, category) for category in categories]
    size = int(rng.integers(sizes[0], sizes[1] + 1))
    counts = _shares(np.array([len(dishes) for dishes in choices]), size)
    level = float(rng.uniform(CHEAPEST, DEAREST))
    rows = [
        (category, dish)
        for category, dishes, count in zip(categories, choices, counts.tolist(), strict=True)
        for dish in dishes[:count]
    ]
    return Items(
        hotel=np.full(len(rows), hotel),
        item_seq=first_seq + np.arange(len(rows)),
        name=np.array([dish.name for _, dish in rows]),
        category=np.array([number[category.name] for category, _ in rows]),
        department_seq=np.array([seq_of[category.department] for category, _ in rows]),
        price=np.array([_price(dish.price, level) for _, dish in rows]),
    )


def _choices(rng: np.random.Generator, category: Category) -> list[Dish]:
    """Order what a menu may hold of a category: those that every hotel has, the rest by lot."""
    some = category.dishes[EVERYWHERE:]
    base = [some[place] for place in rng.permutation(len(some))]
    variants = [
        Dish(f"{dish.korean} {korean}", f"{dish.english} {english}", round(dish.price * factor))
        for korean, english, factor in category.variants
        for dish in category.dishes
    ]
    later = [variants[place] for place in rng.permutation(len(variants))]
    return [*category.dishes[:EVERYWHERE], *base, *later]


def _shares(available: Ints, size: int) -> Ints:
    """Share a menu of `size` items out over categories: the first ones, then in proportion."""
    counts = np.minimum(available, EVERYWHERE)
    room = available - counts
    rest = min(size - int(counts.sum()), int(room.sum()))
    exact = rest * room / room.sum()
    counts = counts + np.floor(exact).astype(int)
    short = min(size, int(available.sum())) - int(counts.sum())
    first = np.argsort(-(exact % 1), kind="stable")[:short]
    counts[first] += 1
    return np.asarray(counts)


def _price(price: int, level: float) -> int:
    return round(price * level / PRICE_STEP) * PRICE_STEP if price else 0
