"""Recommender: judged orders become metrics by name, with intervals and comparisons.

In come values by order from `evaluation.judge`; out go numbers for tables, gates and reports.
"""

from __future__ import annotations

import numpy as np

from nextloop.recommender import metrics
from nextloop.recommender.arrays import Floats, Ints
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog
from nextloop.recommender.evaluation import Judged

HISTORY_BANDS = {"0": (0, 0), "1": (1, 1), "2_5": (2, 5), "more": (6, np.inf)}
COMPLETE, FIRST = "complete_", "first_"
"""Prefixes of the tasks: the missing item of an order, and orders of guests never seen before.
What asks for whole next orders has none."""


def summarize(judged: Judged, menu: Catalog, config: TrainingConfig) -> dict[str, float]:
    """Average judged orders.

    Args:
        judged: Values by order.
        menu: The catalog as known at the cut.
        config: Length of the lists, and resamples and seed of the interval.

    Returns:
        Metrics by name, as in `ndcg_at_10`: over orders; `_low` and `_high` of its 95 % interval;
        `_macro` over hotels; `_hotel_<number>`; `_history_<0|1|2_5|more>`; `coverage`, the share
        of the asked hotels' menus that was in any list; `first_` of orders without a history; and
        `orders`. What has no orders is left out.
    """
    if not len(judged.hotel):
        return {"orders": 0.0}
    name, k = f"ndcg_at_{config.k}", config.k
    ndcg = judged.value[name]
    found = plain(judged, config)
    asked = np.unique(judged.hotel)
    by_hotel = {int(menu.hotel[h]): _mean(ndcg[judged.hotel == h]) for h in asked}
    found |= {f"{name}_hotel_{hotel}": value for hotel, value in by_hotel.items()}
    found[f"{name}_macro"] = _mean(np.array(list(by_hotel.values())))
    for band, (low, high) in HISTORY_BANDS.items():
        inside = (judged.history >= low) & (judged.history <= high)
        found[f"{name}_history_{band}"] = _mean(ndcg[inside])
    found[f"coverage_at_{k}"] = _coverage(judged, menu, asked)
    fresh = judged.take(judged.history == 0)
    found |= {FIRST + metric: value for metric, value in plain(fresh, config).items()}
    return {metric: value for metric, value in found.items() if not np.isnan(value)}


def plain(judged: Judged, config: TrainingConfig) -> dict[str, float]:
    """Average every metric over the orders, with the interval of NDCG.

    Args:
        judged: Values by order.
        config: Length of the lists, and resamples and seed of the interval.

    Returns:
        Means by metric and `orders`; only `orders` if there are none.
    """
    if not len(judged.hotel):
        return {"orders": 0.0}
    name = f"ndcg_at_{config.k}"
    low, high = interval(judged, name, config)
    means = {metric: _mean(value) for metric, value in judged.value.items()}
    found = {"orders": float(len(judged.hotel)), **means, f"{name}_low": low, f"{name}_high": high}
    return {metric: value for metric, value in found.items() if not np.isnan(value)}


def interval(judged: Judged, metric: str, config: TrainingConfig) -> tuple[float, float]:
    """Give the 95 % interval of a metric's mean, guests resampled whole."""
    return metrics.bootstrap_interval(
        judged.value[metric], judged.owner, config.bootstrap, config.seed
    )


def paired(
    mine: Judged, other: Judged, metric: str, config: TrainingConfig
) -> tuple[float, float, float]:
    """Compare two models on the same orders.

    Args:
        mine: Values of one model.
        other: Values of the other, of the same orders in the same sequence.
        metric: Which metric.
        config: Resamples and seed of the interval.

    Returns:
        Mean difference, and both ends of its 95 % interval, guests resampled whole.
    """
    gain = mine.value[metric] - other.value[metric]
    low, high = metrics.bootstrap_interval(gain, mine.owner, config.bootstrap, config.seed)
    return _mean(gain), low, high


def _mean(value: Floats) -> float:
    ok = value[~np.isnan(value)]
    return float(ok.mean()) if len(ok) else float("nan")


def _coverage(judged: Judged, menu: Catalog, asked: Ints) -> float:
    rows = np.concatenate([np.arange(menu.start[h], menu.start[h + 1]) for h in asked])
    offered = menu.offered[rows]
    return float(judged.shown[rows].sum() / offered.sum()) if offered.any() else float("nan")
