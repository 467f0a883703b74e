"""Recommender: all that is counted from a set of orders, the ground that every model stands on.

Orders go in; popularity, context, pairs and how readily items are ordered again come out. A
training counts several times (without one group of guests, before the test, on everything); a
bundle holds the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from nextloop.recommender.arrays import Array, Floats, Scores
from nextloop.recommender.baskets import Baskets
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.context import Context
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.ease import Ease
from nextloop.recommender.menu import Menu
from nextloop.recommender.neighbours import Neighbours
from nextloop.recommender.popularity import Popularity
from nextloop.recommender.sequence import Sequence
from nextloop.recommender.shrinking import shrunk, strength
from nextloop.recommender.taste import Taste
from nextloop.recommender.together import Together


@dataclass(frozen=True, eq=False)
class State:
    """Counts of one set of orders, and the three models that need nothing else.

    Args:
        catalog: The hotels' items, as known when counting.
        popularity: Orders by item.
        context: Orders by item and situation.
        together: Stays by pair of items.
        ease: Guests and orders by pair of items, and what each item predicts of the others.
        baskets: Latest orders of several items.
        neighbours: Latest orders with what their guests ordered before.
        sequence: Orders by item and earlier item.
        taste: Kinds of guests.
        again: Share of an item's orders that are not their guest's first, shape (n_items,).
        repeat: Logarithm of how much likelier than usual an item is for who had it before, shape
            (n_items,).
        menus: Each hotel's items beside each other, from the catalog.
    """

    catalog: Catalog
    popularity: Popularity
    context: Context
    together: Together
    ease: Ease
    baskets: Baskets
    neighbours: Neighbours
    sequence: Sequence
    taste: Taste
    again: Scores
    repeat: Scores
    menus: tuple[Menu, ...]

    PARTS: ClassVar[tuple[str, ...]] = (
        "popularity", "context", "together", "ease", "baskets", "neighbours", "sequence",
        "taste", "again",
    )  # fmt: skip

    @property
    def models(self) -> tuple[Popularity, Context, Together, Ease, Neighbours]:
        """The models that need nothing but counts, the simplest first."""
        return self.popularity, self.context, self.together, self.ease, self.neighbours

    @classmethod
    def fit(
        cls, interactions: Interactions, catalog: Catalog, config: TrainingConfig, last_day: int
    ) -> Self:
        """Count orders.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items, as known when counting.
            config: How to smooth and shrink.
            last_day: The day from which an order's age counts.

        Returns:
            The counts.
        """
        popularity = Popularity.fit(interactions, catalog, config, last_day)
        context = Context.fit(interactions, catalog, config, popularity)
        together = Together.fit(interactions, catalog, config, popularity)
        ease = Ease.fit(interactions, catalog, config, popularity)
        baskets = Baskets.fit(interactions, catalog, config)
        neighbours = Neighbours.fit(interactions, catalog, config, popularity, baskets)
        sequence = Sequence.fit(interactions, catalog, config, popularity)
        taste = Taste.fit(interactions, catalog, config, context)
        again = _again(interactions, catalog, config.pair_strength).astype(np.float32)
        more = (ease, baskets, neighbours, sequence, taste, again)
        repeat = _repeat(sequence, popularity, taste, catalog)
        derived = (repeat, _menus(catalog))
        return cls(catalog, popularity, context, together, *more, *derived)

    def arrays(self) -> dict[str, dict[str, Array]]:
        """Give the arrays to store, by part and name; the catalog is stored apart."""
        return {
            "popularity": self.popularity.arrays(),
            "context": self.context.arrays(),
            "together": self.together.arrays(),
            "ease": self.ease.arrays(),
            "baskets": self.baskets.arrays(),
            "neighbours": self.neighbours.arrays(),
            "sequence": self.sequence.arrays(),
            "taste": self.taste.arrays(),
            "again": {"again": self.again},
        }

    @classmethod
    def from_arrays(
        cls, parts: Mapping[str, dict[str, Array]], catalog: Catalog, config: TrainingConfig
    ) -> Self:
        """Make the state from what `arrays` gave, with the catalog and configuration it had."""
        popularity = Popularity.from_arrays(parts["popularity"])
        context = Context.from_arrays(parts["context"], popularity)
        together = Together.from_arrays(parts["together"], catalog, config, popularity)
        ease = Ease.from_arrays(parts["ease"], catalog, config, popularity)
        baskets = Baskets.from_arrays(parts["baskets"], catalog, config)
        neighbours = Neighbours.from_arrays(parts["neighbours"], catalog, popularity, baskets)
        sequence = Sequence.from_arrays(parts["sequence"], catalog, config, popularity)
        taste, again = Taste(**parts["taste"]), parts["again"]["again"]
        more = (ease, baskets, neighbours, sequence, taste, again)
        repeat = _repeat(sequence, popularity, taste, catalog)
        derived = (repeat, _menus(catalog))
        return cls(catalog, popularity, context, together, *more, *derived)


def _menus(catalog: Catalog) -> tuple[Menu, ...]:
    return tuple(Menu.of(catalog, hotel) for hotel in range(len(catalog.hotel)))


def _again(interactions: Interactions, catalog: Catalog, strength: float) -> Floats:
    """Count what owners ordered before, shrunk to the share over all items."""
    owner = interactions.owner[interactions.line_order].astype(np.int64)
    pair = np.unique(owner * catalog.n_items + interactions.item)
    first = np.bincount(pair % catalog.n_items, minlength=catalog.n_items)
    orders = np.bincount(interactions.item, minlength=catalog.n_items)
    usual = (orders - first).sum() / max(1, orders.sum())
    share: Floats = (orders - first + strength * usual) / (orders + strength)
    return share


def _repeat(sequence: Sequence, popularity: Popularity, taste: Taste, catalog: Catalog) -> Scores:
    """Compare orders of what was ordered before with what its guests' taste alone would make."""
    seen: Floats = sequence.any_.diagonal().astype(np.float64)
    usual: Floats = sequence.any_orders * popularity.plain * taste.likely_again()
    anywhere = (seen.sum() + 1) / (usual.sum() + 1)
    name = catalog.names
    named, wanted = (np.bincount(name, part).astype(np.float64) for part in (seen, usual))
    prior = shrunk(named, wanted, anywhere, strength(named, wanted, anywhere))[name]
    return np.log(shrunk(seen, usual, prior, strength(seen, usual, prior))).astype(np.float32)
