"""Recommender: asks a model before each held-out order and judges its lists.

A model, orders and the counts as known at the cut go in; values by order come out. The whole menu
is ranked, nothing is sampled; what was ordered but not on the menu is a miss.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nextloop.recommender import metrics
from nextloop.recommender.arrays import Codes, Flags, Floats, Ints, Scores
from nextloop.recommender.cross_fit import truths
from nextloop.recommender.dataset import UNKNOWN
from nextloop.recommender.protocol import Model
from nextloop.recommender.queries import Histories, Queries
from nextloop.recommender.state import State

SHORT = 5
"""The shorter lists that are judged beside those of length k: what a phone shows at once."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One element a judged order, except `shown`.

    Args:
        hotel: Hotel code.
        owner: Whose order: resampled together.
        history: Earlier orders that were known of the guest or stay.
        value: Values by metric, as in `ndcg_at_10`: recall, ndcg, mrr and hit_rate at 5 and k;
            repeat_recall and explore_recall at k, not numbers for orders without a repeated, or
            new, item; novelty at k, the mean share of orders without the offered items.
        shown: Whether an item was in any list of length k, shape (n_items,).
    """

    hotel: Ints
    owner: Ints
    history: Ints
    value: dict[str, Floats]
    shown: Flags

    def take(self, keep: Flags) -> Judged:
        """Keep some orders; what was shown stays."""
        value = {name: column[keep] for name, column in self.value.items()}
        return Judged(self.hotel[keep], self.owner[keep], self.history[keep], value, self.shown)


def spread(orders: Ints, most: int) -> Ints:
    """Take at most so many orders, evenly spread over them.

    Args:
        orders: Orders.
        most: How many at most, 1 or more.

    Returns:
        All of them, or `most`.
    """
    if len(orders) <= most:
        return orders
    return orders[np.linspace(0, len(orders) - 1, most).astype(np.int64)]


def judge(
    model: Model,
    histories: Histories,
    orders: Ints,
    state: State,
    k: int,
    hidden: Ints | None = None,
) -> Judged:
    """Ask before each order and compare the list with what was ordered.

    Args:
        model: The model, fitted on orders before all of these.
        histories: All orders, to look back from each.
        orders: Orders to ask before.
        state: Counts at the cut, for the menu and how usual an item is.
        k: Length of the lists.
        hidden: For each order of the data the line that is asked for while the others are in the
            cart, as `Interactions.hidden` draws them; None asks for whole orders.

    Returns:
        Values by order, hotel by hotel.
    """
    shown = np.zeros(state.catalog.n_items, bool)
    asked, parts = [np.zeros(0, np.int64)], list[dict[str, Floats]]()
    several = orders if hidden is None else orders[hidden[orders] != UNKNOWN]
    for batch, queries in histories.batches(several, hidden):
        offered = state.catalog.offered[queries.rows] & (queries.cart == 0)
        top = metrics.top_k(model.score(queries), offered, max(k, SHORT))
        truth = truths(histories.interactions, batch, queries)
        first = top[:, :k]
        shown[first[first != metrics.NO_ITEM] + queries.rows.start] = True
        usual = state.popularity.plain[queries.rows]
        asked.append(batch)
        parts.append(dict(_values(top, truth, queries, usual, k)))
    order, table = np.concatenate(asked), histories.interactions
    value = {name: np.concatenate([part[name] for part in parts]) for name in _names(parts)}
    history = value.pop("history", np.zeros(0)).astype(np.int64)
    hotel, owner = table.hotel[order].astype(np.int64), table.owner[order].astype(np.int64)
    return Judged(hotel, owner, history, value, shown)


def _names(parts: list[dict[str, Floats]]) -> list[str]:
    return list(parts[0]) if parts else []


def _values(
    top: Codes, truth: Flags, queries: Queries, usual: Scores, k: int
) -> Iterator[tuple[str, Floats]]:
    n_true = truth.sum(axis=1)
    for length in sorted({SHORT, k}):
        hit = metrics.hits(top[:, :length], truth)
        yield f"recall_at_{length}", metrics.recall(hit, n_true)
        yield f"ndcg_at_{length}", metrics.ndcg(hit, n_true)
        yield f"mrr_at_{length}", metrics.reciprocal_rank(hit)
        yield f"hit_rate_at_{length}", metrics.hit_rate(hit)
    first, known = top[:, :k], queries.past_count > 0
    for kind, part in (("repeat", truth & known), ("explore", truth & ~known)):
        found = metrics.recall(metrics.hits(first, part), part.sum(axis=1))
        yield f"{kind}_recall_at_{k}", found
    yield f"novelty_at_{k}", metrics.novelty(first, usual)
    yield "history", queries.past_orders.astype(np.float64)
