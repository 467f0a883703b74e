"""The truth as tables: hotels, guests, stays, orders and lines with all that is hidden of them.

In comes a world, out go its tables by name. `truth.load` reads them back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nextloop.simulator import catalog
from nextloop.simulator.columns import CAUSES, OUTCOMES, PARTIES, STAY_PARTS, Columns
from nextloop.simulator.truth_effects import (
    categories,
    hour_effects,
    names,
    pairs,
    situation_effects,
)
from nextloop.simulator.world import World

TIMES: Final = ("check_in", "check_out", "check_out_expected", "reg_at", "ack_at", "end_at")
Column: TypeAlias = npt.NDArray[Any] | pa.Array | list[Any]


def tables(world: World) -> dict[str, pa.Table]:
    """Lay a world out as tables; docs/simulator.md says what each holds.

    Args:
        world: The world.

    Returns:
        Arrow tables by file name without ending; times are local, without a zone.
    """
    return {
        "hotels": _hotels(world),
        "departments": _departments(world),
        "coupons": _coupons(world),
        "rooms": _table(world.rooms, ("hotel",), {"hotel_seq": world.rooms.hotel + 1}),
        "items": _items(world),
        "guests": _guests(world),
        "stays": _stays(world),
        "orders": _orders(world),
        "lines": _lines(world),
        "hour_effects": hour_effects(world),
        "situation_effects": situation_effects(world),
        "pairs": pairs(world),
    }


def _table(columns: Columns, drop: Sequence[str], more: dict[str, Column]) -> pa.Table:
    """Take the columns that are not dropped, after `more`, whose names win."""
    found: dict[str, Column] = {k: v for k, v in columns.as_dict().items() if k not in drop}
    for name in TIMES:
        if name in found:
            found[name] = pa.array(found[name]).cast(pa.timestamp("s"))
    return pa.table(more | {name: value for name, value in found.items() if name not in more})


def _hotels(world: World) -> pa.Table:
    return pa.table(
        {
            "hotel_seq": [hotel.seq for hotel in world.hotels],
            "first_item": [hotel.preferences.first_item for hotel in world.hotels],
            "items": [len(hotel.items) for hotel in world.hotels],
            "rooms": [len(hotel.rooms) for hotel in world.hotels],
        }
    )


def _departments(world: World) -> pa.Table:
    rows = [(hotel.seq, one) for hotel in world.hotels for one in hotel.departments]
    return pa.table(
        {
            "hotel_seq": [seq for seq, _ in rows],
            "department_seq": [one.seq for _, one in rows],
            "kind": [one.kind for _, one in rows],
            "name": [one.name for _, one in rows],
            "open_hour": [one.open[0] for _, one in rows],
            "close_hour": [one.open[1] for _, one in rows],
        }
    )


def _coupons(world: World) -> pa.Table:
    rows = [(hotel.seq, coupon) for hotel in world.hotels for coupon in hotel.coupons]
    return pa.table(
        {
            "hotel_seq": [seq for seq, _ in rows],
            "coupon_seq": [coupon.seq for _, coupon in rows],
            "category": [categories()[coupon.category] for _, coupon in rows],
            "percent": [coupon.percent for _, coupon in rows],
            "effect": [world.config.coupon_strength] * len(rows),
        }
    )


def _items(world: World) -> pa.Table:
    preferences = [hotel.preferences for hotel in world.hotels]
    loading = np.concatenate([one.loading for one in preferences])
    return _table(
        world.items,
        ("hotel",),
        {
            "hotel_seq": world.items.hotel + 1,
            "item_seq": world.items.item_seq,
            "name": world.items.name.tolist(),
            "category": names(categories(), world.items.category),
            "appeal": np.concatenate([one.appeal for one in preferences]),
            "repeat": np.concatenate([one.repeat for one in preferences]),
            **{f"loading_{axis}": loading[:, n] for n, axis in enumerate(catalog.load().axes)},
        },
    )


def _guests(world: World) -> pa.Table:
    guests = world.guests
    number = pa.array(guests.customer_seq, mask=guests.customer_seq == 0)
    return _table(
        guests,
        ("hotel",),
        {
            "hotel_seq": guests.hotel + 1,
            "customer_seq": number,
            "kind": names([kind.name for kind in catalog.load().kinds], guests.kind),
            "name": guests.name.tolist(),
            **{f"taste_{axis}": world.tastes[:, n] for n, axis in enumerate(catalog.load().axes)},
        },
    )


def _stays(world: World) -> pa.Table:
    stays = world.stays
    visitors = pa.array(stays.visitor_cnt, mask=stays.visitor_cnt < 0)
    return _table(
        stays,
        ("hotel", "room"),
        {
            "hotel_seq": stays.hotel + 1,
            "room_seq": world.rooms.room_seq[stays.room],
            "party": names(PARTIES, stays.party),
            "visitor_cnt": visitors,
        },
    )


def _orders(world: World) -> pa.Table:
    orders = world.orders
    ends = pa.array(orders.end_at, mask=orders.outcome == OUTCOMES.index("forgotten"))
    return _table(
        orders,
        ("hotel", "first_line"),
        {
            "order_seq": np.arange(len(orders)) + 1,
            "hotel_seq": orders.hotel + 1,
            "end_at": ends.cast(pa.timestamp("s")),
            "stay_part": names(STAY_PARTS, orders.stay_part),
            "outcome": names(OUTCOMES, orders.outcome),
            "cause": names(CAUSES, orders.cause),
        },
    )


def _lines(world: World) -> pa.Table:
    lines = world.lines
    return _table(
        lines,
        ("order", "item"),
        {
            "order_seq": lines.order + 1,
            "item_seq": world.items.item_seq[lines.item],
            "coupon": pa.array(lines.coupon, mask=lines.coupon == 0),
        },
    )
