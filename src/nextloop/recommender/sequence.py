"""Recommender: what the next order holds, given the one before it and all before that.

Orders go in; per pair of items the chance that an order holds the second after an earlier one held
the first comes out. First-order rules after Ludewig and Jannach, "Evaluation of session-based
recommendation algorithms", UMUAI 2018 (SR), shrunk to the hotel's popularity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from nextloop.recommender import counting
from nextloop.recommender.arrays import Array, Floats, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.popularity import Popularity
from nextloop.recommender.queries import Queries

_PRIOR_ITEMS = 3  # best of 2, 3, 4, 6 and 10 on simulated validation weeks


@dataclass(frozen=True, eq=False)
class Sequence:
    """Chances from an earlier item to a later one, minus the later one's usual chance.

    Args:
        last: Orders by item of the order right before and item.
        any_: Orders by item of any order before and item.
        last_orders: Orders right before which the item was ordered, shape (n_items,).
        any_orders: Orders before which the item was ever ordered, shape (n_items,).
        from_last: Excess chances by hotel, shape (n, n).
        from_any: The same after any earlier order.
        pull: Logarithm of how much more often than by chance two items are in different orders of
            one guest, shape (n, n) by hotel; a shared taste.
    """

    last: sparse.csr_array
    any_: sparse.csr_array
    last_orders: Floats
    any_orders: Floats
    from_last: tuple[Scores, ...]
    from_any: tuple[Scores, ...]
    pull: tuple[Scores, ...]

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
    ) -> Self:
        """Count what follows what.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            config: Strength of the shrinking, and how far back orders are looked at.
            popularity: Popularity fitted on the same orders.

        Returns:
            The fitted chances.
        """
        n, far = catalog.n_items, config.history_orders
        return cls._solved(
            counting.following(interactions, n, 1),
            counting.following(interactions, n, far),
            counting.followed(interactions, n, 1),
            counting.followed(interactions, n, far),
            catalog, config, popularity,
        )  # fmt: skip

    @classmethod
    def _solved(
        cls,
        last: sparse.csr_array,
        any_: sparse.csr_array,
        last_orders: Floats,
        any_orders: Floats,
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
    ) -> Self:
        strength = config.pair_strength
        rows = [catalog.rows(hotel) for hotel in range(len(catalog.hotel))]
        near = tuple(_excess(last, last_orders, popularity, r, strength) for r in rows)
        far = tuple(_excess(any_, any_orders, popularity, r, strength) for r in rows)
        pull = tuple(_pull(counting.dense(any_, of_hotel)) for of_hotel in rows)
        return cls(last, any_, last_orders, any_orders, near, far, pull)

    def after_last(self, queries: Queries) -> Scores:
        """Average over the items of the last order what follows them, shape (q, n)."""
        last = (queries.since == 0).astype(np.float32)
        return _mean(last, self.from_last[queries.hotel])

    def after_any(self, queries: Queries) -> Scores:
        """Average over all items ordered before what follows them, shape (q, n)."""
        return _mean(queries.in_past, self.from_any[queries.hotel])

    def pulled(self, queries: Queries) -> Scores:
        """Average the pull of all items ordered before, less with few of them, shape (q, n).

        A taste that is normal among guests would give the mean of its posterior like this.
        """
        past = queries.in_past
        items = past.sum(axis=1, keepdims=True) + _PRIOR_ITEMS
        pull: Scores = past @ self.pull[queries.hotel] / items
        return pull

    def arrays(self) -> dict[str, Array]:
        """Give the arrays to store, by name."""
        counts = counting.stored({"last": self.last, "any": self.any_})
        return {**counts, "last_orders": self.last_orders, "any_orders": self.any_orders}

    @classmethod
    def from_arrays(
        cls,
        arrays: dict[str, Array],
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
    ) -> Self:
        """Make the chances from what `arrays` gave, with the catalog and configuration it had."""
        last, any_ = (counting.restored(arrays, name, catalog.n_items) for name in ("last", "any"))
        seen = (arrays["last_orders"], arrays["any_orders"])
        return cls._solved(last, any_, *seen, catalog, config, popularity)


def _excess(
    counts: sparse.csr_array, seen: Floats, popularity: Popularity, rows: slice, strength: float
) -> Scores:
    return counting.excess(
        counting.dense(counts, rows), seen[rows], popularity.plain[rows], strength
    )


def _pull(after: Floats) -> Scores:
    both = after + after.T
    np.fill_diagonal(both, 0)
    times = both.sum(axis=1)
    expected = np.outer(times, times) / max(1.0, float(times.sum()))
    pull = np.log((both + 1) / (expected + 1))
    np.fill_diagonal(pull, 0)
    return pull.astype(np.float32)


def _mean(marks: Scores, excess: Scores) -> Scores:
    mean: Scores = marks @ excess / np.maximum(marks.sum(axis=1, keepdims=True), 1)
    return mean
