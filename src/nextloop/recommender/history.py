"""Recommender: what was ordered strictly before an order, by the same guest or in the same stay.

Sorted orders go in; pairs (order, earlier order) come out. Everything personal in this package,
for training as for evaluation, is built from these pairs, so nothing later can reach it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.recommender.arrays import Codes, Ints


def ranges(first: Ints, size: Ints) -> Ints:
    """Concatenate ranges of consecutive numbers.

    Args:
        first: First number of each range.
        size: Length of each range, 0 or more.

    Returns:
        `first[0], first[0] + 1, ...` of each range in turn, shape (sum of sizes,).
    """
    ends = np.cumsum(size)
    return np.repeat(first - ends + size, size) + np.arange(ends[-1] if len(ends) else 0)


@dataclass(frozen=True, eq=False)
class Timeline:
    """Orders grouped by an owner (guest or stay), each group in the sequence of time.

    Args:
        order: Orders, sorted by owner, then instant; orders without an owner are left out.
        begin: For each order of the data, the place in `order` where its owner's orders begin.
        before: For each order of the data, how many of its owner's orders have an earlier instant.
    """

    order: Ints
    begin: Ints
    before: Ints

    @classmethod
    def of(cls, owner: Codes, at: Ints) -> Timeline:
        """Group orders by owner.

        Args:
            owner: Code of the owner of each order, negative if it has none.
            at: Instant of each order, ascending.

        Returns:
            The timeline; orders at the same instant do not precede each other.
        """
        order = np.argsort(owner, kind="stable")
        order = order[np.searchsorted(owner[order], 0) :]
        owners, instants = owner[order], at[order]
        place = np.arange(len(order))
        new_owner = np.append(True, owners[1:] != owners[:-1])[: len(order)]
        new_instant = new_owner | np.append(True, instants[1:] != instants[:-1])[: len(order)]
        group = np.maximum.accumulate(np.where(new_owner, place, 0))
        tie = np.maximum.accumulate(np.where(new_instant, place, 0))
        begin, before = np.zeros(len(owner), np.int64), np.zeros(len(owner), np.int64)
        begin[order], before[order] = group, tie - group
        return cls(order.astype(np.int64), begin, before)

    def earlier(self, orders: Ints, limit: int) -> tuple[Ints, Ints]:
        """List the earlier orders of some orders' owners.

        Args:
            orders: Orders to look back from.
            limit: Latest earlier orders to give for each.

        Returns:
            Two arrays of one length: the place in `orders`, and an earlier order; by place, then
            by time.
        """
        known = np.minimum(self.before[orders], limit)
        first = self.begin[orders] + self.before[orders] - known
        return np.repeat(np.arange(len(orders)), known), self.order[ranges(first, known)]
