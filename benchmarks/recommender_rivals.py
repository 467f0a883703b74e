"""What people would use instead: global top, personal top with fill, TIFU-kNN and ALS.

Each answers the same queries as our models, so one evaluation judges all of them. EASE needs no
rival: our `ease` is the published closed form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy import sparse

from nextloop.recommender import counting
from nextloop.recommender.arrays import Scores
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.history import Timeline
from nextloop.recommender.queries import FADING, Histories, Queries
from nextloop.recommender.state import State
from nextloop.recommender.threads import limited


@dataclass(frozen=True)
class GlobalTop:
    """What is ordered most, all time."""

    state: State
    name: ClassVar[str] = "global top"

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says."""
        share = self.state.popularity.plain[queries.rows]
        return np.broadcast_to(share, queries.own.shape)


@dataclass(frozen=True)
class PersonalTop:
    """What the guest ordered most, then what all do."""

    state: State
    name: ClassVar[str] = "personal top + fill"

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says."""
        score: Scores = queries.past_count + self.state.popularity.plain[queries.rows]
        return score


@dataclass(frozen=True)
class TifuKnn:
    """TIFU-kNN (Hu et al., SIGIR 2020), every order a group of its own with r_g = .9.

    Args:
        state: For popularity, where no neighbour has anything.
        vectors: Of all guests that taught, shape (guests, items).
        hotel: Hotel of each of them.
        neighbours: How many nearest guests.
        own: Weight of the guest's own vector.
    """

    state: State
    vectors: sparse.csr_array
    hotel: Any
    neighbours: int
    own: float
    name: ClassVar[str] = "TIFU-kNN"

    @classmethod
    def fit(
        cls, interactions: Interactions, state: State, neighbours: int = 100, own: float = 0.3
    ) -> TifuKnn:
        """Collect the vectors of all guests with all their orders."""
        line = Timeline.of(interactions.owner, interactions.at)
        owner = interactions.owner
        orders = np.bincount(owner)
        place = np.empty(len(owner), np.int64)
        place[line.order] = np.arange(len(owner)) - line.begin[line.order]
        weight = FADING ** (orders[owner] - 1 - place) / orders[owner]
        of_line = interactions.line_order
        shape = (len(orders), state.catalog.n_items)
        parts = (weight[of_line], (owner[of_line], interactions.item))
        hotel = np.zeros(len(orders), np.int64)
        hotel[owner] = interactions.hotel
        return cls(state, sparse.csr_array(parts, shape=shape), hotel, neighbours, own)

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says."""
        pool = self.vectors[self.hotel == queries.hotel][:, queries.rows]
        apart = np.asarray((pool * pool).sum(axis=1)).reshape(-1)[:, None] - 2 * (
            pool @ queries.own.T
        )
        most = min(self.neighbours, apart.shape[0])
        near = np.argpartition(apart, most - 1, axis=0)[:most]
        mean = np.stack([pool[near[:, q]].mean(axis=0) for q in range(len(queries))])
        usual = 1e-6 * self.state.popularity.plain[queries.rows]
        score = self.own * queries.own + (1 - self.own) * mean + usual
        return np.asarray(score, np.float32)


@dataclass(frozen=True)
class Als:
    """Implicit ALS (Hu, Koren, Volinsky, ICDM 2008), a query's vector solved from its past."""

    state: State
    models: dict[int, AlternatingLeastSquares] = field(default_factory=dict)
    name: ClassVar[str] = "ALS (implicit)"

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        catalog: Catalog,
        state: State,
        *,
        by_order: bool,
        factors: int = 32,
        seed: int = 1,
    ) -> Als:
        """Factor each hotel's guests, or orders, by items."""
        group = np.arange(len(interactions)) if by_order else interactions.owner
        shape = (int(group.max()) + 1, catalog.n_items)
        held = counting.holding(group[interactions.line_order], interactions.item, shape)
        models = {}
        for hotel in range(len(catalog.hotel)):
            mine = sparse.csr_matrix(held[:, catalog.rows(hotel)])
            mine = mine[np.diff(mine.indptr) > 0].astype(np.float32)
            if not mine.shape[0]:
                continue
            with limited(1):  # else its threads and BLAS's wait for each other
                model = AlternatingLeastSquares(
                    factors=factors, regularization=1.0, alpha=10.0, iterations=15,
                    num_threads=1, random_state=seed,
                )  # fmt: skip
                model.fit(mine, show_progress=False)
            models[hotel] = model
        return cls(state, models)

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says."""
        usual = 1e-6 * self.state.popularity.plain[queries.rows]
        asked = queries.cart if queries.cart.any() else queries.in_past
        model = self.models.get(queries.hotel)
        if model is None:
            return np.broadcast_to(usual, asked.shape)
        users = np.arange(len(queries))
        factors = model.recalculate_user(users, sparse.csr_matrix(asked))
        score = np.where(asked.any(axis=1, keepdims=True), factors @ model.item_factors.T, 0.0)
        return np.asarray(score + usual, np.float32)


def rivals(
    histories: Histories, state: State, teaching: Any, *, by_order: bool, tifu: tuple[int, float]
) -> list[Any]:
    """Fit all rivals on the orders that teach.

    Args:
        histories: All orders.
        state: Our counts of the same orders, for popularity.
        teaching: One flag an order.
        by_order: Whether carts are asked, so that ALS factors orders and not guests.
        tifu: Neighbours and own weight that were best on the validation.

    Returns:
        The rivals, the simplest first.
    """
    orders = histories.interactions.take(teaching)
    found: list[Any] = [GlobalTop(state)]
    if not by_order:
        found += [PersonalTop(state), TifuKnn.fit(orders, state, *tifu)]
    found.append(Als.fit(orders, histories.catalog, state, by_order=by_order))
    return found
