"""Which orders stand in which week's file, and in which state.

In comes a world, out goes one `WeekFile` a week: the orders of the week, those of earlier weeks
whose state changed in it, and a few rows twice. The cut is the next Monday's midnight; what
happened after it is not in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nextloop.simulator.clock import WEEK, seconds
from nextloop.simulator.columns import Ints
from nextloop.simulator.streams import stream
from nextloop.simulator.world import World


@dataclass(frozen=True)
class WeekFile:
    """One week's file.

    Attributes:
        name: File name.
        cut: The export's moment, seconds of the hotels' clocks.
        orders: Rows of the world's orders, in the order in which they stand in the file.
        again: How many of the first come from an earlier week.
        twice: How many of the last stand in the file already.
    """

    name: str
    cut: int
    orders: Ints
    again: int
    twice: int


def weeks(world: World) -> Iterator[WeekFile]:
    """Cut a world into its weekly files.

    Args:
        world: The world.

    Yields:
        The files, first week first.
    """
    config, orders = world.config, world.orders
    start = seconds(config.start)
    placed, came = (orders.reg_at - start) // WEEK, [orders.ack_at, orders.end_at]
    changed = [(at - start) // WEEK for at in came]
    later = [np.flatnonzero((week > placed) & (week < config.weeks)) for week in changed]
    for week in range(config.weeks):
        old = [rows[changes[rows] == week] for rows, changes in zip(later, changed, strict=True)]
        again = np.unique(np.concatenate(old))
        new = np.arange(*np.searchsorted(placed, [week, week + 1]))
        rows = np.concatenate([again, new])
        lot = stream(config.seed, "duplicates", week).random(len(rows))
        twice = rows[lot < config.duplicate_rows]
        yield WeekFile(
            name=config.file_name(week),
            cut=start + (week + 1) * WEEK,
            orders=np.concatenate([rows, twice]),
            again=len(again),
            twice=len(twice),
        )
