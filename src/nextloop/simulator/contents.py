"""The `contents` column: an order's lines as JSON, with quotes doubled for CSV.

In come a world and rows of its orders, out goes one JSON array each, or one object where the
config asks for some of those.
"""

from __future__ import annotations

import json

import numpy as np

from nextloop.simulator.columns import Flags, Ints
from nextloop.simulator.streams import coin
from nextloop.simulator.world import World

OBJECTS = 0
"""Name of the coin that is tossed for each order."""
PAID, REQUEST = "ITEM", "SERVICE"
"""The `orderType` of what costs money and of what does not."""


class ContentsWriter:
    """Writes orders' lines; what is the same for all lines of an item is written once.

    Args:
        world: The world.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._items = [_item_text(world, row) for row in range(len(world.items))]

    def write(self, orders: Ints, completed: Flags, seen: Flags) -> list[str]:
        """Write the lines of orders.

        Args:
            orders: Rows of the world's orders.
            completed: Whether each is completed; only then `completePeriod` is known.
            seen: Whether each is acknowledged; only then `delayPeriod` is known.

        Returns:
            One JSON text each, with doubled quotes.
        """
        count = self._world.orders.line_count[orders]
        starts = np.cumsum(count) - count
        first = self._world.orders.first_line[orders]
        rows = np.repeat(first - starts, count) + np.arange(count.sum())
        texts = self._lines(rows, np.repeat(completed, count), np.repeat(seen, count))
        lot = coin(self._world.config.seed, orders, np.full(len(orders), OBJECTS))
        bare = (count == 1) & (lot < self._world.config.single_objects)
        return [
            texts[start] if plain else f"[{', '.join(texts[start : start + lines])}]"
            for start, lines, plain in zip(
                starts.tolist(), count.tolist(), bare.tolist(), strict=True
            )
        ]

    def _lines(self, rows: Ints, completed: Flags, seen: Flags) -> list[str]:
        lines, heads = self._world.lines.take(rows), self._items
        return [
            f"{heads[item][0]}{count}{heads[item][1]}{waiting}"
            f', ""delayPeriod"": {delay if known else "null"}, ""freeCount"": {free}'
            f', ""couponSeq"": {coupon or "null"}, ""resultPrice"": {price}'
            f', ""completePeriod"": {took if done else "null"}}}'
            for item, count, waiting, delay, free, coupon, price, took, done, known in zip(
                lines.item.tolist(),
                lines.count.tolist(),
                lines.waiting_minutes.tolist(),
                lines.delay_minutes.tolist(),
                lines.free_count.tolist(),
                lines.coupon.tolist(),
                lines.result_price.tolist(),
                lines.complete_minutes.tolist(),
                completed.tolist(),
                seen.tolist(),
                strict=True,
            )
        ]


def _item_text(world: World, row: int) -> tuple[str, str]:
    """Write what is the same in all lines of an item: before and after its count."""
    items = world.items
    price = int(items.price[row])
    kind = PAID if price else REQUEST
    name = json.dumps(str(items.name[row]), ensure_ascii=False)
    before = f'{{"orderType": "{kind}", "itemSeq": {items.item_seq[row]}, "count": '
    after = (
        f', "itemName": {name}, "departmentSeq": {items.department_seq[row]}, '
        f'"price": {price}, "waitingPeriod": '
    )
    return before.replace('"', '""'), after.replace('"', '""')
