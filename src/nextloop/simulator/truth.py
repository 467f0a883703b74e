"""The truth of a simulated world, read back: what each guest would have chosen, and when.

In comes the truth folder that `simulator.write` filled, out come the very probabilities from
which the orders were drawn. No recommender ranks better on average than `Truth.probabilities`, and
leaving one effect out of it shows what that effect is worth.
"""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nextloop.errors import DataFault
from nextloop.simulator import choice
from nextloop.simulator.choice import EFFECTS, Preferences
from nextloop.simulator.columns import PARTIES, STAY_PARTS, Floats, Ints
from nextloop.simulator.truth_read import ints, places, preferences, stacked

TRUTH_FILE = "truth.json"

__all__ = ["EFFECTS", "Contexts", "Truth", "load"]


@dataclass(frozen=True)
class Contexts:
    """Situations in which a hotel's guests choose, one a row.

    Attributes:
        guest: Row of the guests table, -1 for a guest of no known taste, `(n,)`.
        weekend: 1 on Saturdays and Sundays, else 0, `(n,)`.
        hour: 0-23 by the hotel's clock, `(n,)`.
        stay_part: Place in `STAY_PARTS`, `(n,)`.
        party: Place in `PARTIES`, `(n,)`.
        coupon: Place among the hotel's coupons, -1 for none, `(n,)`.
        past: Pairs (row, item) of what the guest ordered before, `(m, 2)`; items count from 0.
        basket: Pairs (row, item) of what is in the basket already, `(m, 2)`.
    """

    guest: Ints
    weekend: Ints
    hour: Ints
    stay_part: Ints
    party: Ints
    coupon: Ints
    past: Ints
    basket: Ints

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.guest)


@dataclass(frozen=True)
class Truth:
    """A truth folder in memory.

    Attributes:
        config: The world's, as JSON holds it.
        tables: Its Parquet files by name.
        preferences: What moves choices in each hotel, by hotel_seq.
        tastes: Hidden taste of each guest, `(guests, axes)`, rows as in the guests table.
    """

    config: dict[str, Any]
    tables: dict[str, pa.Table]
    preferences: dict[int, Preferences]
    tastes: Floats

    @property
    def hotels(self) -> tuple[int, ...]:
        """The hotel_seq of each hotel."""
        return tuple(self.preferences)

    def items(self, hotel: int) -> pa.Table:
        """Return a hotel's menu, in the order of the columns of `probabilities`."""
        mine = self.preferences[hotel]
        return self.tables["items"].slice(mine.first_item, mine.item_count)

    def orders(self, hotel: int) -> Ints:
        """Return the order_seq of all orders of a hotel, by time."""
        orders = self.tables["orders"]
        return np.asarray(ints(orders, "order_seq")[ints(orders, "hotel_seq") == hotel])

    def contexts(self, hotel: int, orders: Ints, basket_lines: int = 0) -> Contexts:
        """Return the situations in which orders of a hotel were made.

        Args:
            hotel: Its hotel_seq.
            orders: Their order_seq, all of this hotel.
            basket_lines: How many of each order's first lines are in the basket already.

        Returns:
            One row an order, in their order.
        """
        rows, stays = orders - 1, self.tables["stays"]
        table = self.tables["orders"].take(pa.array(rows))
        stay = pa.array(ints(table, "stay"))
        past, basket = self._history(hotel, orders, basket_lines)
        return Contexts(
            guest=ints(table, "guest"),
            weekend=ints(table, "weekend"),
            hour=ints(table, "hour"),
            stay_part=places(table, "stay_part", STAY_PARTS),
            party=places(stays.take(stay), "party", PARTIES),
            coupon=ints(stays.take(stay), "coupon"),
            past=past,
            basket=basket,
        )

    def probabilities(
        self, hotel: int, contexts: Contexts, effects: AbstractSet[str] = EFFECTS
    ) -> Floats:
        """Score every item of a hotel by the probability that it is chosen next.

        Args:
            hotel: Its hotel_seq.
            contexts: The situations.
            effects: Which of `EFFECTS` to count; the rest is left out.

        Returns:
            Probabilities, `(contexts, items)`, each row's sum is 1; items as in `items`.
        """
        mine = self.preferences[hotel]
        table = choice.factors(mine, effects)
        c = contexts
        weights = choice.situations(table, c.weekend, c.hour, c.stay_part, c.party, c.coupon)
        if "taste" in effects:
            taste = np.where(c.guest[:, None] < 0, 0.0, self.tastes[c.guest])
            weights *= choice.tastes(mine, taste)
        if "repeat" in effects:
            row, item = c.past.T
            weights[row, item] *= choice.likings(mine, c.guest[row], item)
        for row, item in _layers(c.basket):
            weights[row] *= table.pair[item]
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def _history(self, hotel: int, orders: Ints, basket_lines: int) -> tuple[Ints, Ints]:
        """Pair the orders with what their guests had ordered before, and with their first lines."""
        of_hotel = self.orders(hotel)
        lines = self.tables["lines"]
        mine = np.isin(ints(lines, "order_seq"), of_hotel)
        order = np.searchsorted(of_hotel, ints(lines, "order_seq")[mine])
        item = ints(lines, "item_seq")[mine] - 1 - self.preferences[hotel].first_item
        new = ~lines["again"].to_numpy()[mine]
        guest = ints(self.tables["orders"], "guest")[of_hotel - 1]
        later, what = _later_orders(guest, order[new], item[new])
        place = np.arange(len(order)) - np.searchsorted(order, order)
        first = place < basket_lines
        row_of = np.full(len(of_hotel), -1)
        row_of[np.searchsorted(of_hotel, orders)] = np.arange(len(orders))
        past = np.stack([row_of[later], what], axis=1)
        basket = np.stack([row_of[order[first]], item[first]], axis=1)
        return past[past[:, 0] >= 0], basket[basket[:, 0] >= 0]


def load(folder: Path) -> Truth:
    """Read a truth folder.

    Args:
        folder: Where `simulator.write` put the truth.

    Returns:
        The truth.

    Raises:
        DataFault: The folder holds no truth.
    """
    path = folder / TRUTH_FILE
    if not path.is_file():
        raise DataFault(
            f"no truth in {folder}: {TRUTH_FILE} is missing",
            "Give the folder that `nextloop simulate --truth` wrote.",
        )
    config = json.loads(path.read_text(encoding="utf-8"))["config"]
    tables = {file.stem: pq.read_table(file) for file in sorted(folder.glob("*.parquet"))}
    return Truth(
        config=config,
        tables=tables,
        preferences={
            hotel["hotel_seq"]: preferences(config["seed"], tables, hotel)
            for hotel in tables["hotels"].to_pylist()
        },
        tastes=stacked(tables["guests"], "taste_"),
    )


def _later_orders(guest: Ints, order: Ints, item: Ints) -> tuple[Ints, Ints]:
    """Pair every first order of an item with all later orders of the same guest.

    Orders stand by time; `guest` is given for each, `order` and `item` for each first order.
    """
    by_guest = np.argsort(guest, kind="stable")
    rank = np.empty(len(guest), dtype=np.int64)
    rank[by_guest] = np.arange(len(guest))
    after_last = np.searchsorted(guest[by_guest], guest, side="right")
    count = (after_last - rank - 1)[order]
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return by_guest[np.repeat(rank[order] + 1, count) + step], np.repeat(item, count)


def _layers(pairs: Ints) -> list[tuple[Ints, Ints]]:
    """Split (row, item) pairs so that no layer names a row twice, which `*=` would skip."""
    order = np.argsort(pairs[:, 0], kind="stable")
    row, item = pairs[order].T
    depth = np.arange(len(row)) - np.searchsorted(row, row)
    return [(row[depth == d], item[depth == d]) for d in range(int(depth.max(initial=-1)) + 1)]
