"""Recommender: one hotel's items beside each other, for features that compare them.

A hotel's rows of the catalog go in; price levels and departments come out as small arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from nextloop.recommender.arrays import Ints, Scores
from nextloop.recommender.dataset import Catalog


@dataclass(frozen=True, eq=False)
class Menu:
    """Facts of a hotel's items.

    Args:
        price_level: Logarithm of the price over the median price on offer, shape (n,).
        department: Department of each item, counted from 0, shape (n,).
        member: 1 where an item is of a department, else 0, shape (n, n_departments).
        offered: Items on offer.
    """

    price_level: Scores
    department: Ints
    member: Scores
    offered: int

    @classmethod
    def of(cls, catalog: Catalog, hotel: int) -> Self:
        """Look at a hotel's items.

        Args:
            catalog: The hotels' items.
            hotel: Hotel code.

        Returns:
            Its menu.
        """
        rows = catalog.rows(hotel)
        offered = catalog.offered[rows]
        log_price = np.log1p(np.maximum(catalog.price[rows], 0))
        median = np.median(log_price[offered]) if offered.any() else 0.0
        known, department = np.unique(catalog.department[rows], return_inverse=True)
        member = np.eye(len(known), dtype=np.float32)[department]
        level = (log_price - median).astype(np.float32)
        return cls(level, department.astype(np.int64), member, int(offered.sum()))

    def by_department(self, weight: Scores) -> Scores:
        """Sum weights over the items of the same department.

        Args:
            weight: One weight a (query, item), shape (q, n).

        Returns:
            For each item the sum over its department, shape (q, n).
        """
        total: Scores = (weight @ self.member)[:, self.department]
        return total
