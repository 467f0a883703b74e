"""Rooms: enough of them for the orders that a hotel is to make, over floors and buildings.

In come the config and the hotel before, whose numbers go on, out go the hotel's rooms.
"""

from __future__ import annotations

import numpy as np

from nextloop.simulator.columns import Ints, Rooms
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.names import syllables

ROOMS_PER_FLOOR = 12
LOWEST_FLOOR = 3
FEWEST_ROOMS = 3
SECOND_BUILDING_FROM, THIRD_BUILDING_FROM = 60, 200
"""Rooms beyond which a hotel has another building."""
NAME_SYLLABLES = 3


def build_rooms(
    config: SimulatorConfig,
    rng: np.random.Generator,
    hotel: int,
    orders: int,
    before: Rooms | None,
) -> Rooms:
    """Build a hotel's rooms.

    Args:
        config: Days, `occupancy` and `orders_per_night` count.
        rng: The hotel's stream.
        hotel: Place of the hotel among all.
        orders: Orders that the hotel is to make.
        before: Rooms of the hotel before, None for the first.

    Returns:
        One row a room, by building and floor.
    """
    nights = orders / config.orders_per_night
    count = max(FEWEST_ROOMS, round(nights / (config.occupancy * config.days)))
    buildings = 1 + (count > SECOND_BUILDING_FROM) + (count > THIRD_BUILDING_FROM)
    room = np.arange(count)
    building = room * buildings // count
    place = room - np.searchsorted(building, building)
    floor = place // ROOMS_PER_FLOOR
    floors = int(floor.max()) + 1
    doors = (floor + LOWEST_FLOOR) * 100 + place % ROOMS_PER_FLOOR + 1
    names = syllables(rng.random((buildings, NAME_SYLLABLES)))
    spelt = [f"{names[b]} {d}호" for b, d in zip(building.tolist(), doors.tolist(), strict=True)]
    return Rooms(
        hotel=np.full(count, hotel),
        room_seq=_after(before.room_seq if before else None) + room,
        building_seq=_after(before.building_seq if before else None) + building,
        floor_seq=_after(before.floor_seq if before else None) + building * floors + floor,
        name=np.array(spelt),
    )


def _after(numbers: Ints | None) -> int:
    return 1 if numbers is None else int(numbers.max()) + 1
