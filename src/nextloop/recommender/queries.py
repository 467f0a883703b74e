"""Recommender: questions to a model. One asks: what would this guest order now, from this menu?

Orders of the data become queries here (for training and evaluation); the API's requests become
queries in `bundle.py`. Models see nothing else, so both are scored by the same code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nextloop.recommender.arrays import Codes, Ints, Scores
from nextloop.recommender.dataset import UNKNOWN, Catalog, Interactions
from nextloop.recommender.history import Timeline, ranges

_CHUNK_CELLS = 60_000  # (query, item) cells of one batch: its feature matrix stays in the cache


@dataclass(frozen=True, eq=False)
class Queries:
    """Queries to one hotel; `q` queries, `n` items of the hotel.

    Args:
        hotel: Hotel code.
        rows: Rows of the hotel's items in the catalog.
        day: Local date in days since 1970-01-01, shape (q,), as the next seven.
        hour: Local hour, 0-23.
        weekday: 0 is Monday.
        stay_day: 0 is the day of check-in; `UNKNOWN` if not known, as in the next three.
        nights: Nights of the stay.
        adults: Adults of the party.
        family: Children and babies of the party.
        past_orders: Earlier orders that are known of the guest, this stay's included.
        stay_count: Earlier orders of this stay with the item, shape (q, n).
        past_count: Earlier orders with the item, this stay's included, shape (q, n).
        past_day: Day of the last earlier order with the item, `UNKNOWN` if none, shape (q, n).
    """

    hotel: int
    rows: slice
    day: Codes
    hour: Codes
    weekday: Codes
    stay_day: Codes
    nights: Codes
    adults: Codes
    family: Codes
    past_orders: Codes
    stay_count: Scores
    past_count: Scores
    past_day: Codes

    def __len__(self) -> int:
        return len(self.day)

    @property
    def in_stay(self) -> Scores:
        """1 where the item was ordered in this stay, else 0, shape (q, n)."""
        return (self.stay_count > 0).astype(np.float32)

    @property
    def past_share(self) -> Scores:
        """Share of the earlier orders with the item, 0 for items of this stay, shape (q, n)."""
        share = self.past_count / np.maximum(self.past_orders, 1).astype(np.float32)[:, None]
        return np.where(self.stay_count > 0, np.float32(0), share)


@dataclass(frozen=True, eq=False)
class Histories:
    """Looks back from any order of the data: to its owner's orders and to its stay's.

    Args:
        catalog: The hotels' items.
        interactions: All orders, those to look back to and those to look back from.
        owner: Orders by guest, or by stay where the guest is unknown.
        stay: Orders by stay.
        limit: Latest earlier orders that are looked at.
    """

    catalog: Catalog
    interactions: Interactions
    owner: Timeline
    stay: Timeline
    limit: int

    @classmethod
    def of(cls, catalog: Catalog, interactions: Interactions, limit: int) -> Histories:
        """Index orders for looking back.

        Args:
            catalog: The hotels' items.
            interactions: All orders.
            limit: Latest earlier orders to look at.

        Returns:
            The index.
        """
        owner = Timeline.of(interactions.owner, interactions.at)
        stay = Timeline.of(interactions.stay, interactions.at)
        return cls(catalog, interactions, owner, stay, limit)

    def batches(self, orders: Ints) -> Iterator[tuple[Ints, Queries]]:
        """Ask before each of some orders what it will hold, hotel by hotel.

        Args:
            orders: Orders to ask before.

        Yields:
            The orders of a batch, all of one hotel, and the queries in the same sequence.
        """
        hotels = self.interactions.hotel[orders]
        for hotel in np.unique(hotels):
            of_hotel = orders[hotels == hotel]
            n_items = max(1, int(np.diff(self.catalog.start)[hotel]))
            size = max(1, _CHUNK_CELLS // n_items)
            for first in range(0, len(of_hotel), size):
                chunk = of_hotel[first : first + size]
                yield chunk, self.ask(int(hotel), chunk)

    def ask(self, hotel: int, orders: Ints) -> Queries:
        """Ask before each of some orders of one hotel what it will hold.

        Args:
            hotel: Hotel code.
            orders: Orders of that hotel.

        Returns:
            One query an order, knowing only orders of earlier instants.
        """
        table, rows = self.interactions, self.catalog.rows(hotel)
        n_items = rows.stop - rows.start
        query, earlier = self.owner.earlier(orders, self.limit)
        cells, source = self._cells(query, earlier, rows)
        past_day = np.full(len(orders) * n_items, UNKNOWN, np.int32)
        past_day[cells] = table.day[source]  # by time: the last one stays
        stay_cells, _ = self._cells(*self.stay.earlier(orders, self.limit), rows)
        shape = (len(orders), n_items)
        return Queries(
            hotel=hotel,
            rows=rows,
            day=table.day[orders],
            hour=table.hour[orders],
            weekday=table.weekday[orders],
            stay_day=table.stay_day[orders],
            nights=table.nights[orders],
            adults=table.adults[orders],
            family=table.family[orders],
            past_orders=np.bincount(query, minlength=len(orders)).astype(np.int32),
            stay_count=_count(stay_cells, shape),
            past_count=_count(cells, shape),
            past_day=past_day.reshape(shape),
        )

    def _cells(self, query: Ints, orders: Ints, rows: slice) -> tuple[Ints, Ints]:
        """Give the flat (query, item) cell of each line of some orders, and the line's order."""
        table, n_items = self.interactions, rows.stop - rows.start
        size = np.diff(table.start)[orders]
        item = table.item[ranges(table.start[orders], size)].astype(np.int64) - rows.start
        return np.repeat(query, size) * n_items + item, np.repeat(orders, size)


def _count(cells: Ints, shape: tuple[int, int]) -> Scores:
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float32)
