"""Recommender: asks a model before each held-out order and judges its lists.

A model, orders and the menu as known at the cut go in; metrics by name come out. The whole menu is
ranked, nothing is sampled; what was ordered but not on the menu is a miss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.recommender import metrics
from nextloop.recommender.arrays import Flags, Floats, Ints
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.cross_fit import truths
from nextloop.recommender.dataset import Catalog
from nextloop.recommender.protocol import Model
from nextloop.recommender.queries import Histories

HISTORY_BANDS = {"0": (0, 0), "1": (1, 1), "2_5": (2, 5), "more": (6, np.inf)}


@dataclass(frozen=True, eq=False)
class Judged:
    """One element a judged order, except `shown`.

    Args:
        hotel: Hotel code.
        owner: Whose order: resampled together.
        history: Earlier orders that were known of the guest or stay.
        value: Values by metric: recall, ndcg, mrr, hit_rate, repeat_recall, explore_recall; the
            last two are not numbers for orders without a repeated, or new, item.
        shown: Whether an item was in any list, shape (n_items,).
    """

    hotel: Ints
    owner: Ints
    history: Ints
    value: dict[str, Floats]
    shown: Flags


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


def judge(model: Model, histories: Histories, orders: Ints, menu: Catalog, k: int) -> Judged:
    """Ask before each order and compare the list with what was ordered.

    Args:
        model: The model, fitted on orders before all of these.
        histories: All orders, to look back from each.
        orders: Orders to ask before.
        menu: The catalog as known at the cut.
        k: Length of the lists.

    Returns:
        Values by order, hotel by hotel.
    """
    shown = np.zeros(menu.n_items, bool)
    asked, values = [np.zeros(0, np.int64)], [np.zeros((0, 7))]
    for batch, queries in histories.batches(orders):
        top = metrics.top_k(model.score(queries), menu.offered[queries.rows], k)
        truth = truths(histories.interactions, batch, queries)
        shown[top[top != metrics.NO_ITEM] + queries.rows.start] = True
        known = queries.past_count > 0
        hit, n_true = metrics.hits(top, truth), truth.sum(axis=1)
        again, new = truth & known, truth & ~known
        columns = (
            metrics.recall(hit, n_true),
            metrics.ndcg(hit, n_true),
            metrics.reciprocal_rank(hit),
            metrics.hit_rate(hit),
            metrics.recall(metrics.hits(top, again), again.sum(axis=1)),
            metrics.recall(metrics.hits(top, new), new.sum(axis=1)),
            queries.past_orders,
        )
        asked.append(batch)
        values.append(np.stack(columns, axis=1).astype(np.float64))
    order, value = np.concatenate(asked), np.concatenate(values)
    table = histories.interactions
    named = {name: value[:, column] for column, name in enumerate(_VALUES)}
    history = value[:, len(_VALUES)].astype(np.int64)
    hotel, owner = table.hotel[order].astype(np.int64), table.owner[order].astype(np.int64)
    return Judged(hotel, owner, history, named, shown)


_VALUES = ("recall", "ndcg", "mrr", "hit_rate", "repeat_recall", "explore_recall")


def summarize(judged: Judged, menu: Catalog, config: TrainingConfig) -> dict[str, float]:
    """Average judged orders.

    Args:
        judged: Values by order.
        menu: The catalog as known at the cut.
        config: Length of the lists, and resamples and seed of the interval.

    Returns:
        Metrics by name, as in `ndcg_at_10`: over orders; `_low` and `_high` of its 95 % interval;
        `_macro` over hotels; `_hotel_<number>`; `_history_<0|1|2_5|more>`; `coverage`, the share
        of the asked hotels' menus that was in any list; and `orders`. What has no orders is left
        out.
    """
    if not len(judged.hotel):
        return {"orders": 0.0}
    ndcg = judged.value["ndcg"]
    found = {name: _mean(value) for name, value in judged.value.items()}
    interval = metrics.bootstrap_interval(ndcg, judged.owner, config.bootstrap, config.seed)
    found["ndcg_low"], found["ndcg_high"] = interval
    asked = np.unique(judged.hotel)
    by_hotel = {int(menu.hotel[h]): _mean(ndcg[judged.hotel == h]) for h in asked}
    found |= {f"ndcg_hotel_{hotel}": value for hotel, value in by_hotel.items()}
    found["ndcg_macro"] = _mean(np.array(list(by_hotel.values())))
    for band, (low, high) in HISTORY_BANDS.items():
        inside = (judged.history >= low) & (judged.history <= high)
        found[f"ndcg_history_{band}"] = _mean(ndcg[inside])
    found["coverage"] = _coverage(judged, menu, asked)
    named = {_named(name, config.k): value for name, value in found.items() if not np.isnan(value)}
    return {"orders": float(len(ndcg)), **named}


def _named(name: str, k: int) -> str:
    metric = next(m for m in (*_VALUES, "coverage") if name.startswith(m))
    return f"{metric}_at_{k}{name.removeprefix(metric)}"


def _mean(value: Floats) -> float:
    ok = value[~np.isnan(value)]
    return float(ok.mean()) if len(ok) else float("nan")


def _coverage(judged: Judged, menu: Catalog, asked: Ints) -> float:
    rows = np.concatenate([np.arange(menu.start[h], menu.start[h + 1]) for h in asked])
    offered = menu.offered[rows]
    return float(judged.shown[rows].sum() / offered.sum()) if offered.any() else float("nan")
