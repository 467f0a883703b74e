"""A simulated world: hotels, stays, orders and all that is hidden behind them, in memory.

In comes a `SimulatorConfig`, out goes a frozen `World`, which `files.write` turns into the
weekly CSV files and the truth beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from nextloop.simulator import bills, guests, hotels, service
from nextloop.simulator.baskets import fill
from nextloop.simulator.columns import Floats, Guests, Items, Lines, Orders, Rooms, Stays
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.hotels import Hotel
from nextloop.simulator.moments import moments
from nextloop.simulator.stays import make_stays
from nextloop.simulator.streams import stream

Step: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class World:
    """All of a simulated world; rows refer to each other by number.

    Attributes:
        config: What it was made from.
        hotels: One entry a hotel.
        rooms: Of all hotels.
        items: Of all hotels, by item_seq.
        guests: Of all hotels.
        tastes: Hidden taste of each guest, `(guests, axes)`.
        stays: Of all hotels.
        orders: Of all hotels, by time; the row is the order_seq less one.
        lines: By order.
    """

    config: SimulatorConfig
    hotels: tuple[Hotel, ...]
    rooms: Rooms
    items: Items
    guests: Guests
    tastes: Floats
    stays: Stays
    orders: Orders
    lines: Lines


def simulate(config: SimulatorConfig, step: Step | None = None) -> World:
    """Make a world.

    Args:
        config: Its size, shape and seed.
        step: Called after each hotel with what was done.

    Returns:
        The world; equal for equal configs in every process.
    """
    built = hotels.build(config)
    stays, found = _people(config, built)
    everyone = Guests.join(found)
    tastes = guests.tastes(config, everyone)
    parts: list[tuple[Orders, Lines]] = []
    first_stay = 0
    for hotel, own in zip(built, stays, strict=True):
        parts.append(_hotel_orders(config, hotel, own, first_stay, tastes))
        first_stay += len(own)
        if step:
            step(f"hotel {hotel.seq} of {config.hotels}")
    orders, lines = _by_time(parts)
    return World(
        config=config,
        hotels=tuple(built),
        rooms=Rooms.join([hotel.rooms for hotel in built]),
        items=Items.join([hotel.items for hotel in built]),
        guests=everyone,
        tastes=tastes,
        stays=Stays.join(stays),
        orders=orders,
        lines=lines,
    )


def _people(config: SimulatorConfig, built: list[Hotel]) -> tuple[list[Stays], list[Guests]]:
    stays: list[Stays] = []
    found: list[Guests] = []
    first_guest = first_room = 0
    for hotel in built:
        own_stays, own_guests = make_stays(config, hotel, first_guest, first_room)
        stays.append(own_stays)
        found.append(own_guests)
        first_guest += len(own_guests)
        first_room += len(hotel.rooms)
    return stays, found


def _hotel_orders(
    config: SimulatorConfig, hotel: Hotel, stays: Stays, first_stay: int, tastes: Floats
) -> tuple[Orders, Lines]:
    """Make a hotel's orders, by guest and time, with lines that refer to them."""
    when = moments(config, hotel, stays)
    chosen, again = fill(
        hotel.preferences, when, stays, tastes, stream(config.seed, "choices", hotel.seq)
    )
    order, place = np.nonzero(chosen >= 0)
    item = chosen[order, place]
    bill = bills.bill(config, hotel, stays, when.stay[order], item)
    served = service.serve(config, hotel, when, order, item)
    count = np.bincount(order, minlength=len(when.at))
    orders = Orders(
        hotel=np.full(len(when.at), hotel.seq - 1),
        stay=first_stay + when.stay,
        guest=stays.guest[when.stay],
        reg_at=when.at,
        hour=when.hour,
        weekend=when.weekend,
        stay_part=when.stay_part,
        first_line=np.cumsum(count) - count,
        line_count=count,
        ack_at=served.ack_at,
        end_at=served.end_at,
        outcome=served.outcome,
        cause=served.cause,
        load=served.load,
        price=bills.order_prices(config, hotel, order, bill.result_price, len(when.at)),
    )
    lines = Lines(
        order=order,
        item=hotel.preferences.first_item + item,
        count=bill.count,
        free_count=bill.free_count,
        coupon=bill.coupon,
        result_price=bill.result_price,
        waiting_minutes=served.waiting_minutes,
        delay_minutes=served.delay_minutes,
        complete_minutes=served.complete_minutes,
        again=again[order, place],
    )
    return orders, lines


def _by_time(parts: list[tuple[Orders, Lines]]) -> tuple[Orders, Lines]:
    """Number the orders of all hotels by time, as one growing sequence does."""
    orders = Orders.join([orders for orders, _ in parts])
    lines = Lines.join([lines for _, lines in parts])
    by_time = np.lexsort((orders.guest, orders.hotel, orders.reg_at))
    first_of_part = np.cumsum([0, *(len(lines) for _, lines in parts[:-1])])
    first_line = orders.first_line + np.repeat(first_of_part, [len(orders) for orders, _ in parts])
    counts = orders.line_count[by_time]
    starts = np.cumsum(counts) - counts
    rows = np.repeat(first_line[by_time] - starts, counts) + np.arange(len(lines))
    sorted_orders = replace(orders.take(by_time), first_line=starts)
    moved = lines.take(rows)
    return sorted_orders, replace(moved, order=np.repeat(np.arange(len(counts)), counts))
