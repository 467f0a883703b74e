"""Which room is let when: rooms are filled day by day, so none is let twice at once.

In come a number of rooms and the config's dates, out go lettings with their times of arrival and
departure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.simulator.clock import DAY, HOUR, seconds
from nextloop.simulator.columns import Columns, Ints
from nextloop.simulator.config import SimulatorConfig

EARLIER_DAYS = 28
"""Rooms are let from four weeks before the first file, so that it starts with a full house."""
LONGEST_STAY = 28
NIGHTS_SHAPE = 1.9
"""Of the negative binomial for nights beyond the first: median 3 at a mean of 3.39."""
WEEKDAY_PULL = (0.85, 0.80, 0.85, 0.95, 1.25, 1.35, 0.95)
"""Arrivals by weekday, Monday first, relative to each other."""
ARRIVAL_HOURS = (14.0, 16.5, 23.5)
"""Earliest, most frequent and latest hour of arrival."""
DEPARTURE_HOURS = (6.5, 10.2, 13.5)
"""The same of departure; the latest lies before the next guest's earliest arrival."""


@dataclass(frozen=True)
class Lettings(Columns):
    """One row a letting, by arrival; times in seconds of the hotels' clock."""

    room: Ints
    arrive: Ints
    leave: Ints
    nights: Ints


def let_rooms(config: SimulatorConfig, rng: np.random.Generator, rooms: int) -> Lettings:
    """Let each empty room by lot, day by day.

    Args:
        config: Dates, `occupancy` and `nights_mean` count.
        rng: The hotel's stream of stays.
        rooms: Number of rooms.

    Returns:
        Lettings that reach into the days of the files, by arrival; rooms count from 0.
    """
    day, room, nights = _days(config, rng, rooms)
    start = seconds(config.start)
    arrive = start + day * DAY + _hours(rng, len(day), ARRIVAL_HOURS)
    leave = start + (day + nights) * DAY + _hours(rng, len(day), DEPARTURE_HOURS)
    found = Lettings(room=room, arrive=arrive, leave=leave, nights=nights)
    order = np.lexsort((room, arrive))
    return found.take(order[leave[order] > start])


def _days(config: SimulatorConfig, rng: np.random.Generator, rooms: int) -> tuple[Ints, Ints, Ints]:
    empty_nights = config.nights_mean * (1 / config.occupancy - 1)
    free_from = np.full(rooms, -EARLIER_DAYS)
    found: list[tuple[Ints, Ints, Ints]] = []
    for today in range(-EARLIER_DAYS, config.days):
        chance = WEEKDAY_PULL[today % 7] / (1 + empty_nights)
        nights = _nights(config, rng, rooms)
        let = np.flatnonzero((free_from <= today) & (rng.random(rooms) < chance))
        free_from[let] = today + nights[let]
        found.append((np.full(len(let), today), let, nights[let]))
    day, room, stayed = (np.concatenate(column) for column in zip(*found, strict=True))
    return day, room, stayed


def _nights(config: SimulatorConfig, rng: np.random.Generator, count: int) -> Ints:
    chance = NIGHTS_SHAPE / (NIGHTS_SHAPE + config.nights_mean - 1)
    return np.minimum(1 + rng.negative_binomial(NIGHTS_SHAPE, chance, count), LONGEST_STAY)


def _hours(rng: np.random.Generator, count: int, span: tuple[float, float, float]) -> Ints:
    return (rng.triangular(*span, count) * HOUR).astype(np.int64)
