"""Recommender: questions to a model. One asks: what would this guest order now, from this menu?

Orders of the data become queries here (for training and evaluation); the API's requests become
queries in `bundle.py`. Models see nothing else, so both are scored by the same code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from nextloop.recommender.arrays import Codes, Floats, Ints, Scores
from nextloop.recommender.dataset import UNKNOWN, Catalog, Interactions
from nextloop.recommender.history import Timeline, ranges

FADING = 0.9
"""How much less an order says than the next one: r_g of TIFU-KNN (Hu et al., SIGIR 2020), each
order a group of its own; .9 is what its authors found on the sets with short histories."""

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
        own: Mean of the earlier orders, the latest weighing 1, each one before it `FADING` of
            the one after it; 0 if there are none, shape (q, n).
        since: Earlier orders after the last one with the item, `UNKNOWN` if none, shape (q, n).
        cart: 1 for what is in the order already, else 0, shape (q, n).
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
    own: Scores
    since: Codes
    cart: Scores

    def __len__(self) -> int:
        return len(self.day)

    @classmethod
    def joined(cls, parts: Sequence[Queries]) -> Queries:
        """Put queries to one hotel below each other, in the same sequence."""
        if len(parts) == 1:
            return parts[0]
        whole = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in (field.name for field in fields(cls))
            if name not in ("hotel", "rows")
        }
        return cls(hotel=parts[0].hotel, rows=parts[0].rows, **whole)

    @property
    def in_stay(self) -> Scores:
        """1 where the item was ordered in this stay, else 0, shape (q, n)."""
        return (self.stay_count > 0).astype(np.float32)

    @property
    def in_past(self) -> Scores:
        """1 where the item was ordered before, this stay included, else 0, shape (q, n)."""
        return (self.past_count > 0).astype(np.float32)

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

    def batches(self, orders: Ints, hidden: Ints | None = None) -> Iterator[tuple[Ints, Queries]]:
        """Ask before each of some orders what it will hold, hotel by hotel.

        Args:
            orders: Orders to ask before.
            hidden: For each order of the data the line that is asked for, its other lines being
                in the cart already; carts are empty if None.

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
                cart = None if hidden is None else self._carts(int(hotel), chunk, hidden[chunk])
                yield chunk, self.ask(int(hotel), chunk, cart)

    def _carts(self, hotel: int, orders: Ints, hidden: Ints) -> Scores:
        """Put all lines of each order but the hidden one into its cart."""
        table, rows = self.interactions, self.catalog.rows(hotel)
        size = np.diff(table.start)[orders]
        line = ranges(table.start[orders], size)
        shown = line != np.repeat(hidden, size)
        cart = np.zeros((len(orders), rows.stop - rows.start), np.float32)
        cart[
            np.repeat(np.arange(len(orders)), size)[shown], table.item[line[shown]] - rows.start
        ] = 1
        return cart

    def ask(self, hotel: int, orders: Ints, cart: Scores | None = None) -> Queries:
        """Ask before each of some orders of one hotel what it will hold.

        Args:
            hotel: Hotel code.
            orders: Orders of that hotel.
            cart: What is in each order already, shape (q, n); nothing if None.

        Returns:
            One query an order, knowing only orders of earlier instants and its cart.
        """
        table, rows = self.interactions, self.catalog.rows(hotel)
        shape = (len(orders), rows.stop - rows.start)
        query, earlier = self.owner.earlier(orders, self.limit)
        known = np.bincount(query, minlength=len(orders))
        from_end = np.repeat(np.cumsum(known), known) - np.arange(len(query)) - 1
        cells, source = self._cells(query, np.arange(len(query)), earlier, rows)
        past_day = np.full(shape[0] * shape[1], UNKNOWN, np.int32)
        since = past_day.copy()
        past_day[cells] = table.day[earlier[source]]  # by time: the last one stays
        since[cells] = from_end[source]
        weight = FADING ** from_end[source] / known[query[source]]
        seen, in_stay = self.stay.earlier(orders, self.limit)
        stay_cells, _ = self._cells(seen, np.arange(len(seen)), in_stay, rows)
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
            past_orders=known.astype(np.int32),
            stay_count=_count(stay_cells, shape),
            past_count=_count(cells, shape),
            past_day=past_day.reshape(shape),
            own=_count(cells, shape, weight),
            since=since.reshape(shape),
            cart=np.zeros(shape, np.float32) if cart is None else cart,
        )

    def _cells(self, query: Ints, place: Ints, orders: Ints, rows: slice) -> tuple[Ints, Ints]:
        """Give the flat (query, item) cell of each line of some orders, and the order's place."""
        table, n_items = self.interactions, rows.stop - rows.start
        size = np.diff(table.start)[orders]
        item = table.item[ranges(table.start[orders], size)].astype(np.int64) - rows.start
        return np.repeat(query, size) * n_items + item, np.repeat(place, size)


def _count(cells: Ints, shape: tuple[int, int], weight: Floats | None = None) -> Scores:
    count = np.bincount(cells, weight, shape[0] * shape[1])
    return count.reshape(shape).astype(np.float32)
