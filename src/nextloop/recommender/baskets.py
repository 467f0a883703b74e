"""Recommender: what earlier orders like this one hold besides.

A hotel's latest orders of several items go in; a cart is compared with each of them, and the more
alike and the fresher an order, the more its other items count. Session-based nearest neighbours
after Ludewig and Jannach, "Evaluation of session-based recommendation algorithms", UMUAI 2018
(VS-KNN), with a power of the cosine instead of k nearest: no sorting, no ties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from nextloop.recommender.arrays import Array, Codes, Ints, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.history import ranges
from nextloop.recommender.queries import Queries

POWERS = (10, 4)
"""Of the cosine. 10 was best on takeaway's validation orders (HR@5 .341 at 4, .411 at 10, .387 at
20): who orders nearly the same again is the best guide; 4 for carts that nobody has had before."""


@dataclass(frozen=True, eq=False)
class Orders:
    """One hotel's orders of several items, `p` of them.

    Args:
        direction: The order with length 1, shape (p, n).
        held: 1 for its items, shape (n, p).
        day: Its day, shape (p,).
    """

    direction: sparse.csr_array
    held: sparse.csr_array
    day: Codes


@dataclass(frozen=True, eq=False)
class Baskets:
    """The latest orders of several items of each hotel.

    Args:
        hotel_start: First order of each hotel and the end, shape (n_hotels + 1,).
        start: First item of each order and the end.
        item: Item rows.
        day: Day of each order.
        half_life: Days after which an order counts half.
        hotels: The same by hotel, ready to compare.
    """

    hotel_start: Ints
    start: Ints
    item: Codes
    day: Codes
    half_life: float
    hotels: tuple[Orders, ...]

    STORED: ClassVar[tuple[str, ...]] = ("hotel_start", "start", "item", "day")

    @classmethod
    def fit(cls, interactions: Interactions, catalog: Catalog, config: TrainingConfig) -> Self:
        """Collect orders.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            config: How many orders of a hotel are kept, and how fast they age.

        Returns:
            The orders of several items.
        """
        size = np.diff(interactions.start)
        n_hotels = len(catalog.hotel)
        chosen = [
            np.flatnonzero((size > 1) & (interactions.hotel == hotel))[-config.pool_orders :]
            for hotel in range(n_hotels)
        ]
        orders = np.concatenate([np.zeros(0, np.int64), *chosen])
        arrays: dict[str, Array] = {
            "hotel_start": np.append(0, np.cumsum([len(part) for part in chosen])).astype(np.int64),
            "start": np.append(0, np.cumsum(size[orders])).astype(np.int64),
            "item": interactions.item[ranges(interactions.start[orders], size[orders])],
            "day": interactions.day[orders],
        }
        return cls.from_arrays(arrays, catalog, config)

    @classmethod
    def from_arrays(
        cls, arrays: dict[str, Array], catalog: Catalog, config: TrainingConfig
    ) -> Self:
        """Make it from what `arrays` gave, with the catalog and configuration it had."""
        hotels = tuple(
            _orders(arrays, catalog.rows(hotel), hotel) for hotel in range(len(catalog.hotel))
        )
        return cls(**arrays, half_life=config.pool_half_life_days, hotels=hotels)

    def beside(self, queries: Queries, powers: tuple[int, ...] = POWERS) -> list[Scores]:
        """Share out what orders like the carts hold besides; none is later than the query's day.

        Args:
            queries: Queries to one hotel.
            powers: Powers of the cosine.

        Returns:
            For each power a distribution over the items not in the cart, 0 without a cart or
            where no order is like it; shape (q, n).
        """
        orders = self.hotels[queries.hotel]
        if not queries.cart.any() or not len(orders.day):
            return [np.zeros_like(queries.cart) for _ in powers]
        length = np.sqrt(queries.cart.sum(axis=1))
        cosine = (orders.direction @ queries.cart.T) / np.maximum(length, np.float32(1))  # (p, q)
        age = (orders.day.max() - orders.day) / self.half_life
        fresh = (0.5**age).astype(np.float32)[:, None] * (orders.day[:, None] <= queries.day)
        found = []
        for power in powers:
            held = (orders.held @ (fresh * raised(cosine, power))).T
            held = np.where(queries.cart > 0, np.float32(0), held)
            total = held.sum(axis=1, keepdims=True)
            found.append((held / np.where(total > 0, total, np.float32(1))).astype(np.float32))
        return found

    def arrays(self) -> dict[str, Array]:
        """Give the arrays to store, by name."""
        return {name: getattr(self, name) for name in self.STORED}


def raised(values: Scores, power: int) -> Scores:
    """Raise to a whole power by squaring; numpy's own way takes ten times as long."""
    found, square = None, values
    while power:
        if power % 2:
            found = square if found is None else found * square
        square, power = square * square, power // 2
    return np.ones_like(values) if found is None else found


def _orders(arrays: dict[str, Array], rows: slice, hotel: int) -> Orders:
    begin, end = (int(place) for place in arrays["hotel_start"][hotel : hotel + 2])
    start = arrays["start"][begin : end + 1]
    item = arrays["item"][int(start[0]) : int(start[-1])] - rows.start
    size = np.diff(start)
    shape = (end - begin, rows.stop - rows.start)
    ones = np.ones(len(item), np.float32)
    unit = np.repeat(1 / np.sqrt(np.maximum(size, 1)), size).astype(np.float32)
    return Orders(
        sparse.csr_array((unit, item, start - start[0]), shape=shape),
        sparse.csr_array(sparse.csr_array((ones, item, start - start[0]), shape=shape).T),
        arrays["day"][begin:end],
    )
