"""Recommender: what was ordered, as columns of codes, and what each hotel offers.

Built from the feature tables `interactions` and `item_features` (see `arrow.py`). Hotels, guests,
stays and items are codes into sorted tables, so equal tables always give equal codes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from nextloop.errors import DataFault
from nextloop.recommender.arrays import Array, Codes, Flags, Ints

UNKNOWN = -1  # a number that the source did not record


class UnknownHotel(DataFault):
    """A hotel that the model has never seen: not in the catalog it was trained on."""

    def __init__(self, hotel: int) -> None:
        super().__init__(
            f"hotel {hotel} is not in this model",
            "train on a lake that has the hotel's orders, or check the hotel's number",
        )
        self.hotel = hotel


@dataclass(frozen=True, eq=False)
class Catalog:
    """Hotels and their items; an item's code is its row, a hotel's items are one range of rows.

    Args:
        hotel: Source numbers of the hotels, ascending, shape (n_hotels,).
        start: First item row of each hotel and the end, shape (n_hotels + 1,).
        item: Source numbers of the items, ascending within a hotel, shape (n_items,).
        name: Names as on the menu, one an item.
        department: Source number of the department, `UNKNOWN` if none.
        price: Latest unit price, in the source's money.
        first_day: Days since 1970-01-01 of the item's first order, `UNKNOWN` if never ordered.
        offered: Whether the item may be recommended: has a price and is known by now.
    """

    hotel: Ints
    start: Ints
    item: Ints
    name: tuple[str, ...]
    department: Ints
    price: Ints
    first_day: Codes
    offered: Flags

    @property
    def n_items(self) -> int:
        """Number of items over all hotels."""
        return len(self.item)

    @property
    def departments(self) -> Ints:
        """Code of each item's (hotel, department), counted from 0, shape (n_items,)."""
        hotel = np.repeat(np.arange(len(self.hotel)), np.diff(self.start))
        pairs = np.stack([hotel, self.department])
        return np.unique(pairs, axis=1, return_inverse=True)[1].reshape(-1).astype(np.int64)

    @property
    def names(self) -> Ints:
        """Code of each item's name, over all hotels; an item without a name is like no other."""
        words = [name.strip().casefold() or f"\n{row}" for row, name in enumerate(self.name)]
        return np.unique(words, return_inverse=True)[1].astype(np.int64)

    def hotel_code(self, hotel: int) -> int:
        """Find a hotel's code.

        Args:
            hotel: The source's number of the hotel.

        Returns:
            Its row in the catalog.

        Raises:
            UnknownHotel: If it is not in the catalog.
        """
        code = int(np.searchsorted(self.hotel, hotel))
        if code == len(self.hotel) or self.hotel[code] != hotel:
            raise UnknownHotel(hotel)
        return code

    def rows(self, hotel_code: int) -> slice:
        """Give the rows of a hotel's items.

        Args:
            hotel_code: Row of the hotel.

        Returns:
            The range of item rows.
        """
        return slice(int(self.start[hotel_code]), int(self.start[hotel_code + 1]))

    def places(self, hotel_code: int, items: Ints) -> Ints:
        """Find items of a hotel by the source's numbers, leaving out what it does not have.

        Args:
            hotel_code: Row of the hotel.
            items: Source numbers, any order.

        Returns:
            Places within the hotel's rows (0 is its first item), in the order given.
        """
        menu = self.item[self.rows(hotel_code)]
        found = np.searchsorted(menu, items)
        ok = found < len(menu)
        ok[ok] = menu[found[ok]] == items[ok]
        return found[ok].astype(np.int64)

    def known_before(self, day: int) -> Catalog:
        """Give the menu as it was known before a day.

        Args:
            day: Days since 1970-01-01.

        Returns:
            The same items; those first ordered on that day or later are not offered.
        """
        return replace(self, offered=self.offered & (self.first_day < day))


@dataclass(frozen=True, eq=False)
class Interactions:
    """Completed orders of paid items, sorted by instant, hotel and order number.

    One element an order, except `item`: one an (order, item), the items of order `o` being
    `item[start[o]:start[o + 1]]`, ascending and distinct.

    Args:
        order_seq: The source's order number.
        hotel: Hotel code.
        guest: Guest code, `UNKNOWN` for anonymous orders.
        stay: Stay code.
        at: Microseconds since 1970-01-01 UTC.
        day: Local date in days since 1970-01-01.
        hour: Local hour, 0-23.
        weekday: 0 is Monday.
        stay_day: 0 is the day of check-in; `UNKNOWN` if not recorded, as in the next four.
        nights: Nights of the stay.
        adults: Adults of the party.
        children: Children of the party.
        babies: Babies of the party.
        start: First line of each order and the end, shape (n_orders + 1,).
        item: Item rows of the catalog, shape (n_lines,).
    """

    order_seq: Ints
    hotel: Codes
    guest: Codes
    stay: Codes
    at: Ints
    day: Codes
    hour: Codes
    weekday: Codes
    stay_day: Codes
    nights: Codes
    adults: Codes
    children: Codes
    babies: Codes
    start: Ints
    item: Codes

    def __len__(self) -> int:
        return len(self.order_seq)

    @property
    def line_order(self) -> Ints:
        """The order that each line belongs to, shape (n_lines,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    @property
    def owner(self) -> Codes:
        """Whose history an order belongs to: its guest's, or its stay's if the guest is unknown.

        Numbered by first appearance, because the codes of guests follow their keys: what is drawn
        by owner (folds, resamples) must not depend on the secret. Shape (n_orders,).
        """
        codes = np.where(self.guest >= 0, self.guest, self.guest.max(initial=0) + 1 + self.stay)
        _, first, place = np.unique(codes, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[place].astype(np.int32)

    @property
    def family(self) -> Codes:
        """Children and babies of the party, `UNKNOWN` if neither is recorded, shape (n_orders,)."""
        known = (self.children >= 0) | (self.babies >= 0)
        count = np.maximum(self.children, 0) + np.maximum(self.babies, 0)
        return np.where(known, count, UNKNOWN).astype(np.int32)

    def hidden(self, seed: int, turn: int = 0) -> Ints:
        """Choose a line of each order to be asked for while the others are known.

        Args:
            seed: Seed of the choice.
            turn: 0 for the line that is drawn, more for the lines that follow it, so that each
                turn asks for another one.

        Returns:
            A line of each order, `UNKNOWN` for orders of one line and for those that have had
            all their turns, shape (n_orders,).
        """
        size = np.diff(self.start)
        drawn = (np.random.default_rng(seed).random(len(self)) * size).astype(np.int64)
        line = self.start[:-1] + (drawn + turn) % np.maximum(size, 1)
        return np.where(size > max(1, turn), line, UNKNOWN)

    def take(self, keep: Flags) -> Interactions:
        """Keep some orders with their lines.

        Args:
            keep: One flag an order.

        Returns:
            The kept orders in the same sequence; codes stay as they are.
        """
        columns: dict[str, Array] = {
            f.name: getattr(self, f.name)[keep] for f in fields(self) if f.name not in _LINES
        }
        sizes = np.diff(self.start)
        lines = np.repeat(keep, sizes)
        start = np.concatenate(([0], np.cumsum(sizes[keep])))
        return Interactions(**columns, start=start, item=self.item[lines])


_LINES = {"start", "item"}


@dataclass(frozen=True, eq=False)
class Dataset:
    """All that a training reads.

    Args:
        catalog: The hotels' items.
        interactions: The orders.
        guest_key: Guest keys as fixed-width bytes, ascending within a hotel, by guest code.
        guest_hotel: Hotel code of each guest, ascending: a guest of one hotel is unknown elsewhere.
        as_of: Last day that the tables cover, in days since 1970-01-01.
    """

    catalog: Catalog
    interactions: Interactions
    guest_key: Array
    guest_hotel: Codes
    as_of: int
