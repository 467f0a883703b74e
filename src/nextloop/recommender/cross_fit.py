"""Recommender: rows that teach the ranker, cross-fitted by guest.

Each guest (each stay, where the guest is unknown) falls into one fold. What a row says of
popularity, context and pairs is counted without its fold, and what it says of the guest only from
earlier orders: so no row sees its own target. Without this the ranker learns to read its targets
off the pair counts and falls behind simple models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nextloop.recommender import ranking_features
from nextloop.recommender.arrays import Array, Codes, Flags, Ints, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import UNKNOWN, Catalog, Interactions
from nextloop.recommender.history import ranges
from nextloop.recommender.metrics import NO_ITEM, top_k
from nextloop.recommender.queries import Histories, Queries
from nextloop.recommender.split import Split
from nextloop.recommender.state import State


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows for LightGBM, grouped by query.

    Args:
        feature: Features as `ranking_features.matrix` gives them, shape (n_rows, n_features).
        first: First scores, from which the trees start.
        label: 1 where the order holds the item, else 0.
        group: Rows of each query.
    """

    feature: Scores
    first: Scores
    label: Codes
    group: Codes

    @classmethod
    def join(cls, parts: list[Rows]) -> Rows:
        """Put rows one after the other; no parts give no rows."""
        empty = cls.empty()
        every = [empty, *parts]
        return cls(*(np.concatenate([getattr(p, f) for p in every]) for f in _FIELDS))

    @classmethod
    def empty(cls) -> Rows:
        """Give no rows."""
        none = np.zeros(0, np.int32)
        feature = np.zeros((0, len(ranking_features.NAMES)), np.float32)
        return cls(feature, np.zeros(0, np.float32), none, none)


_FIELDS = ("feature", "first", "label", "group")


@dataclass(frozen=True, eq=False)
class Lessons:
    """Rows by what is asked.

    Args:
        opening: Whole orders, asked before anything is in the cart.
        completing: One item of an order, asked when the others are in the cart.
    """

    opening: Rows
    completing: Rows


def truths(interactions: Interactions, orders: Ints, queries: Queries) -> Flags:
    """Mark what each order holds besides its cart.

    Args:
        interactions: All orders.
        orders: Orders of one hotel.
        queries: The queries that ask before them.

    Returns:
        Shape (q, n).
    """
    size = np.diff(interactions.start)[orders]
    item = interactions.item[ranges(interactions.start[orders], size)] - queries.rows.start
    truth = np.zeros(queries.stay_count.shape, bool)
    truth[np.repeat(np.arange(len(orders)), size), item] = True
    truth &= queries.cart == 0
    return truth


def folds(interactions: Interactions, config: TrainingConfig) -> Ints:
    """Deal owners into folds.

    Args:
        interactions: All orders.
        config: Number of folds and seed.

    Returns:
        Fold of each order, 0 to `config.folds` - 1, shape (n_orders,).
    """
    owner = interactions.owner
    dealt = np.random.default_rng(config.seed).permutation(int(owner.max(initial=0)) + 1)
    return (dealt % config.folds)[owner]


def cross_fitted(
    histories: Histories, catalog: Catalog, split: Split, config: TrainingConfig, last_day: int
) -> Lessons:
    """Make the rows that teach both rankers.

    Args:
        histories: All orders, to look back from each.
        catalog: The hotels' items as known when training.
        split: Which orders are counted and which of them may make rows; the latest
            `config.training_orders` do.
        config: Folds, seed and sizes.
        last_day: The last day of the teaching orders.

    Returns:
        Rows of all folds, fold by fold.
    """
    fold = folds(histories.interactions, config)
    may = split.fit if split.lessons is None else split.lessons
    asked = np.flatnonzero(may)[-config.training_orders :]
    parts = []
    for number in range(config.folds):
        others = histories.interactions.take(split.fit & (fold != number))
        state = State.fit(others, catalog, config, last_day)
        parts.append(rows_of(histories, state, asked[fold[asked] == number], config))
    return Lessons(Rows.join([p.opening for p in parts]), Rows.join([p.completing for p in parts]))


def rows_of(histories: Histories, state: State, orders: Ints, config: TrainingConfig) -> Lessons:
    """Make the rows of some orders from one state.

    Each order is asked for as a whole; one of several items also for `config.hidden_items` of them
    in turn, the first drawn by the seed, while the others are in the cart. A query's rows are the
    `config.training_candidates` items with the best first scores, of those that were on the menu
    before that day. Queries without a true or without a false item among them teach nothing and
    are left out.

    Args:
        histories: All orders, to look back from each.
        state: Counts that do not hold these orders.
        orders: Orders to ask before.
        config: Number of candidates.

    Returns:
        The rows.
    """
    carts = list[Rows]()
    for turn in range(config.hidden_items):
        hidden = histories.interactions.hidden(config.seed, turn)
        several = orders[hidden[orders] != UNKNOWN]
        carts += _asked(histories, state, several, config, hidden)
    whole = list(_asked(histories, state, orders, config, None))
    return Lessons(Rows.join(whole), Rows.join(carts))


def _asked(
    histories: Histories, state: State, orders: Ints, config: TrainingConfig, hidden: Ints | None
) -> Iterator[Rows]:
    for asked, queries in histories.batches(orders, hidden):
        first_day = state.catalog.first_day[queries.rows]
        known = state.catalog.offered[queries.rows] & (first_day < queries.day[:, None])
        features = ranking_features.matrix(state, queries)
        first = ranking_features.first_scores(features, *config.weights)
        candidate = top_k(first, known & (queries.cart == 0), config.training_candidates)
        truth = truths(histories.interactions, asked, queries)
        yield _rows(features, first, truth, candidate)


def _rows(features: Scores, first: Scores, truth: Flags, candidate: Codes) -> Rows:
    place = np.maximum(candidate, 0).astype(np.int64)
    real: Array = candidate != NO_ITEM
    label = np.take_along_axis(truth, place, axis=1) & real
    teaches = label.any(axis=1) & (label != real).any(axis=1)
    query, column = np.nonzero(real & teaches[:, None])
    chosen = query, place[query, column]
    group = real[teaches].sum(axis=1)
    told = label[query, column].astype(np.int32)
    return Rows(features[chosen], first[chosen], told, group.astype(np.int32))
