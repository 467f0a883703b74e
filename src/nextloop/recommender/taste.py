"""Recommender: kinds of guests, told apart by what they order.

Orders go in; out comes for each kind how much more than usual it orders each item, and of which
kind the guest of a query seems to be. A mixture of kinds fitted by expectation and maximisation
(Dempster, Laird and Rubin 1977; for choices: Kamakura and Russell, "A probabilistic choice model
for market segmentation", 1989). What is usual is the hotel's choice at that hour, so who comes at
breakfast is not taken for a kind; equally named items of all hotels tell of one taste, from which
an item differs as far as it was ordered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import sparse

from nextloop.recommender.arrays import Array, Floats, Ints, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.context import HOURS, Context
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.queries import Queries
from nextloop.recommender.shrinking import shrunk


@dataclass(frozen=True, eq=False)
class Taste:
    """Kinds of guests.

    Args:
        log_share: Logarithm of each kind's share of the guests, shape (n_kinds,).
        lift: How much more than usual a kind orders an item, mean 1, shape (n_items, n_kinds).
        evidence: What an order of the item adds to the logarithm of a kind's chance, same shape.
    """

    log_share: Scores
    lift: Scores
    evidence: Scores

    @classmethod
    def fit(
        cls, interactions: Interactions, catalog: Catalog, config: TrainingConfig, context: Context
    ) -> Self:
        """Tell kinds of guests apart.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            config: Number of kinds, guests, rounds and strength of the shrinking.
            context: Popularity and hours fitted on the same orders.

        Returns:
            The kinds; all alike where no guest ordered two items.
        """
        table = _Guests.of(interactions, catalog, config.taste_guests)
        usual = _Usual.of(interactions, catalog, context)
        rng = np.random.default_rng(config.seed)
        belongs = rng.dirichlet(np.ones(config.kinds), table.n_guests)
        share, lift, evidence = usual.alike(config.kinds)
        for number in range(config.taste_rounds if table.n_guests else 0):
            share = (belongs.sum(axis=0) + 1) / (table.n_guests + config.kinds)
            lift = usual.lift(table, belongs, lift, config.taste_strength)
            evidence = usual.evidence(lift)
            heat = min(1.0, 0.3 + number / (0.5 * config.taste_rounds))
            belongs = _belongs(np.log(share) + heat * (table.ordered @ evidence))
        kept = (np.log(share), lift, evidence)
        return cls(*(part.astype(np.float32) for part in kept))

    def kinds(self, queries: Queries) -> Scores:
        """Guess the kind of each query's guest from past and cart, shape (q, n_kinds)."""
        seen = np.maximum(queries.in_past, queries.cart)
        chance: Scores = _belongs(self.log_share + seen @ self.evidence[queries.rows])
        return chance

    def log_lift(self, queries: Queries) -> Scores:
        """Give the logarithm of how much more than usual the guest likes each item, (q, n)."""
        lift = self.lift[queries.rows].T
        log = np.log(self.kinds(queries) @ lift) - np.log(np.exp(self.log_share) @ lift)
        # sums differ in the last digit alone and in a batch, and trees part equal numbers there
        rounded: Scores = np.round(log, 4) + np.float32(0)
        return rounded

    def likely_again(self) -> Floats:
        """Give how much more than usual an item is liked by who ordered it, shape (n_items,)."""
        share, lift = np.exp(self.log_share.astype(np.float64)), self.lift.astype(np.float64)
        return np.asarray(lift**2 @ share / (lift @ share) ** 2)

    def arrays(self) -> dict[str, Array]:
        """Give the arrays to store, by name."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class _Guests:
    """Guests (stays, where unknown) of two items or more, the latest ones.

    Args:
        ordered: 1 for what they ever ordered, shape (n_guests, n_items).
        moments: How many of those items they first ordered at a hotel's hour, shape
            (n_guests, n_hotels * 24).
    """

    ordered: sparse.csr_array
    moments: sparse.csr_array

    @property
    def n_guests(self) -> int:
        return int(self.ordered.shape[0])

    @classmethod
    def of(cls, interactions: Interactions, catalog: Catalog, most: int) -> Self:
        order, n_items = interactions.line_order, catalog.n_items
        cells = interactions.owner[order].astype(np.int64) * n_items + interactions.item
        cell, first = np.unique(cells, return_index=True)  # orders are sorted by time
        owner, item, order = cell // n_items, cell % n_items, order[first]
        tells = np.bincount(owner)[owner] > 1
        _, guest = np.unique(owner[tells], return_inverse=True)
        n = int(guest.max(initial=-1)) + 1
        late = guest >= n - most  # owners are numbered by their first order
        guest, n = guest[late] - max(0, n - most), min(n, most)
        hotel, hour = (
            column[order][tells][late] for column in (interactions.hotel, interactions.hour)
        )
        moments = len(catalog.hotel) * HOURS
        ones = np.ones(len(guest))
        at = hotel.astype(np.int64) * HOURS + hour
        return cls(
            sparse.csr_array((ones, (guest, item[tells][late])), shape=(n, n_items)),
            sparse.csr_array((ones, (guest, at)), shape=(n, moments)),
        )


@dataclass(frozen=True, eq=False)
class _Usual:
    """What is chosen of a hotel's menu at an hour.

    Args:
        rows: Rows of each hotel's items.
        names: 1 where an item has a name, shape (n_names, n_items).
        chance: Chance of an item among its hotel's at an hour, shape (24, n_items).
        hours: Chance of the hour when the item is ordered, shape (24, n_items).
    """

    rows: tuple[slice, ...]
    names: sparse.csr_array
    chance: Floats
    hours: Floats

    @classmethod
    def of(cls, interactions: Interactions, catalog: Catalog, context: Context) -> Self:
        rows = tuple(catalog.rows(hotel) for hotel in range(len(catalog.hotel)))
        weight = context.popularity.plain * np.exp(context.hour.log.T.astype(np.float64))
        name: Ints = catalog.names
        items = np.arange(catalog.n_items)
        names = sparse.csr_array((np.ones(len(name)), (name, items)))
        total = np.concatenate(
            [np.repeat(weight[:, r].sum(axis=1)[:, None], r.stop - r.start, axis=1) for r in rows],
            axis=1,
        )
        chance = weight / total
        orders = np.zeros((len(rows), HOURS))
        np.add.at(orders, (interactions.hotel, interactions.hour), 1)
        hotel = np.repeat(np.arange(len(rows)), np.diff(catalog.start))
        hours = chance * (orders.T[:, hotel] + 1)
        return cls(rows, names, chance, hours / hours.sum(axis=0))

    def alike(self, kinds: int) -> tuple[Floats, Floats, Floats]:
        """Give kinds that do not differ: shares, lifts and evidence."""
        n_items = self.chance.shape[1]
        return np.full(kinds, 1 / kinds), np.ones((n_items, kinds)), np.zeros((n_items, kinds))

    def lift(self, table: _Guests, belongs: Floats, lift: Floats, strength: float) -> Floats:
        """Compare what each kind ordered with what is usual at its guests' hours."""
        observed = table.ordered.T @ belongs
        lines = table.moments.T @ belongs
        expected = np.zeros_like(observed)
        for hotel, rows in enumerate(self.rows):
            chance, of_hotel = self.chance[:, rows], slice(hotel * HOURS, (hotel + 1) * HOURS)
            expected[rows] = chance.T @ (lines[of_hotel] / (chance @ lift[rows]))
        # kinds differ in how much they order of an item; on average its lift is 1
        expected *= (observed.sum(axis=1) / np.maximum(expected.sum(axis=1), 1e-9))[:, None]
        ordered, usual = (self._elsewhere(part) for part in (observed, expected))
        of_name = shrunk(ordered, usual, 1.0, strength)
        return shrunk(observed, expected, of_name, strength)

    def _elsewhere(self, count: Floats) -> Floats:
        """Add up what other hotels have of the same name."""
        return np.asarray(self.names.T @ (self.names @ count) - count)

    def evidence(self, lift: Floats) -> Floats:
        """Take from a lift what any item at those hours would have shown."""
        found = np.log(lift)
        for rows in self.rows:
            level = np.log(self.chance[:, rows] @ lift[rows])
            found[rows] -= self.hours[:, rows].T @ level
        return found


def _belongs(log_chance: Array) -> Array:
    chance = np.exp(log_chance - log_chance.max(axis=1, keepdims=True))
    found: Array = chance / chance.sum(axis=1, keepdims=True)
    return found
