"""Recommender: two trained models judged on the same orders, overall and for whom.

Two bundles and a dataset go in; differences with intervals come out. Both stand on counts from
before the orders that are asked, each counted as its own configuration says, and neither's trees
grew on those orders: they are the newer training's test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from nextloop.recommender import metrics
from nextloop.recommender.arrays import Flags, Ints
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.comparing import standing
from nextloop.recommender.dataset import Dataset
from nextloop.recommender.evaluation import Judged, judge, spread
from nextloop.recommender.preparing import count_until
from nextloop.recommender.queries import Histories
from nextloop.recommender.split import Split
from nextloop.recommender.summary import HISTORY_BANDS

RESAMPLES: Final = 2000  # the 0.1 % tails of an interval that is shared by fifty parts hold two
LEVEL: Final = 0.95
ALL: Final = "all orders"
_BANDS: Final = {
    "0": "guests without an earlier order",
    "1": "guests with 1 earlier order",
    "2_5": "guests with 2 to 5 earlier orders",
    "more": "guests with 6 or more earlier orders",
}

Verdict = Literal["better", "worse", "unsure"]


@dataclass(frozen=True)
class Difference:
    """What two models gave on some orders.

    Args:
        part: Which orders.
        orders: How many.
        first: Mean NDCG of the first model.
        second: The same of the second.
        gain: By how much the first is better.
        low: Lower end of the gain's interval, guests resampled whole.
        high: Its upper end.
    """

    part: str
    orders: int
    first: float
    second: float
    gain: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """What the first is, if the interval leaves no doubt."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "unsure"


@dataclass(frozen=True)
class Duel:
    """Two models on the same orders.

    Args:
        metric: What was measured, as in `ndcg_at_10`.
        whole: All orders, at 95 %.
        parts: By hotel, by how much was known of the guest, and the missing item of carts; their
            95 % hold for all of them together (Bonferroni), so that one of twenty does not look
            sure by chance.
    """

    metric: str
    whole: Difference
    parts: tuple[Difference, ...]


def duel(first: Bundle, second: Bundle, dataset: Dataset) -> Duel:
    """Judge two models on the orders of the second one's test.

    Args:
        first: A model.
        second: Another; its configuration says which days are asked and how long lists are.
        dataset: Feature tables as of the later of both.

    Returns:
        The differences, first less second.

    Raises:
        DataFault: There are no orders.
    """
    config = second.config
    split = Split.of(dataset.interactions, config)
    histories = Histories.of(dataset.catalog, dataset.interactions, config.history_orders)
    orders = spread(np.flatnonzero(split.test), config.evaluation_orders)
    hidden = dataset.interactions.hidden(config.seed)
    whole, rest = list[Judged](), list[Judged]()
    for bundle in (first, second):
        state = count_until(dataset, split.before_test, bundle.config, split.cut)
        model = standing(bundle, state)
        whole.append(judge(model, histories, orders, state, config.k))
        rest.append(judge(model, histories, orders, state, config.k, hidden))
    metric, seed = f"ndcg_at_{config.k}", config.seed
    everything = np.ones(len(whole[0].hotel), bool)
    chosen = list(_parts(whole[0], dataset.catalog.hotel))
    level = 1 - (1 - LEVEL) / (len(chosen) + 1)
    parts = [_difference(name, whole, keep, metric, level, seed) for name, keep in chosen]
    if len(rest[0].hotel):
        all_rest = np.ones(len(rest[0].hotel), bool)
        parts.append(_difference("the missing item of a cart", rest, all_rest, metric, level, seed))
    return Duel(metric, _difference(ALL, whole, everything, metric, LEVEL, seed), tuple(parts))


def _parts(judged: Judged, hotels: Ints) -> Iterator[tuple[str, Flags]]:
    for code in np.unique(judged.hotel):
        yield f"hotel {int(hotels[code])}", judged.hotel == code
    for band, (low, high) in HISTORY_BANDS.items():
        inside = (judged.history >= low) & (judged.history <= high)
        if inside.any():
            yield _BANDS[band], inside


def _difference(
    part: str, judged: list[Judged], keep: Flags, metric: str, level: float, seed: int
) -> Difference:
    first, second = (each.value.get(metric, np.zeros(0))[keep] for each in judged)
    owner = judged[0].owner[keep]
    low, high = metrics.bootstrap_interval(first - second, owner, RESAMPLES, seed, level)
    mine, other = (float(v.mean()) if len(v) else float("nan") for v in (first, second))
    return Difference(part, len(first), mine, other, mine - other, low, high)
