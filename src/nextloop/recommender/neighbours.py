"""Recommender, model `neighbours`: what the guest and guests with a like past order.

Orders go in; of each hotel's latest orders that had a past, the past and the order itself come out.
A query's past is compared with all of them; the nearer, the more they say. After Hu et al.,
"Modeling personalized item frequency information for next-basket recommendation" (TIFU-KNN), SIGIR
2020; instead of k nearest by distance all count by the square of the cosine: no sorting, no ties,
and better on the validation splits of DC and TaFeng (docs/decisions/0014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from nextloop.recommender.arrays import Array, Codes, Ints, Scores
from nextloop.recommender.baskets import POWERS as BASKET_POWERS
from nextloop.recommender.baskets import Baskets, raised
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.popularity import Popularity
from nextloop.recommender.queries import FADING, Histories, Queries

_TIE = np.float32(1e-3)  # popularity decides where nothing else does
POWERS = (2, 4)  # of the cosine: all that are a little alike, and only those that are much
_OWN = np.float32(0.3)  # best of .1, .3, .7 on the validation splits of DC and TaFeng


@dataclass(frozen=True, eq=False)
class Pool:
    """One hotel's orders that had a past, `p` of them.

    Args:
        direction: The past as `Queries.own`, of length 1, shape (p, n).
        bought: The past with the order added, as `Queries.own` would be after it, and below that 1
            for the items of the order, shape (2 n, p).
    """

    direction: sparse.csr_array
    bought: sparse.csr_array


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The guest's own frequencies and the neighbours'.

    Args:
        popularity: Popularity, the score when nothing was ordered.
        baskets: Orders that a cart is compared with.
        hotel_start: First order of each hotel and the end, shape (n_hotels + 1,).
        past_start: First past item of each order and the end.
        past_item: Item rows.
        past_own: The item's part in the past.
        past_orders: Orders of the past.
        next_start: First item of each order and the end.
        next_item: Item rows.
        pools: The same by hotel, ready to compare.
    """

    popularity: Popularity
    baskets: Baskets
    hotel_start: Ints
    past_start: Ints
    past_item: Codes
    past_own: Scores
    past_orders: Codes
    next_start: Ints
    next_item: Codes
    pools: tuple[Pool, ...]

    name: ClassVar[str] = "neighbours"
    STORED: ClassVar[tuple[str, ...]] = (
        "hotel_start", "past_start", "past_item", "past_own", "past_orders",
        "next_start", "next_item",
    )  # fmt: skip

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
        baskets: Baskets,
    ) -> Self:
        """Collect pasts and what came next.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            config: How many orders of a hotel are kept.
            popularity: Popularity fitted on the same orders.
            baskets: Of the same orders.

        Returns:
            The fitted model.
        """
        histories = Histories.of(catalog, interactions, config.history_orders)
        parts = [
            _collect(histories, hotel, config.pool_orders) for hotel in range(len(catalog.hotel))
        ]
        size = [len(part["past_orders"]) for part in parts]
        arrays = {
            name: np.concatenate([part[name] for part in parts]) for name in cls.STORED[2:]
            if not name.endswith("start")
        }  # fmt: skip
        for name in ("past_start", "next_start"):
            count = np.concatenate([part[name] for part in parts])
            arrays[name] = np.append(0, np.cumsum(count)).astype(np.int64)
        arrays["hotel_start"] = np.append(0, np.cumsum(size)).astype(np.int64)
        return cls.from_arrays(arrays, catalog, popularity, baskets)

    @classmethod
    def from_arrays(
        cls, arrays: dict[str, Array], catalog: Catalog, popularity: Popularity, baskets: Baskets
    ) -> Self:
        """Make the model from what `arrays` gave, with the catalog and orders it had."""
        hotels = range(len(catalog.hotel))
        pools = tuple(_pool(arrays, catalog.rows(hotel), hotel) for hotel in hotels)
        return cls(popularity, baskets, **arrays, pools=pools)

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says: own orders, neighbours', their next ones, the cart."""
        usual, following = self.near(queries, POWERS[:1])
        neighbours = (1 - _OWN) / 2 * (usual + following)
        beside = self.baskets.beside(queries, BASKET_POWERS[:1])[0]
        usual_share = _TIE * self.popularity.score(queries)
        score: Scores = _OWN * queries.own + neighbours + beside + usual_share
        return score

    def near(self, queries: Queries, powers: tuple[int, ...] = POWERS) -> list[Scores]:
        """Average the pool by likeness to the queries' pasts.

        Args:
            queries: Queries to one hotel.
            powers: Powers of the cosine.

        Returns:
            For each power what they usually order and what they ordered next, shape (q, n); 0
            where nobody is near.
        """
        pool, found = self.pools[queries.hotel], list[Scores]()
        known = np.flatnonzero(queries.own.any(axis=1))  # the others are like nobody
        own = queries.own[known]
        cosine = (pool.direction @ own.T) / np.sqrt((own**2).sum(axis=1))  # (p, q)
        likeness = np.concatenate([raised(cosine, power) for power in powers], axis=1)
        total = np.ones(len(likeness), np.float32) @ likeness  # ten times as fast as its sum
        bought = (pool.bought @ likeness) / np.where(total > 0, total, np.float32(1))
        for of_power in np.split(bought, len(powers), axis=1):
            for part in np.split(of_power, 2):
                mean = np.zeros_like(queries.own)
                mean[known] = part.T
                found.append(mean)
        return found

    def arrays(self) -> dict[str, Array]:
        """Give the arrays to store, by name; popularity's are stored with it."""
        return {name: getattr(self, name) for name in self.STORED}


def _collect(histories: Histories, hotel: int, most: int) -> dict[str, Array]:
    """Look back from the latest orders of a hotel that have a past; `start`s are still sizes."""
    table = histories.interactions
    has_past = (histories.owner.before > 0) & (table.hotel == hotel)
    orders = np.flatnonzero(has_past)[-most:]
    parts = []
    for first in range(0, len(orders), 256):
        chunk = orders[first : first + 256]
        asked = histories.ask(hotel, chunk)
        past = sparse.csr_array(asked.own)
        size = np.diff(table.start)[chunk]
        items = [table.item[table.start[o] : table.start[o + 1]] for o in chunk]
        parts.append(
            {
                "past_start": np.diff(past.indptr),
                "past_item": past.indices.astype(np.int32) + asked.rows.start,
                "past_own": past.data.astype(np.float32),
                "past_orders": asked.past_orders,
                "next_start": size,
                "next_item": np.concatenate(items).astype(np.int32),
            }
        )
    empty: dict[str, Array] = {
        name: np.zeros(0, np.float32 if name == "past_own" else np.int32)
        for name in Neighbours.STORED[1:]
    }
    return {
        name: np.concatenate([none, *(part[name] for part in parts)])
        for name, none in empty.items()
    }


def _pool(arrays: dict[str, Array], rows: slice, hotel: int) -> Pool:
    begin, end = arrays["hotel_start"][hotel], arrays["hotel_start"][hotel + 1]
    shape = (int(end - begin), rows.stop - rows.start)

    def part(kind: str, data: Array) -> sparse.csr_array:
        start = arrays[f"{kind}_start"][begin : end + 1]
        lines = slice(int(start[0]), int(start[-1]))
        item = arrays[f"{kind}_item"][lines] - rows.start
        return sparse.csr_array((data[lines], item, start - start[0]), shape=shape)

    past = part("past", arrays["past_own"])
    bought = part("next", np.ones(len(arrays["next_item"]), np.float32))
    orders = arrays["past_orders"][begin:end].astype(np.float32)
    length = np.sqrt(np.asarray((past * past).sum(axis=1)).reshape(-1))
    faded = sparse.diags_array((orders * FADING / (orders + 1)).astype(np.float32))
    added = sparse.diags_array((1 / (orders + 1)).astype(np.float32))
    unit = sparse.diags_array((1 / np.maximum(length, 1e-12)).astype(np.float32))
    usual = sparse.csr_array(faded @ past + added @ bought)
    both = sparse.csr_array(sparse.hstack([usual, bought]).T)
    return Pool(sparse.csr_array(unit @ past), both)
