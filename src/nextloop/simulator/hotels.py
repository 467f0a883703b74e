"""Hotels: their rooms, departments, menus, coupons and what moves choices in them.

In come the config and the catalogue, out goes one `Hotel` after the other; numbers that count
over all hotels (rooms, departments, items) go on from where the hotel before stopped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.simulator import catalog, choice
from nextloop.simulator.catalog import Catalog
from nextloop.simulator.columns import Items, Rooms
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.menus import menu
from nextloop.simulator.preferences import preferences
from nextloop.simulator.rooms import build_rooms
from nextloop.simulator.streams import stream

COUPON_CATEGORIES = ("coffee", "chicken", "wine", "spa", "burger", "cake", "breakfast", "laundry")
COUPONS_PER_HOTEL = 4
SPA_HOTELS = 0.8
"""Share of hotels with a spa."""
SMALLEST, LARGEST = 0.6, 1.4
"""Orders of a hotel relative to the others."""
PERCENTS = (10, 20, 30, 0)
"""What coupons take off; 0 gives one item free."""


@dataclass(frozen=True)
class Department:
    """A department of a hotel; `open` may pass midnight, e.g. (16, 26)."""

    seq: int
    kind: str
    name: str
    open: tuple[int, int]


@dataclass(frozen=True)
class Coupon:
    """A coupon: `percent` off the line, or one item free when `percent` is 0."""

    seq: int
    category: int
    percent: int


@dataclass(frozen=True)
class Hotel:
    """One hotel; `seq` is its hotel_seq, `orders` what the config asks of it."""

    seq: int
    orders: int
    departments: tuple[Department, ...]
    coupons: tuple[Coupon, ...]
    rooms: Rooms
    items: Items
    preferences: choice.Preferences


def build(config: SimulatorConfig) -> list[Hotel]:
    """Build the hotels of a world.

    Args:
        config: `hotels`, `orders`, `menu_items` and the strengths count.

    Returns:
        The hotels, hotel_seq from 1 on.
    """
    source = catalog.load()
    sizes = stream(config.seed, "sizes").uniform(SMALLEST, LARGEST, config.hotels)
    upto = np.round(config.orders * np.cumsum(sizes) / sizes.sum()).astype(int)
    wanted = np.diff(upto, prepend=0)
    hotels: list[Hotel] = []
    for index in range(config.hotels):
        before = hotels[-1] if hotels else None
        hotels.append(_hotel(config, source, index, int(wanted[index]), before))
    return hotels


def _hotel(
    config: SimulatorConfig, source: Catalog, index: int, orders: int, before: Hotel | None
) -> Hotel:
    rng = stream(config.seed, "hotel", index)
    kinds = [kind for kind in source.departments if kind != "spa" or rng.random() < SPA_HOTELS]
    first = before.departments[-1].seq + 1 if before else 1
    departments = tuple(
        Department(first + place, kind, source.departments[kind][0], _hours(rng, source, kind))
        for place, kind in enumerate(kinds)
    )
    coupons = _coupons(rng, source, kinds, before.coupons[-1].seq + 1 if before else 1)
    seq_of = {department.kind: department.seq for department in departments}
    first_seq = int(before.items.item_seq[-1]) + 1 if before else 1
    items = menu(source, rng, index, seq_of, first_seq, config.menu_items)
    spans = {department.kind: department.open for department in departments}
    held = [coupon.category for coupon in coupons]
    return Hotel(
        seq=index + 1,
        orders=orders,
        departments=departments,
        coupons=coupons,
        rooms=build_rooms(config, rng, index, orders, before.rooms if before else None),
        items=items,
        preferences=preferences(config, source, rng, items, first_seq - 1, spans, held),
    )


def _hours(rng: np.random.Generator, source: Catalog, kind: str) -> tuple[int, int]:
    opens, closes = source.departments[kind][1]
    if closes - opens >= catalog.HOURS:
        return opens, closes
    early, late = rng.integers(-1, 2, 2)
    return max(0, opens + int(early)), closes + int(late)


def _coupons(
    rng: np.random.Generator, source: Catalog, kinds: list[str], first: int
) -> tuple[Coupon, ...]:
    number = {category.name: place for place, category in enumerate(source.categories)}
    usable = [
        number[name]
        for name in COUPON_CATEGORIES
        if source.categories[number[name]].department in kinds
    ]
    chosen = sorted(rng.permutation(usable)[:COUPONS_PER_HOTEL].tolist())
    percents = rng.choice(PERCENTS, COUPONS_PER_HOTEL).tolist()
    return tuple(
        Coupon(first + place, category, percents[place]) for place, category in enumerate(chosen)
    )
