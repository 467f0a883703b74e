"""When orders come: how many each stay makes, at which moments, and of how many lines.

In come a hotel's stays, out come its orders' moments, by guest and time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.simulator import catalog
from nextloop.simulator.clock import DAY, HOUR, seconds, weekend
from nextloop.simulator.columns import Columns, Floats, Ints, Stays
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.hotels import Hotel
from nextloop.simulator.streams import stream

PARTY_ORDERS = (0.95, 0.95, 1.15, 1.5)
"""Orders by party, relative to each other."""
PARTY_LINES = (0.75, 1.0, 1.5, 1.5)
"""Lines beyond the first by party, relative to the mean."""
EAGER_SHAPE = 1.6
"""Of the gamma spread of orders between guests: some never order."""
MOST_LINES = 6
TRIES = 24
SETTLING_IN = 600
"""Seconds from check-in to the first order, at least."""
PACKING = 900
"""Seconds from the last order to check-out, at least."""


@dataclass(frozen=True)
class Moments(Columns):
    """One row an order to come, by guest and time; `stay` is a row of the hotel's stays."""

    stay: Ints
    at: Ints
    hour: Ints
    weekend: Ints
    stay_part: Ints
    line_count: Ints


def moments(config: SimulatorConfig, hotel: Hotel, stays: Stays) -> Moments:
    """Draw when a hotel's stays order.

    Args:
        config: Dates, `orders_per_night` and `lines_mean` count.
        hotel: Its share of the orders counts.
        stays: The hotel's, by check-in.

    Returns:
        Moments by guest, then time.
    """
    rng = stream(config.seed, "moments", hotel.seq)
    start = seconds(config.start)
    opens = np.maximum(stays.check_in + SETTLING_IN, start)
    closes = np.minimum(stays.check_out - PACKING, start + config.days * DAY)
    eager = rng.gamma(EAGER_SHAPE, 1 / EAGER_SHAPE, len(stays))
    pull = eager * np.array(PARTY_ORDERS)[stays.party] * np.maximum(closes - opens, 0)
    counts = rng.multinomial(hotel.orders if pull.sum() else 0, pull / max(pull.sum(), 1.0))
    stay = np.repeat(np.arange(len(stays)), counts)
    at = _times(rng, opens[stay], closes[stay])
    order = np.lexsort((at, stays.guest[stay]))
    stay, at = stay[order], at[order]
    mean = (config.lines_mean - 1) * np.array(PARTY_LINES)[stays.party[stay]]
    return Moments(
        stay=stay,
        at=at,
        hour=at % DAY // HOUR,
        weekend=weekend(at),
        stay_part=_stay_part(at, stays.check_in[stay], stays.check_out[stay]),
        line_count=1 + np.minimum(rng.poisson(mean), MOST_LINES - 1),
    )


def _times(rng: np.random.Generator, opens: Ints, closes: Ints) -> Ints:
    """Draw a moment in each span by the day's curve: throw, and throw again what falls outside."""
    source = catalog.load()
    curves = [np.cumsum(source.weekday_hours), np.cumsum(source.weekend_hours)]
    at = np.full(len(opens), -1)
    left = np.arange(len(opens))
    for _ in range(TRIES):
        first_day = opens[left] // DAY
        days = closes[left] // DAY - first_day + 1
        lot: Floats = rng.random((3, len(left)))
        day = first_day + (lot[0] * days).astype(np.int64)
        quiet, busy = (np.searchsorted(c, lot[1] * c[-1], side="right") for c in curves)
        hour = np.where(weekend(day * DAY) == 1, busy, quiet)
        at[left] = day * DAY + hour * HOUR + (lot[2] * HOUR).astype(np.int64)
        left = left[(at[left] < opens[left]) | (at[left] >= closes[left])]
    span = np.maximum(closes[left] - opens[left], 1)
    at[left] = opens[left] + (rng.random(len(left)) * span).astype(np.int64)
    return at


def _stay_part(at: Ints, check_in: Ints, check_out: Ints) -> Ints:
    day = at // DAY - check_in // DAY
    last = (at // DAY == check_out // DAY) & (day > 0)
    return np.where(last, 3, np.minimum(day, 2))
