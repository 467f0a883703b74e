"""Recommender, model `popularity`: what a hotel's guests order most, lately more than long ago.

Orders and the catalog go in; per item the share of orders that hold it comes out. A hotel or item
without orders borrows from equally named items of other hotels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from nextloop.recommender.arrays import Array, Floats, Ints, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.queries import Queries

RECENT_DAYS = 28  # four whole weeks: each weekday counts equally


@dataclass(frozen=True, eq=False)
class Popularity:
    """Share of a hotel's orders that hold an item, orders weighted by recency.

    Args:
        share: Weighted share of orders with the item, in (0, 1), shape (n_items,).
        plain: The same unweighted.
        orders: Orders with the item, shape (n_items,).
        recent: Those of the last `RECENT_DAYS` days.
        hotel_orders: Orders of each hotel, shape (n_hotels,).
    """

    share: Scores
    plain: Scores
    orders: Ints
    recent: Ints
    hotel_orders: Ints

    name: ClassVar[str] = "popularity"

    @classmethod
    def fit(
        cls, interactions: Interactions, catalog: Catalog, config: TrainingConfig, last_day: int
    ) -> Self:
        """Count orders.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            config: Half-life and strength of the shared prior.
            last_day: The day from which an order's age counts.

        Returns:
            The fitted model.
        """
        age = last_day - interactions.day
        ones = np.ones(len(interactions))
        plain, orders, hotel_orders = _shares(interactions, catalog, ones, config.shared_strength)
        fading = 0.5 ** (age / config.half_life_days)
        share, _, _ = _shares(interactions, catalog, fading, config.shared_strength)
        lately = interactions.take(age < RECENT_DAYS)
        recent = np.bincount(lately.item, minlength=catalog.n_items)
        return cls(
            share.astype(np.float32),
            plain.astype(np.float32),
            orders.astype(np.int64),
            recent.astype(np.int64),
            hotel_orders.astype(np.int64),
        )

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says: the weighted share, the same for every query."""
        share = self.share[queries.rows]
        return np.broadcast_to(share, (len(queries), len(share)))

    def arrays(self) -> dict[str, Array]:
        """Give the arrays to store, by name."""
        return {
            "share": self.share,
            "plain": self.plain,
            "orders": self.orders,
            "recent": self.recent,
            "hotel_orders": self.hotel_orders,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> Self:
        """Make the model from what `arrays` gave."""
        return cls(**arrays)


def _shares(
    interactions: Interactions, catalog: Catalog, weight: Floats, strength: float
) -> tuple[Floats, Floats, Floats]:
    """Shrink each item's share of its hotel's orders towards the share of its name anywhere."""
    hotel = np.repeat(np.arange(len(catalog.hotel)), np.diff(catalog.start))
    of_line = weight[interactions.line_order]
    count: Floats = np.bincount(interactions.item, of_line, catalog.n_items).astype(np.float64)
    total: Floats = np.bincount(interactions.hotel, weight, len(catalog.hotel)).astype(np.float64)
    usual = _usual_share(catalog, hotel, count, total, strength)
    name = catalog.names
    named, asked = np.bincount(name, count)[name], np.bincount(name, total[hotel])[name]
    prior = (named + strength * usual) / (asked + strength)
    return (count + strength * prior) / (total[hotel] + strength), count, total


def _usual_share(
    catalog: Catalog, hotel: Ints, count: Floats, total: Floats, strength: float
) -> Floats:
    """Give the share of an item of which nothing is known: lines an order over items on offer."""
    menu = np.maximum(np.bincount(hotel, catalog.offered, minlength=len(total)), 1)
    lines = np.bincount(hotel, count, minlength=len(total))
    anywhere = (count.sum() + 1) / (total.sum() + 1)
    usual: Floats = (lines + strength * anywhere) / (total + strength) / menu
    return usual[hotel]
