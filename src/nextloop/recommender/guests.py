"""Recommender: what each guest ordered before, small enough to be served from memory.

Orders go in; per guest a short list of items with counts and last days comes out, found by binary
search over guest keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from nextloop.recommender.arrays import Array, Codes, Ints, Scores
from nextloop.recommender.dataset import Dataset
from nextloop.recommender.history import ranges
from nextloop.recommender.queries import FADING


@dataclass(frozen=True, eq=False)
class Guests:
    """Guests' earlier orders; the items of guest `g` are `item[start[g]:start[g + 1]]`.

    Args:
        key: Guest keys as bytes, ascending within a hotel.
        hotel_start: First guest of each hotel and the end, shape (n_hotels + 1,).
        orders: Earlier orders of each guest, the latest ones.
        start: First line of each guest and the end.
        item: Item row, ascending within a guest.
        count: Those orders that hold the item.
        last_day: Day of the last of them, in days since 1970-01-01.
        since: Orders of the guest after the last of them.
        own: The item's part in the mean of the orders, as `Queries.own`.
    """

    key: Array
    hotel_start: Ints
    orders: Codes
    start: Ints
    item: Codes
    count: Codes
    last_day: Codes
    since: Codes
    own: Scores

    @classmethod
    def of(cls, dataset: Dataset, limit: int) -> Self:
        """Collect the histories.

        Args:
            dataset: All orders.
            limit: Latest orders of a guest that count.

        Returns:
            One history a guest.
        """
        table, n_items = dataset.interactions, dataset.catalog.n_items
        n_guests = len(dataset.guest_key)
        by_guest = np.argsort(table.guest, kind="stable")  # orders are sorted by time
        bounds = np.searchsorted(table.guest[by_guest], np.arange(n_guests + 1))
        known = np.minimum(np.diff(bounds), limit)
        order = by_guest[ranges(bounds[1:] - known, known)]
        guest = np.repeat(np.arange(n_guests), known)
        size = np.diff(table.start)[order]
        line = ranges(table.start[order], size)
        cell = np.repeat(guest, size) * n_items + table.item[line]
        cells, place, count = np.unique(cell, return_inverse=True, return_counts=True)
        from_end = np.repeat(np.repeat(np.cumsum(known), known) - np.arange(len(order)) - 1, size)
        last_day, since = np.zeros((2, len(cells)), np.int32)
        last_day[place] = np.repeat(table.day[order], size)  # by time: the last one stays
        since[place] = from_end
        weight = FADING**from_end / np.repeat(known[guest], size)
        return cls(
            key=dataset.guest_key,
            hotel_start=np.searchsorted(
                dataset.guest_hotel, np.arange(len(dataset.catalog.hotel) + 1)
            ).astype(np.int64),
            orders=known.astype(np.int32),
            start=np.searchsorted(cells, np.arange(n_guests + 1) * n_items).astype(np.int64),
            item=(cells % n_items).astype(np.int32),
            count=count.astype(np.int32),
            last_day=last_day,
            since=since,
            own=np.bincount(place, weight, len(cells)).astype(np.float32),
        )

    def find(self, hotel: int, key: str) -> int | None:
        """Find a guest of a hotel.

        Args:
            hotel: Hotel code.
            key: The guest key; one of another hotel is unknown here.

        Returns:
            The guest's code, or nothing if unknown.
        """
        keys = self.key[self.hotel_start[hotel] : self.hotel_start[hotel + 1]]
        wanted = key.encode()
        place = int(np.searchsorted(keys, np.bytes_(wanted)))
        found = place < len(keys) and keys[place] == wanted
        return int(self.hotel_start[hotel]) + place if found else None

    def arrays(self) -> dict[str, Array]:
        """Give the arrays to store, by name."""
        return dict(vars(self))
