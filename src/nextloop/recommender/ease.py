"""Recommender, model `ease`: each item predicted from all others, by one linear regression.

Orders go in; per hotel two matrices of weights come out: between what guests order over time, and
between what stands in one order. Steck, "Embarrassingly shallow autoencoders for sparse data", WWW
2019: B = I - P diag(1 / diag P) with P = (X'X + s I)^-1. Only X'X is stored: B follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from nextloop.recommender import counting
from nextloop.recommender.arrays import Array, Floats, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.popularity import Popularity
from nextloop.recommender.queries import Queries

_TIE = np.float32(1e-3)  # popularity decides where nothing else does


@dataclass(frozen=True, eq=False)
class Ease:
    """Weights between items, one matrix a hotel.

    Args:
        popularity: Popularity, the score when nothing was ordered.
        guests: Guests (stays, where the guest is unknown) with both items of a pair.
        orders: Orders with both.
        by_guest: Weights of what was ordered before, shape (n, n) by hotel.
        by_order: Weights of what is in the order already, shape (n, n) by hotel.
        excess: Chance of the second item in an order that holds the first, minus its usual
            chance, shape (n, n) by hotel.
    """

    popularity: Popularity
    guests: sparse.csr_array
    orders: sparse.csr_array
    by_guest: tuple[Scores, ...]
    by_order: tuple[Scores, ...]
    excess: tuple[Scores, ...]

    name: ClassVar[str] = "ease"

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
    ) -> Self:
        """Count pairs and solve.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            config: Strength of the regularisation.
            popularity: Popularity fitted on the same orders.

        Returns:
            The fitted model.
        """
        n = catalog.n_items
        guests = counting.together(interactions.owner, interactions, n)
        orders = counting.together(np.arange(len(interactions), dtype=np.int32), interactions, n)
        return cls._solved(guests, orders, catalog, config, popularity)

    @classmethod
    def _solved(
        cls,
        guests: sparse.csr_array,
        orders: sparse.csr_array,
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
    ) -> Self:
        rows = [catalog.rows(hotel) for hotel in range(len(catalog.hotel))]
        by_guest = [counting.dense(guests, of_hotel) for of_hotel in rows]
        by_order = [counting.dense(orders, of_hotel) for of_hotel in rows]
        shares = [popularity.plain[of_hotel] for of_hotel in rows]
        pair = config.pair_strength
        return cls(
            popularity,
            guests,
            orders,
            tuple(_weights(both, config.ease_strength) for both in by_guest),
            tuple(_weights(both, config.ease_strength) for both in by_order),
            tuple(
                counting.excess(both, np.diag(both), usual, pair)
                for both, usual in zip(by_order, shares, strict=True)
            ),
        )

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says: what the past and the cart predict."""
        by_cart = self.from_cart(queries)
        score: Scores = self.from_past(queries) + by_cart + _TIE * self.popularity.score(queries)
        return score

    def from_past(self, queries: Queries) -> Scores:
        """Predict from what was ordered before, shape (q, n)."""
        predicted: Scores = queries.in_past @ self.by_guest[queries.hotel]
        return predicted

    def from_cart(self, queries: Queries) -> Scores:
        """Predict from what is in the order already, shape (q, n)."""
        predicted: Scores = queries.cart @ self.by_order[queries.hotel]
        return predicted

    def beside_cart(self, queries: Queries) -> Scores:
        """Average over the items in the order already what stands beside them, shape (q, n)."""
        size = np.maximum(queries.cart.sum(axis=1, keepdims=True), 1)
        mean: Scores = queries.cart @ self.excess[queries.hotel] / size
        return mean

    def arrays(self) -> dict[str, Array]:
        """Give the arrays to store, by name; popularity's are stored with it."""
        return counting.stored({"guests": self.guests, "orders": self.orders})

    @classmethod
    def from_arrays(
        cls,
        arrays: dict[str, Array],
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
    ) -> Self:
        """Make the model from what `arrays` gave, with the catalog and configuration it had."""
        guests, orders = (
            counting.restored(arrays, name, catalog.n_items) for name in ("guests", "orders")
        )
        return cls._solved(guests, orders, catalog, config, popularity)


def _weights(both: Floats, strength: float) -> Scores:
    inverse = np.linalg.inv(both + strength * np.eye(len(both)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights.astype(np.float32)
