"""Fates: which orders are completed, refused, cancelled by the guest, or forgotten by all.

In come the loads that orders met and the items that were sold out, out go outcomes and causes.
"""

from __future__ import annotations

import numpy as np

from nextloop.simulator import catalog
from nextloop.simulator.clock import DAY, seconds
from nextloop.simulator.columns import CAUSES, OUTCOMES, Flags, Floats, Ints
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.hotels import Hotel
from nextloop.simulator.moments import Moments
from nextloop.simulator.streams import stream

REFUSED_WHEN_FULL, FULL, STEEPNESS = 0.25, 1.8, 4.0
"""Share refused far beyond capacity, the load of half that share, and how fast it rises."""
REFUSED_WHEN_SOLD_OUT = 0.9
SOLD_OUT_HOURS = (18, 22)
NOT_SOLD_OUT = 99
COMPLETE, REFUSED, CANCELLED, FORGOTTEN = range(len(OUTCOMES))


def sold_out(
    config: SimulatorConfig, hotel: Hotel, moments: Moments, order: Ints, item: Ints
) -> Flags:
    """Tell which orders ask for something that the kitchen had no more of that evening.

    Args:
        config: `sold_out` counts.
        hotel: Its menu counts.
        moments: Its orders.
        order: Each line's order, a row of the moments.
        item: Each line's item, counted from 0 on the hotel's menu.

    Returns:
        A mask, `(orders,)`.
    """
    rng = stream(config.seed, "sold out", hotel.seq)
    kinds = catalog.load().categories
    kitchen = np.array([kind.department == "kitchen" for kind in kinds])[hotel.items.category]
    shape = (config.days, len(hotel.items))
    since = rng.integers(*SOLD_OUT_HOURS, shape, dtype=np.int8)
    since[(rng.random(shape) >= config.sold_out) | ~kitchen] = NOT_SOLD_OUT
    day = (moments.at - seconds(config.start)) // DAY
    missing = moments.hour[order] >= since[day[order], item]
    return np.asarray(np.bincount(order, weights=missing, minlength=len(moments)) > 0)


def fates(
    config: SimulatorConfig, rng: np.random.Generator, load: Floats, gone: Flags
) -> tuple[Ints, Ints]:
    """Draw what becomes of each order and, when it is refused, why.

    Args:
        config: `refused`, `cancelled` and `forgotten` count.
        rng: The hotel's stream of service.
        load: Load of each order's busiest department.
        gone: Whether something in it was sold out.

    Returns:
        Outcomes along `OUTCOMES` and causes along `CAUSES`.
    """
    lot = rng.random((4, len(load)))
    full = REFUSED_WHEN_FULL / (1 + np.exp(-STEEPNESS * (load - FULL)))
    cause = np.full(len(load), CAUSES.index("none"))
    cause[lot[0] < config.refused] = CAUSES.index("chance")
    cause[lot[1] < full] = CAUSES.index("load")
    cause[gone & (lot[2] < REFUSED_WHEN_SOLD_OUT)] = CAUSES.index("sold_out")
    outcome = np.full(len(load), COMPLETE)
    outcome[lot[3] < config.forgotten] = FORGOTTEN
    outcome[lot[3] >= 1 - config.cancelled] = CANCELLED
    outcome[cause > 0] = REFUSED
    return outcome, cause
