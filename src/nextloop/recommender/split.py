"""Recommender: the time split. Orders go in; which of them teach and which are asked comes out.

A stay never straddles: one that has orders on both sides of a cut belongs wholly to the later
side. Its orders after the cut are asked, its earlier ones teach nothing (they are still known when
asking, as they would be at that moment). The other way, keeping it on the earlier side, would
teach from after the cut; splitting it would ask about stays that taught.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.errors import DataFault
from nextloop.recommender.arrays import Codes, Flags
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Interactions


@dataclass(frozen=True, eq=False)
class Split:
    """Days of the cuts, and one flag an order for each use.

    Args:
        validation_cut: First day of the validation, in days since 1970-01-01.
        cut: First day of the test.
        fit: Teaches what the validation asks.
        validation: Asked for early stopping and for choosing a model.
        before_test: Teaches what the test asks.
        test: Asked once, for the metrics that are reported.
        lessons: Orders of `fit` that the ranker learns from; any if None.
    """

    validation_cut: int
    cut: int
    fit: Flags
    validation: Flags
    before_test: Flags
    test: Flags
    lessons: Flags | None = None

    @classmethod
    def of(cls, interactions: Interactions, config: TrainingConfig) -> Split:
        """Split orders by day.

        Few orders a day make the validation longer than its days, until it has enough orders to
        judge by. But neither part takes more than a quarter of the days, so something is always
        left to learn from.

        Args:
            interactions: The orders.
            config: Days of the test and of the validation before it.

        Returns:
            The split.

        Raises:
            DataFault: If there are no orders.
        """
        if not len(interactions):
            raise DataFault(
                "there are no completed, paid orders to learn from",
                "check `nextloop tables show interactions` and the as-of date",
            )
        day = interactions.day
        end, begin = int(day.max()) + 1, int(day.min())
        cut = end - min(config.holdout_days, (end - begin) // 4)
        validation_cut = _validation_cut(day[day < cut], cut, config)
        last = np.full(int(interactions.stay.max()) + 1, begin, np.int32)
        np.maximum.at(last, interactions.stay, day)
        stay_ends = last[interactions.stay]
        return cls(
            validation_cut=validation_cut,
            cut=cut,
            fit=stay_ends < validation_cut,
            validation=(day >= validation_cut) & (stay_ends < cut),
            before_test=stay_ends < cut,
            test=day >= cut,
        )


def _validation_cut(day: Codes, cut: int, config: TrainingConfig) -> int:
    """Choose the validation's first day; `day` are of the orders before `cut`, ascending."""
    begin = int(day[0]) if len(day) else cut
    enough = int(day[-config.validation_orders]) if len(day) >= config.validation_orders else begin
    return max(min(cut - config.validation_days, enough), cut - (cut - begin) // 4)
