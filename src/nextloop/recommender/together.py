"""Recommender, model `together`: what is ordered in the same stay as what was ordered so far.

Orders go in; per pair of items the number of stays with both comes out, and from it how much more
likely one is when the other was ordered. Item-to-item after Deshpande and Karypis, "Item-based
top-N recommendation algorithms", TOIS 2004 (conditional probability), shrunk to independence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from nextloop.recommender.arrays import Array, Codes, Floats, Ints, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.history import ranges
from nextloop.recommender.popularity import Popularity
from nextloop.recommender.queries import Queries


@dataclass(frozen=True, eq=False)
class Together:
    """Stays by item and by pair of items.

    Args:
        popularity: Popularity, the score when nothing was ordered.
        first: Item row of each pair's first item, ascending, shape (n_pairs,).
        second: Item row of the second item; both directions are stored. A pair of an item with
            itself counts the stays that ordered it more than once.
        stays: Stays with both.
        item_stays: Stays with the item, shape (n_items,).
        hotel_stays: Stays of the hotel, shape (n_hotels,).
        excess: For each hotel the chance of the second item when the first was ordered, minus its
            usual chance, shape (n, n) by hotel.
        past_weight: Weight of what was ordered before this stay.
    """

    popularity: Popularity
    first: Codes
    second: Codes
    stays: Codes
    item_stays: Codes
    hotel_stays: Codes
    excess: tuple[Scores, ...]
    past_weight: float

    name: ClassVar[str] = "together"

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
    ) -> Self:
        """Count pairs in stays.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            config: Strength of the shrinking and weight of the past.
            popularity: Popularity fitted on the same orders.

        Returns:
            The fitted model.
        """
        stay = interactions.stay[interactions.line_order]
        bags = _Bags.of(stay, interactions.item, catalog)
        n_stays = np.zeros(len(catalog.hotel), np.int32)
        _, first_order = np.unique(interactions.stay, return_index=True)
        np.add.at(n_stays, interactions.hotel[first_order], 1)
        counts = [bags.pairs(catalog.rows(hotel)) for hotel in range(len(catalog.hotel))]
        first, second, stays = (np.concatenate(part) for part in zip(*counts, strict=True))
        arrays = {
            "first": first.astype(np.int32),
            "second": second.astype(np.int32),
            "stays": stays.astype(np.int32),
            "item_stays": np.bincount(bags.item, minlength=catalog.n_items).astype(np.int32),
            "hotel_stays": n_stays,
        }
        return cls.from_arrays(arrays, catalog, config, popularity)

    @classmethod
    def from_arrays(
        cls,
        arrays: dict[str, Array],
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
    ) -> Self:
        """Make the model, dense matrices included, from what `arrays` gave.

        Args:
            arrays: The stored arrays.
            catalog: The hotels' items.
            config: Strength of the shrinking and weight of the past.
            popularity: The popularity stored with it.

        Returns:
            The model.
        """
        hotels = range(len(catalog.hotel))
        excess = tuple(_excess(arrays, catalog, h, config.pair_strength) for h in hotels)
        return cls(popularity, **arrays, excess=excess, past_weight=config.past_weight)

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says: usual chance plus the excess over what was ordered."""
        return self.popularity.score(queries) + self.lift(queries)

    def lift(self, queries: Queries) -> Scores:
        """Sum what this stay's, the cart's and, at less weight, the past's items add.

        Args:
            queries: Queries to one hotel.

        Returns:
            Shape (q, n); 0 where nothing was ordered.
        """
        weight = (
            np.maximum(queries.in_stay, queries.cart)
            + np.float32(self.past_weight) * queries.past_share
        )
        lift: Scores = weight @ self.excess[queries.hotel]
        return lift

    def stays_with(self, items: Ints, others: Ints) -> Ints:
        """Look up the stays with both of two items, for many pairs.

        Args:
            items: Rows of items.
            others: Rows of other items of the same hotel; both are broadcast.

        Returns:
            Number of stays of each pair.
        """
        wanted = items.astype(np.int64) * len(self.item_stays) + others
        place = np.minimum(np.searchsorted(self.pair, wanted), len(self.pair) - 1)
        if not len(self.pair):
            return np.zeros_like(wanted)
        return np.where(self.pair[place] == wanted, self.stays[place], 0).astype(np.int64)

    @cached_property
    def pair(self) -> Ints:
        """Both items of each pair in one number, ascending."""
        return self.first.astype(np.int64) * len(self.item_stays) + self.second

    def arrays(self) -> dict[str, Array]:
        """Give the arrays to store, by name; popularity's are stored with it."""
        return {
            "first": self.first,
            "second": self.second,
            "stays": self.stays,
            "item_stays": self.item_stays,
            "hotel_stays": self.hotel_stays,
        }


@dataclass(frozen=True, eq=False)
class _Bags:
    """Distinct items of each stay: `item[start[s]:start[s + 1]]`; and those ordered again."""

    item: Ints
    again: Ints
    start: Ints
    stay: Ints

    @classmethod
    def of(cls, stay: Codes, item: Codes, catalog: Catalog) -> _Bags:
        cell, times = np.unique(stay.astype(np.int64) * catalog.n_items + item, return_counts=True)
        stays, start = np.unique(cell // catalog.n_items, return_index=True)
        items = cell % catalog.n_items
        return cls(items, items[times > 1], np.append(start, len(items)), stays)

    def pairs(self, rows: slice) -> tuple[Ints, Ints, Ints]:
        """Count the stays with both items of each pair of one hotel, in both directions."""
        n = rows.stop - rows.start
        here = (self.item[self.start[:-1]] >= rows.start) & (self.item[self.start[:-1]] < rows.stop)
        first, size = self.start[:-1][here], np.diff(self.start)[here]
        lines = ranges(first, size)
        size_of_line = np.repeat(size, size)
        left = np.repeat(self.item[lines], size_of_line) - rows.start
        right = self.item[ranges(np.repeat(first, size), size_of_line)] - rows.start
        both = np.bincount(left * n + right, minlength=n * n).reshape(n, n)
        again = self.again[(self.again >= rows.start) & (self.again < rows.stop)] - rows.start
        np.fill_diagonal(both, np.bincount(again, minlength=n))
        left, right = np.nonzero(both)
        return left + rows.start, right + rows.start, both[left, right]


def _excess(arrays: dict[str, Array], catalog: Catalog, hotel: int, strength: float) -> Scores:
    """Spread a hotel's pairs: (both - expected) / (stays of the first + strength)."""
    rows = catalog.rows(hotel)
    n = rows.stop - rows.start
    here = slice(*np.searchsorted(arrays["first"], (rows.start, rows.stop)))
    first, second = arrays["first"][here] - rows.start, arrays["second"][here] - rows.start
    both: Floats = np.zeros((n, n))
    both[first, second] = arrays["stays"][here]
    stays = arrays["item_stays"][rows].astype(np.float64)
    expected = np.outer(stays, stays) / max(1, int(arrays["hotel_stays"][hotel]))
    return ((both - expected) / (stays + strength)[:, None]).astype(np.float32)
